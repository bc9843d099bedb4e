package main

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// heir of the i-th passing on; heir 0 has the consumer's grant.
func heir(i int) ids.Account { return account(ids.KeyAccount, "heir "+string(rune('0'+i))) }

// inherit makes an SLA and the consumer's grant to heir 0 of everything under demo/, and gives the grant's id.
func inherit(x *script, ops uint32) ids.ID {
	x.offer()
	x.do(request())
	x.do(orchestrator.GrantAccess{Consumer: consumer, SLA: slaID, Grantee: heir(0), Prefix: []byte("demo/"), Ops: ops, Expires: x.now + 100, Nonce: nonce("grant")})
	return ids.GrantID(co, slaID, nonce("grant"))
}

// passing on all of a parent of inherit from an heir to the next.
func (x *script) passing(parent ids.ID, from int) orchestrator.DelegateAccess {
	g, _ := x.s.Grant(parent)
	return orchestrator.DelegateAccess{Grantee: heir(from), Parent: parent, To: heir(from + 1), Prefix: g.Prefix, Ops: g.Ops, Expires: g.Expires, Nonce: nonce("pass")}
}

// passedOn: as deep as it goes, each time the whole; then ended at each end and in the middle.
func passedOn(x *script) {
	chain := []ids.ID{inherit(x, orchestrator.OpMask)}
	for i := range orchestrator.MaxDepth {
		x.do(x.passing(chain[i], i))
		chain = append(chain, ids.GrantID(co, chain[i], nonce("pass")))
	}
	x.take("GrantInvalid", x.passing(chain[orchestrator.MaxDepth], orchestrator.MaxDepth))
	part := x.passing(chain[0], 0)
	part.To, part.Prefix, part.Ops, part.Expires, part.Nonce = heir(7), []byte("demo/photos/"), orchestrator.OpRead, x.now+1, nonce("part")
	x.do(part)
	x.do(orchestrator.RevokeAccess{By: heir(4), ID: chain[4]}) // it has enough
	x.do(orchestrator.RevokeAccess{By: heir(2), ID: chain[3]}) // what it passed on itself
	x.take("NotAuthorized", orchestrator.RevokeAccess{By: heir(3), ID: chain[2]})
	x.take("NotAuthorized", orchestrator.RevokeAccess{By: heir(0), ID: chain[2]}) // not its own child
	x.do(orchestrator.RevokeAccess{By: consumer, ID: chain[2]})
	x.take("StateWrong", orchestrator.RevokeAccess{By: heir(2), ID: chain[2]})
	x.do(orchestrator.RevokeAccess{By: heir(0), ID: chain[0]})
	x.do(orchestrator.RevokeAccess{By: heir(0), ID: chain[1]}) // though it is over already
}

func passedOnRefused(x *script) {
	const some = orchestrator.OpRead | orchestrator.OpList | orchestrator.OpDelegate
	first := inherit(x, some)
	change := func(f func(*orchestrator.DelegateAccess)) orchestrator.DelegateAccess {
		d := x.passing(first, 0)
		f(&d)
		return d
	}
	x.take("NotFound", change(func(d *orchestrator.DelegateAccess) { d.Parent = ids.GrantID(co, slaID, nonce("none")) }))
	x.take("NotAuthorized", change(func(d *orchestrator.DelegateAccess) { d.Grantee = consumer }))
	for _, f := range []func(*orchestrator.DelegateAccess){
		func(d *orchestrator.DelegateAccess) { d.Prefix = nil },
		func(d *orchestrator.DelegateAccess) { d.Prefix = []byte("demo") },
		func(d *orchestrator.DelegateAccess) { d.Prefix = []byte("demos/") },
		func(d *orchestrator.DelegateAccess) { d.Prefix = append([]byte("demo/"), make([]byte, 1020)...) },
		func(d *orchestrator.DelegateAccess) { d.Ops = 0 },
		func(d *orchestrator.DelegateAccess) { d.Ops |= orchestrator.OpWrite },
		func(d *orchestrator.DelegateAccess) { d.Ops |= 64 },
		func(d *orchestrator.DelegateAccess) { d.Expires++ },
		func(d *orchestrator.DelegateAccess) { d.Expires = x.now },
	} {
		x.take("GrantInvalid", change(f))
	}
	x.do(change(func(d *orchestrator.DelegateAccess) { d.Ops = orchestrator.OpRead }))
	x.take("Exists", change(func(d *orchestrator.DelegateAccess) {}))
	read := ids.GrantID(co, first, nonce("pass"))
	x.take("NotAuthorized", x.passing(read, 1)) // it may not pass it on
	x.do(change(func(d *orchestrator.DelegateAccess) { d.Nonce = nonce("second") }))
	second := ids.GrantID(co, first, nonce("second"))
	x.do(x.passing(second, 1))
	third := ids.GrantID(co, second, nonce("pass"))
	x.do(orchestrator.RevokeAccess{By: consumer, ID: first})
	x.take("StateWrong", change(func(d *orchestrator.DelegateAccess) { d.Nonce = nonce("late") }))
	x.take("StateWrong", x.passing(third, 2)) // two above it is revoked
	x.do(orchestrator.GrantAccess{Consumer: consumer, SLA: slaID, Grantee: heir(0), Ops: orchestrator.OpMask, Expires: x.now + 10, Nonce: nonce("short")})
	short := ids.GrantID(co, slaID, nonce("short"))
	x.pass(10)
	x.take("GrantInvalid", x.passing(short, 0)) // it has expired
	x.do(orchestrator.GrantAccess{Consumer: consumer, SLA: slaID, Grantee: heir(0), Ops: orchestrator.OpMask, Expires: x.now + 100_000, Nonce: nonce("long")})
	long := ids.GrantID(co, slaID, nonce("long"))
	x.begin()
	x.observe(9, 0, 0)
	x.settle()
	x.take("StateWrong", x.passing(long, 0)) // the SLA is over
	x.do(orchestrator.RevokeAccess{By: heir(0), ID: long})
}
