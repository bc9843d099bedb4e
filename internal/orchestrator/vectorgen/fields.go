package main

import (
	"encoding/hex"
	"fmt"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

var zeroAmount money.Amount

// fields collects name and value pairs.
type fields []field

func (f *fields) add(name string, v any) {
	s := fmt.Sprint(v)
	switch v := v.(type) {
	case []byte:
		s = hex.EncodeToString(v)
	case sla.Wide:
		s = v.Big().String()
	}
	*f = append(*f, field{name, s})
}

func termsFields(t *sla.Terms) []field {
	var f fields
	p := &t.Protocol
	f.add("network", t.Network[:])
	f.add("sla", t.SLA[:])
	f.add("consumer", t.Consumer.Bytes())
	f.add("provider", t.Provider.Bytes())
	f.add("payout", t.Payout.Bytes())
	f.add("refund", t.Refund.Bytes())
	f.add("asset", t.Asset.Bytes())
	f.add("units", uint32(len(t.Units)))
	for i, u := range t.Units {
		f.add(fmt.Sprintf("unit_%d", i), u.Unit[:])
		f.add(fmt.Sprintf("unit_%d_share_bps", i), u.Bps)
	}
	f.add("kind", t.Kind)
	f.add("volume", t.Volume)
	f.add("egress", t.Egress)
	f.add("rate_limit", t.RateLimit)
	f.add("duration", t.Duration)
	f.add("epoch_seconds", t.EpochSeconds)
	f.add("slots_per_epoch", t.SlotsPerEpoch)
	f.add("window", t.Window)
	f.add("redundancy", t.Redundancy)
	f.add("class", t.Class)
	f.add("mode", uint8(t.Mode))
	f.add("price_version", t.PriceVersion)
	f.add("storage_price", t.StoragePrice)
	f.add("egress_price", t.EgressPrice)
	f.add("collateral", t.Collateral)
	f.add("bond", t.Bond)
	f.add("early_bps", p.EarlyBps)
	f.add("reclaim_bps", p.ReclaimBps)
	f.add("reclaim_windows", p.ReclaimWindows)
	f.add("grace_epochs", p.GraceEpochs)
	f.add("retention_epochs", p.RetentionEpochs)
	f.add("previous", t.Previous)
	f.add("params_version", p.Version)
	f.add("fee_bps", p.FeeBps)
	f.add("holdback_bps", p.HoldbackBps)
	f.add("availability_ppm", t.QoS.AvailabilityPpm)
	f.add("ttfb_ms", t.QoS.TTFBMillis)
	f.add("throughput_kibps", t.QoS.ThroughputKiBps)
	f.add("error_ppm", t.QoS.ErrorPpm)
	f.add("min_samples", p.MinSamples)
	f.add("coverage_ppm", p.CoveragePpm)
	f.add("availability_tiers", len(p.AvailabilityTiers))
	for i, x := range p.AvailabilityTiers {
		f.add(fmt.Sprintf("availability_tier_%d_below", i), x.Below)
		f.add(fmt.Sprintf("availability_tier_%d_bps", i), x.Bps)
	}
	f.add("excess_tiers", len(p.ExcessTiers))
	for i, x := range p.ExcessTiers {
		f.add(fmt.Sprintf("excess_tier_%d_ratio", i), x.Ratio)
		f.add(fmt.Sprintf("excess_tier_%d_bps", i), x.Bps)
	}
	f.add("lost_bps", p.LostBps)
	f.add("lost_challenges", p.LostChallenges)
	f.add("breach_bps", p.BreachBps)
	f.add("breach_count", p.BreachCount)
	f.add("breach_of", p.BreachOf)
	f.add("slash_breach", p.SlashBreach)
	f.add("slash_lost", p.SlashLost)
	f.add("slash_abandon", p.SlashAbandon)
	f.add("abandon_windows", p.AbandonWindows)
	f.add("slash_cap_bps", p.SlashCapBps)
	f.add("slash_period", p.SlashPeriod)
	for i, name := range []string{"consumer", "validators", "challenger", "fund"} {
		f.add("slash_"+name+"_bps", p.SlashSplit[i])
	}
	for i, name := range []string{"platform", "validators", "fund", "insurance"} {
		f.add("fee_"+name+"_bps", p.FeeSplit[i])
	}
	return f
}

func leafFields(l *sla.Leaf) []field {
	var f fields
	f.add("sla", l.SLA[:])
	f.add("terms_hash", l.Terms[:])
	f.add("epochs", l.Epochs)
	f.add("slots", l.Slots)
	f.add("slots_bad", l.SlotsBad)
	f.add("slots_excluded", l.SlotsExcluded)
	f.add("slot_error_ppm", l.SlotErrorPpm)
	f.add("operations", l.Operations)
	f.add("errors", l.Errors)
	f.add("byte_seconds", l.ByteSeconds)
	f.add("bytes_in", l.BytesIn)
	f.add("bytes_out", l.BytesOut)
	for i, v := range l.TTFB {
		f.add(fmt.Sprintf("ttfb_%d", i), v)
	}
	for i, v := range l.Throughput {
		f.add(fmt.Sprintf("throughput_%d", i), v)
	}
	f.add("challenges", l.Challenges)
	f.add("passed", l.Passed)
	f.add("windows", l.Windows)
	f.add("judged_epochs", l.JudgedEpochs)
	f.add("judged_out", l.JudgedOut)
	f.add("price_credit_epochs", l.PriceCreditEpochs)
	f.add("price_credit_out", l.PriceCreditOut)
	f.add("collateral_credit_epochs", l.CollateralCreditEpochs)
	f.add("collateral_credit_out", l.CollateralCreditOut)
	f.add("breaches", l.Breaches)
	f.add("slash_bps", l.SlashBps)
	for i, v := range l.Causes {
		f.add(fmt.Sprintf("cause_%d", i), v)
	}
	f.add("warnings", l.Warnings)
	f.add("recent_0", l.Recent[0])
	f.add("recent_1", l.Recent[1])
	f.add("dead", l.Dead)
	f.add("armed", l.Armed)
	f.add("window_flags", l.WindowFlags)
	f.add("lost", l.Lost)
	f.add("status", uint8(l.Status))
	return f
}
