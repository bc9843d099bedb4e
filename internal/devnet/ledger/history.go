package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/stellar/go-stellar-sdk/xdr"
)

// Entry is a ledger entry as stored.
type Entry struct {
	Data      []byte // LedgerEntry XDR
	Modified  uint32 // ledger of the last change
	LiveUntil uint32 // 0 = has no TTL; before the newest ledger = archived (or, if temporary, gone)
}

// Lookup finds the entry under a key (XDR).
func (p *Snapshot) Lookup(key string) (Entry, bool) {
	e := p.get(key)
	if !e.exists() {
		return Entry{}, false
	}
	return Entry{Data: e.data, Modified: e.modified(), LiveUntil: e.live}, true
}

// Record is one transaction of a closed ledger. The byte slices are XDR.
type Record struct {
	Ledger    uint32
	CloseTime int64
	Index     uint32 // from 1
	Hash      [32]byte
	OK        bool
	Envelope  []byte
	Result    []byte
	Meta      []byte
}

const recordColumns = "t.ledger, l.close_time, t.idx, t.hash, t.ok, t.envelope, t.result, t.meta"

func scanRecord(scan func(...any) error) (Record, error) {
	var r Record
	var hash []byte
	err := scan(&r.Ledger, &r.CloseTime, &r.Index, &hash, &r.OK, &r.Envelope, &r.Result, &r.Meta)
	if err == nil {
		r.Hash = [32]byte(hash)
	}
	return r, err
}

// Transaction finds a transaction by its hash, or a fee bump by its inner transaction's; nil if history has none.
func (l *Ledger) Transaction(ctx context.Context, hash [32]byte) (*Record, error) {
	for _, column := range []string{"hash", "inner_hash"} {
		row := l.db.read.QueryRowContext(ctx, "SELECT "+recordColumns+" FROM txs t JOIN ledgers l ON l.seq = t.ledger WHERE t."+column+" = ? LIMIT 1", hash[:])
		r, err := scanRecord(row.Scan)
		if err == nil {
			if r.Ledger > l.Head().Seq {
				return nil, nil // stored, but its ledger's state is not visible yet: in a moment
			}
			return &r, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("ledger: transaction: %w", err)
		}
	}
	return nil, nil
}

// Transactions lists up to limit transactions after (ledger, index), oldest first.
func (l *Ledger) Transactions(ctx context.Context, ledger, index uint32, limit int) ([]Record, error) {
	rows, err := l.db.read.QueryContext(ctx, "SELECT "+recordColumns+` FROM txs t JOIN ledgers l ON l.seq = t.ledger
		WHERE (t.ledger, t.idx) > (?, ?) AND t.ledger <= ? ORDER BY t.ledger, t.idx LIMIT ?`, ledger, index, l.Head().Seq, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: transactions: %w", err)
	}
	defer rows.Close()
	var out []Record
	for rows.Next() {
		r, err := scanRecord(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("ledger: transactions: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Range is the span of ledgers that history holds.
type Range struct {
	Oldest, Newest         uint32
	OldestTime, NewestTime int64
	RetentionWindow        uint32
}

// Range of the history now.
func (l *Ledger) Range(ctx context.Context) (Range, error) {
	r := Range{RetentionWindow: l.db.history}
	err := l.db.read.QueryRowContext(ctx, "SELECT seq, close_time FROM ledgers ORDER BY seq LIMIT 1").Scan(&r.Oldest, &r.OldestTime)
	if err != nil {
		return r, fmt.Errorf("ledger: oldest ledger: %w", err)
	}
	h := l.Head()
	r.Newest, r.NewestTime = h.Seq, h.CloseTime
	return r, nil
}

// Position orders events: ledger, transaction (from 1), operation, event.
type Position struct{ Ledger, Tx, Op, Event uint32 }

// Event is one contract event of a successful transaction.
type Event struct {
	Position
	CloseTime int64
	TxHash    [32]byte
	XDR       []byte // ContractEvent
}

// Events calls each for the events at or after from, in ledgers before the ledger end, until it returns false. If
// contracts is not empty, only their events are seen.
func (l *Ledger) Events(ctx context.Context, from Position, end uint32, contracts [][32]byte, each func(Event) (bool, error)) error {
	query := `SELECT e.ledger, e.tx, e.op, e.event, l.close_time, e.tx_hash, e.xdr FROM events e JOIN ledgers l ON l.seq = e.ledger
		WHERE (e.ledger, e.tx, e.op, e.event) >= (?, ?, ?, ?) AND e.ledger < ?`
	args := []any{from.Ledger, from.Tx, from.Op, from.Event, end}
	if len(contracts) > 0 {
		query += " AND e.contract IN (?" + strings.Repeat(", ?", len(contracts)-1) + ")"
		for _, c := range contracts {
			args = append(args, c[:])
		}
	}
	rows, err := l.db.read.QueryContext(ctx, query+" ORDER BY e.ledger, e.tx, e.op, e.event", args...)
	if err != nil {
		return fmt.Errorf("ledger: events: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Event
		var hash []byte
		if err := rows.Scan(&e.Ledger, &e.Tx, &e.Op, &e.Event, &e.CloseTime, &hash, &e.XDR); err != nil {
			return fmt.Errorf("ledger: events: %w", err)
		}
		e.TxHash = [32]byte(hash)
		if more, err := each(e); err != nil || !more {
			return err
		}
	}
	return rows.Err()
}

// ClosedLedger describes one ledger.
type ClosedLedger struct {
	Seq       uint32
	CloseTime int64
	Hash      [32]byte
	Header    []byte // LedgerHeaderHistoryEntry XDR
	Meta      []byte // LedgerCloseMeta XDR
}

// Ledgers describes up to limit ledgers from seq on.
func (l *Ledger) Ledgers(ctx context.Context, seq uint32, limit int) ([]ClosedLedger, error) {
	rows, err := l.db.read.QueryContext(ctx, "SELECT seq, hash, header, close_time, evicted FROM ledgers WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
		seq, l.Head().Seq, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: ledgers: %w", err)
	}
	type row struct {
		ClosedLedger
		header, evicted []byte
	}
	var all []row
	for rows.Next() {
		var r row
		var hash []byte
		if err := rows.Scan(&r.Seq, &hash, &r.header, &r.CloseTime, &r.evicted); err != nil {
			return nil, errors.Join(fmt.Errorf("ledger: ledgers: %w", err), rows.Close())
		}
		r.Hash = [32]byte(hash)
		all = append(all, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("ledger: ledgers: %w", err)
	}
	out := make([]ClosedLedger, len(all))
	for i, r := range all {
		if out[i], err = l.describe(ctx, r.ClosedLedger, r.header, r.evicted); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// describe assembles a ledger's meta from what is stored about it.
func (l *Ledger) describe(ctx context.Context, c ClosedLedger, header, evicted []byte) (ClosedLedger, error) {
	entry := xdr.LedgerHeaderHistoryEntry{Hash: c.Hash}
	if err := entry.Header.UnmarshalBinary(header); err != nil {
		return c, fmt.Errorf("ledger: header of %d: %w", c.Seq, err)
	}
	meta := xdr.LedgerCloseMetaV2{LedgerHeader: entry, TotalByteSizeOfLiveSorobanState: accountedStateSize}
	for r := bytes.NewReader(evicted); r.Len() > 0; {
		var k xdr.LedgerKey
		if _, err := xdr.Unmarshal(r, &k); err != nil {
			return c, fmt.Errorf("ledger: evicted keys of %d: %w", c.Seq, err)
		}
		meta.EvictedKeys = append(meta.EvictedKeys, k)
	}
	rows, err := l.db.read.QueryContext(ctx, "SELECT hash, envelope, result, meta, fee_changes, post_changes FROM txs WHERE ledger = ? ORDER BY idx", c.Seq)
	if err != nil {
		return c, fmt.Errorf("ledger: transactions of %d: %w", c.Seq, err)
	}
	defer rows.Close()
	var txs []*applied
	for rows.Next() {
		var b [6][]byte
		if err := rows.Scan(&b[0], &b[1], &b[2], &b[3], &b[4], &b[5]); err != nil {
			return c, fmt.Errorf("ledger: transactions of %d: %w", c.Seq, err)
		}
		t, err := parse(b[1], l.networkID)
		if err != nil {
			return c, err
		}
		p := xdr.TransactionResultMetaV1{Result: xdr.TransactionResultPair{TransactionHash: t.hash}}
		if err := errors.Join(p.Result.Result.UnmarshalBinary(b[2]), p.TxApplyProcessing.UnmarshalBinary(b[3]),
			p.FeeProcessing.UnmarshalBinary(b[4]), p.PostTxApplyFeeProcessing.UnmarshalBinary(b[5])); err != nil {
			return c, fmt.Errorf("ledger: transactions of %d: %w", c.Seq, err)
		}
		meta.TxProcessing = append(meta.TxProcessing, p)
		txs = append(txs, &applied{t: t})
	}
	if err := rows.Err(); err != nil {
		return c, fmt.Errorf("ledger: transactions of %d: %w", c.Seq, err)
	}
	meta.TxSet = txSet(entry.Header.PreviousLedgerHash, txs)
	if c.Header, err = entry.MarshalBinary(); err != nil {
		return c, err
	}
	c.Meta, err = xdr.LedgerCloseMeta{V: 2, V2: &meta}.MarshalBinary()
	return c, err
}

// Counts of recent transactions.
type Counts struct{ Ledgers, Classic, Soroban uint32 }

// RecentCounts counts the transactions of the last n ledgers.
func (l *Ledger) RecentCounts(ctx context.Context, n int) (c Counts, err error) {
	err = l.db.read.QueryRowContext(ctx, `WITH recent AS (SELECT seq FROM ledgers ORDER BY seq DESC LIMIT ?)
		SELECT (SELECT COUNT(*) FROM recent),
			(SELECT COUNT(*) FROM txs WHERE soroban = 0 AND ledger >= (SELECT MIN(seq) FROM recent)),
			(SELECT COUNT(*) FROM txs WHERE soroban = 1 AND ledger >= (SELECT MIN(seq) FROM recent))`, n).
		Scan(&c.Ledgers, &c.Classic, &c.Soroban)
	if err != nil {
		return c, fmt.Errorf("ledger: counts: %w", err)
	}
	return c, nil
}
