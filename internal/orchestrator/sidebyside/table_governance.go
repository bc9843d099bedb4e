package sidebyside

import (
	"errors"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

// Governance in the scene: the consumer has proposed to announce new code for it, and the vote runs. The guardian is the dispute's key.
const (
	votingSeconds = 3 * 86_400
	delaySeconds  = 2 * 86_400
)

var voters = []string{"consumer", "other consumer", "validator operator"}

func (s *Scene) enterGovernance() error {
	params := scval.Struct(scval.Fields{"version": scval.U32(1), "voting_seconds": scval.U64(votingSeconds), "delay_seconds": scval.U64(delaySeconds), "open_seconds": scval.U64(3 * 86_400), "threshold_bps": scval.U32(100),
		"quorum_bps": scval.U32(400), "majority_bps": scval.U32(5_000), "pause_seconds": scval.U64(86_400), "rest_seconds": scval.U64(14 * 86_400)})
	target := scval.Struct(scval.Fields{"contract": scval.Address(s.contract("registry")), "functions": scval.Vec(scval.Symbol("set_params"))})
	err := s.deployCompanion("governance", scval.Address(s.contract("staking")), scval.Address(s.contract("consumer")), s.Roles["dispute"].Arg(), params, scval.Vec(target), scval.U64(1))
	if err != nil {
		return err
	}
	if err := s.Host.Advance(1, 1); err != nil { // votes count from the second after the stake on
		return err
	}
	hash, err := actionsHash(s)
	if err != nil {
		return err
	}
	return errors.Join(s.call("consumer", "governance", "propose", s.Roles["consumer"].Arg(), hash, scval.ID([32]byte{1})), s.Host.Advance(1, 1))
}

// actions of the proposal.
func actions(s *Scene) xdr.ScVal {
	return scval.Vec(scval.Struct(scval.Fields{"target": scval.Address(s.contract("governance")), "function": scval.Symbol("upgrade_announce"), "args": scval.Vec(scval.ID(s.code))}))
}

func actionsHash(s *Scene) (xdr.ScVal, error) {
	b, err := actions(s).MarshalBinary()
	return scval.ID(canon.Hash(b)), err
}

// passed is the proposal when it can be executed.
func passed(s *Scene) error {
	for _, who := range voters[1:] {
		if err := s.call(who, "governance", "vote", s.Roles[who].Arg(), scval.U32(1), scval.U32(1)); err != nil {
			return err
		}
	}
	return s.Host.Advance(votingSeconds+delaySeconds+1, 1)
}

// executed, and its code's time has come.
func executed(s *Scene) error {
	if err := passed(s); err != nil {
		return err
	}
	return errors.Join(s.call("stranger", "governance", "execute", scval.U32(1), actions(s)), s.Host.Advance(7*86_400+60, 1))
}

// inOffice makes it the Consumer Orchestrator's admin.
func inOffice(s *Scene) error {
	return s.call("admin", "consumer", "set_admin", scval.Address(s.contract("governance")))
}

func pausing(s *Scene) error {
	return errors.Join(inOffice(s), s.call("dispute", "governance", "guardian_pause"))
}

func first(*Scene, ids.ID) []xdr.ScVal { return []xdr.ScVal{scval.U32(1)} }

var governanceDoors = []Door{
	{Contract: "governance", Function: "propose", Who: voters, Call: raw("governance", "propose", by(func(s *Scene) []xdr.ScVal {
		return []xdr.ScVal{scval.ID([32]byte{2}), scval.ID([32]byte{1})}
	}))},
	door("governance", "vote", voters, by(func(*Scene) []xdr.ScVal { return []xdr.ScVal{scval.U32(1), scval.U32(1)} })),
	door("governance", "cancel", consumer, by(func(*Scene) []xdr.ScVal { return []xdr.ScVal{scval.U32(1)} })),
	ready(door("governance", "execute", nil, anyones(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.U32(1), actions(s)} })), passed),
	asked(ready(door("governance", "guardian_pause", dispute, plain), inOffice), theDispute),
	asked(ready(door("governance", "unpause", dispute, plain), pausing), theDispute),
	ready(door("governance", "upgrade", nil, plain), executed),
	view("governance", "state", nothing, "", first),
	view("governance", "proposal", nothing, "", first),
	view("governance", "vote_of", nothing, "", about(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.U32(1), s.Roles["consumer"].Arg()} })),
	view("governance", "count", nothing, "", none),
	view("governance", "params", nothing, "", none),
	view("governance", "scale", nothing, "", none),
	view("governance", "targets", nothing, "", none),
	view("governance", "functions", nothing, "", about(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.Address(s.contract("registry"))} })),
	view("governance", "guardian", nothing, "", none),
	view("governance", "pause", nothing, "", none),
	view("governance", "upgrade_announced", nothing, "", none),
}
