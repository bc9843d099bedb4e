package governance_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/governance/actions"
	"github.com/flashback-network/flashback/internal/orchestrator/governance/governed"
	"github.com/flashback-network/flashback/internal/orchestrator/registry/stakes"
)

const (
	start   = 1_800_000_000
	day     = 86_400
	fortune = 1_000_000
	voter   = 4 // role
)

func account(kind ids.AccountKind, name string) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: kind, Address: canon.Hash([]byte("governance " + name))}
}

// cast of a walk: who there is.
type cast struct {
	governance, staking, token, consumer, contract, guardian, fund ids.Account
	people                                                         []ids.Account
}

func actors() cast {
	c := cast{guardian: account(ids.KeyAccount, "guardian"), fund: account(ids.KeyAccount, "fund")}
	for _, p := range []struct {
		name string
		to   *ids.Account
	}{{"governance", &c.governance}, {"staking", &c.staking}, {"token", &c.token}, {"consumer", &c.consumer}, {"contract", &c.contract}} {
		*p.to = account(ids.Contract, p.name)
	}
	for i := range 6 {
		c.people = append(c.people, account(ids.KeyAccount, fmt.Sprint("person ", i)))
	}
	return c
}

func params() governance.Params {
	return governance.Params{Version: 1, VotingSeconds: 3 * day, DelaySeconds: 2 * day, OpenSeconds: 3 * day, ThresholdBps: 500, QuorumBps: 2_000, MajorityBps: 5_000, PauseSeconds: 14 * day, RestSeconds: 14 * day}
}

type (
	stake struct {
		owner  ids.Account
		amount money.Amount
	}
	unbond stake
)

// walker makes random calls, good ones mostly.
type walker struct {
	cast
	s      *governance.State
	w      *governed.World
	set    string // the governed contract's function that takes a number
	r      *rand.Rand
	now    uint64
	n      int
	bodies map[[32]byte][]governance.Action // what proposals are the hashes of
}

func genesis(c cast, set string) governance.Genesis {
	targets := []governance.Target{{Contract: c.consumer, Functions: []string{"pause"}}, {Contract: c.contract, Functions: []string{set, "refuse"}}}
	return governance.Genesis{Governance: c.governance, Consumer: c.consumer, Guardian: c.guardian, Params: params(), Targets: targets, Scale: 1}
}

// newWalker walks in w; others is w itself, or what does some of its calls otherwise.
func newWalker(c cast, seed uint64, set string, w *governed.World, others governance.Others) (*walker, error) {
	s, err := governance.New(genesis(c, set), others)
	if err != nil {
		return nil, err
	}
	for _, p := range c.people {
		w.Mint(p, money.Of(fortune))
	}
	return &walker{cast: c, s: s, w: w, set: set, r: rand.New(rand.NewPCG(seed, 11)), now: start, bodies: map[[32]byte][]governance.Action{}}, nil
}

func (w *walker) one() ids.Account { return w.people[w.r.IntN(len(w.people))] }

func (w *walker) action() governance.Action {
	own := governance.Action{Target: w.governance}
	switch w.r.IntN(12) {
	case 0:
		p := w.s.Params()
		p.Version++
		p.QuorumBps = uint32(300 + w.r.IntN(3_000))
		p.MajorityBps = uint32(5_000 + w.r.IntN(3_000))
		own.Function, own.SetParams = "set_params", &p
		return own
	case 1:
		a := w.guardian
		own.Function, own.SetGuardian = "set_guardian", &a
		return own
	case 2:
		t := governance.Target{Contract: []ids.Account{w.contract, w.contract, w.token, w.governance}[w.r.IntN(4)], Functions: [][]string{{w.set, "refuse"}, {w.set}, {"balance"}, {"transfer"}, nil}[w.r.IntN(5)]}
		own.Function, own.AddTarget = "add_target", &t
		return own
	case 3:
		h := canon.Hash([]byte{byte(w.r.IntN(9))})
		own.Function, own.UpgradeAnnounce = "upgrade_announce", &h
		return own
	case 4:
		return governance.Action{Target: w.contract, Function: "refuse", Arguments: actions.Arguments(actions.U32(1))}
	case 5:
		return governance.Action{Target: w.staking, Function: "slash", Arguments: actions.Arguments()}
	case 6, 7:
		return governance.Action{Target: w.consumer, Function: "pause", Arguments: actions.Arguments(actions.Bool(w.r.IntN(2) == 0))}
	}
	return governance.Action{Target: w.contract, Function: w.set, Arguments: actions.Arguments(actions.U32(uint32(w.r.IntN(1000))))}
}

func (w *walker) body() (h [32]byte) {
	var l []governance.Action
	for range 1 + w.r.IntN(2) + w.r.IntN(9)/8*4 {
		l = append(l, w.action())
	}
	h = w.w.Hash(l)
	w.bodies[h] = l
	return h
}

// number of a proposal, in a state if there is one.
func (w *walker) number(good governance.StateOf) uint32 {
	if w.r.IntN(8) > 0 {
		for n := w.s.Count(); n > 0; n-- {
			if p, _ := w.s.Proposal(n); p.At(w.now) == good && w.r.IntN(4) > 0 {
				return n
			}
		}
	}
	return uint32(w.r.IntN(int(w.s.Count()) + 2))
}

// next moves the time on and gives a call of governance or of Staking.
func (w *walker) next() any {
	if w.n++; w.n <= len(w.people) {
		w.now++
		return stake{w.people[w.n-1], money.Of([]int64{400_000, 300_000, 200_000, 100_000, 50_000, 1_000}[w.n-1])}
	}
	switch w.r.IntN(5) {
	case 0:
		w.now += uint64(w.r.IntN(3 * day))
	default:
		w.now += uint64(1 + w.r.IntN(4_000))
	}
	switch w.r.IntN(20) {
	case 0, 1, 2:
		return governance.Propose{Proposer: w.one(), Actions: w.body(), About: canon.Hash([]byte("about"))}
	case 3, 4, 5, 6, 7, 8, 9:
		return governance.Vote{Voter: w.one(), Number: w.number(governance.Open), Choice: uint32(1+w.r.IntN(8)/6+w.r.IntN(12)/11) * uint32(min(1, w.r.IntN(5)))}
	case 10, 11, 12, 13:
		op := governance.Execute{Number: w.number(governance.Passed)}
		p, _ := w.s.Proposal(op.Number)
		if op.Actions = w.bodies[p.Actions]; w.r.IntN(12) == 0 {
			op.Actions = []governance.Action{w.action()}
		}
		return op
	case 14:
		op := governance.Cancel{Proposer: w.one(), Number: w.number(governance.Open)}
		if p, ok := w.s.Proposal(op.Number); ok && w.r.IntN(3) == 0 {
			op.Proposer = p.Proposer
		}
		return op
	case 15:
		return governance.GuardianPause{}
	case 16, 17:
		return governance.Unpause{ByGuardian: w.r.IntN(4) == 0}
	case 18:
		return stake{w.one(), money.Of(int64(1 + w.r.IntN(50_000)))}
	}
	return unbond{w.one(), money.Of(int64(1 + w.r.IntN(50_000)))}
}

// take a call in the model.
func (w *walker) take(op any) (e governance.Effects, err error) {
	switch op := op.(type) {
	case stake:
		err = w.w.Stake(w.now, op.owner, voter, op.amount)
	case unbond:
		err = w.w.Unbond(w.now, op.owner, voter, op.amount)
	case governance.Op:
		e, err = w.s.Step(w.now, op)
	}
	return e, err
}

// Random calls of depth 100 keep every invariant after each step; together they reach every entry point and every refusal.
func TestSequences(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for seed := range uint64(300) {
		c := actors()
		world := &governed.World{Ledger: stakes.New(c.staking, c.fund), Consumer: c.consumer, Contract: c.contract}
		w, err := newWalker(c, seed, "set_value", world, world)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			op := w.next()
			before := w.w.Value
			_, err := w.take(op)
			if err != nil {
				counts["! "+fault.CodeOf(err)]++
				if w.w.Value != before {
					t.Fatalf("seed %d, step %d: a call that failed left something behind", seed, i)
				}
			} else {
				counts[fmt.Sprintf("%T", op)]++
			}
			if v := w.s.Check(); len(v) > 0 {
				t.Fatalf("seed %d, step %d, %+v (%v): %v", seed, i, op, err, v)
			}
		}
	}
	for _, op := range []governance.Op{governance.Propose{}, governance.Vote{}, governance.Execute{}, governance.Cancel{}, governance.GuardianPause{}, governance.Unpause{}} {
		if name := fmt.Sprintf("%T", op); counts[name] == 0 {
			t.Errorf("%s never succeeds", name)
		}
	}
	for _, e := range []*fault.Error{orchestrator.ErrNotAuthorized, orchestrator.ErrNotFound, orchestrator.ErrStateWrong, orchestrator.ErrArgumentInvalid, orchestrator.ErrPowerMissing, orchestrator.ErrVotingOpen,
		orchestrator.ErrVotingClosed, orchestrator.ErrVoteFailed, orchestrator.ErrTimeLocked, orchestrator.ErrActionMismatch, orchestrator.ErrTargetUnknown, orchestrator.ErrVoted, orchestrator.ErrPauseSpent} {
		if counts["! "+e.Code] == 0 {
			t.Errorf("%s never occurs", e.Code)
		}
	}
	t.Log(counts)
}
