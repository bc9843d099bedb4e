package dispute

import (
	"maps"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Stage is a world in small, with just the behaviour that a dispute can see of the other contracts: for tests and vectors. Its fields are set before they are used.
type Stage struct {
	Self    ids.Account
	Oracle  cert.Config
	Roots   map[uint64][32]byte
	SLAs    map[ids.ID]StagedSLA
	Stakes  map[StakeKey]Stake
	Balance map[ids.Account]money.Amount // FLASH
	Losers  map[ids.ID]ids.Account       // what Score was told, by dispute
	Mute    bool                         // this contract is not, or no more, a slasher, and Score takes nothing
}

// StagedSLA has of an SLA what disputes are about.
type StagedSLA struct {
	Terms                   *sla.Terms
	Reservation             Reservation
	Node                    ids.ID
	NodeKey                 ids.Account
	Owner                   ids.Account  // the consumer of now
	Claim, Frozen, Consumer money.Amount // P, D and K
	Bond                    money.Amount // B
}

// StakeKey names a stake.
type StakeKey struct {
	Owner ids.Account
	Role  uint32
}

// Stake at the Staking contract.
type Stake struct {
	Active, Unbonding money.Amount
	HeldUntil         uint64
}

// NewStage is an empty world.
func NewStage(self ids.Account, oracle cert.Config) *Stage {
	return &Stage{Self: self, Oracle: oracle, Roots: map[uint64][32]byte{}, SLAs: map[ids.ID]StagedSLA{}, Stakes: map[StakeKey]Stake{}, Balance: map[ids.Account]money.Amount{}, Losers: map[ids.ID]ids.Account{}}
}

func (w *Stage) Terms(id ids.ID) (*sla.Terms, error) {
	x, ok := w.SLAs[id]
	if !ok {
		return nil, orchestrator.ErrNotFound
	}
	return x.Terms, nil
}

func (w *Stage) Consumer(id ids.ID) (ids.Account, error) {
	x, ok := w.SLAs[id]
	if !ok {
		return ids.Account{}, orchestrator.ErrNotFound
	}
	return x.Owner, nil
}

func (w *Stage) Reservation(id ids.ID) (Reservation, error) {
	x, ok := w.SLAs[id]
	if !ok {
		return Reservation{}, orchestrator.ErrNotFound
	}
	return x.Reservation, nil
}

func (w *Stage) Node(unit ids.ID) (ids.ID, ids.Account, error) {
	for _, x := range w.SLAs {
		if x.Reservation.Unit == unit {
			return x.Node, x.NodeKey, nil
		}
	}
	return ids.ID{}, ids.Account{}, orchestrator.ErrNotFound
}

func (w *Stage) Freeze(id ids.ID, amount money.Amount, bond bool) (money.Amount, error) {
	x := w.SLAs[id]
	if x.Frozen.Sign() > 0 {
		return money.Amount{}, orchestrator.ErrDisputed
	}
	from := &x.Claim
	if bond {
		from = &x.Bond
	}
	x.Frozen = money.Min(amount, *from)
	*from = from.Sub(x.Frozen)
	w.SLAs[id] = x
	return x.Frozen, nil
}

func (w *Stage) Rule(id ids.ID, toConsumer money.Amount) error {
	x := w.SLAs[id]
	if x.Frozen.Sign() == 0 {
		return orchestrator.ErrStateWrong
	}
	if x.Frozen.Less(toConsumer) {
		return orchestrator.ErrOverflow
	}
	x.Consumer = x.Consumer.Add(toConsumer)
	x.Claim = x.Claim.Add(x.Frozen.Sub(toConsumer))
	x.Frozen = money.Amount{}
	w.SLAs[id] = x
	return nil
}

func (w *Stage) Root(epoch uint64) ([32]byte, bool) { r, ok := w.Roots[epoch]; return r, ok }

func (w *Stage) Latest() (latest uint64, ok bool) {
	for e := range w.Roots {
		latest, ok = max(latest, e), true
	}
	return latest, ok
}

func (w *Stage) Config() cert.Config { return w.Oracle }

func (w *Stage) StakeOf(owner ids.Account, role uint32) money.Amount {
	return w.Stakes[StakeKey{owner, role}].Active
}

func (w *Stage) Exposed(owner ids.Account, role uint32) money.Amount {
	x := w.Stakes[StakeKey{owner, role}]
	return x.Active.Add(x.Unbonding)
}

func (w *Stage) Hold(owner ids.Account, role uint32, until uint64) error {
	if w.Mute {
		return orchestrator.ErrNotAuthorized
	}
	k := StakeKey{owner, role}
	x := w.Stakes[k]
	x.HeldUntil = max(x.HeldUntil, until)
	w.Stakes[k] = x
	return nil
}

func (w *Stage) Slash(owner ids.Account, role uint32, amount money.Amount, to ids.Account, _ [32]byte) (money.Amount, error) {
	if w.Mute {
		return money.Amount{}, orchestrator.ErrNotAuthorized
	}
	k := StakeKey{owner, role}
	x := w.Stakes[k]
	active := money.Min(amount, x.Active)
	unbonding := money.Min(amount.Sub(active), x.Unbonding)
	x.Active, x.Unbonding = x.Active.Sub(active), x.Unbonding.Sub(unbonding)
	w.Stakes[k] = x
	taken := active.Add(unbonding)
	w.Balance[to] = w.Balance[to].Add(taken)
	return taken, nil
}

func (w *Stage) Transfer(from, to ids.Account, amount money.Amount) error {
	if w.Balance[from].Less(amount) {
		return orchestrator.ErrTransferFailed
	}
	w.Balance[from] = w.Balance[from].Sub(amount)
	w.Balance[to] = w.Balance[to].Add(amount)
	return nil
}

func (w *Stage) Ruled(id, _ ids.ID, loser ids.Account) {
	if !w.Mute {
		w.Losers[id] = loser
	}
}

// Snapshot makes a function that takes the world back to now.
func (w *Stage) Snapshot() func() {
	old := *w
	old.Roots, old.SLAs, old.Stakes, old.Balance, old.Losers = maps.Clone(w.Roots), maps.Clone(w.SLAs), maps.Clone(w.Stakes), maps.Clone(w.Balance), maps.Clone(w.Losers)
	return func() { *w = old }
}
