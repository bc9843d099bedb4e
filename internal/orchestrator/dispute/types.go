package dispute

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

const day = 86_400

// A registration as arbiter lasts for Term seconds; its stake is held for Hold.
const (
	Term = 30 * day
	Hold = 60 * day
)

// Roles of stakes.
const (
	RoleValidator uint32 = 1
	RoleArbiter   uint32 = 3
)

// Params of disputes; a dispute keeps those that it began with. Amounts are FLASH's smallest units.
type Params struct {
	Version                                                      uint32
	Bond, JurorFee, ArbiterStake                                 money.Amount
	Panel                                                        uint32
	EvidenceSeconds, CommitSeconds, RevealSeconds, AppealSeconds uint64
	MaxAgeSeconds                                                uint64
	QuorumBps, SlashEquivocationBps                              uint32
	Fund                                                         ids.Account
}

// Check refuses parameters that are out of bounds.
func (p *Params) Check() error {
	phases := true
	for _, s := range []uint64{p.EvidenceSeconds, p.CommitSeconds, p.RevealSeconds, p.AppealSeconds} {
		phases = phases && s >= 1 && s <= 14*day
	}
	ok := p.Version >= 1 && p.Panel >= 3 && p.Panel <= 7 && p.Panel%2 == 1 && p.JurorFee.Sign() > 0 && !p.Bond.Less(times(p.JurorFee, int(3*p.Panel+1))) &&
		!p.ArbiterStake.Less(p.JurorFee) && phases && p.MaxAgeSeconds >= 1 && p.MaxAgeSeconds <= 60*day &&
		p.QuorumBps >= 5_000 && p.QuorumBps <= 10_000 && p.SlashEquivocationBps >= 1 && p.SlashEquivocationBps <= 10_000
	if !ok {
		return orchestrator.ErrArgumentInvalid
	}
	return nil
}

// size of the panel of a round.
func (p *Params) size(round uint32) uint32 {
	if round == 0 {
		return p.Panel
	}
	return 2*p.Panel + 1
}

// Phase of a dispute. Reveal is not stored: it is Commit once the commitments are closed.
type Phase uint8

const (
	Evidence Phase = iota
	Draw
	Commit
	Reveal
	Ruled
	Executed
	Inconclusive
)

// Choices of a vote, and rulings. A case whose ruling is CannotSay has none.
const (
	ForProvider uint32 = 0
	ForConsumer uint32 = 1
	CannotSay   uint32 = 2
)

// Case is one dispute before a panel.
type Case struct {
	SLA                                 ids.ID
	Window                              uint32
	Accused                             bool // the provider opened it, about the consumer's bond
	Consumer, Provider                  ids.Account
	Amount, Frozen                      money.Amount
	Evidence                            [32]byte
	Answered                            bool
	Answer                              [32]byte
	Phase                               Phase
	Round                               uint32
	ConsumerBond, ProviderBond, Silence money.Amount
	Ruling                              uint32
	Cut                                 uint64
	Slots                               uint32
	SeedEpoch, Until, RevealUntil       uint64
	ParamsVersion                       uint32
}

// Over reports whether nothing more happens to it.
func (c *Case) Over() bool { return c.Phase == Executed || c.Phase == Inconclusive }

// Seat on a panel.
type Seat struct {
	Arbiter   ids.Account
	Committed bool
	Hash      [32]byte
	Revealed  bool
	Choice    uint32
}

// Slot is a registration as arbiter.
type Slot struct {
	Arbiter        ids.Account
	Since, Expires uint64
}

// Window is what is known of one window of an SLA: the consumer is owed the larger of Proved and Ruled, of which Moved has been moved.
type Window struct {
	Proved, Ruled, Moved money.Amount
	Wrong, Panel         bool
	Accused              bool // the provider accused the consumer before a panel
}

// Owed to the consumer and not moved yet.
func (w *Window) Owed() money.Amount {
	if w.Proved.Less(w.Ruled) {
		return w.Ruled.Sub(w.Moved)
	}
	return w.Proved.Sub(w.Moved)
}

// WindowKey names a window.
type WindowKey struct {
	SLA    ids.ID
	Number uint32
}

// FaultKey names an equivocation that was slashed.
type FaultKey struct {
	Operator ids.Account
	Epoch    uint64
}

// FreedKey names the last dispute of an SLA that one side opened.
type FreedKey struct {
	SLA     ids.ID
	Accused bool
}

// PanelKey names a panel.
type PanelKey struct {
	Case  ids.ID
	Round uint32
}

// ProvenLeaf is a leaf's bytes with its path under the root of Epoch.
type ProvenLeaf struct {
	Leaf  []byte
	Epoch uint64
	Proof merkle.Proof
}

// Signed is a validator's document with its signature.
type Signed struct {
	Document []byte
	RS       [64]byte
	Recovery uint8
}

// Answer is a node's answer to a challenge with its signature.
type Answer struct {
	Document  []byte
	Signature [64]byte
}

func times(a money.Amount, n int) (t money.Amount) {
	for range n {
		t = t.Add(a)
	}
	return t
}
