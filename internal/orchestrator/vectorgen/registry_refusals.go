package main

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
)

func registryRefusals() (l []registryCase) {
	add := func(name string, play func(*registryScript)) { l = append(l, registryCase{"refused: " + name, play}) }
	add("a certification by nobody known", func(x *registryScript) { x.take("CertifierUnknown", x.says(alice, 7)) })
	for _, bad := range []struct {
		name   string
		change func(*registry.Certify)
	}{
		{"about itself", func(c *registry.Certify) { c.Subject = alice }},
		{"of kind 4", func(c *registry.Certify) { c.Kind = 4 }},
		{"of level 4", func(c *registry.Certify) { c.Level = 4 }},
		{"that is over", func(c *registry.Certify) { c.Expires = stakesStart }},
		{"that lasts too long", func(c *registry.Certify) { c.Expires = stakesStart + 400*aDay + 1 }},
	} {
		add("a certification "+bad.name, func(x *registryScript) {
			x.ready()
			x.take("ArgumentInvalid", x.says(alice, 1, bad.change))
		})
	}
	add("a nonce that was used, whatever became of it", func(x *registryScript) {
		x.ready()
		id := x.take("", x.says(alice, 1))
		x.take("Exists", x.says(alice, 2))
		x.do(registry.Revoke{Certifier: alice, ID: id, Reason: nonce("reason")})
		x.take("Exists", x.says(alice, 3))
	})
	add("a bond without a stake", func(x *registryScript) {
		x.do(registry.Register{Certifier: alice, Info: nonce("one")})
		x.take("BondMissing", x.says(alice, 1))
		x.do(Stake{alice, registry.ProviderRole, money.Of(50_000)}) // of another role
		x.take("BondMissing", x.says(alice, 1))
		x.do(Stake{alice, registry.CertifierRole, money.Of(999)})
		x.take("BondMissing", x.says(alice, 1))
		x.do(Stake{alice, registry.CertifierRole, money.Of(1)}, x.says(alice, 1))
	})
	add("an objection to nothing, by nobody, without contradiction", func(x *registryScript) {
		object := func(who ids.Account, level uint32, against ids.ID) registry.Object {
			return registry.Object{Certifier: who, Against: against, Level: level, Evidence: nonce("e"), Expires: x.now + aDay, Nonce: nonce("objection")}
		}
		x.ready()
		x.take("NotFound", object(bob, 0, unknownCertification))
		a := x.take("", x.says(alice, 1))
		x.take("CertifierUnknown", object(subject, 0, a))
		x.take("NoConflict", object(bob, 2, a))
		x.take("NoConflict", object(alice, 0, a))
		x.do(object(bob, 0, a))
		x.take("Exists", object(bob, 0, a))
	})
	add("revoking", func(x *registryScript) {
		x.ready()
		x.take("NotFound", registry.Revoke{Certifier: alice, ID: unknownCertification})
		a := x.take("", x.says(alice, 1))
		x.take("NotAuthorized", registry.Revoke{Certifier: bob, ID: a})
	})
	add("expiring", func(x *registryScript) {
		x.take("NotFound", registry.Expire{ID: unknownCertification})
		x.ready()
		a := x.take("", x.says(alice, 1))
		x.take("NotTimedOut", registry.Expire{ID: a})
		x.do(registry.Revoke{Certifier: alice, ID: a})
		x.take("StateWrong", registry.Expire{ID: a})
	})
	for _, other := range []struct {
		name   string
		who    ids.Account
		change func(*registry.Certify)
	}{
		{"of the same certifier", alice, func(c *registry.Certify) { c.Nonce = nonce("other") }},
		{"on another subject", bob, func(c *registry.Certify) { c.Subject = outsider }},
		{"of another kind", bob, func(c *registry.Certify) { c.Kind = 1 }},
		{"on another scope", bob, func(c *registry.Certify) { c.Scope = nonce("another scope") }},
		{"that does not deny", bob, func(c *registry.Certify) { c.Level = 1 }},
	} {
		add("no conflict with one "+other.name, func(x *registryScript) {
			x.ready()
			a := x.take("", x.says(alice, 3))
			b := x.take("", x.says(other.who, 0, other.change))
			x.take("NoConflict", registry.Conflict{A: a, B: b})
		})
	}
	add("no conflict of two denials, or with itself", func(x *registryScript) {
		x.ready()
		a, b := x.take("", x.says(alice, 0)), x.take("", x.says(bob, 0))
		x.take("NoConflict", registry.Conflict{A: a, B: b})
		x.take("NoConflict", registry.Conflict{A: a, B: a})
	})
	add("no conflict of a denial that has less to lose than what it would freeze", func(x *registryScript) {
		x.ready()
		b := x.take("", x.says(bob, 0))
		x.do(nextParams(func(p *registry.Params) { p.Bonds[0], p.Bonds[3] = money.Of(6_000), money.Of(5_004) }))
		a := x.take("", x.says(alice, 3))
		x.take("NoConflict", registry.Conflict{A: a, B: b})
	})
	add("conflicts of what is not there, frozen, gone or over", func(x *registryScript) {
		a, b := x.conflict()
		x.take("NotFound", registry.Conflict{A: unknownCertification, B: b})
		x.take("NotFound", registry.Conflict{A: a, B: unknownCertification})
		x.take("Frozen", registry.Conflict{A: a, B: b})
		x.do(registry.Revoke{Certifier: bob, ID: b})
		x.take("StateWrong", registry.Conflict{A: a, B: b})
		x.pass(130 * aDay)
		d := x.take("", x.says(bob, 0, func(c *registry.Certify) { c.Nonce = nonce("late") }))
		x.take("CertificationExpired", registry.Conflict{A: a, B: d})
	})
	add("a ruling", func(x *registryScript) {
		a, b := x.conflict()
		c := x.take("", x.says(alice, 1, func(c *registry.Certify) { c.Nonce = nonce("third") }))
		x.take("NotAuthorized", registry.Resolve{By: outsider, A: a, B: b, Right: a})
		x.take("NotFound", registry.Resolve{By: resolver, A: unknownCertification, B: b, Right: b})
		x.take("NoConflict", registry.Resolve{By: resolver, A: a, B: c, Right: a})
		x.take("NoConflict", registry.Resolve{By: resolver, A: a, B: a, Right: a})
		x.take("ArgumentInvalid", registry.Resolve{By: resolver, A: a, B: b, Right: c})
		x.do(registry.Resolve{By: resolver, A: a, B: b, Right: a})
		x.take("NoConflict", registry.Resolve{By: resolver, A: a, B: b, Right: b})
	})
	add("a lapse", func(x *registryScript) {
		a, b := x.conflict()
		x.take("NotFound", registry.Lapse{A: a, B: unknownCertification})
		x.take("NoConflict", registry.Lapse{A: b, B: b})
		x.take("NotTimedOut", registry.Lapse{A: a, B: b})
	})
	add("a hold on nobody", func(x *registryScript) { x.take("CertifierUnknown", registry.Hold{Certifier: alice}) })
	add("subscriptions", func(x *registryScript) {
		of := func(periods uint32, most int64) registry.Subscribe {
			return registry.Subscribe{From: alice, Provider: subject, Periods: periods, MaxTotal: money.Of(most)}
		}
		x.take("ArgumentInvalid", of(0, 1_000_000))
		x.take("ArgumentInvalid", of(37, 1_000_000))
		x.take("PriceAbove", of(2, 201))
		x.do(of(36, 1_000_000))
		x.take("ArgumentInvalid", of(1, 1_000_000)) // more than three years ahead
		x.take("TransferFailed", registry.Subscribe{From: outsider, Provider: bob, Periods: 1, MaxTotal: money.Of(101)})
		x.do(nextParams(func(p *registry.Params) { p.ListPrice = money.Of(0) }))
		x.take("StateWrong", of(1, 0))
	})
	for i, change := range []func(*registry.Params){
		func(p *registry.Params) { p.Version = 1 },
		func(p *registry.Params) { p.Version = 3 },
		func(p *registry.Params) { p.Bonds[1] = money.Of(-1) },
		func(p *registry.Params) { p.Bonds[3] = money.Of(5_004) }, // a denial has to bind as much
		func(p *registry.Params) { p.ListStake = money.Of(-1) },
		func(p *registry.Params) { p.ListPrice = money.Of(-1) },
		func(p *registry.Params) { p.ListPrice = money.Must(pow2less1(101)) },
		func(p *registry.Params) { p.ListPeriodSeconds = 0 },
		func(p *registry.Params) { p.ListPeriodSeconds = 365*aDay + 1 },
		func(p *registry.Params) { p.MaxLifeSeconds = 0 },
		func(p *registry.Params) { p.MaxLifeSeconds = 3*365*aDay + 1 },
		func(p *registry.Params) { p.ChallengeSeconds = 90*aDay + 1 },
		func(p *registry.Params) { p.LapseSeconds = 365*aDay + 1 },
		func(p *registry.Params) { p.ConcedeSeconds = p.LapseSeconds },
		func(p *registry.Params) { p.ConcedeBps = 10_001 },
		func(p *registry.Params) { p.ConflictFundBps = 10_001 },
	} {
		add(fmt.Sprintf("parameters out of bounds, %d", i+1), func(x *registryScript) { x.take("ArgumentInvalid", nextParams(change)) })
	}
	return l
}
