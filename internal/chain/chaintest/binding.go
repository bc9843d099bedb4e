package chaintest

import (
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// binding is the life of a node on chain.
func binding(t *testing.T, open Opener) {
	s := begin(t, open)
	n, err := s.Chain.Node(s.ctx, s.nodeID)
	s.must(err)
	if n.ID != s.nodeID || n.Key != s.node.Account() || n.Provider != s.provider.Account() || n.Endpoint != "http://127.0.0.1:9000" || n.State != orchestrator.NodeActive || n.Units != 1 {
		t.Fatalf("node %+v", n)
	}
	if id, err := s.Chain.NodeOf(s.ctx, s.node.Account()); err != nil || id != s.nodeID {
		t.Errorf("node of its key: %v, %v", id, err)
	}
	other := s.Wallet(t, 0)
	s.do(other, orchestrator.Register{Provider: other.Account(), Payout: other.Account()})
	op := orchestrator.NodeBind{Provider: other.Account(), Node: s.node.Account(), Endpoint: "http://127.0.0.1:1"}
	_, err = s.Chain.Authorize(s.ctx, op, other.Account())
	s.isRefusal("NodeBound", fault.Exists, err)
	s.refused("LiveReservations", fault.Conflict, s.provider, orchestrator.NodeRelease{Provider: s.provider.Account(), ID: s.nodeID})

	// A new key for the same id: the wallet and the new key sign.
	next := s.Key()
	rotate := orchestrator.NodeRotate{Provider: s.provider.Account(), ID: s.nodeID, Key: next.Account(), Endpoint: "http://127.0.0.1:9001"}
	_, err = s.Chain.Relay(s.ctx, s.Admin, rotate, s.authorization(rotate, s.provider), s.authorization(rotate, next))
	s.must(err)
	if id, err := s.Chain.NodeOf(s.ctx, next.Account()); err != nil || id != s.nodeID {
		t.Errorf("node of its new key: %v, %v", id, err)
	}
	_, err = s.Chain.NodeOf(s.ctx, s.node.Account())
	s.isRefusal("NotFound", fault.NotFound, err)

	// A node without units can be released, and bound again.
	free := s.Key()
	id := s.bind(other, free, "http://127.0.0.1:2")
	s.refused("NotAuthorized", fault.Forbidden, s.provider, orchestrator.NodeRelease{Provider: s.provider.Account(), ID: id})
	s.do(other, orchestrator.NodeRelease{Provider: other.Account(), ID: id})
	s.refused("NodeReleased", fault.Conflict, other, orchestrator.NodeRelease{Provider: other.Account(), ID: id})
	if n, err = s.Chain.Node(s.ctx, id); err != nil || n.State != orchestrator.NodeReleased {
		t.Errorf("released: %+v, %v", n, err)
	}
	if again := s.bind(s.provider, free, "http://127.0.0.1:3"); again != id {
		t.Errorf("bound again as %s, not %s", again, id)
	}
}

// authorizations are what a relayer may and may not do with them.
func authorizations(t *testing.T, open Opener) {
	s := begin(t, open)
	node, other := s.Key(), s.Key()
	op := orchestrator.NodeBind{Provider: s.provider.Account(), Node: node.Account(), Endpoint: "http://a"}
	wallet, err := s.Chain.Authorize(s.ctx, op, s.provider.Account())
	s.must(err)
	keys, err := s.Chain.Authorize(s.ctx, op, node.Account())
	s.must(err)
	_, err = s.Chain.Authorize(s.ctx, op, other.Account())
	s.isRefusal("ArgumentInvalid", fault.Invalid, err)

	// Nobody signs something else than they were asked for, or for somebody else.
	const bad = "authorization_bad"
	changed := op
	changed.Endpoint = "http://b"
	foreign := op
	foreign.Node = other.Account()
	for _, x := range []struct {
		by   interface{ Account() ids.Account }
		op   orchestrator.Op
		what []byte
	}{{node, changed, keys}, {node, foreign, keys}, {node, op, wallet}, {other, op, keys}, {node, op, keys[:len(keys)-1]}, {node, op, append(keys[:len(keys):len(keys)], 0)}, {node, op, nil},
		{node, orchestrator.NodeRelease{Provider: node.Account(), ID: s.nodeID}, keys}} {
		by := s.node
		if x.by.Account() == node.Account() {
			by = node
		}
		_, err := s.Chain.SignAuthorization(by, x.op, x.what)
		s.isRefusal(bad, fault.Forbidden, err)
	}

	mine, err := s.Chain.SignAuthorization(node, op, keys)
	s.must(err)
	theirs, err := s.Chain.SignAuthorization(s.provider, op, wallet)
	s.must(err)
	relay := func(op orchestrator.Op, a ...[]byte) error {
		_, err := s.Chain.Relay(s.ctx, s.Admin, op, a...)
		return err
	}
	s.isRefusal(bad, fault.Forbidden, relay(op))
	s.isRefusal(bad, fault.Forbidden, relay(op, mine))
	s.isRefusal(bad, fault.Forbidden, relay(op, mine, wallet)) // not signed
	s.isRefusal(bad, fault.Forbidden, relay(op, mine, mine))
	s.isRefusal(bad, fault.Forbidden, relay(changed, mine, theirs))
	forged := append([]byte(nil), theirs...)
	forged[len(forged)-40] ^= 1
	if relay(op, mine, forged) == nil {
		t.Error("a changed authorisation was relayed")
	}
	_, err = s.Chain.NodeOf(s.ctx, node.Account())
	s.isRefusal("NotFound", fault.NotFound, err)

	s.must(relay(op, mine, theirs))
	if relay(op, mine, theirs) == nil {
		t.Error("authorisations were used twice")
	}

	// They expire.
	late := orchestrator.NodeBind{Provider: s.provider.Account(), Node: other.Account(), Endpoint: "http://c"}
	old, err := s.Chain.Authorize(s.ctx, late, other.Account())
	s.must(err)
	signed := s.authorization(late, other)
	wallet = s.authorization(late, s.provider)
	s.Age(t, 30*time.Minute)
	_, err = s.Chain.SignAuthorization(other, late, old)
	s.isRefusal(bad, fault.Forbidden, err)
	s.isRefusal(bad, fault.Forbidden, relay(late, signed, wallet))
}
