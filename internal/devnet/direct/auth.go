package direct

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

// Auth says who authorises a call.
type Auth struct {
	parties []Party
	source  *ids.Account // the transaction's
	signed  []xdr.SorobanAuthorizationEntry
	forged  map[ids.Account]Party // answers with this key for that account
}

// By lets the parties sign what the call asks of each of them.
func By(parties ...Party) Auth { return Auth{parties: parties} }

// Nobody signs nothing.
func Nobody() Auth { return Auth{} }

// AsSource lets the first party authorise as a transaction's source account does, without an entry and signature of its own, which is the fastest; the others sign.
func AsSource(source Party, others ...Party) Auth {
	return Auth{source: &source.account, parties: others}
}

// And lets more parties sign.
func (a Auth) And(parties ...Party) Auth {
	a.parties = append(slices.Clone(a.parties), parties...)
	return a
}

// Signed is AsSource with entries that were signed elsewhere.
func Signed(source ids.Account, entries ...xdr.SorobanAuthorizationEntry) Auth {
	return Auth{source: &source, signed: entries}
}

// Instead answers for one account with the signature of another's key: what has to be refused.
func Instead(right ids.Account, wrong Party) Auth {
	return Auth{forged: map[ids.Account]Party{right: wrong}}
}

// signer answers for an account.
func (a *Auth) signer(of ids.Account) (Party, bool) {
	if p, ok := a.forged[of]; ok {
		return p, true
	}
	for _, p := range a.parties {
		if p.account == of {
			return p, true
		}
	}
	return Party{}, false
}

// signs reports whether anybody signs anything.
func (a *Auth) signs() bool { return a.source != nil || len(a.parties)+len(a.forged)+len(a.signed) > 0 }

// nobody is a source account that nobody has: the key of 32 zero bytes.
var nobody = ids.Account{Chain: ids.Stellar, Kind: ids.KeyAccount}

func (a *Auth) sourceAccount() ids.Account {
	if a.source != nil {
		return *a.source
	}
	return nobody
}

// authLife is how many ledgers a signed entry is valid.
const authLife = 100

// sign what the host noted: the entries of those who sign, and who is missing.
func (r *Rig) sign(auth *Auth, noted []xdr.SorobanAuthorizationEntry) (entries []xdr.SorobanAuthorizationEntry, missing []ids.Account, err error) {
	for _, e := range noted {
		if e.Credentials.Address == nil { // the source account's
			if auth.source != nil {
				entries = append(entries, e)
			} else {
				missing = append(missing, nobody)
			}
			continue
		}
		of := account(e.Credentials.Address.Address)
		if i := slices.IndexFunc(auth.signed, func(x xdr.SorobanAuthorizationEntry) bool {
			return x.Credentials.Address != nil && account(x.Credentials.Address.Address) == of
		}); i >= 0 {
			entries = append(entries, auth.signed[i])
			continue
		}
		p, ok := auth.signer(of)
		if !ok {
			missing = append(missing, of)
			continue
		}
		if err := r.signEntry(&e, p); err != nil {
			return nil, nil, err
		}
		entries = append(entries, e)
		if _, forged := auth.forged[of]; forged {
			missing = append(missing, of)
		}
	}
	return entries, missing, nil
}

// signEntry puts the party's signature under an entry.
func (r *Rig) signEntry(e *xdr.SorobanAuthorizationEntry, p Party) error {
	c := *e.Credentials.Address
	c.SignatureExpirationLedger = xdr.Uint32(r.sheet.At().Sequence + authLife)
	b, err := xdr.HashIdPreimage{Type: xdr.EnvelopeTypeEnvelopeTypeSorobanAuthorization, SorobanAuthorization: &xdr.HashIdPreimageSorobanAuthorization{
		NetworkId: r.sheet.At().NetworkID, Nonce: c.Nonce, SignatureExpirationLedger: c.SignatureExpirationLedger, Invocation: e.RootInvocation}}.MarshalBinary()
	if err != nil {
		return err
	}
	hash := sha256.Sum256(b)
	key := p.account.Address
	c.Signature = scval.Vec(scval.Struct(scval.Fields{"public_key": scval.Bytes(key[:]), "signature": scval.Bytes(ed25519.Sign(p.key, hash[:]))}))
	e.Credentials.Address = &c
	return nil
}

// bare is an entry of a party for the call alone, without what it may call further: for when the host could not say what is asked.
func (r *Rig) bare(fn xdr.HostFunction, of ids.Account, p Party) (e xdr.SorobanAuthorizationEntry, err error) {
	e.Credentials = xdr.SorobanCredentials{Type: xdr.SorobanCredentialsTypeSorobanCredentialsAddress,
		Address: &xdr.SorobanAddressCredentials{Address: scval.ScAddress(of), Nonce: xdr.Int64(r.next() >> 1), Signature: scval.Void()}}
	e.RootInvocation.Function = xdr.SorobanAuthorizedFunction{Type: xdr.SorobanAuthorizedFunctionTypeSorobanAuthorizedFunctionTypeContractFn, ContractFn: fn.InvokeContract}
	return e, r.signEntry(&e, p)
}
