package attack

import (
	"math"
	"math/big"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/walk"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

const quorum = "two thirds of the validators"

// Attacks by numbers: those of a dishonest quorum, and the largest.
var extremes = []attack{
	{
		name: "every certified lie", does: "a quorum certifies one lie after another about an SLA; each is settled in both halves, and drawn",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			bystander := w.open("carl", w.unit("pia", offer{}), plain)
			l := w.open("mallory", w.unit("rogue", offer{}), plain)
			w.run(9, 2, 1<<26, bystander, l)
			w.settle("rogue", l)
			for range 3 {
				bystander.observe(0, bystander.leaf.BytesOut+1<<26, 30)
				l.observe(0, l.leaf.BytesOut+1<<26, 30)
			}
			w.lies(l, bystander, append(walk.Lies(l.terms, l.leaf), walk.Lie{Name: "nothing can follow", Leaf: unfollowed(l.leaf)}))
			w.finish(bystander, l)
			w.honest(bystander)
			w.honest(l)
			return 0, "a leaf moves what is in its SLA and no more"
		},
	},
	{
		name: "a quorum for the consumer", does: "a quorum certifies that a healthy provider failed in everything, as far as a leaf goes",
		attackers: []string{"mallory"}, victims: []string{"pia"}, trusted: quorum,
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("pia", offer{}), plain)
			w.run(29, 0, 1<<26, l)
			honest := *l
			honest.observe(0, l.leaf.BytesOut, 30)
			lie := honest.leaf
			p := &l.terms.Protocol
			h := uint64(p.HoldbackBps)
			lie.PriceCreditEpochs, lie.PriceCreditOut = h*30, sla.Wide{}.AddProduct(h, lie.JudgedOut)
			lie.CollateralCreditEpochs, lie.CollateralCreditOut = (10_000-h)*30, sla.Wide{}.AddProduct(10_000-h, lie.JudgedOut)
			lie.Warnings, lie.SlashBps = 2, uint32(p.SlashCapBps)*((30+p.SlashPeriod-1)/p.SlashPeriod)
			l.leaf = lie
			w.certify(l.start+29, l)
			w.settle("mallory", l)
			w.draw(l)
			w.honest(&honest)
			t := l.terms.Totals(&honest.leaf)
			return t.Provider.Add(l.terms.Collateral).Big().Int64(), "what the SLA earned, and its collateral"
		},
	},
	{
		name: "a quorum for the provider", does: "a quorum certifies that a dead provider kept every promise and was read to the last byte",
		attackers: []string{"rogue"}, victims: []string{"carl"}, trusted: quorum,
		run: func(w *world) (int64, string) {
			l := w.open("carl", w.unit("rogue", offer{}), plain)
			honest := *l
			for range 30 {
				honest.observe(5, 0, 30)
			}
			for range 30 {
				l.observe(0, l.terms.Egress, 30)
			}
			w.certify(l.start+29, l)
			w.settle("rogue", l)
			w.draw(l)
			w.honest(&honest)
			return l.terms.TotalPrice().Add(l.terms.Collateral).Big().Int64(), "the deposit, and the slash that did not come"
		},
	},
	{
		name: "a leaf that nothing follows", does: "a quorum certifies a leaf with the largest numbers, so that no honest one can be settled after it",
		attackers: []string{"mallory"}, victims: []string{"pia"}, trusted: quorum,
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("pia", offer{}), plain)
			w.run(9, 0, 0, l)
			l.observe(0, 0, 30)
			honest := *l
			l.leaf = unfollowed(l.leaf)
			w.certify(l.start+9, l)
			w.settle("mallory", l)
			for range 20 {
				honest.observe(0, 0, 30)
			}
			w.certify(honest.start+29, &honest)
			honest.settled, honest.half = l.leaf, l.leaf
			w.refused("LeafBehind", "pia", honest.settling())
			w.refused("LeafBehind", "pia", honest.settlingHalf())
			x := w.sla(l.id)
			w.advance(w.config.Start(x.StartEpoch+uint64(x.EndEpochs)) + w.params.CloseSeconds + 1 - w.Now())
			w.do("pia", orchestrator.TimeOut{SLA: l.id})
			w.draw(l)
			w.free("pia", x.Unit)
			w.honest(&honest)
			t := l.terms.Totals(&honest.leaf)
			return t.Provider.Big().Int64(), "what was not settled yet; the rest comes out by time_out"
		},
	},
	{
		name: "the largest numbers", does: "a provider and its consumer make an SLA of the largest price, volume, egress and duration, in a token of their own, to overflow whatever they meet",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			asset := w.token("mallory", "rogue")
			w.tokens = w.tokens[:1]
			much := money.Must(new(big.Int).Lsh(big.NewInt(1), 120))
			for _, n := range []string{"mallory", "rogue"} {
				w.mustRaw("anyone", asset, "mint", arg(n), scval.Amount(much))
			}
			w.do("rogue", orchestrator.DepositCollateral{Provider: account("rogue"), Asset: asset, Amount: much})
			spec := w.spec("rogue")
			spec.Asset, spec.Capacity, spec.CollateralBps, spec.MaxEpochs = asset, 1<<60, 10_000, 1<<30
			spec.StoragePrice, spec.EgressPrice = money.Must(new(big.Int).Lsh(big.NewInt(1), 63)), money.Must(new(big.Int).Lsh(big.NewInt(1), 63))
			unit := w.do("rogue", orchestrator.UnitCreate{Provider: account("rogue"), Spec: spec, Nonce: w.nonce()})
			x := wish{volume: 1 << 50, egress: 1 << 54, duration: 1 << 30 / 10}
			l := w.open("mallory", unit, x)
			w.lives = nil // its amounts are beyond the ledger of this test
			for range 3 {
				l.observe(0, l.terms.Egress, x.duration)
			}
			w.certify(l.start+2, l)
			w.settle("rogue", l)
			w.do("mallory", orchestrator.CloseSLA{Consumer: account("mallory"), SLA: l.id})
			end := w.sla(l.id).EndEpochs
			for l.leaf.Epochs < end {
				l.observe(5, l.terms.Egress, end)
			}
			w.certify(l.start+uint64(end)-1, l)
			w.settle("rogue", l)
			w.draw(l)
			c, err := w.chain.Collateral(w.ctx, account("rogue"), asset)
			if err != nil {
				w.Fatal(err)
			}
			w.do("rogue", orchestrator.WithdrawCollateral{Provider: account("rogue"), Asset: asset, Amount: c.Free})
			for _, contract := range []string{"consumer", "provider"} {
				at := w.at().Consumer
				if contract == "provider" {
					at = w.at().Provider
				}
				if b, err := w.Balance(w.ctx, asset, at); err != nil || b.Sign() != 0 {
					w.Errorf("the %s's contract keeps %s (%v)", contract, b, err)
				}
			}
			return 0, "terms are bounded so that nothing leaves 128 bits"
		},
	},
}

// unfollowed is a leaf with the largest numbers in every field that money does not depend on.
func unfollowed(l sla.Leaf) sla.Leaf {
	l.Slots, l.SlotsBad, l.SlotsExcluded, l.SlotErrorPpm, l.Operations, l.Errors, l.BytesIn, l.Challenges, l.Passed = math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64,
		math.MaxUint64, math.MaxUint64, math.MaxUint64
	l.ByteSeconds = sla.Wide{Hi: math.MaxUint64, Lo: math.MaxUint64}
	l.Windows, l.Breaches, l.Warnings = math.MaxUint32, math.MaxUint32, math.MaxUint32
	return l
}

// lies settles and draws each of them for itself, from the same state: the contracts never pay more of an SLA than is in it, and never touch another.
func (w *world) lies(l, bystander *life, lies []walk.Lie) {
	w.Helper()
	var leaves []sla.Leaf
	for _, x := range lies {
		leaves = append(leaves, x.Leaf)
	}
	proofs := w.certifyBeside(l.start+uint64(l.leaf.Epochs)-1, leaves, bystander, l)
	taken := 0
	state := w.Snapshot()
	for i, lie := range lies {
		for _, op := range []orchestrator.Op{
			orchestrator.Settle{SLA: l.id, From: l.settled, To: lie.Leaf, Epoch: w.latest, Proof: proofs[i]},
			orchestrator.SettleReservation{SLA: l.id, Terms: l.terms.Bytes(), From: l.half, To: lie.Leaf, Epoch: w.latest, Proof: proofs[i]},
		} {
			_, refused := w.try("anyone", op)
			if refused == "trapped" || refused == "Overflow" {
				w.Errorf("%s: %s", lie.Name, refused)
			}
			if refused != "" {
				continue
			}
			taken++
			w.draw(l)
			w.solvent()
			if x := w.sla(l.id); x.Deposited.Less(x.Withdrawn) {
				w.Errorf("%s: %s of %s is paid out", lie.Name, x.Withdrawn, x.Deposited)
			}
			if r := w.reservation(l.id); r.Collateral.Less(r.Coverage.Add(r.Slash)) {
				w.Errorf("%s: coverage %s and slash %s of %s", lie.Name, r.Coverage, r.Slash, r.Collateral)
			}
			w.do("anyone", bystander.settling()) // the other SLA goes on
			w.Restore(state)
		}
	}
	if taken < 6 {
		w.Errorf("%d lies are taken: too few to say anything", taken)
	}
}
