package stellar_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/chaintest"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet"
	"github.com/flashback-network/flashback/internal/devnet/devnettest"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// A call whose answers are lost is applied once, and its receipt is found.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	s := start(t)
	other, err := stellar.Open(t.Context(), stellar.Options{RPC: s.net.URL(), Contracts: s.Contracts()})
	must(t, err)
	lost := errors.New("connection reset")
	for _, c := range []struct {
		name   string
		before func(string) (string, error)
		after  func(string) error
	}{
		{"the answer to the sending", nil, func(m string) error {
			if m == "sendTransaction" && s.line.count(m) == 1 {
				return lost
			}
			return nil
		}},
		{"the sending itself", func(m string) (string, error) {
			if m == "sendTransaction" && s.line.count(m) == 1 {
				return "", lost
			}
			return "", nil
		}, nil},
		{"some polls", func(m string) (string, error) {
			if m == "getTransaction" && s.line.count(m) < 3 {
				return "", lost
			}
			return "", nil
		}, nil},
		{"the network is busy", func(m string) (string, error) {
			if m == "sendTransaction" && s.line.count(m) < 3 {
				return `{"status":"TRY_AGAIN_LATER","hash":"","latestLedger":1,"latestLedgerCloseTime":"1"}`, nil
			}
			return "", nil
		}, nil},
		{"the sending, and then somebody else uses the key", func(m string) (string, error) {
			if m == "sendTransaction" && s.line.count(m) == 1 {
				_, err := other.Submit(t.Context(), s.key, orchestrator.UpdateProvider{Provider: s.key.Account(), Payout: s.key.Account()})
				return "", errors.Join(lost, err)
			}
			return "", nil
		}, nil},
		{"a late answer, and the first sending was applied", nil, func(m string) error {
			if m == "sendTransaction" && s.line.count(m) == 1 {
				return errors.Join(lost, s.net.Advance(time.Second, 1))
			}
			return nil
		}},
	} {
		before := s.version(t)
		s.line.disturb(c.before, c.after)
		r, err := s.bump(t.Context())
		s.line.disturb(nil, nil)
		if err != nil || r.Tx == "" {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := s.version(t); got != before+1 {
			t.Errorf("%s: applied %d times", c.name, got-before)
		}
	}
}

// What cannot be known is said to be unknown; a server that is away, or talks nonsense, is unavailable.
func TestUnknownFate(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.line.disturb(func(m string) (string, error) {
		if m == "getTransaction" {
			cancel()
			return "", errors.New("no route to host")
		}
		return "", nil
	}, nil)
	_, err := s.bump(ctx)
	if fault.CodeOf(err) != "unconfirmed" || fault.KindOf(err) != fault.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	s.line.disturb(func(string) (string, error) { return "", errors.New("no route to host") }, nil)
	if _, err := s.bump(t.Context()); fault.CodeOf(err) != "unavailable" {
		t.Errorf("%v", err)
	}
	if _, err := s.Unit(t.Context(), s.unit); fault.CodeOf(err) != "unavailable" {
		t.Errorf("%v", err)
	}
	s.line.disturb(func(string) (string, error) { return `"nonsense"`, nil }, nil)
	if _, _, err := s.Head(t.Context()); fault.CodeOf(err) != "unavailable" {
		t.Errorf("%v", err)
	}
	s.line.disturb(nil, nil)
	if _, err := s.bump(t.Context()); err != nil { // the sequence number is asked for again
		t.Error(err)
	}
}

// Programs with one key get in each other's way, and all get through.
func TestSharedKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	const n, programs = 4, 4
	all := []chain.Chain{s}
	for range programs - 1 {
		other, err := stellar.Open(t.Context(), stellar.Options{RPC: s.net.URL(), Contracts: s.Contracts()})
		must(t, err)
		all = append(all, other)
	}
	before := s.version(t)
	var wg sync.WaitGroup
	for _, c := range all {
		wg.Go(func() {
			for range n {
				if _, err := c.Submit(t.Context(), s.key, orchestrator.UnitPrice{Provider: s.key.Account(), ID: s.unit}); err != nil {
					t.Errorf("%s: %v", fault.CodeOf(err), err)
				}
			}
		})
	}
	wg.Wait()
	if got := s.version(t); got != before+n*programs {
		t.Errorf("%d of %d calls were applied", got-before, n*programs)
	}
}

// Entries that nobody touched for half a year are archived: reads still see them, and a call restores them first.
func TestArchivedEntries(t *testing.T) {
	t.Parallel()
	s := start(t)
	before := s.version(t)
	must(t, s.net.Advance(200*24*time.Hour, 200*17_280))
	if got := s.version(t); got != before {
		t.Errorf("price version %d of an archived unit", got)
	}
	r, err := s.bump(t.Context())
	must(t, err)
	if got := s.version(t); got != before+1 {
		t.Errorf("price version %d", got)
	}
	again, err := s.bump(t.Context())
	must(t, err)
	if !again.Fee.Less(r.Fee) {
		t.Errorf("the restoration cost nothing: %s, then %s", r.Fee, again.Fee)
	}
}

// A cursor that is older than the server's history is refused, not answered with a gap.
func TestCursorExpires(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *devnet.Options) { o.History = 100 })
	l, _, err := s.Events(t.Context(), "", 1)
	must(t, err)
	for range 200 { // the network forgets 64 ledgers at a time
		must(t, s.net.Advance(time.Second, 1))
	}
	_, _, err = s.Events(t.Context(), l[0].Cursor, 10)
	if fault.CodeOf(err) != "cursor_expired" || fault.KindOf(err) != fault.Expired {
		t.Errorf("%v", err)
	}
	_, next, err := s.Events(t.Context(), "", 10)
	must(t, err)
	if _, _, err := s.Events(t.Context(), next, 10); err != nil {
		t.Error(err)
	}
}

// Deploying again finds what is there; another label is another deployment; a half-done one is finished.
func TestDeployAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, now, err := s.Head(t.Context())
	must(t, err)
	me := s.key.Account()
	o := stellar.DeployOptions{Admin: s.key, Oracle: chaintest.Config(now.Add(time.Hour), me), Params: chaintest.Params(me, me)}
	s.line.disturb(nil, nil)
	at, config, err := s.Deploy(t.Context(), o)
	must(t, err)
	if at != s.Contracts() || config.Genesis == o.Oracle.Genesis || s.line.count("sendTransaction") != 0 {
		t.Errorf("deployed again: %+v", at)
	}
	if want, err := s.OracleConfig(t.Context()); err != nil || config.Digest() != want.Digest() || config.Network == [32]byte{} {
		t.Errorf("configuration %+v, %v", config, err)
	}
	o.Label = "two"
	ctx, cancel := context.WithCancel(t.Context())
	s.line.disturb(func(m string) (string, error) { // the power fails after the Oracle
		if m == "sendTransaction" && s.line.count(m) > 1 {
			cancel()
			return "", errors.New("no route to host")
		}
		return "", nil
	}, nil)
	if _, _, err := s.Deploy(ctx, o); err == nil {
		t.Fatal("deployed over a broken line")
	}
	s.line.disturb(nil, nil)
	two, config, err := s.Deploy(t.Context(), o)
	must(t, err)
	if two.Oracle == at.Oracle || two.Provider == at.Provider || config.Genesis != o.Oracle.Genesis {
		t.Errorf("the second deployment %+v", two)
	}
}

func TestWrongNetwork(t *testing.T) {
	t.Parallel()
	n := devnettest.Start(t)
	_, err := stellar.Connect(t.Context(), stellar.Options{RPC: n.URL(), Passphrase: "Public Global Stellar Network ; September 2015"})
	if fault.CodeOf(err) != "network_mismatch" {
		t.Errorf("%v", err)
	}
	c := ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{1}}
	_, err = stellar.Open(t.Context(), stellar.Options{RPC: n.URL(), Contracts: chain.Contracts{Oracle: c, Provider: c, Consumer: c}})
	if fault.CodeOf(err) != "contract_missing" {
		t.Errorf("%v", err)
	}
	client, err := stellar.Connect(t.Context(), stellar.Options{RPC: n.URL()})
	must(t, err)
	defer client.Close()
	if _, err := client.Balance(t.Context(), c, c); fault.CodeOf(err) != "contract_missing" || fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	if _, err := stellar.Connect(t.Context(), stellar.Options{RPC: "localhost:8000"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
	if _, err = stellar.Open(t.Context(), stellar.Options{RPC: n.URL()}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}
