package main

import (
	"path/filepath"
	"testing"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

func TestPartsOfASplit(t *testing.T) {
	t.Parallel()
	a := &app{dir: t.TempDir()}
	me, other := ids.Account{Chain: ids.Stellar, Address: [32]byte{1}}, ids.Account{Chain: ids.Stellar, Address: [32]byte{2}}
	l, err := a.pieces([]string{"volume=4KiB,egress=1KiB,to=" + other.String(), ""}, me, 10<<10, 7)
	if err != nil || len(l) != 2 || l[0].To != other || l[0].Refund != other || l[0].Volume != 4<<10 || l[0].Egress != 1<<10 || l[1].To != me || l[1].Volume != 6<<10 || l[1].Egress != 7 || l[0].Nonce == l[1].Nonce {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err := a.pieces(nil, me, 10, 7); err != nil || len(l) != 1 || l[0].Volume != 10 || l[0].To != me {
		t.Errorf("a split by time: %+v, %v", l, err)
	}
	for _, bad := range [][]string{{"volume=11"}, {"volume=9"}, {"volume=10", ""}, {"", ""}, {"volume=4", "volume=4"}, {"volume=1", "volume=1", "volume=1", "volume=1", ""}} {
		if _, err := a.pieces(bad, me, 10, 0); fault.CodeOf(err) != "parts_invalid" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []string{"size=1", "volume", "volume=,", "volume=ten", "to=nobody"} {
		if _, err := a.pieces([]string{bad}, me, 10, 0); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]uint16{"50": 5000, "33.34": 3334, "100%": 10_000, "0.5": 50} {
		if got, err := percent(s); got != want || err != nil {
			t.Errorf("%s: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"0", "101", "33.333", "half", "-1", ""} {
		if _, err := percent(s); fault.CodeOf(err) != "share_invalid" {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, x := range []struct {
		volume uint64
		bps    uint16
		want   uint64
	}{{10, 5000, 5}, {11, 5000, 6}, {1 << 50, 10_000, 1 << 50}, {1 << 63, 9_999, 9222449699651090331}, {3, 1, 1}} {
		if got := shareOf(x.volume, x.bps); got != x.want {
			t.Errorf("%d at %d: %d, want %d", x.volume, x.bps, got, x.want)
		}
	}
}

func TestADraftIsReadBack(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "draft")
	op := orchestrator.Split{Consumer: ids.Account{Chain: ids.Stellar, Address: [32]byte{1}}, SLA: ids.New(ids.Stellar, ids.SLA, [32]byte{3}), Epochs: 24,
		Pieces: []orchestrator.Piece{{To: ids.Account{Chain: ids.Stellar, Address: [32]byte{2}}, Volume: 1 << 40, Nonce: [32]byte{9}}}}
	d := draft{Split: &op, Unsigned: map[string][]byte{"G": {1, 2}}}
	if err := d.write(file); err != nil {
		t.Fatal(err)
	}
	got, err := readDraft(file)
	if err != nil {
		t.Fatal(err)
	}
	back, err := got.op()
	if x, ok := back.(orchestrator.Split); err != nil || !ok || x.SLA != op.SLA || x.Epochs != 24 || len(x.Pieces) != 1 || x.Pieces[0] != op.Pieces[0] || string(got.Unsigned["G"]) != "\x01\x02" {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := (&draft{}).op(); fault.CodeOf(err) != "draft_invalid" {
		t.Error(err)
	}
	if _, err := readDraft(file + "x"); fault.CodeOf(err) != "draft_missing" {
		t.Error(err)
	}
}
