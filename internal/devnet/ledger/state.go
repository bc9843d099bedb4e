package ledger

import (
	"encoding/binary"
	"sync"

	"github.com/stellar/go-stellar-sdk/xdr"
)

// entry is one ledger entry as stored. The zero value is an absent entry.
type entry struct {
	data    []byte // LedgerEntry XDR, never changed in place
	live    uint32 // last ledger in which it is live; 0 = has no TTL
	liveMod uint32 // ledger in which live was last changed
}

func (e entry) exists() bool { return e.data != nil }

// modified is the ledger in which the entry was last changed: the first field of its XDR.
func (e entry) modified() uint32 { return binary.BigEndian.Uint32(e.data) }

// reader finds entries by the XDR of their key.
type reader interface {
	get(key string) entry
}

// version is one value of a key. Older values are kept while a snapshot may still ask for them.
type version struct {
	entry
	since uint32
	prev  *version
}

// state is all live ledger entries with as many older versions as open snapshots need.
type state struct {
	mu    sync.RWMutex
	heads map[string]*version
	seq   uint32         // the ledger that the newest versions belong to
	open  map[uint32]int // snapshots per ledger
	stale []string       // keys that may hold versions nobody needs
}

func newState() *state {
	return &state{heads: map[string]*version{}, open: map[uint32]int{}}
}

// Snapshot is the state as of one ledger. Close it, or old versions pile up.
type Snapshot struct {
	s    *state
	seq  uint32
	once sync.Once
}

func (s *state) snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[s.seq]++
	return &Snapshot{s: s, seq: s.seq}
}

// Close releases the snapshot. It may be called more than once.
func (p *Snapshot) Close() {
	p.once.Do(func() {
		p.s.mu.Lock()
		defer p.s.mu.Unlock()
		if p.s.open[p.seq]--; p.s.open[p.seq] == 0 {
			delete(p.s.open, p.seq)
		}
	})
}

func (p *Snapshot) get(key string) entry {
	p.s.mu.RLock()
	defer p.s.mu.RUnlock()
	for v := p.s.heads[key]; v != nil; v = v.prev {
		if v.since <= p.seq {
			return v.entry
		}
	}
	return entry{}
}

// Entry implements host.Reader.
func (p *Snapshot) Entry(key string) ([]byte, uint32, bool) { return hostEntry(p, key) }

func hostEntry(r reader, key string) ([]byte, uint32, bool) {
	e := r.get(key)
	return e.data, e.live, e.exists()
}

// commit makes ledger seq with the given changes the newest.
func (s *state) commit(seq uint32, changes map[string]entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq = seq
	for k, e := range changes {
		old := s.heads[k]
		if old == nil && !e.exists() {
			continue
		}
		s.heads[k] = &version{entry: e, since: seq, prev: old}
		if old != nil || !e.exists() {
			s.stale = append(s.stale, k)
		}
	}
	s.trim()
}

// trim drops what no open snapshot and no reader of the newest ledger can see.
func (s *state) trim() {
	oldest := s.seq
	for seq := range s.open {
		oldest = min(oldest, seq)
	}
	keep := s.stale[:0]
	for _, k := range s.stale {
		v := s.heads[k]
		if v == nil {
			continue
		}
		for v.since > oldest && v.prev != nil {
			v = v.prev
		}
		v.prev = nil
		switch head := s.heads[k]; {
		case head.prev != nil:
			keep = append(keep, k)
		case !head.exists():
			if head.since <= oldest {
				delete(s.heads, k)
			} else {
				keep = append(keep, k)
			}
		}
	}
	s.stale = keep
}

// size counts the keys.
func (s *state) size() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.heads)
}

// overlay is a set of uncommitted changes above a reader. Overlays nest: ledger, transaction, operation.
type overlay struct {
	below   reader
	changed map[string]entry
	order   []string // keys in the order of their first change
}

func newOverlay(below reader) *overlay {
	return &overlay{below: below, changed: map[string]entry{}}
}

func (o *overlay) get(key string) entry {
	if e, ok := o.changed[key]; ok {
		return e
	}
	return o.below.get(key)
}

// Entry implements host.Reader.
func (o *overlay) Entry(key string) ([]byte, uint32, bool) { return hostEntry(o, key) }

func (o *overlay) put(key string, e entry) {
	if _, ok := o.changed[key]; !ok {
		o.order = append(o.order, key)
	}
	o.changed[key] = e
}

// mergeInto moves the changes into the overlay below.
func (o *overlay) mergeInto(below *overlay) {
	for _, k := range o.order {
		below.put(k, o.changed[k])
	}
}

// putEntry stores e, stamped with ledger seq. The TTL stays as it is.
func (o *overlay) putEntry(e xdr.LedgerEntry, seq uint32) error {
	e.LastModifiedLedgerSeq = xdr.Uint32(seq)
	k, err := e.LedgerKey()
	if err != nil {
		return err
	}
	kb, err := k.MarshalBinary()
	if err != nil {
		return err
	}
	data, err := e.MarshalBinary()
	if err != nil {
		return err
	}
	old := o.get(string(kb))
	o.put(string(kb), entry{data: data, live: old.live, liveMod: old.liveMod})
	return nil
}

// load decodes the entry under key; nil if there is none.
func load(r reader, key string) (*xdr.LedgerEntry, error) {
	e := r.get(key)
	if !e.exists() {
		return nil, nil
	}
	var le xdr.LedgerEntry
	if err := le.UnmarshalBinary(e.data); err != nil {
		return nil, err
	}
	return &le, nil
}
