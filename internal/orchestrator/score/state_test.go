package score

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

var p, c = account("p"), account("c")

func TestRefusalsInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.open("x", p, c)
	l := w.lives[id]
	l.window(good)
	l.settled = l.leaf
	bad := l.leaf
	bad.Status = 3
	behind := l.leaf
	behind.BytesIn++
	poor := w.open("poor", p, c, func(x *sla.Terms) { x.Asset = contract("other") })
	w.lives[poor].window(good)
	w.lives[poor].settled = w.lives[poor].leaf
	early := w.open("early", p, c)
	w.lives[early].window(good)
	w.lives[early].end(orchestrator.Closing)
	w.lives[early].settled = w.lives[early].leaf
	record := func(id ids.ID, from, to sla.Leaf) error {
		_, err := w.Step(0, w, Record{id, from, to})
		return err
	}
	set := func(field *bool, f func() error) error {
		*field = true
		defer func() { *field = false }()
		return f()
	}
	unknown := ids.SLAID(contract("co"), c, [32]byte{1})
	for _, x := range []struct {
		name string
		err  error
		want error
	}{
		{"no such SLA, and no leaf", record(unknown, bad, bad), orchestrator.ErrNotFound},
		{"not active yet, and no leaf", set(&l.held, func() error { return record(id, bad, bad) }), orchestrator.ErrStateWrong},
		{"to is no leaf", record(id, l.noted, bad), orchestrator.ErrMalformed},
		{"from is no leaf", record(id, bad, l.settled), orchestrator.ErrMalformed},
		{"to is not settled, of foreign terms", set(&l.foreign, func() error { return record(id, behind, behind) }), orchestrator.ErrLeafUnknown},
		{"foreign terms, from is not the last", set(&l.foreign, func() error { return record(id, behind, l.settled) }), orchestrator.ErrLeafForeign},
		{"from is not the last", record(id, behind, l.settled), orchestrator.ErrFromMismatch},
		{"from is to, before the first record", record(id, l.settled, l.settled), orchestrator.ErrFromMismatch},
		{"an asset without a unit", record(poor, w.lives[poor].noted, w.lives[poor].settled), orchestrator.ErrAssetUnknown},
		{"the consumer's half is not settled", record(early, w.lives[early].noted, w.lives[early].settled), orchestrator.ErrStateWrong},
		{"taken", record(id, l.noted, l.settled), nil},
		{"again", record(id, l.noted, l.settled), orchestrator.ErrNothingNew},
		{"again, from itself", record(id, l.settled, l.settled), orchestrator.ErrNothingNew},
	} {
		if x.err != x.want {
			t.Errorf("%s: %v, want %v", x.name, x.err, x.want)
		}
	}
	l.noted = l.settled
	l.epoch(good)
	if _, err := w.record(id); err != orchestrator.ErrNothingNew {
		t.Errorf("no window was judged since: %v", err)
	}
	for i, x := range []struct {
		op   Op
		want error
	}{
		{SetUnit{c, token, money.Of(-1)}, orchestrator.ErrNotAuthorized}, {SetUnit{admin, token, money.Of(-1)}, orchestrator.ErrAmountInvalid},
		{SetParams{c, Params{}}, orchestrator.ErrNotAuthorized}, {SetParams{admin, Params{2, 0, 1}}, orchestrator.ErrArgumentInvalid}, {SetParams{admin, Params{2, 65_537, 1}}, orchestrator.ErrArgumentInvalid},
		{SetParams{admin, Params{2, 1, 0}}, orchestrator.ErrArgumentInvalid}, {SetParams{admin, Params{2, 1, 101}}, orchestrator.ErrArgumentInvalid}, {SetParams{admin, Params{1, 1, 1}}, orchestrator.ErrArgumentInvalid},
		{SetParams{admin, Params{3, 1, 1}}, orchestrator.ErrArgumentInvalid}, {SetParams{admin, Params{2, 65_536, 100}}, nil},
		{Wire{c, c}, orchestrator.ErrNotAuthorized}, {SetAdmin{c, c}, orchestrator.ErrNotAuthorized},
		{Ruled{c, [32]byte{1}, id, p}, orchestrator.ErrNotAuthorized}, {Ruled{disputes, [32]byte{1}, unknown, p}, orchestrator.ErrNotFound},
		{Ruled{disputes, [32]byte{1}, poor, p}, orchestrator.ErrAssetUnknown}, {Ruled{disputes, [32]byte{1}, id, p}, nil}, {Ruled{disputes, [32]byte{1}, id, p}, orchestrator.ErrExists},
		{SetAdmin{admin, c}, nil}, {SetUnit{admin, token, money.Of(1)}, orchestrator.ErrNotAuthorized}, {SetUnit{c, token, money.Amount{}}, nil},
		{Ruled{disputes, [32]byte{2}, id, c}, orchestrator.ErrAssetUnknown},
	} {
		if _, err := w.Step(begin, w, x.op); err != x.want {
			t.Errorf("%d %T: %v, want %v", i, x.op, err, x.want)
		}
	}
}

// Whatever is recorded when: an SLA whose days are alike gives the same standing.
func TestOneStepOrMany(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]quality{"good": good, "slow": {ttfb: 5_000, kibps: 64, challenges: 2}, "half down": {bad: 6, ttfb: 40, kibps: 20_000, challenges: 2}, "losing": {ttfb: 40, kibps: 20_000, challenges: 3, lost: 1}} {
		w := newWorld(t)
		lasting := func(x *sla.Terms) { x.Duration, x.Protocol.LostChallenges, x.Protocol.AbandonWindows = 1_200, 255, 255 }
		once, often := w.open("once", account("once"), c, lasting), w.open("often", account("often"), c, lasting)
		var at uint64
		for range 99 {
			for _, id := range []ids.ID{once, often} {
				w.lives[id].window(q)
			}
			at = w.mustRecord(t, often).Scored.At
		}
		w.mustRecord(t, once)
		a, b := w.Score(Party{account("once"), AsProvider}, at), w.Score(Party{account("often"), AsProvider}, at)
		for i := range a.Dimensions {
			if d := int(a.Dimensions[i]) - int(b.Dimensions[i]); d < -1 || d > 1 {
				t.Errorf("%s, %s: once %d, often %d", name, Dimensions[AsProvider][i].Name, a.Dimensions[i], b.Dimensions[i])
			}
		}
	}
}

// The sums of what records add up to are exact, however the life is cut, and whatever happened in it: only the time that evidence is of can differ.
func TestAnyCutGivesTheSameSum(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 40 {
		w := newWorld(t)
		id := w.open("x", p, c)
		l := w.lives[id]
		weigh := func(l *life, leaf sla.Leaf, e Ending) []Pair {
			return Points(AsProvider, l.terms, &leaf, e, l.terms.Duration, WeightOf(l.terms, &leaf, money.Of(unit), DefaultParams()), DefaultParams())
		}
		total := make([][2]*big.Int, 5)
		for i := range total {
			total[i] = [2]*big.Int{new(big.Int), new(big.Int)}
		}
		last := weigh(l, l.leaf, Running)
		for l.leaf.Status == sla.Running {
			for range 1 + r.IntN(20) {
				l.epoch(randomQuality(r))
			}
			now := weigh(l, l.leaf, Ending(l.leaf.Status))
			for i := range now {
				total[i][0].Add(total[i][0], less(now[i].Good, last[i].Good).Big())
				total[i][1].Add(total[i][1], less(now[i].Bad, last[i].Bad).Big())
			}
			last = now
		}
		for i, want := range last {
			if total[i][0].Cmp(want.Good.Big()) != 0 || total[i][1].Cmp(want.Bad.Big()) != 0 {
				t.Fatalf("%s: %v, want %+v", Dimensions[AsProvider][i].Name, total[i], want)
			}
		}
	}
}

// A record cannot be taken twice, left out or begun later: bad windows count whoever records, and anybody may.
func TestBadWindowsCannotBeSkipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.open("x", p, c)
	l := w.lives[id]
	l.window(good)
	w.mustRecord(t, id)
	before := w.Score(Party{p, AsProvider}, begin)
	down := good
	down.bad = 12
	l.window(down)
	skipped := l.leaf
	l.window(good)
	l.settled = l.leaf
	if _, err := w.Step(0, w, Record{id, skipped, l.settled}); err != orchestrator.ErrFromMismatch {
		t.Errorf("beginning after the bad window: %v", err)
	}
	if _, err := w.Step(0, w, Record{id, l.noted, skipped}); err != orchestrator.ErrLeafUnknown {
		t.Errorf("a leaf that is not settled: %v", err)
	}
	e := w.mustRecord(t, id)
	if after := w.Score(Party{p, AsProvider}, e.Scored.At); after.Dimensions[0] >= before.Dimensions[0] {
		t.Errorf("%+v after %+v", after, before)
	}
	standing := w.Standing(Party{p, AsProvider})
	for _, from := range []sla.Leaf{sla.Zero(l.terms), skipped, l.settled} {
		if _, err := w.Step(0, w, Record{id, from, l.settled}); err != orchestrator.ErrNothingNew {
			t.Errorf("replayed: %v", err)
		}
	}
	if !reflect.DeepEqual(standing, w.Standing(Party{p, AsProvider})) {
		t.Error("a refused record changed the standing")
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name    string
		end     func(l *life)
		want    Ending
		p, c    string // completion: + good, - bad
		funding string
	}{
		{"kept", func(l *life) { l.window(good) }, Kept, "+", "+", "+"},
		{"closed", func(l *life) { l.end(orchestrator.Completed) }, Closed, "+", "-", "+"},
		{"defaulted", func(l *life) { l.end(orchestrator.Defaulted) }, Defaulted, "+", "-", "-"},
		{"terminated", func(l *life) { l.leaf.SlashBps = 1_000; l.end(orchestrator.Terminated) }, Terminated, "-", "+", "+"},
		{"reclaimed", func(l *life) { l.reclaim = 42; l.end(orchestrator.Completed) }, Reclaimed, "-", "+", "+"},
		{"terminated after the provider's notice", func(l *life) { l.reclaim = 42; l.end(orchestrator.Terminated) }, Terminated, "+", "+", "+"},
		{"split where it ends", func(l *life) { l.duration = 36; l.end(orchestrator.Completed) }, Kept, "+", "+", "+"},
		{"split, then closed", func(l *life) { l.duration = 42; l.end(orchestrator.Completed) }, Closed, "+", "-", "+"},
		{"abandoned", func(l *life) { l.end(orchestrator.Terminated); l.leaf.Status = sla.Abandoned }, Abandoned, "-", "+", "+"},
	} {
		w := newWorld(t)
		id := w.open(x.name, p, c)
		for range 3 {
			w.lives[id].window(good)
		}
		x.end(w.lives[id])
		e := w.mustRecord(t, id)
		sign := func(q Pair) string {
			switch {
			case q.Bad.Less(q.Good) && q.Bad == (sla.Wide{}):
				return "+"
			case q.Good.Less(q.Bad) && (q.Good == (sla.Wide{}) || x.want == Defaulted):
				return "-"
			}
			return fmt.Sprint(q)
		}
		have := e.Scored.Rise
		if e.Scored.Ending != x.want || sign(have[AsProvider][completion[AsProvider]]) != x.p || sign(have[AsConsumer][completion[AsConsumer]]) != x.c {
			t.Errorf("%s: %v, provider %v, consumer %v", x.name, e.Scored.Ending, have[AsProvider][completion[AsProvider]], have[AsConsumer][completion[AsConsumer]])
		}
		if f := have[AsConsumer][0]; (f.Bad != sla.Wide{}) != (x.funding == "-") {
			t.Errorf("%s: funding %v", x.name, f)
		}
	}
}

// What stands against a consumer who split: the epochs that are nobody's duty any more do not count as missing.
func TestSplitThenClosed(t *testing.T) {
	t.Parallel()
	missing := func(duration uint32) *big.Int {
		w := newWorld(t)
		id := w.open("x", p, c)
		l := w.lives[id]
		l.duration = duration
		l.window(good)
		l.end(orchestrator.Completed)
		return w.mustRecord(t, id).Scored.Rise[AsConsumer][completion[AsConsumer]].Bad.Big()
	}
	whole, split := missing(0), missing(24)
	if want := new(big.Int).Div(whole, big.NewInt(3)); split.Cmp(want) != 0 {
		t.Errorf("12 of 48 epochs came: %s; 12 of the 24 that were left: %s instead of %s", whole, split, want)
	}
}

// An SLA that was handed on is about the consumer of now; one that the provider bought counts against the provider and for nobody.
func TestHandedOn(t *testing.T) {
	t.Parallel()
	next, poor := account("next"), good
	poor.bad = 2
	for _, x := range []struct {
		to             ids.Account
		quality        quality
		good, bad, new bool
	}{{next, good, true, false, true}, {next, poor, true, true, true}, {p, good, false, false, false}, {p, poor, false, true, false}} {
		w := newWorld(t)
		id := w.open("x", p, c)
		w.lives[id].window(x.quality)
		w.lives[id].consumer = x.to
		e := w.mustRecord(t, id)
		s := w.Standing(Party{p, AsProvider})
		if e.Scored.Consumer != x.to || (s.Pairs[0].Good != sla.Wide{}) != x.good || (s.Pairs[0].Bad != sla.Wide{}) != x.bad {
			t.Errorf("%+v: %+v", x, s)
		}
		if old, now := w.Standing(Party{c, AsConsumer}), w.Standing(Party{x.to, AsConsumer}); old.Pairs != nil || (now.Pairs[0].Good != sla.Wide{}) != x.new {
			t.Errorf("%+v: %+v, %+v", x, old, now)
		}
	}
}

// Random lives of several providers and consumers, a hundred calls each; every invariant after every call.
func TestWalk(t *testing.T) {
	t.Parallel()
	for range 5 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { walk(t, rand.New(rand.NewPCG(seed, 0)), func(*world, Op, uint64, error) {}) })
	}
}

// walk makes a hundred random calls and tells of each.
func walk(t *testing.T, r *rand.Rand, after func(w *world, op Op, now uint64, err error)) {
	w := newWorld(t)
	var slas []ids.ID
	parties := []ids.Account{account("a"), account("b"), account("d")}
	pick := func() ids.Account { return parties[r.IntN(len(parties))] }
	for i := range 4 {
		slas = append(slas, w.open(fmt.Sprint(i), pick(), pick(), func(x *sla.Terms) {
			x.Mode = sla.Mode(r.IntN(2))
			x.Volume = 1 << (30 + r.IntN(10))
			x.Duration = 12 * (1 + r.Uint32N(20))
		}))
	}
	now := uint64(begin)
	for range 100 {
		id := slas[r.IntN(len(slas))]
		l := w.lives[id]
		var op Op
		switch r.IntN(12) {
		case 0:
			op = SetUnit{[]ids.Account{admin, c}[r.IntN(2)], token, money.Of(int64(r.IntN(3)) * 1_000)}
		case 1:
			op = SetParams{admin, Params{w.Params().Version + r.Uint32N(2), r.Uint32N(70_000), r.Uint32N(103)}}
		case 2:
			op = Ruled{[]ids.Account{disputes, c}[r.IntN(2)], [32]byte{byte(r.IntN(5))}, id, pick()}
		case 3:
			op = Record{id, []sla.Leaf{l.noted, l.settled, l.leaf, l.base}[r.IntN(4)], []sla.Leaf{l.noted, l.settled, l.leaf, l.base}[r.IntN(4)]}
		default:
			for range r.IntN(15) {
				l.epoch(randomQuality(r))
			}
			if r.IntN(10) == 0 && l.leaf.JudgedEpochs == l.leaf.Epochs && l.leaf.Epochs > 0 && l.leaf.Status == sla.Running {
				l.end([]orchestrator.SLAState{orchestrator.Completed, orchestrator.Terminated, orchestrator.Closing, orchestrator.Defaulted}[r.IntN(4)])
			}
			l.settled = l.leaf
			op = Record{id, l.noted, l.settled}
		}
		now += r.Uint64N(86_400)
		before := snapshot(w)
		_, err := w.Step(now, w, op)
		if x, ok := op.(Record); ok && err == nil {
			w.lives[x.SLA].noted = x.To
		}
		if err != nil && !reflect.DeepEqual(before, snapshot(w)) {
			t.Fatalf("%T was refused (%v) and changed something", op, err)
		}
		for _, v := range w.Check() {
			t.Fatalf("%T: %v", op, v)
		}
		after(w, op, now, err)
	}
}

func snapshot(w *world) any {
	copied := func(s *State) []any {
		standings, recorded := map[Party]string{}, map[ids.ID][32]byte{}
		for k, v := range s.standings {
			standings[k] = fmt.Sprint(v)
		}
		for k, v := range s.recorded {
			recorded[k] = v
		}
		return []any{standings, recorded, s.params, s.admin, s.dispute, len(s.ruled), fmt.Sprint(s.units)}
	}
	return copied(w.State)
}
