// Package indexer follows the contracts' events and keeps the platform's copy of what is on chain. An event says what changed; the new state is read from the chain, so that a lost,
// doubled or reordered event can do no harm. Everything it writes can be rebuilt by running it again from the start.
package indexer

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
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/store"
)

// Chain is what the indexer reads.
type Chain interface {
	Events(ctx context.Context, cursor string, max int) ([]chain.Event, string, error)
	Node(ctx context.Context, id ids.ID) (orchestrator.Node, error)
	Unit(ctx context.Context, id ids.ID) (orchestrator.Unit, error)
	SLA(ctx context.Context, id ids.ID) (orchestrator.SLA, error)
	Reservation(ctx context.Context, sla ids.ID) (orchestrator.Reservation, error)
	Terms(ctx context.Context, sla ids.ID) ([]byte, error)
}

// Nodes is told what the chain says of a node.
type Nodes interface {
	SetBound(ctx context.Context, key ids.Account, id ids.ID, provider ids.Account, endpoint string) error
}

// Indexer of one chain.
type Indexer struct {
	db    *sql.DB
	chain Chain
	nodes Nodes
	log   *slog.Logger
	// OnEvent, when set, sees each event once it is stored.
	OnEvent func(chain.Event)
}

// New makes an indexer.
func New(db *sql.DB, c Chain, n Nodes, log *slog.Logger) *Indexer {
	return &Indexer{db: db, chain: c, nodes: n, log: log}
}

const (
	cursorKey = "events_cursor"
	batch     = 200
)

// Run follows the chain until ctx ends. caughtUp is called each time nothing was left to read.
func (x *Indexer) Run(ctx context.Context, every time.Duration, caughtUp func()) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		n, err := x.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			x.log.Warn("following the chain", "err", err)
		case n == 0:
			caughtUp()
		}
		if err == nil && n == batch {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// Step reads one batch of events and applies it; it returns how many there were.
func (x *Indexer) Step(ctx context.Context) (int, error) {
	var cursor string
	if err := x.db.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = $1`, cursorKey).Scan(&cursor); err != nil && fault.KindOf(store.Map(err)) != fault.NotFound {
		return 0, store.Map(err)
	}
	events, next, err := x.chain.Events(ctx, cursor, batch)
	if fault.CodeOf(err) == "cursor_expired" {
		x.log.Warn("events were missed: they are older than what the chain's server keeps; going on from the oldest it has")
		events, next, err = x.chain.Events(ctx, "", batch)
	}
	if err != nil {
		return 0, fmt.Errorf("reading events: %w", err)
	}
	if next == cursor {
		return 0, nil
	}
	changed, err := x.read(ctx, events)
	if err != nil {
		return 0, err
	}
	fresh := make([]bool, len(events))
	err = store.Tx(ctx, x.db, func(tx *sql.Tx) error {
		for i, e := range events {
			data, err := json.Marshal(e.Data)
			if err != nil {
				return err
			}
			res, err := tx.ExecContext(ctx, `INSERT INTO events (cursor, name, subject, data, ledger, at, tx) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (cursor) DO NOTHING`,
				e.Cursor, e.Name, e.Subject, string(data), e.Ledger, e.Time.Unix(), e.Tx)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			fresh[i] = n == 1
		}
		for _, put := range changed {
			if err := put(ctx, tx); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, cursorKey, next)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("storing events: %w", err)
	}
	if x.OnEvent != nil {
		for i, e := range events {
			if fresh[i] {
				x.OnEvent(e)
			}
		}
	}
	return len(events), nil
}

type put func(context.Context, *sql.Tx) error

// read fetches, once each, the present state of what the events are about.
func (x *Indexer) read(ctx context.Context, events []chain.Event) ([]put, error) {
	seen := map[ids.ID]bool{}
	var l []put
	add := func(id ids.ID) error {
		if id.Zero() || seen[id] {
			return nil
		}
		seen[id] = true
		var p put
		var err error
		switch id.Kind() {
		case ids.Node:
			err = x.node(ctx, id)
		case ids.Unit:
			p, err = x.unit(ctx, id)
		case ids.SLA:
			p, err = x.sla(ctx, id)
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", id, err)
		}
		if p != nil {
			l = append(l, p)
		}
		return nil
	}
	for _, e := range events {
		id, err := ids.Parse(e.Subject)
		if err != nil {
			continue // about an account
		}
		if err := add(id); err != nil {
			return nil, err
		}
		for _, v := range e.Data { // an SLA's event names its unit, whose counters changed too
			if s, ok := v.(string); ok && len(s) == 64 {
				if other, err := ids.Parse(s); err == nil && other.Kind() == ids.Unit && other.Chain() == id.Chain() && other[3] == 1 {
					if err := add(other); err != nil && fault.KindOf(err) != fault.NotFound {
						return nil, err
					}
				}
			}
		}
	}
	return l, nil
}

func (x *Indexer) node(ctx context.Context, id ids.ID) error {
	n, err := x.chain.Node(ctx, id)
	if err != nil {
		return err
	}
	if n.State == orchestrator.NodeReleased {
		return x.nodes.SetBound(ctx, n.Key, ids.ID{}, ids.Account{}, n.Endpoint)
	}
	return x.nodes.SetBound(ctx, n.Key, n.ID, n.Provider, n.Endpoint)
}

func (x *Indexer) unit(ctx context.Context, id ids.ID) (put, error) {
	n, err := x.chain.Unit(ctx, id)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(n)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO units (id, provider, node_id, listed, state, body) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET listed = excluded.listed, state = excluded.state, body = excluded.body, node_id = excluded.node_id`,
			id.String(), n.Provider.String(), n.Node.String(), n.Listed, n.State.String(), string(body))
		return err
	}, nil
}

func (x *Indexer) sla(ctx context.Context, id ids.ID) (put, error) {
	s, err := x.chain.SLA(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := x.chain.Reservation(ctx, id)
	if err != nil {
		return nil, err
	}
	unit, err := x.unit(ctx, s.Unit)
	if err != nil {
		return nil, err
	}
	terms, err := x.chain.Terms(ctx, id)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	res, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sql.Tx) error {
		if err := unit(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO slas (id, consumer, provider, unit, state, body, reservation, terms, group_id, previous) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (id) DO UPDATE SET consumer = excluded.consumer, state = excluded.state, body = excluded.body, reservation = excluded.reservation`,
			id.String(), s.Consumer.String(), s.Provider.String(), s.Unit.String(), s.State.String(), string(body), string(res), terms, orEmpty(s.Group), orEmpty(s.Previous))
		return err
	}, nil
}

func orEmpty(id ids.ID) string {
	if id.Zero() {
		return ""
	}
	return id.String()
}
