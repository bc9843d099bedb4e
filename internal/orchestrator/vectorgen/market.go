package main

import (
	"fmt"
	"reflect"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
	"github.com/flashback-network/flashback/internal/orchestrator/market/stage"
	"github.com/flashback-network/flashback/internal/sla"
)

// marketVectors are scripts of calls of the Market. Each begins with the same units and balances at Orchestrators that need be no more than internal/orchestrator/market/stage is.
type marketVectors struct {
	Genesis  values          `json:"genesis"`
	Units    []values        `json:"units"`
	Unpaid   []ids.Account   `json:"unpaid"` // providers that may not list
	Balances []balanceVector `json:"balances"`
	Cases    []marketCase    `json:"cases"`
}

type marketCase struct {
	Name  string       `json:"name"`
	Steps []marketStep `json:"steps"`
}

// marketStep is one call, of the Market or of the Provider Orchestrator (PriceFor), and everything that is stored after it.
type marketStep struct {
	At    uint64 `json:"at"`
	Call  string `json:"call"`
	Args  values `json:"args"`
	Error string `json:"error"`
	ID    string `json:"id,omitempty"` // what the call answers
	After values `json:"after,omitempty"`
}

const askEpoch = 3_600

var (
	marketAt = account(ids.Contract, "market")
	coStage  = account(ids.Contract, "market consumer orchestrator")
	poStage  = account(ids.Contract, "market provider orchestrator")
	asker    = account(ids.Contract, "asker")
	pauper   = account(ids.Contract, "pauper")
	carol    = account(ids.Contract, "provider carol")
	dave     = account(ids.Contract, "provider dave")
	erin     = account(ids.Contract, "provider erin") // may not list
)

// marketUnit of a provider; change alters it.
func marketUnit(of ids.Account, name string, change ...func(*orchestrator.Unit)) orchestrator.Unit {
	u := orchestrator.Unit{ID: ids.UnitID(poStage, of, nonce(name)), Provider: of, UnitSpec: orchestrator.UnitSpec{Kind: 1, Class: 1, Region: "eu-west-1", Asset: token, CollateralBps: 1_000, MinEpochs: 24, MaxEpochs: 1_000,
		QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 200, ThroughputKiBps: 1024, ErrorPpm: 1_000}}}
	for _, f := range change {
		f(&u)
	}
	return u
}

var marketUnits = []orchestrator.Unit{
	marketUnit(carol, "unit"),
	marketUnit(carol, "second"),
	marketUnit(dave, "unit", func(u *orchestrator.Unit) { u.Region = "eu" }),
	marketUnit(erin, "unit"),
	marketUnit(carol, "retired", func(u *orchestrator.Unit) { u.State = orchestrator.UnitRetired }),
	marketUnit(carol, "ending", func(u *orchestrator.Unit) { u.State = orchestrator.UnitDecommissioning }),
	marketUnit(carol, "unpromising", func(u *orchestrator.Unit) { u.QoS = sla.QoS{AvailabilityPpm: 999_000} }),
}

func unitOf(p ids.Account, name string) ids.ID { return ids.UnitID(poStage, p, nonce(name)) }

func marketBalances() (l []balanceVector) {
	return []balanceVector{{token, asker, money.Of(1_000_000_000)}, {token, pauper, money.Of(10)}}
}

// marketScript plays one case.
type marketScript struct {
	marketCase
	s   *market.State
	o   *stage.State
	now uint64
}

func newMarketScript(name string) *marketScript {
	o := stage.New(coStage, askEpoch)
	for _, u := range marketUnits {
		o.Units[u.ID] = u
	}
	o.Unpaid[erin] = true
	for _, b := range marketBalances() {
		o.Balances[b.Account] = b.Amount
	}
	s := market.New(market.Genesis{Market: marketAt, Admin: governor, EpochSeconds: askEpoch}, o)
	return &marketScript{marketCase: marketCase{Name: name}, s: s, o: o, now: stakesStart}
}

// take a call that has to end with an error of the table, or without one.
func (x *marketScript) take(want string, op any) ids.ID {
	var e market.Effects
	var err error
	if p, ok := op.(orchestrator.PriceFor); ok {
		err = x.o.PriceFor(x.now, p)
	} else {
		e, err = x.s.Step(x.now, op.(market.Op))
	}
	if code(err) != want {
		panic(fmt.Sprintf("market script %q, step %d, %T: %q (%v) instead of %q", x.Name, len(x.Steps), op, code(err), err, want))
	}
	if v := x.s.Check(); len(v) > 0 {
		panic(fmt.Sprintf("market script %q: %v", x.Name, v))
	}
	t := marketStep{At: x.now, Call: reflect.TypeOf(op).Name(), Args: valuesOf(op), Error: code(err)}
	if err == nil {
		t.After = x.after()
	}
	if !e.ID.Zero() {
		t.ID = e.ID.String()
	}
	x.Steps = append(x.Steps, t)
	return e.ID
}

// after is everything that is stored.
func (x *marketScript) after() values {
	asks, prices, balances := []any{}, []any{}, []any{}
	for _, id := range x.s.IDs() {
		a, _ := x.s.Ask(id)
		v := valuesOf(a)
		answers := []any{}
		for _, y := range x.s.Answers(id) {
			answers = append(answers, valuesOf(y))
		}
		v["list"] = answers
		asks = append(asks, v)
	}
	for _, u := range marketUnits {
		for _, c := range []ids.Account{asker, pauper} {
			if p, ok := x.o.PriceOf(x.now, u.ID, c); ok {
				v := valuesOf(p)
				v["unit"], v["consumer"] = u.ID.String(), c.String()
				prices = append(prices, v)
			}
		}
	}
	for _, a := range []ids.Account{asker, pauper, coStage, marketAt} {
		balances = append(balances, map[string]any{"account": a.String(), "amount": x.o.Balances[a].String()})
	}
	return values{"asks": asks, "prices": prices, "balances": balances, "admin": x.s.Admin().String()}
}

func (x *marketScript) do(l ...any) {
	for _, op := range l {
		x.take("", op)
	}
}

func (x *marketScript) pass(seconds uint64) { x.now += seconds }

// want of the asker: 100 GiB and 50 GiB of egress for 48 epochs, answers within an hour; change alters it.
func (x *marketScript) want(change ...func(*market.Want)) market.Want {
	op := market.Want{Consumer: asker, Nonce: nonce("ask"), Wanted: market.Wanted{Kind: 1, Class: 1, Region: "eu", Volume: 100 * gib, Egress: 50 * gib, Duration: 48, Mode: sla.Escrow,
		QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 200, ThroughputKiBps: 1024, ErrorPpm: 1_000}, Asset: token, MaxTotal: money.Of(10_000_000), CollateralMinBps: 1_000,
		AnswerBy: x.now + 3_600, RevealBy: x.now + 3_600, ChooseBy: x.now + 7_200}}
	for _, f := range change {
		f(&op)
	}
	return op
}

// hidden makes an ask sealed, with half an hour to reveal.
func hidden(op *market.Want) {
	op.Wanted.Sealed, op.Wanted.RevealBy = true, op.Wanted.AnswerBy+1_800
}

func offered(p ids.Account, id ids.ID, unit ids.ID, storage, egress int64) market.Offer {
	return market.Offer{Provider: p, ID: id, Unit: unit, StoragePrice: money.Of(storage), EgressPrice: money.Of(egress)}
}

// committed to what reveals does.
func committed(r market.Reveal) market.Commit {
	return market.Commit{Provider: r.Provider, ID: r.ID, Commitment: market.Commitment(r.ID, r.Provider, r.Unit, r.StoragePrice, r.EgressPrice, r.Salt)}
}

func shown(p ids.Account, id ids.ID, unit ids.ID, storage, egress int64) market.Reveal {
	return market.Reveal{Provider: p, ID: id, Unit: unit, StoragePrice: money.Of(storage), EgressPrice: money.Of(egress), Salt: nonce("salt " + p.String())}
}

// taking a provider's answer as it is.
func (x *marketScript) taking(id ids.ID, p ids.Account, change ...func(*market.Take)) market.Take {
	a, ok := x.s.Ask(id)
	if !ok {
		a.Consumer = asker
	}
	y, _ := x.s.Answer(id, p)
	op := market.Take{Consumer: a.Consumer, ID: id, Provider: p, Deal: market.Deal{Unit: y.Unit, MaxTotal: y.Total, Refund: account(ids.Contract, "refund"), Deposit: y.Total, Nonce: nonce("sla")}}
	for _, f := range change {
		f(&op)
	}
	return op
}

func marketFile() marketVectors {
	f := marketVectors{Genesis: values{"market": marketAt.String(), "admin": governor.String(), "provider": poStage.String(), "consumer": coStage.String(), "token": token.String(), "epochSeconds": askEpoch},
		Unpaid: []ids.Account{erin}, Balances: marketBalances()}
	for _, u := range marketUnits {
		f.Units = append(f.Units, values{"id": u.ID.String(), "provider": u.Provider.String(), "kind": u.Kind, "class": u.Class, "region": u.Region, "qos": valuesOf(u.QoS), "asset": u.Asset.String(),
			"collateralBps": u.CollateralBps, "minEpochs": u.MinEpochs, "maxEpochs": u.MaxEpochs, "state": uint32(u.State)})
	}
	for _, c := range append(marketCases(), marketRefusals()...) {
		x := newMarketScript(c.name)
		c.play(x)
		f.Cases = append(f.Cases, x.marketCase)
	}
	return f
}

type marketPlay struct {
	name string
	play func(*marketScript)
}
