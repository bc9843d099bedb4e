package score

import (
	"testing"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// What people derive from public data is what the contract has.
func TestDerivationIsTheContracts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	poor := good
	poor.bad, poor.lost = 2, 1
	var settled []Settled
	at := uint64(0)
	for i, q := range []quality{good, poor, good} {
		id := w.open(string(rune('a'+i)), p, c)
		l := w.lives[id]
		l.start = uint64(7 * i)
		l.window(q)
		l.window(q)
		if i == 2 {
			l.end(orchestrator.Completed)
		}
		at = max(at, w.mustRecord(t, id).Scored.At)
		settled = append(settled, Settled{l.terms, l.settled, l.start, c, l.terms.Duration, l.state, false})
	}
	by := Scale{begin, epochSeconds, DefaultParams(), func(money.Asset) money.Amount { return money.Of(unit) }}
	for as, party := range []Party{{p, AsProvider}, {c, AsConsumer}} {
		at += 1_000_000
		d := Derive(party.Of, Role(as), at, by, settled)
		want := w.Score(party, at)
		if d.Score.Total != want.Total || len(d.Steps) != 3 || d.Standing.Updated != want.Updated {
			t.Errorf("%+v, want %+v", d, want)
		}
		for i, pair := range w.Standing(party).Pairs { // records came in another order: a grain of rounding
			for _, side := range [][2]sla.Wide{{pair.Good, d.Standing.Pairs[i].Good}, {pair.Bad, d.Standing.Pairs[i].Bad}} {
				if less(side[0], side[1]).Big().Int64()+less(side[1], side[0]).Big().Int64() > 3 {
					t.Errorf("%s: %v, want %v", d.Dimensions[i].Name, side[1], side[0])
				}
			}
		}
	}
}

func TestDerivationSaysWhatItSkips(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	young, dust, early := w.open("young", p, c), w.open("dust", p, c, func(x *sla.Terms) { x.Volume, x.Egress = 1<<30, 0 }), w.open("early", p, c)
	var settled []Settled
	w.lives[young].epoch(good)
	w.lives[dust].window(good)
	w.lives[early].window(good)
	w.lives[early].end(orchestrator.Closing)
	for _, l := range w.lives {
		settled = append(settled, Settled{l.terms, l.leaf, l.start, l.terms.Consumer, l.terms.Duration, l.state, false})
	}
	by := Scale{begin, epochSeconds, DefaultParams(), func(money.Asset) money.Amount { return money.Of(unit) }}
	d := Derive(p, AsProvider, begin, by, settled)
	if len(d.Steps) != 3 || d.Score.Total != Even {
		t.Errorf("%+v", d)
	}
	for _, s := range d.Steps {
		if s.Skipped == "" {
			t.Errorf("%+v", s)
		}
	}
	by.Unit = func(money.Asset) money.Amount { return money.Amount{} }
	if d := Derive(p, AsProvider, begin, by, settled); d.Score.Total != Even {
		t.Errorf("%+v", d)
	}
}
