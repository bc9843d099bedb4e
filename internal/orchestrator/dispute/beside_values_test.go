package dispute_test

import (
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/sla"
)

func configValue(c *cert.Config) xdr.ScVal {
	var l []xdr.ScVal
	for _, v := range c.Validators {
		l = append(l, direct.Struct(direct.Fields{"key": direct.Bytes(v.Key[:]), "weight": direct.U32(v.Weight), "operator": direct.Address(v.Operator)}))
	}
	return direct.Struct(direct.Fields{"version": direct.U32(c.Version), "genesis": direct.U64(c.Genesis), "epoch_seconds": direct.U32(c.EpochSeconds), "slots_per_epoch": direct.U32(c.SlotsPerEpoch),
		"window_epochs": direct.U32(c.WindowEpochs), "validators": direct.Vec(l...)})
}

func paramsValue(p *dispute.Params) xdr.ScVal {
	return direct.Struct(direct.Fields{"version": direct.U32(p.Version), "bond": direct.Amount(p.Bond), "juror_fee": direct.Amount(p.JurorFee), "arbiter_stake": direct.Amount(p.ArbiterStake), "panel": direct.U32(p.Panel),
		"evidence_seconds": direct.U64(p.EvidenceSeconds), "commit_seconds": direct.U64(p.CommitSeconds), "reveal_seconds": direct.U64(p.RevealSeconds), "appeal_seconds": direct.U64(p.AppealSeconds),
		"max_age_seconds": direct.U64(p.MaxAgeSeconds), "quorum_bps": direct.U32(p.QuorumBps), "slash_equivocation_bps": direct.U32(p.SlashEquivocationBps), "fund": direct.Address(p.Fund)})
}

// reservationValue has of a reservation what the contract reads, and something in the other fields.
func reservationValue(t *sla.Terms, r *dispute.Reservation) xdr.ScVal {
	zero, state := direct.ID([32]byte{}), uint32(2)
	if r.Done {
		state = 3
	}
	f := direct.Fields{"sla": direct.ID(t.SLA), "unit": direct.ID(r.Unit), "provider": direct.Address(r.Provider), "asset": direct.Address(t.Asset), "refund": direct.Address(t.Refund), "terms_hash": zero,
		"volume": direct.U64(t.Volume), "state": direct.U32(state), "settled_epochs": direct.U32(r.SettledEpochs), "settled_hash": zero, "warnings": direct.U32(0), "start_epoch": direct.U64(r.StartEpoch)}
	for _, amount := range []string{"collateral", "coverage", "slash", "owed", "validators_due", "fund_due"} {
		f[amount] = direct.I128(0)
	}
	return direct.Struct(f)
}
