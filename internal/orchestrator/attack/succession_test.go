package attack

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Attacks by SLAs that are made of SLAs: joint ones, renewals, parts, transfers, and the provider's early end.
var succession = []attack{
	{
		name: "split to harvest roundings", does: "a consumer splits an SLA into odd parts, and these again, so that each floor of each part falls its way",
		attackers: []string{"mallory"}, victims: []string{"pia"}, dust: 21,
		run: func(w *world) (int64, string) {
			x := ugly
			x.egress = 0
			l := w.open("mallory", w.unit("pia", offer{storage: 1_234_567, egress: 7_654_321}), x)
			one := sla.Zero(l.terms) // what it would have been
			one.Epochs, one.JudgedEpochs = x.duration, x.duration
			whole := l.terms.Totals(&one)
			lives := []*life{l}
			w.run(1, 0, 0, l)
			parts := w.split("mallory", l, 3, w.odd(l.terms.Volume, 4)...)
			w.run(2, 0, 0, l)
			var small []*life
			for _, p := range parts {
				small = append(small, w.split("mallory", p, 6, w.odd(p.terms.Volume, 4)...)...)
			}
			w.run(6, 0, 0, parts...)
			w.run(int(x.duration)-9, 0, 0, small...)
			lives = append(append(lives, parts...), small...)
			for _, l := range lives {
				w.settle("anyone", l)
			}
			w.owe("mallory", -whole.Earned.Big().Int64())
			w.owe("pia", whole.Earned.Sub(whole.Fee).Big().Int64())
			return int64(len(lives)), "less than a unit for each SLA"
		},
	},
	{
		name: "split to leave for less", does: "a consumer splits off what is left of an SLA, tries to close the near part and keep the far one, and closes all parts at once",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{})
			x := plain
			x.egress = 0
			l := w.open("mallory", unit, x)
			kept := w.open("mallory", unit, x)
			w.run(4, 0, 0, l, kept)
			w.owe("mallory", -2*6*100_000-2*24*10_000) // six epochs of each and the price of leaving then
			fee := int64(2 * 6 * 2_000)
			w.owe("pia", 2*6*100_000+2*24*10_000-fee)
			far := w.split("mallory", kept, 27, orchestrator.Piece{Volume: x.volume})
			w.refused("StateWrong", "mallory", orchestrator.CloseSLA{Consumer: account("mallory"), SLA: kept.id}) // else the provider would keep the place for the far part, and nobody pay
			parts := w.split("mallory", l, 6, w.odd(x.volume, 4)...)
			for _, p := range append(parts, far...) {
				w.do("mallory", orchestrator.CloseSLA{Consumer: account("mallory"), SLA: p.id})
			}
			w.run(2, 0, 0, l, kept)
			w.run(3, 0, 0, append(parts, kept)...)
			w.run(27-9, 0, 0, kept)
			w.run(3, 0, 0, far...)
			w.finish(append(append(parts, far...), l, kept)...)
			w.free("pia", unit)
			return 0, "a part has a bond of its own and runs a window at least; what has a successor is not closed"
		},
	},
	{
		name: "split what was slashed", does: "a consumer whose provider was slashed splits the SLA, so that the parts have the collateral that is gone",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			l := w.open("mallory", w.unit("pia", offer{}), plain)
			w.run(12, 3, 0, l)
			w.settle("mallory", l)
			w.draw(l)
			if r := w.reservation(l.id); r.Coverage.Add(r.Slash).Sign() == 0 {
				w.Error("nothing was taken")
			}
			w.refused("CollateralMissing", "mallory", w.splitting("mallory", l.id, 15, orchestrator.Piece{Volume: l.terms.Volume}))
			w.finish(l)
			w.honest(l)
			return 0, "what stays has to cover what was taken"
		},
	},
	{
		name: "transfer to dodge the bond", does: "a consumer that will not pay on gives its SLA to an empty account before it defaults, and with it a bond that is disputed",
		attackers: []string{"mallory", "heir"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			l := w.short("mallory")
			disputed := w.open("mallory", w.unit("pia", offer{}), plain)
			w.do("dispute", orchestrator.Freeze{SLA: disputed.id, Amount: money.Of(1_000), Bond: true})
			for _, x := range []*life{l, disputed} {
				w.refused("ArgumentInvalid", "mallory", orchestrator.TransferSLA{Consumer: account("mallory"), SLA: x.id, To: account("mallory"), Refund: account("mallory")})
				w.together("mallory", orchestrator.TransferSLA{Consumer: account("mallory"), SLA: x.id, To: account("heir"), Refund: account("heir")}, "heir")
				w.refused("NotAuthorized", "mallory", orchestrator.CloseSLA{Consumer: account("mallory"), SLA: x.id})
			}
			w.do("dispute", orchestrator.Rule{SLA: disputed.id, ToConsumer: money.Of(0)})
			w.finish(l, disputed)
			if s := w.sla(l.id); s.State != orchestrator.Defaulted {
				w.Errorf("it ends %s", s.State)
			}
			w.honest(l)
			w.honest(disputed)
			w.owe("heir", -1_000)
			w.owe("pia", 1_000)
			return 0, "bond and disputes are the SLA's, whoever has it"
		},
	},
	{
		name: "hold capacity by renewals", does: "a consumer renews its SLA on a full unit five times without money, then once with, and closes the first SLA, so that the place is kept and not paid",
		attackers: []string{"mallory"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			x := plain
			x.egress = 0
			unit := w.unit("pia", offer{capacity: 2 * x.volume})
			l := w.open("mallory", unit, x)
			idle := x
			idle.nothing = true
			for range 5 {
				w.follow(w.do("mallory", w.requestAfter("mallory", unit, idle, l.id)))
			}
			w.open("carl", unit, x) // there is as much room as before
			renewal := w.requestAfter("mallory", unit, x, l.id)
			next := w.follow(w.do("mallory", renewal))
			renewal.Nonce = w.nonce()
			w.refused("StateWrong", "mallory", renewal)
			w.refused("StateWrong", "mallory", orchestrator.CloseSLA{Consumer: account("mallory"), SLA: l.id})
			w.advance(w.params.FundSeconds + 1)
			idles, carl := w.lives[1:6], w.lives[6]
			for _, i := range idles {
				w.refused("StateWrong", "mallory", orchestrator.Fund{From: account("mallory"), SLA: i.id, Amount: money.Of(3_300_000)})
				w.do("anyone", orchestrator.Expire{SLA: i.id})
			}
			w.finish(l, carl)
			w.finish(next)
			w.honest(l)
			w.honest(next)
			w.honest(carl)
			w.free("pia", unit)
			return 0, "a renewal takes the place of what it renews; what has a successor runs to its end"
		},
	},
	{
		name: "take over another's SLA", does: "a stranger renews, splits, transfers and begins what is another's, and takes the name of its joint SLA",
		attackers: []string{"mallory", "rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{})
			l := w.open("carl", unit, plain)
			mallory := account("mallory")
			r := w.request("mallory", unit, plain)
			r.Previous = l.id
			w.refused("NotAuthorized", "mallory", r)
			w.refused("NotAuthorized", "mallory", w.splitting("mallory", l.id, 6, orchestrator.Piece{Volume: l.terms.Volume}))
			w.refused("NotAuthorized", "mallory", orchestrator.Split{Consumer: mallory, SLA: l.id, Epochs: 6, Pieces: []orchestrator.Piece{{To: mallory, Refund: mallory, Volume: l.terms.Volume, Nonce: w.nonce()}}})
			if _, refused := w.try("mallory", orchestrator.TransferSLA{Consumer: account("carl"), SLA: l.id, To: mallory, Refund: mallory}); refused == "" {
				w.Error("a stranger transfers an SLA to itself")
			}
			w.refused("StateWrong", "mallory", orchestrator.Begin{SLA: l.id})
			w.refused("NotAuthorized", "rogue", orchestrator.Reclaim{Provider: account("rogue"), SLA: l.id})
			w.refused("StateWrong", "rogue", orchestrator.Drain{SLA: l.id})

			// the name of a joint SLA is its first part's, and that is of its consumer
			theirs := w.joint("carl", plain, 2, unit, w.unit("pia", offer{}))
			first := ids.SLAID(w.at().Consumer, account("carl"), theirs.Parts[0].Nonce)
			mine := theirs
			mine.Consumer, mine.Refund = mallory, mallory
			group := w.do("mallory", mine)
			if got := w.do("carl", theirs); got != first || group == first {
				w.Errorf("the groups are %s and %s", group.Short(), got.Short())
			}
			var lives []*life
			for _, of := range []string{"mallory", "carl"} {
				for _, p := range theirs.Parts {
					lives = append(lives, w.follow(ids.SLAID(w.at().Consumer, account(of), p.Nonce)))
				}
			}
			w.finish(append(lives, l)...)
			for _, l := range append(lives, l) {
				w.honest(l)
			}
			return 0, "an id is of its maker; an owner is asked"
		},
	},
	{
		name: "hold a joint SLA hostage", does: "one of two providers of a joint SLA neither accepts nor refuses its part, whose money and whose other part's collateral wait",
		attackers: []string{"rogue"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			units := []ids.ID{w.unit("pia", offer{}), w.unit("rogue", offer{manual: true})}
			var lives []*life
			for range 2 {
				j := w.joint("carl", plain, 2, units...)
				w.do("carl", j)
				for _, p := range j.Parts {
					lives = append(lives, w.follow(ids.SLAID(w.at().Consumer, account("carl"), p.Nonce)))
				}
			}
			for i, l := range lives {
				if s := w.sla(l.id).State; s != []orchestrator.SLAState{orchestrator.Funded, orchestrator.Requested}[i%2] {
					w.Errorf("part %d is %s", i, s)
				}
			}
			w.refused("StateWrong", "rogue", orchestrator.Begin{SLA: lives[0].id})
			for _, l := range lives[:2] {
				w.do("carl", orchestrator.Cancel{Consumer: account("carl"), SLA: l.id}) // no need to wait
			}
			w.advance(max(w.params.FundSeconds, w.params.AcceptSeconds) + 1)
			for _, l := range lives[2:] {
				w.do("anyone", orchestrator.Expire{SLA: l.id})
			}
			w.refused("StateWrong", "rogue", orchestrator.Accept{Provider: account("rogue"), SLA: lives[3].id})
			w.free("pia", units[0])
			w.free("rogue", units[1])
			return 0, "nothing is paid before all parts begin; accept_by and fund_by end the waiting, cancel and refuse at once"
		},
	},
	{
		name: "begin a part of a joint SLA", does: "a consumer pays one part of a joint SLA whole and the other not, to have the cheap half of a redundant store",
		attackers: []string{"mallory"}, victims: []string{"pia"},
		run: func(w *world) (int64, string) {
			units := []ids.ID{w.unit("pia", offer{}), w.unit("pia", offer{})}
			j := w.joint("mallory", plain, 2, units...)
			j.Parts[1].Deposit = money.Of(0)
			w.do("mallory", j)
			var lives []*life
			for _, p := range j.Parts {
				lives = append(lives, w.follow(ids.SLAID(w.at().Consumer, account("mallory"), p.Nonce)))
			}
			w.refused("StateWrong", "mallory", orchestrator.Begin{SLA: lives[0].id})
			w.do("mallory", orchestrator.Cancel{Consumer: account("mallory"), SLA: lives[1].id})
			w.refused("StateWrong", "mallory", orchestrator.Begin{SLA: lives[0].id})
			w.advance(w.params.FundSeconds + 1)
			w.do("anyone", orchestrator.Expire{SLA: lives[0].id})
			w.free("pia", units[0])
			w.empty(units[1])
			return 0, "all parts begin, or none"
		},
	},
	{
		name: "reclaim to dodge a slash", does: "a provider whose node is dead gives notice, so that the SLA ends before it is slashed for it",
		attackers: []string{"rogue"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			unit := w.unit("rogue", offer{})
			l := w.open("carl", unit, plain)
			w.run(2, 5, 0, l)
			w.do("rogue", orchestrator.Reclaim{Provider: account("rogue"), SLA: l.id})
			w.refused("ReclaimNotice", "rogue", orchestrator.Reclaim{Provider: account("rogue"), SLA: l.id})
			w.refused("StateWrong", "rogue", orchestrator.Drain{SLA: l.id})
			x := w.sla(l.id)
			w.run(int(x.EndEpochs)-2, 5, 0, l)
			w.settle("carl", l)
			r := w.reservation(l.id)
			if x.EndEpochs != 9 || r.Slash.Sign() == 0 || r.Reclaim.Sign() == 0 || r.State != orchestrator.ReservationDone {
				w.Errorf("not what was meant: end %d, %+v", x.EndEpochs, r)
			}
			w.honest(l)
			w.empty(unit)
			return 0, "an SLA that was given up is measured and slashed until its end, and the price comes on top"
		},
	},
	{
		name: "drain another's unit", does: "a rival ends the SLAs of a provider's unit by drain, before it is decommissioned and after",
		attackers: []string{"rogue"}, victims: []string{"carl"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{})
			l := w.open("carl", unit, plain)
			w.run(1, 0, 0, l)
			w.refused("StateWrong", "rogue", orchestrator.Drain{SLA: l.id})
			w.refused("NotAuthorized", "rogue", orchestrator.UnitDecommission{Provider: account("rogue"), ID: unit})
			w.do("pia", orchestrator.UnitDecommission{Provider: account("pia"), ID: unit})
			w.do("rogue", orchestrator.Drain{SLA: l.id})
			w.refused("ReclaimNotice", "rogue", orchestrator.Drain{SLA: l.id})
			w.finish(l)
			w.honest(l)
			if w.reservation(l.id).Reclaim.Sign() == 0 {
				w.Error("the end is free")
			}
			return 0, "only an owner gives a unit up; whoever calls then, its price goes to the consumer"
		},
	},
	{
		name: "another's price", does: "a consumer takes the price that a provider made for somebody else, and its own twice",
		attackers: []string{"mallory"}, victims: []string{"pia", "carl"},
		run: func(w *world) (int64, string) {
			unit := w.unit("pia", offer{})
			cheap := func(consumer string, until uint64) orchestrator.PriceFor {
				return orchestrator.PriceFor{Provider: account("pia"), Unit: unit, Consumer: account(consumer), StoragePrice: money.Of(1), EgressPrice: money.Of(1), Until: w.Now() + until}
			}
			list := w.request("mallory", unit, plain)
			w.do("pia", cheap("carl", 1_000))
			r := list
			r.PriceVersion, r.MaxTotal, r.Deposit = 0, money.Of(100), money.Of(0)
			w.refused("PriceChanged", "mallory", r)
			if q := w.request("mallory", unit, plain); q.MaxTotal.Cmp(list.MaxTotal) != 0 || q.PriceVersion != list.PriceVersion {
				w.Errorf("it is asked %s at version %d", q.MaxTotal, q.PriceVersion)
			}
			stolen := cheap("mallory", 1_000)
			stolen.Provider = account("mallory")
			w.refused("NotAuthorized", "mallory", stolen)
			w.do("pia", cheap("mallory", 1_000))
			l := w.open("mallory", unit, plain)
			again := w.request("mallory", unit, plain)
			if again.MaxTotal.Cmp(list.MaxTotal) != 0 {
				w.Errorf("the second SLA costs %s", again.MaxTotal)
			}
			again.PriceVersion = 0
			w.refused("PriceChanged", "mallory", again)
			w.do("pia", cheap("mallory", 10))
			w.advance(10)
			w.refused("PriceChanged", "mallory", again)
			w.run(1, 0, 0, l)
			w.finish(l)
			w.honest(l)
			return 0, "a price is for one consumer and one SLA, until its time"
		},
	},
}

// odd divides a volume into so many uneven pieces.
func (w *world) odd(volume uint64, n int) (l []orchestrator.Piece) {
	left := volume
	for i := range n {
		v := left
		if i < n-1 {
			v = volume/uint64(n) - 1_234_567 + uint64(i)*654_321
		}
		left -= v
		l = append(l, orchestrator.Piece{Volume: v})
	}
	return l
}

// splitting is the call that splits an SLA into pieces of the same consumer.
func (w *world) splitting(by string, id ids.ID, epochs uint32, pieces ...orchestrator.Piece) orchestrator.Split {
	op := orchestrator.Split{Consumer: account(by), SLA: id, Epochs: epochs}
	for _, p := range pieces {
		p.To, p.Refund, p.Nonce = account(by), account(by), w.nonce()
		op.Pieces = append(op.Pieces, p)
	}
	return op
}

// split an SLA and follow its parts.
func (w *world) split(by string, l *life, epochs uint32, pieces ...orchestrator.Piece) (parts []*life) {
	w.Helper()
	op := w.splitting(by, l.id, epochs, pieces...)
	w.do(by, op)
	for _, p := range op.Pieces {
		parts = append(parts, w.follow(ids.SLAID(w.at().Consumer, account(by), p.Nonce)))
	}
	return parts
}

// joint composes a request of so many copies on units, each as a wish.
func (w *world) joint(consumer string, x wish, copies uint8, units ...ids.ID) orchestrator.RequestJoint {
	w.Helper()
	op := orchestrator.RequestJoint{Consumer: account(consumer), Volume: x.volume, Duration: x.duration, Mode: x.mode, Redundancy: copies, Refund: account(consumer)}
	for _, unit := range units {
		r := w.request(consumer, unit, x)
		op.Parts = append(op.Parts, orchestrator.Part{Unit: unit, ShareBps: 10_000, Egress: r.Egress, MaxTotal: r.MaxTotal, PriceVersion: r.PriceVersion, Nonce: r.Nonce, Deposit: r.Deposit})
	}
	return op
}

// together is a call of a party that others sign too.
func (w *world) together(by string, op orchestrator.Op, others ...string) {
	w.Helper()
	w.calls[by]++
	var signed [][]byte
	for _, n := range others {
		unsigned, err := w.chain.Authorize(w.ctx, op, account(n))
		if err != nil {
			w.Fatalf("%s: %T: %v", n, op, err)
		}
		b, err := w.chain.SignAuthorization(key(n), op, unsigned)
		if err != nil {
			w.Fatalf("%s: %T: %v", n, op, err)
		}
		signed = append(signed, b)
	}
	r, err := w.chain.Relay(w.ctx, key(by), op, signed...)
	if err != nil {
		w.Fatalf("%s: %T: %v", by, op, err)
	}
	w.fees[by] += r.Fee.Big().Int64()
}
