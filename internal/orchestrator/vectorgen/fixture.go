package main

import (
	"encoding/hex"
	"math/rand/v2"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// raw bytes are hexadecimal in JSON.
type raw []byte

func (r raw) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(r)), nil }
func (r *raw) UnmarshalText(b []byte) (err error) {
	*r, err = hex.DecodeString(string(b))
	return err
}

func b32(h [32]byte) raw { return h[:] }

// seeded is a source whose numbers depend on the name only, so that a new case leaves the others as they were.
func seeded(name string) *rand.Rand { return rand.New(rand.NewChaCha8(canon.Hash([]byte(name)))) }

func account(kind ids.AccountKind, name string) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: kind, Address: canon.Hash([]byte("account " + name))}
}

var (
	network  = canon.Hash([]byte("Flashback vectors"))
	oracle   = account(ids.Contract, "oracle")
	po       = account(ids.Contract, "provider orchestrator")
	co       = account(ids.Contract, "consumer orchestrator")
	token    = account(ids.Contract, "token")
	consumer = account(ids.KeyAccount, "consumer")
	provider = account(ids.KeyAccount, "provider")
)

func nonce(name string) [32]byte { return canon.Hash([]byte("nonce " + name)) }

const gib = 1 << 30

// terms of a plain SLA: 100 GiB, 50 GiB of egress, 48 epochs of an hour in windows of 12, with 10 % of the price as collateral; change alters them before the collateral is computed.
func terms(change ...func(*sla.Terms)) *sla.Terms {
	unit := ids.UnitID(po, provider, nonce("unit"))
	t := &sla.Terms{
		Network: network, SLA: ids.SLAID(co, consumer, nonce("sla")), Consumer: consumer, Provider: provider, Payout: account(ids.KeyAccount, "payout"), Refund: account(ids.KeyAccount, "refund"),
		Asset: token, Units: []sla.Share{{Unit: unit, Bps: 10_000}}, Kind: 1, Volume: 100 * gib, Egress: 50 * gib, RateLimit: 100, Duration: 48,
		EpochSeconds: 3600, SlotsPerEpoch: 12, Window: 12, Redundancy: 1, Class: 0, Mode: sla.Stream, PriceVersion: 1,
		StoragePrice: money.Of(12_345), EgressPrice: money.Of(98_765),
		QoS:      sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 100, ThroughputKiBps: 1024, ErrorPpm: 1_000},
		Protocol: sla.DefaultProtocol(24),
	}
	t.Protocol.MinSamples, t.Protocol.GraceEpochs, t.Protocol.RetentionEpochs = 20, 6, 5
	for _, f := range change {
		f(t)
	}
	t.Protocol = t.Protocol.For(t.Mode, t.QoS.AvailabilityPpm)
	if t.Bond.Sign() == 0 {
		t.Bond = t.TotalPrice().Bps(uint32(t.Protocol.EarlyBps))
	}
	if t.Collateral.Sign() == 0 {
		t.Collateral = t.TotalPrice().Bps(1_000)
	}
	return t
}

func escrow(t *sla.Terms) { t.Mode = sla.Escrow }

func largest(t *sla.Terms) {
	t.Volume, t.Egress, t.Duration, t.EpochSeconds, t.Window, t.SlotsPerEpoch = sla.MaxVolume, sla.MaxEgress, 1<<18, 1<<12, 1<<10, 1
	t.StoragePrice, t.EgressPrice = money.Must(pow2less1(63)), money.Must(pow2less1(63))
	t.Collateral = money.Must(pow2less1(100))
	t.Protocol.EarlyBps, t.Protocol.ReclaimBps, t.Protocol.ReclaimWindows = 10_000, 10_000, 1_000
	t.Previous = canon.Hash([]byte("previous"))
}

// leaf with plausible random numbers in every field.
func leaf(t *sla.Terms, r *rand.Rand) sla.Leaf {
	l := sla.Zero(t)
	l.Epochs = 1 + uint32(r.Uint64N(uint64(t.Duration)))
	l.Windows = l.Epochs / t.Window
	l.JudgedEpochs = l.Windows * t.Window
	l.Slots = uint64(l.Epochs) * uint64(t.SlotsPerEpoch)
	l.SlotsBad, l.SlotsExcluded = l.Slots/10, l.Slots/20
	l.SlotErrorPpm = l.SlotsBad*1_000_000 + r.Uint64N(1_000_000)
	l.Operations = r.Uint64N(1 << 40)
	l.Errors = l.Operations / 1000
	l.ByteSeconds = sla.Wide{}.AddProduct(t.Volume, uint64(l.Epochs)*uint64(t.EpochSeconds))
	l.BytesIn, l.BytesOut = r.Uint64N(1<<50), r.Uint64N(t.Egress+1)
	l.JudgedOut = r.Uint64N(l.BytesOut + 1)
	for i := range l.TTFB {
		l.TTFB[i] = r.Uint64N(1000)
	}
	for i := range l.Throughput {
		l.Throughput[i] = r.Uint64N(1000)
	}
	l.Challenges = r.Uint64N(1 << 20)
	l.Passed = l.Challenges - r.Uint64N(min(3, l.Challenges+1))
	h := uint64(t.Protocol.HoldbackBps)
	credit := r.Uint64N(h + 1)
	l.PriceCreditEpochs = credit * uint64(l.JudgedEpochs)
	l.PriceCreditOut = sla.Wide{}.AddProduct(credit, l.JudgedOut)
	rest := r.Uint64N(10_000 - credit + 1)
	l.CollateralCreditEpochs = rest * uint64(l.JudgedEpochs)
	l.CollateralCreditOut = sla.Wide{}.AddProduct(rest, l.JudgedOut)
	l.Breaches, l.SlashBps = l.Windows/2, uint32(r.Uint64N(10_001))
	l.Causes[sla.Provider] = l.Windows / 2
	l.Causes[sla.None] = l.Windows - l.Windows/2
	l.Warnings = 2 * l.Windows
	l.Recent = [2]uint16{uint16(credit), uint16(rest)}
	l.Dead, l.Armed, l.WindowFlags = uint8(r.Uint64N(6)), uint8(r.Uint64N(4)), uint8(r.Uint64N(8))
	return l
}
