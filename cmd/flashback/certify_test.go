package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain/stellar"
)

// Two certifiers contradict each other; governance resolves it, and the one who was wrong loses its bond.
func TestCertifyObjectResolve(t *testing.T) {
	t.Parallel()
	v := newTown(t, "alice", "carl", "bob")
	subject := v.keys["bob"].Account().String()
	scope := filepath.Join(t.TempDir(), "scope.txt")
	v.must(os.WriteFile(scope, []byte("keeps its disks in locked rooms"), 0o600))
	for _, who := range []string{"alice", "carl"} {
		v.does("treasury", "flash", "send", who, "3000")
		v.refused("CertifierUnknown", who, "certify", "new", "bob", "--scope", scope)
		v.does(who, "certify", "register")
		v.refused("BondMissing", who, "certify", "new", "bob", "--scope", scope)
		v.does(who, "stake", "add", "2000", "--role", "certifier")
	}
	v.refused("document_invalid", "alice", "certify", "new", "bob", "--scope", "nothing")
	v.refused("choice_invalid", "alice", "certify", "new", "bob", "--scope", scope, "--level", "perfect")
	first, _ := v.told("alice", "certify", "new", "bob", "--scope", scope, "--level", "audited", "--for", "1000h")["id"].(string)
	v.shows(v.does("bob", "certify", "show", first), "live", "audited", subject)
	second, _ := v.told("carl", "certify", "object", first, "--evidence", scope)["id"].(string)
	v.shows(v.does("bob", "certify", "show", second), "frozen", "denied", first)
	v.shows(v.does("bob", "certify", "list", "--subject", "bob"), first, second)
	if out := v.does("bob", "certify", "list", "--subject", "alice"); len(out) > 100 {
		t.Errorf("nobody said anything of alice: %s", out)
	}
	v.refused("Frozen", "bob", "certify", "conflict", first, second)
	v.refused("NotTimedOut", "bob", "certify", "lapse", first, second)

	v.pass(time.Hour)
	v.does("carl", "vote", "propose", "--resolve", second+","+first)
	v.does("carl", "vote", "cast", "1", "for")
	v.pass(9 * testDay)
	v.does("bob", "vote", "execute", "1")
	v.shows(v.does("bob", "certify", "show", first), "refuted")
	v.shows(v.does("bob", "certify", "show", second), "live")
	v.shows(v.does("alice", "stake", "show"), "certifier  1000.0000000 FLASH") // what is bound for an audit is gone
	v.refused("NotAuthorized", "alice", "certify", "revoke", second)
	v.does("carl", "certify", "revoke", second)
}

// Listing is not sold on a network without a price for it.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	v := newTown(t, "alice")
	v.refused("StateWrong", "alice", "certify", "subscribe")
	v.does("treasury", "flash", "send", "alice", "1000")
	v.does("alice", "stake", "add", "900")
	v.pass(time.Hour)
	v.does("alice", "vote", "propose", "--set", "registry.list_price=50000000")
	v.does("alice", "vote", "cast", "1", "for")
	v.pass(9 * testDay)
	v.does("alice", "vote", "execute", "1")
	v.refused("BalanceMissing", "alice", "certify", "subscribe", "--periods", "30")
	v.does("alice", "certify", "subscribe", "--periods", "3")
	until, err := v.chain.Subscription(t.Context(), v.keys["alice"].Account())
	v.must(err)
	_, now, err := v.chain.Head(t.Context())
	v.must(err)
	if d := int64(until) - now.Unix(); d < 89*86_400 || d > 90*86_400 {
		t.Errorf("subscribed for %d s", d)
	}
	if ok, err := v.chain.MayList(t.Context(), v.keys["alice"].Account()); err != nil || !ok {
		t.Errorf("%v, %v", ok, err)
	}
	if ok, err := v.chain.MayList(t.Context(), stellar.GenerateKey().Account()); err != nil || ok {
		t.Errorf("who did not pay: %v, %v", ok, err)
	}
}
