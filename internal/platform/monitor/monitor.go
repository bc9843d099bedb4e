// Package monitor raises alarms before money moves: a node that does not answer, a warning that the validators agreed on. It watches; it decides nothing.
package monitor

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/store"
)

// Alarm is raised once and stays open until its cause is gone.
type Alarm struct {
	ID      int64      `json:"id"`
	Kind    string     `json:"kind"`
	Subject string     `json:"subject" doc:"Id or account that it is about"`
	Message string     `json:"message"`
	Raised  time.Time  `json:"raised"`
	Cleared *time.Time `json:"cleared,omitempty"`
}

// Kinds of alarms.
const (
	NodeUnreachable = "node_unreachable"
	QualityWarning  = "quality_warning"
	MoneyLow        = "money_low"
	Reclaimed       = "reclaimed"
)

// Target is a node to watch.
type Target struct{ ID, Endpoint string }

// Monitor of one platform.
type Monitor struct {
	db      *sql.DB
	targets func(context.Context) ([]Target, error)
	client  *http.Client
	now     func() time.Time
	log     *slog.Logger
	misses  map[string]int // by node, owned by Run
}

// New makes a monitor of the targets, asked for anew at each round.
func New(db *sql.DB, targets func(context.Context) ([]Target, error), now func() time.Time, log *slog.Logger) *Monitor {
	return &Monitor{db: db, targets: targets, client: &http.Client{Timeout: 2 * time.Second}, now: now, log: log, misses: map[string]int{}}
}

// Run watches until ctx ends.
func (m *Monitor) Run(ctx context.Context, every time.Duration) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if err := m.Round(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("watching nodes", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

const (
	missesToAlarm = 2
	parallel      = 16
)

// Round asks every node once. The second miss in a row raises the alarm, the first answer clears it.
func (m *Monitor) Round(ctx context.Context) error {
	l, err := m.targets(ctx)
	if err != nil {
		return err
	}
	up := make([]bool, len(l))
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i := range l {
		wg.Go(func() {
			slots <- struct{}{}
			up[i] = m.ask(ctx, l[i].Endpoint)
			<-slots
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for i, t := range l {
		if up[i] {
			delete(m.misses, t.ID)
			if err := m.Clear(ctx, NodeUnreachable, t.ID); err != nil {
				return err
			}
			continue
		}
		if m.misses[t.ID]++; m.misses[t.ID] == missesToAlarm {
			if err := m.Raise(ctx, NodeUnreachable, t.ID, fmt.Sprintf("node %s does not answer at %s", t.ID, t.Endpoint)); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask is true when the node's front answers at all: an S3 front answers an anonymous request with a refusal.
func (m *Monitor) ask(ctx context.Context, endpoint string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/", nil)
	if err != nil {
		return false
	}
	res, err := m.client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // to use the connection again
	return res.StatusCode < 500
}

// OnEvent turns the contracts' warnings into alarms. The indexer calls it.
func (m *Monitor) OnEvent(ctx context.Context, e chain.Event) error {
	switch e.Name {
	case "warning":
		return m.Raise(ctx, QualityWarning, e.Subject, fmt.Sprintf("the validators warn that SLA %s may be credited: its quality in the running window is below its terms", e.Subject))
	case "reclaimed":
		return m.Raise(ctx, Reclaimed, e.Subject, fmt.Sprintf("the provider ends SLA %s after %v epochs, earlier than agreed: move the data, or renew elsewhere, until then", e.Subject, e.Data["end_epochs"]))
	case "released":
		if err := m.Clear(ctx, Reclaimed, e.Subject); err != nil {
			return err
		}
		if err := m.Clear(ctx, MoneyLow, e.Subject); err != nil {
			return err
		}
		return m.Clear(ctx, QualityWarning, e.Subject)
	}
	return nil
}

// Raise opens an alarm unless the same one is open.
func (m *Monitor) Raise(ctx context.Context, kind, subject, message string) error {
	res, err := m.db.ExecContext(ctx, `INSERT INTO alarms (kind, subject, message, raised_at) SELECT $1, $2, $3, $4
		WHERE NOT EXISTS (SELECT 1 FROM alarms WHERE kind = $1 AND subject = $2 AND cleared_at IS NULL)`, kind, subject, message, m.now().Unix())
	if err != nil {
		return store.Map(err)
	}
	if n, _ := res.RowsAffected(); n == 1 {
		m.log.Warn("alarm", "kind", kind, "subject", subject, "message", message)
	}
	return nil
}

// Clear closes an alarm.
func (m *Monitor) Clear(ctx context.Context, kind, subject string) error {
	_, err := m.db.ExecContext(ctx, `UPDATE alarms SET cleared_at = $1 WHERE kind = $2 AND subject = $3 AND cleared_at IS NULL`, m.now().Unix(), kind, subject)
	return store.Map(err)
}

// Alarms lists the newest first: the open ones, or all.
func (m *Monitor) Alarms(ctx context.Context, all bool, limit int) ([]Alarm, error) {
	q := `SELECT id, kind, subject, message, raised_at, cleared_at FROM alarms`
	if !all {
		q += ` WHERE cleared_at IS NULL`
	}
	rows, err := m.db.QueryContext(ctx, q+fmt.Sprintf(` ORDER BY id DESC LIMIT %d`, limit))
	if err != nil {
		return nil, store.Map(err)
	}
	defer rows.Close()
	l := []Alarm{}
	for rows.Next() {
		var a Alarm
		var raised int64
		var cleared sql.NullInt64
		if err := rows.Scan(&a.ID, &a.Kind, &a.Subject, &a.Message, &raised, &cleared); err != nil {
			return nil, store.Map(err)
		}
		a.Raised = time.Unix(raised, 0).UTC()
		if cleared.Valid {
			t := time.Unix(cleared.Int64, 0).UTC()
			a.Cleared = &t
		}
		l = append(l, a)
	}
	return l, store.Map(rows.Err())
}
