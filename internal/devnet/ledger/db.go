package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/stellar/go-stellar-sdk/xdr"
	_ "modernc.org/sqlite" // the driver

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/filelock"
)

// The schema's version is in user_version. A change makes a new version and a step from the last one.
const schemaVersion = 1

const schema = `
CREATE TABLE network (passphrase TEXT NOT NULL);
CREATE TABLE entries (key BLOB PRIMARY KEY, data BLOB NOT NULL, live INTEGER NOT NULL, live_mod INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE ledgers (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, header BLOB NOT NULL, close_time INTEGER NOT NULL,
	evicted BLOB NOT NULL, total_txs INTEGER NOT NULL);
CREATE TABLE txs (ledger INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, inner_hash BLOB, ok INTEGER NOT NULL, soroban INTEGER NOT NULL,
	envelope BLOB NOT NULL, result BLOB NOT NULL, meta BLOB NOT NULL, fee_changes BLOB NOT NULL, post_changes BLOB NOT NULL,
	PRIMARY KEY (ledger, idx)) WITHOUT ROWID;
CREATE INDEX txs_hash ON txs (hash);
CREATE INDEX txs_inner ON txs (inner_hash) WHERE inner_hash IS NOT NULL;
CREATE TABLE events (ledger INTEGER NOT NULL, tx INTEGER NOT NULL, op INTEGER NOT NULL, event INTEGER NOT NULL,
	contract BLOB, tx_hash BLOB NOT NULL, xdr BLOB NOT NULL, PRIMARY KEY (ledger, tx, op, event)) WITHOUT ROWID;
CREATE INDEX events_contract ON events (contract, ledger, tx, op, event);
`

// db is the durable record: the newest value of every entry, and a window of history. One transaction per ledger, synced
// to disk before append returns.
type db struct {
	write   *sql.DB // one connection
	read    *sql.DB // the same as write for a ledger in memory
	lock    *os.File
	history uint32
	kept    uint32 // ledgers in the table, about
}

func openDB(ctx context.Context, dir, passphrase string, history uint32) (_ *db, err error) {
	d := &db{history: history}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if dir == "" {
		if d.write, err = sql.Open("sqlite", "file::memory:?_pragma=synchronous(OFF)&_pragma=journal_mode(MEMORY)"); err != nil {
			return d, err
		}
		d.read = d.write
	} else {
		if err = os.MkdirAll(dir, 0o700); err != nil {
			return d, fmt.Errorf("ledger: %w", err)
		}
		if err = d.lockDir(dir); err != nil {
			return d, err
		}
		file := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.Join(dir, "ledger.db")}).EscapedPath()}).String()
		if d.write, err = sql.Open("sqlite", file+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"); err != nil {
			return d, err
		}
		if d.read, err = sql.Open("sqlite", file+"?mode=ro&_pragma=busy_timeout(5000)&_pragma=query_only(1)"); err != nil {
			return d, err
		}
		d.read.SetMaxOpenConns(4)
	}
	d.write.SetMaxOpenConns(1)
	d.write.SetConnMaxLifetime(0)
	if err = d.migrate(ctx, passphrase); err != nil {
		return d, err
	}
	return d, d.write.QueryRowContext(ctx, "SELECT COUNT(*) FROM ledgers").Scan(&d.kept)
}

// lockDir keeps a second process out.
func (d *db) lockDir(dir string) error {
	f, err := filelock.Open(filepath.Join(dir, "LOCK"))
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fault.Wrap(err, fault.Conflict, "chain_in_use", "the chain in %s is in use by another process", dir)
	}
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	d.lock = f
	return nil
}

func (d *db) migrate(ctx context.Context, passphrase string) error {
	var version int
	if err := d.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("ledger: open: %w", err)
	}
	switch version {
	case schemaVersion:
		var stored string
		if err := d.write.QueryRowContext(ctx, "SELECT passphrase FROM network").Scan(&stored); err != nil {
			return fmt.Errorf("ledger: open: %w", err)
		}
		if stored != passphrase {
			return fault.New(fault.Conflict, "chain_other_network", "the stored chain is %q, not %q", stored, passphrase)
		}
		return nil
	case 0:
		tx, err := d.write.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("ledger: create: %w", err)
		}
		defer tx.Rollback()
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return fmt.Errorf("ledger: create: %w", err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO network VALUES (?)", passphrase); err != nil {
			return fmt.Errorf("ledger: create: %w", err)
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)); err != nil {
			return fmt.Errorf("ledger: create: %w", err)
		}
		return tx.Commit()
	}
	return fault.New(fault.Conflict, "chain_format", "the stored chain has format %d, this program knows %d", version, schemaVersion)
}

func (d *db) close() error {
	var errs []error
	if d.read != nil && d.read != d.write {
		errs = append(errs, d.read.Close())
	}
	if d.write != nil {
		errs = append(errs, d.write.Close())
	}
	if d.lock != nil {
		errs = append(errs, filelock.Close(d.lock))
	}
	return errors.Join(errs...)
}

// append stores one ledger. When it returns nil, the ledger survives a crash of the machine.
func (d *db) append(ctx context.Context, c *closed) error {
	// A record half written because a caller went away would be rolled back; better to finish it.
	ctx = context.WithoutCancel(ctx)
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	put, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO entries (key, data, live, live_mod) VALUES (?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer put.Close()
	for k, e := range c.changes {
		if e.exists() {
			_, err = put.ExecContext(ctx, []byte(k), e.data, e.live, e.liveMod)
		} else {
			_, err = tx.ExecContext(ctx, "DELETE FROM entries WHERE key = ?", []byte(k))
		}
		if err != nil {
			return err
		}
	}
	header, err := c.header.MarshalBinary()
	if err != nil {
		return err
	}
	evicted, err := marshalKeys(c.evicted)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO ledgers (seq, hash, header, close_time, evicted, total_txs)
		VALUES (?, ?, ?, ?, ?, ? + COALESCE((SELECT total_txs FROM ledgers ORDER BY seq DESC LIMIT 1), 0))`,
		c.seq(), c.hash[:], header, c.closeTime(), evicted, len(c.txs)); err != nil {
		return err
	}
	for _, x := range c.txs {
		if err := insertTx(ctx, tx, c.seq(), x); err != nil {
			return err
		}
	}
	// Pruning in steps keeps its cost out of most ledgers.
	prune := d.kept >= d.history+64
	if prune {
		for _, table := range []string{"txs", "events"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE ledger < (SELECT seq FROM ledgers ORDER BY seq DESC LIMIT 1 OFFSET ?)", d.history-1); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM ledgers WHERE seq < (SELECT seq FROM ledgers ORDER BY seq DESC LIMIT 1 OFFSET ?)", d.history-1); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if d.kept++; prune {
		d.kept = d.history
	}
	return nil
}

func insertTx(ctx context.Context, tx *sql.Tx, seq uint32, x *applied) error {
	var blobs [4][]byte
	for i, v := range []interface{ MarshalBinary() ([]byte, error) }{x.result, x.meta, x.feeChanges, x.postChanges} {
		b, err := v.MarshalBinary()
		if err != nil {
			return err
		}
		blobs[i] = b
	}
	var innerHash []byte
	if x.t.bump != nil {
		innerHash = x.t.innerHash[:]
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO txs (ledger, idx, hash, inner_hash, ok, soroban, envelope, result, meta, fee_changes, post_changes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, seq, x.index, x.t.hash[:], innerHash, x.ok, x.t.soroban() != nil, x.t.raw, blobs[0], blobs[1], blobs[2], blobs[3]); err != nil {
		return err
	}
	for i := range x.events {
		e := &x.events[i]
		b, err := e.MarshalBinary()
		if err != nil {
			return err
		}
		var contract []byte
		if e.ContractId != nil {
			contract = e.ContractId[:]
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO events (ledger, tx, op, event, contract, tx_hash, xdr) VALUES (?, ?, 0, ?, ?, ?, ?)",
			seq, x.index, i, contract, x.t.hash[:], b); err != nil {
			return err
		}
	}
	return nil
}

// marshalKeys writes keys one behind the other.
func marshalKeys(keys []xdr.LedgerKey) ([]byte, error) {
	b := []byte{}
	for _, k := range keys {
		kb, err := k.MarshalBinary()
		if err != nil {
			return nil, err
		}
		b = append(b, kb...)
	}
	return b, nil
}

// head is the newest ledger, nil if there is none.
func (d *db) head(ctx context.Context) (*Head, error) {
	h := &Head{}
	var hash, header []byte
	err := d.write.QueryRowContext(ctx, "SELECT seq, hash, header, close_time, total_txs FROM ledgers ORDER BY seq DESC LIMIT 1").
		Scan(&h.Seq, &hash, &header, &h.CloseTime, &h.Transactions)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: newest ledger: %w", err)
	}
	if err := h.Header.UnmarshalBinary(header); err != nil {
		return nil, fmt.Errorf("ledger: header of %d: %w", h.Seq, err)
	}
	h.Hash = [32]byte(hash)
	return h, nil
}

func (d *db) entries(ctx context.Context) (map[string]entry, error) {
	rows, err := d.write.QueryContext(ctx, "SELECT key, data, live, live_mod FROM entries")
	if err != nil {
		return nil, fmt.Errorf("ledger: load entries: %w", err)
	}
	defer rows.Close()
	all := map[string]entry{}
	for rows.Next() {
		var key []byte
		var e entry
		if err := rows.Scan(&key, &e.data, &e.live, &e.liveMod); err != nil {
			return nil, fmt.Errorf("ledger: load entries: %w", err)
		}
		all[string(key)] = e
	}
	return all, rows.Err()
}
