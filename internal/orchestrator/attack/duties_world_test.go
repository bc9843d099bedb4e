package attack

import (
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

// duties is a world with the contracts around the Orchestrators. FLASH counts as wealth like the token of the SLAs, wherever it is: in a purse, staked, on its way out of a stake, or owed by the Dispute contract.
type duties struct {
	*world
	flash, staking, dispute, score, registry, governance ids.Account
}

// Parties of these attacks beside the others: one who has all FLASH that was made and lends it, a guardian, and a resolver of conflicts.
var dutyParties = []string{"lender", "guardian", "resolver", "arbiter 0", "arbiter 1", "arbiter 2", "arbiter 3"}

const (
	flashEach    = 1_000_000 // FLASH of each provider, consumer and arbiter
	evidence     = 30        // seconds of a dispute's phases
	commit       = 15
	reveal       = 15
	appeal       = 20
	maxAge       = 60
	pointFee     = 1_000 // of a point of score
	votingDays   = 3
	delayDays    = 2
	arbiterStake = 5_000
	disputeBond  = 1_000
	jurorFee     = 70
	listPrice    = 10
	day          = 86_400
)

// duty is an attack in such a world.
func duty(name, does string, attackers, victims []string, run func(d *duties) (int64, string)) attack {
	return attack{name: name, does: does, attackers: attackers, victims: victims, run: func(w *world) (int64, string) {
		d := w.duties()
		before := map[string]int64{}
		for _, n := range append(append([]string{}, attackers...), victims...) {
			before[n] = d.worth(n)
		}
		bound, rule := run(d)
		for n, b := range before {
			w.owe(n, b-d.worth(n))
		}
		return bound, rule
	}}
}

// duties deploys them, with the real Dispute contract where the Orchestrators are told of one.
func (w *world) duties() *duties {
	w.Helper()
	d := &duties{world: w}
	for _, n := range dutyParties {
		if err := w.Fund(account(n)); err != nil {
			w.Fatal(err)
		}
	}
	put := func(name string, args ...xdr.ScVal) ids.Account {
		w.Helper()
		at, err := w.DeployArtifact(w.ctx, name, args...)
		if err != nil {
			w.Fatalf("%s: %v", name, err)
		}
		return at
	}
	w.again("dispute")
	i, u, s := scval.I128, scval.U64, scval.U32
	at, of := w.at(), scval.Address
	d.flash = put("flash", arg("lender"), i(1_000_000_000))
	for _, n := range append(append([]string{"arbiter 0", "arbiter 1", "arbiter 2", "arbiter 3"}, providers...), consumers...) {
		d.must("lender", d.flash, "transfer", arg("lender"), arg(n), i(flashEach))
	}
	d.staking = put("staking", arg("admin"), of(d.flash), arg("fund"))
	d.registry = put("registry", arg("admin"), of(d.staking), of(d.flash), scval.Struct(scval.Fields{"version": s(1), "bonds": scval.Vec(i(10_000), i(500), i(2_000), i(10_000)), "list_stake": i(50_000), "list_price": i(listPrice),
		"list_period_seconds": u(30 * day), "payee": arg("platform"), "fund": arg("fund"), "resolver": arg("resolver"), "max_life_seconds": u(365 * day), "challenge_seconds": u(30 * day), "concede_seconds": u(7 * day),
		"lapse_seconds": u(90 * day), "concede_bps": s(1_000), "conflict_fund_bps": s(2_500)}))
	d.score = put("score", arg("admin"), of(at.Provider), of(at.Consumer), scval.Struct(scval.Fields{"version": s(1), "cap": s(1_000), "severity": s(20)}))
	d.dispute = put("dispute", arg("admin"), of(at.Oracle), of(at.Provider), of(at.Consumer), of(d.staking), of(d.flash), scval.Struct(scval.Fields{"version": s(1), "bond": i(disputeBond), "juror_fee": i(jurorFee),
		"arbiter_stake": i(arbiterStake), "panel": s(3), "evidence_seconds": u(evidence), "commit_seconds": u(commit), "reveal_seconds": u(reveal), "appeal_seconds": u(appeal), "max_age_seconds": u(maxAge), "quorum_bps": s(6_000),
		"slash_equivocation_bps": s(2_500), "fund": arg("fund")}))
	d.must("admin", d.score, "wire", of(d.dispute))
	d.must("admin", d.dispute, "wire", of(d.score))
	d.must("admin", d.score, "set_unit", of(w.usd), i(pointFee))
	for _, slasher := range []ids.Account{d.registry, d.dispute} {
		d.must("admin", d.staking, "slasher", of(slasher), scval.Bool(true))
	}
	params := scval.Struct(scval.Fields{"version": s(1), "voting_seconds": u(votingDays * day), "delay_seconds": u(delayDays * day), "open_seconds": u(3 * day), "threshold_bps": s(100), "quorum_bps": s(400), "majority_bps": s(5_000),
		"pause_seconds": u(7 * day), "rest_seconds": u(30 * day)})
	targets := scval.Vec(target(d.registry, "set_params"), target(d.score, "set_unit"))
	d.governance = put("governance", of(d.staking), of(at.Consumer), arg("guardian"), params, targets, u(1))
	d.must("admin", d.score, "set_admin", of(d.governance))
	d.must("admin", at.Consumer, "set_admin", of(d.governance))
	clear(w.calls)
	clear(w.fees)
	return d
}

// again makes the Orchestrators anew, for a Dispute contract that will be deployed under this name, and the providers go there with their collateral.
func (w *world) again(name string) {
	w.Helper()
	for _, p := range providers {
		w.do(p, orchestrator.WithdrawCollateral{Provider: account(p), Asset: w.usd, Amount: w.collateral(p).Free})
	}
	dispute, err := w.ContractAddress(name)
	if err != nil {
		w.Fatal(err)
	}
	c := stellar.Inside(local{w.Rig}, w.Passphrase())
	at, config, err := c.Deploy(w.ctx, stellar.DeployOptions{Label: "duties", Admin: key("admin"), Dispute: dispute, Params: w.params, Oracle: oracleConfig(w.Now())})
	if err != nil {
		w.Fatal(err)
	}
	w.config = config
	if w.chain, err = c.With(w.ctx, at); err != nil {
		w.Fatal(err)
	}
	for _, p := range providers {
		if err := w.provider(p); err != nil {
			w.Fatal(err)
		}
	}
}

func target(contract ids.Account, functions ...string) xdr.ScVal {
	var names []xdr.ScVal
	for _, f := range functions {
		names = append(names, scval.Symbol(f))
	}
	return scval.Struct(scval.Fields{"contract": scval.Address(contract), "functions": scval.Vec(names...)})
}

// must is a call that has to go through.
func (d *duties) must(by string, contract ids.Account, function string, args ...xdr.ScVal) xdr.ScVal {
	d.Helper()
	return d.mustRaw(by, contract, function, args...).Value
}

// stops is a call that has to be refused for this reason.
func (d *duties) stops(why, by string, contract ids.Account, function string, args ...xdr.ScVal) {
	d.Helper()
	_, err := d.raw(by, contract, function, args...)
	got := ""
	if err != nil {
		got = orchestrator.Codes()[direct.Code(err)].Code
	}
	if err == nil || got != why {
		d.Errorf("%s: %s: refused with %q (%v), not %q", by, function, got, err, why)
	}
}

// view of a contract, as a plain value.
func (d *duties) view(contract ids.Account, function string, args ...xdr.ScVal) any {
	d.Helper()
	v, err := d.View(d.ctx, contract, function, args...)
	if err != nil {
		d.Fatalf("%s: %v", function, err)
	}
	return scval.Plain(v)
}

func (d *duties) stake(who string, role uint32, amount int64) {
	d.Helper()
	d.must(who, d.staking, "stake", arg(who), arg(who), scval.U32(role), scval.I128(amount))
}

// worth is all FLASH of a party.
func (d *duties) worth(name string) (sum int64) {
	d.Helper()
	add := func(contract ids.Account, function string, args ...xdr.ScVal) {
		v, err := d.View(d.ctx, contract, function, args...)
		if err != nil {
			d.Fatalf("%s of %s: %v", function, name, err)
		}
		amounts := []xdr.ScVal{v}
		if m, ok := v.GetMap(); ok {
			amounts = nil
			for _, e := range *m {
				if k := string(e.Key.MustSym()); k == "active" || k == "unbonding" {
					amounts = append(amounts, e.Val)
				}
			}
		}
		for _, a := range amounts {
			sum += int64(a.MustI128().Lo)
		}
	}
	add(d.flash, "balance", arg(name))
	add(d.dispute, "due", arg(name))
	for role := range uint32(5) {
		add(d.staking, "position", arg(name), scval.U32(role))
	}
	return sum
}

// propose actions by somebody who has stake; the proposal's number.
func (d *duties) propose(by string, actions xdr.ScVal) xdr.ScVal {
	d.Helper()
	b, err := actions.MarshalBinary()
	if err != nil {
		d.Fatal(err)
	}
	return d.must(by, d.governance, "propose", arg(by), scval.ID(canon.Hash(b)), scval.ID([32]byte{1}))
}

func action(contract ids.Account, function string, args ...xdr.ScVal) xdr.ScVal {
	return scval.Struct(scval.Fields{"target": scval.Address(contract), "function": scval.Symbol(function), "args": scval.Vec(args...)})
}
