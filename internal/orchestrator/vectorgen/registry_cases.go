package main

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
)

func registryCases() (l []registryCase) {
	add := func(name string, play func(*registryScript)) { l = append(l, registryCase{name, play}) }
	add("a certifier registers and says something else later", func(x *registryScript) {
		x.do(registry.Register{Certifier: alice, Info: nonce("one")})
		x.pass(10)
		x.do(registry.Register{Certifier: alice, Info: nonce("two")})
	})
	for level := range uint32(4) {
		add(fmt.Sprintf("certified at level %d: the bond of the level is bound and the stake held", level), func(x *registryScript) {
			x.ready()
			x.do(x.says(alice, level))
		})
	}
	for kind := uint32(1); kind < 4; kind++ {
		add(fmt.Sprintf("certified as kind %d", kind), func(x *registryScript) {
			x.ready()
			x.do(x.says(alice, 1, func(c *registry.Certify) { c.Kind = kind }))
		})
	}
	add("bonds add up to the whole stake", func(x *registryScript) {
		x.ready()
		for i := range 4 {
			x.do(x.says(alice, 2+uint32(i)/2, func(c *registry.Certify) { c.Nonce = nonce(fmt.Sprint(i)) }))
		}
		x.do(x.says(alice, 0, func(c *registry.Certify) { c.Nonce = nonce("denial") }))
		x.take("BondMissing", x.says(alice, 1, func(c *registry.Certify) { c.Nonce = nonce("more") })) // 1,000 on 19,005
		x.do(Stake{alice, registry.CertifierRole, money.Of(5)}, x.says(alice, 1, func(c *registry.Certify) { c.Nonce, c.Expires = nonce("more"), c.Expires+60*aDay }))
	})
	add("longest life", func(x *registryScript) {
		x.ready()
		x.do(x.says(alice, 1, func(c *registry.Certify) { c.Expires = x.now + 400*aDay }))
	})
	add("over: certifies nothing from its expiry on, and is expired after the time of challenge", func(x *registryScript) {
		x.ready()
		id := x.take("", x.says(alice, 1))
		x.pass(100*aDay - 1)
		x.do(registry.Hold{Certifier: alice})
		x.pass(1)
		x.do(registry.Hold{Certifier: alice})
		x.pass(30*aDay - 1)
		x.take("NotTimedOut", registry.Expire{ID: id})
		x.pass(1)
		x.do(registry.Expire{ID: id}, registry.Hold{Certifier: alice})
	})
	add("revoked: the bond is free", func(x *registryScript) {
		x.ready()
		id := x.take("", x.says(alice, 3))
		x.do(registry.Revoke{Certifier: alice, ID: id, Reason: nonce("reason")})
		x.take("StateWrong", registry.Revoke{Certifier: alice, ID: id, Reason: nonce("reason")})
	})
	add("a certifier that takes its stake out certifies nothing any more, and is held", func(x *registryScript) {
		x.ready()
		x.do(x.says(alice, 3), Unbond{alice, registry.CertifierRole, money.Of(15_000)})
		x.pass(31 * aDay)
		x.do(registry.Hold{Certifier: alice})
		x.take("StakeHeld", Withdraw{alice, registry.CertifierRole})
		x.pass(60*aDay - 1)
		x.take("StakeHeld", Withdraw{alice, registry.CertifierRole})
		x.pass(1)
		x.do(Withdraw{alice, registry.CertifierRole})
	})
	add("conflict: both are frozen", func(x *registryScript) { x.conflict() })
	add("conflict: the denial came first", func(x *registryScript) {
		x.ready()
		b := x.take("", x.says(bob, 0))
		a := x.take("", x.says(alice, 1))
		x.do(registry.Conflict{A: b, B: a})
	})
	add("conflict in one call", func(x *registryScript) {
		x.ready()
		a := x.take("", x.says(alice, 3))
		x.do(registry.Object{Certifier: bob, Against: a, Evidence: nonce("other evidence"), Expires: x.now + 10*aDay, Nonce: nonce("objection")})
	})
	add("a denial is objected to", func(x *registryScript) {
		x.ready()
		b := x.take("", x.says(bob, 0))
		x.do(registry.Object{Certifier: alice, Against: b, Level: 1, Evidence: nonce("other evidence"), Expires: x.now + 10*aDay, Nonce: nonce("objection")})
	})
	add("conflict after the expiry, within the time of challenge", func(x *registryScript) {
		x.ready()
		a := x.take("", x.says(alice, 1))
		x.pass(130*aDay - 1)
		b := x.take("", x.says(bob, 0))
		x.do(registry.Conflict{A: a, B: b})
		x.take("Frozen", registry.Expire{ID: a})
	})
	add("the certifier gives in: its stake pays the fund", func(x *registryScript) {
		a, _ := x.conflict()
		x.pass(7 * aDay)
		x.do(registry.Revoke{Certifier: alice, ID: a, Reason: nonce("reason")})
	})
	add("the denier gives in: its stake pays the subject and the fund", func(x *registryScript) {
		_, b := x.conflict()
		x.do(registry.Revoke{Certifier: bob, ID: b, Reason: nonce("reason")})
	})
	add("too late to give in", func(x *registryScript) {
		a, _ := x.conflict()
		x.pass(7*aDay + 1)
		x.take("Frozen", registry.Revoke{Certifier: alice, ID: a, Reason: nonce("reason")})
	})
	for _, by := range []ids.Account{governor, resolver} {
		name := map[bool]string{true: "the admin", false: "the resolver"}[by == governor]
		add(name+" finds the certifier right: the denier pays subject and fund", func(x *registryScript) {
			a, b := x.conflict()
			x.do(registry.Resolve{By: by, A: a, B: b, Right: a})
		})
		add(name+" finds the denier right: the certifier pays the fund", func(x *registryScript) {
			a, b := x.conflict()
			x.do(registry.Resolve{By: by, A: b, B: a, Right: b})
		})
	}
	add("the loser has left with part of its stake: the subject comes before the fund", func(x *registryScript) {
		a, b := x.conflict()
		x.do(Unbond{bob, registry.CertifierRole, money.Of(20_000)})
		x.do(registry.Resolve{By: resolver, A: a, B: b, Right: a})
	})
	add("the loser has nothing left", func(x *registryScript) {
		a, b := x.conflict()
		x.do(Unbond{bob, registry.CertifierRole, money.Of(20_000)})
		x.pass(61 * aDay) // nobody renewed the hold
		x.do(Withdraw{bob, registry.CertifierRole}, registry.Resolve{By: resolver, A: a, B: b, Right: a})
	})
	add("lapsed: both revoked, nobody slashed", func(x *registryScript) {
		a, b := x.conflict()
		x.pass(90 * aDay)
		x.take("NotTimedOut", registry.Lapse{A: a, B: b})
		x.pass(1)
		x.do(registry.Lapse{A: b, B: a})
		x.take("NoConflict", registry.Lapse{A: a, B: b})
	})
	add("the winner may be challenged again", func(x *registryScript) {
		a, b := x.conflict()
		x.do(registry.Resolve{By: resolver, A: a, B: b, Right: a})
		x.do(registry.Object{Certifier: bob, Against: a, Evidence: nonce("third"), Expires: x.now + 10*aDay, Nonce: nonce("third")})
	})
	add("a conflict keeps its times, a certification its bond, when parameters change", func(x *registryScript) {
		a, b := x.conflict()
		x.do(nextParams(func(p *registry.Params) {
			p.Bonds = [4]money.Amount{money.Of(9_000), money.Of(9_000), money.Of(9_000), money.Of(9_000)}
			p.LapseSeconds, p.ConcedeSeconds = 10, 5
		}))
		x.pass(11)
		x.take("NotTimedOut", registry.Lapse{A: a, B: b})
		x.do(registry.Revoke{Certifier: alice, ID: a, Reason: nonce("reason")})
	})
	add("subscribed: may be listed until it is over; more is added", func(x *registryScript) {
		x.do(registry.Subscribe{From: alice, Provider: subject, Periods: 1, MaxTotal: money.Of(101)})
		x.pass(aDay)
		x.do(registry.Subscribe{From: bob, Provider: subject, Periods: 2, MaxTotal: money.Of(1_000)})
		x.pass(89 * aDay)
		x.do(registry.Register{Certifier: alice, Info: nonce("any call")})
		x.do(registry.Subscribe{From: subject, Provider: subject, Periods: 1, MaxTotal: money.Of(101)})
	})
	add("subscribed for three years", func(x *registryScript) {
		x.do(registry.Subscribe{From: alice, Provider: subject, Periods: 36, MaxTotal: money.Of(3_636)})
	})
	add("a stake lists, one unit less does not", func(x *registryScript) {
		x.do(Stake{alice, registry.ProviderRole, money.Of(19_999)}, Stake{alice, registry.ProviderRole, money.Of(1)}, Unbond{alice, registry.ProviderRole, money.Of(1)})
	})
	add("no list stake: a stake does not list; no price either: everyone may be listed", func(x *registryScript) {
		x.do(Stake{alice, registry.ProviderRole, money.Of(50_000)})
		x.do(nextParams(func(p *registry.Params) { p.ListStake = money.Of(0) }))
		x.do(nextParams(func(p *registry.Params) { p.Version++; p.ListStake, p.ListPrice = money.Of(0), money.Of(0) }))
	})
	return l
}
