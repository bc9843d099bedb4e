package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// judgeCase: a window. Observed epochs lead from the boundary to the measured leaf, which is judged.
type judgeCase struct {
	Name     string          `json:"name"`
	Terms    raw             `json:"terms"`
	Boundary raw             `json:"boundary"` // leaf at the last judged boundary
	Epochs   []measureVector `json:"epochs"`   // observed since, one after the other
	Measured raw             `json:"measured"` // leaf at the window's end, not judged
	Ends     bool            `json:"ends"`     // the SLA ends here
	Judged   raw             `json:"judged"`   // leaf after the verdict
	Verdict  sla.Verdict     `json:"verdict"`
}

type measureVector struct {
	Slots       []slotVector `json:"slots"`
	Operations  uint64       `json:"operations,string"`
	Errors      uint64       `json:"errors,string"`
	Challenges  uint64       `json:"challenges,string"`
	Passed      uint64       `json:"passed,string"`
	ByteSeconds sla.Wide     `json:"byteSeconds"`
	BytesIn     uint64       `json:"bytesIn,string"`
	BytesOut    uint64       `json:"bytesOut,string"`
}

// slotVector is a run of equal slots: state 0 excluded, 1 counted, 2 bad; 2^32−1 is no figure.
type slotVector struct {
	Count      int           `json:"count"`
	State      sla.SlotState `json:"state"`
	ErrorPpm   uint32        `json:"errorPpm"`
	TTFB       uint32        `json:"ttfbMs"`
	Throughput uint32        `json:"kibps"`
}

func (v *measureVector) measure() *sla.Measure {
	m := &sla.Measure{Operations: v.Operations, Errors: v.Errors, Challenges: v.Challenges, Passed: v.Passed, ByteSeconds: v.ByteSeconds, BytesIn: v.BytesIn, BytesOut: v.BytesOut}
	for _, s := range v.Slots {
		for range s.Count {
			m.Slots = append(m.Slots, sla.Slot{State: s.State, ErrorPpm: s.ErrorPpm, TTFB: s.TTFB, Throughput: s.Throughput})
		}
	}
	return m
}

func (v *measureVector) add(s slotVector) {
	if n := len(v.Slots); n > 0 {
		last := v.Slots[n-1]
		if last.Count = s.Count; last == s {
			v.Slots[n-1].Count++
			return
		}
	}
	v.Slots = append(v.Slots, s)
}

// window is what happens in one: each epoch has the same measure, but for what the cumulative counters do.
type window struct {
	slot                       sla.Slot // of every slot
	bad, excluded              int      // slots of the window that are so instead
	operations, errors         uint64
	failed                     uint64 // challenges in the last epoch
	out                        uint64 // bytes read in the window
	shortBy                    uint32 // epochs fewer than a whole window
	ends                       bool
	before                     func(*sla.Leaf) // the boundary
	noTTFB, noThroughput, idle bool
}

var healthy = sla.Slot{State: sla.Counted, TTFB: 40, Throughput: 20_000}

func judgeCases() (cases []judgeCase) {
	plain := terms()
	add := func(name string, t *sla.Terms, w window) {
		c := judgeCase{Name: name, Terms: t.Bytes(), Ends: w.ends}
		base := sla.Zero(t)
		base.Epochs, base.JudgedEpochs, base.Windows = t.Window, t.Window, 1
		base.Slots = uint64(t.Window) * uint64(t.SlotsPerEpoch)
		base.TTFB[4], base.Throughput[5] = base.Slots, base.Slots
		base.Challenges, base.Passed, base.BytesOut, base.JudgedOut = 10, 10, 1<<30, 1<<30
		base.Causes[sla.None] = 1
		if w.before != nil {
			w.before(&base)
		}
		c.Boundary = base.Bytes()
		l := base
		n := t.Window - w.shortBy
		bad, excluded := w.bad, w.excluded
		for e := range n {
			v := measureVector{Operations: w.operations, Errors: w.errors, BytesIn: l.BytesIn + 1000, BytesOut: base.BytesOut + w.out*uint64(e+1)/uint64(n),
				ByteSeconds: l.ByteSeconds.AddProduct(t.Volume, uint64(t.EpochSeconds)), Slots: []slotVector{}}
			if !w.idle {
				v.Challenges, v.Passed = 2, 2
			}
			if e == n-1 {
				v.Challenges += w.failed
			}
			for range t.SlotsPerEpoch {
				s := slotVector{1, w.slot.State, w.slot.ErrorPpm, w.slot.TTFB, w.slot.Throughput}
				if w.noTTFB {
					s.TTFB = sla.NoFigure
				}
				if w.noThroughput {
					s.Throughput = sla.NoFigure
				}
				switch {
				case bad > 0:
					bad--
					s = slotVector{Count: 1, State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
				case excluded > 0:
					excluded--
					s = slotVector{Count: 1, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
				}
				v.add(s)
			}
			c.Epochs = append(c.Epochs, v)
			l = t.Observe(l, &base, v.measure())
		}
		c.Measured = l.Bytes()
		l, c.Verdict = t.Judge(l, &base, w.ends)
		c.Judged = l.Bytes()
		cases = append(cases, c)
	}
	slots := int(plain.Window * plain.SlotsPerEpoch) // 144
	add("healthy", plain, window{slot: healthy, operations: 100})
	add("healthy, the end", plain, window{slot: healthy, operations: 100, ends: true})
	add("healthy disarms", plain, window{slot: healthy, operations: 100, before: func(l *sla.Leaf) { l.Armed, l.Warnings, l.Recent = 3, 3, [2]uint16{2_500, 2_500} }})
	add("availability just kept", plain, window{slot: sla.Slot{State: sla.Counted, ErrorPpm: 1_000, TTFB: 40, Throughput: 20_000}})
	add("availability just missed", plain, window{slot: sla.Slot{State: sla.Counted, ErrorPpm: 1_001, TTFB: 40, Throughput: 20_000}})
	add("one bad slot of 144: first tier", plain, window{slot: healthy, bad: 1})
	add("two bad slots: second tier", plain, window{slot: healthy, bad: 2})
	add("eight bad slots: third tier, most of it out of the collateral", plain, window{slot: healthy, bad: 8, out: 10 << 30})
	add("eight bad slots in escrow mode: all out of the price", terms(escrow), window{slot: healthy, bad: 8, out: 10 << 30})
	add("coverage just enough", plain, window{slot: healthy, excluded: 14})
	add("coverage missing: inconclusive", plain, window{slot: healthy, excluded: 15, bad: 100, before: func(l *sla.Leaf) { l.Armed, l.Dead, l.Recent = 2, 3, [2]uint16{2_500, 100} }})
	add("nothing seen: inconclusive", plain, window{slot: sla.Slot{TTFB: sla.NoFigure, Throughput: sla.NoFigure}})
	add("nothing seen at the end", plain, window{slot: sla.Slot{TTFB: sla.NoFigure, Throughput: sla.NoFigure}, ends: true})
	for _, ms := range []uint32{5, 6, 100, 101, 150, 200, 300, 60_000, 4_000_000_000} {
		add(fmt.Sprintf("ttfb of %d ms, target 100", ms), plain, window{slot: sla.Slot{State: sla.Counted, TTFB: ms, Throughput: 20_000}})
	}
	for _, k := range []uint32{1_023, 1_024, 512, 255, 63, 0, 4_000_000_000} {
		add(fmt.Sprintf("throughput of %d KiB/s, target 1024", k), plain, window{slot: sla.Slot{State: sla.Counted, TTFB: 40, Throughput: k}})
	}
	add("ttfb of too few slots", plain, window{slot: sla.Slot{State: sla.Counted, TTFB: 5_000, Throughput: 0}, excluded: 14, noTTFB: true, noThroughput: true})
	for _, e := range []uint64{1, 2, 3, 4} {
		add(fmt.Sprintf("%d errors in 1,200 operations, target 1,000 ppm", 12*e/10), plain, window{slot: healthy, operations: 100 * 10, errors: e})
	}
	add("errors of too few operations", plain, window{slot: healthy, operations: 1, errors: 1})
	add("one failed challenge warns", plain, window{slot: healthy, failed: 1})
	add("two failed challenges warn twice", plain, window{slot: healthy, failed: 2})
	add("three failed challenges: lost", plain, window{slot: healthy, failed: 3})
	add("lost, with less than two warnings before", plain, window{slot: healthy, failed: 3, before: func(l *sla.Leaf) { l.WindowFlags, l.Warnings, l.Armed = 6, 0, 0 }})
	add("lost again", plain, window{slot: healthy, failed: 5, before: func(l *sla.Leaf) { l.Lost, l.SlashBps, l.Warnings = 1, 5_000, 4 }})
	breach := func(a, b uint16, armed uint8) func(*sla.Leaf) {
		return func(l *sla.Leaf) { l.Recent, l.Armed, l.Warnings = [2]uint16{a, b}, armed, uint32(armed) }
	}
	add("first breach", plain, window{slot: healthy, bad: 3})
	add("second breach of two windows", plain, window{slot: healthy, bad: 3, before: breach(2_500, 0, 2)})
	add("second breach of three windows", plain, window{slot: healthy, bad: 3, before: breach(0, 2_500, 2)})
	add("third breach of three windows", plain, window{slot: healthy, bad: 3, before: breach(10_000, 2_500, 4)})
	add("second breach, armed once only", plain, window{slot: healthy, bad: 3, before: breach(2_500, 0, 0)})
	add("the cap of the period", plain, window{slot: healthy, bad: 3, before: func(l *sla.Leaf) { breach(2_500, 2_500, 4)(l); l.SlashBps = 2_000 }})
	add("the cap is used up", plain, window{slot: healthy, bad: 3, before: func(l *sla.Leaf) { breach(2_500, 2_500, 4)(l); l.SlashBps = 2_500 }})
	dead := func(n uint8) func(*sla.Leaf) {
		return func(l *sla.Leaf) { breach(10_000, 10_000, 6)(l); l.Dead = n }
	}
	add("dead window", plain, window{slot: healthy, bad: slots})
	add("fifth dead window", plain, window{slot: healthy, bad: slots, before: dead(4)})
	add("sixth dead window: abandoned", plain, window{slot: healthy, bad: slots, before: dead(5)})
	add("sixth dead window at the end: abandoned", plain, window{slot: healthy, bad: slots, before: dead(5), ends: true})
	add("dead but for one slot", plain, window{slot: healthy, bad: slots - 1, before: dead(5)})
	add("dead but for excluded slots", plain, window{slot: healthy, bad: slots - 10, excluded: 10, before: dead(5)})
	add("abandoned without two warnings", plain, window{slot: healthy, bad: slots, before: func(l *sla.Leaf) { l.Dead, l.WindowFlags = 5, 7 }})
	little := terms(func(t *sla.Terms) { t.Collateral = money.Of(1_000) })
	add("little collateral covers a part", little, window{slot: healthy, bad: 8, out: 10 << 30})
	add("little collateral, a slash first", little, window{slot: healthy, bad: 8, before: func(l *sla.Leaf) { l.SlashBps, l.Warnings = 9_000, 2 }})
	none := terms(func(t *sla.Terms) { t.StoragePrice, t.EgressPrice = zeroAmount, zeroAmount })
	add("no price and no collateral", none, window{slot: healthy, bad: 8})
	add("a short last window", plain, window{slot: healthy, bad: 1, shortBy: 7, ends: true})
	add("egress beyond the terms is capped", plain, window{slot: healthy, out: 1 << 40})
	add("largest terms, all credited", terms(largest, func(t *sla.Terms) { t.Window, t.SlotsPerEpoch = 4, 2 }), window{slot: healthy, bad: 8, out: 1 << 53})
	for i := range 24 {
		name := fmt.Sprintf("random %d", i)
		r := seeded("judge " + name)
		t := plain
		if i%3 == 1 {
			t = terms(escrow)
		}
		if i%4 == 3 {
			t = little
		}
		add(name, t, randomWindow(r, slots))
	}
	return cases
}

func randomWindow(r *rand.Rand, slots int) window {
	w := window{slot: sla.Slot{State: sla.Counted, ErrorPpm: uint32(r.IntN(3)) * uint32(r.IntN(20_000)), TTFB: uint32(r.IntN(400)), Throughput: uint32(r.IntN(5_000))},
		operations: r.Uint64N(50), out: r.Uint64N(20 << 30), failed: uint64(max(0, r.IntN(8)-4)), ends: r.IntN(4) == 0, shortBy: 0}
	if r.IntN(2) == 0 {
		w.bad = r.IntN(slots)
	}
	w.excluded = r.IntN(slots / 9)
	w.errors = r.Uint64N(w.operations + 1)
	recent, armed, slash, deadFor := [2]uint16{uint16(r.IntN(10_001)), uint16(r.IntN(10_001))}, uint8(r.IntN(5)), uint32(r.IntN(2_500)), uint8(r.IntN(6))
	w.before = func(l *sla.Leaf) {
		l.Recent, l.Armed, l.Warnings, l.SlashBps, l.Dead = recent, armed, 4, slash, deadFor
	}
	return w
}
