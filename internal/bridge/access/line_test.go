package access_test

import (
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/access/accesstest"
	"github.com/flashback-network/flashback/internal/bridge/s3"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// pass lets epochs go by.
func (w *world) pass(epochs int) { w.clock.add(time.Duration(epochs) * epoch * time.Second) }

// until goes to a second before an epoch; the chain answers some minutes before that for the last time.
func (w *world) until(start int) {
	w.clock.t = time.Unix(1_700_000_000+int64(start)*epoch-300, 0)
	w.poll()
	w.clock.add(299 * time.Second)
}

func (w *world) refused(who string, sla, grant ids.ID) string {
	_, err := w.keys.Issue(w.t.Context(), account(who), sla, grant)
	return fault.CodeOf(err)
}

func (w *world) spaceOf(id ids.ID) ids.ID {
	w.t.Helper()
	s, ok := w.view.Space(id)
	if !ok {
		w.t.Fatalf("SLA %s is not known", id)
	}
	return s
}

// why is the code with which a write is refused.
func why(i *s3.Identity) string { return fault.CodeOf(i.Allow(s3.Write, "b", "k")) }

// TestARenewalTakesTheDataOver: keys of the consumer go on, grants end, the renewal has no service before its first epoch; at no moment of the border is a write refused.
func TestARenewalTakesTheDataOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.sla(orchestrator.Active) // epochs 1 to 10
	grant := w.chain.AddGrant(a, account("grantee"), "", orchestrator.OpAll, w.clock.now().Add(1000*time.Hour))
	mine, theirs := w.issue("consumer", a, ids.ID{}), w.issue("grantee", a, grant)
	b := w.chain.Renew(a, 1<<20, 1<<20, 10) // epochs 11 to 20
	c := w.chain.Renew(b, 1<<20, 1<<20, 10)
	w.poll()
	if code := w.refused("consumer", b, ids.ID{}); code != "sla_not_started" {
		t.Errorf("a key before the renewal begins: %s", code)
	}
	w.until(11)
	if may(mine, "b/k") != "lrwdc" || may(theirs, "b/k") != "lrwdc" {
		t.Error("the last second of the old one")
	}
	w.clock.add(time.Second)
	if may(mine, "b/k") != "lrwdc" { // without a poll in between
		t.Errorf("the first moment of the new one: %q, %s", may(mine, "b/k"), why(mine))
	}
	if why(theirs) != "grant_ended" {
		t.Errorf("a grantee of the old one: %s", why(theirs))
	}
	w.poll()
	next := w.issue("consumer", b, ids.ID{})
	if next.Space != mine.Space || mine.Space != w.issue("consumer", a, ids.ID{}).Space {
		t.Error("the keys lead to different spaces")
	}
	if l := w.keys.List(account("consumer"), b); len(l) != 3 {
		t.Errorf("keys under the new one: %v", l)
	}
	w.until(21)
	w.clock.add(time.Second)
	if may(mine, "b/k") != "lrwdc" || may(next, "b/k") != "lrwdc" {
		t.Error("a renewal of a renewal")
	}
	w.open() // and across a restart
	w.poll()
	if w.spaceOf(c) != a {
		t.Errorf("space %s, want %s", w.spaceOf(c), a)
	}
	w.pass(60)
	for range 3 { // one for each
		w.poll()
	}
	if i, err := w.keys.Find(t.Context(), mine.AccessKey); err != nil || why(i) != "sla_over" {
		t.Errorf("after everything: %v, %s", err, why(i))
	}
	if l := w.view.SLAs(); len(l) != 0 {
		t.Errorf("still known: %d", len(l))
	}
}

// TestATransferCutsTheOldOneOff also across a border that was settled before.
func TestATransferCutsTheOldOneOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.sla(orchestrator.Active)
	grant := w.chain.AddGrant(a, account("grantee"), "", orchestrator.OpAll, w.clock.now().Add(1000*time.Hour))
	mine, theirs := w.issue("consumer", a, ids.ID{}), w.issue("grantee", a, grant)
	w.chain.Transfer(a, account("buyer"))
	w.poll()
	if why(mine) != "not_the_consumer" || may(theirs, "b/k") != "" {
		t.Errorf("the old consumer %s, its grantee %q", why(mine), may(theirs, "b/k"))
	}
	if code := w.refused("consumer", a, ids.ID{}); code != "not_the_consumer" {
		t.Error(code)
	}
	buyer := w.issue("buyer", a, ids.ID{})
	if may(buyer, "b/k") != "lrwdc" || buyer.Space != mine.Space {
		t.Error("the data did not go along")
	}
	b := w.chain.Renew(a, 1<<20, 1<<20, 10)
	w.pass(11)
	w.poll()
	w.chain.Transfer(b, account("third")) // the border is settled: the data goes along, whoever the old one is
	w.poll()
	w.open()
	w.poll()
	if w.spaceOf(b) != a || may(w.issue("third", b, ids.ID{}), "b/k") != "lrwdc" {
		t.Error("the data did not go along with the renewal")
	}
	if i, _ := w.keys.Find(t.Context(), buyer.AccessKey); why(i) != "not_the_consumer" {
		t.Errorf("the consumer before: %s", why(i))
	}
}

// TestWhoHasAnotherConsumerAtTheBorderBeginsEmpty: of a split only the first piece may take over, and only the same consumer's; what was another's at the border stays where it was.
func TestWhoHasAnotherConsumerAtTheBorderBeginsEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := accesstest.Deal{Consumer: account("consumer"), Unit: w.unit, Volume: 1 << 20, Egress: 1 << 20, Epochs: 36, State: orchestrator.Active}
	mine, yours, sold := w.chain.AddSLA(deal), w.chain.AddSLA(deal), w.chain.AddSLA(deal)
	me, you := account("consumer"), account("buyer")
	m := w.chain.Split(mine, 12, accesstest.Piece{To: me, Volume: 1 << 19}, accesstest.Piece{To: me, Volume: 1 << 19})
	y := w.chain.Split(yours, 12, accesstest.Piece{To: you, Volume: 1 << 19}, accesstest.Piece{To: me, Volume: 1 << 19})
	s := w.chain.Split(sold, 12, accesstest.Piece{To: me, Volume: 1 << 20})
	w.pass(1)
	w.poll()
	w.chain.Transfer(sold, you) // what is left of it; its data with it
	w.poll()
	if code := w.refused("buyer", y[0], ids.ID{}); code != "sla_not_started" {
		t.Errorf("a piece before it begins: %s", code)
	}
	w.pass(12)
	w.poll()
	w.chain.Transfer(y[0], me) // too late to have the data
	w.chain.Transfer(sold, me)
	w.poll()
	for _, x := range []struct {
		name        string
		piece, want ids.ID
	}{{"the first piece of the same consumer", m[0], mine}, {"the second piece", m[1], m[1]}, {"the first piece of another", y[0], y[0]}, {"a second piece of the same", y[1], y[1]}, {"a piece of what was sold", s[0], s[0]}} {
		if got := w.spaceOf(x.piece); got != x.want {
			t.Errorf("%s: space %s, want %s", x.name, got.Short(), x.want.Short())
		}
	}
}

// TestDataWaitsForWhoTakesItOver: an SLA that ended early keeps its data, to be read, until the renewal begins, however long that is.
func TestDataWaitsForWhoTakesItOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := accesstest.Deal{Consumer: account("consumer"), Unit: w.unit, Volume: 1 << 20, Egress: 1 << 20, Epochs: 100, State: orchestrator.Active}
	a := w.chain.AddSLA(deal) // epochs 1 to 100
	mine := w.issue("consumer", a, ids.ID{})
	b := w.chain.Renew(a, 1<<20, 1<<20, 10) // epochs 101 to 110
	w.poll()
	w.chain.End(a, 12)
	w.pass(90) // the retention of a day is long over
	w.poll()
	if may(mine, "b/k") != "lr" {
		t.Errorf("before the renewal: %q", may(mine, "b/k"))
	}
	w.pass(11)
	w.poll()
	if may(mine, "b/k") != "lrwdc" || w.spaceOf(b) != a {
		t.Errorf("after it began: %q", may(mine, "b/k"))
	}
	if len(w.removed) != 0 {
		t.Errorf("data was removed: %v", w.removed)
	}
}

func TestReclaimingIsActiveUntilItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.sla(orchestrator.Active)
	mine := w.issue("consumer", a, ids.ID{})
	w.pass(2)
	w.chain.Reclaim(a, 6)
	w.poll()
	w.until(7) // epoch 6 is the last one
	if may(mine, "b/k") != "lrwdc" {
		t.Errorf("within the notice: %q, %s", may(mine, "b/k"), why(mine))
	}
	w.clock.add(time.Second)
	if may(mine, "b/k") != "lr" {
		t.Errorf("after it: %q", may(mine, "b/k"))
	}
}

// TestAViewMadeAnewFindsTheData: the chain alone tells whose it is, also when the SLA that it was first of is over.
func TestAViewMadeAnewFindsTheData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.sla(orchestrator.Active)
	b := w.chain.Renew(a, 1<<20, 1<<20, 100)
	w.pass(11)
	w.poll()
	w.chain.SetState(a, orchestrator.Completed)
	w.pass(40) // the old one is long over
	w.poll()
	w.dir = t.TempDir()
	w.open()
	w.poll()
	if w.spaceOf(b) != a {
		t.Error("a view made anew does not find the data")
	}
	if len(w.removed) != 0 {
		t.Errorf("data was removed: %v", w.removed)
	}
}
