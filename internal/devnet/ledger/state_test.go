package ledger

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

func value(n uint32) entry { return entry{data: []byte{0, 0, 0, byte(n), byte(n >> 8)}, live: n} }

// TestSnapshotsSeeOneLedger commits random changes with snapshots opened and closed in between, and compares every
// snapshot with a copy of the map as it was.
func TestSnapshotsSeeOneLedger(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		s, now := newState(), map[string]entry{}
		type open struct {
			*Snapshot
			want map[string]entry
		}
		var snaps []open
		check := func() {
			for _, p := range snaps {
				for k := range 12 {
					key := fmt.Sprint(k)
					if got, want := p.get(key), p.want[key]; got.live != want.live || got.exists() != want.exists() {
						t.Fatalf("seed %d: snapshot of %d has %v under %s, want %v", seed, p.seq, got, key, want)
					}
				}
			}
		}
		for seq := uint32(1); seq < 80; seq++ {
			changes := map[string]entry{}
			for range r.IntN(4) {
				key := fmt.Sprint(r.IntN(12))
				if r.IntN(3) == 0 {
					changes[key] = entry{}
					delete(now, key)
				} else {
					changes[key] = value(seq)
					now[key] = changes[key]
				}
			}
			s.commit(seq, changes)
			if r.IntN(2) == 0 {
				snaps = append(snaps, open{s.snapshot(), maps.Clone(now)})
			}
			if len(snaps) > 0 && r.IntN(3) == 0 {
				i := r.IntN(len(snaps))
				snaps[i].Close()
				snaps = append(snaps[:i], snaps[i+1:]...)
			}
			check()
		}
		for _, p := range snaps {
			p.Close()
			p.Close()
		}
		s.commit(80, nil)
		if len(s.heads) != len(now) || len(s.stale) != 0 || len(s.open) != 0 {
			t.Fatalf("seed %d: %d keys kept for %d, %d stale, %d open", seed, len(s.heads), len(now), len(s.stale), len(s.open))
		}
		for k, v := range s.heads {
			if v.prev != nil {
				t.Fatalf("seed %d: an old version of %s is kept", seed, k)
			}
		}
	}
}

func TestOverlaysNest(t *testing.T) {
	t.Parallel()
	s := newState()
	s.commit(1, map[string]entry{"a": value(1), "b": value(1)})
	p := s.snapshot()
	defer p.Close()
	outer := newOverlay(p)
	outer.put("a", value(2))
	in := newOverlay(outer)
	in.put("b", entry{})
	in.put("c", value(3))
	if outer.get("b").live != 1 || outer.get("c").exists() || in.get("a").live != 2 {
		t.Fatal("an overlay shows through before it is merged")
	}
	in.mergeInto(outer)
	if outer.get("b").exists() || outer.get("c").live != 3 || p.get("b").live != 1 {
		t.Fatal("merging went wrong")
	}
}
