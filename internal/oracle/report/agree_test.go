package report

import (
	"crypto/ed25519"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

func reached(ops, errs, ttfb, kibps uint32) SlotFigures {
	return SlotFigures{Reached, ops, errs, ttfb, kibps}
}

var gone = SlotFigures{State: Unreachable, TTFB: sla.NoFigure, KiBps: sla.NoFigure}

func TestSlots(t *testing.T) {
	t.Parallel()
	const none = sla.NoFigure
	counted := func(ppm, ttfb, kibps uint32) sla.Slot {
		return sla.Slot{State: sla.Counted, ErrorPpm: ppm, TTFB: ttfb, Throughput: kibps}
	}
	for name, c := range map[string]struct {
		validators int
		seen       []SlotFigures
		want       sla.Slot
		operations uint64
		errors     uint64
	}{
		"nobody":                            {4, nil, sla.Slot{}, 0, 0},
		"two of four saw it":                {4, []SlotFigures{reached(2, 0, 5, 100), reached(2, 0, 6, 100)}, sla.Slot{}, 0, 0},
		"three of four":                     {4, []SlotFigures{reached(2, 0, 5, 100), reached(2, 0, 6, 200), reached(2, 0, 7, 300)}, counted(0, 6, 200), 2, 0},
		"four: the lower middle":            {4, []SlotFigures{reached(2, 0, 8, 100), reached(2, 0, 6, 200), reached(2, 0, 7, 300), reached(4, 1, 5, 400)}, counted(0, 6, 200), 2, 0},
		"three unreachable of four":         {4, []SlotFigures{gone, gone, gone, reached(2, 0, 5, 100)}, sla.Slot{State: sla.Bad}, 0, 0},
		"three unreachable, one silent":     {4, []SlotFigures{gone, gone, gone, {}}, sla.Slot{State: sla.Bad}, 0, 0},
		"two unreachable are no quorum":     {4, []SlotFigures{gone, gone, reached(2, 1, 5, 100), reached(2, 0, 5, 100)}, counted(500_000, none, none), 0, 0},
		"one liar says unreachable":         {4, []SlotFigures{gone, reached(2, 0, 5, 1), reached(2, 0, 5, 1), reached(2, 0, 9, 1)}, counted(0, 5, 1), 2, 0},
		"a figure that two have is none":    {4, []SlotFigures{reached(2, 0, 5, none), reached(2, 0, 5, none), reached(2, 0, 5, 7), reached(2, 0, 5, 9)}, counted(0, 5, none), 2, 0},
		"errors everywhere":                 {4, []SlotFigures{reached(4, 1, 5, 1), reached(4, 2, 5, 1), reached(4, 3, 5, 1), reached(4, 4, 5, 1)}, counted(500_000, 5, 1), 4, 2},
		"it answers and nobody did a thing": {4, []SlotFigures{reached(0, 0, none, none), reached(0, 0, none, none), reached(0, 0, none, none)}, sla.Slot{}, 0, 0},
		"a set of one":                      {1, []SlotFigures{reached(2, 1, 5, 1)}, counted(500_000, 5, 1), 2, 1},
		"a set of two needs both":           {2, []SlotFigures{reached(2, 1, 5, 1)}, sla.Slot{}, 0, 0},
	} {
		w := newWorld(1, c.validators, 1, 1)
		w.config.SlotsPerEpoch = 1
		var obs []*Observation
		for v, s := range c.seen {
			obs = append(obs, &Observation{Validator: uint32(v), Slots: []SlotFigures{s}})
		}
		got := agreeSlots(&w.config, 3, obs, nil)
		if d := cmp.Diff(c.want, got.slots[0]); d != "" || got.operations != c.operations || got.errors != c.errors {
			t.Errorf("%s: %d operations, %d errors %s", name, got.operations, got.errors, d)
		}
	}
}

func TestMaintenanceIsExcluded(t *testing.T) {
	t.Parallel()
	w := newWorld(1, 4, 1, 1) // slots of one second
	var obs []*Observation
	for v := range 4 {
		o := &Observation{Validator: uint32(v)}
		for range 12 {
			o.Slots = append(o.Slots, gone)
		}
		obs = append(obs, o)
	}
	at := w.config.Start(5)
	a := agreeSlots(&w.config, 5, obs, []span{{at + 3, at + 5}, {at + 9, at + 9}, {at + 11, at + 100}})
	var got string
	for _, s := range a.slots {
		got += string("xcB"[s.State])
	}
	if want := "BBBxxBBBBBBx"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestPossessionAndUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(1, 4, 1, 1)
	terms := w.deals[0]
	n := w.nodes[0]
	r := &Record{SLA: terms.SLA, Node: n.id, NodeKey: n.public()}
	figures := func(challenges, passed uint32, usage []byte) *SLAFigures {
		return &SLAFigures{terms.SLA, challenges, passed, usage}
	}
	agree := func(l ...*SLAFigures) (sla.Measure, [2]*statement.Signed) {
		var m sla.Measure
		var claims []claim
		for v, f := range l {
			claims = append(claims, claim{uint32(v), f})
		}
		_, fault := agreeSLA(&w.config, 10, r, claims, &m)
		return m, fault
	}
	m, _ := agree(figures(2, 0, nil), figures(2, 0, nil), figures(2, 0, nil), figures(2, 2, nil))
	if m.Challenges != 2 || m.Passed != 0 {
		t.Errorf("what three saw fail: %+v", m)
	}
	m, _ = agree(figures(2, 2, nil), figures(2, 2, nil), figures(2, 2, nil), figures(1<<30, 0, nil))
	if m.Challenges != 2 || m.Passed != 2 {
		t.Errorf("what one says failed: %+v", m)
	}
	m, _ = agree(figures(2, 0, nil), figures(2, 0, nil))
	if m.Challenges != 0 {
		t.Errorf("two of four are too few: %+v", m)
	}

	old, now, future := w.usage(terms, 9, 100, 50), w.usage(terms, 10, 200, 60), w.usage(terms, 11, 300, 70)
	other := w.usage(terms, 10, 999, 999)
	foreign := func() []byte {
		s, _ := statement.DecodeSigned(now)
		s.SLA[31]++
		return s.Bytes()
	}()
	unsigned := func() []byte {
		s, _ := statement.DecodeSigned(now)
		s.BytesOut = 1 << 60
		return s.Bytes()
	}()
	m, fault := agree(figures(0, 0, old), figures(0, 0, now), figures(0, 0, foreign), figures(0, 0, unsigned), figures(0, 0, future))
	if m.BytesIn != 200 || m.BytesOut != 60 || fault[0] != nil {
		t.Errorf("the newest true statement up to the epoch: %+v", m)
	}
	m, fault = agree(figures(0, 0, now), figures(0, 0, other), figures(0, 0, now))
	if m.BytesIn != 200 || fault[0] == nil || fault[0].BytesIn == fault[1].BytesIn {
		t.Errorf("a node that says two things: %+v %+v", m, fault)
	}
	for _, s := range fault {
		h := s.Hash()
		if !ed25519.Verify(n.key.Public().(ed25519.PublicKey), h[:], s.Signature[:]) {
			t.Error("evidence that the node did not sign")
		}
	}
}

func TestDrawIsEven(t *testing.T) {
	t.Parallel()
	d := NewDraw([32]byte{1}, "test", ids.ID{}, 0)
	var count [3]int
	const n = 30_000
	for range n {
		count[d.Below(3)]++
	}
	for i, c := range count { // 5 standard deviations are 408
		if c < n/3-408 || c > n/3+408 {
			t.Errorf("%d was drawn %d times of %d", i, c, n)
		}
	}
	if a, b := NewDraw([32]byte{1}, "a", ids.ID{}, 0).Below(1<<62), NewDraw([32]byte{1}, "b", ids.ID{}, 0).Below(1<<62); a == b {
		t.Error("two purposes draw alike")
	}
	for v := range 3 {
		if !Prober([32]byte{}, ids.ID{}, 1, v, 3) {
			t.Error("in a small set everyone probes")
		}
	}
	times := make([]int, 20)
	for slot := range uint64(2000) {
		drawn := 0
		for v := range times {
			if Prober([32]byte{7}, ids.ID{}, slot, v, len(times)) {
				times[v]++
				drawn++
			}
		}
		if drawn != Drawn {
			t.Fatalf("slot %d: %d probers", slot, drawn)
		}
	}
	for v, c := range times { // 500 expected, σ ≈ 19.4
		if c < 400 || c > 600 {
			t.Errorf("validator %d was drawn %d times of 2000", v, c)
		}
	}
}
