package attack

import (
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	disputes "github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

// Attacks by disputes and on scores.
var cases = []attack{
	duty("accuse to be in the way", "a provider accuses its consumer of abuse, of all that its bond holds, to keep the consumer's own dispute out until the window is too old", []string{"rogue"}, []string{"carl"}, func(d *duties) (int64, string) {
		d.arbiters(3)
		l := d.open("carl", d.unit("rogue", offer{}), plain)
		d.run(3, 0, 0, l)
		d.settle("anyone", l)
		bond := l.terms.Bond.Big().Int64()
		d.stops("AmountInvalid", "rogue", d.dispute, "accuse", d.opening("rogue", l, 0, bond+1)...)
		d.stops("NotAuthorized", "mallory", d.dispute, "accuse", d.opening("mallory", l, 0, bond)...)
		id := d.must("rogue", d.dispute, "accuse", d.opening("rogue", l, 0, bond)...)
		d.stops("Disputed", "carl", d.dispute, "open", d.opening("carl", l, 0, 1_000)...)
		d.must("carl", d.dispute, "answer", arg("carl"), id, scval.ID([32]byte{2}))
		d.run(5, 0, 0, l)
		d.advance(maxAge) // the window has grown too old
		d.vote(id, 1, 1, 1)
		d.stops("WindowWrong", "rogue", d.dispute, "accuse", append(d.opening("rogue", l, 0, bond)[:5], scval.ID([32]byte{8}))...)
		own := d.must("carl", d.dispute, "open", d.opening("carl", l, 0, 1_000)...)
		d.advance(evidence)
		d.must("anyone", d.dispute, "advance", own)
		d.execute(own)
		d.finish(l)
		d.honest(l)
		d.owe("carl", 1_000) // its own dispute, which nobody answered
		d.owe("rogue", -1_000)
		return 0, "a false accusation costs the dispute's bond; who was kept out has its time from the end of it"
	}),
	duty("copy a vote, or say nothing", "an arbiter waits for another's commitment and copies it, and reveals what that one reveals", []string{"arbiter 0"}, []string{"carl", "arbiter 1"}, func(d *duties) (int64, string) {
		d.arbiters(3)
		l := d.open("carl", d.unit("pia", offer{}), plain)
		d.run(3, 0, 0, l)
		d.settle("anyone", l)
		id := d.must("carl", d.dispute, "open", d.opening("carl", l, 0, 1_000)...)
		d.must("pia", d.dispute, "answer", arg("pia"), id, scval.ID([32]byte{2}))
		d.run(5, 0, 0, l)
		d.must("anyone", d.dispute, "advance", id)
		hash := scval.ID(disputes.VoteHash(idOf(id), 0, account("arbiter 1"), 1, salt))
		for _, who := range []string{"arbiter 1", "arbiter 0"} {
			d.must(who, d.dispute, "commit", arg(who), id, hash)
		}
		d.must("arbiter 2", d.dispute, "commit", arg("arbiter 2"), id, scval.ID(disputes.VoteHash(idOf(id), 0, account("arbiter 2"), 1, salt)))
		d.stops("Exists", "arbiter 0", d.dispute, "commit", arg("arbiter 0"), id, scval.ID([32]byte{1}))
		d.advance(commit)
		for _, who := range []string{"arbiter 1", "arbiter 2"} {
			d.must(who, d.dispute, "reveal", arg(who), id, scval.U32(1), scval.ID(salt))
		}
		d.stops("CommitMismatch", "arbiter 0", d.dispute, "reveal", arg("arbiter 0"), id, scval.U32(1), scval.ID(salt))
		d.advance(reveal)
		d.must("anyone", d.dispute, "advance", id)
		d.execute(id)
		d.finish(l)
		d.honest(l)
		d.owe("carl", 1_000+disputeBond-2*jurorFee) // what the panel gave it, and the rest of the loser's bond
		return 0, "a commitment names its arbiter; who does not reveal loses the juror fee to those who do"
	}),
	duty("a score by self-dealing", "a provider deals with itself under another name, by dust and by one SLA of full length, and records that", []string{"mallory", "rogue"}, []string{"pia", "carl"}, func(d *duties) (int64, string) {
		unit := d.unit("rogue", offer{})
		dust, whole := d.open("mallory", unit, wish{volume: 1 << 30, duration: 30}), d.open("mallory", unit, plain)
		d.run(30, 0, 0, dust, whole)
		for _, l := range []*life{dust, whole} {
			d.settle("mallory", l)
		}
		d.stops("NothingNew", "rogue", d.score, "record", d.record(dust, sla.Zero(dust.terms), dust.leaf)...)
		d.must("rogue", d.score, "record", d.record(whole, sla.Zero(whole.terms), whole.leaf)...)
		d.stops("NothingNew", "rogue", d.score, "record", d.record(whole, sla.Zero(whole.terms), whole.leaf)...)
		paid := d.sla(whole.id).FeeTotal.Big().Int64() / pointFee
		if points := fmt.Sprint(d.shown("rogue")["points"]); points == "0" || points > fmt.Sprint(5*paid) && len(points) >= len(fmt.Sprint(5*paid)) {
			d.Errorf("%s points in five dimensions for the fee of %d", points, paid)
		}
		d.draw(dust, whole)
		return 0, "every point of a dimension costs its fee, which is paid to others, and decays"
	}),
	duty("hide a failure", "a provider that failed records only its good windows, all at once when they are old, and buys the SLA from its consumer first", []string{"mallory", "rogue"}, []string{"pia"}, func(d *duties) (int64, string) {
		l := d.open("mallory", d.unit("rogue", offer{}), plain)
		d.run(3, 5, 0, l)
		d.settle("anyone", l)
		bad := l.leaf
		if _, err := d.Call(d.ctx, d.at().Consumer, "transfer", direct.By(party("mallory"), party("rogue")), arg("mallory"), scval.ID(l.id), arg("rogue"), arg("rogue")); err != nil {
			d.Fatal(err)
		}
		d.finish(l)
		d.stops("FromMismatch", "rogue", d.score, "record", d.record(l, bad, l.leaf)...)
		d.stops("LeafUnknown", "rogue", d.score, "record", d.record(l, sla.Zero(l.terms), bad)...)
		d.advance(90 * day)
		d.must("anyone", d.score, "record", d.record(l, sla.Zero(l.terms), l.leaf)...)
		if total := d.total("rogue"); total >= 5_000 {
			d.Errorf("its score is %d", total)
		}
		d.honest(l)
		return 0, "a record begins where the last one ended; with oneself only what is bad counts; hoarding keeps nothing young"
	}),
}

var salt = [32]byte{5}

func idOf(v xdr.ScVal) (id ids.ID) {
	b, _ := v.GetBytes()
	copy(id[:], b)
	return id
}

// arbiters with a stake each, registered a second ago.
func (d *duties) arbiters(n int) {
	d.Helper()
	for _, who := range dutyParties[3 : 3+n] {
		d.stake(who, roleArbiter, arbiterStake)
		d.must(who, d.dispute, "arbiter", arg(who), scval.Bool(true))
	}
	d.advance(1)
}

func (d *duties) opening(by string, l *life, window uint32, amount int64) []xdr.ScVal {
	return []xdr.ScVal{arg(by), scval.ID(l.id), scval.U32(window), scval.I128(amount), scval.ID([32]byte{1}), scval.ID([32]byte{byte(window), 3})}
}

// vote of the panel of three, who are all arbiters that there are, and its execution.
func (d *duties) vote(id xdr.ScVal, choices ...uint32) {
	d.Helper()
	d.must("anyone", d.dispute, "advance", id)
	for i, choice := range choices {
		who := dutyParties[3+i]
		d.must(who, d.dispute, "commit", arg(who), id, scval.ID(disputes.VoteHash(idOf(id), 0, account(who), choice, salt)))
	}
	d.advance(commit)
	for i, choice := range choices {
		who := dutyParties[3+i]
		d.must(who, d.dispute, "reveal", arg(who), id, scval.U32(choice), scval.ID(salt))
	}
	d.advance(reveal)
	d.must("anyone", d.dispute, "advance", id)
	d.execute(id)
}

func (d *duties) execute(id xdr.ScVal) {
	d.Helper()
	d.advance(appeal)
	d.must("anyone", d.dispute, "execute", id)
}

func (d *duties) record(l *life, from, to sla.Leaf) []xdr.ScVal {
	return []xdr.ScVal{scval.ID(l.id), scval.Bytes(from.Bytes()), scval.Bytes(to.Bytes())}
}

func (d *duties) shown(provider string) map[string]any {
	d.Helper()
	return d.view(d.score, "provider", arg(provider), scval.U64(d.Now())).(map[string]any)
}

func (d *duties) total(provider string) uint64 {
	d.Helper()
	return d.shown(provider)["total"].(uint64)
}
