package governance

import (
	"math/big"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

const (
	day          = 86_400
	wholeBps     = 10_000
	actionsMost  = 4
	targetsMost  = 32
	functionMost = 16
	scaleMost    = day
)

// Choices of a vote.
const (
	Against uint32 = iota
	For
	Abstain
)

// StateOf a proposal.
type StateOf uint32

const (
	Open StateOf = iota
	Passed
	Executed
	Failed
	Expired // passed and not executed in time
	Cancelled
)

// Params bound by Validate. Times are in seconds, before they are divided by the scale.
type Params struct {
	Version                              uint32
	VotingSeconds, DelaySeconds          uint64
	OpenSeconds                          uint64
	ThresholdBps, QuorumBps, MajorityBps uint32
	PauseSeconds, RestSeconds            uint64
}

// Validate refuses parameters out of bounds, whoever sets them.
func (p *Params) Validate() error {
	within := func(v, least, most uint64) bool { return v >= least && v <= most }
	if p.Version >= 1 && within(p.VotingSeconds, day, 30*day) && within(p.DelaySeconds, 2*day, 30*day) && within(p.OpenSeconds, day, 30*day) && within(uint64(p.ThresholdBps), 1, 500) &&
		within(uint64(p.QuorumBps), 400, 5_000) && within(uint64(p.MajorityBps), 5_000, 9_000) && within(p.PauseSeconds, 1, 14*day) && within(p.RestSeconds, 14*day, 365*day) {
		return nil
	}
	return orchestrator.ErrArgumentInvalid
}

// Proposal as it is stored. Times are Unix seconds, votes are FLASH in smallest units.
type Proposal struct {
	Number                     uint32
	Proposer                   ids.Account
	Actions, About             [32]byte
	Snapshot                   uint64
	Total                      money.Amount
	Ends, Opens, Closes        uint64
	QuorumBps, MajorityBps     uint32
	Against, InFavour, Abstain money.Amount
	Executed, Cancelled        bool
}

// At is the proposal's state at a time.
func (p *Proposal) At(now uint64) StateOf {
	switch {
	case p.Cancelled:
		return Cancelled
	case p.Executed:
		return Executed
	case now < p.Ends:
		return Open
	case !p.passed():
		return Failed
	case now < p.Closes:
		return Passed
	}
	return Expired
}

// passed: for·10⁴ > majority·(for + against), and all votes·10⁴ ≥ quorum·total.
func (p *Proposal) passed() bool {
	decided := p.InFavour.Add(p.Against)
	return times(p.InFavour, wholeBps).Cmp(times(decided, p.MajorityBps)) > 0 && times(decided.Add(p.Abstain), wholeBps).Cmp(times(p.Total, p.QuorumBps)) >= 0
}

func times(a money.Amount, n uint32) *big.Int {
	return new(big.Int).Mul(a.Big(), big.NewInt(int64(n)))
}

// Pause by the guardian, running or over.
type Pause struct {
	Until     uint64 // while it runs: anyone may end it from then on. Else 0
	RestUntil uint64
}

// Effects of a step that was taken.
type Effects struct {
	Number uint32       // of propose
	Until  uint64       // of guardian_pause
	Votes  money.Amount // of vote
	Events []orchestrator.Event
}

// Others is what governance asks of Staking, and the calls that it makes elsewhere. Mark gives a function that takes back everything since.
type Others interface {
	PowerAt(owner ids.Account, time uint64) money.Amount
	TotalAt(time uint64) money.Amount
	Call(now uint64, target ids.Account, function string, arguments []byte) error
	Pause(now uint64, paused bool) error // of the Consumer Orchestrator
	// Hash is SHA-256 of the chain's encoding of the list.
	Hash(actions []Action) [32]byte
	Mark() func()
}
