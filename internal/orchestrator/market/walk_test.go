package market_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
	"github.com/flashback-network/flashback/internal/orchestrator/market/stage"
	"github.com/flashback-network/flashback/internal/sla"
)

const (
	start   = 1_800_000_000
	hour    = 3_600
	day     = 86_400
	gib     = 1 << 30
	fortune = 1_000_000_000_000
)

func account(kind ids.AccountKind, name string) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: kind, Address: canon.Hash([]byte("market " + name))}
}

// world is the Orchestrators that a walk runs beside.
type world interface {
	market.Others
	PriceOf(now uint64, unit ids.ID, consumer ids.Account) (orchestrator.Special, bool)
}

// cast of a walk: who there is.
type cast struct {
	market, admin        ids.Account
	asset                money.Asset
	providers, consumers []ids.Account
	units                []ids.ID
	epochSeconds         uint32
}

// sealed is what a provider keeps of an answer that it has committed to.
type sealed struct {
	unit            ids.ID
	storage, egress money.Amount
	salt            [32]byte
}

// walker makes random calls, good ones mostly.
type walker struct {
	cast
	s    *market.State
	o    world
	r    *rand.Rand
	now  uint64
	n    uint64
	kept map[string]sealed
}

func newWalker(c cast, o world, now, seed uint64) *walker {
	return &walker{cast: c, s: market.New(market.Genesis{Market: c.market, Admin: c.admin, EpochSeconds: c.epochSeconds}, o), o: o, r: rand.New(rand.NewPCG(seed, 11)), now: now, kept: map[string]sealed{}}
}

// prices for one consumer that a provider makes, or takes back, outside of the Market.
type priceFor = orchestrator.PriceFor

func pick[T any](r *rand.Rand, l []T) T { return l[r.IntN(len(l))] }

func (w *walker) hash() [32]byte {
	w.n++
	return canon.Hash(fmt.Appendf(nil, "walk %d %d", w.n, w.r.Uint64()))
}

// ask that is good for something, any now and then, and sometimes one that is not there.
func (w *walker) ask(good func(market.Ask) bool) market.Ask {
	var fit, all []market.Ask
	for _, id := range w.s.IDs() {
		a, _ := w.s.Ask(id)
		if all = append(all, a); good(a) {
			fit = append(fit, a)
		}
	}
	switch n := w.r.IntN(12); {
	case n > 1 && len(fit) > 0:
		return pick(w.r, fit)
	case n > 0 && len(all) > 0:
		return pick(w.r, all)
	}
	return market.Ask{ID: ids.New(ids.Stellar, market.Kind, w.hash()), Consumer: pick(w.r, w.consumers)}
}

func (w *walker) wanted() market.Wanted {
	x := market.Wanted{Kind: 1, Region: []string{"", "eu", "eu-west", "us"}[w.r.IntN(4)], Volume: uint64(1+w.r.IntN(40)) * gib / 4, Egress: uint64(w.r.IntN(20)) * gib, Duration: uint32(6 + w.r.IntN(60)),
		Mode: sla.Mode(w.r.IntN(2)), QoS: sla.QoS{AvailabilityPpm: uint32(w.r.IntN(999_500))}, Asset: w.asset, MaxTotal: money.Of(int64(1 + w.r.IntN(400_000_000))), CollateralMinBps: uint32(w.r.IntN(1_100)),
		AnswerBy: w.now + uint64(w.r.IntN(6*hour))}
	x.RevealBy, x.ChooseBy = x.AnswerBy, x.AnswerBy+uint64(w.r.IntN(12*hour))
	if x.Sealed = w.r.IntN(2) == 0; x.Sealed {
		x.RevealBy += uint64(w.r.IntN(4 * hour))
		x.ChooseBy = x.RevealBy + uint64(w.r.IntN(12*hour))
	}
	switch w.r.IntN(40) {
	case 0:
		x.Kind = 3
	case 1:
		x.MaxTotal = money.Of(0)
	case 2:
		x.ChooseBy = w.now + market.LifeSeconds
	case 3:
		x.QoS = sla.QoS{AvailabilityPpm: 1_000_000, TTFBMillis: 10, ThroughputKiBps: 1 << 20, ErrorPpm: 1}
	case 4:
		x.Duration = 1 << 30
	}
	return x
}

func (w *walker) price(most int) money.Amount {
	return money.Of(int64(w.r.IntN(most)) - int64(most/50))
}

// offer of a provider, from one of its own units mostly.
func (w *walker) offer(provider ids.Account) sealed {
	unit := pick(w.r, w.units)
	for range 8 {
		if u, _ := w.o.Unit(w.now, unit); u.Provider == provider {
			break
		}
		unit = pick(w.r, w.units)
	}
	if w.r.IntN(30) == 0 {
		unit = w.hash()
	}
	return sealed{unit, w.price(20_000_000), w.price(2_000_000), w.hash()}
}

// next moves the time on and gives a call of the Market, or a provider's price at its Orchestrator.
func (w *walker) next() any {
	switch w.r.IntN(8) {
	case 0:
		w.now += uint64(w.r.IntN(3 * hour))
	default:
		w.now += uint64(w.r.IntN(200))
	}
	open := func(sealed bool) func(market.Ask) bool {
		return func(a market.Ask) bool { return a.State == market.Open && a.Sealed == sealed && w.now <= a.AnswerBy }
	}
	p := pick(w.r, w.providers)
	switch n := w.r.IntN(24); {
	case n < 5 || len(w.s.IDs()) == 0:
		return market.Want{Consumer: pick(w.r, w.consumers), Wanted: w.wanted(), Nonce: [32]byte{byte(w.r.IntN(60))}}
	case n < 9:
		x := w.offer(p)
		return market.Offer{Provider: p, ID: w.ask(open(false)).ID, Unit: x.unit, StoragePrice: x.storage, EgressPrice: x.egress}
	case n < 12:
		a, x := w.ask(open(true)), w.offer(p)
		if x.storage.Sign() < 0 || x.egress.Sign() < 0 {
			return market.Commit{Provider: p, ID: a.ID, Commitment: w.hash()}
		}
		w.kept[a.ID.String()+p.String()] = x
		return market.Commit{Provider: p, ID: a.ID, Commitment: market.Commitment(a.ID, p, x.unit, x.storage, x.egress, x.salt)}
	case n < 16:
		a := w.ask(func(a market.Ask) bool {
			return a.State == market.Open && a.Sealed && a.AnswerBy < w.now && w.now <= a.RevealBy && a.Answers > 0
		})
		if l := w.s.Answers(a.ID); len(l) > 0 && w.r.IntN(6) > 0 {
			p = pick(w.r, l).Provider
		}
		x, ok := w.kept[a.ID.String()+p.String()]
		if !ok || w.r.IntN(10) == 0 {
			x = w.offer(p)
		}
		return market.Reveal{Provider: p, ID: a.ID, Unit: x.unit, StoragePrice: x.storage, EgressPrice: x.egress, Salt: x.salt}
	case n < 20:
		return w.taking(p)
	case n == 20:
		a := w.ask(func(a market.Ask) bool { return a.State == market.Open })
		if w.r.IntN(6) == 0 {
			a.Consumer = pick(w.r, w.consumers)
		}
		return market.Withdraw{Consumer: a.Consumer, ID: a.ID}
	case n == 21:
		return market.Expire{ID: w.ask(func(a market.Ask) bool { return a.State == market.Open && a.ChooseBy < w.now }).ID}
	case n == 22 && w.r.IntN(8) == 0:
		return market.SetAdmin{Admin: w.admin}
	}
	x := w.offer(p)
	return priceFor{Provider: p, Unit: x.unit, Consumer: pick(w.r, w.consumers), StoragePrice: x.storage, EgressPrice: x.egress, Until: w.now + uint64(w.r.IntN(2))*hour}
}

func (w *walker) taking(p ids.Account) market.Take {
	a := w.ask(func(a market.Ask) bool {
		return a.State == market.Open && a.Answers > 0 && w.now <= a.ChooseBy && (!a.Sealed || w.now > a.RevealBy)
	})
	op := market.Take{Consumer: a.Consumer, ID: a.ID, Provider: p, Deal: market.Deal{Refund: a.Consumer, Nonce: w.hash()}}
	var fit []market.Answer
	for _, x := range w.s.Answers(a.ID) {
		if x.Revealed {
			fit = append(fit, x)
		}
	}
	if len(fit) > 0 && w.r.IntN(10) > 0 {
		x := pick(w.r, fit)
		op.Provider, op.Deal.Unit, op.Deal.MaxTotal, op.Deal.Deposit = x.Provider, x.Unit, x.Total, x.Total
	}
	switch w.r.IntN(16) {
	case 0:
		op.Consumer = pick(w.r, w.consumers)
	case 1:
		op.Deal.MaxTotal = op.Deal.MaxTotal.Sub(money.Of(1))
	case 2:
		op.Deal.Nonce = [32]byte{1}
	case 3:
		op.Deal.Deposit = money.Of(-1)
	}
	return op
}

func staged() (cast, *stage.State) {
	c := cast{market: account(ids.Contract, "market"), admin: account(ids.KeyAccount, "admin"), asset: account(ids.Contract, "token"), epochSeconds: hour}
	s := stage.New(account(ids.Contract, "consumer orchestrator"), c.epochSeconds)
	for i := range 5 {
		p := account(ids.KeyAccount, fmt.Sprint("provider ", i))
		c.providers = append(c.providers, p)
		s.Unpaid[p] = i == 4
		for j := range 3 {
			id := ids.UnitID(account(ids.Contract, "provider orchestrator"), p, [32]byte{byte(j)})
			u := orchestrator.Unit{ID: id, Provider: p, UnitSpec: orchestrator.UnitSpec{Kind: 1, Region: []string{"eu-west-1", "us", "eu"}[j], QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 200, ThroughputKiBps: 1024, ErrorPpm: 1_000},
				Asset: c.asset, CollateralBps: 1_000, MinEpochs: 1, MaxEpochs: 60}}
			if i == 3 {
				u.State = []orchestrator.UnitState{orchestrator.UnitAvailable, orchestrator.UnitDecommissioning, orchestrator.UnitRetired}[j]
			}
			s.Units[id] = u
			c.units = append(c.units, id)
		}
	}
	for i := range 3 {
		a := account(ids.KeyAccount, fmt.Sprint("consumer ", i))
		c.consumers = append(c.consumers, a)
		s.Balances[a] = money.Of([]int64{fortune, fortune, 1_000_000}[i])
	}
	return c, s
}

// everything that a call may change here and at the Orchestrators' prices.
func (w *walker) everything() string {
	var l []any
	for _, id := range w.s.IDs() {
		a, _ := w.s.Ask(id)
		l = append(l, a, w.s.Answers(id))
	}
	for _, u := range w.units {
		for _, c := range w.consumers {
			p, ok := w.o.PriceOf(w.now, u, c)
			l = append(l, p, ok)
		}
	}
	return fmt.Sprint(l...)
}

func (w *walker) take(op any) error {
	if p, ok := op.(priceFor); ok {
		return w.o.PriceFor(w.now, p)
	}
	_, err := w.s.Step(w.now, op.(market.Op))
	return err
}

// Random calls of depth 100 keep every invariant after each step; together they reach every entry point and every refusal.
func TestSequences(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for seed := range uint64(60) {
		c, o := staged()
		w := newWalker(c, o, start, seed)
		for i := range 100 {
			op := w.next()
			before := w.everything()
			err := w.take(op)
			name := fmt.Sprintf("%T", op)
			if err != nil {
				counts["! "+fault.CodeOf(err)]++
				if w.everything() != before {
					t.Fatalf("seed %d, step %d, %+v: refused (%v), and yet something changed", seed, i, op, err)
				}
			} else {
				counts[name]++
			}
			if v := w.s.Check(); len(v) > 0 {
				t.Fatalf("seed %d, step %d, %+v (%v): %v", seed, i, op, err, v)
			}
		}
	}
	for _, op := range []any{market.Want{}, market.Offer{}, market.Commit{}, market.Reveal{}, market.Take{}, market.Withdraw{}, market.Expire{}, market.SetAdmin{}, priceFor{}} {
		if name := fmt.Sprintf("%T", op); counts[name] == 0 {
			t.Errorf("%s never succeeds", name)
		}
	}
	for _, e := range []*fault.Error{orchestrator.ErrNotAuthorized, orchestrator.ErrAmountInvalid, orchestrator.ErrNotFound, orchestrator.ErrExists, orchestrator.ErrStateWrong, orchestrator.ErrArgumentInvalid,
		orchestrator.ErrNotTimedOut, orchestrator.ErrPriceAbove, orchestrator.ErrPriceChanged, orchestrator.ErrTransferFailed, orchestrator.ErrPhaseWrong, orchestrator.ErrCommitMismatch,
		orchestrator.ErrUnitDecommissioning, orchestrator.ErrListingUnpaid} {
		if counts["! "+e.Code] == 0 {
			t.Errorf("%s never occurs", e.Code)
		}
	}
	t.Log(counts)
}
