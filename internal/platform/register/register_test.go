package register_test

import (
	"context"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/register"
	"github.com/flashback-network/flashback/internal/store"
)

// fakeChain relays a binding when both authorisations are the expected ones.
type fakeChain struct{ bound map[ids.Account]ids.Account }

func (f *fakeChain) Authorize(_ context.Context, op orchestrator.Op, a ids.Account) ([]byte, error) {
	return []byte("unsigned " + op.(orchestrator.NodeBind).Endpoint + " " + a.String()), nil
}

func (f *fakeChain) Relay(_ context.Context, _ chain.Signer, op orchestrator.Op, auths ...[]byte) (chain.Receipt, error) {
	b := op.(orchestrator.NodeBind)
	if len(auths) != 2 || string(auths[0]) != "signed by "+b.Provider.String() || string(auths[1]) != "signed by "+b.Node.String() {
		return chain.Receipt{}, fault.New(fault.Forbidden, "authorization_bad", "not authorised")
	}
	f.bound[b.Node] = b.Provider
	return chain.Receipt{Tx: "tx", ID: ids.ID{0, 1, 1, 1}}, nil
}

func (f *fakeChain) VerifyMessage(a ids.Account, m, s []byte) bool {
	return stellar.VerifyMessage(a, m, s)
}

type world struct {
	t        *testing.T
	r        *register.Register
	chain    *fakeChain
	now      time.Time
	node     *stellar.Key
	secret   []byte
	provider ids.Account
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, chain: &fakeChain{map[ids.Account]ids.Account{}}, now: time.Unix(1_800_000_000, 0), node: stellar.GenerateKey(), secret: claim.Random(claim.SecretSize), provider: stellar.GenerateKey().Account()}
	w.r = register.New(db, w.chain, stellar.GenerateKey(), func() time.Time { return w.now })
	w.announce()
	return w
}

func (w *world) announcement() *claim.Announcement {
	h := claim.SecretHash(w.node.Account(), w.secret)
	a := &claim.Announcement{Key: w.node.Account(), Endpoint: "http://127.0.0.1:9000", Version: "test", SecretHash: h[:], At: uint64(w.now.Unix())}
	a.Signature, _ = w.node.SignHash(a.Digest())
	return a
}

func (w *world) announce() {
	w.t.Helper()
	if err := w.r.Announce(w.t.Context(), w.announcement()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) code() string {
	w.t.Helper()
	o, err := w.r.Claim(w.t.Context(), w.provider, w.node.Account(), claim.Format(w.secret))
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := w.r.AuthorizeClaim(w.t.Context(), w.provider, w.node.Account(), o.Claim, []byte("signed by "+w.provider.String()))
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Code
}

func (w *world) redeem(code string, by *stellar.Key) (*claim.Redeemed, error) {
	x := &claim.Redemption{Code: code, At: uint64(w.now.Unix())}
	x.Signature, _ = by.SignHash(x.Digest(w.node.Account()))
	return w.r.Redeem(w.t.Context(), w.node.Account(), x)
}

func want(t *testing.T, what string, err error, code string) {
	t.Helper()
	if fault.CodeOf(err) != code || err == nil {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, err := w.redeem(w.code(), w.node)
	if err != nil {
		t.Fatal(err)
	}
	if o.Provider != w.provider || o.Node != w.node.Account() || o.Endpoint != "http://127.0.0.1:9000" {
		t.Errorf("redeemed %+v", o)
	}
	b, err := w.r.Relay(t.Context(), w.node.Account(), o.Claim, []byte("signed by "+w.node.Account().String()))
	if err != nil || b.Tx != "tx" || w.chain.bound[w.node.Account()] != w.provider {
		t.Fatalf("relay: %+v, %v", b, err)
	}
	_, err = w.r.Relay(t.Context(), w.node.Account(), o.Claim, []byte("signed by "+w.node.Account().String()))
	want(t, "a second relay", err, "claim_unknown")
}

func TestClaimRefusals(t *testing.T) {
	t.Parallel()
	t.Run("secret", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for range register.MaxAttempts {
			_, err := w.r.Claim(t.Context(), w.provider, w.node.Account(), claim.Format(claim.Random(claim.SecretSize)))
			want(t, "a wrong secret", err, "secret_wrong")
		}
		_, err := w.r.Claim(t.Context(), w.provider, w.node.Account(), claim.Format(w.secret))
		want(t, "the right secret after too many wrong ones", err, "too_many_attempts")
		w.now = w.now.Add(register.CodeLife + time.Second)
		if _, err := w.r.Claim(t.Context(), w.provider, w.node.Account(), claim.Format(w.secret)); err != nil {
			t.Errorf("the right secret a quarter of an hour later: %v", err)
		}
		_, err = w.r.Claim(t.Context(), w.provider, stellar.GenerateKey().Account(), claim.Format(w.secret))
		want(t, "an unknown node", err, "secret_wrong")
	})
	t.Run("code", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		code := w.code()
		_, err := w.redeem(claim.Format(claim.Random(claim.CodeSize)), w.node)
		want(t, "a wrong code", err, "code_wrong")
		_, err = w.redeem(code, stellar.GenerateKey())
		want(t, "a code from another key", err, "signature_invalid")
		w.now = w.now.Add(register.CodeLife + time.Second)
		_, err = w.redeem(code, w.node)
		want(t, "an expired code", err, "code_wrong")
		code = w.code()
		if _, err := w.redeem(code, w.node); err != nil {
			t.Fatal(err)
		}
		_, err = w.redeem(code, w.node)
		want(t, "a used code", err, "code_wrong")
	})
	t.Run("wallet", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		o, err := w.r.Claim(t.Context(), w.provider, w.node.Account(), claim.Format(w.secret))
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.r.AuthorizeClaim(t.Context(), stellar.GenerateKey().Account(), w.node.Account(), o.Claim, nil)
		want(t, "another wallet's claim", err, "claim_unknown")
		if err := w.r.SetBound(t.Context(), w.node.Account(), ids.ID{0, 1, 1, 1}, w.provider, "x"); err != nil {
			t.Fatal(err)
		}
		_, err = w.r.Claim(t.Context(), stellar.GenerateKey().Account(), w.node.Account(), claim.Format(w.secret))
		want(t, "a bound node", err, "node_bound")
	})
	t.Run("announcement", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		want(t, "a replayed announcement", w.r.Announce(t.Context(), w.announcement()), "announcement_old")
		a := w.announcement()
		a.Endpoint = "http://evil.example"
		a.At++
		want(t, "a changed announcement", w.r.Announce(t.Context(), a), "signature_invalid")
		a = w.announcement()
		a.At += 301
		want(t, "a clock ahead", w.r.Announce(t.Context(), a), "clock_skew")
		a = w.announcement()
		a.Endpoint = "file:///etc/passwd"
		want(t, "another scheme", w.r.Announce(t.Context(), a), "endpoint_invalid")
	})
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := stellar.GenerateKey()
	c, err := w.r.Challenge(t.Context(), k.Account(), "here")
	if err != nil {
		t.Fatal(err)
	}
	sig, _ := k.SignMessage([]byte(c))
	_, _, err = w.r.Login(t.Context(), stellar.GenerateKey().Account(), c, sig)
	want(t, "another account", err, "login_refused")
	phished := "Flashback login\nelsewhere" + c[len("Flashback login\nhere"):]
	psig, _ := k.SignMessage([]byte(phished))
	_, _, err = w.r.Login(t.Context(), k.Account(), phished, psig)
	want(t, "a challenge that names another platform", err, "login_refused")
	token, expires, err := w.r.Login(t.Context(), k.Account(), c, sig)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.r.Login(t.Context(), k.Account(), c, sig)
	want(t, "a replayed login", err, "login_refused")
	if a, err := w.r.Session(t.Context(), token); err != nil || a != k.Account() {
		t.Errorf("session: %v, %v", a, err)
	}
	w.now = expires
	_, err = w.r.Session(t.Context(), token)
	want(t, "a session that is over", err, "session_unknown")
	c, err = w.r.Challenge(t.Context(), k.Account(), "here")
	if err != nil {
		t.Fatal(err)
	}
	sig, _ = k.SignMessage([]byte(c))
	w.now = w.now.Add(register.ChallengeLife + time.Second)
	_, _, err = w.r.Login(t.Context(), k.Account(), c, sig)
	want(t, "an expired challenge", err, "login_refused")
}
