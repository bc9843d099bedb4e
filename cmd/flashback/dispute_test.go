package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

func (x *rented) balance(who string) money.Amount {
	x.Helper()
	m, err := x.chain.Balance(x.Context(), x.usd, x.keys[who].Account())
	x.must(err)
	return m
}

func (x *rented) flash(who string) money.Amount {
	x.Helper()
	m, err := x.chain.Balance(x.Context(), x.chain.Contracts().Flash, x.keys[who].Account())
	x.must(err)
	return m
}

// A dispute from the opening to the last payment, all by commands: the consumer wins.
func TestDisputeBeforeAPanel(t *testing.T) {
	t.Parallel()
	judges := []string{"judge-1", "judge-2", "judge-3"}
	v := newTown(t, append([]string{"provider", "consumer"}, judges...)...)
	for _, who := range append([]string{"provider", "consumer"}, judges...) {
		v.does("treasury", "flash", "send", who, "1000")
	}
	for _, who := range judges {
		v.refused("StakeMissing", who, "arbiter", "on")
		v.does(who, "stake", "add", "100", "--role", "arbiter")
		v.does(who, "arbiter", "on")
	}
	v.shows(v.does("consumer", "arbiter", "list"), v.keys["judge-1"].Account().String(), v.keys["judge-3"].Account().String())
	x := v.rent(sla.Stream, 40)
	for range testWindow {
		x.epoch(nil)
	}
	sla, evidence := x.id.String(), filepath.Join(t.TempDir(), "evidence.txt")
	v.must(os.WriteFile(evidence, []byte("the bytes were slow"), 0o600))
	v.refused("NotAuthorized", "provider", "dispute", "open", sla, "--window", "0", "--amount", "0.0001")
	v.refused("WindowWrong", "consumer", "dispute", "open", sla, "--window", "1", "--amount", "0.0001")
	v.refused("id_invalid", "consumer", "dispute", "show", sla)
	id, _ := v.told("consumer", "dispute", "open", sla, "--window", "0", "--amount", "0.0001", "--evidence", evidence)["id"].(string)
	v.shows(v.does("provider", "dispute", "show", id), "evidence", "asked for  0.0001000 USDT", "frozen     0.0001000 USDT")
	v.refused("NotAuthorized", "judge-1", "dispute", "answer", id)
	v.does("provider", "dispute", "answer", id, "--evidence", evidence)
	v.refused("NotTimedOut", "judge-1", "dispute", "advance", id)
	for range 2 * testWindow {
		x.epoch(nil)
	}
	v.does("judge-1", "dispute", "advance", id)
	v.refused("NotDrawn", "provider", "dispute", "commit", id, "provider")
	for i, who := range judges {
		v.refused("choice_invalid", who, "dispute", "commit", id, "me")
		v.does(who, "dispute", "commit", id, []string{"consumer", "consumer", "provider"}[i])
		v.refused("Exists", who, "dispute", "commit", id, "provider")
		v.refused("PhaseWrong", who, "dispute", "reveal", id)
	}
	v.pass(3 * testDay)
	kept := filepath.Join(v.dir, "wallets", "judge-1.votes", id+"-0.json")
	v.must(os.Rename(kept, kept+".away"))
	v.refused("vote_missing", "judge-1", "dispute", "reveal", id)
	v.must(os.Rename(kept+".away", kept))
	for _, who := range judges {
		v.does(who, "dispute", "reveal", id)
	}
	v.refused("NotTimedOut", "judge-1", "dispute", "advance", id)
	v.pass(2 * testDay)
	v.does("judge-1", "dispute", "advance", id)
	v.shows(v.does("judge-1", "dispute", "show", id), "ruled", "for the consumer", "consumer\n", "provider\n")
	v.refused("NotTimedOut", "judge-1", "dispute", "execute", id)
	v.refused("NotAuthorized", "consumer", "dispute", "appeal", id)
	v.pass(3 * testDay)
	before := x.balance("consumer")
	v.does("judge-1", "dispute", "execute", id)
	v.shows(v.does("judge-1", "dispute", "window", sla, "0"), "ruled       0.0001000 USDT", "moved       0.0001000 USDT")
	v.does("judge-1", "sla", "refund", sla)
	if got := x.balance("consumer").Sub(before); !got.Equal(money.Of(1_000)) {
		t.Errorf("the consumer received %s", got)
	}
	// Two judges voted for the ruling: each gets the fee of 10 FLASH out of the provider's bond of 100; the consumer gets the rest, and its own bond back.
	for who, want := range map[string]int64{"judge-1": 910, "judge-2": 910, "judge-3": 900, "consumer": 1_080, "provider": 900} {
		out, err := v.run("provider", "dispute", "claim", who)
		if got := x.flash(who); !got.Equal(money.Of(want * flashUnit)) {
			t.Errorf("%s has %s, want %d; %s %v", who, got, want, out, err)
		}
	}
	v.refused("NothingDue", "consumer", "dispute", "claim")
	for _, who := range judges {
		v.does(who, "arbiter", "off")
	}
	v.refused("NotFound", "judge-1", "arbiter", "off")
}

// Validators certified a window in which the node was dead as a good one: anybody proves that, with the leaves that a validator hands out.
func TestProveVerdict(t *testing.T) {
	t.Parallel()
	v := newTown(t, "provider", "consumer", "witness")
	x := v.rent(sla.Stream, 40)
	for range testWindow {
		x.epoch(nil)
	}
	id := x.id.String()
	v.shows(v.does("witness", "dispute", "prove-verdict", id, "--validator", v.door.URL), "no wrong verdict can be proved", "1 windows")
	good, base := x.now, x.base
	dead := func() *sla.Measure {
		m := &sla.Measure{}
		for range testSlots {
			m.Slots = append(m.Slots, sla.Slot{State: sla.Bad})
		}
		return m
	}
	for range testWindow {
		m := &sla.Measure{Operations: 20}
		for range testSlots {
			m.Slots = append(m.Slots, sla.Slot{State: sla.Counted})
		}
		good, _ = x.terms.Advance(good, &base, m, x.terms.Duration)
		x.measured(dead(), func(l *sla.Leaf) { // what was measured is of a dead node, what was judged of a good one
			measured := l.Measured
			*l = good
			l.Measured = measured
		})
	}
	v.refused("WindowWrong", "witness", "dispute", "prove-verdict", id, "--validator", v.door.URL, "--window", "7")
	before := x.balance("consumer")
	said := v.told("witness", "dispute", "prove-verdict", id, "--validator", v.door.URL)
	v.refused("Exists", "witness", "dispute", "prove-verdict", id, "--validator", v.door.URL, "--window", "1")
	denied, err := money.Parse(fmt.Sprint(said["amount"]))
	v.must(err)
	w, err := v.chain.DisputeWindow(t.Context(), x.id, 1)
	v.must(err)
	v.does("witness", "sla", "refund", id)
	if got := x.balance("consumer").Sub(before); denied.Sign() <= 0 || !w.Proved.Equal(denied) || !w.Moved.Equal(got) || got.Sign() <= 0 {
		t.Errorf("denied %s, %+v; the consumer received %s", denied, w, got)
	}
}
