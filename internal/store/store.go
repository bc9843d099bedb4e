// Package store opens the platform's database and brings its schema up to date. One file of SQLite serves a machine; queries are written so that PostgreSQL takes them too.
// It imports no domain package.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"sort"
	"strings"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/flashback-network/flashback/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens or creates the database in a file and migrates it. An empty path is a private database in memory.
func Open(ctx context.Context, path string) (*sql.DB, error) {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}, "_txlock": {"immediate"}}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	if path == "" {
		dsn = "file::memory:?" + q.Encode()
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	if path == "" {
		db.SetMaxOpenConns(1) // each connection would be a database of its own
	}
	if err := migrate(ctx, db); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (name TEXT PRIMARY KEY)`); err != nil {
		return fmt.Errorf("reading the schema version: %w", err)
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	sort.Strings(names)
	for _, n := range names {
		if err := apply(ctx, db, n); err != nil {
			return fmt.Errorf("migration %s: %w", n, err)
		}
	}
	return nil
}

func apply(ctx context.Context, db *sql.DB, name string) error {
	return Tx(ctx, db, func(tx *sql.Tx) error {
		var have int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM schema_version WHERE name = $1`, name).Scan(&have); err != nil || have > 0 {
			return err
		}
		b, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(b)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO schema_version (name) VALUES ($1)`, name)
		return err
	})
}

// Tx runs f in one transaction and commits when it returns nil.
func Tx(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return Map(err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := f(tx); err != nil {
		return Map(err)
	}
	return Map(tx.Commit())
}

// Map gives database errors their kind: no row is NotFound, a broken uniqueness Exists, a busy or full database Unavailable or Exhausted.
func Map(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Wrap(err, fault.NotFound, "not_found", "no such entry")
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		switch {
		case s.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE || s.Code() == sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY || strings.Contains(s.Error(), "UNIQUE"):
			return fault.Wrap(err, fault.Exists, "exists", "it exists already")
		case s.Code()&0xff == sqlitelib.SQLITE_FULL:
			return fault.Wrap(err, fault.Exhausted, "disk_full", "the disk is full")
		case s.Code()&0xff == sqlitelib.SQLITE_BUSY:
			return fault.Wrap(err, fault.Unavailable, "database_busy", "the database is busy")
		}
	}
	return err
}
