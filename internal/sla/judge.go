package sla

import "sort"

// Slot is the agreed value of one slot.
type Slot struct {
	State      SlotState
	ErrorPpm   uint32 // of a counted slot
	TTFB       uint32 // milliseconds; NoFigure: not known
	Throughput uint32 // KiB/s; NoFigure: not known
}

// SlotState says how a slot counts.
type SlotState uint8

const (
	Excluded SlotState = iota
	Counted
	Bad // unreachable from a quorum
)

// NoFigure stands for a figure that nobody measured.
const NoFigure = ^uint32(0)

// Measure is what one epoch adds to an SLA's leaf.
type Measure struct {
	Slots              []Slot // as many as the terms' slots per epoch; others count as excluded
	Operations, Errors uint64 // more errors than operations count as so many
	Challenges, Passed uint64 // the same
	ByteSeconds        Wide   // cumulative, as the node stated it; smaller than before: ignored
	BytesIn, BytesOut  uint64 // cumulative, the same
}

const (
	flagBadSlot = 1 << iota
	flagChallenge
	flagSecondChallenge
)

// Verdict on a window, for people and for events; the leaf holds its effect.
type Verdict struct {
	Window       uint32 `json:"window"`
	Epochs       uint32 `json:"epochs"`
	Inconclusive bool   `json:"inconclusive"`
	Availability uint32 `json:"availabilityPpm"`
	TTFB         uint32 `json:"ttfbMs"`          // p95; NoFigure: too few
	Throughput   uint32 `json:"throughputKibps"` // p95; NoFigure: too few
	ErrorPpm     uint32 `json:"errorPpm"`
	Failed       uint64 `json:"failedChallenges"`
	CreditBps    uint16 `json:"creditBps"`
	SlashBps     uint16 `json:"slashBps"`
	Cause        Cause  `json:"cause"`
}

// Advance adds one epoch to a running leaf. base is the leaf at the last judged boundary (the zero leaf at first); end is the number of epochs after which the SLA ends. When the epoch closes a window, the verdict
// is returned and the caller keeps the new leaf as the next base. A leaf that does not run any more stays as it is.
func (t *Terms) Advance(l Leaf, base *Leaf, m *Measure, end uint32) (Leaf, *Verdict) {
	if l.Status != Running {
		return l, nil
	}
	l = t.Observe(l, base, m)
	if l.Epochs%t.Window != 0 && l.Epochs < end {
		return l, nil
	}
	l, v := t.Judge(l, base, l.Epochs >= end)
	return l, &v
}

// Observe adds one epoch's measure to a leaf, with the warnings that follow from it, and judges nothing.
func (t *Terms) Observe(l Leaf, base *Leaf, m *Measure) Leaf {
	if m == nil {
		m = &Measure{}
	}
	for i := range t.SlotsPerEpoch {
		s := Slot{}
		if int(i) < len(m.Slots) {
			s = m.Slots[i]
		}
		l.Slots++
		switch s.State {
		case Bad:
			l.SlotsBad++
			l.SlotErrorPpm += 1_000_000
		case Counted:
			l.SlotErrorPpm += uint64(min(s.ErrorPpm, 1_000_000))
			if s.TTFB != NoFigure {
				l.TTFB[ttfbBucket(s.TTFB)]++
			}
			if s.Throughput != NoFigure {
				l.Throughput[throughputBucket(s.Throughput)]++
			}
		default:
			l.SlotsExcluded++
		}
	}
	l.Operations += m.Operations
	l.Errors += min(m.Errors, m.Operations)
	l.Challenges += m.Challenges
	l.Passed += min(m.Passed, m.Challenges)
	if l.ByteSeconds.Big().Cmp(m.ByteSeconds.Big()) < 0 {
		l.ByteSeconds = m.ByteSeconds
	}
	l.BytesIn = max(l.BytesIn, m.BytesIn)
	l.BytesOut = max(l.BytesOut, min(m.BytesOut, t.Egress))
	failed := (l.Challenges - l.Passed) - (base.Challenges - base.Passed)
	l.warn(flagBadSlot, l.SlotsBad > base.SlotsBad)
	l.warn(flagChallenge, failed >= 1)
	l.warn(flagSecondChallenge, failed >= 2)
	l.Epochs++
	return l
}

// warn once per window.
func (l *Leaf) warn(flag uint8, when bool) {
	if when && l.WindowFlags&flag == 0 {
		l.WindowFlags |= flag
		l.warning()
	}
}

func (l *Leaf) warning() {
	l.Warnings++
	if l.Armed < 255 {
		l.Armed++
	}
}

func ttfbBucket(ms uint32) int {
	i := sort.Search(len(TTFBEdges), func(i int) bool { return ms <= TTFBEdges[i] })
	return min(i, len(TTFBEdges)-1)
}

func throughputBucket(kibps uint32) int {
	return sort.Search(len(ThroughputEdges), func(i int) bool { return ThroughputEdges[i] > kibps }) - 1
}

// Judge applies docs/spec/arithmetic.md, "The verdict on a window", to a leaf at a boundary that is not judged yet. ends tells whether the SLA ends here.
func (t *Terms) Judge(l Leaf, base *Leaf, ends bool) (Leaf, Verdict) {
	v := t.judge(&l, base)
	if ends && l.Status == Running {
		l.Status = Complete
	}
	return l, v
}

func (t *Terms) judge(l, base *Leaf) Verdict {
	p := &t.Protocol
	v := Verdict{Window: l.Windows, Epochs: l.Epochs - base.Epochs, TTFB: NoFigure, Throughput: NoFigure}
	total := l.Slots - base.Slots
	counted := total - (l.SlotsExcluded - base.SlotsExcluded)
	out := l.BytesOut - base.BytesOut
	if counted == 0 || counted*1_000_000 < uint64(p.CoveragePpm)*total {
		v.Inconclusive = true
		t.close(l, &v)
		return v
	}
	armed := l.Armed
	credit := t.credit(l, base, counted, &v)
	if credit > 0 {
		v.Cause = Provider
	}
	if l.SlotsBad-base.SlotsBad == counted {
		l.Dead += min(1, 255-l.Dead)
	} else {
		l.Dead = 0
	}
	wanted := t.slashWanted(l, credit, v.Failed)
	if armed < 2 {
		wanted = 0
	}

	// the credit's two parts; the collateral's is lowered to what is there
	price := min(credit, p.HoldbackBps)
	m := uint64(v.Epochs)
	slashBefore := t.Collateral.Bps(l.SlashBps)
	coll := largest(credit-price, func(c uint16) bool {
		after := t.coverage(l.CollateralCreditEpochs+uint64(c)*m, l.CollateralCreditOut.AddProduct(uint64(c), out))
		return !t.Collateral.Less(after.Add(slashBefore))
	})
	l.PriceCreditEpochs += uint64(price) * m
	l.PriceCreditOut = l.PriceCreditOut.AddProduct(uint64(price), out)
	l.CollateralCreditEpochs += uint64(coll) * m
	l.CollateralCreditOut = l.CollateralCreditOut.AddProduct(uint64(coll), out)
	covered := t.coverage(l.CollateralCreditEpochs, l.CollateralCreditOut)
	ceiling := uint64(p.SlashCapBps) * ((uint64(l.Epochs) + uint64(p.SlashPeriod) - 1) / uint64(p.SlashPeriod))
	slash := largest(wanted, func(s uint16) bool {
		after := uint64(l.SlashBps) + uint64(s)
		return after <= ceiling && !t.Collateral.Less(t.Collateral.Bps(uint32(after)).Add(covered))
	})
	l.SlashBps += uint32(slash)
	if credit >= p.BreachBps {
		l.Breaches++
		l.warning()
	}
	if credit == 0 {
		l.Armed = 0
	}
	v.CreditBps, v.SlashBps = price+coll, slash
	l.Recent = [2]uint16{credit, l.Recent[0]}
	t.close(l, &v)
	return v
}

// close does the bookkeeping at a boundary.
func (t *Terms) close(l *Leaf, v *Verdict) {
	if v.Inconclusive {
		l.Recent = [2]uint16{0, l.Recent[0]}
	}
	l.Windows++
	l.JudgedEpochs = l.Epochs
	l.JudgedOut = l.BytesOut
	l.Causes[v.Cause]++
	l.WindowFlags = 0
}

// credit is the largest of what each dimension gives, in bps of the window's gross.
func (t *Terms) credit(l, base *Leaf, counted uint64, v *Verdict) (credit uint16) {
	p := &t.Protocol
	v.Availability = 1_000_000 - uint32((l.SlotErrorPpm-base.SlotErrorPpm)/counted)
	for _, x := range p.AvailabilityTiers {
		if v.Availability < x.Below {
			credit = max(credit, x.Bps)
		}
	}
	excess := func(value, target uint32) {
		for _, x := range p.ExcessTiers {
			if uint64(value)*100 > uint64(target)*uint64(x.Ratio) {
				credit = max(credit, x.Bps)
			}
		}
	}
	if n, i := quantile(l.TTFB[:], base.TTFB[:], false); n >= uint64(p.MinSamples) && n > 0 {
		v.TTFB = TTFBEdges[i]
		if t.QoS.TTFBMillis > 0 {
			excess(v.TTFB, t.QoS.TTFBMillis)
		}
	}
	if n, i := quantile(l.Throughput[:], base.Throughput[:], true); n >= uint64(p.MinSamples) && n > 0 {
		v.Throughput = ThroughputEdges[i]
		if t.QoS.ThroughputKiBps > 0 {
			excess(t.QoS.ThroughputKiBps, v.Throughput)
		}
	}
	if ops := l.Operations - base.Operations; ops >= uint64(p.MinSamples) && ops > 0 {
		v.ErrorPpm = uint32(min((l.Errors-base.Errors)*1_000_000/ops, 1_000_000))
		if t.QoS.ErrorPpm > 0 {
			excess(v.ErrorPpm, t.QoS.ErrorPpm)
		}
	}
	v.Failed = (l.Challenges - base.Challenges) - (l.Passed - base.Passed)
	if v.Failed >= uint64(p.LostChallenges) {
		l.Lost = 1
		credit = max(credit, p.LostBps)
	}
	return credit
}

// quantile counts a window's samples and finds the bucket that 95 % of them reach: from the first bucket up, or from the last down.
func quantile(now, base []uint64, down bool) (n uint64, bucket int) {
	for i := range now {
		n += now[i] - base[i]
	}
	var c uint64
	for i := range now {
		bucket = i
		if down {
			bucket = len(now) - 1 - i
		}
		if c += now[bucket] - base[bucket]; c*100 >= 95*n {
			break
		}
	}
	return n, bucket
}

// slashWanted is the largest slash that applies, before its limits; it sets the status of an abandoned SLA.
func (t *Terms) slashWanted(l *Leaf, credit uint16, failed uint64) (wanted uint16) {
	p := &t.Protocol
	if credit >= p.BreachBps {
		n := uint8(1)
		for i := range int(p.BreachOf) - 1 {
			if l.Recent[i] >= p.BreachBps {
				n++
			}
		}
		if n >= p.BreachCount {
			wanted = p.SlashBreach
		}
	}
	if failed >= uint64(p.LostChallenges) {
		wanted = max(wanted, p.SlashLost)
	}
	if l.Dead >= p.AbandonWindows {
		wanted = max(wanted, p.SlashAbandon)
		l.Status = Abandoned
	}
	return wanted
}

// largest is the largest v ≤ limit that holds; holds falls from true to false, and 0 when nothing does.
func largest(limit uint16, holds func(uint16) bool) uint16 {
	return uint16(sort.Search(int(limit), func(i int) bool { return !holds(uint16(i + 1)) }))
}

// Median is the lower median: the value at ⌊(n−1)/2⌋ of the sorted values. It sorts in place; n ≥ 1.
func Median(v []uint32) uint32 {
	sort.Slice(v, func(i, j int) bool { return v[i] < v[j] })
	return v[(len(v)-1)/2]
}
