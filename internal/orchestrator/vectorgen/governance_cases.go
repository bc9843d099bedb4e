package main

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
)

type governanceCase struct {
	name string
	play func(*governanceScript)
}

func governanceCases() (l []governanceCase) {
	add := func(name string, play func(*governanceScript)) { l = append(l, governanceCase{name, play}) }
	vote := func(x *governanceScript, n, alices, bobs, subjects uint32) {
		x.do(governance.Vote{Voter: alice, Number: n, Choice: alices}, governance.Vote{Voter: bob, Number: n, Choice: bobs}, governance.Vote{Voter: subject, Number: n, Choice: subjects})
	}
	ended := func(name, want string, change func(*governance.Params), votes ...uint32) {
		add(name, func(x *governanceScript) {
			x.ready()
			if change != nil {
				x.done(newParams(change))
			}
			n := x.propose(bob, setValue(7))
			for i, who := range stakeCast[:len(votes)] {
				if votes[i] <= governance.Abstain {
					x.do(governance.Vote{Voter: who, Number: n, Choice: votes[i]})
				}
			}
			x.pass(9 * aDay)
			x.take(want, governance.Execute{Number: n, Actions: []governance.Action{setValue(7)}})
		})
	}
	const none = 9
	ended("passed: the larger half", "", nil, governance.For, governance.Against, governance.Against)
	ended("failed: the smaller half", "VoteFailed", nil, governance.Against, governance.For, governance.For)
	ended("failed: nobody voted", "VoteFailed", nil)
	ended("failed: all abstained", "VoteFailed", nil, governance.Abstain, governance.Abstain, governance.Abstain)
	ended("passed: abstentions make the quorum", "", nil, governance.Abstain, none, governance.For)
	ended("failed: no quorum", "VoteFailed", nil, none, none, governance.For)
	ended("passed: exactly the quorum", "", func(p *governance.Params) { p.QuorumBps = 3_900 }, none, governance.For)
	ended("failed: one step under the quorum", "VoteFailed", func(p *governance.Params) { p.QuorumBps = 3_901 }, none, governance.For)
	ended("failed: exactly the majority is not more than it", "VoteFailed", func(p *governance.Params) { p.MajorityBps = 6_000 }, governance.For, governance.Against, governance.Against)
	ended("passed: one step over the majority", "", func(p *governance.Params) { p.MajorityBps = 5_999 }, governance.For, governance.Against, governance.Against)

	add("a proposal by everybody's votes, executed at the first second", func(x *governanceScript) {
		x.ready()
		n := x.propose(subject, setValue(3)) // exactly the threshold
		vote(x, n, governance.For, governance.For, governance.Abstain)
		x.pass(9 * aDay)
		x.do(governance.Execute{Number: n, Actions: []governance.Action{setValue(3)}})
		x.take("StateWrong", governance.Execute{Number: n, Actions: []governance.Action{setValue(3)}})
	})
	add("the clock: vote until the end, then the time-lock, then the time to act", func(x *governanceScript) {
		x.ready()
		n := x.propose(alice, setValue(3))
		act := governance.Execute{Number: n, Actions: []governance.Action{setValue(3)}}
		x.take("VotingOpen", act)
		x.pass(7*aDay - 1)
		x.do(governance.Vote{Voter: alice, Number: n, Choice: governance.For})
		x.take("VotingOpen", act)
		x.pass(1)
		x.take("VotingClosed", governance.Vote{Voter: bob, Number: n, Choice: governance.Against})
		x.take("VotingClosed", governance.Cancel{Proposer: alice, Number: n})
		x.take("TimeLocked", act)
		x.pass(2*aDay - 1)
		x.take("TimeLocked", act)
		x.pass(5 * aDay)
		x.do(act) // the last second
	})
	add("expired: not executed in time", func(x *governanceScript) {
		n := x.passed(setValue(3))
		x.pass(5 * aDay)
		x.take("TimeLocked", governance.Execute{Number: n, Actions: []governance.Action{setValue(3)}})
		x.do(Stake{bob, voterRole, money.Of(1)}) // and shows it
	})
	add("four actions in their order", func(x *governanceScript) { x.done(setValue(1), setValue(2), pauses(true), setValue(4)) })
	add("cancelled by its proposer", func(x *governanceScript) {
		x.ready()
		n := x.propose(bob, setValue(3))
		x.take("NotAuthorized", governance.Cancel{Proposer: alice, Number: n})
		x.do(governance.Vote{Voter: alice, Number: n, Choice: governance.For}, governance.Cancel{Proposer: bob, Number: n})
		x.take("VotingClosed", governance.Cancel{Proposer: bob, Number: n})
		x.take("VotingClosed", governance.Vote{Voter: bob, Number: n, Choice: governance.For})
		x.pass(9 * aDay)
		x.take("StateWrong", governance.Execute{Number: n, Actions: []governance.Action{setValue(3)}})
	})
	add("votes count as before the proposal: staked in the same second counts nothing", func(x *governanceScript) {
		x.ready()
		x.do(Stake{stakeCast[0], voterRole, money.Of(40_000)})
		n := x.propose(bob, setValue(3))
		x.do(governance.Vote{Voter: alice, Number: n, Choice: governance.For}) // 60,000
	})
	add("votes count as before the proposal: taken out later still counts", func(x *governanceScript) {
		x.ready()
		n := x.propose(bob, setValue(3))
		x.do(Unbond{alice, voterRole, money.Of(60_000)})
		x.pass(10)
		x.do(governance.Vote{Voter: alice, Number: n, Choice: governance.Against})
		x.take("PowerMissing", governance.Propose{Proposer: alice, Actions: nonce("a"), About: nonce("b")})
	})
	add("a proposal keeps the parameters that it began with", func(x *governanceScript) {
		x.ready()
		late := newParams(func(p *governance.Params) { p.VotingSeconds, p.QuorumBps, p.MajorityBps = 30*aDay, 5_000, 9_000 })
		n := x.propose(alice, late)
		x.pass(aDay)
		m := x.propose(bob, setValue(5))
		x.do(governance.Vote{Voter: alice, Number: n, Choice: governance.For}, governance.Vote{Voter: bob, Number: m, Choice: governance.For})
		x.pass(8 * aDay)
		x.do(governance.Execute{Number: n, Actions: []governance.Action{late}})
		x.pass(aDay)
		x.do(governance.Execute{Number: m, Actions: []governance.Action{setValue(5)}})
	})
	add("the guardian is replaced", func(x *governanceScript) { x.done(newGuardian(outsider)) })
	add("a target is added, changed and taken away", func(x *governanceScript) {
		x.done(newTarget(oracle, "rotate"), newTarget(governedAt, "set_value"))
		x.fails("TargetUnknown", refuses())
		x.done(newTarget(oracle))
	})
	add("code is announced", func(x *governanceScript) { x.done(announces(nonce("wasm"))) })
	add("the guardian pauses, and ends it", func(x *governanceScript) {
		x.do(governance.GuardianPause{})
		x.take("PauseSpent", governance.GuardianPause{})
		x.pass(aDay)
		x.do(governance.Unpause{ByGuardian: true})
		x.take("StateWrong", governance.Unpause{ByGuardian: true})
		x.pass(20*aDay - 1)
		x.take("PauseSpent", governance.GuardianPause{})
		x.pass(1)
		x.do(governance.GuardianPause{})
	})
	add("the guardian pauses, and anyone ends it when its time is over", func(x *governanceScript) {
		x.do(governance.GuardianPause{})
		x.pass(10 * aDay)
		x.take("PauseSpent", governance.GuardianPause{})
		x.do(governance.Unpause{})
	})
	add("a vote about the pause ends the guardian's: it cannot undo that", func(x *governanceScript) {
		x.ready()
		n := x.propose(alice, pauses(true))
		x.do(governance.Vote{Voter: alice, Number: n, Choice: governance.For})
		x.pass(8 * aDay)
		x.do(governance.GuardianPause{})
		x.pass(aDay)
		x.do(governance.Execute{Number: n, Actions: []governance.Action{pauses(true)}})
		x.take("StateWrong", governance.Unpause{ByGuardian: true})
		x.take("PauseSpent", governance.GuardianPause{})
	})

	refused := func(name string, play func(*governanceScript)) { add("refused: "+name, play) }
	refused("a proposal without votes", func(x *governanceScript) {
		x.take("PowerMissing", governance.Propose{Proposer: alice, Actions: nonce("a"), About: nonce("b")}) // nobody has any
		x.ready()
		x.take("PowerMissing", governance.Propose{Proposer: outsider, Actions: nonce("a"), About: nonce("b")})
		x.do(Unbond{subject, voterRole, money.Of(1)})
		x.pass(1)
		x.take("PowerMissing", governance.Propose{Proposer: subject, Actions: nonce("a"), About: nonce("b")}) // one under the threshold
	})
	refused("votes", func(x *governanceScript) {
		x.ready()
		n := x.propose(alice, setValue(1))
		x.take("ArgumentInvalid", governance.Vote{Voter: alice, Number: 9, Choice: 3})
		x.take("NotFound", governance.Vote{Voter: alice, Number: n + 1, Choice: 1})
		x.take("NotFound", governance.Vote{Voter: alice, Number: 0, Choice: 1})
		x.take("PowerMissing", governance.Vote{Voter: outsider, Number: n, Choice: 1})
		x.do(governance.Vote{Voter: bob, Number: n, Choice: governance.Abstain})
		x.take("Voted", governance.Vote{Voter: bob, Number: n, Choice: governance.For})
	})
	refused("executing and cancelling nothing", func(x *governanceScript) {
		x.take("NotFound", governance.Execute{Number: 1, Actions: []governance.Action{setValue(1)}})
		x.take("NotFound", governance.Cancel{Proposer: alice, Number: 1})
	})
	refused("other actions than were voted on", func(x *governanceScript) {
		n := x.passed(setValue(1), setValue(2))
		for _, l := range [][]governance.Action{{setValue(1)}, {setValue(2), setValue(1)}, {setValue(1), setValue(2), setValue(2)}, {setValue(1), pauses(true)}} {
			x.take("ActionMismatch", governance.Execute{Number: n, Actions: l})
		}
		x.take("ArgumentInvalid", governance.Execute{Number: n})
	})
	refused("five actions, whatever was voted on", func(x *governanceScript) {
		x.fails("ArgumentInvalid", setValue(1), setValue(2), setValue(3), setValue(4), setValue(5))
	})
	refused("what is on no list", func(x *governanceScript) {
		x.fails("TargetUnknown", governance.Action{Target: flashToken, Function: "transfer"})
		x.fails("TargetUnknown", governance.Action{Target: governedAt, Function: "other"})
		x.fails("TargetUnknown", governance.Action{Target: governanceAt, Function: "propose"})
		x.fails("TargetUnknown", setValue(9), governance.Action{Target: co, Function: "set_value"}) // a function of another target; nothing was called
	})
	refused("an action that fails takes the others with it", func(x *governanceScript) {
		n := x.passed(setValue(9), newGuardian(outsider), refuses())
		l := []governance.Action{setValue(9), newGuardian(outsider), refuses()}
		x.take("StateWrong", governance.Execute{Number: n, Actions: l})
		x.take("StateWrong", governance.Execute{Number: n, Actions: l}) // and it may be tried again
		x.do(Stake{bob, voterRole, money.Of(1)})
	})
	refused("targets out of bounds", func(x *governanceScript) {
		x.fails("ArgumentInvalid", newTarget(governanceAt, "execute"))
		var many []string
		for i := range 17 {
			many = append(many, fmt.Sprint("f", i))
		}
		x.fails("ArgumentInvalid", newTarget(oracle, many...))
		x.done(newTarget(oracle, many[:16]...))
	})
	for _, f := range []string{"slash", "hold", "transfer", "transfer_from", "approve", "burn", "burn_from", "clawback", "stake", "unbond", "deposit", "withdraw"} {
		refused("governance never calls "+f, func(x *governanceScript) { x.fails("ArgumentInvalid", newTarget(stakingAt, "slasher", f)) })
	}
	for i, change := range []func(*governance.Params){
		func(p *governance.Params) { p.Version = 1 },
		func(p *governance.Params) { p.Version = 3 },
		func(p *governance.Params) { p.VotingSeconds = aDay - 1 },
		func(p *governance.Params) { p.VotingSeconds = 30*aDay + 1 },
		func(p *governance.Params) { p.DelaySeconds = 2*aDay - 1 },
		func(p *governance.Params) { p.DelaySeconds = 30*aDay + 1 },
		func(p *governance.Params) { p.OpenSeconds = aDay - 1 },
		func(p *governance.Params) { p.OpenSeconds = 30*aDay + 1 },
		func(p *governance.Params) { p.ThresholdBps = 0 },
		func(p *governance.Params) { p.ThresholdBps = 501 },
		func(p *governance.Params) { p.QuorumBps = 399 },
		func(p *governance.Params) { p.QuorumBps = 5_001 },
		func(p *governance.Params) { p.MajorityBps = 4_999 },
		func(p *governance.Params) { p.MajorityBps = 9_001 },
		func(p *governance.Params) { p.PauseSeconds = 0 },
		func(p *governance.Params) { p.PauseSeconds = 14*aDay + 1 },
		func(p *governance.Params) { p.RestSeconds = 14*aDay - 1 },
		func(p *governance.Params) { p.RestSeconds = 365*aDay + 1 },
	} {
		refused(fmt.Sprintf("parameters out of bounds, %d", i+1), func(x *governanceScript) { x.fails("ArgumentInvalid", newParams(change)) })
	}
	return l
}
