// Package keeper does what anyone may do and somebody should: it settles SLAs by the newest report, and sends money that is due to whom it belongs. It chooses nothing: the
// contracts decide amounts and receivers. Any number of keepers may run; a call that another one made first is no error.
package keeper

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/monitor"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/store"
)

// Chain is what the keeper reads and calls.
type Chain interface {
	Head(ctx context.Context) (uint32, time.Time, error)
	Submit(ctx context.Context, by chain.Signer, op orchestrator.Op) (chain.Receipt, error)
	LatestReport(ctx context.Context) (uint64, [32]byte, bool, error)
	SLA(ctx context.Context, id ids.ID) (orchestrator.SLA, error)
	Reservation(ctx context.Context, sla ids.ID) (orchestrator.Reservation, error)
	Terms(ctx context.Context, sla ids.ID) ([]byte, error)
}

// Report of one SLA: its leaf in an epoch's tree, and the verdicts on its last windows.
type Report struct {
	Epoch    uint64
	Leaf     sla.Leaf
	Proof    merkle.Proof
	Verdicts []sla.Verdict
}

// Reports are the validators' public log. A leaf that they no longer have is NotFound.
type Reports interface {
	Report(ctx context.Context, sla ids.ID, epoch uint64) (Report, error)
}

// Alarms that a healthy leaf clears, and that money which runs low raises.
type Alarms interface {
	Raise(ctx context.Context, kind, subject, message string) error
	Clear(ctx context.Context, kind, subject string) error
}

// Keeper of one chain.
type Keeper struct {
	db      *sql.DB
	chain   Chain
	reports Reports
	alarms  Alarms
	by      chain.Signer
	log     *slog.Logger
	last    uint64 // epoch that was handled, plus 1
}

// New makes a keeper; by pays the fees of its calls.
func New(db *sql.DB, c Chain, r Reports, a Alarms, by chain.Signer, log *slog.Logger) *Keeper {
	return &Keeper{db: db, chain: c, reports: r, alarms: a, by: by, log: log}
}

// Run settles until ctx ends.
func (k *Keeper) Run(ctx context.Context, every time.Duration) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if err := k.Step(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("settling", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Step looks at every SLA that money may still move for, once per new report.
func (k *Keeper) Step(ctx context.Context) error {
	epoch, _, ok, err := k.chain.LatestReport(ctx)
	if err != nil {
		return fmt.Errorf("reading the latest report: %w", err)
	}
	fresh := ok && epoch+1 > k.last
	open, err := k.open(ctx)
	if err != nil {
		return err
	}
	failed := 0
	for _, id := range open {
		if err := k.one(ctx, id, epoch, fresh); err != nil && ctx.Err() == nil {
			failed++
			k.log.Warn("settling an SLA", "sla", id, "err", err)
		}
	}
	if fresh && failed == 0 {
		k.last = epoch + 1
	}
	return ctx.Err()
}

// open lists the SLAs of the index that are not over and paid out.
func (k *Keeper) open(ctx context.Context) ([]ids.ID, error) {
	rows, err := k.db.QueryContext(ctx, `SELECT id FROM slas WHERE closed = 0 ORDER BY id`)
	if err != nil {
		return nil, store.Map(err)
	}
	defer rows.Close()
	var l []ids.ID
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, store.Map(err)
		}
		id, err := ids.Parse(s)
		if err != nil {
			return nil, err
		}
		l = append(l, id)
	}
	return l, store.Map(rows.Err())
}

func (k *Keeper) one(ctx context.Context, id ids.ID, epoch uint64, fresh bool) error {
	s, err := k.chain.SLA(ctx, id)
	if err != nil {
		return err
	}
	switch s.State {
	case orchestrator.Funded:
		if begun, err := k.begin(ctx, &s); begun || err != nil {
			return err
		}
		return k.expire(ctx, &s)
	case orchestrator.Requested, orchestrator.Accepted:
		return k.expire(ctx, &s)
	case orchestrator.Active, orchestrator.Closing, orchestrator.Grace, orchestrator.Retention, orchestrator.Reclaiming:
		if err := k.money(ctx, &s); err != nil {
			return err
		}
		if !fresh {
			return nil
		}
		if err := k.drain(ctx, &s); err != nil {
			return err
		}
		if epoch < s.StartEpoch {
			return nil
		}
		if err := k.settle(ctx, &s, epoch); err != nil {
			return err
		}
		if s, err = k.chain.SLA(ctx, id); err != nil {
			return err
		}
	}
	r, err := k.chain.Reservation(ctx, id)
	if err != nil {
		return err
	}
	return k.pay(ctx, &s, &r)
}

// money raises the alarm while an SLA's money runs low, and clears it when there is enough again.
func (k *Keeper) money(ctx context.Context, s *orchestrator.SLA) error {
	switch s.State {
	case orchestrator.Grace:
		return k.alarms.Raise(ctx, monitor.MoneyLow, s.ID.String(), fmt.Sprintf("the money of SLA %s runs low: %d of its %d epochs are paid for", s.ID, s.Covered, s.Duration))
	case orchestrator.Retention:
		return k.alarms.Raise(ctx, monitor.MoneyLow, s.ID.String(), fmt.Sprintf("the money of SLA %s runs out: nothing is written any more, %d of its %d epochs are paid for", s.ID, s.Covered, s.Duration))
	}
	return k.alarms.Clear(ctx, monitor.MoneyLow, s.ID.String())
}

func (k *Keeper) expire(ctx context.Context, s *orchestrator.SLA) error {
	_, at, err := k.chain.Head(ctx)
	if err != nil {
		return err
	}
	by := s.FundBy
	if s.State == orchestrator.Requested {
		by = s.AcceptBy
	}
	if uint64(at.Unix()) <= by {
		return nil
	}
	return k.submit(ctx, orchestrator.Expire{SLA: s.ID})
}

// settle proves the newest leaf against the last settled one.
func (k *Keeper) settle(ctx context.Context, s *orchestrator.SLA, epoch uint64) error {
	rep, err := k.reports.Report(ctx, s.ID, epoch)
	if fault.KindOf(err) == fault.NotFound {
		return k.timeOut(ctx, s) // the validators do not know it, yet or any more
	} else if err != nil {
		return fmt.Errorf("reading the report: %w", err)
	}
	if err := k.remember(ctx, s.ID, rep.Verdicts); err != nil {
		return err
	}
	if rep.Leaf.Epochs <= s.SettledEpochs {
		return nil
	}
	from, err := k.from(ctx, s)
	if err != nil {
		return fmt.Errorf("finding the leaf of the last settlement: %w", err)
	}
	for _, to := range append(k.between(ctx, s, rep.Leaf.Epochs), rep) {
		if err := k.submit(ctx, orchestrator.Settle{SLA: s.ID, From: from, To: to.Leaf, Epoch: to.Epoch, Proof: to.Proof}); err != nil {
			return err
		}
		from = to.Leaf
	}
	if rep.Leaf.Armed == 0 && rep.Leaf.WindowFlags == 0 {
		if err := k.alarms.Clear(ctx, "quality_warning", s.ID.String()); err != nil {
			return err
		}
	}
	_, err = k.db.ExecContext(ctx, `INSERT INTO leaves (sla, leaf) VALUES ($1, $2) ON CONFLICT (sla) DO UPDATE SET leaf = excluded.leaf`, s.ID.String(), rep.Leaf.Bytes())
	return store.Map(err)
}

// from finds the leaf whose hash the contract holds: ours of the last settlement, the zero leaf, or the validators' if another keeper was faster.
func (k *Keeper) from(ctx context.Context, s *orchestrator.SLA) (sla.Leaf, error) {
	var b []byte
	err := k.db.QueryRowContext(ctx, `SELECT leaf FROM leaves WHERE sla = $1`, s.ID.String()).Scan(&b)
	if err != nil && fault.KindOf(store.Map(err)) != fault.NotFound {
		return sla.Leaf{}, store.Map(err)
	}
	if err == nil {
		if l, err := sla.DecodeLeaf(b); err == nil && l.Hash() == s.SettledHash {
			return *l, nil
		}
	}
	if s.SettledEpochs == 0 {
		b, err := k.chain.Terms(ctx, s.ID)
		if err != nil {
			return sla.Leaf{}, err
		}
		t, err := sla.DecodeTerms(b)
		if err != nil {
			return sla.Leaf{}, err
		}
		return sla.Zero(t), nil
	}
	rep, err := k.reports.Report(ctx, s.ID, s.StartEpoch+uint64(s.SettledEpochs)-1)
	if err != nil {
		return sla.Leaf{}, err
	}
	return rep.Leaf, nil
}

// between is the report that the provider's half was settled to by somebody alone, when that is ahead of the consumer's half: both halves have to meet there before they go on together.
func (k *Keeper) between(ctx context.Context, s *orchestrator.SLA, newest uint32) []Report {
	r, err := k.chain.Reservation(ctx, s.ID)
	if err != nil || r.SettledEpochs <= s.SettledEpochs || r.SettledEpochs >= newest {
		return nil
	}
	rep, err := k.reports.Report(ctx, s.ID, s.StartEpoch+uint64(r.SettledEpochs)-1)
	if err != nil {
		k.log.Warn("the provider's half is ahead and its report cannot be had", "sla", s.ID, "epochs", r.SettledEpochs, "err", err)
		return nil
	}
	return []Report{rep}
}

func (k *Keeper) timeOut(ctx context.Context, s *orchestrator.SLA) error {
	err := k.submit(ctx, orchestrator.TimeOut{SLA: s.ID})
	if fault.CodeOf(err) == "NotTimedOut" {
		return nil
	}
	return err
}

// pay sends what is due; when an SLA is over and everything is sent, it needs no keeper any more.
func (k *Keeper) pay(ctx context.Context, s *orchestrator.SLA, r *orchestrator.Reservation) error {
	type due struct {
		is bool
		op orchestrator.Op
	}
	over := s.State.Terminal()
	for _, d := range []due{
		{s.ProviderClaim.Sign() > 0, orchestrator.Payout{SLA: s.ID}},
		{s.ConsumerClaim.Sign() > 0, orchestrator.Refund{SLA: s.ID}},
		{r.Owed.Sign() > 0, orchestrator.Claim{SLA: s.ID}},
		{over && s.Fees.Sign() > 0, orchestrator.CollectFees{SLA: s.ID}},
		{over && r.Slash.Sign() > 0, orchestrator.CollectSlash{SLA: s.ID}},
	} {
		if !d.is {
			continue
		}
		if err := k.submit(ctx, d.op); err != nil {
			return err
		}
	}
	if !over {
		return nil
	}
	_, err := k.db.ExecContext(ctx, `UPDATE slas SET closed = 1 WHERE id = $1`, s.ID.String())
	return store.Map(err)
}

// submit treats a call that another one made first as done.
func (k *Keeper) submit(ctx context.Context, op orchestrator.Op) error {
	_, err := k.chain.Submit(ctx, k.by, op)
	switch fault.CodeOf(err) {
	case "NothingDue", "StateWrong", "FromMismatch", "LeafBehind":
		k.log.Debug("nothing to do", "op", fmt.Sprintf("%T", op), "err", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%T: %w", op, err)
	}
	return nil
}

// remember keeps the verdicts for people.
func (k *Keeper) remember(ctx context.Context, id ids.ID, l []sla.Verdict) error {
	return store.Tx(ctx, k.db, func(tx *sql.Tx) error {
		for i := range l {
			b, err := json.Marshal(l[i])
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO windows (sla, number, body) VALUES ($1, $2, $3) ON CONFLICT (sla, number) DO NOTHING`, id.String(), l[i].Window, string(b)); err != nil {
				return err
			}
		}
		return nil
	})
}
