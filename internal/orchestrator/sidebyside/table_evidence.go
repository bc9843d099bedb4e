package sidebyside

import (
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	disputes "github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/scval"
)

// equivocation is two observations of one unit and epoch that the first validator signed.
func equivocation(s *Scene) []xdr.ScVal {
	unit := s.Units["InUse"]
	signed := func(operations uint32) xdr.ScVal {
		digest := s.config.Digest()
		doc := canon.Tagged("FLASHBACK-OBSERVATION-v1").Raw(s.config.Network[:]).Raw(digest[:]).U64(s.lastEpoch()).U32(0).Raw(unit[:]).U32(operations).Bytes()
		x := cert.Sign(s.World.Cast.Keys[0], 0, canon.Hash(doc))
		return scval.Struct(scval.Fields{"document": scval.Bytes(doc), "sig": scval.Bytes(x.RS[:]), "recovery": scval.U32(uint32(x.Recovery))})
	}
	return []xdr.ScVal{s.Roles["stranger"].Arg(), signed(1), signed(2)}
}

// possession: in the only window of the SLA that is Completed, in which nothing was wrong, the node committed to an object and answered for as many of its chunks with other bytes as lost data are.
func possession(s *Scene, _ ids.Account, _ ids.ID) (c stellar.Call, err error) {
	id := s.SLAs["Completed"]
	t, _ := s.World.State.Terms(id)
	x, _ := s.World.State.SLA(id)
	leaves := make([]merkle.Hash, t.Protocol.LostChallenges)
	for i := range leaves {
		leaves[i] = merkle.Leaf([]byte{byte(i)})
	}
	held := disputes.Held{Object: canon.Hash([]byte("an object")), Size: uint64(len(leaves)) * disputes.ChunkSize}
	held.Commitment = disputes.Commitment(held.Size, merkle.Root(leaves))
	set := []merkle.Hash{merkle.Leaf(held.Bytes())}
	sign := func(doc []byte) xdr.ScVal {
		hash := canon.Hash(doc)
		sig, e := s.signers[s.Roles["node"].Account()].SignHash(hash)
		if e != nil {
			err = fmt.Errorf("signing as the node: %w", e)
		}
		return scval.Bytes(sig)
	}
	u := disputes.Usage{Node: s.Nodes["Active"], SLA: id, Epoch: x.StartEpoch, Leaves: uint64(len(leaves)), SetRoot: merkle.Root(set)}
	var answers []xdr.ScVal
	for i := range leaves {
		a := disputes.NodeAnswer{Statement: u.Hash(), Number: uint64(i), Held: held, HeldPath: merkle.Prove(set, 0), Root: merkle.Root(leaves), Chunk: canon.Hash([]byte("rot")), ChunkProof: merkle.Prove(leaves, i)}
		answers = append(answers, scval.Struct(scval.Fields{"document": scval.Bytes(a.Bytes()), "sig": sign(a.Bytes())}))
	}
	args := append(ends(s.before[id]), scval.Bytes(u.Bytes()), sign(u.Bytes()), scval.Vec(answers...))
	return stellar.Call{Contract: s.contract("dispute"), Function: "prove_possession", Args: args}, err
}
