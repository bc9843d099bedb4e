package attack

import (
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

const (
	roleProvider  = 0
	roleCertifier = 2
	roleArbiter   = 3
	roleVoter     = 4
)

// Attacks by stake that is somebody else's, somewhere else or gone, and on the votes that it gives.
var stakes = []attack{
	duty("vote with borrowed stake", "a voter borrows a hundred times its stake for a vote, and votes again with the same FLASH under another name", []string{"mallory", "rogue"}, []string{"carl"}, func(d *duties) (int64, string) {
		d.stake("carl", roleVoter, 10_000)
		d.stake("mallory", roleVoter, 1_000)
		d.advance(10)
		actions := scval.Vec(action(d.score, "set_unit", scval.Address(d.usd), scval.I128(1)))
		d.must("lender", d.flash, "transfer", arg("lender"), arg("mallory"), scval.I128(100_000))
		d.stake("mallory", roleVoter, 100_000)
		number := d.propose("carl", actions)
		if got := fmt.Sprint(d.view(d.staking, "votes", arg("mallory"))); got != "101000" {
			d.Errorf("the loan gives %s votes", got)
		}
		d.advance(10)
		vote := func(who string) []xdr.ScVal { return []xdr.ScVal{arg(who), number, scval.U32(1)} }
		if got := fmt.Sprint(scval.Plain(d.must("mallory", d.governance, "vote", vote("mallory")...))); got != "1000" {
			d.Errorf("mallory voted with %s", got)
		}
		d.stops("Voted", "mallory", d.governance, "vote", vote("mallory")...)
		d.must("mallory", d.staking, "unbond", arg("mallory"), scval.U32(roleVoter), scval.I128(101_000))
		d.stops("NothingDue", "mallory", d.staking, "withdraw", arg("mallory"), scval.U32(roleVoter))
		d.must("mallory", d.flash, "transfer", arg("mallory"), arg("rogue"), scval.I128(50_000))
		d.stake("rogue", roleVoter, 50_000)
		d.stops("PowerMissing", "rogue", d.governance, "vote", vote("rogue")...)
		d.must("carl", d.governance, "vote", arg("carl"), number, scval.U32(0))
		d.advance((votingDays + delayDays) * day)
		d.stops("VoteFailed", "mallory", d.governance, "execute", number, actions)
		d.advance(30 * day)
		d.must("mallory", d.staking, "withdraw", arg("mallory"), scval.U32(roleVoter))
		d.must("mallory", d.flash, "transfer", arg("mallory"), arg("lender"), scval.I128(100_000))
		return 0, "votes are those of the second before the proposal, once each; a stake takes 30 days to move"
	}),
	duty("a vote for something else", "a proposer has a harmless hash voted for, and executes other actions, more of them, again, and what no list allows", []string{"mallory"}, []string{"carl"}, func(d *duties) (int64, string) {
		d.stake("mallory", roleVoter, 1_000)
		d.stake("carl", roleVoter, 1_000)
		d.advance(10)
		harmless := action(d.score, "set_unit", scval.Address(d.usd), scval.I128(1_000))
		steal := action(d.staking, "slash", scval.Address(d.governance), arg("carl"), scval.U32(roleVoter), scval.I128(1_000), arg("mallory"), scval.ID([32]byte{1}))
		allow := action(d.governance, "add_target", scval.Address(d.staking), scval.Vec(scval.Symbol("slash")))
		numbers := []xdr.ScVal{d.propose("mallory", scval.Vec(harmless)), d.propose("mallory", scval.Vec(steal)), d.propose("mallory", scval.Vec(allow, steal)), d.propose("mallory", scval.Vec(allow))}
		d.advance(10)
		for _, n := range numbers { // the voters let themselves be deceived, by all of them
			for _, who := range []string{"mallory", "carl"} {
				d.must(who, d.governance, "vote", arg(who), n, scval.U32(1))
			}
		}
		d.stops("VotingOpen", "mallory", d.governance, "execute", numbers[0], scval.Vec(harmless))
		d.advance(votingDays * day)
		d.stops("TimeLocked", "mallory", d.governance, "execute", numbers[0], scval.Vec(harmless))
		d.advance(delayDays * day)
		d.stops("ActionMismatch", "mallory", d.governance, "execute", numbers[0], scval.Vec(steal))
		d.stops("ActionMismatch", "mallory", d.governance, "execute", numbers[0], scval.Vec(harmless, steal))
		d.stops("TargetUnknown", "mallory", d.governance, "execute", numbers[1], scval.Vec(steal))
		d.stops("TargetUnknown", "mallory", d.governance, "execute", numbers[2], scval.Vec(allow, steal))
		d.stops("ArgumentInvalid", "mallory", d.governance, "execute", numbers[3], scval.Vec(allow))
		d.must("mallory", d.governance, "execute", numbers[0], scval.Vec(harmless))
		d.stops("StateWrong", "mallory", d.governance, "execute", numbers[0], scval.Vec(harmless))
		return 0, "a vote is for a hash of actions, targets are on lists, and no list may name what moves money or stake"
	}),
	duty("a guardian who does not let go", "the guardian pauses, extends its pause, pauses again, and undoes the voters' end of it", []string{"guardian"}, []string{"carl"}, func(d *duties) (int64, string) {
		unit := d.unit("pia", offer{})
		request := func() orchestrator.Request { return d.request("carl", unit, plain) }
		d.must("guardian", d.governance, "guardian_pause")
		d.stops("PauseSpent", "guardian", d.governance, "guardian_pause")
		d.refused("Paused", "carl", request())
		d.advance(7 * day)
		d.must("anyone", d.governance, "unpause")
		l := d.follow(d.do("carl", request()))
		d.stops("PauseSpent", "guardian", d.governance, "guardian_pause")
		d.advance(29 * day)
		d.stops("PauseSpent", "guardian", d.governance, "guardian_pause")
		d.stops("StateWrong", "guardian", d.governance, "unpause")
		d.finish(l)
		d.honest(l)
		return 0, "requests stop for pause seconds, once in rest seconds; anyone ends the pause; nothing else stops"
	}),
	duty("leave before the slash", "a certifier who lied takes its stake out before the ruling: unbonds it, waits, withdraws, splits it into eight", []string{"mallory"}, []string{"carl", "pia"}, func(d *duties) (int64, string) {
		lie, denial := d.conflict(3)
		for range 8 {
			d.must("mallory", d.staking, "unbond", arg("mallory"), scval.U32(roleCertifier), scval.I128(1_250))
		}
		d.stops("StakeMissing", "mallory", d.staking, "unbond", arg("mallory"), scval.U32(roleCertifier), scval.I128(1))
		d.advance(31 * day)
		d.must("anyone", d.registry, "hold", arg("mallory"))
		d.stops("StakeHeld", "mallory", d.staking, "withdraw", arg("mallory"), scval.U32(roleCertifier))
		d.stops("Frozen", "mallory", d.registry, "revoke", arg("mallory"), lie, scval.ID([32]byte{1}))
		d.must("resolver", d.registry, "resolve", arg("resolver"), lie, denial, denial)
		if got := d.worth("mallory"); got != flashEach-10_000 {
			d.Errorf("mallory kept %d", got)
		}
		return 0, "what is unbonding is slashed as well, and held while a certification may be in conflict"
	}),
	duty("deny to freeze", "a certifier denies what is true, to freeze a competitor's certification, and gives in; without stake, with less, and with the same denial again", []string{"mallory"}, []string{"carl", "pia"}, func(d *duties) (int64, string) {
		d.certifier("carl", 10_000)
		truth := d.certify("carl", 3)
		d.must("mallory", d.registry, "certifier", arg("mallory"), scval.ID([32]byte{1}))
		object := func(nonce byte) []xdr.ScVal {
			return []xdr.ScVal{arg("mallory"), truth, scval.U32(0), scval.ID([32]byte{9}), scval.U64(d.Now() + 90*day), scval.ID([32]byte{nonce})}
		}
		d.stops("BondMissing", "mallory", d.registry, "object", object(1)...)
		d.stake("mallory", roleCertifier, 9_999)
		d.stops("BondMissing", "mallory", d.registry, "object", object(1)...)
		d.stake("mallory", roleCertifier, 1)
		denial := d.must("mallory", d.registry, "object", object(1)...)
		d.stops("BondMissing", "mallory", d.registry, "object", object(2)...)
		if d.certified(truth, 3) {
			d.Error("what is frozen certifies")
		}
		d.must("mallory", d.registry, "revoke", arg("mallory"), denial, scval.ID([32]byte{1}))
		if !d.certified(truth, 3) {
			d.Error("the truth is not live again")
		}
		d.stops("Exists", "mallory", d.registry, "object", object(1)...)
		return 0, "who freezes binds as much as it freezes, and giving in costs a tenth of it, each time"
	}),
	duty("one stake, many arbiters", "an arbiter registers, moves its stake to other names and registers these as well, to be drawn more often", []string{"mallory", "rogue"}, []string{"carl"}, func(d *duties) (int64, string) {
		register := func(who string) []xdr.ScVal { return []xdr.ScVal{arg(who), scval.Bool(true)} }
		d.stops("StakeMissing", "mallory", d.dispute, "arbiter", register("mallory")...)
		d.stake("mallory", roleArbiter, arbiterStake)
		d.must("mallory", d.dispute, "arbiter", register("mallory")...)
		d.must("mallory", d.dispute, "arbiter", register("mallory")...) // renews, and has no second place
		if d.view(d.dispute, "slot", scval.U32(1)) != nil {
			d.Error("there are two places")
		}
		d.must("mallory", d.staking, "unbond", arg("mallory"), scval.U32(roleArbiter), scval.I128(arbiterStake))
		d.stops("StakeMissing", "rogue", d.dispute, "arbiter", register("rogue")...)
		d.must("mallory", d.dispute, "arbiter", arg("mallory"), scval.Bool(false))
		d.advance(31 * day)
		d.stops("StakeHeld", "mallory", d.staking, "withdraw", arg("mallory"), scval.U32(roleArbiter))
		d.advance(30 * day)
		d.must("mallory", d.staking, "withdraw", arg("mallory"), scval.U32(roleArbiter))
		return 0, "a registration holds the stake for 60 days and lasts 30"
	}),
	duty("an allowance twice", "a spender uses an allowance again, after its ledger, for another's purse, and what was taken back", []string{"mallory"}, []string{"carl"}, func(d *duties) (int64, string) {
		approve := func(amount int64, ledgers uint32) {
			d.must("carl", d.flash, "approve", arg("carl"), arg("mallory"), scval.I128(amount), scval.U32(d.Ledger()+ledgers))
		}
		take := func(amount int64) []xdr.ScVal {
			return []xdr.ScVal{arg("mallory"), arg("carl"), arg("mallory"), scval.I128(amount)}
		}
		approve(500, 100)
		d.stops("AllowanceMissing", "mallory", d.flash, "transfer_from", take(501)...)
		d.must("mallory", d.flash, "transfer_from", take(500)...)
		d.owe("mallory", 500)
		d.owe("carl", -500)
		d.stops("AllowanceMissing", "mallory", d.flash, "transfer_from", take(1)...)
		d.stops("AllowanceMissing", "mallory", d.flash, "burn_from", arg("mallory"), arg("carl"), scval.I128(1))
		d.stops("AllowanceMissing", "mallory", d.flash, "transfer_from", arg("mallory"), arg("pia"), arg("mallory"), scval.I128(1))
		approve(300, 10)
		d.advance(60)
		d.stops("AllowanceMissing", "mallory", d.flash, "transfer_from", take(1)...)
		approve(300, 1_000)
		approve(0, 0)
		d.stops("AllowanceMissing", "mallory", d.flash, "transfer_from", take(1)...)
		d.stops("AmountInvalid", "mallory", d.flash, "transfer_from", take(-1)...)
		return 0, "an allowance is spent once, until its ledger, and replaced as a whole"
	}),
	duty("a subscription for less", "a provider subscribes for nothing, for ever, without FLASH, and is listed by stake that it takes out", []string{"rogue"}, []string{"pia"}, func(d *duties) (int64, string) {
		subscribe := func(periods uint32, most int64) []xdr.ScVal {
			return []xdr.ScVal{arg("rogue"), arg("rogue"), scval.U32(periods), scval.I128(most)}
		}
		listed := func() bool { return d.view(d.registry, "may_list", arg("rogue")) == true }
		d.stops("ArgumentInvalid", "rogue", d.registry, "subscribe", subscribe(0, 0)...)
		d.stops("ArgumentInvalid", "rogue", d.registry, "subscribe", subscribe(37, 370)...)
		d.stops("PriceAbove", "rogue", d.registry, "subscribe", subscribe(2, 2*listPrice-1)...)
		d.must("rogue", d.flash, "transfer", arg("rogue"), arg("lender"), scval.I128(flashEach))
		d.stops("TransferFailed", "rogue", d.registry, "subscribe", subscribe(1, listPrice)...)
		d.must("lender", d.flash, "transfer", arg("lender"), arg("rogue"), scval.I128(flashEach))
		d.must("rogue", d.registry, "subscribe", subscribe(36, 36*listPrice)...)
		d.stops("ArgumentInvalid", "rogue", d.registry, "subscribe", subscribe(1, listPrice)...)
		d.owe("rogue", -36*listPrice)
		d.advance(36 * 30 * day)
		if listed() {
			d.Error("it is listed after its subscription")
		}
		d.stake("rogue", roleProvider, 50_000)
		if !listed() {
			d.Error("stake does not list")
		}
		d.must("rogue", d.staking, "unbond", arg("rogue"), scval.U32(roleProvider), scval.I128(1))
		if listed() {
			d.Error("it is listed without stake")
		}
		return 0, "a listing is paid for period by period, or has its stake behind it at that moment"
	}),
}

// certifier with so much stake.
func (d *duties) certifier(who string, stake int64) {
	d.Helper()
	d.stake(who, roleCertifier, stake)
	d.must(who, d.registry, "certifier", arg(who), scval.ID([32]byte{1}))
}

var scope = scval.ID([32]byte{4})

// certify that pia, a provider, meets the scope.
func (d *duties) certify(who string, level uint32) xdr.ScVal {
	d.Helper()
	return d.must(who, d.registry, "certify", arg(who), arg("pia"), scval.U32(0), scval.U32(level), scope, scval.ID([32]byte{9}), scval.U64(d.Now()+90*day), scval.ID([32]byte{byte(level), 7}))
}

func (d *duties) certified(id xdr.ScVal, level uint32) bool {
	return d.view(d.registry, "is_certified", id, arg("pia"), scval.U32(0), scval.U32(level), scope) == true
}

// conflict about pia: mallory says yes, carl no.
func (d *duties) conflict(level uint32) (lie, denial xdr.ScVal) {
	d.Helper()
	d.certifier("mallory", 10_000)
	d.certifier("carl", 10_000)
	lie = d.certify("mallory", level)
	denial = d.must("carl", d.registry, "object", arg("carl"), lie, scval.U32(0), scval.ID([32]byte{9}), scval.U64(d.Now()+90*day), scval.ID([32]byte{1}))
	return lie, denial
}
