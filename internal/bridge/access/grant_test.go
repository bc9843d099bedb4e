package access_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/access"
	"github.com/flashback-network/flashback/internal/bridge/access/accesstest"
	"github.com/flashback-network/flashback/internal/bridge/s3"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// passOn makes a consumer's grant and passes it on n times, each time the whole; gives the chain of ids, the consumer's first. Heir i has the i-th.
func passOn(c *accesstest.Chain, slaID ids.ID, n int, expires time.Time) []ids.ID {
	chain := []ids.ID{c.AddGrant(slaID, account(heir(0)), "demo/", orchestrator.OpMask, expires)}
	for i := range n {
		chain = append(chain, c.Delegate(chain[i], account(heir(i+1)), "demo/", orchestrator.OpMask, expires))
	}
	return chain
}

func heir(i int) string { return "heir" + strings.Repeat("'", i) }

func TestAGrantThatWasPassedOnAllowsItsPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sla(orchestrator.Active)
	far := w.clock.now().Add(5 * time.Hour)
	whole := w.chain.AddGrant(id, account("grantee"), "demo/", orchestrator.OpMask, far)
	part := w.chain.Delegate(whole, account("heir"), "demo/photos/", orchestrator.OpRead|orchestrator.OpList, far)
	w.clock.add(epoch * time.Second) // the SLA has begun
	w.poll()
	i := w.issue("heir", id, part)
	for name, want := range map[string]string{"demo/photos/a": "lr", "demo/photos/": "lr", "demo/a": "", "demo/photo": "", "other/photos/a": "", "": ""} {
		if got := may(i, name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := may(w.issue("grantee", id, whole), "demo/a"); got != "lrwdc" {
		t.Errorf("the grant that it comes from: %q", got)
	}
	w.poll()
	w.open() // what was learnt is there after a restart
	again, err := w.keys.Find(t.Context(), i.AccessKey)
	if err != nil || may(again, "demo/photos/a") != "lr" {
		t.Errorf("after a restart: %v", err)
	}
}

func TestKeysAreRefusedUnderABrokenChainOfGrants(t *testing.T) {
	t.Parallel()
	const deep = orchestrator.MaxDepth
	for name, c := range map[string]struct {
		make func(w *world, id ids.ID) (who string, grant ids.ID)
		code string
	}{
		"all the way down": {func(w *world, id ids.ID) (string, ids.ID) {
			return heir(deep), passOn(w.chain, id, deep, w.clock.now().Add(time.Hour))[deep]
		}, ""},
		"deeper than there can be": {func(w *world, id ids.ID) (string, ids.ID) {
			return heir(deep + 1), passOn(w.chain, id, deep+1, w.clock.now().Add(time.Hour))[deep+1]
		}, "grant_unknown"},
		"revoked at the top": {func(w *world, id ids.ID) (string, ids.ID) {
			l := passOn(w.chain, id, deep, w.clock.now().Add(time.Hour))
			w.chain.Revoke(l[0])
			return heir(deep), l[deep]
		}, "grant_revoked"},
		"revoked in the middle, another's": {func(w *world, id ids.ID) (string, ids.ID) {
			l := passOn(w.chain, id, deep, w.clock.now().Add(time.Hour))
			w.chain.Revoke(l[2])
			return heir(1), l[1]
		}, ""},
		"expired above": {func(w *world, id ids.ID) (string, ids.ID) {
			l := passOn(w.chain, id, 1, w.clock.now())
			return heir(2), w.chain.Delegate(l[1], account(heir(2)), "", orchestrator.OpAll, w.clock.now().Add(time.Hour))
		}, "grant_expired"},
		"the one above is gone": {func(w *world, id ids.ID) (string, ids.ID) {
			l := passOn(w.chain, id, 2, w.clock.now().Add(time.Hour))
			w.chain.Forget(l[1])
			return heir(2), l[2]
		}, "grant_unknown"},
		"of one that may not be passed on": {func(w *world, id ids.ID) (string, ids.ID) {
			g := w.chain.AddGrant(id, account("grantee"), "", orchestrator.OpAll, w.clock.now().Add(time.Hour))
			return "heir", w.chain.Delegate(g, account("heir"), "", orchestrator.OpRead, w.clock.now().Add(time.Hour))
		}, "grant_unknown"},
		"for another": {func(w *world, id ids.ID) (string, ids.ID) {
			return heir(0), passOn(w.chain, id, 1, w.clock.now().Add(time.Hour))[1]
		}, "not_the_grantee"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.sla(orchestrator.Active)
			who, grant := c.make(w, id)
			if _, err := w.keys.Issue(t.Context(), account(who), id, grant); (err == nil) != (c.code == "") || err != nil && fault.CodeOf(err) != c.code {
				t.Errorf("%v, want %q", err, c.code)
			}
		})
	}
}

// An ancestor's revocation reaches a key that only names the last grant, at each height, within five seconds of virtual time.
func TestRevocationAnywhereInTheChainWorksWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	const deep = orchestrator.MaxDepth
	for at := range deep + 1 {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			c := accesstest.New(time.Now, epoch)
			unit := c.AddUnit(c.Bind(account("provider"), account("node"), "http://node"), 1<<40)
			v, err := access.NewView(access.Options{Chain: c, Node: account("node"), Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			keys, err := access.OpenKeys(dir, accesstest.Key("node"), v)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { v.Follow(ctx); close(done) }()
			defer func() { cancel(); <-done }()
			time.Sleep(10 * time.Second)
			id := c.AddSLA(accesstest.Deal{Consumer: account("consumer"), Unit: unit, Volume: 1, Epochs: 10, State: orchestrator.Active})
			chain := passOn(c, id, deep, time.Now().Add(time.Hour))
			k, err := keys.Issue(t.Context(), account(heir(deep)), id, chain[deep])
			if err != nil {
				t.Fatal(err)
			}
			i, _ := keys.Find(t.Context(), k.AccessKey)
			time.Sleep(10 * time.Second)
			if err := i.Allow(s3.Write, "demo", "k"); err != nil {
				t.Fatal(err)
			}
			c.Revoke(chain[at])
			begun := time.Now()
			for i.Allow(s3.Write, "demo", "k") == nil {
				time.Sleep(50 * time.Millisecond)
				if time.Since(begun) > 5*time.Second {
					t.Fatalf("depth %d: still allowed after five seconds", at)
				}
			}
			if err := i.Allow(s3.Read, "demo", "k"); fault.CodeOf(err) != "grant_revoked" {
				t.Errorf("depth %d: %v", at, err)
			}
		})
	}
}
