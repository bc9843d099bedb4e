// Package chain is the port to a blockchain that carries the Orchestrator contracts. Business code knows this package and never a chain; a driver (chain/stellar) implements it, and
// chaintest runs the same suite on each driver. A local network, a test network and a main network differ by what a driver is opened with.
package chain

import (
	"context"
	"time"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Contracts of one deployment.
type Contracts struct {
	Oracle   ids.Account `json:"oracle"`
	Provider ids.Account `json:"provider"` // Provider Orchestrator
	Consumer ids.Account `json:"consumer"` // Consumer Orchestrator

	// Around them; zero where a deployment has none.
	Flash      ids.Account `json:"flash,omitzero"`
	Staking    ids.Account `json:"staking,omitzero"`
	Registry   ids.Account `json:"registry,omitzero"`
	Score      ids.Account `json:"score,omitzero"`
	Dispute    ids.Account `json:"dispute,omitzero"`
	Governance ids.Account `json:"governance,omitzero"`
	Market     ids.Account `json:"market,omitzero"`
}

// Signer is a wallet's key. Its secret never leaves the implementation.
type Signer interface {
	Account() ids.Account
	// SignHash signs a transaction's or an authorisation's hash.
	SignHash(hash [32]byte) ([]byte, error)
	// SignMessage signs a text for people, as the chain's wallets do (SEP-53 on Stellar).
	SignMessage(message []byte) ([]byte, error)
}

// Receipt of a call that was applied.
type Receipt struct {
	Tx           string // transaction id
	Ledger       uint32
	Time         time.Time    // the ledger's
	Fee          money.Amount // paid, in the chain's native asset
	Instructions uint64
	WrittenBytes uint64
	ID           ids.ID // what the call made: node, unit, SLA or grant; zero for others
}

// Event of one of the contracts, in the chain's order.
type Event struct {
	Cursor   string // continue after this event
	Contract ids.Account
	Name     string         // first topic
	Subject  string         // second topic: an id (hex), an address, or an epoch; may be empty
	Data     map[string]any // named fields: string (amounts, addresses, hex bytes), uint64, bool; of a struct or a list: map[string]any, []any of these
	Ledger   uint32
	Time     time.Time
	Tx       string
}

// Quote is what a unit asks now for an SLA of one size.
type Quote struct {
	Provider, Payout          ids.Account
	Asset                     money.Asset
	Kind, Class               uint8
	QoS                       sla.QoS
	RateLimit                 uint32
	PriceVersion              uint32 // goes into the Request
	StoragePrice, EgressPrice money.Amount
	Total                     money.Amount // the whole price: what has to be deposited
	Collateral                money.Amount // what the provider locks
	AutoAccept                bool
}

// Chain is one chain with one deployment. Every method is safe for concurrent use. Reads are of the latest ledger. A missing thing is fault NotFound. A contract's refusal is a fault
// whose code is the name in the contracts' error table (EpochOld, CapacityMissing, …) and whose kind says what sort it is (Conflict, Invalid, Forbidden, NotFound, …). What the chain
// itself refuses has codes of its own:
//
//	account_missing     NotFound     the account is not on the chain: fund it first
//	balance_missing     Exhausted    not enough of the asset
//	trustline_missing   Conflict     the account does not hold this asset yet
//	token_refused       Conflict     the token contract refused for another reason
//	bad_sequence        Conflict     somebody else uses this key at the same time, after several attempts
//	fee_too_low         Unavailable  the network asks for a higher fee than the driver offers
//	not_applied         Unavailable  the transaction's time ran out before a ledger took it: nothing happened
//	unconfirmed         Unavailable  the transaction was sent and its fate is unknown; the message has its id
//	unavailable         Unavailable  the chain does not answer
//	trapped             Internal     the contract failed in a way that its error table does not have
//	authorization_bad   Forbidden    an authorisation is foreign, expired or for something else
//	cursor_expired      Expired      the chain does not have events that old any more
type Chain interface {
	ID() ids.Chain
	Contracts() Contracts
	// Head is the latest ledger and its closing time, the time that contracts go by.
	Head(ctx context.Context) (ledger uint32, at time.Time, err error)

	Submit(ctx context.Context, by Signer, op orchestrator.Op) (Receipt, error) // waits until it is applied or refused
	// Authorize makes what a signer has to sign for an op that needs several (NodeBind, NodeRotate, Split, TransferSLA): the unsigned authorisation of account, as opaque bytes, valid for about 20 minutes.
	Authorize(ctx context.Context, op orchestrator.Op, account ids.Account) ([]byte, error)
	// SignAuthorization checks that the bytes authorise exactly op for the signer's account, and signs them.
	SignAuthorization(by Signer, op orchestrator.Op, unsigned []byte) ([]byte, error)
	// Relay submits an op with collected authorisations; by pays the fee and authorises nothing else, but for a Split or TransferSLA of its own, which it authorises by sending it.
	Relay(ctx context.Context, by Signer, op orchestrator.Op, authorizations ...[]byte) (Receipt, error)
	VerifyMessage(account ids.Account, message, signature []byte) bool
	// Transfer moves tokens between accounts, outside of the contracts' books.
	Transfer(ctx context.Context, by Signer, asset money.Asset, to ids.Account, amount money.Amount) (Receipt, error)

	OracleConfig(ctx context.Context) (cert.Config, error)
	LatestReport(ctx context.Context) (epoch uint64, root [32]byte, ok bool, err error)
	Root(ctx context.Context, epoch uint64) ([32]byte, error)
	Params(ctx context.Context) (orchestrator.Params, error)
	Provider(ctx context.Context, account ids.Account) (orchestrator.Provider, error)
	Collateral(ctx context.Context, provider ids.Account, asset money.Asset) (orchestrator.Collateral, error)
	Node(ctx context.Context, id ids.ID) (orchestrator.Node, error)
	NodeOf(ctx context.Context, key ids.Account) (ids.ID, error)
	Unit(ctx context.Context, id ids.ID) (orchestrator.Unit, error)
	// Quote is what a unit asks of a consumer for an SLA of this size, which renews a previous one or, with the zero id, none; it refuses as a Request would.
	Quote(ctx context.Context, unit ids.ID, consumer ids.Account, volume, egress uint64, duration uint32, previous ids.ID) (Quote, error)
	// PriceOf is the price that a unit has for one consumer and one SLA; NotFound when there is none, or it is over.
	PriceOf(ctx context.Context, unit ids.ID, consumer ids.Account) (orchestrator.Special, error)
	// Group is the ids of a joint SLA's parts by that of the first.
	Group(ctx context.Context, id ids.ID) ([]ids.ID, error)
	Reservation(ctx context.Context, sla ids.ID) (orchestrator.Reservation, error)
	SLA(ctx context.Context, id ids.ID) (orchestrator.SLA, error)
	Terms(ctx context.Context, sla ids.ID) ([]byte, error)
	Grant(ctx context.Context, id ids.ID) (orchestrator.Grant, error)
	Balance(ctx context.Context, asset money.Asset, account ids.Account) (money.Amount, error)

	// Events returns up to max events of the three contracts after a cursor ("" for the oldest that the chain still has), and the cursor to continue with, which moves on also when there
	// are none. Continuing with a cursor neither misses nor repeats an event. Only events of successful calls are there.
	Events(ctx context.Context, cursor string, max int) (events []Event, next string, err error)
}
