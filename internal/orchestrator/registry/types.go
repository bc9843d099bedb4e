package registry

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Roles of stakes that the Registry looks at.
const (
	ProviderRole  uint32 = 0
	CertifierRole uint32 = 2
)

const (
	day        = 86_400
	year       = 365 * day
	holdMost   = 60 * day
	aheadMost  = 3 * year
	periodMost = 36
	levels     = 4
	kinds      = 4
	wholeBps   = 10_000
)

// Kind of the ids of certifications (docs/spec/registry.md).
const Kind ids.Kind = 5

// StateOf a certification.
type StateOf uint32

const (
	Live StateOf = iota
	Revoked
	Expired
	Frozen
	Refuted
)

// Params bound by Validate. Amounts are FLASH in smallest units.
type Params struct {
	Version              uint32
	Bonds                [levels]money.Amount // by level
	ListStake, ListPrice money.Amount         // 0: does not list, is not sold
	ListPeriodSeconds    uint64
	Payee, Fund          ids.Account
	Resolver             ids.Account
	MaxLifeSeconds       uint64
	ChallengeSeconds     uint64 // after expiry a certification stays bonded for so long
	ConcedeSeconds       uint64
	LapseSeconds         uint64
	ConcedeBps           uint32
	ConflictFundBps      uint32
}

// Validate refuses parameters out of bounds, whoever sets them.
func (p *Params) Validate() error {
	small := func(a money.Amount) bool { return a.Sign() >= 0 && !amountMost.Less(a) }
	within := func(v, least, most uint64) bool { return v >= least && v <= most }
	ok := p.Version >= 1 && small(p.ListStake) && small(p.ListPrice) && within(p.ListPeriodSeconds, 1, year) && within(p.MaxLifeSeconds, 1, 3*year) &&
		p.ChallengeSeconds <= 90*day && within(p.LapseSeconds, 1, year) && p.ConcedeSeconds < p.LapseSeconds && p.ConcedeBps <= wholeBps && p.ConflictFundBps <= wholeBps
	for _, b := range p.Bonds {
		ok = ok && small(b) && !p.Bonds[0].Less(b)
	}
	if !ok {
		return orchestrator.ErrArgumentInvalid
	}
	return nil
}

var amountMost = func() money.Amount {
	a, err := money.Parse("1267650600228229401496703205376") // 2^100
	if err != nil {
		panic(err)
	}
	return a
}()

// Certifier of certifications.
type Certifier struct {
	Info       [32]byte
	Registered uint64
	Bonded     money.Amount // Σ bonds of its Live and Frozen ones
	DutyUntil  uint64       // until then one of them may be in conflict
}

// Certification is a certifier's statement. Times are Unix seconds.
type Certification struct {
	ID                          ids.ID
	Certifier, Subject          ids.Account
	Kind, Level                 uint32
	Scope, Evidence             [32]byte
	Issued, Expires, BoundUntil uint64
	Bond                        money.Amount
	State                       StateOf
	Conflict                    ids.ID // the other one, while Frozen
	ConcedeUntil, LapseFrom     uint64 // while Frozen
}

// Effects of a step that was taken.
type Effects struct {
	ID                ids.ID       // what certify or object made
	Until             uint64       // of subscribe
	ToSubject, ToFund money.Amount // what a loser was slashed
	Events            []orchestrator.Event
}

// Others is what the Registry asks of Staking and FLASH. Mark gives a function that takes back everything since.
type Others interface {
	StakeOf(owner ids.Account, role uint32) money.Amount
	Hold(now uint64, owner ids.Account, role uint32, until uint64) error
	Slash(now uint64, owner ids.Account, role uint32, amount money.Amount, to ids.Account) (money.Amount, error)
	Pay(from, to ids.Account, amount money.Amount) error
	Mark() func()
}
