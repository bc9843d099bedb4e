package sidebyside

import (
	"errors"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

func scoreParams(version uint32) xdr.ScVal {
	return scval.Struct(scval.Fields{"version": scval.U32(version), "cap": scval.U32(1_000), "severity": scval.U32(20)})
}

// enterScore weighs fees in the scene's asset. Disputes are lost to the dispute's key: what it says then has effects that are seen, where the Dispute contract does not ask whether it was heard.
func (s *Scene) enterScore() error {
	c := s.Chain.Contracts()
	if err := s.deployCompanion("score", s.Roles["admin"].Arg(), scval.Address(c.Provider), scval.Address(c.Consumer), scoreParams(1)); err != nil {
		return err
	}
	return errors.Join(s.call("admin", "score", "set_unit", scval.Address(s.Asset), scval.I128(1_000_000)), s.call("admin", "score", "wire", s.Roles["dispute"].Arg()))
}

// settledLeaf is what of an SLA can be recorded at first: all that is settled. An SLA of which nothing is has the zero leaf.
func (s *Scene) settledLeaf(id ids.ID) []xdr.ScVal {
	t, _ := s.World.State.Terms(id)
	zero := sla.Zero(t)
	to := zero
	if x, ok := s.before[id]; ok {
		to = x.to
	}
	return []xdr.ScVal{scval.ID(id), scval.Bytes(zero.Bytes()), scval.Bytes(to.Bytes())}
}

// recorded is the SLA that is Mature.
func recorded(s *Scene) error {
	return s.call("stranger", "score", "record", s.settledLeaf(s.SLAs[mature])...)
}

func scoreOf(name string) func(s *Scene) []xdr.ScVal {
	return func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.Roles[name].Arg(), scval.U64(s.Host.Now())} }
}

func theAsset(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.Address(s.Asset)} }

var scoreDoors = []Door{
	{Contract: "score", Function: "record", About: anSLA, State: mature, Call: raw("score", "record", func(s *Scene, _ ids.Account, id ids.ID) []xdr.ScVal { return s.settledLeaf(id) })},
	{Contract: "score", Function: "ruled", Who: dispute, By: theDispute, About: anSLA, State: mature, Call: raw("score", "ruled", func(s *Scene, _ ids.Account, id ids.ID) []xdr.ScVal {
		return []xdr.ScVal{scval.ID([32]byte{3}), scval.ID(id), s.Roles["provider"].Arg()}
	})},
	ready(view("score", "provider", nothing, "", about(scoreOf("provider"))), recorded),
	ready(view("score", "consumer", nothing, "", about(scoreOf("consumer"))), recorded),
	ready(view("score", "pairs", nothing, "", about(role("provider"))), recorded),
	view("score", "recorded", anSLA, mature, byID),
	view("score", "unit", nothing, "", about(theAsset)),
	view("score", "params", nothing, "", none),
	view("score", "upgrade_announced", nothing, "", none),
	ready(door("score", "extend", nil, anyones(role("provider"))), recorded),
	ready(Door{Contract: "score", Function: "extend_sla", About: anSLA, State: mature, Call: raw("score", "extend_sla", theID)}, recorded),
	asked(door("score", "set_unit", anAdmin, anyones(func(s *Scene) []xdr.ScVal { return append(theAsset(s), scval.I128(5)) })), theAdmin),
	asked(door("score", "set_params", anAdmin, anyones(func(*Scene) []xdr.ScVal { return []xdr.ScVal{scoreParams(2)} })), theAdmin),
	asked(door("score", "wire", anAdmin, anyones(role("stranger"))), theAdmin),
	asked(door("score", "set_admin", anAdmin, anyones(role("stranger"))), theAdmin),
	asked(door("score", "upgrade_announce", anAdmin, newCode), theAdmin),
	asked(ready(door("score", "upgrade", anAdmin, plain), announced("score")), theAdmin),
}
