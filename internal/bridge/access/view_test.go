package access_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
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

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// world is a view of a chain with one node of one unit.
type world struct {
	t     *testing.T
	clock *clock
	chain *accesstest.Chain
	node  ids.ID
	unit  ids.ID
	dir   string
	view  *access.View
	keys  *access.Keys

	phases  []string // what Apply was told
	removed []ids.ID // whose data the node would remove
}

const epoch = 3600 // seconds

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), clock: &clock{t: time.Unix(1_700_000_000, 0)}}
	w.chain = accesstest.New(w.clock.now, epoch, account("operator"))
	w.node = w.chain.Bind(account("provider"), account("node"), "http://node")
	w.unit = w.chain.AddUnit(w.node, 1<<40)
	w.open()
	w.poll()
	return w
}

func account(word string) ids.Account { return accesstest.Key(word).Account() }

func (w *world) options() access.Options {
	return access.Options{Chain: w.chain, Node: account("node"), Dir: w.dir, Now: w.clock.now,
		Apply: func(_ context.Context, s access.Listed) error {
			w.phases = append(w.phases, s.Phase.String())
			if s.Phase == access.Over && !s.Succeeded {
				w.removed = append(w.removed, s.ID)
			}
			return nil
		}}
}

func (w *world) open() {
	w.t.Helper()
	var err error
	if w.view, err = access.NewView(w.options()); err != nil {
		w.t.Fatal(err)
	}
	if w.keys, err = access.OpenKeys(w.dir, accesstest.Key("node"), w.view); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) poll() {
	w.t.Helper()
	if err := w.view.Poll(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sla(state orchestrator.SLAState) ids.ID {
	return w.chain.AddSLA(accesstest.Deal{Consumer: account("consumer"), Unit: w.unit, Volume: 1 << 20, Egress: 1 << 20, Epochs: 10, State: state})
}

func (w *world) issue(who string, sla, grant ids.ID) *s3.Identity {
	w.t.Helper()
	k, err := w.keys.Issue(w.t.Context(), account(who), sla, grant)
	if err != nil {
		w.t.Fatalf("a key for %s: %v", who, err)
	}
	i, err := w.keys.Find(w.t.Context(), k.AccessKey)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

// may gives the first letters of the actions that are allowed on a name, "bucket/key"; "" is no bucket.
func may(i *s3.Identity, name string) (allowed string) {
	bucket, key, _ := strings.Cut(name, "/")
	for a := s3.List; a <= s3.Configure; a++ {
		if i.Allow(a, bucket, key) == nil {
			allowed += a.String()[:1]
		}
	}
	return allowed
}

// TestMatrix is who × state × name → what is allowed: l(ist) r(ead) w(rite) d(elete) c(onfigure).
func TestMatrix(t *testing.T) {
	t.Parallel()
	type grant struct {
		prefix string
		ops    uint32
	}
	states := []string{"live", "ended", "over", "terminated", "revoked", "expired"}
	for _, row := range []struct {
		who   string
		grant *grant
		name  string
		want  map[string]string // by state; what is not there is ""
	}{
		{"consumer", nil, "", map[string]string{"live": "lrwdc", "ended": "lr", "terminated": "lr", "revoked": "lrwdc", "expired": "lrwdc"}},
		{"consumer", nil, "demo/a", map[string]string{"live": "lrwdc", "ended": "lr", "terminated": "lr", "revoked": "lrwdc", "expired": "lrwdc"}},
		{"grantee", &grant{"", orchestrator.OpAll}, "", map[string]string{"live": "lrwdc", "ended": "lr", "terminated": "lr"}},
		{"grantee", &grant{"", orchestrator.OpAll}, "demo/a", map[string]string{"live": "lrwdc", "ended": "lr", "terminated": "lr"}},
		{"grantee", &grant{"", orchestrator.OpRead}, "demo/a", map[string]string{"live": "r", "ended": "r", "terminated": "r"}},
		{"grantee", &grant{"", orchestrator.OpWrite}, "demo/a", map[string]string{"live": "w"}},
		{"grantee", &grant{"", orchestrator.OpDelete}, "demo/a", map[string]string{"live": "d"}},
		{"grantee", &grant{"", orchestrator.OpList}, "", map[string]string{"live": "l", "ended": "l", "terminated": "l"}},
		{"grantee", &grant{"", orchestrator.OpConfigure}, "demo", map[string]string{"live": "c"}},
		{"grantee", &grant{"demo/", orchestrator.OpAll}, "", map[string]string{}},
		{"grantee", &grant{"demo/", orchestrator.OpAll}, "demo", map[string]string{"live": "lrwdc", "ended": "lr", "terminated": "lr"}},
		{"grantee", &grant{"demo/", orchestrator.OpAll}, "demo/a", map[string]string{"live": "lrwdc", "ended": "lr", "terminated": "lr"}},
		{"grantee", &grant{"demo/", orchestrator.OpAll}, "demo2/a", map[string]string{}},
		{"grantee", &grant{"demo/photos/", orchestrator.OpAll}, "demo", map[string]string{}}, // to list the bucket, or to delete it
		{"grantee", &grant{"demo/photos/", orchestrator.OpAll}, "demo/photo", map[string]string{}},
		{"grantee", &grant{"demo/photos/", orchestrator.OpAll}, "demo/photos/", map[string]string{"live": "lrwdc", "ended": "lr", "terminated": "lr"}},
		{"grantee", &grant{"demo/photos/", orchestrator.OpList | orchestrator.OpRead}, "demo/photos/1.jpg", map[string]string{"live": "lr", "ended": "lr", "terminated": "lr"}},
		{"operator", nil, "probe/x", map[string]string{"live": "lrwdc", "ended": "lrwdc", "over": "lrwdc", "terminated": "lrwdc", "revoked": "lrwdc", "expired": "lrwdc"}},
	} {
		for _, state := range states {
			t.Run(fmt.Sprintf("%s %+v %q %s", row.who, row.grant, row.name, state), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				id := w.sla(orchestrator.Active)
				var g ids.ID
				switch {
				case row.grant != nil:
					expires := w.clock.now().Add(1000 * time.Hour)
					if state == "expired" {
						expires = w.clock.now().Add(time.Hour)
					}
					g = w.chain.AddGrant(id, account(row.who), row.grant.prefix, row.grant.ops, expires)
				case row.who == "operator":
					id = ids.ID{}
				}
				i := w.issue(row.who, id, g)
				switch state {
				case "ended":
					w.clock.add(12 * epoch * time.Second)
				case "over":
					w.clock.add(60 * epoch * time.Second)
				case "terminated":
					w.chain.SetState(id, orchestrator.Terminated)
				case "revoked":
					w.chain.Revoke(g)
				case "expired":
					w.clock.add(time.Hour)
				}
				w.poll()
				if got := may(i, row.name); got != row.want[state] {
					t.Errorf("allowed %q, want %q", got, row.want[state])
				}
			})
		}
	}
}

// TestNoKey lists who gets no key at all, and why.
func TestNoKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	live, waiting, ended := w.sla(orchestrator.Active), w.sla(orchestrator.Accepted), w.sla(orchestrator.Cancelled)
	far := w.clock.now().Add(1000 * time.Hour)
	other := w.chain.Bind(account("other provider"), account("other node"), "http://other")
	foreign := w.chain.AddSLA(accesstest.Deal{Consumer: account("consumer"), Unit: w.chain.AddUnit(other, 1<<40), Volume: 1, Epochs: 1, State: orchestrator.Active})
	ofForeign := w.chain.AddGrant(foreign, account("grantee"), "", orchestrator.OpAll, far)
	good := w.chain.AddGrant(live, account("grantee"), "", orchestrator.OpAll, far)
	revoked := w.chain.AddGrant(live, account("grantee"), "", orchestrator.OpAll, far)
	w.chain.Revoke(revoked)
	expired := w.chain.AddGrant(live, account("grantee"), "", orchestrator.OpAll, w.clock.now())
	for _, c := range []struct {
		who        string
		sla, grant ids.ID
		code       string
	}{
		{"stranger", live, ids.ID{}, "not_the_consumer"},
		{"grantee", live, ids.ID{}, "not_the_consumer"},
		{"operator", live, ids.ID{}, "not_the_consumer"},
		{"stranger", live, good, "not_the_grantee"},
		{"consumer", live, good, "not_the_grantee"},
		{"grantee", live, revoked, "grant_revoked"},
		{"grantee", live, expired, "grant_expired"},
		{"grantee", live, ofForeign, "grant_unknown"},
		{"grantee", live, ids.GrantID(accesstest.Consumer, live, [32]byte{1}), "grant_unknown"},
		{"consumer", waiting, ids.ID{}, "sla_not_active"},
		{"consumer", ended, ids.ID{}, "sla_unknown"},
		{"consumer", foreign, ids.ID{}, "sla_unknown"},
		{"grantee", foreign, ofForeign, "sla_unknown"},
		{"consumer", ids.SLAID(accesstest.Consumer, account("consumer"), [32]byte{1}), ids.ID{}, "sla_unknown"},
		{"consumer", ids.ID{}, ids.ID{}, "not_an_operator"},
		{"operator", ids.ID{}, good, "grant_unknown"},
	} {
		if _, err := w.keys.Issue(t.Context(), account(c.who), c.sla, c.grant); fault.CodeOf(err) != c.code {
			t.Errorf("%s, %s, %s: %v, want %s", c.who, c.sla.Short(), c.grant.Short(), err, c.code)
		}
	}
	if w.keys.Count() != 0 {
		t.Errorf("%d keys were issued", w.keys.Count())
	}
}

// TestRevocationWorksWithinFiveSeconds runs the follower in virtual time.
func TestRevocationWorksWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(c *accesstest.Chain, sla, grant ids.ID){
		"revoked":    func(c *accesstest.Chain, _, grant ids.ID) { c.Revoke(grant) },
		"terminated": func(c *accesstest.Chain, sla, _ ids.ID) { c.SetState(sla, orchestrator.Terminated) },
	} {
		t.Run(name, func(t *testing.T) {
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
				grant := c.AddGrant(id, account("grantee"), "", orchestrator.OpAll, time.Now().Add(time.Hour))
				k, err := keys.Issue(t.Context(), account("grantee"), id, grant)
				if err != nil {
					t.Fatal(err)
				}
				i, _ := keys.Find(t.Context(), k.AccessKey)
				time.Sleep(10 * time.Second)
				if err := i.Allow(s3.Write, "b", "k"); err != nil {
					t.Fatal(err)
				}
				end(c, id, grant)
				begun := time.Now()
				for i.Allow(s3.Write, "b", "k") == nil {
					time.Sleep(50 * time.Millisecond)
					if time.Since(begun) > 5*time.Second {
						t.Fatal("still allowed after five seconds")
					}
				}
			})
		})
	}
}

func TestASilentChainIsNotTheConsumersFaultForTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("consumer", w.sla(orchestrator.Active), ids.ID{})
	w.poll()
	w.chain.Silence(true)
	w.clock.add(10*time.Minute - time.Second)
	if err := w.view.Poll(t.Context()); err == nil {
		t.Fatal("a silent chain was polled without an error")
	}
	if err := i.Allow(s3.Write, "b", "k"); err != nil {
		t.Fatalf("refused within the limit: %v", err)
	}
	w.open() // a restart does not start the time anew, nor end it
	i, err := w.keys.Find(t.Context(), i.AccessKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Allow(s3.Write, "b", "k"); err != nil {
		t.Fatalf("refused within the limit after a restart: %v", err)
	}
	w.clock.add(2 * time.Second)
	if err := i.Allow(s3.Read, "b", "k"); fault.KindOf(err) != fault.Unavailable || fault.CodeOf(err) != "chain_stale" {
		t.Fatalf("after the limit: %v", err)
	}
	w.chain.Silence(false)
	w.poll()
	if err := i.Allow(s3.Write, "b", "k"); err != nil {
		t.Fatalf("after the chain is back: %v", err)
	}
}

func TestPhasesAreAppliedOnceAndDataGoesOnlyAfterRetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sla(orchestrator.Active)
	step := func(d time.Duration, want string) {
		t.Helper()
		w.clock.add(d)
		w.poll()
		w.poll()
		if got := strings.Join(w.phases, " "); got != want {
			t.Fatalf("applied %q, want %q", got, want)
		}
	}
	step(0, "live")
	step(10*epoch*time.Second, "live") // it began with the next epoch
	step(epoch*time.Second, "live read_only")
	step(23*time.Hour, "live read_only")
	w.chain.Silence(true)
	w.clock.add(2 * time.Hour)
	_ = w.view.Poll(t.Context())
	if got := strings.Join(w.phases, " "); got != "live read_only" {
		t.Fatalf("data removed on old knowledge: %q", got)
	}
	w.chain.Silence(false)
	step(0, "live read_only over")
	if l := w.view.SLAs(); len(l) != 0 {
		t.Fatalf("still known: %v", l)
	}
}

func TestLostEventsAndForeignSLAs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("consumer", w.sla(orchestrator.Active), ids.ID{})
	w.poll()
	w.chain.SetState(w.view.SLAs()[0].ID, orchestrator.Terminated)
	w.chain.ForgetEvents() // the node was away for too long
	w.poll()
	if may(i, "b/k") != "lr" {
		t.Errorf("the end of the agreement was not seen: %q", may(i, "b/k"))
	}

	other := w.chain.Bind(account("other provider"), account("other node"), "http://other")
	foreign := w.chain.AddSLA(accesstest.Deal{Consumer: account("consumer"), Unit: w.chain.AddUnit(other, 1<<40), Volume: 1, Epochs: 1, State: orchestrator.Active})
	w.poll()
	before := w.chain.Reads()
	w.chain.SetState(foreign, orchestrator.Closing)
	w.poll()
	idle := w.chain.Reads() - before
	before = w.chain.Reads()
	w.poll()
	if n := w.chain.Reads() - before; n != idle {
		t.Errorf("a foreign SLA's event cost %d reads more than none", idle-n)
	}
}

// When an SLA's money runs out, what is there can be read and deleted; a top-up makes it writable again, and the end of the money is the SLA's.
func TestRetention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sla(orchestrator.Active)
	w.chain.SetCovered(id, 6, 2)
	i := w.issue("consumer", id, ids.ID{})
	for _, x := range []struct {
		epochs    int64 // that pass before
		covered   uint32
		retention uint32
		want      string
	}{{0, 6, 2, "lrwdc"}, {4, 6, 2, "lrwdc"}, {1, 6, 2, "lrd"}, {0, 9, 2, "lrwdc"}, {3, 9, 2, "lrd"}, {1, 9, 0, "lrwdc"}, {1, 9, 0, "lr"}} {
		w.clock.add(time.Duration(x.epochs) * epoch * time.Second)
		w.chain.SetCovered(id, x.covered, x.retention)
		w.poll()
		if got := may(i, "demo/a"); got != x.want {
			t.Errorf("after %d epochs more, %d paid for, %d of retention: allowed %q, want %q", x.epochs, x.covered, x.retention, got, x.want)
		}
	}
}
