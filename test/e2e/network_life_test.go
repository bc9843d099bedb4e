//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/network"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
	"github.com/flashback-network/flashback/internal/platform/monitor"
	"github.com/flashback-network/flashback/internal/sla"
)

// quick is a network whose window is half a minute.
var quick = []string{"--epoch-seconds", "5", "--slots-per-epoch", "5", "--window-epochs", "6"}

const window = 30 * time.Second

// leaf is what the validators agreed on for an SLA in an epoch, from any of them.
func (l *local) leaf(id ids.ID, epoch uint64) (*sla.Leaf, error) {
	var last error
	for _, v := range l.info.Validators {
		res, err := http.Get(fmt.Sprintf("%s/v1/reports/%d/slas/%s", v.Status, epoch, id))
		if err != nil {
			last = err
			continue
		}
		var x struct{ Leaf []byte }
		err = json.NewDecoder(res.Body).Decode(&x)
		res.Body.Close()
		if err == nil && res.StatusCode == http.StatusOK {
			return sla.DecodeLeaf(x.Leaf)
		}
		last = fmt.Errorf("%s: %s, %v", v.Name, res.Status, err)
	}
	return nil, last
}

// model recomputes an SLA's money with the reference model from the agreed leaf and the terms on chain, and compares it with the contracts.
func (l *local) model(name string) (httpapi.SLA, sla.Totals, *sla.Leaf) {
	l.t.Helper()
	ctx := context.Background()
	_, c := l.open()
	s := l.sla(name)
	raw, err := c.Terms(ctx, s.ID)
	if err != nil {
		l.t.Fatal(err)
	}
	t, err := sla.DecodeTerms(raw)
	if err != nil {
		l.t.Fatal(err)
	}
	leaf, err := l.leaf(s.ID, s.StartEpoch+uint64(s.SettledEpochs)-1)
	if err != nil {
		l.t.Fatal(err)
	}
	x := t.Totals(leaf)
	r, err := c.Reservation(ctx, s.ID)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, f := range []struct {
		what         string
		chain, model money.Amount
	}{
		{"accrued", s.Gross, x.Gross}, {"paid", s.Paid, x.Provider}, {"fee", s.Fee, x.Fee}, {"held back", s.Buckets.Holdback, x.Holdback},
		{"credited", s.Credited, x.Credit.Add(x.Coverage)}, {"slashed", s.Slashed, x.Slash}, {"covered by collateral", r.Coverage, x.Coverage},
		{"deposited", s.Deposited, money.Sum(s.Buckets.Escrow, s.Buckets.Holdback, s.Buckets.ProviderClaim, s.Buckets.ConsumerClaim, s.Buckets.Fees, s.Buckets.Retention, s.Buckets.Bonds, s.Withdrawn)},
	} {
		if !f.chain.Equal(f.model) {
			l.t.Errorf("%s: %s is %s on chain, %s by the model (epoch %d)", name, f.what, f.chain, f.model, s.SettledEpochs)
		}
	}
	return s, x, leaf
}

func (l *local) balance(asset, wallet string) money.Amount {
	l.t.Helper()
	v := ask[struct{ Balances map[string]money.Amount }](l, "wallet", "balance", wallet)
	return v.Balances[asset]
}

func TestMoneyFollowsTheModel(t *testing.T) {
	l := up(t, quick...)
	began := map[string]money.Amount{}
	type side struct{ sla, asset, provider string }
	sides := []side{{"demo", "FUSD", "provider-1"}, {"demo-2", "XLM", "provider-2"}}
	for _, d := range append([]network.Demo{l.info.Demo}, l.info.More...) { // something to challenge
		for i := range 20 {
			if err := put(d, fmt.Sprintf("possession/%d", i), 100_000+i); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, x := range sides {
		began[x.sla] = l.balance(x.asset, x.provider).Sub(l.drawn(x.sla))
	}
	for _, x := range sides {
		eventually(t, 4*window, "two judged windows of "+x.sla, func() bool { return len(l.sla(x.sla).Windows) >= 2 })
		// Between a settlement and its payout a look may fall: look until claim and wallet are of one moment.
		eventually(t, window, "a paid out "+x.sla, func() bool { s := l.sla(x.sla); return s.Buckets.ProviderClaim.Sign() == 0 && s.Paid.Sign() > 0 })
		s, _, leaf := l.model(x.sla)
		for _, w := range s.Windows {
			if w.CreditBps != 0 || w.Inconclusive {
				t.Errorf("%s: window %d of a healthy network: %+v", x.sla, w.Number, w)
			}
		}
		var grown money.Amount
		eventually(t, window, "the wallet of "+x.provider, func() bool {
			before := l.sla(x.sla)
			grown = l.balance(x.asset, x.provider).Sub(began[x.sla])
			after := l.sla(x.sla)
			return before.SettledEpochs == after.SettledEpochs && before.Buckets.ProviderClaim.Sign() == 0 && grown.Equal(after.Paid)
		})
		if leaf.Challenges == 0 || leaf.Passed != leaf.Challenges {
			t.Errorf("%s: %d of %d possession challenges passed", x.sla, leaf.Passed, leaf.Challenges)
		}
		t.Logf("%s (%s): after %d epochs and %d windows the provider's wallet grew by %s, as the model says; %d slots, %d challenges passed of %d", x.sla, s.Mode, leaf.Epochs, leaf.Windows, grown, leaf.Slots, leaf.Passed, leaf.Challenges)
	}
}

// drawn is what was paid out to the provider of an SLA so far.
func (l *local) drawn(name string) money.Amount {
	s := l.sla(name)
	return s.Paid.Sub(s.Buckets.ProviderClaim)
}

func TestStoppedNodeIsCreditedAndSlashed(t *testing.T) {
	l := up(t, quick...)
	eventually(t, 3*window, "a healthy window", func() bool { return len(l.sla("demo-2").Windows) >= 1 })
	l.must("local", "stop", "node-2")
	stopped := time.Now()
	alarm := eventually(t, window, "an alarm", func() bool {
		v := ask[struct{ Alarms []monitor.Alarm }](l, "status")
		for _, a := range v.Alarms {
			if a.Kind == monitor.NodeUnreachable {
				return true
			}
		}
		return false
	})
	if s := l.sla("demo-2"); s.Slashed.Sign() != 0 || s.Credited.Sign() != 0 {
		t.Errorf("money moved before the alarm: %+v", s)
	}
	// the running window, and the next one
	eventually(t, 3*window, "a slash", func() bool { return l.sla("demo-2").Slashed.Sign() > 0 })
	took := time.Since(stopped)
	s, _, _ := l.model("demo-2")
	provider := false
	for _, w := range s.Windows {
		provider = provider || w.CreditBps > 0 && w.Cause == "provider"
	}
	if !provider || s.Credited.Sign() <= 0 {
		t.Errorf("no credit with cause provider: %+v", s.Windows)
	}
	// the credited money reaches the consumer without its asking
	eventually(t, window, "the consumer is paid", func() bool { s := l.sla("demo-2"); return s.Owed.Sign() == 0 && s.Buckets.ConsumerClaim.Sign() == 0 })
	if s := l.sla("demo"); s.Credited.Sign() != 0 || s.Slashed.Sign() != 0 {
		t.Errorf("the other node's SLA was touched: credited %s, slashed %s", s.Credited, s.Slashed)
	}
	paid := l.sla("demo-2").Paid
	l.must("local", "start", "node-2")
	eventually(t, 4*window, "the node earns again", func() bool {
		s := l.sla("demo-2")
		return paid.Less(s.Paid) && s.Windows[len(s.Windows)-1].CreditBps == 0
	})
	s, _, _ = l.model("demo-2")
	t.Logf("alarm after %s; credited and slashed after %s: credited %s, slashed %s, as the model says; started again, paid rose from %s to %s", alarm.Round(time.Second), took.Round(time.Second), s.Credited, s.Slashed, paid, s.Paid)
}

func TestStoppedValidators(t *testing.T) {
	l := up(t, quick...)
	reported := func() uint64 {
		v := ask[struct{ Status httpapi.Status }](l, "status")
		if v.Status.Reported == nil {
			return 0
		}
		return *v.Status.Reported
	}
	eventually(t, 2*window, "a first report", func() bool { return reported() >= 2 })
	l.must("local", "stop", "validator-4")
	from := reported()
	eventually(t, window, "reports with three of four", func() bool { return reported() >= from+3 })
	eventually(t, 3*window, "a judged window with three of four", func() bool { w := l.sla("demo").Windows; return len(w) > 0 && !w[len(w)-1].Inconclusive })
	if s := l.sla("demo"); s.Credited.Sign() != 0 {
		t.Errorf("credited with three of four validators: %s", s.Credited)
	}
	l.must("local", "stop", "validator-3")
	time.Sleep(7 * time.Second) // a certificate that was being made may still arrive
	halted, before := reported(), l.sla("demo")
	time.Sleep(3 * 5 * time.Second)
	if r := reported(); r != halted {
		t.Errorf("a report with two of four: epoch %d after %d", r, halted)
	}
	if s := l.sla("demo"); !s.Paid.Equal(before.Paid) || s.Slashed.Sign() != 0 || s.Credited.Sign() != 0 {
		t.Errorf("money moved without reports: %+v", s)
	}
	l.must("local", "start", "validator-3")
	l.must("local", "start", "validator-4")
	back := eventually(t, 2*window, "reports again", func() bool { return reported() > halted+3 })
	eventually(t, window, "a settlement that catches up", func() bool { return l.sla("demo").SettledEpochs > before.SettledEpochs+3 })
	s, _, leaf := l.model("demo")
	if s.Credited.Sign() != 0 || s.Slashed.Sign() != 0 {
		t.Errorf("somebody was punished for the validators' outage: %+v", s)
	}
	t.Logf("one stopped: reports went on from %d; two stopped: halted at %d, nothing moved; back %s after their start, one settlement caught up to epoch %d (%d of %d slots excluded)",
		from, halted, back.Round(time.Second), s.SettledEpochs, leaf.SlotsExcluded, leaf.Slots)
}

// TestSecondStart is the promise of 'make up': it goes on where it was, soon.
func TestSecondStart(t *testing.T) {
	l := up(t)
	eventually(t, time.Minute, "a settled epoch", func() bool { return l.sla("demo").SettledEpochs > 0 })
	before := l.sla("demo")
	info := *l.info
	l.stop()
	took := l.start()
	if l.info.Demo != info.Demo {
		t.Errorf("the demo changed: %+v, was %+v", l.info.Demo, info.Demo)
	}
	eventually(t, time.Minute, "settlements go on", func() bool { return l.sla("demo").SettledEpochs > before.SettledEpochs })
	l.model("demo")
	if took > 10*time.Second {
		t.Errorf("the second start took %s", took)
	}
	t.Logf("second start ready after %s", took.Round(10*time.Millisecond))
}
