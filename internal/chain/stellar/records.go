package stellar

import (
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

func readQoS(r *record) sla.QoS {
	return sla.QoS{AvailabilityPpm: r.u32("availability_ppm"), TTFBMillis: r.u32("ttfb_ms"), ThroughputKiBps: r.u32("throughput_kibps"), ErrorPpm: r.u32("error_ppm")}
}

func readUnit(r *record, id ids.ID) (orchestrator.Unit, error) {
	q, m := r.sub("qos"), r.sub("maintenance")
	u := orchestrator.Unit{
		ID: id, Provider: r.account("provider"),
		UnitSpec: orchestrator.UnitSpec{
			Node: r.b32("node"), Kind: r.u8("kind"), Capacity: r.u64("capacity"), Region: r.text("region"), Class: r.u8("class"), QoS: readQoS(q), Asset: r.account("asset"),
			StoragePrice: r.amount("storage_price"), EgressPrice: r.amount("egress_price"), CollateralBps: r.u16("collateral_bps"), AutoAccept: r.flag("auto_accept"), Listed: r.flag("listed"),
			MinEpochs: r.u32("min_epochs"), MaxEpochs: r.u32("max_epochs"), RateLimit: r.u32("rate_limit")},
		PriceVersion: r.u32("price_version"), State: orchestrator.UnitState(r.u8("state")), ReservedBytes: r.u64("reserved_bytes"), InUseBytes: r.u64("in_use_bytes"), Live: r.u32("live"),
		Maintenance: orchestrator.Maintenance{From: m.u64("from"), Until: m.u64("until"), Used: m.u64("used"), Window: m.u64("window")},
	}
	if u.State > orchestrator.UnitRetired {
		r.fail("state", "is %d", u.State)
	}
	return u, r.done(q, m)
}

func readQuote(r *record) (chain.Quote, error) {
	q := r.sub("qos")
	return chain.Quote{
		Provider: r.account("provider"), Payout: r.account("payout"), Asset: r.account("asset"), Kind: r.u8("kind"), Class: r.u8("class"), QoS: readQoS(q), RateLimit: r.u32("rate_limit"),
		PriceVersion: r.u32("price_version"), StoragePrice: r.amount("storage_price"), EgressPrice: r.amount("egress_price"), Total: r.amount("total"), Collateral: r.amount("collateral"),
		AutoAccept: r.flag("auto_accept"),
	}, r.done(q)
}

func readReservation(r *record) (orchestrator.Reservation, error) {
	v := orchestrator.Reservation{
		SLA: r.b32("sla"), Unit: r.b32("unit"), Provider: r.account("provider"), Asset: r.account("asset"), Refund: r.account("refund"), TermsHash: r.b32("terms_hash"), Volume: r.u64("volume"),
		State: orchestrator.ReservationState(r.u8("state")), Collateral: r.amount("collateral"), Coverage: r.amount("coverage"), Slash: r.amount("slash"),
		Owed: r.amount("owed"), ValidatorsOwed: r.amount("validators_due"), FundOwed: r.amount("fund_due"),
		SettledEpochs: r.u32("settled_epochs"), SettledHash: r.b32("settled_hash"), Warnings: r.u32("warnings"), StartEpoch: r.u64("start_epoch"),
		Previous: r.b32("previous"), Takes: r.u64("takes"), Reclaim: r.amount("reclaim"), ReclaimEpochs: r.u32("reclaim_epochs"),
	}
	if v.State > orchestrator.ReservationDone {
		r.fail("state", "is %d", v.State)
	}
	return v, r.done()
}

func readSLA(r *record, id ids.ID) (orchestrator.SLA, error) {
	v := orchestrator.SLA{
		ID: id, Consumer: r.account("consumer"), Provider: r.account("provider"), Payout: r.account("payout"), Asset: r.account("asset"), Unit: r.b32("unit"), TermsHash: r.b32("terms_hash"),
		State: orchestrator.SLAState(r.u8("state")), Mode: sla.Mode(r.u8("mode")), Total: r.amount("total"), Deposited: r.amount("deposited"), Escrow: r.amount("escrow"), Holdback: r.amount("holdback"),
		ProviderClaim: r.amount("provider_claim"), ConsumerClaim: r.amount("consumer_claim"), Fees: r.amount("fees"), Retention: r.amount("retention"), Bond: r.amount("bond"), Disputed: r.amount("disputed"),
		Withdrawn: r.amount("withdrawn"), Gross: r.amount("gross"), Earned: r.amount("earned"), FeeTotal: r.amount("fee_total"), Credited: r.amount("credited"), StartEpoch: r.u64("start_epoch"),
		Duration: r.u32("duration"), EndEpochs: r.u32("end_epochs"), Covered: r.u32("covered_epochs"), GraceEpochs: r.u32("grace_epochs"), RetentionEpochs: r.u32("retention_epochs"),
		AcceptBy: r.u64("accept_by"), FundBy: r.u64("fund_by"), SettledEpochs: r.u32("settled_epochs"), SettledHash: r.b32("settled_hash"),
		Windows: r.u32("windows"), Breach: r.u32("slash_bps") > 0, Terminated: r.flag("breach"), BondTotal: r.amount("bond_total"), BondTaken: r.amount("bond_taken"),
		Group: r.b32("group"), Previous: r.b32("previous"), Next: r.b32("next"),
	}
	if v.State > orchestrator.Reclaiming || v.Mode > sla.Escrow {
		r.fail("state", "is %d in mode %d", v.State, v.Mode)
	}
	return v, r.done()
}

func readParams(r *record) (orchestrator.Params, error) {
	slash, fee, payees := r.sub("slash_split"), r.sub("fee_split"), r.sub("payees")
	p := orchestrator.Params{
		Protocol: sla.Protocol{
			Version: r.u32("version"), EarlyBps: r.u16("early_bps"), ReclaimBps: r.u16("reclaim_bps"), ReclaimWindows: r.u16("reclaim_windows"), GraceEpochs: r.u32("grace_epochs"),
			RetentionEpochs: r.u32("retention_epochs"), FeeBps: r.u16("fee_bps"), HoldbackBps: r.u16("holdback_bps"), MinSamples: r.u32("min_samples"), CoveragePpm: r.u32("coverage_ppm"),
			LostBps: r.u16("lost_bps"), LostChallenges: r.u8("lost_challenges"), BreachBps: r.u16("breach_bps"), BreachCount: r.u8("breach_count"), BreachOf: r.u8("breach_of"),
			SlashBreach: r.u16("slash_breach_bps"), SlashLost: r.u16("slash_lost_bps"), SlashAbandon: r.u16("slash_abandon_bps"), AbandonWindows: r.u8("abandon_windows"),
			SlashCapBps: r.u16("slash_cap_bps"), SlashPeriod: r.u32("slash_period_epochs"),
			SlashSplit: [4]uint16{slash.u16("consumer_bps"), slash.u16("validators_bps"), slash.u16("challenger_bps"), slash.u16("fund_bps")},
			FeeSplit:   [4]uint16{fee.u16("platform_bps"), fee.u16("validators_bps"), fee.u16("fund_bps"), fee.u16("insurance_bps")}},
		FeeFlashBps: r.u16("fee_flash_bps"), Flash: r.optional("flash"), CollateralMinBps: r.u16("collateral_min_bps"), AcceptSeconds: r.u64("accept_timeout_seconds"), FundSeconds: r.u64("fund_timeout_seconds"), CloseSeconds: r.u64("close_timeout_seconds"),
		NoticeSeconds: r.u64("maintenance_notice_seconds"), QuotaSeconds: r.u64("maintenance_quota_seconds"),
		PlatformAddress: payees.account("platform"), ValidatorsAddress: payees.account("validators"), FundAddress: payees.account("fund"), InsuranceAddress: payees.account("insurance"),
	}
	nested := []*record{slash, fee, payees}
	for _, x := range r.list("availability_tiers") {
		t := newRecord("CreditTier", x)
		p.AvailabilityTiers = append(p.AvailabilityTiers, sla.AvailabilityTier{Below: t.u32("level"), Bps: t.u16("bps")})
		nested = append(nested, t)
	}
	for _, x := range r.list("excess_tiers") {
		t := newRecord("CreditTier", x)
		p.ExcessTiers = append(p.ExcessTiers, sla.ExcessTier{Ratio: t.u32("level"), Bps: t.u16("bps")})
		nested = append(nested, t)
	}
	return p, r.done(nested...)
}
