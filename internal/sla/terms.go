package sla

import (
	"fmt"
	"math/big"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Mode is how the provider is paid.
type Mode uint8

const (
	Stream Mode = 0 // what certified epochs earned may be drawn at any time, less the holdback
	Escrow Mode = 1 // paid when the window is judged: everything is held back until then
)

// String is "stream" or "escrow".
func (m Mode) String() string {
	if m == Escrow {
		return "escrow"
	}
	return "stream"
}

// Limits of terms: within them no product of the arithmetic leaves 256 bits and no amount 127.
const (
	MaxVolume  = 1 << 50
	MaxEgress  = 1 << 54
	MaxSeconds = 1 << 30 // duration · epoch seconds
	MaxTiers   = 8
	MaxUnits   = 6 // of a joint SLA
)

// MaxPrice of a GiB·day or a GiB, and MaxCollateral of an SLA, in smallest units.
var (
	MaxPrice      = money.Must(new(big.Int).Lsh(big.NewInt(1), 63))
	MaxCollateral = money.Must(new(big.Int).Lsh(big.NewInt(1), 100))
)

// Share of an SLA in a Data Unit.
type Share struct {
	Unit ids.ID
	Bps  uint16
}

// AvailabilityTier credits Bps of a window's gross when availability is below Below (ppm).
type AvailabilityTier struct {
	Below uint32
	Bps   uint16
}

// ExcessTier credits Bps when a figure exceeds its target by more than Ratio percent (100: at all).
type ExcessTier struct {
	Ratio uint32
	Bps   uint16
}

// Protocol is the part of the terms that the protocol's parameters set, the same for all SLAs that began under one version.
type Protocol struct {
	Version           uint32
	EarlyBps          uint16 // what an early end by the consumer costs it, of the storage that it leaves unused; of the total price it is the bond
	ReclaimBps        uint16 // the same for the provider, out of the collateral
	ReclaimWindows    uint16 // from the running window's end to the end of an SLA that its provider reclaims
	GraceEpochs       uint32 // before Retention, in which money runs low and everything still works
	RetentionEpochs   uint32 // the last that are paid for, in which nothing is written
	FeeBps            uint16
	HoldbackBps       uint16 // in stream mode
	MinSamples        uint32
	CoveragePpm       uint32
	AvailabilityTiers []AvailabilityTier // of parameters, Below 0 stands for the unit's target: see For
	ExcessTiers       []ExcessTier
	LostBps           uint16
	LostChallenges    uint8
	BreachBps         uint16
	BreachCount       uint8
	BreachOf          uint8 // 1 to 3
	SlashBreach       uint16
	SlashLost         uint16
	SlashAbandon      uint16
	AbandonWindows    uint8
	SlashCapBps       uint16
	SlashPeriod       uint32
	SlashSplit        [4]uint16 // consumer, validators, challenger, fund
	FeeSplit          [4]uint16 // platform, validators, fund, insurance
}

// DefaultProtocol has the design's parameters; period is a day in epochs.
func DefaultProtocol(period uint32) Protocol {
	return Protocol{
		Version: 1, EarlyBps: 1_000, ReclaimBps: 1_000, ReclaimWindows: 2, FeeBps: 200, HoldbackBps: 2_000, MinSamples: 200, CoveragePpm: 900_000,
		AvailabilityTiers: []AvailabilityTier{{0, 1_000}, {990_000, 2_500}, {950_000, 10_000}},
		ExcessTiers:       []ExcessTier{{100, 500}, {120, 1_500}, {200, 3_000}},
		LostBps:           10_000, LostChallenges: 3, BreachBps: 2_500, BreachCount: 2, BreachOf: 3,
		SlashBreach: 1_000, SlashLost: 5_000, SlashAbandon: 10_000, AbandonWindows: 6,
		SlashCapBps: 2_500, SlashPeriod: period,
		SlashSplit: [4]uint16{7_000, 1_000, 1_000, 1_000}, FeeSplit: [4]uint16{4_000, 3_000, 2_000, 1_000},
	}
}

// For is the protocol as the terms of an SLA have it: its availability table with the unit's target in it and no line above the target, so that a kept promise never costs;
// in escrow mode everything is held back.
func (p Protocol) For(mode Mode, target uint32) Protocol {
	tiers := make([]AvailabilityTier, len(p.AvailabilityTiers))
	for i, x := range p.AvailabilityTiers {
		if x.Below == 0 {
			x.Below = target
		}
		tiers[i] = AvailabilityTier{min(x.Below, target), x.Bps}
	}
	p.AvailabilityTiers = tiers
	if mode == Escrow {
		p.HoldbackBps = 10_000
	}
	return p
}

// QoS is a unit's promise.
type QoS struct {
	AvailabilityPpm uint32 `json:"availabilityPpm"`
	TTFBMillis      uint32 `json:"ttfbMs"`          // p95; 0: none
	ThroughputKiBps uint32 `json:"throughputKibps"` // 95 % of slots at least; 0: none
	ErrorPpm        uint32 `json:"errorPpm"`        // 0: none
}

// Terms of an SLA. Prices are in smallest units: per GiB·day of reserved volume and per GiB read.
type Terms struct {
	Network                             [32]byte
	SLA                                 ids.ID
	Consumer, Provider, Payout, Refund  ids.Account
	Asset                               money.Asset
	Units                               []Share // its own first, then the others of its joint SLA
	Kind                                uint8
	Volume, Egress                      uint64
	RateLimit                           uint32
	Duration                            uint32 // epochs
	EpochSeconds, SlotsPerEpoch, Window uint32
	Redundancy, Class                   uint8 // the data survives the loss of any Redundancy − 1 units
	Mode                                Mode
	PriceVersion                        uint32
	StoragePrice, EgressPrice           money.Amount
	Collateral                          money.Amount
	Bond                                money.Amount // EarlyBps of the total price, paid in before anything else
	Previous                            ids.ID       // the SLA that this one renews or was split off; zero: none
	Protocol                            Protocol     // HoldbackBps is 10,000 in escrow mode
	QoS                                 QoS
}

const termsTag = "FLASHBACK-TERMS-v2"

// Bytes is the canonical encoding of valid terms.
func (t *Terms) Bytes() []byte {
	p := &t.Protocol
	w := canon.Tagged(termsTag).Raw(t.Network[:]).Raw(t.SLA[:])
	for _, a := range []ids.Account{t.Consumer, t.Provider, t.Payout, t.Refund, t.Asset} {
		w.Raw(a.Bytes())
	}
	w.U32(uint32(len(t.Units)))
	for _, u := range t.Units {
		w.Raw(u.Unit[:]).U16(u.Bps)
	}
	w.U8(t.Kind).U64(t.Volume).U64(t.Egress).U32(t.RateLimit).U32(t.Duration)
	w.U32(t.EpochSeconds).U32(t.SlotsPerEpoch).U32(t.Window).U8(t.Redundancy).U8(t.Class).U8(uint8(t.Mode)).U32(t.PriceVersion)
	w.U128(t.StoragePrice.Big()).U128(t.EgressPrice.Big()).U128(t.Collateral.Big())
	w.U128(t.Bond.Big()).U16(p.EarlyBps).U16(p.ReclaimBps).U16(p.ReclaimWindows).U32(p.GraceEpochs).U32(p.RetentionEpochs).Raw(t.Previous[:])
	w.U32(p.Version).U16(p.FeeBps).U16(p.HoldbackBps)
	w.U32(t.QoS.AvailabilityPpm).U32(t.QoS.TTFBMillis).U32(t.QoS.ThroughputKiBps).U32(t.QoS.ErrorPpm)
	w.U32(p.MinSamples).U32(p.CoveragePpm)
	w.U32(uint32(len(p.AvailabilityTiers)))
	for _, x := range p.AvailabilityTiers {
		w.U32(x.Below).U16(x.Bps)
	}
	w.U32(uint32(len(p.ExcessTiers)))
	for _, x := range p.ExcessTiers {
		w.U32(x.Ratio).U16(x.Bps)
	}
	w.U16(p.LostBps).U8(p.LostChallenges).U16(p.BreachBps).U8(p.BreachCount).U8(p.BreachOf)
	w.U16(p.SlashBreach).U16(p.SlashLost).U16(p.SlashAbandon).U8(p.AbandonWindows).U16(p.SlashCapBps).U32(p.SlashPeriod)
	for _, s := range [][4]uint16{p.SlashSplit, p.FeeSplit} {
		for _, x := range s {
			w.U16(x)
		}
	}
	return w.Bytes()
}

// Hash of the terms.
func (t *Terms) Hash() [32]byte { return canon.Hash(t.Bytes()) }

// DecodeTerms reads and validates terms.
func DecodeTerms(b []byte) (*Terms, error) {
	r := canon.Read(termsTag, b)
	t := &Terms{Network: r.B32(), SLA: r.B32()}
	for _, a := range []*ids.Account{&t.Consumer, &t.Provider, &t.Payout, &t.Refund, &t.Asset} {
		*a = ids.ReadAccount(r)
	}
	for range r.Count(MaxUnits) {
		t.Units = append(t.Units, Share{r.B32(), r.U16()})
	}
	t.Kind, t.Volume, t.Egress, t.RateLimit, t.Duration = r.U8(), r.U64(), r.U64(), r.U32(), r.U32()
	t.EpochSeconds, t.SlotsPerEpoch, t.Window = r.U32(), r.U32(), r.U32()
	t.Redundancy, t.Class, t.Mode, t.PriceVersion = r.U8(), r.U8(), Mode(r.U8()), r.U32()
	t.StoragePrice, t.EgressPrice, t.Collateral = amount(r), amount(r), amount(r)
	p := &t.Protocol
	t.Bond, p.EarlyBps, p.ReclaimBps, p.ReclaimWindows, p.GraceEpochs, p.RetentionEpochs, t.Previous = amount(r), r.U16(), r.U16(), r.U16(), r.U32(), r.U32(), r.B32()
	p.Version, p.FeeBps, p.HoldbackBps = r.U32(), r.U16(), r.U16()
	t.QoS = QoS{r.U32(), r.U32(), r.U32(), r.U32()}
	p.MinSamples, p.CoveragePpm = r.U32(), r.U32()
	for range r.Count(MaxTiers) {
		p.AvailabilityTiers = append(p.AvailabilityTiers, AvailabilityTier{r.U32(), r.U16()})
	}
	for range r.Count(MaxTiers) {
		p.ExcessTiers = append(p.ExcessTiers, ExcessTier{r.U32(), r.U16()})
	}
	p.LostBps, p.LostChallenges, p.BreachBps, p.BreachCount, p.BreachOf = r.U16(), r.U8(), r.U16(), r.U8(), r.U8()
	p.SlashBreach, p.SlashLost, p.SlashAbandon, p.AbandonWindows = r.U16(), r.U16(), r.U16(), r.U8()
	p.SlashCapBps, p.SlashPeriod = r.U16(), r.U32()
	for _, s := range []*[4]uint16{&p.SlashSplit, &p.FeeSplit} {
		for i := range s {
			s[i] = r.U16()
		}
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return t, nil
}

func amount(r *canon.Reader) money.Amount {
	a, err := money.FromBig(r.U128())
	if err != nil {
		r.Fail("%v", err)
	}
	return a
}

// Validate checks the bounds that the arithmetic relies on.
func (t *Terms) Validate() error {
	p := &t.Protocol
	sum := func(s [4]uint16) int { return int(s[0]) + int(s[1]) + int(s[2]) + int(s[3]) }
	within := func(a, most money.Amount) bool { return a.Sign() >= 0 && !most.Less(a) }
	atMost := func(l uint16, more ...uint16) bool {
		for _, v := range append(more, l) {
			if v > 10_000 {
				return false
			}
		}
		return true
	}
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{sharesValid(t.Units), "one to six units, one alone with all of the volume"},
		{t.Kind == 1 || t.Kind == 2, "kind"},
		{t.Volume > 0 && t.Volume <= MaxVolume, "volume"},
		{t.Egress <= MaxEgress, "egress"},
		{t.Duration > 0 && t.EpochSeconds > 0 && uint64(t.Duration)*uint64(t.EpochSeconds) <= MaxSeconds, "duration"},
		{t.SlotsPerEpoch > 0 && t.Window > 0, "slots and window"},
		{t.Redundancy >= 1 && int(t.Redundancy) <= len(t.Units), "redundancy"},
		{t.Mode <= Escrow, "mode"},
		{within(t.StoragePrice, MaxPrice) && within(t.EgressPrice, MaxPrice) && within(t.Collateral, MaxCollateral) && within(t.Bond, MaxCollateral), "prices, collateral and bond"},
		{atMost(p.EarlyBps, p.ReclaimBps, p.FeeBps, p.HoldbackBps, p.LostBps, p.SlashBreach, p.SlashLost, p.SlashAbandon, p.SlashCapBps), "basis points"},
		{t.Mode == Stream || p.HoldbackBps == 10_000, "holdback in escrow mode"},
		{p.CoveragePpm <= 1_000_000 && t.QoS.AvailabilityPpm <= 1_000_000 && t.QoS.ErrorPpm <= 1_000_000, "parts per million"},
		{p.BreachBps >= 1 && p.BreachOf >= 1 && p.BreachOf <= 3 && p.BreachCount >= 1 && p.BreachCount <= p.BreachOf, "breach rule"},
		{p.SlashPeriod > 0 && p.LostChallenges > 0 && p.AbandonWindows > 0, "slash rule"},
		{sum(p.SlashSplit) == 10_000 && sum(p.FeeSplit) == 10_000, "splits"},
		{len(p.AvailabilityTiers) <= MaxTiers && len(p.ExcessTiers) <= MaxTiers, "tiers"},
	} {
		if !c.ok {
			return fmt.Errorf("%w: terms: %s", canon.ErrMalformed, c.what)
		}
	}
	for _, x := range p.AvailabilityTiers {
		if x.Bps > 10_000 || x.Below > 1_000_000 {
			return fmt.Errorf("%w: terms: availability tier", canon.ErrMalformed)
		}
	}
	for _, x := range p.ExcessTiers {
		if x.Bps > 10_000 || x.Ratio < 100 || x.Ratio > 1_000_000 {
			return fmt.Errorf("%w: terms: excess tier", canon.ErrMalformed)
		}
	}
	return nil
}

func sharesValid(l []Share) bool {
	for _, s := range l {
		if s.Bps == 0 || s.Bps > 10_000 {
			return false
		}
	}
	return len(l) >= 1 && len(l) <= MaxUnits && (len(l) > 1 || l[0].Bps == 10_000)
}

// k is the storage price of one epoch, times S.
func (t *Terms) k() *big.Int {
	k := t.StoragePrice.Big()
	k.Mul(k, new(big.Int).SetUint64(t.Volume))
	return k.Mul(k, big.NewInt(int64(t.EpochSeconds)))
}
