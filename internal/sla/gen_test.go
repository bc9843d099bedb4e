package sla

import (
	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

func accounts(t *rapid.T) ids.Account {
	a := ids.Account{Chain: ids.Stellar, Kind: ids.AccountKind(rapid.IntRange(0, 1).Draw(t, "kind"))}
	copy(a.Address[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "address"))
	return a
}

func amountUpTo(t *rapid.T, most uint64, name string) money.Amount {
	return money.Must(u(rapid.Uint64Range(0, most).Draw(t, name)))
}

func bps(t *rapid.T, name string) uint16 { return rapid.Uint16Range(0, 10_000).Draw(t, name) }

func split4(t *rapid.T) (s [4]uint16) {
	left := uint16(10_000)
	for i := 1; i < 4; i++ {
		s[i] = rapid.Uint16Range(0, left).Draw(t, "share")
		left -= s[i]
	}
	s[0] = left
	return s
}

// anyTerms are valid terms of a short life, from dust to the limits.
func anyTerms(t *rapid.T) *Terms {
	x := &Terms{Consumer: accounts(t), Provider: accounts(t), Payout: accounts(t), Refund: accounts(t), Asset: accounts(t), Units: []Share{{Bps: 10_000}}, Kind: 1, Redundancy: 1,
		Volume: rapid.Uint64Range(1, MaxVolume).Draw(t, "volume"), Egress: rapid.Uint64Range(0, MaxEgress).Draw(t, "egress"), Duration: rapid.Uint32Range(1, 40).Draw(t, "duration"),
		EpochSeconds: rapid.Uint32Range(1, 86_400).Draw(t, "epoch seconds"), SlotsPerEpoch: rapid.Uint32Range(1, 6).Draw(t, "slots"), Window: rapid.Uint32Range(1, 9).Draw(t, "window"),
		Mode: Mode(rapid.IntRange(0, 1).Draw(t, "mode")), StoragePrice: amountUpTo(t, 1<<63, "storage price"), EgressPrice: amountUpTo(t, 1<<63, "egress price"),
		QoS:      QoS{AvailabilityPpm: rapid.SampledFrom([]uint32{0, 900_000, 990_000, 999_000, 1_000_000}).Draw(t, "target"), TTFBMillis: rapid.Uint32Range(0, 500).Draw(t, "ttfb"), ThroughputKiBps: rapid.Uint32Range(0, 9_000).Draw(t, "kibps"), ErrorPpm: 10_000},
		Protocol: DefaultProtocol(rapid.Uint32Range(1, 20).Draw(t, "period"))}
	if rapid.Bool().Draw(t, "small") {
		x.Volume, x.Egress = x.Volume>>30+1, x.Egress>>30
		x.StoragePrice, x.EgressPrice = amountUpTo(t, 100_000, "price"), amountUpTo(t, 100_000, "price")
	}
	if n := rapid.IntRange(0, MaxUnits).Draw(t, "units"); n > 1 {
		x.Redundancy, x.Units = uint8(rapid.IntRange(1, n).Draw(t, "redundancy")), nil
		for i := range n {
			x.Units = append(x.Units, Share{Unit: ids.ID{1, byte(i)}, Bps: rapid.Uint16Range(1, 10_000).Draw(t, "share")})
		}
	}
	x.SLA[0], x.SLA[2], x.Network[0] = 9, 3, rapid.Byte().Draw(t, "network")
	p := &x.Protocol
	p.FeeBps, p.HoldbackBps, p.MinSamples = rapid.Uint16Range(0, 1_000).Draw(t, "fee"), bps(t, "holdback"), 3
	p.CoveragePpm = rapid.SampledFrom([]uint32{0, 500_000, 900_000}).Draw(t, "coverage")
	p.AbandonWindows, p.SlashSplit, p.FeeSplit = rapid.Uint8Range(1, 4).Draw(t, "abandon"), split4(t), split4(t)
	x.Protocol = p.For(x.Mode, x.QoS.AvailabilityPpm)
	x.Collateral = x.TotalPrice().Bps(uint32(rapid.Uint16Range(0, 12_000).Draw(t, "collateral")))
	return x
}

// anyMeasure of an epoch: good, bad, or nothing.
func anyMeasure(t *rapid.T, x *Terms, l *Leaf) *Measure {
	if rapid.IntRange(0, 9).Draw(t, "silent") == 0 {
		return nil
	}
	m := &Measure{Operations: rapid.Uint64Range(0, 50).Draw(t, "operations"), Challenges: rapid.Uint64Range(0, 3).Draw(t, "challenges"),
		BytesIn: l.BytesIn + rapid.Uint64Range(0, 1<<40).Draw(t, "in"), BytesOut: l.BytesOut + rapid.Uint64Range(0, x.Egress/8+2).Draw(t, "out")}
	m.Errors, m.Passed = rapid.Uint64Range(0, 50).Draw(t, "errors"), rapid.Uint64Range(0, 3).Draw(t, "passed")
	m.ByteSeconds = l.ByteSeconds.AddProduct(rapid.Uint64Range(0, x.Volume).Draw(t, "stored"), uint64(x.EpochSeconds))
	for range x.SlotsPerEpoch {
		s := Slot{State: SlotState(rapid.SampledFrom([]int{0, 1, 1, 1, 1, 1, 2, 2}).Draw(t, "state")), TTFB: rapid.Uint32Range(0, 2_000).Draw(t, "ms"), Throughput: rapid.Uint32Range(0, 70_000).Draw(t, "kibps")}
		if rapid.IntRange(0, 3).Draw(t, "clean") == 0 {
			s.ErrorPpm = rapid.Uint32Range(0, 1_200_000).Draw(t, "ppm")
		}
		m.Slots = append(m.Slots, s)
	}
	return m
}

// life is every leaf of an SLA, the zero leaf first, and the verdicts on the way.
func life(t *rapid.T, x *Terms) (leaves []Leaf, verdicts []*Verdict) {
	leaves = []Leaf{Zero(x)}
	base := leaves[0]
	for l := base; l.Status == Running; {
		next, v := x.Advance(l, &base, anyMeasure(t, x, &l), x.Duration)
		if v != nil {
			base = next
		}
		l = next
		leaves, verdicts = append(leaves, next), append(verdicts, v)
	}
	return leaves, verdicts
}
