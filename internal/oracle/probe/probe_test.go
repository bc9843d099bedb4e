package probe

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

// shop is a small S3 with keys for whoever signs.
type shop struct {
	node   ids.Account
	server *httptest.Server

	mu      sync.Mutex
	objects map[string][]byte
	logins  int
	mood    string
	largest int
}

func newShop(t *testing.T) *shop {
	s := &shop{node: ids.Account{Chain: ids.Stellar, Address: [32]byte{5}}, objects: map[string][]byte{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *shop) set(mood string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = mood
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.URL.Path == statement.PathChallenge:
		var in statement.KeyChallenge
		_ = json.Unmarshal(body, &in)
		text := fmt.Sprintf("Flashback S3 keys\n%s\n%s\n\nx\n1", s.node, in.Account)
		if s.mood == "asks for something else" {
			text = "I owe you everything"
		}
		_ = json.NewEncoder(w).Encode(statement.KeyChallenged{Challenge: text})
		return
	case r.URL.Path == statement.PathKeys:
		s.logins++
		if s.mood == "gives no keys" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(statement.Keys{AccessKey: fmt.Sprint("key", s.logins), SecretKey: "s", Expires: time.Now().Add(time.Hour).Unix()})
		return
	case !strings.Contains(r.Header.Get("Authorization"), fmt.Sprint("Credential=key", s.logins, "/")) || s.mood == "takes no keys":
		w.WriteHeader(http.StatusForbidden)
		return
	case s.mood == "fails":
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	bucket, key, isObject := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case bucket == "" || !isObject && r.Method == http.MethodGet:
		type entry struct{ Key string }
		l := struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Contents []entry
		}{}
		for k := range s.objects {
			if name, ok := strings.CutPrefix(k, bucket+"/"); ok && bucket != "" {
				l.Contents = append(l.Contents, entry{name})
			}
		}
		_ = xml.NewEncoder(w).Encode(l)
	case !isObject:
	case r.Method == http.MethodPut:
		s.objects[bucket+"/"+key] = body
		s.largest = max(s.largest, len(body))
	case r.Method == http.MethodDelete:
		delete(s.objects, bucket+"/"+key)
		w.WriteHeader(http.StatusNoContent)
	default:
		b, ok := s.objects[bucket+"/"+key]
		if !ok || s.mood == "loses" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if s.mood == "rots" {
			b = append([]byte{^b[0]}, b[1:]...)
		}
		if s.mood == "pads" {
			b = append(b, 0)
		}
		_, _ = w.Write(b)
	}
}

type signer struct{ key ed25519.PrivateKey }

func (s signer) Account() ids.Account {
	return ids.Account{Chain: ids.Stellar, Address: [32]byte(s.key.Public().(ed25519.PublicKey))}
}
func (s signer) SignHash(h [32]byte) ([]byte, error)  { return ed25519.Sign(s.key, h[:]), nil }
func (s signer) SignMessage(m []byte) ([]byte, error) { return ed25519.Sign(s.key, m), nil }

func newProber(s *shop) *Prober {
	_, k, _ := ed25519.GenerateKey(nil)
	return New(s.node, signer{k}, s.server.Client(), time.Now)
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestProbeOfAHealthyNode(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := newProber(s)
	if err := p.Prepare(soon(t), s.server.URL); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		large := i%2 == 0
		f := p.Probe(soon(t), s.server.URL, large)
		if f.State != report.Reached || f.Errors != 0 || f.Operations < 2 || f.TTFB == sla.NoFigure || large && (f.KiBps == sla.NoFigure || f.KiBps == 0) {
			t.Fatalf("probe %d: %+v", i, f)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.objects) > maxHeld || s.logins != 1 || s.largest > Largest || s.largest < Large {
		t.Errorf("%d objects stay, %d logins, largest %d", len(s.objects), s.logins, s.largest)
	}
}

func TestProbeOfASickNode(t *testing.T) {
	t.Parallel()
	for mood, all := range map[string]bool{"fails": true, "loses": false, "rots": false, "pads": false, "takes no keys": true} {
		s := newShop(t)
		p := newProber(s)
		if err := p.Prepare(soon(t), s.server.URL); err != nil {
			t.Fatal(err)
		}
		s.set(mood)
		f := p.Probe(soon(t), s.server.URL, true)
		if f.State != report.Reached || f.Errors == 0 || all && f.Errors != f.Operations || f.TTFB != sla.NoFigure {
			t.Errorf("a node that %s: %+v", mood, f)
		}
		s.set("")
		if f := p.Probe(soon(t), s.server.URL, true); f.Errors != 0 {
			t.Errorf("well again after it %s: %+v", mood, f)
		}
	}
	for _, mood := range []string{"gives no keys", "asks for something else"} {
		s := newShop(t)
		s.set(mood)
		if f := newProber(s).Probe(soon(t), s.server.URL, false); f.State != report.Reached || f.Operations != 1 || f.Errors != 1 {
			t.Errorf("a node that %s: %+v", mood, f)
		}
		if s.logins > 0 && mood == "asks for something else" {
			t.Error("the wallet signed a foreign text")
		}
	}
}

func TestProbeOfNobody(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := newProber(s)
	if f := p.Probe(soon(t), s.server.URL, false); f.Errors != 0 {
		t.Fatalf("%+v", f)
	}
	s.server.Close()
	if f := p.Probe(soon(t), s.server.URL, false); f.State != report.Unreachable {
		t.Errorf("%+v", f)
	}
	if f := p.Look(soon(t), s.server.URL); f.State != report.Unreachable || f.Operations != 0 {
		t.Errorf("%+v", f)
	}
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }))
	defer hangs.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if f := p.Probe(ctx, hangs.URL, false); f.State != report.Unreachable {
		t.Errorf("a node that hangs: %+v", f)
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if f := newProber(s).Look(soon(t), s.server.URL); f.State != report.Reached || f.Operations != 0 {
		t.Errorf("%+v", f)
	}
}
