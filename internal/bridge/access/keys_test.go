package access_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/access"
	"github.com/flashback-network/flashback/internal/bridge/access/accesstest"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/statement"
)

// doorway is the endpoint of a world.
type doorway struct {
	w   *world
	mux *http.ServeMux
}

func (w *world) doorway() *doorway {
	d := &doorway{w, http.NewServeMux()}
	access.NewEndpoint(w.keys, account("node"), slog.New(slog.DiscardHandler)).Routes(d.mux)
	return d
}

// post gives the status and, of a problem, the code.
func (d *doorway) post(path string, in, out any) string {
	d.w.t.Helper()
	b, _ := json.Marshal(in)
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(b))
	rec := httptest.NewRecorder()
	d.mux.ServeHTTP(rec, r)
	if rec.Code == http.StatusOK {
		if out != nil {
			if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
				d.w.t.Fatal(err)
			}
		}
		return "200"
	}
	var p struct{ Code string }
	_ = json.Unmarshal(rec.Body.Bytes(), &p)
	return fmt.Sprintf("%d %s", rec.Code, p.Code)
}

func (d *doorway) challenge(who string, sla ids.ID) string {
	d.w.t.Helper()
	var c statement.KeyChallenged
	in := statement.KeyChallenge{Account: account(who)}
	if !sla.Zero() {
		in.SLA = sla.String()
	}
	if s := d.post(statement.PathChallenge, in, &c); s != "200" {
		d.w.t.Fatalf("challenge: %s", s)
	}
	return c.Challenge
}

func sign(t *testing.T, by chain.Signer, text string) []byte {
	t.Helper()
	b, err := by.SignMessage([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sla(orchestrator.Active)
	d := w.doorway()
	consumer := accesstest.Key("consumer")

	text := d.challenge("consumer", id)
	lines := strings.Split(text, "\n")
	if len(lines) != 6 || lines[0] != "Flashback S3 keys" || lines[1] != account("node").String() || lines[2] != account("consumer").String() || lines[3] != id.String() {
		t.Fatalf("the text is not the protocol's: %q", text)
	}
	var keys statement.Keys
	ask := func(text string, sig []byte) string {
		return d.post(statement.PathKeys, statement.KeyRequest{Challenge: text, Signature: sig}, &keys)
	}
	if s := ask(text, sign(t, accesstest.Key("stranger"), text)); s != "401 signature_bad" {
		t.Errorf("another's signature: %s", s)
	}
	if s := ask(text, nil); s != "401 signature_bad" {
		t.Errorf("no signature: %s", s)
	}
	if s := ask(text, sign(t, consumer, text)); s != "200" {
		t.Fatalf("the right signature: %s", s)
	}
	if len(keys.AccessKey) != 20 || len(keys.SecretKey) != 40 || keys.Expires <= w.clock.now().Unix() {
		t.Errorf("keys: %+v", keys)
	}
	if s := ask(text, sign(t, consumer, text)); s != "401 challenge_invalid" {
		t.Errorf("used twice: %s", s)
	}
	for what, change := range map[string]func(l []string){
		"another node":    func(l []string) { l[1] = account("other node").String() },
		"another account": func(l []string) { l[2] = account("stranger").String() },
		"another SLA":     func(l []string) { l[3] = w.node.String() },
		"no SLA":          func(l []string) { l[3] = "" },
		"another nonce":   func(l []string) { l[4] = strings.Repeat("A", len(l[4])) },
		"a later expiry":  func(l []string) { l[5] = "9" + l[5] },
	} {
		l := strings.Split(d.challenge("consumer", id), "\n")
		change(l)
		text := strings.Join(l, "\n")
		by := chain.Signer(consumer)
		if what == "another account" {
			by = accesstest.Key("stranger")
		}
		if s := ask(text, sign(t, by, text)); s != "401 challenge_invalid" {
			t.Errorf("%s: %s", what, s)
		}
	}
	text = d.challenge("consumer", id)
	w.clock.add(5 * time.Minute)
	if s := ask(text, sign(t, consumer, text)); s != "401 challenge_invalid" {
		t.Errorf("expired: %s", s)
	}
	text = d.challenge("consumer", id)
	d = w.doorway() // a restart
	if s := ask(text, sign(t, consumer, text)); s != "401 challenge_invalid" {
		t.Errorf("of an earlier run: %s", s)
	}
	for _, body := range []string{"", "{", `{"account":"x","sla":""}`, `{"account":"","sla":""}`, `{"more":1}`, `{}{}`, `{"account":"` + strings.Repeat("x", 100_000) + `"}`} {
		rec := httptest.NewRecorder()
		d.mux.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, statement.PathChallenge, strings.NewReader(body)))
		if rec.Code != http.StatusBadRequest {
			t.Errorf("%.20q: %d", body, rec.Code)
		}
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.doorway()
	id := w.sla(orchestrator.Active)
	in := statement.KeyChallenge{Account: account("consumer"), SLA: id.String()}
	n := 0
	for d.post(statement.PathChallenge, in, nil) == "200" {
		if n++; n > 1000 {
			t.Fatal("no limit")
		}
	}
	if s := d.post(statement.PathChallenge, in, nil); s != "429 too_many" {
		t.Fatalf("over the limit: %s", s)
	}
	w.clock.add(time.Minute)
	if s := d.post(statement.PathChallenge, in, nil); s != "200" {
		t.Fatalf("after a minute: %s", s)
	}
}

func TestOwnKeysAreListedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.doorway()
	id := w.sla(orchestrator.Active)
	grant := w.chain.AddGrant(id, account("grantee"), "", orchestrator.OpAll, w.clock.now().Add(time.Hour))
	own, other := w.issue("consumer", id, ids.ID{}), w.issue("grantee", id, grant)
	signed := func(who string, key string) access.SignedChallenge {
		text := d.challenge(who, id)
		return access.SignedChallenge{Challenge: text, Signature: sign(t, accesstest.Key(who), text), AccessKey: key}
	}
	var l access.KeyList
	if s := d.post(access.PathList, signed("consumer", ""), &l); s != "200" || len(l.Keys) != 1 || l.Keys[0].AccessKey != own.AccessKey {
		t.Fatalf("list: %s %+v", s, l)
	}
	if s := d.post(access.PathDelete, signed("consumer", other.AccessKey), nil); s != "404 key_unknown" {
		t.Fatalf("another's key: %s", s)
	}
	if s := d.post(access.PathDelete, signed("consumer", own.AccessKey), nil); s != "200" {
		t.Fatalf("own key: %s", s)
	}
	if _, err := w.keys.Find(t.Context(), own.AccessKey); err == nil {
		t.Fatal("a deleted key is still there")
	}
	if _, err := w.keys.Find(t.Context(), other.AccessKey); err != nil {
		t.Fatal(err)
	}
}

func TestKeysSurviveARestartAndAreEncrypted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sla(orchestrator.Active)
	grant := w.chain.AddGrant(id, account("grantee"), "demo/", orchestrator.OpRead, w.clock.now().Add(time.Hour))
	before := w.issue("grantee", id, grant)
	w.poll()
	path := filepath.Join(w.dir, "keys.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte(before.Secret)) {
		t.Error("the secret is in the file as it is")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	w.open()
	after, err := w.keys.Find(t.Context(), before.AccessKey)
	if err != nil || after.Secret != before.Secret || after.Space != before.Space || may(after, "demo/x") != "r" {
		t.Fatalf("after a restart: %v %v %q", after, err, may(after, "demo/x"))
	}
	if _, err := access.OpenKeys(w.dir, accesstest.Key("another node"), w.view); err == nil {
		t.Fatal("another node's key opened the store")
	}
}

func TestDeadKeysAreSweptAndTheirNumberIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sla(orchestrator.Active)
	grant := w.chain.AddGrant(id, account("grantee"), "", orchestrator.OpAll, w.clock.now().Add(time.Hour))
	w.issue("grantee", id, grant)
	var last error
	for range 60 {
		_, last = w.keys.Issue(t.Context(), account("consumer"), id, ids.ID{})
	}
	if last == nil || w.keys.Count() != 51 {
		t.Fatalf("%d keys, %v", w.keys.Count(), last)
	}
	for range 60 {
		w.issue("operator", ids.ID{}, ids.ID{})
	}
	if w.keys.Count() != 51+8 {
		t.Fatalf("%d keys after an operator's many", w.keys.Count())
	}
	sweep := func(want int) {
		t.Helper()
		w.poll()
		if err := w.keys.Sweep(); err != nil {
			t.Fatal(err)
		}
		if n := w.keys.Count(); n != want {
			t.Fatalf("%d keys are left, want %d", n, want)
		}
	}
	sweep(59)
	w.clock.add(26 * time.Hour) // the grant expired a day ago
	sweep(58)
	w.clock.add(12 * time.Hour) // the SLA's retention has passed
	sweep(8)
	w.clock.add(7 * 24 * time.Hour) // the operators have new ones by now
	sweep(0)
}
