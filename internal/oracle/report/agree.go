package report

import (
	"bytes"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

// span is an announced maintenance, Unix seconds.
type span struct{ from, until uint64 }

// Enough is how many validators' figures it takes: 3, or all in a smaller set. Of three or more, fewer than a third of them liars, the lower median stands between two honest figures.
func Enough(validators int) int { return min(3, validators) }

// agreed is what an epoch's observations say of one unit.
type agreed struct {
	slots              []sla.Slot
	operations, errors uint64
}

// agreeSlots applies docs/spec/arithmetic.md, "Observations to slots": one observation per validator at most.
func agreeSlots(c *cert.Config, epoch uint64, obs []*Observation, announced []span) agreed {
	a := agreed{slots: make([]sla.Slot, c.SlotsPerEpoch)}
	enough := Enough(len(c.Validators))
	for i := range a.slots {
		if overlaps(c, epoch, i, announced) {
			continue
		}
		var unreachable uint64
		seen := 0
		var ppm, ttfb, kibps, operations, errors []uint32
		for _, o := range obs {
			s := o.Slots[i]
			switch s.State {
			case Unreachable:
				seen++
				unreachable += uint64(c.Validators[o.Validator].Weight)
				ppm = append(ppm, 1_000_000)
			case Reached:
				seen++
				if s.TTFB != sla.NoFigure {
					ttfb = append(ttfb, s.TTFB)
				}
				if s.KiBps != sla.NoFigure {
					kibps = append(kibps, s.KiBps)
				}
				if s.Operations > 0 {
					ppm = append(ppm, uint32(uint64(s.Errors)*1_000_000/uint64(s.Operations)))
				}
			default:
				continue
			}
			operations, errors = append(operations, s.Operations), append(errors, s.Errors)
		}
		switch {
		case c.Quorum(unreachable):
			a.slots[i].State = sla.Bad
		case seen >= enough && len(ppm) >= enough:
			a.slots[i] = sla.Slot{State: sla.Counted, ErrorPpm: sla.Median(ppm), TTFB: median(ttfb, enough), Throughput: median(kibps, enough)}
			n := sla.Median(operations)
			a.operations += uint64(n)
			a.errors += uint64(min(n, sla.Median(errors)))
		}
	}
	return a
}

func median(v []uint32, enough int) uint32 {
	if len(v) < enough {
		return sla.NoFigure
	}
	return sla.Median(v)
}

// overlaps reports whether slot i of an epoch lies in an announced maintenance, in thousandths of a second so that slots need not be whole seconds.
func overlaps(c *cert.Config, epoch uint64, i int, announced []span) bool {
	slot := uint64(c.EpochSeconds) * 1000 / uint64(c.SlotsPerEpoch)
	from := c.Start(epoch)*1000 + uint64(i)*slot
	for _, s := range announced {
		if from < s.until*1000 && s.from*1000 < from+slot {
			return true
		}
	}
	return false
}

// claim is one validator's figures of one SLA.
type claim struct {
	validator uint32
	figures   *SLAFigures
}

// agreeSLA fills the measure's possession and usage from what the validators found. Possession is two lower medians, of challenges and of failures; everyone drew the same chunks. Usage is the
// newest statement that the node signed; of two for one epoch the one that more weight saw, then the one with the smaller bytes, and both are returned as the node's fault.
func agreeSLA(c *cert.Config, epoch uint64, r *Record, claims []claim, m *sla.Measure) (usage *statement.Signed, fault [2]*statement.Signed) {
	enough := Enough(len(c.Validators))
	var challenges, failed []uint32
	type stated struct {
		*statement.Signed
		raw    []byte
		weight uint64
	}
	var said []stated
	for _, x := range claims {
		challenges = append(challenges, x.figures.Challenges)
		failed = append(failed, x.figures.Challenges-x.figures.Passed)
		s := validUsage(x.figures.Usage, epoch, r)
		if s == nil {
			continue
		}
		w := uint64(c.Validators[x.validator].Weight)
		known := false
		for i := range said {
			if bytes.Equal(said[i].raw, x.figures.Usage[:statement.UsageSize]) {
				said[i].weight += w
				known = true
			}
		}
		if !known {
			said = append(said, stated{s, x.figures.Usage[:statement.UsageSize], w})
		}
	}
	if len(challenges) >= enough {
		n := sla.Median(challenges)
		m.Challenges = uint64(n)
		m.Passed = uint64(n - min(n, sla.Median(failed)))
	}
	var best *stated
	for i := range said {
		s := &said[i]
		if best != nil && s.Epoch == best.Epoch {
			fault = [2]*statement.Signed{best.Signed, s.Signed}
		}
		if best == nil || s.Epoch > best.Epoch || s.Epoch == best.Epoch && (s.weight > best.weight || s.weight == best.weight && bytes.Compare(s.raw, best.raw) < 0) {
			best = s
		}
	}
	if best == nil {
		return nil, fault
	}
	m.ByteSeconds, m.BytesIn, m.BytesOut = best.ByteSeconds, best.BytesIn, best.BytesOut
	return best.Signed, fault
}

// validUsage is the statement, if its node signed it for this SLA and an epoch of its life up to this one.
func validUsage(b []byte, epoch uint64, r *Record) *statement.Signed {
	if len(b) == 0 {
		return nil
	}
	s, err := statement.DecodeSigned(b)
	if err != nil || s.SLA != r.SLA || s.Node != r.Node || s.Epoch > epoch || s.Verify(r.NodeKey) != nil {
		return nil
	}
	return s
}
