package score

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// State of the contract. Use it from one goroutine.
type State struct {
	genesis        Genesis
	admin, dispute ids.Account
	params         Params
	units          map[money.Asset]money.Amount
	recorded       map[ids.ID][32]byte // leaf hash of the last record
	standings      map[Party]Standing
	ruled          map[[32]byte]bool

	// What the contract does not store, for Check: the fees, in grains, that were recorded about a party, and by which unit and parameters an SLA was weighed last.
	paid  map[Party]*big.Int
	scale map[ids.ID]scale
}

type scale struct {
	unit   string
	params Params
}

// Party is an account in a role.
type Party struct {
	Of ids.Account
	As Role
}

// New makes the state after the constructor.
func New(g Genesis) (*State, error) {
	if !g.Params.Valid() || g.EpochSeconds == 0 {
		return nil, orchestrator.ErrArgumentInvalid
	}
	return &State{
		genesis: g, admin: g.Admin, params: g.Params, units: map[money.Asset]money.Amount{}, recorded: map[ids.ID][32]byte{}, standings: map[Party]Standing{}, ruled: map[[32]byte]bool{},
		paid: map[Party]*big.Int{}, scale: map[ids.ID]scale{},
	}, nil
}

// Step takes one call at a ledger time. A call that fails changes nothing and returns a fault with the code of the contracts' error table.
func (s *State) Step(now uint64, of Orchestrators, op Op) (Effects, error) {
	switch op := op.(type) {
	case Record:
		return s.record(of, &op)
	case Ruled:
		return s.rule(now, of, &op)
	case SetUnit:
		if op.Admin != s.admin {
			return Effects{}, orchestrator.ErrNotAuthorized
		}
		if op.Unit.Sign() < 0 {
			return Effects{}, orchestrator.ErrAmountInvalid
		}
		if op.Unit.Sign() == 0 {
			delete(s.units, op.Asset)
		} else {
			s.units[op.Asset] = op.Unit
		}
	case SetParams:
		if op.Admin != s.admin {
			return Effects{}, orchestrator.ErrNotAuthorized
		}
		if !op.Params.Valid() || op.Params.Version != s.params.Version+1 {
			return Effects{}, orchestrator.ErrArgumentInvalid
		}
		s.params = op.Params
	case SetAdmin:
		if op.Admin != s.admin {
			return Effects{}, orchestrator.ErrNotAuthorized
		}
		s.admin = op.Next
	case Wire:
		if op.Admin != s.admin {
			return Effects{}, orchestrator.ErrNotAuthorized
		}
		s.dispute = op.Dispute
	default:
		panic(fmt.Sprintf("score: the model has no %T", op))
	}
	return Effects{}, nil
}

func (s *State) record(of Orchestrators, op *Record) (Effects, error) {
	r, ok := of.Reservation(op.SLA)
	if !ok {
		return Effects{}, orchestrator.ErrNotFound
	}
	if r.State < orchestrator.ReservationActive || r.SettledHash == ([32]byte{}) { // a reservation that never was active has no leaf
		return Effects{}, orchestrator.ErrStateWrong
	}
	if op.To.Lost > 1 || op.To.Status > sla.Abandoned || op.From.Lost > 1 || op.From.Status > sla.Abandoned {
		return Effects{}, orchestrator.ErrMalformed
	}
	from, to := op.From.Hash(), op.To.Hash()
	if to != r.SettledHash {
		return Effects{}, orchestrator.ErrLeafUnknown
	}
	t, ok := of.Terms(op.SLA)
	if !ok {
		return Effects{}, orchestrator.ErrNotFound
	}
	if t.Hash() != r.TermsHash {
		return Effects{}, orchestrator.ErrLeafForeign
	}
	last, ok := s.recorded[op.SLA]
	if !ok {
		zero := sla.Zero(t)
		last = zero.Hash()
	}
	if to == last {
		return Effects{}, orchestrator.ErrNothingNew
	}
	if from != last {
		return Effects{}, orchestrator.ErrFromMismatch
	}
	if op.To.Windows == op.From.Windows {
		return Effects{}, orchestrator.ErrNothingNew
	}
	unit, ok := s.units[r.Asset]
	if !ok {
		return Effects{}, orchestrator.ErrAssetUnknown
	}
	before, after := WeightOf(t, &op.From, unit, s.params), WeightOf(t, &op.To, unit, s.params)
	half, ok := of.SLA(op.SLA)
	if !ok {
		return Effects{}, orchestrator.ErrNotFound
	}
	if after.Whole == (sla.Wide{}) {
		return Effects{}, orchestrator.ErrNothingNew
	}
	agreed := cmp.Or(half.Duration, t.Duration)
	ending, err := EndingOf(&op.To, agreed, half.State, Reclaims(&r))
	if err != nil {
		return Effects{}, err
	}
	at := s.genesis.Begin + (r.StartEpoch+uint64(op.To.Epochs))*uint64(s.genesis.EpochSeconds)
	span := uint64(op.To.Epochs-op.From.Epochs) * uint64(s.genesis.EpochSeconds)
	e := &Scored{
		SLA: op.SLA, Provider: r.Provider, Consumer: half.Consumer, From: from, To: to, Epochs: op.To.Epochs, Windows: op.To.Windows, At: at, Ending: ending, Weight: after, Unit: unit,
	}
	by, bought := scale{unit.String(), s.params}, after.Paid
	if s.scale[op.SLA] == by {
		bought = less(bought, before.Paid)
	}
	s.scale[op.SLA] = by
	for _, p := range []Party{{r.Provider, AsProvider}, {half.Consumer, AsConsumer}} {
		rise := Rise(p.As, Points(p.As, t, &op.From, Running, agreed, before, s.params), Points(p.As, t, &op.To, ending, agreed, after, s.params), span)
		if half.Consumer == r.Provider {
			rise = OnlyBad(rise)
		}
		e.Rise[p.As] = rise
		s.add(p, at, rise)
		s.addPaid(p, bought)
	}
	s.recorded[op.SLA] = to
	return Effects{Scored: e}, nil
}

// EndingOf an SLA with so many agreed epochs: the leaf says that it ended, the state of the consumer's half and the provider's notice how. One that has not ended there has to be settled first.
func EndingOf(l *sla.Leaf, agreed uint32, state orchestrator.SLAState, reclaimed bool) (Ending, error) {
	switch {
	case l.Status == sla.Running:
		return Running, nil
	case l.Status == sla.Abandoned:
		return Abandoned, nil
	case l.Epochs >= agreed:
		return Kept, nil
	case state == orchestrator.Terminated:
		return Terminated, nil
	case state != orchestrator.Defaulted && state != orchestrator.Completed:
		return Running, orchestrator.ErrStateWrong
	case reclaimed:
		return Reclaimed, nil
	case state == orchestrator.Defaulted:
		return Defaulted, nil
	}
	return Closed, nil
}

// Reclaims reports whether the provider gave notice.
func Reclaims(r *orchestrator.Reservation) bool { return r.ReclaimEpochs > 0 }

func (s *State) rule(now uint64, of Orchestrators, op *Ruled) (Effects, error) {
	if s.dispute.Zero() || op.By != s.dispute {
		return Effects{}, orchestrator.ErrNotAuthorized
	}
	if s.ruled[op.ID] {
		return Effects{}, orchestrator.ErrExists
	}
	r, ok := of.Reservation(op.SLA)
	if !ok {
		return Effects{}, orchestrator.ErrNotFound
	}
	t, ok := of.Terms(op.SLA)
	if !ok {
		return Effects{}, orchestrator.ErrNotFound
	}
	role := AsConsumer // of now, or when the dispute began
	if op.Loser == r.Provider {
		role = AsProvider
	}
	unit, ok := s.units[r.Asset]
	if !ok {
		return Effects{}, orchestrator.ErrAssetUnknown
	}
	zero := sla.Zero(t)
	grains := severe(RulingWeight(t, WeightOf(t, &zero, unit, s.params)), s.params)
	rise := make([]Pair, len(Dimensions[role]))
	rise[honesty[role]].Bad = grains
	s.add(Party{op.Loser, role}, now, rise)
	s.ruled[op.ID] = true
	return Effects{Ruling: &Ruling{op.ID, op.SLA, op.Loser, role, grains}}, nil
}

// add evidence of a time: what is older has decayed until then, and evidence of the past until now.
func (s *State) add(p Party, at uint64, rise []Pair) { s.standings[p] = s.standings[p].Add(at, rise) }

// Add evidence of a time to a standing; the zero standing is that of somebody unknown.
func (x Standing) Add(at uint64, rise []Pair) Standing {
	out := Standing{max(x.Updated, at), make([]Pair, len(rise))}
	for i, p := range rise {
		out.Pairs[i] = p.Decayed(out.Updated - at)
		if x.Pairs != nil {
			out.Pairs[i] = x.Pairs[i].Decayed(out.Updated - x.Updated).Add(out.Pairs[i])
		}
	}
	return out
}

func (s *State) addPaid(p Party, grains sla.Wide) {
	if s.paid[p] == nil {
		s.paid[p] = new(big.Int)
	}
	s.paid[p].Add(s.paid[p], grains.Big())
}

// Score of a party at a time; before the last record it is that of the record.
func (s *State) Score(p Party, at uint64) Score { return s.standings[p].Score(p.As, at) }

// Score of a standing.
func (x Standing) Score(as Role, at uint64) Score {
	dimensions := Dimensions[as]
	out := Score{Updated: x.Updated, Dimensions: make([]uint32, len(dimensions))}
	weights, evidence := make([]uint32, len(dimensions)), new(big.Int)
	for i, d := range dimensions {
		var p Pair
		if x.Pairs != nil {
			p = x.Pairs[i].Decayed(max(at, x.Updated) - x.Updated)
		}
		out.Dimensions[i], weights[i] = Value(p), d.Weight
		evidence.Add(evidence, p.Good.Big()).Add(evidence, p.Bad.Big())
	}
	out.Total, out.Points = Total(out.Dimensions, weights), wide(evidence.Rsh(evidence, 32))
	return out
}

// The views of the contract.

func (s *State) Admin() ids.Account                  { return s.admin }
func (s *State) Params() Params                      { return s.params }
func (s *State) Unit(a money.Asset) money.Amount     { return s.units[a] }
func (s *State) Recorded(id ids.ID) ([32]byte, bool) { h, ok := s.recorded[id]; return h, ok }
func (s *State) Standing(p Party) (x Standing) {
	x = s.standings[p]
	x.Pairs = slices.Clone(x.Pairs)
	return x
}
func (s *State) Dispute() (a ids.Account, wired bool) { return s.dispute, !s.dispute.Zero() }
