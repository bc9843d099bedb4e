package attack

import (
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

// Attacks by being first.
var racing = []attack{
	{
		name: "front-run a request by a price", does: "a provider sees a request and raises the price before it, or sells at one and pays out elsewhere",
		attackers: []string{"rogue"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			unit := w.unit("rogue", offer{manual: true})
			op := w.request("carl", unit, plain)
			w.do("rogue", orchestrator.UnitPrice{Provider: account("rogue"), ID: unit, StoragePrice: money.Of(9_000_000), EgressPrice: money.Of(9_000_000)})
			w.refused("PriceChanged", "carl", op)
			op.PriceVersion++ // a consumer that asked for the version only
			w.refused("PriceAbove", "carl", op)
			w.do("rogue", orchestrator.UnitPrice{Provider: account("rogue"), ID: unit, StoragePrice: money.Of(1_000_000), EgressPrice: money.Of(1_000_000)})
			l := w.open("carl", unit, plain)
			w.do("rogue", orchestrator.UnitPrice{Provider: account("rogue"), ID: unit, StoragePrice: money.Of(9_000_000), EgressPrice: money.Of(9_000_000)})
			w.do("rogue", orchestrator.UpdateProvider{Provider: account("rogue"), Payout: account("heir")})
			w.do("rogue", orchestrator.Accept{Provider: account("rogue"), SLA: l.id})
			l = w.refollow(l)
			w.lives[0] = l
			if x := w.sla(l.id); x.Payout != account("rogue") || x.Total.Big().Int64() != 7_000_000 {
				w.Errorf("the SLA pays %s %s", x.Payout, x.Total)
			}
			w.finish(l)
			w.honest(l)
			return 0, "a request names price version and largest total; terms are fixed by it"
		},
	},
	{
		name: "front-run an acceptance", does: "a consumer takes its request back before the provider's acceptance; a provider ends its unit before a request",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{manual: true})
			l := w.open("mallory", unit, plain)
			w.do("mallory", orchestrator.Cancel{Consumer: account("mallory"), SLA: l.id})
			w.refused("StateWrong", "pia", orchestrator.Accept{Provider: account("pia"), SLA: l.id})
			w.refused("StateWrong", "mallory", orchestrator.Cancel{Consumer: account("mallory"), SLA: l.id})
			w.free("pia", unit)
			// Accepted first: cancel before it is paid, then it is too late to fund, to accept, to expire.
			l = w.open("mallory", unit, wish{volume: 864 << 30, duration: 30, nothing: true})
			w.do("pia", orchestrator.Accept{Provider: account("pia"), SLA: l.id})
			w.do("mallory", orchestrator.Cancel{Consumer: account("mallory"), SLA: l.id})
			w.refused("StateWrong", "mallory", orchestrator.Fund{From: account("mallory"), SLA: l.id, Amount: money.Of(1)})
			w.refused("StateWrong", "pia", orchestrator.Refuse{Provider: account("pia"), SLA: l.id})
			w.advance(w.params.FundSeconds + w.params.AcceptSeconds)
			w.refused("StateWrong", "mallory", orchestrator.Expire{SLA: l.id})
			w.free("pia", unit)
			// Active: too late for both.
			l = w.open("carl", w.unit("rogue", offer{}), plain)
			w.refused("StateWrong", "rogue", orchestrator.Refuse{Provider: account("rogue"), SLA: l.id})
			w.refused("StateWrong", "carl", orchestrator.Cancel{Consumer: account("carl"), SLA: l.id})
			w.finish(l)
			w.honest(l)
			// The provider ends its unit: what waits is the consumer's again.
			unit = w.unit("rogue", offer{manual: true})
			op := w.request("carl", unit, plain)
			l = w.follow(w.do("carl", op))
			w.do("rogue", orchestrator.UnitDecommission{Provider: account("rogue"), ID: unit})
			w.refused("UnitDecommissioning", "rogue", orchestrator.Accept{Provider: account("rogue"), SLA: l.id})
			op.Nonce = w.nonce()
			w.refused("UnitDecommissioning", "carl", op)
			w.do("carl", orchestrator.Cancel{Consumer: account("carl"), SLA: l.id})
			return 0, "whoever comes second is refused and has its money"
		},
	},
	{
		name: "take another's name", does: "a stranger uses a consumer's nonce, a provider's nonce, another's node, unit, SLA and grant",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{})
			op := w.request("carl", unit, plain)
			stolen := op
			stolen.Consumer, stolen.Refund = account("mallory"), account("mallory")
			a := w.follow(w.do("mallory", stolen))
			b := w.follow(w.do("carl", op))
			if a.id == b.id {
				w.Error("one id for two consumers")
			}
			w.refused("Exists", "carl", op)
			for _, op := range []orchestrator.Op{
				orchestrator.CloseSLA{Consumer: account("mallory"), SLA: b.id}, orchestrator.Terminate{Consumer: account("mallory"), SLA: b.id},
				orchestrator.GrantAccess{Consumer: account("mallory"), SLA: b.id, Grantee: account("mallory"), Ops: 31, Expires: w.Now() + 100, Nonce: w.nonce()},
			} {
				w.refused("NotAuthorized", "mallory", op)
			}
			for _, op := range []orchestrator.Op{
				orchestrator.UnitPrice{Provider: account("rogue"), ID: unit}, orchestrator.UnitDecommission{Provider: account("rogue"), ID: unit},
				orchestrator.NodeRelease{Provider: account("rogue"), ID: w.node("pia")}, orchestrator.Accept{Provider: account("rogue"), SLA: b.id}, orchestrator.Refuse{Provider: account("rogue"), SLA: b.id},
				orchestrator.UnitCreate{Provider: account("rogue"), Nonce: w.nonce(), Spec: w.spec("pia")},
			} {
				w.refused("NotAuthorized", "rogue", op)
			}
			w.finish(a, b)
			w.honest(a)
			w.honest(b)
			return 0, "an id is of its maker; an owner is asked"
		},
	},
	{
		name: "grant after the end", does: "a consumer gives access to an SLA that is over, and brings a revoked grant back",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("pia", offer{}), plain)
			op := orchestrator.GrantAccess{Consumer: account("mallory"), SLA: l.id, Grantee: account("heir"), Prefix: []byte("a/"), Ops: 2, Expires: w.Now() + 10_000, Nonce: w.nonce()}
			id := w.do("mallory", op)
			w.refused("Exists", "mallory", op)
			w.mustRaw("mallory", w.at().Consumer, "revoke", arg("mallory"), scval.ID(id))
			w.refused("Exists", "mallory", op)
			if _, err := w.raw("mallory", w.at().Consumer, "revoke", arg("mallory"), scval.ID(id)); direct.Code(err) != 9 {
				w.Errorf("revoked twice: %v", err)
			}
			w.finish(l)
			op.Nonce = w.nonce()
			w.refused("StateWrong", "mallory", op)
			w.honest(l)
			return 0, "no grant outlives what it is of"
		},
	},
	{
		name: "widen a grant", does: "a grantee passes on more than it has: another prefix, more operations, a longer time, without the right to, after the revocation",
		attackers: []string{"mallory"}, victims: []string{"carl", "pia"},
		run: func(w *world) (int64, string) {
			l := w.open("carl", w.unit("pia", offer{}), plain)
			expires := w.Now() + 1_000
			grant := func(ops uint32) ids.ID {
				return w.do("carl", orchestrator.GrantAccess{Consumer: account("carl"), SLA: l.id, Grantee: account("mallory"), Prefix: []byte("a/"), Ops: ops, Expires: expires, Nonce: w.nonce()})
			}
			own, full := grant(orchestrator.OpRead), grant(orchestrator.OpRead|orchestrator.OpDelegate)
			op := orchestrator.DelegateAccess{Grantee: account("mallory"), Parent: full, To: account("heir"), Prefix: []byte("a/b"), Ops: orchestrator.OpRead, Expires: expires, Nonce: w.nonce()}
			for why, change := range map[string]func(*orchestrator.DelegateAccess){
				"prefix": func(o *orchestrator.DelegateAccess) { o.Prefix = []byte("b/") }, "all": func(o *orchestrator.DelegateAccess) { o.Prefix = nil },
				"ops": func(o *orchestrator.DelegateAccess) { o.Ops |= orchestrator.OpWrite }, "time": func(o *orchestrator.DelegateAccess) { o.Expires++ },
			} {
				wide := op
				change(&wide)
				if _, refused := w.try("mallory", wide); refused != "GrantInvalid" {
					w.Errorf("a wider %s: %q", why, refused)
				}
			}
			without := op
			without.Parent = own
			w.refused("NotAuthorized", "mallory", without)
			stolen := op
			stolen.Grantee = account("rogue")
			w.refused("NotAuthorized", "rogue", stolen)
			w.mustRaw("carl", w.at().Consumer, "revoke", arg("carl"), scval.ID(full))
			w.refused("StateWrong", "mallory", op)
			w.finish(l)
			w.honest(l)
			return 0, "a grant passes on a part of itself at most"
		},
	},
}
