package sla

import (
	"math/big"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
)

// Cause of a window's verdict.
type Cause uint8

const (
	None Cause = iota
	Provider
	Consumer
	Validator
	Platform
	Chain
	causes
)

// String is the cause's name.
func (c Cause) String() string {
	return [...]string{"none", "provider", "consumer", "validator", "platform", "chain"}[min(c, causes-1)]
}

// Status of a leaf.
type Status uint8

const (
	Running   Status = 0
	Complete  Status = 1 // every window to the end is judged
	Abandoned Status = 2 // the provider left: it ended before its time
)

// TTFBEdges are the upper, inclusive edges of the buckets, milliseconds; slower counts in the last.
var TTFBEdges = [16]uint32{5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 2000, 5000, 60000}

// ThroughputEdges are the lower, inclusive edges of the buckets, KiB/s.
var ThroughputEdges = [8]uint32{0, 64, 256, 1024, 4096, 16384, 65536, 262144}

// Leaf is all that the network remembers of an SLA's life: cumulative measures, and the sums of its verdicts.
type Leaf struct {
	SLA    ids.ID
	Terms  [32]byte // terms hash
	Epochs uint32
	Measured
	Judged
}

// Measured sums since the SLA began.
type Measured struct {
	Slots, SlotsBad, SlotsExcluded uint64
	SlotErrorPpm                   uint64
	Operations, Errors             uint64
	ByteSeconds                    Wide
	BytesIn, BytesOut              uint64
	TTFB                           [16]uint64
	Throughput                     [8]uint64
	Challenges, Passed             uint64
}

// Judged sums over the windows judged so far, and the little state that the next verdict needs.
type Judged struct {
	Windows, JudgedEpochs    uint32
	JudgedOut                uint64
	PriceCreditEpochs        uint64
	PriceCreditOut           Wide
	CollateralCreditEpochs   uint64
	CollateralCreditOut      Wide
	Breaches, SlashBps       uint32
	Causes                   [causes]uint32
	Warnings                 uint32
	Recent                   [2]uint16
	Dead, Armed, WindowFlags uint8
	Lost                     uint8
	Status                   Status
}

// Wide is an unsigned number of 128 bits. It is comparable.
type Wide struct{ Hi, Lo uint64 }

// Big is the number.
func (w Wide) Big() *big.Int {
	b := new(big.Int).SetUint64(w.Hi)
	return b.Or(b.Lsh(b, 64), new(big.Int).SetUint64(w.Lo))
}

// Less reports w < v.
func (w Wide) Less(v Wide) bool { return w.Hi < v.Hi || w.Hi == v.Hi && w.Lo < v.Lo }

// Add adds a non-negative v and panics past 128 bits, which the limits of terms rule out.
func (w Wide) Add(v *big.Int) Wide {
	s := w.Big()
	s.Add(s, v)
	if s.Sign() < 0 || s.BitLen() > 128 {
		panic("sla: sum outside of 128 bits")
	}
	return Wide{new(big.Int).Rsh(s, 64).Uint64(), new(big.Int).And(s, new(big.Int).SetUint64(^uint64(0))).Uint64()}
}

// AddProduct adds a·b.
func (w Wide) AddProduct(a, b uint64) Wide {
	p := new(big.Int).SetUint64(a)
	return w.Add(p.Mul(p, new(big.Int).SetUint64(b)))
}

// MarshalText gives JSON a decimal string.
func (w Wide) MarshalText() ([]byte, error) { return w.Big().MarshalText() }

// UnmarshalText reads it.
func (w *Wide) UnmarshalText(b []byte) error {
	var v big.Int
	if err := v.UnmarshalText(b); err != nil {
		return err
	}
	*w = Wide{}.Add(&v)
	return nil
}

const leafTag = "FLASHBACK-LEAF-v1"

// Zero is the leaf that an SLA begins with.
func Zero(t *Terms) Leaf { return Leaf{SLA: t.SLA, Terms: t.Hash()} }

// Bytes is the canonical encoding.
func (l *Leaf) Bytes() []byte {
	w := canon.Tagged(leafTag).Raw(l.SLA[:]).Raw(l.Terms[:]).U32(l.Epochs)
	w.U64(l.Slots).U64(l.SlotsBad).U64(l.SlotsExcluded).U64(l.SlotErrorPpm).U64(l.Operations).U64(l.Errors)
	wide(w, l.ByteSeconds).U64(l.BytesIn).U64(l.BytesOut)
	for _, x := range l.TTFB {
		w.U64(x)
	}
	for _, x := range l.Throughput {
		w.U64(x)
	}
	w.U64(l.Challenges).U64(l.Passed)
	w.U32(l.Windows).U32(l.JudgedEpochs).U64(l.JudgedOut).U64(l.PriceCreditEpochs)
	wide(w, l.PriceCreditOut).U64(l.CollateralCreditEpochs)
	wide(w, l.CollateralCreditOut).U32(l.Breaches).U32(l.SlashBps)
	for _, x := range l.Causes {
		w.U32(x)
	}
	w.U32(l.Warnings).U16(l.Recent[0]).U16(l.Recent[1])
	return w.U8(l.Dead).U8(l.Armed).U8(l.WindowFlags).U8(l.Lost).U8(uint8(l.Status)).Bytes()
}

func wide(w *canon.Writer, v Wide) *canon.Writer { return w.U64(v.Hi).U64(v.Lo) }

// Hash is the leaf's hash in the report's tree.
func (l *Leaf) Hash() merkle.Hash { return merkle.Leaf(l.Bytes()) }

// DecodeLeaf reads a leaf.
func DecodeLeaf(b []byte) (*Leaf, error) {
	r := canon.Read(leafTag, b)
	l := &Leaf{SLA: r.B32(), Terms: r.B32(), Epochs: r.U32()}
	l.Slots, l.SlotsBad, l.SlotsExcluded, l.SlotErrorPpm, l.Operations, l.Errors = r.U64(), r.U64(), r.U64(), r.U64(), r.U64(), r.U64()
	l.ByteSeconds = Wide{r.U64(), r.U64()}
	l.BytesIn, l.BytesOut = r.U64(), r.U64()
	for i := range l.TTFB {
		l.TTFB[i] = r.U64()
	}
	for i := range l.Throughput {
		l.Throughput[i] = r.U64()
	}
	l.Challenges, l.Passed = r.U64(), r.U64()
	l.Windows, l.JudgedEpochs, l.JudgedOut, l.PriceCreditEpochs = r.U32(), r.U32(), r.U64(), r.U64()
	l.PriceCreditOut = Wide{r.U64(), r.U64()}
	l.CollateralCreditEpochs = r.U64()
	l.CollateralCreditOut = Wide{r.U64(), r.U64()}
	l.Breaches, l.SlashBps = r.U32(), r.U32()
	for i := range l.Causes {
		l.Causes[i] = r.U32()
	}
	l.Warnings = r.U32()
	l.Recent = [2]uint16{r.U16(), r.U16()}
	l.Dead, l.Armed, l.WindowFlags, l.Lost, l.Status = r.U8(), r.U8(), r.U8(), r.U8(), Status(r.U8())
	if l.Lost > 1 || l.Status > Abandoned {
		r.Fail("lost or status out of range")
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return l, nil
}

// Behind reports whether b can follow a: no cumulative number falls. It is what a contract checks between two settlements.
func (l *Leaf) Behind(b *Leaf) bool {
	le := func(x, y uint64) bool { return x <= y }
	lw := func(x, y Wide) bool { return !y.Less(x) }
	ok := l.Epochs < b.Epochs &&
		le(l.Slots, b.Slots) && le(l.SlotsBad, b.SlotsBad) && le(l.SlotsExcluded, b.SlotsExcluded) && le(l.SlotErrorPpm, b.SlotErrorPpm) &&
		le(l.Operations, b.Operations) && le(l.Errors, b.Errors) && lw(l.ByteSeconds, b.ByteSeconds) && le(l.BytesIn, b.BytesIn) && le(l.BytesOut, b.BytesOut) &&
		le(l.Challenges, b.Challenges) && le(l.Passed, b.Passed) &&
		l.Windows <= b.Windows && l.JudgedEpochs <= b.JudgedEpochs && le(l.JudgedOut, b.JudgedOut) &&
		le(l.PriceCreditEpochs, b.PriceCreditEpochs) && lw(l.PriceCreditOut, b.PriceCreditOut) &&
		le(l.CollateralCreditEpochs, b.CollateralCreditEpochs) && lw(l.CollateralCreditOut, b.CollateralCreditOut) &&
		l.Breaches <= b.Breaches && l.SlashBps <= b.SlashBps && l.Warnings <= b.Warnings && l.Lost <= b.Lost
	for i := range l.TTFB {
		ok = ok && l.TTFB[i] <= b.TTFB[i]
	}
	for i := range l.Throughput {
		ok = ok && l.Throughput[i] <= b.Throughput[i]
	}
	for i := range l.Causes {
		ok = ok && l.Causes[i] <= b.Causes[i]
	}
	return ok
}
