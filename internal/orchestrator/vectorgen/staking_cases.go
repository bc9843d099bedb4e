package main

import (
	"math/big"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
)

type stakingPlay struct {
	name string
	play func(*stakingScript)
}

const day = 86_400

// Calls of the first party, as the role that they name.
func stakes(role staking.Role, amount int64) any {
	return staking.Stake{From: stakingParties[0], Owner: stakingParties[0], Role: role, Amount: money.Of(amount)}
}

func unbonds(role staking.Role, amount int64) any {
	return staking.Unbond{Owner: stakingParties[0], Role: role, Amount: money.Of(amount)}
}

func withdraws(role staking.Role) any { return staking.Withdraw{Owner: stakingParties[0], Role: role} }

func cancels(role staking.Role, number uint32) any {
	return staking.CancelUnbond{Owner: stakingParties[0], Role: role, Number: number}
}

func powerAt(party int, time uint64) any { return PowerAt{stakingParties[party], time} }

// stakingLives: in, out and votes.
func stakingLives() []stakingPlay {
	alice, bob := stakingParties[0], stakingParties[1]
	most := money.Must(new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(1)))
	plays := []stakingPlay{
		{"in, out after thirty days", func(x *stakingScript) {
			x.do(stakes(staking.Provider, 100))
			x.later(5, unbonds(staking.Provider, 60))
			x.take("NothingDue", withdraws(staking.Provider))
			x.now += staking.UnbondingSeconds - 1
			x.take("NothingDue", withdraws(staking.Provider))
			x.later(1, withdraws(staking.Provider))
			x.take("NothingDue", withdraws(staking.Provider))
		}},
		{"several roles are several stakes and one sum of votes", func(x *stakingScript) {
			for role := staking.Provider; role <= staking.Voter; role++ {
				x.later(1, stakes(role, int64(role)+1))
			}
			x.take("StakeMissing", unbonds(staking.Provider, 2))
			x.do(unbonds(staking.Voter, 5))
		}},
		{"somebody pays for another's stake, which is the other's", func(x *stakingScript) {
			x.do(staking.Stake{From: bob, Owner: alice, Role: staking.Certifier, Amount: money.Of(10)})
			x.take("StakeMissing", staking.Unbond{Owner: bob, Role: staking.Certifier, Amount: money.Of(10)})
			x.do(unbonds(staking.Certifier, 10))
			x.later(30*day, withdraws(staking.Certifier))
		}},
		{"more than the balance", func(x *stakingScript) { x.take("TransferFailed", stakes(staking.Provider, 1_001)) }},
		{"all of the balance", func(x *stakingScript) { x.do(stakes(staking.Provider, 1_000)) }},
		{"more than fits", func(x *stakingScript) {
			x.do(stakes(staking.Provider, 1))
			x.take("Overflow", staking.Stake{From: alice, Owner: alice, Role: staking.Provider, Amount: most})
		}},
		{"more votes than fit, over two roles", func(x *stakingScript) {
			x.do(stakes(staking.Provider, 1))
			x.take("Overflow", staking.Stake{From: alice, Owner: alice, Role: staking.Voter, Amount: most})
		}},
		{"more votes than fit, over two owners", func(x *stakingScript) {
			x.do(stakes(staking.Provider, 1))
			x.take("Overflow", staking.Stake{From: bob, Owner: bob, Role: staking.Voter, Amount: most})
		}},
		{"unbonded without a stake", func(x *stakingScript) { x.take("StakeMissing", unbonds(staking.Provider, 1)) }},
		{"one more than is active", func(x *stakingScript) {
			x.do(stakes(staking.Arbiter, 5), unbonds(staking.Arbiter, 2))
			x.take("StakeMissing", unbonds(staking.Arbiter, 4))
			x.do(unbonds(staking.Arbiter, 3))
		}},
		{"eight unbondings and no more, until one is gone", func(x *stakingScript) {
			x.do(stakes(staking.Voter, 100))
			for range 8 {
				x.later(day, unbonds(staking.Voter, 1))
			}
			x.take("UnbondingFull", unbonds(staking.Voter, 1))
			x.take("StakeMissing", unbonds(staking.Voter, 93))
			x.do(cancels(staking.Voter, 3), unbonds(staking.Voter, 1))
			x.take("UnbondingFull", unbonds(staking.Voter, 1))
			x.later(23*day, withdraws(staking.Voter), unbonds(staking.Voter, 1))
			x.later(60*day, withdraws(staking.Voter))
		}},
		{"numbers are never used again", func(x *stakingScript) {
			x.do(stakes(staking.Voter, 10), unbonds(staking.Voter, 1), cancels(staking.Voter, 0), unbonds(staking.Voter, 2))
			x.take("NotFound", cancels(staking.Voter, 0))
			x.do(cancels(staking.Voter, 1))
		}},
		{"a withdrawal by anyone does not make a cancellation hit another unbonding", func(x *stakingScript) {
			x.do(stakes(staking.Voter, 10), unbonds(staking.Voter, 1))
			x.later(20*day, unbonds(staking.Voter, 2))
			x.later(10*day, withdraws(staking.Voter))
			x.take("NotFound", cancels(staking.Voter, 0))
			x.do(cancels(staking.Voter, 1))
		}},
		{"a matured unbonding can be cancelled", func(x *stakingScript) {
			x.do(stakes(staking.Validator, 10), unbonds(staking.Validator, 10))
			x.later(40*day, cancels(staking.Validator, 0))
			x.take("NothingDue", withdraws(staking.Validator))
		}},
		{"cancelled what there is not", func(x *stakingScript) { x.take("NotFound", cancels(staking.Voter, 0)) }},
		{"withdrawn in two parts", func(x *stakingScript) {
			x.do(stakes(staking.Voter, 10), unbonds(staking.Voter, 1))
			x.later(day, unbonds(staking.Voter, 2))
			x.later(29*day, withdraws(staking.Voter))
			x.later(day, withdraws(staking.Voter))
		}},
		{"votes over time", func(x *stakingScript) {
			x.later(10, stakes(staking.Voter, 5))
			x.later(10, stakes(staking.Provider, 7), stakes(staking.Provider, 1), unbonds(staking.Provider, 3))
			x.later(10, unbonds(staking.Voter, 5))
			x.later(10, staking.Stake{From: bob, Owner: bob, Role: staking.Voter, Amount: money.Of(100)})
			x.later(10)
			for _, ago := range []uint64{50, 41, 40, 39, 31, 30, 29, 21, 20, 19, 11, 10, 9, 1} {
				x.do(powerAt(0, x.now-ago), powerAt(1, x.now-ago), TotalAt{x.now - ago})
			}
		}},
		{"a time that is not over has no votes yet", func(x *stakingScript) {
			x.do(stakes(staking.Voter, 5))
			x.take("ArgumentInvalid", powerAt(0, x.now))
			x.take("ArgumentInvalid", TotalAt{x.now})
			x.take("ArgumentInvalid", powerAt(2, x.now+1))
			x.take("ArgumentInvalid", TotalAt{1<<64 - 1})
			x.later(1, powerAt(0, x.now), TotalAt{x.now})
		}},
		{"nobody ever staked", func(x *stakingScript) { x.do(powerAt(0, 0), powerAt(0, x.now-1), TotalAt{x.now - 1}) }},
		{"a long trail", func(x *stakingScript) {
			for i := range 40 {
				x.later(1+uint64(i)%3, stakes(staking.Voter, int64(i)+1))
			}
			x.later(1)
			for t := x.now - 85; t < x.now; t += 2 {
				x.do(powerAt(0, t))
			}
		}},
	}
	for _, amount := range []int64{0, -1} {
		plays = append(plays,
			stakingPlay{"staked: " + money.Of(amount).String(), func(x *stakingScript) { x.take("AmountInvalid", stakes(staking.Provider, amount)) }},
			stakingPlay{"unbonded: " + money.Of(amount).String(), func(x *stakingScript) { x.take("AmountInvalid", unbonds(staking.Provider, amount)) }},
			stakingPlay{"amount before role: " + money.Of(amount).String(), func(x *stakingScript) { x.take("AmountInvalid", stakes(5, amount)) }})
	}
	for _, role := range []staking.Role{5, 1<<32 - 1} {
		plays = append(plays, stakingPlay{"no such role: " + money.Of(int64(role)).String(), func(x *stakingScript) {
			x.take("ArgumentInvalid", stakes(role, 1))
			x.take("ArgumentInvalid", unbonds(role, 1))
			x.take("ArgumentInvalid", cancels(role, 0))
			x.take("ArgumentInvalid", withdraws(role))
		}})
	}
	return plays
}

// stakingCourtCases: slashers, holds and the admin.
func stakingCourtCases() []stakingPlay {
	alice, bob := stakingParties[0], stakingParties[1]
	registry, dispute := stakingCourts[0], stakingCourts[1]
	name := func(c ids.Account, allowed bool) any { return staking.NameSlasher{Contract: c, Allowed: allowed} }
	slash := func(amount int64, to ids.Account) any {
		return staking.Slash{By: registry, Owner: alice, Role: staking.Certifier, Amount: money.Of(amount), To: to, Cause: nonce("cause")}
	}
	hold := func(until uint64) any {
		return staking.Hold{By: registry, Owner: alice, Role: staking.Certifier, Until: until}
	}
	begin := func(x *stakingScript) { x.do(name(registry, true), stakes(staking.Certifier, 100)) }
	court := func(name string, play func(*stakingScript)) stakingPlay {
		return stakingPlay{name, func(x *stakingScript) { begin(x); play(x) }}
	}
	return []stakingPlay{
		court("slashed: part of what is active", func(x *stakingScript) { x.later(1, slash(30, bob)) }),
		court("slashed: all that is active", func(x *stakingScript) { x.do(slash(100, bob)) }),
		court("slashed: more than there is", func(x *stakingScript) { x.do(slash(101, bob), slash(1, bob)) }),
		court("slashed: nothing", func(x *stakingScript) { x.do(slash(0, bob)) }),
		court("slashed: less than nothing", func(x *stakingScript) { x.take("AmountInvalid", slash(-1, bob)) }),
		court("slashed: active first, then the newest unbonding back", func(x *stakingScript) {
			x.do(unbonds(staking.Certifier, 10))
			x.later(day, unbonds(staking.Certifier, 20))
			x.later(day, unbonds(staking.Certifier, 30))
			x.do(slash(45, bob), slash(30, bob), slash(25, bob))
		}),
		court("slashed: an unbonding that matured and was not withdrawn", func(x *stakingScript) {
			x.do(unbonds(staking.Certifier, 100))
			x.later(31*day, slash(60, bob), withdraws(staking.Certifier), slash(40, bob))
		}),
		court("slashed: another role's stake is safe", func(x *stakingScript) {
			x.do(stakes(staking.Provider, 50), slash(150, bob), unbonds(staking.Provider, 50))
		}),
		court("slashed in favour of oneself: the fund's", func(x *stakingScript) { x.do(slash(30, alice)) }),
		court("slashed in favour of the contract: the fund's", func(x *stakingScript) { x.do(slash(30, stakingGenesis.Self)) }),
		court("slashed: votes of the past stay", func(x *stakingScript) {
			x.later(10, slash(30, bob))
			x.later(10, powerAt(0, x.now-20), powerAt(0, x.now-10), powerAt(0, x.now-1), TotalAt{x.now - 1})
		}),
		court("slashed by a stranger", func(x *stakingScript) {
			x.take("NotAuthorized", staking.Slash{By: dispute, Owner: alice, Role: staking.Certifier, Amount: money.Of(1), To: bob})
			x.take("NotAuthorized", staking.Slash{By: stakingGenesis.Admin, Owner: alice, Role: 9, Amount: money.Of(-1), To: bob})
		}),
		court("held by a stranger", func(x *stakingScript) {
			x.take("NotAuthorized", staking.Hold{By: dispute, Owner: alice, Role: 9, Until: x.now + 61*day})
		}),
		court("no such role", func(x *stakingScript) {
			x.take("ArgumentInvalid", staking.Slash{By: registry, Owner: alice, Role: 5, Amount: money.Of(1), To: bob})
			x.take("ArgumentInvalid", staking.Hold{By: registry, Owner: alice, Role: 5, Until: x.now})
		}),
		court("held beyond maturity", func(x *stakingScript) {
			x.do(unbonds(staking.Certifier, 100))
			x.later(29*day, hold(x.now+35*day))
			x.later(2 * day)
			x.take("StakeHeld", withdraws(staking.Certifier))
			x.now += 4*day - 1
			x.take("StakeHeld", withdraws(staking.Certifier))
			x.later(1, withdraws(staking.Certifier))
		}),
		court("held: the later one counts", func(x *stakingScript) {
			x.do(hold(x.now+40*day), hold(x.now+20*day), hold(0), hold(x.now+60*day))
		}),
		court("held too long", func(x *stakingScript) {
			x.do(hold(x.now + 60*day))
			x.take("ArgumentInvalid", hold(x.now+60*day+1))
			x.take("ArgumentInvalid", hold(1<<64-1))
		}),
		court("held: nothing else stops", func(x *stakingScript) {
			x.do(hold(x.now+60*day), unbonds(staking.Certifier, 10), cancels(staking.Certifier, 0), stakes(staking.Certifier, 5), slash(1, bob), unbonds(staking.Certifier, 5))
			x.later(30 * day)
			x.take("StakeHeld", withdraws(staking.Certifier))
			x.later(30*day, withdraws(staking.Certifier))
		}),
		court("held before there is a stake", func(x *stakingScript) {
			x.do(staking.Hold{By: registry, Owner: bob, Role: staking.Voter, Until: x.now + 60*day})
			x.do(staking.Stake{From: bob, Owner: bob, Role: staking.Voter, Amount: money.Of(1)}, staking.Unbond{Owner: bob, Role: staking.Voter, Amount: money.Of(1)})
			x.now += 31 * day
			x.take("StakeHeld", staking.Withdraw{Owner: bob, Role: staking.Voter})
		}),
		{"withdrawn: hold before nothing due", func(x *stakingScript) {
			begin(x)
			x.do(hold(x.now + 1))
			x.take("StakeHeld", withdraws(staking.Certifier))
			x.now++
			x.take("NothingDue", withdraws(staking.Certifier))
		}},
		court("a slasher named once there are stakes waits for thirty-seven days", func(x *stakingScript) {
			x.do(name(dispute, true))
			by := func() any {
				return staking.Slash{By: dispute, Owner: alice, Role: staking.Certifier, Amount: money.Of(1), To: bob}
			}
			x.take("NotAuthorized", by())
			x.now += staking.NoticeSeconds - 1
			x.take("NotAuthorized", by())
			x.take("NotAuthorized", staking.Hold{By: dispute, Owner: alice, Role: staking.Certifier, Until: x.now})
			x.later(0, name(dispute, true)) // again: the notice does not begin anew
			x.later(1, by())
		}),
		court("a slasher whose office ends", func(x *stakingScript) {
			x.do(name(registry, false), name(registry, false))
			x.take("NotAuthorized", slash(1, bob))
			x.take("NotAuthorized", hold(x.now))
			x.do(name(registry, true))
			x.take("NotAuthorized", slash(1, bob))
		}),
		{"a stake that left counts: the notice stays", func(x *stakingScript) {
			x.do(stakes(staking.Voter, 1), unbonds(staking.Voter, 1))
			x.later(30*day, withdraws(staking.Voter), name(registry, true))
			x.take("NotAuthorized", hold(x.now))
		}},
		{"no code announced", func(x *stakingScript) { x.take("NotFound", staking.Upgrade{}) }},
		{"code too early, announced again, too late", func(x *stakingScript) {
			x.do(staking.UpgradeAnnounce{Wasm: nonce("code")})
			x.take("UpgradeEarly", staking.Upgrade{})
			x.now += staking.NoticeSeconds - 1
			x.take("UpgradeEarly", staking.Upgrade{})
			x.do(staking.UpgradeAnnounce{Wasm: nonce("code")})
			x.now += staking.NoticeSeconds + staking.OpenSeconds + 1
			x.take("NotFound", staking.Upgrade{})
		}},
	}
}
