package oracle

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/statement"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	config := &cert.Config{EpochSeconds: 10, Validators: make([]cert.Validator, 4)}
	for epoch := range uint64(8) {
		var waits []time.Duration
		for me := range uint32(4) {
			waits = append(waits, (&validator{config: config, me: me}).turn(epoch))
		}
		slices.Sort(waits)
		if want := []time.Duration{0, 2500 * time.Millisecond, 5 * time.Second, 7500 * time.Millisecond}; !slices.Equal(waits, want) {
			t.Errorf("epoch %d: %v", epoch, waits)
		}
	}
}

func TestSignedIsReadBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if l, err := readSigned(dir, 3); l != nil || err != nil {
		t.Fatal(l, err)
	}
	for e := range uint64(keepSigned + 2) {
		if err := writeSigned(dir, e, [][]byte{{1, byte(e)}, {2}}); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := readSigned(dir, keepSigned); err != nil || len(l) != 2 || l[0][1] != keepSigned {
		t.Error(l, err)
	}
	if l, _ := readSigned(dir, 1); l != nil {
		t.Error("old ones are not removed")
	}
}

func TestEvasionIsPatient(t *testing.T) {
	t.Parallel()
	v := &validator{o: Options{Challenges: 2}, book: newBook()}
	r := &report.Record{SLA: ids.ID{1}, Start: 10}
	stale := &statement.Signed{Usage: statement.Usage{Epoch: 5}}
	got := []uint32{}
	for e := uint64(10); e < 20; e++ {
		u := stale
		if e == 17 {
			u = &statement.Signed{Usage: statement.Usage{Epoch: e}}
		}
		got = append(got, v.evaded(e, r, u))
	}
	if want := []uint32{0, 0, 0, 0, 0, 0, 2, 0, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v: three epochs of the SLA's youth, three of patience, and again after a fresh statement", got, want)
	}
}

func TestKeysAreMadeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, err := InitLocal(dir, 2)
	if err != nil {
		t.Fatal(err)
	}
	b, err := InitLocal(dir, 2)
	if err != nil || a[0].Key != b[0].Key || a[1].Public.Peer != b[1].Public.Peer || a[0].Key == a[1].Key {
		t.Fatalf("%v %v %v", err, a, b)
	}
	config := cert.Config{Version: 1, EpochSeconds: 10, SlotsPerEpoch: 10, WindowEpochs: 12, Validators: []cert.Validator{{Key: a[1].Key, Weight: 1}, {Key: a[0].Key, Weight: 1}}}
	if err := WriteGenesis(config, a, report.Anchor{}); err == nil {
		t.Error("a genesis with validators in another order than the contract has them")
	}
	if err := os.Remove(a[0].Dir + "/data/consensus_state.json"); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(a[0].Dir); err == nil {
		t.Error("a consensus key was used again without the state of its votes")
	}
	if err := os.WriteFile(reportKeyFile(a[1].Dir), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(a[1].Dir); !errors.Is(err, errKey) {
		t.Errorf("a damaged report key: %v", err)
	}
}
