package score

import (
	"cmp"
	"math/rand/v2"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

const (
	begin        = 1_700_000_000
	epochSeconds = 3_600
	unit         = 10_000 // smallest units of fee that are a point
)

func account(name string) ids.Account {
	return ids.Account{Chain: ids.Stellar, Address: canon.Hash([]byte("account " + name))}
}

func contract(name string) ids.Account {
	a := account(name)
	a.Kind = ids.Contract
	return a
}

var (
	admin, disputes = account("admin"), contract("dispute")
	token           = contract("token")
)

// world is the two Orchestrators as far as the contract sees them.
type world struct {
	*State
	lives map[ids.ID]*life
}

// life of one SLA: what the validators certified and what was settled of it.
type life struct {
	terms          *sla.Terms
	base, leaf     sla.Leaf
	settled, noted sla.Leaf // the last settled and the last recorded leaf
	state          orchestrator.SLAState
	start          uint64
	foreign        bool        // the reservation names other terms
	held           bool        // the reservation is not active yet
	reclaim        uint32      // where the provider's notice ends it
	duration       uint32      // what a split left; 0: the terms'
	consumer       ids.Account // of now; zero: the terms'
}

func (w *world) Reservation(id ids.ID) (r orchestrator.Reservation, ok bool) {
	l, ok := w.lives[id]
	if !ok {
		return r, false
	}
	r = orchestrator.Reservation{SLA: id, Provider: l.terms.Provider, Asset: l.terms.Asset, TermsHash: l.terms.Hash(), State: orchestrator.ReservationActive, SettledHash: l.settled.Hash(), StartEpoch: l.start, ReclaimEpochs: l.reclaim}
	if l.foreign {
		r.TermsHash[0] ^= 1
	}
	if l.held {
		r.State, r.SettledHash = orchestrator.ReservationHeld, [32]byte{}
	}
	return r, true
}

func (w *world) SLA(id ids.ID) (orchestrator.SLA, bool) {
	l, ok := w.lives[id]
	if !ok {
		return orchestrator.SLA{}, false
	}
	return orchestrator.SLA{ID: id, Consumer: cmp.Or(l.consumer, l.terms.Consumer), Duration: cmp.Or(l.duration, l.terms.Duration), State: l.state}, true
}

func (w *world) Terms(id ids.ID) (*sla.Terms, bool) {
	l, ok := w.lives[id]
	if !ok {
		return nil, false
	}
	return l.terms, true
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s, err := New(Genesis{Admin: admin, Begin: begin, EpochSeconds: epochSeconds, Params: DefaultParams()})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{s, map[ids.ID]*life{}}
	w.must(t, SetUnit{admin, token, money.Of(unit)})
	w.must(t, Wire{admin, disputes})
	return w
}

func (w *world) must(t testing.TB, op Op) Effects {
	t.Helper()
	e, err := w.Step(begin, w, op)
	if err != nil {
		t.Fatalf("%T: %v", op, err)
	}
	return e
}

// open an SLA of 100 GiB, 50 GiB of egress, 48 epochs in windows of 12, whose whole fee is about 5 points.
func (w *world) open(name string, provider, consumer ids.Account, change ...func(*sla.Terms)) ids.ID {
	id := ids.SLAID(contract("co"), consumer, canon.Hash([]byte(name)))
	t := &sla.Terms{
		SLA: id, Consumer: consumer, Provider: provider, Payout: provider, Refund: consumer, Asset: token,
		Units: []sla.Share{{Unit: ids.UnitID(contract("po"), provider, [32]byte{}), Bps: 10_000}}, Kind: 1, Volume: 100 << 30, Egress: 50 << 30, Duration: 48,
		EpochSeconds: epochSeconds, SlotsPerEpoch: 12, Window: 12, Redundancy: 1, Mode: sla.Stream, PriceVersion: 1, StoragePrice: money.Of(12_345), EgressPrice: money.Of(1_234),
		QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 100, ThroughputKiBps: 1024, ErrorPpm: 1_000}, Protocol: sla.DefaultProtocol(24),
	}
	t.Protocol.MinSamples = 20
	for _, f := range change {
		f(t)
	}
	t.Protocol = t.Protocol.For(t.Mode, t.QoS.AvailabilityPpm)
	t.Collateral = t.TotalPrice().Bps(1_000)
	zero := sla.Zero(t)
	w.lives[id] = &life{terms: t, base: zero, leaf: zero, settled: zero, noted: zero, state: orchestrator.Active, start: 10}
	return id
}

// quality of an epoch.
type quality struct {
	bad, excluded    int // slots
	ppm, ttfb, kibps uint32
	challenges, lost uint64
	out              uint64
}

var good = quality{ttfb: 40, kibps: 20_000, challenges: 2}

// epoch adds one to the certified leaf.
func (l *life) epoch(q quality) {
	m := &sla.Measure{Operations: 100, Challenges: q.challenges, Passed: q.challenges - q.lost, BytesIn: l.leaf.BytesIn, BytesOut: l.leaf.BytesOut + q.out}
	for i := range int(l.terms.SlotsPerEpoch) {
		switch {
		case i < q.bad:
			m.Slots = append(m.Slots, sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure})
		case i < q.bad+q.excluded:
			m.Slots = append(m.Slots, sla.Slot{TTFB: sla.NoFigure, Throughput: sla.NoFigure})
		default:
			m.Slots = append(m.Slots, sla.Slot{State: sla.Counted, ErrorPpm: q.ppm, TTFB: q.ttfb, Throughput: q.kibps})
		}
	}
	next, v := l.terms.Advance(l.leaf, &l.base, m, l.terms.Duration)
	if l.leaf = next; v != nil {
		l.base = next
	}
	if l.leaf.Status != sla.Running {
		l.state = orchestrator.Completed
		if l.leaf.Status == sla.Abandoned {
			l.state = orchestrator.Terminated
		}
	}
}

func (l *life) window(q quality) {
	for range l.terms.Window {
		l.epoch(q)
	}
}

// end the SLA early, after the windows so far.
func (l *life) end(state orchestrator.SLAState) { l.leaf.Status, l.state = sla.Complete, state }

// record settles what is certified and records it.
func (w *world) record(id ids.ID) (Effects, error) {
	l := w.lives[id]
	l.settled = l.leaf
	e, err := w.Step(0, w, Record{id, l.noted, l.settled})
	if err == nil {
		l.noted = l.settled
	}
	return e, err
}

func (w *world) mustRecord(t testing.TB, id ids.ID) Effects {
	t.Helper()
	e, err := w.record(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range w.Check() {
		t.Fatal(v)
	}
	return e
}

func randomQuality(r *rand.Rand) quality {
	q := good
	switch r.IntN(6) {
	case 0:
		q.bad = 1 + r.IntN(12)
	case 1:
		q.ttfb, q.kibps = 5_000, 64
	case 2:
		q.lost = 1 + r.Uint64N(2)
	case 3:
		q.excluded = r.IntN(13)
	case 4:
		q.ppm = r.Uint32N(1_000_000)
	}
	q.out = r.Uint64N(2 << 30)
	return q
}
