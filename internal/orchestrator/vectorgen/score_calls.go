package main

import (
	"errors"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/sla"
)

// scoreCalls of the contract in turn, beside what the two Orchestrators hold.
type scoreCalls struct {
	Begin        uint64       `json:"begin,string"` // of epoch 0, Unix seconds
	EpochSeconds uint32       `json:"epochSeconds"`
	Params       score.Params `json:"params"`
	Admin        ids.Account  `json:"admin"`
	Dispute      ids.Account  `json:"dispute"`
	Steps        []scoreStep  `json:"steps"`
}

// scoreStep is a call, or, as `settled`, what the Orchestrators answer from now on.
type scoreStep struct {
	At      uint64        `json:"at,string"`
	Call    string        `json:"call"` // settled, record, ruled, set_unit, set_params
	SLA     ids.ID        `json:"sla"`
	Settled *scoreSettled `json:"settled,omitempty"`
	From    raw           `json:"from,omitempty"`
	To      raw           `json:"to,omitempty"`
	ID      raw           `json:"id,omitempty"`
	Loser   ids.Account   `json:"loser"`
	Asset   ids.Account   `json:"asset"`
	Unit    *money.Amount `json:"unit,omitempty"`
	Params  *score.Params `json:"params,omitempty"`
	Error   string        `json:"error"`
	Parties []scoreParty  `json:"parties,omitempty"` // after a call that succeeded
}

// scoreSettled is the provider's half, the consumer's state and terms of an SLA.
type scoreSettled struct {
	Terms      raw                           `json:"terms"`
	TermsHash  raw                           `json:"termsHash"`
	Provider   ids.Account                   `json:"provider"`
	Asset      ids.Account                   `json:"asset"`
	State      orchestrator.ReservationState `json:"state"`
	Hash       raw                           `json:"settledHash"`
	StartEpoch uint64                        `json:"startEpoch,string"`
	Reclaim    *uint32                       `json:"reclaimEpochs,omitempty"` // without: Orchestrators of before
	Consumer   ids.Account                   `json:"consumer"`                // of now
	Duration   *uint32                       `json:"duration,omitempty"`      // without: Orchestrators of before
	SLAState   orchestrator.SLAState         `json:"consumerState"`
}

// halves is what the steps told of the Orchestrators.
type halves map[ids.ID]*scoreSettled

func (h halves) Reservation(id ids.ID) (r orchestrator.Reservation, ok bool) {
	x, ok := h[id]
	if !ok {
		return r, false
	}
	r = orchestrator.Reservation{SLA: id, Provider: x.Provider, Asset: x.Asset, TermsHash: [32]byte(x.TermsHash), State: x.State, SettledHash: [32]byte(x.Hash), StartEpoch: x.StartEpoch}
	if x.Reclaim != nil {
		r.ReclaimEpochs = *x.Reclaim
	}
	return r, true
}

func (h halves) SLA(id ids.ID) (orchestrator.SLA, bool) {
	x, ok := h[id]
	if !ok {
		return orchestrator.SLA{}, false
	}
	a := orchestrator.SLA{ID: id, Consumer: x.Consumer, State: x.SLAState}
	if x.Duration != nil {
		a.Duration = *x.Duration
	}
	return a, true
}

func (h halves) Terms(id ids.ID) (*sla.Terms, bool) {
	x, ok := h[id]
	if !ok {
		return nil, false
	}
	t, err := sla.DecodeTerms(x.Terms)
	return t, err == nil
}

// play fills in what the model says.
func (c *scoreCalls) play() error {
	s, err := score.New(score.Genesis{Admin: c.Admin, Begin: c.Begin, EpochSeconds: c.EpochSeconds, Params: c.Params})
	if err != nil {
		return err
	}
	if _, err := s.Step(c.Begin, nil, score.Wire{Admin: c.Admin, Dispute: c.Dispute}); err != nil {
		return err
	}
	of := halves{}
	parties := []ids.Account{}
	for i := range c.Steps {
		x := &c.Steps[i]
		var op score.Op
		switch x.Call {
		case "settled":
			of[x.SLA] = x.Settled
			t, _ := of.Terms(x.SLA)
			for _, p := range []ids.Account{x.Settled.Provider, t.Consumer, x.Settled.Consumer} {
				if !contains(parties, p) {
					parties = append(parties, p)
				}
			}
			continue
		case "record":
			from, errFrom := sla.DecodeLeaf(x.From)
			to, errTo := sla.DecodeLeaf(x.To)
			if errFrom != nil || errTo != nil { // the model has no such leaf
				from, to = &sla.Leaf{Judged: sla.Judged{Lost: 2}}, &sla.Leaf{Judged: sla.Judged{Lost: 2}}
			}
			op = score.Record{SLA: x.SLA, From: *from, To: *to}
		case "ruled":
			op = score.Ruled{By: c.Dispute, ID: [32]byte(x.ID), SLA: x.SLA, Loser: x.Loser}
		case "set_unit":
			op = score.SetUnit{Admin: c.Admin, Asset: x.Asset, Unit: *x.Unit}
		case "set_params":
			op = score.SetParams{Admin: c.Admin, Params: *x.Params}
		}
		_, err := s.Step(x.At, of, op)
		x.Error, x.Parties = "", nil
		if err != nil {
			var f *fault.Error
			errors.As(err, &f)
			x.Error = f.Code
			continue
		}
		for _, p := range parties {
			for _, as := range []score.Role{score.AsProvider, score.AsConsumer} {
				who := score.Party{Of: p, As: as}
				if standing := s.Standing(who); standing.Pairs != nil {
					x.Parties = append(x.Parties, scoreParty{p, as, standing, x.At, s.Score(who, x.At)})
				}
			}
		}
	}
	return nil
}

func contains(l []ids.Account, a ids.Account) bool {
	for _, x := range l {
		if x == a {
			return true
		}
	}
	return false
}

// scoreLife makes the steps of one SLA.
type scoreLife struct {
	t              *sla.Terms
	base, leaf     sla.Leaf
	settled, noted sla.Leaf
	start          uint64
}

const scoreBegin, scoreEpoch = 1_700_000_000, 3_600

func newScoreLife(name string, start uint64, change ...func(*sla.Terms)) *scoreLife {
	t := terms(append(change, func(t *sla.Terms) { t.SLA = ids.SLAID(co, t.Consumer, nonce("score "+name)) })...)
	zero := sla.Zero(t)
	return &scoreLife{t, zero, zero, zero, zero, start}
}

// window of equal epochs: so many bad slots in each, so many failed challenges in the last.
func (l *scoreLife) window(bad int, failed uint64) {
	for e := range l.t.Window {
		m := &sla.Measure{Operations: 100, Challenges: 2, Passed: 2, BytesOut: l.leaf.BytesOut + 1<<28}
		if e == l.t.Window-1 {
			m.Challenges += failed
		}
		for i := range int(l.t.SlotsPerEpoch) {
			s := healthy
			if i < bad {
				s = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
			}
			m.Slots = append(m.Slots, s)
		}
		next, v := l.t.Advance(l.leaf, &l.base, m, l.t.Duration)
		if l.leaf = next; v != nil {
			l.base = next
		}
	}
}

// settle what is certified; change alters what the Orchestrators answer.
func (l *scoreLife) settle(state orchestrator.SLAState, change ...func(*scoreSettled)) scoreStep {
	l.settled = l.leaf
	s := &scoreSettled{
		Terms: l.t.Bytes(), TermsHash: b32(l.t.Hash()), Provider: l.t.Provider, Asset: l.t.Asset, State: orchestrator.ReservationActive, Hash: b32(l.settled.Hash()), StartEpoch: l.start, Consumer: l.t.Consumer, SLAState: state,
	}
	for _, f := range change {
		f(s)
	}
	return scoreStep{Call: "settled", SLA: l.t.SLA, Settled: s}
}

func (l *scoreLife) record() scoreStep {
	x := scoreStep{Call: "record", SLA: l.t.SLA, From: l.noted.Bytes(), To: l.settled.Bytes()}
	l.noted = l.settled
	return x
}

func scoreCallCases() (cases []scoreCase) {
	unit := money.Of(10_000)
	setUnit := scoreStep{Call: "set_unit", Asset: token, Unit: &unit}
	add := func(name string, steps ...scoreStep) {
		c := &scoreCalls{Begin: scoreBegin, EpochSeconds: scoreEpoch, Params: score.DefaultParams(), Admin: account(ids.KeyAccount, "admin"), Dispute: account(ids.Contract, "dispute"), Steps: steps}
		for i := range c.Steps {
			c.Steps[i].At = scoreBegin + uint64(i)*50_000
		}
		if err := c.play(); err != nil {
			panic(err)
		}
		cases = append(cases, scoreCase{Name: "calls: " + name, Calls: c})
	}

	l := newScoreLife("good", 10)
	steps := []scoreStep{setUnit}
	for range 4 {
		l.window(0, 0)
		steps = append(steps, l.settle(orchestrator.Completed), l.record())
	}
	add("four good windows, each recorded", steps...)

	l = newScoreLife("once", 10)
	for range 4 {
		l.window(0, 0)
	}
	add("four good windows, recorded once", setUnit, l.settle(orchestrator.Completed), l.record())

	l = newScoreLife("bad", 10)
	l.window(0, 0)
	steps = []scoreStep{setUnit, l.settle(orchestrator.Active), l.record()}
	l.window(12, 0)
	steps = append(steps, l.settle(orchestrator.Active), l.record())
	l.window(3, 4)
	add("good, dead, and losing windows", append(steps, l.settle(orchestrator.Active), l.record())...)

	l, late := newScoreLife("late", 500), newScoreLife("early", 3)
	l.window(0, 0)
	late.window(6, 1)
	add("an older SLA recorded after a newer one", setUnit, l.settle(orchestrator.Active), late.settle(orchestrator.Active), l.record(), late.record())

	for _, x := range []struct {
		name  string
		state orchestrator.SLAState
		leaf  sla.Status
	}{{"closed", orchestrator.Completed, sla.Complete}, {"terminated", orchestrator.Terminated, sla.Complete}, {"defaulted", orchestrator.Defaulted, sla.Complete}, {"abandoned", orchestrator.Terminated, sla.Abandoned}} {
		l = newScoreLife(x.name, 10)
		l.window(0, 0)
		l.window(0, 0)
		l.leaf.Status = x.leaf
		add("ended early: "+x.name, setUnit, l.settle(x.state), l.record())
	}
	notice, left, buyer := uint32(36), uint32(24), account(ids.KeyAccount, "buyer of an SLA")
	reclaimed := func(s *scoreSettled) { s.Reclaim, s.Duration = &notice, &l.t.Duration }
	noNotice := func(s *scoreSettled) { s.Reclaim, s.Duration = new(uint32), &l.t.Duration }
	divided := func(s *scoreSettled) { s.Duration = &left }
	sold := func(s *scoreSettled) { s.Consumer = buyer }
	bought := func(s *scoreSettled) { s.Consumer = s.Provider }
	for _, x := range []struct {
		name   string
		state  orchestrator.SLAState
		leaf   sla.Status
		change func(*scoreSettled)
	}{
		{"reclaimed", orchestrator.Completed, sla.Complete, reclaimed}, {"no notice", orchestrator.Completed, sla.Complete, noNotice}, {"notice, but terminated", orchestrator.Terminated, sla.Complete, reclaimed},
		{"notice, but abandoned", orchestrator.Completed, sla.Abandoned, reclaimed}, {"notice, and the money ran out", orchestrator.Defaulted, sla.Complete, reclaimed},
		{"split, kept", orchestrator.Completed, sla.Complete, divided}, {"sold", orchestrator.Completed, sla.Complete, sold}, {"bought by the provider", orchestrator.Completed, sla.Abandoned, bought},
	} {
		l = newScoreLife(x.name, 10)
		l.window(0, 0)
		l.window(1, 0)
		l.leaf.Status = x.leaf
		add("ended: "+x.name, setUnit, l.settle(x.state, x.change), l.record())
	}
	l = newScoreLife("split, closed", 10)
	l.window(0, 0)
	l.leaf.Status = sla.Complete
	add("ended: split, then closed", setUnit, l.settle(orchestrator.Completed, divided), l.record())
	l = newScoreLife("sold between two records", 10)
	l.window(0, 0)
	steps = []scoreStep{setUnit, l.settle(orchestrator.Active), l.record()}
	l.window(0, 0)
	add("sold between two records", append(steps, l.settle(orchestrator.Active, sold), l.record())...)
	l = newScoreLife("unsettled", 10)
	l.window(0, 0)
	l.leaf.Status = sla.Complete
	l.settled = l.leaf
	refused := l.record()
	first := []scoreStep{setUnit}
	for s := range orchestrator.Defaulted + 2 { // every state but those in which an SLA ends that has begun
		if s != orchestrator.Completed && s != orchestrator.Terminated && s != orchestrator.Defaulted {
			first = append(first, l.settle(s), refused)
		}
	}
	add("the consumer's half has to be settled first", append(first, l.settle(orchestrator.Completed), refused)...)

	l = newScoreLife("refusals", 10)
	zero := sla.Zero(l.t)
	l.window(0, 0)
	one := l.leaf
	held := func(s *scoreSettled) { s.State, s.Hash = orchestrator.ReservationHeld, make(raw, 32) }
	given := func(s *scoreSettled) { s.State, s.Hash = orchestrator.ReservationDone, make(raw, 32) }
	foreign := func(s *scoreSettled) { s.TermsHash = b32(canon.Hash([]byte("other terms"))) }
	record := func(from, to []byte) scoreStep { return scoreStep{Call: "record", SLA: l.t.SLA, From: from, To: to} }
	odd := one
	odd.BytesIn++
	mid := one
	mid.Epochs, mid.Slots = mid.Epochs+3, mid.Slots+36
	poor := newScoreLife("poor", 10, func(t *sla.Terms) { t.Asset = account(ids.Contract, "another token") })
	poor.window(0, 0)
	dust := newScoreLife("dust", 10, func(t *sla.Terms) { t.Volume, t.Egress = gib, 0 })
	dust.window(0, 0)
	own := newScoreLife("own", 10, func(t *sla.Terms) { t.Consumer = t.Provider })
	own.window(0, 0)
	status := one.Bytes()
	status[len(status)-1] = 3
	add("every refusal of record, in its order",
		setUnit, record(zero.Bytes(), one.Bytes()),
		l.settle(orchestrator.Active, held), record(nil, nil),
		l.settle(orchestrator.Active, given), record(nil, nil),
		l.settle(orchestrator.Active, foreign), record(zero.Bytes(), one.Bytes()[1:]), record(append(zero.Bytes(), 0), one.Bytes()), record(zero.Bytes(), status), record(status, one.Bytes()),
		record(zero.Bytes(), odd.Bytes()), record(odd.Bytes(), one.Bytes()),
		l.settle(orchestrator.Active), record(odd.Bytes(), one.Bytes()), record(one.Bytes(), one.Bytes()),
		poor.settle(orchestrator.Active), poor.record(), dust.settle(orchestrator.Active), dust.record(), own.settle(orchestrator.Active), own.record(),
		record(zero.Bytes(), one.Bytes()), record(zero.Bytes(), one.Bytes()), record(one.Bytes(), one.Bytes()),
		settledAs(l, mid), record(one.Bytes(), mid.Bytes()), record(zero.Bytes(), mid.Bytes()), record(zero.Bytes(), one.Bytes()),
	)

	l = newScoreLife("ruled", 10)
	l.window(0, 0)
	ruled := func(id string, loser ids.Account) scoreStep {
		return scoreStep{Call: "ruled", SLA: l.t.SLA, ID: b32(canon.Hash([]byte(id))), Loser: loser}
	}
	none, negative := money.Amount{}, money.Of(-1)
	add("rulings",
		ruled("a", provider), setUnit, l.settle(orchestrator.Active), l.record(), ruled("a", provider), ruled("a", provider), ruled("b", consumer), ruled("c", account(ids.KeyAccount, "nobody")),
		scoreStep{Call: "set_unit", Asset: token, Unit: &negative}, scoreStep{Call: "set_unit", Asset: token, Unit: &none}, ruled("d", provider))

	l = newScoreLife("params", 10)
	l.window(0, 0)
	steps = []scoreStep{setUnit, l.settle(orchestrator.Active), l.record()}
	for _, p := range []score.Params{{Version: 1, Cap: 1, Severity: 1}, {Version: 3, Cap: 1, Severity: 1}, {Version: 2, Cap: 0, Severity: 1}, {Version: 2, Cap: 65_537, Severity: 1}, {Version: 2, Cap: 1, Severity: 0},
		{Version: 2, Cap: 1, Severity: 101}, {Version: 2, Cap: 1, Severity: 100}} {
		steps = append(steps, scoreStep{Call: "set_params", Params: &p})
	}
	l.window(6, 0)
	add("parameters change between two records", append(steps, l.settle(orchestrator.Active), l.record())...)
	return cases
}

// settledAs is the same reservation with another leaf.
func settledAs(l *scoreLife, leaf sla.Leaf) scoreStep {
	x := l.settle(orchestrator.Active)
	x.Settled.Hash = b32(leaf.Hash())
	return x
}
