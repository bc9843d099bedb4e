package stellar

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"time"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

const (
	authLife       = 20 * time.Minute
	authMinLedgers = 300    // when ledgers closed rarely so far: they may close faster now
	authMaxLedgers = 20_000 // of a network that closes ten a second and more
	maxAuthBytes   = 16 << 10

	leastBalance = 10_000_000 // stroops that the network asks of an account without entries: two base reserves
)

func authBad(format string, a ...any) error {
	return fault.New(fault.Forbidden, "authorization_bad", format, a...)
}

// Authorize simulates op and gives account's unsigned authorisation entry, in XDR.
func (c *Chain) Authorize(ctx context.Context, op orchestrator.Op, account ids.Account) ([]byte, error) {
	call, err := translate(c.at, op)
	if err != nil {
		return nil, err
	}
	s, err := c.simulate(ctx, nobody, call.hostFunction(), nil)
	if err != nil {
		return nil, err
	}
	head, ledgers, err := c.authPace(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range s.auth {
		if a := e.Credentials.Address; a != nil && a.Address.Equals(scval.ScAddress(account)) {
			a.SignatureExpirationLedger = xdr.Uint32(head + ledgers)
			b, err := e.MarshalBinary()
			if err != nil {
				return nil, fault.Wrap(err, fault.Internal, "internal", "the authorisation cannot be encoded")
			}
			return b, nil
		}
	}
	return nil, fault.New(fault.Invalid, "ArgumentInvalid", "%s does not need the authorisation of %s", call.function, account)
}

// authPace is the latest ledger, and how many come in about 20 minutes by the pace at which ledgers closed so far.
func (c *Client) authPace(ctx context.Context) (head, ledgers uint32, err error) {
	h, err := c.health(ctx)
	if err != nil {
		return 0, 0, err
	}
	n := int64(authMinLedgers)
	if seconds := h.LatestLedgerCloseTime - h.OldestLedgerCloseTime; seconds > 0 && h.LatestLedger > h.OldestLedger {
		n = int64(h.LatestLedger-h.OldestLedger) * int64(authLife/time.Second) / seconds
	}
	return h.LatestLedger, uint32(min(max(n, authMinLedgers), authMaxLedgers)), nil
}

// SignAuthorization signs an entry that authorises exactly op for by's account, here, and not for long.
func (c *Chain) SignAuthorization(by chain.Signer, op orchestrator.Op, unsigned []byte) ([]byte, error) {
	e, err := c.authEntry(op, unsigned)
	if err != nil {
		return nil, err
	}
	a := e.Credentials.Address
	if !a.Address.Equals(scval.ScAddress(by.Account())) {
		return nil, authBad("this authorisation is for another account than %s", by.Account())
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	head, ledgers, err := c.authPace(ctx)
	if err != nil {
		return nil, err
	}
	switch until := int64(a.SignatureExpirationLedger); {
	case until <= int64(head):
		return nil, authBad("this authorisation has expired; ask for a new one")
	case until > int64(head)+3*int64(ledgers): // the pace may have changed since the entry was made
		return nil, authBad("this authorisation would be valid for too long")
	}
	hash, err := c.authHash(e)
	if err != nil {
		return nil, err
	}
	sig, err := by.SignHash(hash)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unauthorized, "signature_missing", "%s did not sign the authorisation", by.Account())
	}
	key := by.Account().Address
	a.Signature = scval.Vec(scval.Struct(scval.Fields{"public_key": scval.Bytes(key[:]), "signature": scval.Bytes(sig)}))
	b, err := e.MarshalBinary()
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "internal", "the authorisation cannot be encoded")
	}
	return b, nil
}

// Relay submits op with the signed authorisations; by is the transaction's source and authorises nothing, unless op is its own to make and others have to sign it too. On Stellar only an account that is in the ledger can authorise: signers that are
// not yet, by gives the least balance that an account must have.
func (c *Chain) Relay(ctx context.Context, by chain.Signer, op orchestrator.Op, authorizations ...[]byte) (chain.Receipt, error) {
	entries := []xdr.SorobanAuthorizationEntry{}
	seen := map[[32]byte]bool{}
	for _, b := range authorizations {
		e, err := c.authEntry(op, b)
		if err != nil {
			return chain.Receipt{}, err
		}
		if err := c.checkSigned(e); err != nil {
			return chain.Receipt{}, err
		}
		key := [32]byte(*e.Credentials.Address.Address.AccountId.Ed25519)
		if seen[key] {
			return chain.Receipt{}, authBad("two authorisations of one account")
		}
		seen[key] = true
		entries = append(entries, *e)
	}
	if len(entries) == 0 {
		return chain.Receipt{}, authBad("there is no authorisation to relay")
	}
	for _, e := range entries { // a key that has no account yet, as a new node's, cannot authorise
		a, err := scval.ReadAccount(e.Credentials.Address.Address)
		if err != nil {
			return chain.Receipt{}, authBad("%v", err)
		}
		_, err = c.accountEntry(ctx, a)
		if fault.CodeOf(err) == "account_missing" {
			err = c.CreateAccount(ctx, by, a, leastBalance)
		}
		if err != nil && fault.KindOf(err) != fault.Exists {
			return chain.Receipt{}, err
		}
	}
	if owner(op) == by.Account() && c.local == nil { // a local network takes the source's word by itself
		own, err := c.ownEntries(ctx, by.Account(), op)
		if err != nil {
			return chain.Receipt{}, err
		}
		entries = append(own, entries...)
	}
	return c.submit(ctx, by, op, entries)
}

// owner makes an op that others sign besides, and may have to pay in it: an entry of its own would have to name that payment, which nobody but the owner knows to be right.
func owner(op orchestrator.Op) ids.Account {
	switch o := op.(type) {
	case orchestrator.Split:
		return o.Consumer
	case orchestrator.TransferSLA:
		return o.Consumer
	}
	return ids.Account{}
}

// ownEntries are what a transaction's source authorises by being it.
func (c *Chain) ownEntries(ctx context.Context, by ids.Account, op orchestrator.Op) (own []xdr.SorobanAuthorizationEntry, err error) {
	call, err := translate(c.at, op)
	if err != nil {
		return nil, err
	}
	s, err := c.simulate(ctx, by, call.hostFunction(), nil)
	for _, e := range s.auth {
		if e.Credentials.Type == xdr.SorobanCredentialsTypeSorobanCredentialsSourceAccount {
			own = append(own, e)
		}
	}
	return own, err
}

// authEntry reads an entry and checks that it is for op, of a key account, and covers nothing else.
func (c *Chain) authEntry(op orchestrator.Op, b []byte) (*xdr.SorobanAuthorizationEntry, error) {
	call, err := translate(c.at, op)
	if err != nil {
		return nil, err
	}
	var e xdr.SorobanAuthorizationEntry
	if len(b) > maxAuthBytes || xdr.SafeUnmarshal(b, &e) != nil {
		return nil, authBad("these bytes are no authorisation")
	}
	a := e.Credentials.Address
	if e.Credentials.Type != xdr.SorobanCredentialsTypeSorobanCredentialsAddress || a == nil || a.Address.AccountId == nil || a.Address.AccountId.Ed25519 == nil {
		return nil, authBad("this is no authorisation of a key account")
	}
	want := call.invocation()
	wanted, err := xdr.SorobanAuthorizedInvocation{Function: xdr.SorobanAuthorizedFunction{
		Type: xdr.SorobanAuthorizedFunctionTypeSorobanAuthorizedFunctionTypeContractFn, ContractFn: &want}}.MarshalBinary()
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "internal", "the authorisation cannot be encoded")
	}
	// Encoded, so that everything counts: contract, function, each argument, and that there are no calls below.
	if got, err := e.RootInvocation.MarshalBinary(); err != nil || !bytes.Equal(got, wanted) {
		return nil, authBad("this authorisation is for something else than this %s", call.function)
	}
	return &e, nil
}

// checkSigned verifies the one signature of a key account.
func (c *Client) checkSigned(e *xdr.SorobanAuthorizationEntry) error {
	a := e.Credentials.Address
	hash, err := c.authHash(e)
	if err != nil {
		return err
	}
	l, ok := a.Signature.GetVec()
	if !ok || l == nil || len(*l) != 1 {
		return authBad("the authorisation is not signed")
	}
	r := newRecord("signature", (*l)[0])
	key, sig := r.fixed("public_key", 32), r.fixed("signature", ed25519.SignatureSize)
	if r.err != nil || !bytes.Equal(key, a.Address.AccountId.Ed25519[:]) || !ed25519.Verify(key, hash[:], sig) {
		return authBad("the authorisation's signature does not verify on this network")
	}
	return nil
}

// authHash is what an account signs: it names the network, the nonce, the expiry and the whole invocation.
func (c *Client) authHash(e *xdr.SorobanAuthorizationEntry) ([32]byte, error) {
	a := e.Credentials.Address
	b, err := xdr.HashIdPreimage{Type: xdr.EnvelopeTypeEnvelopeTypeSorobanAuthorization, SorobanAuthorization: &xdr.HashIdPreimageSorobanAuthorization{
		NetworkId: c.network, Nonce: a.Nonce, SignatureExpirationLedger: a.SignatureExpirationLedger, Invocation: e.RootInvocation}}.MarshalBinary()
	if err != nil {
		return [32]byte{}, fault.Wrap(err, fault.Internal, "internal", "the authorisation cannot be encoded")
	}
	return canon.Hash(b), nil
}
