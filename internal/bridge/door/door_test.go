package door

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
)

func TestLimiter(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	l := Limiter{Rate: 2, Burst: 5}
	take := func(caller string) (n int) {
		for l.Allow(caller, now) {
			n++
		}
		return n
	}
	if n := take("a"); n != 5 {
		t.Errorf("%d at once, want 5", n)
	}
	now = now.Add(1500 * time.Millisecond)
	if n := take("a"); n != 3 {
		t.Errorf("%d after a second and a half, want 3", n)
	}
	if n := take("b"); n != 5 {
		t.Errorf("another caller: %d, want 5", n)
	}
	for i := range maxKnown + 100 {
		l.Allow(fmt.Sprint("caller ", i), now)
	}
	if len(l.known) > maxKnown {
		t.Errorf("%d callers are remembered", len(l.known))
	}
	if l.Allow("one too many", now) {
		t.Error("an unknown caller passed while all places are taken")
	}
	now = now.Add(time.Minute)
	if !l.Allow("one too many", now) {
		t.Error("refused although the others have long been quiet")
	}
	if len(l.known) > 1 {
		t.Errorf("%d quiet callers are still remembered", len(l.known))
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"192.0.2.1:1234":             "192.0.2.1",
		"[::ffff:192.0.2.1]:1":       "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:443": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:443":         "fe80::/64",
		"@":                          "@",
	} {
		if got := Caller(&http.Request{RemoteAddr: addr}); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// TestFaultsSurviveTheWire sends each kind as an answer and reads it as a client.
func TestFaultsSurviveTheWire(t *testing.T) {
	t.Parallel()
	for k := fault.Internal; k <= fault.Expired; k++ {
		err := fault.Wrap(fmt.Errorf("private"), k, "some_code", "some words")
		rec := httptest.NewRecorder()
		Refuse(rec, httptest.NewRequest(http.MethodGet, "/", nil), discard, err)
		got := Fault(rec.Code, rec.Body.Bytes(), "the node")
		want := "some words"
		if k == fault.Internal {
			want = "internal error"
		}
		if rec.Code < 400 || fault.CodeOf(got) != "some_code" || fault.Public(got) != want {
			t.Errorf("%s: %d %v", k, rec.Code, got)
		}
	}
	if err := Fault(502, []byte("<html>"), "the platform"); fault.KindOf(err) != fault.Unavailable || err.Error() != "the platform answered with status 502" {
		t.Errorf("an answer of something else: %v", err)
	}
}

var discard = slog.New(slog.DiscardHandler)
