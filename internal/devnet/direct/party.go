package direct

import (
	"crypto/ed25519"
	"crypto/sha256"

	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/ledger"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

// Party is an account with its key.
type Party struct {
	Name    string
	key     ed25519.PrivateKey
	account ids.Account
}

// NewParty makes the party of 32 secret bytes. It has no account on the ledger yet: see Rig.Fund.
func NewParty(name string, seed [32]byte) Party {
	k := ed25519.NewKeyFromSeed(seed[:])
	return Party{Name: name, key: k, account: ids.Account{Chain: ids.Stellar, Kind: ids.KeyAccount, Address: [32]byte(k.Public().(ed25519.PublicKey))}}
}

// Account is the party's address.
func (p Party) Account() ids.Account { return p.account }

// Arg is the party's address as an argument.
func (p Party) Arg() xdr.ScVal { return scval.Address(p.account) }

func (p Party) String() string { return p.Name }

const lumens = "10000" // of every party, as a friendbot gives

// Party is the account called name: made and funded when it is first asked for, the same key for the same name in every rig.
func (r *Rig) Party(name string) (Party, error) {
	p := NewParty(name, sha256.Sum256([]byte("flashback direct party "+name)))
	return p, r.Fund(p.account)
}

// Fund puts an account on the ledger with ten thousand lumens, unless it is there.
func (r *Rig) Fund(a ids.Account) error {
	if _, ok := r.entry(accountKey(a)); ok {
		return nil
	}
	return r.classic(rootAccount(r.passphrase), &txnbuild.CreateAccount{Destination: a.String(), Amount: lumens})
}

func rootAccount(passphrase string) ids.Account {
	a, err := ids.ParseAccount(ledger.Root(passphrase).Address())
	if err != nil {
		panic(err) // an address of our own making
	}
	return a
}

// classic applies an operation for an account.
func (r *Rig) classic(by ids.Account, op txnbuild.Operation) error {
	x, err := op.BuildXDR()
	if err != nil {
		return err
	}
	return r.sheet.Classic(x, scval.AccountID(by))
}
