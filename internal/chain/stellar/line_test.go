package stellar_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/chaintest"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet"
	"github.com/flashback-network/flashback/internal/devnet/devnettest"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// line is a transport that a test disturbs: before a request is forwarded (with an answer or an error instead), and after.
type line struct {
	mu     sync.Mutex
	before func(method string) (answer string, err error)
	after  func(method string) error
	calls  map[string]int
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	method := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		_, rest, _ := strings.Cut(string(b), `"method":"`)
		method, _, _ = strings.Cut(rest, `"`)
	}
	l.mu.Lock()
	l.calls[method]++
	before, after := l.before, l.after
	l.mu.Unlock()
	if before != nil {
		if answer, err := before(method); err != nil {
			return nil, err
		} else if answer != "" {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"jsonrpc":"2.0","id":1,"result":` + answer + `}`)), Request: r}, nil
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && after != nil {
		if lost := after(method); lost != nil {
			res.Body.Close()
			return nil, lost
		}
	}
	return res, err
}

func (l *line) disturb(before func(string) (string, error), after func(string) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before, l.after, l.calls = before, after, map[string]int{}
}

func (l *line) count(method string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[method]
}

// small is a deployment with one provider and a unit, over a line that can be disturbed.
type small struct {
	net  *devnet.Network
	line *line
	*stellar.Chain
	key  *stellar.Key
	unit ids.ID
}

func start(t *testing.T, opts ...devnettest.Option) *small {
	t.Helper()
	s := &small{net: devnettest.Start(t, opts...), line: &line{calls: map[string]int{}}, key: stellar.GenerateKey()}
	ctx := t.Context()
	c, err := stellar.Connect(ctx, stellar.Options{RPC: s.net.URL(), Passphrase: s.net.Passphrase(), HTTP: &http.Client{Transport: s.line}})
	must(t, err)
	must(t, c.Friendbot(ctx, "", s.key.Account()))
	_, now, err := c.Head(ctx)
	must(t, err)
	me := s.key.Account()
	at, _, err := c.Deploy(ctx, stellar.DeployOptions{Admin: s.key, Oracle: chaintest.Config(now, me), Params: chaintest.Params(me, me)})
	must(t, err)
	s.Chain, err = c.With(ctx, at)
	must(t, err)
	_, err = s.Submit(ctx, s.key, orchestrator.Register{Provider: me, Payout: me})
	must(t, err)
	node := stellar.GenerateKey()
	bind := orchestrator.NodeBind{Provider: me, Node: node.Account(), Endpoint: "http://n"}
	var signed [][]byte
	for _, k := range []*stellar.Key{s.key, node} {
		a, err := s.Authorize(ctx, bind, k.Account())
		must(t, err)
		a, err = s.SignAuthorization(k, bind, a)
		must(t, err)
		signed = append(signed, a)
	}
	r, err := s.Relay(ctx, s.key, bind, signed...)
	must(t, err)
	r, err = s.Submit(ctx, s.key, orchestrator.UnitCreate{Provider: me, Spec: orchestrator.UnitSpec{Node: r.ID, Kind: 1, Capacity: 1 << 30, Region: "DE", Asset: s.NativeAsset(),
		CollateralBps: 100, MinEpochs: 1, MaxEpochs: 9}})
	must(t, err)
	s.unit = r.ID
	return s
}

// bump raises the unit's price version by one.
func (s *small) bump(ctx context.Context) (chain.Receipt, error) {
	return s.Submit(ctx, s.key, orchestrator.UnitPrice{Provider: s.key.Account(), ID: s.unit, StoragePrice: money.Of(1), EgressPrice: money.Of(1)})
}

func (s *small) version(t *testing.T) uint32 {
	t.Helper()
	u, err := s.Unit(t.Context(), s.unit)
	must(t, err)
	return u.PriceVersion
}
