package attack

import (
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

// Attacks by those who have rights.
var admins = []attack{
	{
		name: "the admin calls everything", does: "the admin calls every entry point of both Orchestrators, on an SLA with money and collateral in it",
		attackers: []string{"heir", "admin"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			l := w.open("carl", w.unit("pia", offer{}), plain)
			w.run(9, 3, 1<<26, l)
			w.settle("carl", l)
			w.run(3, 0, 0, l)
			state, counts := w.Snapshot(), map[bool]int{}
			money := w.held(l)
			for name, contract := range map[string]ids.Account{"consumer": w.at().Consumer, "provider": w.at().Provider} {
				for _, f := range w.functions(name) {
					args, ok := w.arguments(f, l)
					if !ok {
						continue // below
					}
					_, err := w.raw("admin", contract, string(f.Name), args...)
					counts[err == nil]++
					if now := w.held(l); now != money && !slices.Contains(anyone, string(f.Name)) {
						w.Errorf("%s of %s moves money: %s", f.Name, name, cmp.Diff(money, now))
					}
					w.Restore(state)
				}
			}
			if counts[true] < 20 || counts[false] < 10 {
				w.Errorf("%d calls went through, %d did not", counts[true], counts[false])
			}
			p := w.params
			p.Version++
			for _, op := range []orchestrator.Op{orchestrator.SetParams{Admin: account("admin"), Params: p}, orchestrator.SetProviderParams{Admin: account("admin"), Params: p}} {
				w.do("admin", op)
				if now := w.held(l); now != money {
					w.Errorf("%T moves money: %s", op, cmp.Diff(money, now))
				}
			}
			w.finish(l)
			w.honest(l)
			return 0, "no entry point lets the admin name who is paid, or how much"
		},
	},
	{
		name: "the admin's parameters", does: "the admin sets the largest fee, the harshest slash and itself as every payee, under a live SLA, and stops requests",
		attackers: []string{"heir"}, victims: []string{"pia", "carl", "platform", "validators", "fund", "insurance"}, trusted: "the admin",
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{})
			l := w.open("carl", unit, plain)
			w.run(9, 3, 1<<26, l)
			p := w.params
			p.Version, p.FeeBps, p.SlashBreach, p.SlashLost, p.SlashAbandon, p.SlashCapBps = p.Version+1, 1_000, 10_000, 10_000, 10_000, 10_000
			p.HoldbackBps, p.CloseSeconds = 0, 1
			p.PlatformAddress, p.ValidatorsAddress, p.FundAddress, p.InsuranceAddress = account("heir"), account("heir"), account("heir"), account("heir")
			w.do("admin", orchestrator.SetParams{Admin: account("admin"), Params: p})
			w.do("admin", orchestrator.SetProviderParams{Admin: account("admin"), Params: p})
			w.do("admin", orchestrator.Pause{Admin: account("admin"), Paused: true})
			w.refused("Paused", "carl", w.request("carl", unit, plain))
			w.settle("carl", l)
			w.draw(l)
			w.do("carl", orchestrator.CloseSLA{Consumer: account("carl"), SLA: l.id})
			w.finish(l)
			w.honest(l)
			t := l.terms.Totals(&l.leaf)
			slash := t.Slash.Big().Int64()
			shares := w.wealth("heir")
			if most := t.Fee.Big().Int64() + slash*3/10 + 3; shares > most {
				w.Errorf("the heir has %d, at most %d", shares, most)
			}
			w.owe("platform", shares) // whoever of them it was
			return shares, "a live SLA keeps its terms; only the protocol's own shares go where the admin says"
		},
	},
	{
		name: "the Dispute contract's worst", does: "whoever is wired as the Dispute contract freezes what a provider has not drawn and gives it to its consumer",
		attackers: []string{"mallory"}, victims: []string{"pia"}, trusted: "the Dispute contract",
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("pia", offer{}), plain)
			w.run(9, 0, 0, l)
			w.settle("pia", l)
			w.do("pia", orchestrator.Payout{SLA: l.id}) // that is safe
			w.run(6, 0, 0, l)
			w.settle("pia", l)
			claim := w.sla(l.id).ProviderClaim
			w.refused("authorization_bad", "mallory", orchestrator.Freeze{SLA: l.id, Amount: claim})
			w.do("dispute", orchestrator.Freeze{SLA: l.id, Amount: claim.Add(claim)})
			w.refused("Disputed", "dispute", orchestrator.Freeze{SLA: l.id, Amount: claim})
			w.refused("AmountInvalid", "dispute", orchestrator.Rule{SLA: l.id, ToConsumer: claim.Add(money.Of(1))})
			w.do("dispute", orchestrator.Rule{SLA: l.id, ToConsumer: claim})
			w.finish(l)
			w.honest(l)
			return claim.Big().Int64(), "what the provider has not drawn"
		},
	},
}

// anyone may call these; they pay whom the terms name.
var anyone = []string{"settle", "payout", "refund", "collect", "claim"}

// functions of a contract as its Wasm names them.
func (w *world) functions(name string) []xdr.ScSpecFunctionV0 {
	w.Helper()
	wasm, err := artifacts.Wasm(name)
	if err != nil {
		w.Fatal(err)
	}
	s, err := direct.ReadSpec(wasm)
	if err != nil {
		w.Fatal(err)
	}
	return s.Functions
}

// arguments for a function that are as right as a stranger can have them: this SLA, this provider, this proof; where somebody has to be named, the attacker. No structs.
func (w *world) arguments(f xdr.ScSpecFunctionV0, l *life) (args []xdr.ScVal, ok bool) {
	w.Helper()
	for _, in := range f.Inputs {
		var v xdr.ScVal
		switch in.Type.Type {
		case xdr.ScSpecTypeScSpecTypeBool:
			v = scval.Bool(true)
		case xdr.ScSpecTypeScSpecTypeU32:
			v = scval.U32(3)
		case xdr.ScSpecTypeScSpecTypeU64:
			switch v = scval.U64(w.Now() + 1_000); in.Name {
			case "epoch":
				v = scval.U64(l.epoch)
			case "bits":
				v = scval.U64(l.proof.Bits)
			}
		case xdr.ScSpecTypeScSpecTypeI128:
			v = scval.I128(1_000)
		case xdr.ScSpecTypeScSpecTypeString:
			v = scval.String("https://admin.example")
		case xdr.ScSpecTypeScSpecTypeBytesN:
			if v = scval.ID(l.id); in.Name == "unit" {
				v = scval.ID(w.sla(l.id).Unit)
			}
		case xdr.ScSpecTypeScSpecTypeBytes:
			switch from := l.half; in.Name {
			case "terms":
				v = scval.Bytes(l.terms.Bytes())
			case "to":
				v = scval.Bytes(l.leaf.Bytes())
			default:
				v = scval.Bytes(from.Bytes())
			}
		case xdr.ScSpecTypeScSpecTypeVec:
			var path []xdr.ScVal
			for _, h := range l.proof.Path {
				path = append(path, scval.ID(h))
			}
			v = scval.Vec(path...)
		case xdr.ScSpecTypeScSpecTypeAddress:
			switch v = arg("admin"); in.Name {
			case "payout", "refund", "grantee", "key":
				v = arg("heir")
			case "asset":
				v = scval.Address(w.usd)
			case "oracle", "consumer_orchestrator", "dispute", "po":
				v = arg("heir")
			}
		case xdr.ScSpecTypeScSpecTypeOption:
			v = scval.Void()
		default:
			return nil, false
		}
		args = append(args, v)
	}
	return args, true
}

// held is what the contracts hold, and what an SLA's books say of it, for comparison.
func (w *world) held(l *life) string {
	w.Helper()
	x, r := w.sla(l.id), w.reservation(l.id)
	c := w.collateral("pia")
	return fmt.Sprintln(w.balance(w.usd, w.at().Consumer), w.balance(w.usd, w.at().Provider), c.Free.Add(c.Locked), x.Escrow, x.Holdback, x.ProviderClaim, x.ConsumerClaim, x.Fees, x.Disputed, x.Payout, x.Consumer,
		r.Owed, r.ValidatorsOwed, r.FundOwed, r.Refund, r.Collateral)
}
