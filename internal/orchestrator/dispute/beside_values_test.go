package dispute_test

import (
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/scval"
)

func configValue(c *cert.Config) xdr.ScVal {
	var l []xdr.ScVal
	for _, v := range c.Validators {
		l = append(l, scval.Struct(scval.Fields{"key": scval.Bytes(v.Key[:]), "weight": scval.U32(v.Weight), "operator": scval.Address(v.Operator)}))
	}
	return scval.Struct(scval.Fields{"version": scval.U32(c.Version), "genesis": scval.U64(c.Genesis), "epoch_seconds": scval.U32(c.EpochSeconds), "slots_per_epoch": scval.U32(c.SlotsPerEpoch),
		"window_epochs": scval.U32(c.WindowEpochs), "validators": scval.Vec(l...)})
}

func paramsValue(p *dispute.Params) xdr.ScVal {
	return scval.Struct(scval.Fields{"version": scval.U32(p.Version), "bond": scval.Amount(p.Bond), "juror_fee": scval.Amount(p.JurorFee), "arbiter_stake": scval.Amount(p.ArbiterStake), "panel": scval.U32(p.Panel),
		"evidence_seconds": scval.U64(p.EvidenceSeconds), "commit_seconds": scval.U64(p.CommitSeconds), "reveal_seconds": scval.U64(p.RevealSeconds), "appeal_seconds": scval.U64(p.AppealSeconds),
		"max_age_seconds": scval.U64(p.MaxAgeSeconds), "quorum_bps": scval.U32(p.QuorumBps), "slash_equivocation_bps": scval.U32(p.SlashEquivocationBps), "fund": scval.Address(p.Fund)})
}

// reservationValue has of a reservation what the contract reads.
func reservationValue(r *dispute.Reservation) xdr.ScVal {
	state := uint32(2)
	if r.Done {
		state = 3
	}
	return scval.Struct(scval.Fields{"unit": scval.ID(r.Unit), "provider": scval.Address(r.Provider), "state": scval.U32(state), "settled_epochs": scval.U32(r.SettledEpochs), "start_epoch": scval.U64(r.StartEpoch)})
}
