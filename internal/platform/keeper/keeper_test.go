package keeper_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/keeper"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/store"
)

var id = ids.ID{0, 1, 3, 1, 5}

func account(n byte) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: ids.KeyAccount, Address: [32]byte{n}}
}

func terms() *sla.Terms {
	p := sla.DefaultProtocol(12)
	return &sla.Terms{SLA: id, Consumer: account(1), Provider: account(2), Payout: account(2), Refund: account(1), Asset: ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{9}},
		Units: []sla.Share{{Unit: ids.ID{0, 1, 2, 1}, Bps: 10_000}}, Kind: 1, Volume: 1 << 30, Egress: 1 << 30, Duration: 100, EpochSeconds: 10, SlotsPerEpoch: 10, Window: 12, Redundancy: 1,
		StoragePrice: money.Of(1_000_000), Collateral: money.Of(1000), Protocol: p}
}

// fake is the chain of one SLA, and the validators' log of it.
type fake struct {
	s        orchestrator.SLA
	r        orchestrator.Reservation
	epoch    uint64
	leaves   map[uint64]sla.Leaf // by epoch
	now      time.Time
	calls    []string
	refuse   error
	reported []uint64
	alarms   map[string]string // by kind
}

func (f *fake) Head(context.Context) (uint32, time.Time, error) { return 1, f.now, nil }
func (f *fake) LatestReport(context.Context) (uint64, [32]byte, bool, error) {
	return f.epoch, [32]byte{}, true, nil
}
func (f *fake) SLA(context.Context, ids.ID) (orchestrator.SLA, error) { return f.s, nil }
func (f *fake) Reservation(context.Context, ids.ID) (orchestrator.Reservation, error) {
	return f.r, nil
}
func (f *fake) Terms(context.Context, ids.ID) ([]byte, error) { return terms().Bytes(), nil }

func (f *fake) Submit(_ context.Context, _ chain.Signer, op orchestrator.Op) (chain.Receipt, error) {
	name := strings.TrimPrefix(reflect.TypeOf(op).String(), "orchestrator.")
	if x, ok := op.(orchestrator.Settle); ok {
		if x.From.Hash() != f.s.SettledHash {
			return chain.Receipt{}, fault.New(fault.Conflict, "FromMismatch", "from is not the last leaf")
		}
		if f.r.SettledEpochs > f.s.SettledEpochs && x.To.Epochs != f.r.SettledEpochs {
			return chain.Receipt{}, fault.New(fault.Conflict, "FromMismatch", "the provider's half is ahead")
		}
		name += fmt.Sprintf(" %d-%d", x.From.Epochs, x.To.Epochs)
		f.s.SettledHash, f.s.SettledEpochs, f.s.ProviderClaim = x.To.Hash(), x.To.Epochs, money.Of(7)
		if x.To.Status != sla.Running {
			f.s.State, f.s.Fees, f.s.ConsumerClaim = orchestrator.Completed, money.Of(1), money.Of(2)
		}
	}
	switch op.(type) {
	case orchestrator.Payout:
		f.s.ProviderClaim = money.Amount{}
	case orchestrator.Refund:
		f.s.ConsumerClaim = money.Amount{}
	case orchestrator.CollectFees:
		f.s.Fees = money.Amount{}
	case orchestrator.Claim:
		f.r.Owed = money.Amount{}
	}
	f.calls = append(f.calls, name)
	return chain.Receipt{}, f.refuse
}

func (f *fake) Report(_ context.Context, _ ids.ID, epoch uint64) (keeper.Report, error) {
	f.reported = append(f.reported, epoch)
	l, ok := f.leaves[epoch]
	if !ok {
		return keeper.Report{}, fault.New(fault.NotFound, "report_unknown", "no such report")
	}
	return keeper.Report{Epoch: epoch, Leaf: l, Verdicts: []sla.Verdict{{Window: 0, Epochs: 12}}}, nil
}

func (f *fake) Clear(_ context.Context, kind, _ string) error {
	delete(f.alarms, kind)
	return nil
}

func (f *fake) Raise(_ context.Context, kind, _, message string) error {
	f.alarms[kind] = message
	return nil
}

func open(t *testing.T, f *fake) (*keeper.Keeper, *sql.DB) {
	t.Helper()
	db, err := store.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`INSERT INTO slas (id, consumer, provider, unit, state, body, reservation, terms) VALUES ($1, '', '', '', 'active', '{}', '{}', x'')`, id.String()); err != nil {
		t.Fatal(err)
	}
	return keeper.New(db, f, f, f, nil, slog.New(slog.DiscardHandler)), db
}

// active is an SLA that began in epoch 10, with a leaf for each of its epochs.
func active() *fake {
	tr := terms()
	zero := sla.Zero(tr)
	f := &fake{s: orchestrator.SLA{ID: id, State: orchestrator.Active, StartEpoch: 10, SettledHash: zero.Hash()}, leaves: map[uint64]sla.Leaf{}, now: time.Unix(1000, 0), alarms: map[string]string{}}
	l, base := zero, zero
	for e := uint64(10); e < 40; e++ {
		var v *sla.Verdict
		if l, v = tr.Advance(l, &base, nil, 100); v != nil {
			base = l
		}
		f.leaves[e] = l
	}
	return f
}

func step(t *testing.T, k *keeper.Keeper) {
	t.Helper()
	if err := k.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, f *fake, calls ...string) {
	t.Helper()
	if strings.Join(f.calls, ", ") != strings.Join(calls, ", ") {
		t.Errorf("calls: %v, want %v", f.calls, calls)
	}
	f.calls = nil
}

func TestSettlesOncePerReport(t *testing.T) {
	t.Parallel()
	f := active()
	f.epoch = 12
	k, db := open(t, f)
	step(t, k)
	want(t, f, "Settle 0-3", "Payout")
	step(t, k)
	want(t, f)
	f.epoch = 20 // a gap is one settlement
	step(t, k)
	want(t, f, "Settle 3-11", "Payout")
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM windows`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d verdicts remembered, %v", n, err)
	}
}

func TestGoesOnAfterAnotherKeeper(t *testing.T) {
	t.Parallel()
	f := active()
	f.epoch = 12
	k, _ := open(t, f)
	step(t, k)
	f.calls = nil
	other := f.leaves[15]
	f.s.SettledHash, f.s.SettledEpochs = other.Hash(), other.Epochs // another one settled
	f.epoch = 18
	step(t, k)
	want(t, f, "Settle 6-9", "Payout")
}

func TestCatchesUpWithAHalfThatIsAhead(t *testing.T) {
	t.Parallel()
	f := active()
	f.epoch = 12
	k, _ := open(t, f)
	step(t, k)
	f.calls = nil
	f.r.SettledEpochs = 5 // somebody settled the provider's half alone
	f.epoch = 20
	step(t, k)
	want(t, f, "Settle 3-5", "Settle 5-11", "Payout")
}

func TestPaysOutAndCloses(t *testing.T) {
	t.Parallel()
	f := active()
	l := f.leaves[20]
	l.Status = sla.Complete
	f.leaves[20], f.epoch = l, 20
	f.r.Owed = money.Of(3)
	k, db := open(t, f)
	step(t, k)
	want(t, f, "Settle 0-11", "Payout", "Refund", "Claim", "CollectFees")
	var closed int
	if err := db.QueryRow(`SELECT closed FROM slas`).Scan(&closed); err != nil || closed != 1 {
		t.Errorf("closed %d, %v", closed, err)
	}
	f.epoch = 30
	step(t, k)
	want(t, f)
}

func TestExpiresAndTimesOut(t *testing.T) {
	t.Parallel()
	f := active()
	f.s.State, f.s.AcceptBy = orchestrator.Requested, 1000
	k, _ := open(t, f)
	step(t, k)
	want(t, f)
	f.now = time.Unix(1001, 0)
	step(t, k)
	want(t, f, "Expire")
	f.s.State, f.epoch, f.leaves = orchestrator.Active, 50, nil
	f.refuse = fault.New(fault.Conflict, "NotTimedOut", "not yet")
	step(t, k)
	want(t, f, "TimeOut")
}

func TestRefusedSettlementIsTriedAgain(t *testing.T) {
	t.Parallel()
	f := active()
	f.epoch = 12
	f.refuse = fault.New(fault.Unavailable, "unavailable", "the chain is away")
	k, _ := open(t, f)
	step(t, k)
	f.calls = nil
	f.refuse = nil
	f.s.SettledEpochs, f.s.SettledHash = 0, func() [32]byte { z := sla.Zero(terms()); return z.Hash() }()
	step(t, k)
	want(t, f, "Settle 0-3", "Payout")
}

// Money that runs low raises an alarm, which a top-up clears.
func TestMoneyAlarms(t *testing.T) {
	t.Parallel()
	f := active()
	k, _ := open(t, f)
	for _, x := range []struct {
		state orchestrator.SLAState
		alarm string
	}{{orchestrator.Active, ""}, {orchestrator.Grace, "runs low"}, {orchestrator.Retention, "runs out"}, {orchestrator.Active, ""}} {
		f.s.State = x.state
		if err := k.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := f.alarms["money_low"]; (got == "") != (x.alarm == "") || !strings.Contains(got, x.alarm) {
			t.Errorf("%s: alarm %q", x.state, got)
		}
	}
}
