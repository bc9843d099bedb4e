package attack

import (
	_ "embed"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

// hostile is the token of contracts/soroban/tests/hostile.
//
//go:embed testdata/hostile.wasm
var hostile []byte

// token deploys a hostile token, of which the parties have plenty and their providers some collateral.
func (w *world) token(parties ...string) money.Asset {
	w.Helper()
	asset, err := w.DeployBy(w.ctx, party("anyone"), "hostile", hostile)
	if err != nil {
		w.Fatal(err)
	}
	w.tokens = append(w.tokens, asset)
	for _, n := range parties {
		w.mustRaw("anyone", asset, "mint", arg(n), scval.I128(purse))
		if n == "rogue" || n == "pia" {
			w.do(n, orchestrator.DepositCollateral{Provider: account(n), Asset: asset, Amount: money.Of(collateral)})
		}
	}
	return asset
}

// command makes the token do something else from now on.
func (w *world) command(asset money.Asset, mode string, args ...xdr.ScVal) {
	w.Helper()
	w.mustRaw("anyone", asset, "command", scval.Variant(mode, args...))
}

// strike makes each transfer of the token call a function first.
func (w *world) strike(asset money.Asset, contract ids.Account, function string, goesOn bool, args ...xdr.ScVal) {
	w.Helper()
	w.command(asset, "Strike", scval.Address(contract), scval.Symbol(function), scval.Vec(args...), scval.Bool(goesOn))
}

func (w *world) hits(asset money.Asset) int64 {
	w.Helper()
	v, err := w.View(w.ctx, asset, "hits")
	if err != nil {
		w.Fatal(err)
	}
	return scval.Integer(v).Int64()
}

// Attacks by the token that an SLA is priced in. Profit and loss are in the good token: the bad one is worth nothing.
var tokens = []attack{
	{
		name: "lying token", does: "a provider and its consumer deposit, fund and draw by a token that says it moved what it did not",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			bystander := w.open("carl", w.unit("pia", offer{}), plain)
			asset := w.token("mallory", "rogue")
			w.command(asset, "Lie")
			w.do("rogue", orchestrator.DepositCollateral{Provider: account("rogue"), Asset: asset, Amount: money.Of(collateral)})
			l := w.open("mallory", w.unit("rogue", offer{asset: asset}), plain)
			w.run(9, 3, 0, l, bystander)
			w.settle("mallory", l)
			w.settle("carl", bystander)
			w.finish(l, bystander)
			w.tokens = w.tokens[:1] // that one's books are its own affair
			w.solvent()             // in the good one
			w.honest(bystander)
			return 0, "books are kept per token"
		},
	},
	{
		name: "reentrant token", does: "a token calls back into the contract that pays, and into the other one, for the same SLA and for another",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			bystander := w.open("carl", w.unit("pia", offer{}), plain)
			asset := w.token("mallory", "rogue")
			l := w.open("mallory", w.unit("rogue", offer{asset: asset}), plain)
			w.run(6, 2, 0, l, bystander)
			w.settle("carl", bystander)
			w.settle("mallory", l)
			id, other := scval.ID(l.id), scval.ID(bystander.id)
			co, po := w.at().Consumer, w.at().Provider
			// Into the contract that is paying: the host refuses every one; the payment goes through once, or not at all.
			for _, x := range []struct {
				function string
				args     []xdr.ScVal
			}{{"payout", []xdr.ScVal{id}}, {"refund", []xdr.ScVal{id}}, {"collect", []xdr.ScVal{id}}, {"payout", []xdr.ScVal{other}}, {"time_out", []xdr.ScVal{id}}, {"sla", []xdr.ScVal{id}}, {"extend", []xdr.ScVal{scval.U32(3), id}}} {
				w.strike(asset, co, x.function, false, x.args...)
				w.refused("TransferFailed", "mallory", orchestrator.Payout{SLA: l.id})
			}
			w.strike(asset, co, "payout", true, id)
			w.do("mallory", orchestrator.Payout{SLA: l.id})
			w.refused("NothingDue", "mallory", orchestrator.Payout{SLA: l.id})
			w.strike(asset, po, "withdraw", true, arg("rogue"), scval.Address(asset), scval.I128(1))
			w.do("rogue", orchestrator.WithdrawCollateral{Provider: account("rogue"), Asset: asset, Amount: money.Of(5)})
			w.strike(asset, po, "claim", true, id)
			w.do("mallory", orchestrator.Claim{SLA: l.id})
			if n := w.hits(asset); n != 0 {
				w.Errorf("%d calls went through", n)
			}
			// Into the other contract: it pays whom it owes, once, and it may not call back either.
			w.strike(asset, po, "collect", true, id)
			w.do("mallory", orchestrator.CollectFees{SLA: l.id})
			w.strike(asset, co, "settle", true, id, scval.Bytes(nil), scval.Bytes(nil), scval.U64(0), scval.U64(0), scval.Vec())
			w.do("rogue", orchestrator.DepositCollateral{Provider: account("rogue"), Asset: asset, Amount: money.Of(5)})
			w.strike(asset, co, "payout", true, other)
			w.do("rogue", orchestrator.DepositCollateral{Provider: account("rogue"), Asset: asset, Amount: money.Of(5)})
			if n := w.hits(asset); n != 1 {
				w.Errorf("%d calls went through, one of them should", n)
			}
			w.refused("NothingDue", "rogue", orchestrator.Payout{SLA: bystander.id})
			w.command(asset, "Honest")
			w.finish(l, bystander)
			w.honest(bystander)
			return 0, "books are written before a token is called; the host lets nobody back in"
		},
	},
	{
		name: "a token that refuses one party", does: "a token refuses to pay one of those that an SLA owes",
		attackers: []string{"rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			asset := w.token("carl", "rogue")
			l := w.open("carl", w.unit("rogue", offer{asset: asset}), plain)
			w.run(9, 3, 0, l)
			w.command(asset, "Refuse", arg("rogue"))
			w.settle("anyone", l) // no settlement pays anybody
			w.refused("TransferFailed", "rogue", orchestrator.Payout{SLA: l.id})
			w.do("carl", orchestrator.Refund{SLA: l.id})
			w.do("carl", orchestrator.Claim{SLA: l.id})
			w.do("carl", orchestrator.CollectFees{SLA: l.id})
			w.command(asset, "Refuse", arg("carl"))
			w.run(3, 3, 0, l)
			w.settle("anyone", l)
			w.refused("TransferFailed", "carl", orchestrator.Claim{SLA: l.id})
			w.do("rogue", orchestrator.Payout{SLA: l.id})
			// The share of one of four payees would go to the fund. While that cannot be paid all four wait, the parties do not; a new address for it frees them.
			w.command(asset, "Refuse", arg("fund"))
			w.refused("TransferFailed", "anyone", orchestrator.CollectFees{SLA: l.id})
			w.do("carl", orchestrator.Refund{SLA: l.id})
			p := w.params
			p.Version, p.FundAddress = p.Version+1, account("heir")
			w.do("admin", orchestrator.SetParams{Admin: account("admin"), Params: p})
			w.command(asset, "Refuse", arg("platform"))
			w.do("anyone", orchestrator.CollectFees{SLA: l.id})
			w.command(asset, "Honest")
			w.finish(l)
			return 0, "each share is drawn by a call of its own and waits"
		},
	},
	{
		name: "a token that never ends", does: "a token burns the whole budget of every call that pays",
		attackers: []string{"rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			asset := w.token("carl", "rogue")
			bystander := w.open("carl", w.unit("pia", offer{}), plain)
			l := w.open("carl", w.unit("rogue", offer{asset: asset}), plain)
			w.command(asset, "Spin")
			w.run(9, 3, 0, l, bystander)
			w.settle("anyone", l)
			w.settle("anyone", bystander)
			if _, err := w.Call(w.ctx, w.at().Consumer, "payout", direct.AsSource(party("rogue")), scval.ID(l.id)); err == nil {
				w.Error("it ended")
			}
			w.do("pia", orchestrator.Payout{SLA: bystander.id})
			w.command(asset, "Honest")
			w.finish(l, bystander)
			w.honest(bystander)
			return 0, "no settlement and no end calls a token"
		},
	},
	{
		name: "a token that taxes", does: "a provider deposits a token that destroys a hundredth on its way, and takes out what others deposited of it",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			asset := w.token("mallory", "rogue")
			w.command(asset, "Tax")
			w.do("rogue", orchestrator.DepositCollateral{Provider: account("rogue"), Asset: asset, Amount: money.Of(collateral)})
			w.command(asset, "Honest")
			w.refused("TransferFailed", "rogue", orchestrator.WithdrawCollateral{Provider: account("rogue"), Asset: asset, Amount: money.Of(2 * collateral)})
			w.do("rogue", orchestrator.WithdrawCollateral{Provider: account("rogue"), Asset: asset, Amount: money.Of(2*collateral - collateral/100)})
			w.tokens = w.tokens[:1]
			return 0, "only what was deposited in that token is short"
		},
	},
}
