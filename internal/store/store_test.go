package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/flashback-network/flashback/internal/fault"
)

func TestOpenTwiceKeepsData(t *testing.T) {
	t.Parallel()
	p := filepath.Join(t.TempDir(), "platform.db")
	db, err := Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2)`, "k", "v"); err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2)`, "k", "w")
	if k := fault.KindOf(Map(err)); k != fault.Exists {
		t.Errorf("a second row of one key: kind %v, want exists", k)
	}
	db.Close()
	db, err = Open(t.Context(), p)
	if err != nil {
		t.Fatalf("second open: %v", err)
	}
	defer db.Close()
	var v string
	if err := db.QueryRow(`SELECT value FROM meta WHERE key = $1`, "k").Scan(&v); err != nil || v != "v" {
		t.Errorf("after reopening: %q, %v", v, err)
	}
}

func TestTxRollsBack(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	want := fault.New(fault.Conflict, "no", "no")
	err = Tx(context.Background(), db, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ('a', 'b')`); err != nil {
			return err
		}
		return want
	})
	if fault.CodeOf(err) != "no" {
		t.Fatalf("Tx: %v", err)
	}
	var n int
	if err := db.QueryRow(`SELECT count(*) FROM meta`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows after a rollback, %v", n, err)
	}
}
