package attack

import (
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Attacks with proofs of something else.
var crossed = []attack{
	{
		name: "another SLA's leaf", does: "a consumer settles its SLA by the bad leaf of another SLA of the same provider",
		attackers: []string{"mallory"}, victims: []string{"rogue"},
		run: func(w *world) (int64, string) {
			unit := w.unit("rogue", offer{})
			good, bad := w.open("mallory", unit, plain), w.open("carl", unit, plain)
			w.observeAll(12, map[*life]int{good: 0, bad: 5})
			op := good.settling()
			op.To, op.Proof = bad.leaf, bad.proof
			w.refused("LeafForeign", "mallory", op)
			op.From = bad.settled
			w.refused("LeafForeign", "mallory", op)
			half := good.settlingHalf()
			half.To, half.Proof = bad.leaf, bad.proof
			w.refused("LeafForeign", "mallory", half)
			half = bad.settlingHalf()
			half.Terms = good.terms.Bytes()
			w.refused("LeafForeign", "mallory", half)
			wearing := bad.leaf // the other's measures under the own name: nobody certified them
			wearing.SLA, wearing.Terms = good.id, good.terms.Hash()
			op = good.settling()
			op.To, op.Proof = wearing, bad.proof
			w.refused("LeafUnknown", "mallory", op)
			w.finish(good, bad)
			w.honest(good)
			w.honest(bad)
			return 0, "a leaf moves the money of its own SLA"
		},
	},
	{
		name: "old leaf, old proof", does: "a provider settles by a leaf from before its bad windows, and by a proof of another epoch",
		attackers: []string{"rogue"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			l := w.open("carl", w.unit("rogue", offer{}), plain)
			w.run(3, 0, 0, l)
			old := *l
			w.run(9, 2, 0, l)
			wrong := l.settling()
			wrong.Epoch = old.epoch
			w.refused("LeafUnknown", "rogue", wrong)
			wrong = old.settling()
			wrong.Epoch = l.epoch
			w.refused("LeafUnknown", "rogue", wrong)
			wrong = l.settling()
			wrong.Proof = merkle.Proof{Bits: 1}
			w.refused("LeafUnknown", "rogue", wrong)
			wrong = l.settling()
			wrong.From = old.leaf
			w.refused("FromMismatch", "rogue", wrong)
			w.settle("carl", l)
			w.refused("FromMismatch", "rogue", old.settling())
			back := old.settling()
			back.From = l.settled
			w.refused("LeafBehind", "rogue", back)
			w.refused("LeafBehind", "rogue", old.settlingHalf()) // this half takes an older start, and goes no way back either
			w.finish(l)
			w.honest(l)
			return 0, "cumulative fields never fall"
		},
	},
	{
		name: "replayed and crossed certificates", does: "a provider brings certificates again, of another deployment with the same validators, of too few of them, and out of order",
		attackers: []string{"rogue"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			l := w.open("carl", w.unit("rogue", offer{}), plain)
			first := w.root
			w.run(3, 5, 0, l)
			good := sla.Zero(l.terms)
			good.Epochs = 3
			lie := func(change func(*cert.Certificate), signers int) orchestrator.SubmitReport {
				x := w.certificate(w.latest+1, good.Hash(), validatorKeys()[:signers]...)
				if change != nil {
					change(&x)
				}
				return orchestrator.SubmitReport{Certificate: x}
			}
			w.advance(uint64(w.config.EpochSeconds))
			w.refused("EpochOld", "rogue", lie(func(x *cert.Certificate) { x.Epoch-- }, 4))
			w.refused("PreviousMismatch", "rogue", lie(func(x *cert.Certificate) { x.Previous = first }, 4))
			w.refused("QuorumMissing", "rogue", lie(nil, 3)) // weights 1, 2, 1 of 6: exactly two thirds is no quorum
			w.refused("SignerOrder", "rogue", lie(func(x *cert.Certificate) { x.Signatures[3] = x.Signatures[1] }, 4))
			w.refused("SignatureBad", "rogue", lie(func(x *cert.Certificate) { x.Root = first }, 4))
			w.refused("EpochFuture", "rogue", lie(func(x *cert.Certificate) { x.Epoch += 2 }, 4))
			// The same validators, schedule and code, another deployment: its certificates are of another network.
			_, other, err := w.chain.Client.Deploy(w.ctx, stellar.DeployOptions{Admin: key("admin"), Label: "other", Params: w.params, Oracle: oracleConfig(w.config.Genesis)})
			if err != nil {
				w.Fatal(err)
			}
			if other.Network == w.config.Network {
				w.Error("two deployments are one network")
			}
			here := w.config
			w.config = other
			there := lie(nil, 4)
			w.config = here
			w.refused("SignatureBad", "rogue", there)
			w.finish(l)
			w.honest(l)
			return 0, "a certificate is of one network, one epoch and one predecessor"
		},
	},
}

// observeAll lets epochs pass with so many bad slots each, and certifies the last.
func (w *world) observeAll(epochs int, bad map[*life]int) {
	w.Helper()
	var lives []*life
	for _, l := range w.lives { // in order
		n, ok := bad[l]
		if !ok {
			continue
		}
		lives = append(lives, l)
		for range epochs {
			l.observe(n, l.leaf.BytesOut, w.sla(l.id).EndEpochs)
		}
	}
	w.certify(lives[0].start+uint64(lives[0].leaf.Epochs)-1, lives...)
}
