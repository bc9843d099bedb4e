package claim_test

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/access/accesstest"
	"github.com/flashback-network/flashback/internal/bridge/claim"
	"github.com/flashback-network/flashback/internal/chain"
	words "github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// platform is the other side of the procedure in small: it announces, opens claims with a secret, gives codes and relays, and refuses what the protocol refuses.
type platform struct {
	now   func() time.Time
	chain *accesstest.Chain

	mu        sync.Mutex
	announced map[ids.Account]words.Announcement
	codes     map[[32]byte]*open
	relayed   int
	failing   int // answers 503 so many times

	// lie changes an honest offer.
	lie func(*words.Redeemed)
}

type open struct {
	provider, node ids.Account
	endpoint       string
	expires        time.Time
	used           bool
}

func (p *platform) claim(t *testing.T, provider ids.Account, node ids.Account, secret string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.announced[node]
	raw, err := words.Parse(secret, words.SecretSize)
	if err != nil || !ok {
		t.Fatalf("the secret %q: %v", secret, err)
	}
	h := words.SecretHash(node, raw)
	if subtle.ConstantTimeCompare(h[:], a.SecretHash) != 1 {
		t.Fatal("the node announced the hash of another secret")
	}
	code := words.Random(words.CodeSize)
	p.codes[words.CodeHash(node, code)] = &open{provider: provider, node: node, endpoint: a.Endpoint, expires: p.now().Add(15 * time.Minute)}
	return words.Format(code)
}

// last is the time of a node's newest announcement.
func (p *platform) last(node ids.Account) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.announced[node].At
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	refuse := func(status int, code string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "title": http.StatusText(status), "detail": "refused: " + code, "code": code})
	}
	if p.failing > 0 {
		p.failing--
		refuse(503, "unavailable")
		return
	}
	if r.URL.Path == "/v1/nodes/announce" {
		var a words.Announcement
		if json.NewDecoder(r.Body).Decode(&a) != nil || !words.Verify(a.Key, a.Digest(), a.Signature) || a.At <= p.announced[a.Key].At {
			refuse(422, "announcement_bad")
			return
		}
		p.announced[a.Key] = a
		w.WriteHeader(http.StatusNoContent)
		return
	}
	part := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/nodes/"), "/")
	key, err := ids.ParseAccount(part[0])
	if err != nil || len(part) < 3 || part[1] != "claims" {
		refuse(404, "not_found")
		return
	}
	switch {
	case len(part) == 3 && part[2] == "redeem":
		var in words.Redemption
		if json.NewDecoder(r.Body).Decode(&in) != nil || !words.Verify(key, in.Digest(key), in.Signature) {
			refuse(401, "signature_bad")
			return
		}
		raw, err := words.Parse(in.Code, words.CodeSize)
		o := p.codes[words.CodeHash(key, raw)]
		if err != nil || o == nil || o.used || p.now().After(o.expires) {
			refuse(403, "code_wrong")
			return
		}
		o.used = true
		op := orchestrator.NodeBind{Provider: o.provider, Node: key, Endpoint: o.endpoint}
		offer := words.Redeemed{Claim: "claim-1", Provider: o.provider, Node: key, Endpoint: o.endpoint, Authorization: accesstest.Authorization(accesstest.Provider, op, key)}
		if p.lie != nil {
			p.lie(&offer)
		}
		_ = json.NewEncoder(w).Encode(offer)
	case len(part) == 4 && part[2] == "claim-1" && part[3] == "relay":
		p.relayed++
		var in words.Signed
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			refuse(400, "body_invalid")
			return
		}
		for _, o := range p.codes {
			if id, err := p.chain.Relay(orchestrator.NodeBind{Provider: o.provider, Node: key, Endpoint: o.endpoint}, in.Authorization); err == nil {
				_ = json.NewEncoder(w).Encode(words.Bound{Tx: "tx", Node: id})
				return
			}
		}
		refuse(422, "authorization_bad")
	default:
		refuse(404, "not_found")
	}
}

// watched counts what the node signs for the chain.
type watched struct {
	*accesstest.Chain
	signed int
}

func (w *watched) SignAuthorization(by chain.Signer, op orchestrator.Op, unsigned []byte) ([]byte, error) {
	b, err := w.Chain.SignAuthorization(by, op, unsigned)
	if err == nil {
		w.signed++
	}
	return b, err
}

type world struct {
	now      time.Time
	platform *platform
	chain    *watched
	secret   claim.Secret
	client   *claim.Client
}

const endpoint = "https://node.example"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Unix(1_700_000_000, 0)}
	now := func() time.Time { return w.now }
	w.chain = &watched{Chain: accesstest.New(now, 3600)}
	w.platform = &platform{now: now, chain: w.chain.Chain, announced: map[ids.Account]words.Announcement{}, codes: map[[32]byte]*open{}}
	srv := httptest.NewServer(w.platform)
	t.Cleanup(srv.Close)
	var err error
	if w.secret, _, err = claim.OpenSecret(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	w.client = claim.New(claim.Options{Platform: srv.URL + "/", Key: accesstest.Key("node"), Chain: w.chain, Secret: w.secret, Endpoint: endpoint, Version: "v1", Now: now, Wait: time.Millisecond})
	if err := w.client.Announce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func account(word string) ids.Account { return accesstest.Key(word).Account() }

func (w *world) code(t *testing.T) string {
	t.Helper()
	return w.platform.claim(t, account("provider"), account("node"), w.secret.Reveal())
}

// unbound checks that nothing happened.
func (w *world) unbound(t *testing.T) {
	t.Helper()
	if _, err := w.chain.NodeOf(t.Context(), account("node")); fault.KindOf(err) != fault.NotFound {
		t.Error("the node is bound")
	}
	if w.chain.signed != 0 || w.platform.relayed != 0 {
		t.Errorf("%d authorisations signed, %d relayed", w.chain.signed, w.platform.relayed)
	}
}

func TestANodeIsClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(t)
	got, err := w.client.Redeem(t.Context(), strings.ToLower(strings.ReplaceAll(code, "-", " ")))
	if err != nil {
		t.Fatal(err)
	}
	if got.Provider != account("provider") || got.Node != ids.NodeID(accesstest.Provider, account("node")) || got.Tx != "tx" {
		t.Errorf("claimed: %+v", got)
	}
	n, err := w.chain.Node(t.Context(), got.Node)
	if err != nil || n.Provider != account("provider") || n.Key != account("node") || n.Endpoint != endpoint {
		t.Errorf("on chain: %+v, %v", n, err)
	}
	if _, err := w.client.Redeem(t.Context(), code); fault.CodeOf(err) != "code_wrong" {
		t.Errorf("the code again: %v", err)
	}
}

func TestCodesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code func(t *testing.T, w *world) string
		want string
	}{
		"wrong":   {func(*testing.T, *world) string { return words.Format(words.Random(words.CodeSize)) }, "code_wrong"},
		"no code": {func(*testing.T, *world) string { return "hello" }, "code_invalid"},
		"empty":   {func(*testing.T, *world) string { return "" }, "code_invalid"},
		"expired": {func(t *testing.T, w *world) string {
			code := w.code(t)
			w.now = w.now.Add(16 * time.Minute)
			return code
		}, "code_wrong"},
		"of another node": {func(t *testing.T, w *world) string {
			w.platform.announced[account("other node")] = w.platform.announced[account("node")]
			raw := words.Random(words.CodeSize)
			w.platform.codes[words.CodeHash(account("other node"), raw)] = &open{provider: account("provider"), node: account("other node"), endpoint: endpoint, expires: w.now.Add(time.Hour)}
			return words.Format(raw)
		}, "code_wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if _, err := w.client.Redeem(t.Context(), c.code(t, w)); fault.CodeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			w.unbound(t)
		})
	}
}

func TestALyingPlatformGetsNoSignature(t *testing.T) {
	t.Parallel()
	node, provider := account("node"), account("provider")
	bind := orchestrator.NodeBind{Provider: provider, Node: node, Endpoint: endpoint}
	for name, c := range map[string]struct {
		lie  func(*words.Redeemed)
		want string
	}{
		"another node":           {func(o *words.Redeemed) { o.Node = account("other node") }, "offer_foreign"},
		"another endpoint":       {func(o *words.Redeemed) { o.Endpoint = "https://evil.example" }, "offer_foreign"},
		"no provider":            {func(o *words.Redeemed) { o.Provider = ids.Account{} }, "offer_foreign"},
		"the node as provider":   {func(o *words.Redeemed) { o.Provider = node }, "offer_foreign"},
		"no claim":               {func(o *words.Redeemed) { o.Claim = "" }, "offer_foreign"},
		"another provider shown": {func(o *words.Redeemed) { o.Provider = account("friend") }, "authorization_bad"},
		"another contract": {func(o *words.Redeemed) {
			o.Authorization = accesstest.Authorization(accesstest.Consumer, bind, node)
		}, "authorization_bad"},
		"another provider signed": {func(o *words.Redeemed) {
			b := bind
			b.Provider = account("evil")
			o.Authorization = accesstest.Authorization(accesstest.Provider, b, node)
		}, "authorization_bad"},
		"another's authorisation": {func(o *words.Redeemed) {
			o.Authorization = accesstest.Authorization(accesstest.Provider, bind, provider)
		}, "authorization_bad"},
		"rubbish": {func(o *words.Redeemed) { o.Authorization = []byte("rubbish") }, "authorization_bad"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			code := w.code(t)
			w.platform.lie = c.lie
			if _, err := w.client.Redeem(t.Context(), code); fault.CodeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			w.unbound(t)
		})
	}
}

func TestAnUnseenBindingIsNotTakenForDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(t)
	w.platform.lie = func(*words.Redeemed) { w.chain.Silence(true) } // from the redemption on
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.client.Redeem(ctx, code)
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestAnnouncementsGoOnUntilTheyAreTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &platform{now: time.Now, announced: map[ids.Account]words.Announcement{}, failing: 5}
		// No network in virtual time: the handler is called directly.
		h := &http.Client{Transport: direct{p}}
		c := claim.New(claim.Options{Platform: "http://platform", Key: accesstest.Key("node"), HTTP: h, Endpoint: endpoint})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { c.KeepAnnounced(ctx); close(done) }()
		time.Sleep(time.Minute)
		first := p.last(account("node"))
		if first == 0 {
			t.Error("not announced within a minute of five refusals")
		}
		time.Sleep(2 * time.Hour)
		if p.last(account("node")) <= first {
			t.Error("not announced again")
		}
		cancel()
		<-done
	})
}

type direct struct{ h http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	d.h.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func TestTheSecretStaysAndIsPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, fresh, err := claim.OpenSecret(dir)
	if err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	b, fresh, err := claim.OpenSecret(dir)
	if err != nil || fresh || a.Reveal() != b.Reveal() {
		t.Fatal(fresh, err)
	}
	info, err := os.Stat(filepath.Join(dir, "node.secret"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if strings.Contains(a.String()+a.GoString(), a.Reveal()) {
		t.Error("the secret prints itself")
	}
	if err := os.WriteFile(filepath.Join(dir, "node.secret"), []byte("xx"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := claim.OpenSecret(dir); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a damaged secret: %v", err)
	}
}
