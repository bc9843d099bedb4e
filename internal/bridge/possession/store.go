package possession

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/cockroachdb/pebble"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/statement"
)

// Engine is what is read of the node's store.
type Engine interface {
	Changes(ctx context.Context, after uint64, max int) ([]object.Change, error)
	Open(ctx context.Context, k object.Key, g object.Generation) (object.Object, error)
}

// Options of Open.
type Options struct {
	Store          Engine
	Logger         *slog.Logger
	KeepStatements uint64 // epochs; 0: 1,024
	KeepSets       uint64 // epochs whose challenges can be answered; 0: 8
}

// Store of commitments, sets and statements. Safe for concurrent use.
type Store struct {
	o    Options
	dir  string
	db   *pebble.DB
	wake chan struct{} // there is something to hash

	mu      sync.Mutex // one change of the sets at a time
	sets    map[ids.ID]*set
	changes map[ids.ID]uint64 // of each space, since the start
	next    uint64            // number of the next set file
}

// set is what is known in memory of an SLA's set: what its space held after so many changes. SLAs of one space have files of their own, so that each can be forgotten alone.
type set struct {
	space   ids.ID
	changes uint64
	sealed  Sealed
}

// Sealed is an SLA's set as it was at one moment.
type Sealed struct {
	Root   merkle.Hash
	Leaves uint64 // chunks
	file   uint64 // 0: there is none, the set is empty
}

// Kinds of keys in the embedded store. Numbers in keys are big-endian.
const (
	kindCursor    = 'c' // → sequence number of the last change taken in
	kindName      = 'k' // space 0 bucket 0 name → generation, object id: what the set knows of a name
	kindHeld      = 'h' // space, object id → size, root, generation, bucket, name
	kindPage      = 'p' // object id, page → chunk hashes
	kindPages     = 'q' // object id → roots of the pages
	kindTodo      = 't' // sequence number → generation, size, space, bucket, name: to be hashed
	kindStatement = 'u' // SLA, epoch → number of the set's file, statement with signature
)

// Open opens the store in dir, which it creates when it is missing.
func Open(dir string, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.KeepStatements == 0 {
		o.KeepStatements = 1024
	}
	if o.KeepSets == 0 {
		o.KeepSets = 8
	}
	s := &Store{o: o, dir: dir, wake: make(chan struct{}, 1), sets: map[ids.ID]*set{}, changes: map[ids.ID]uint64{}}
	if err := os.MkdirAll(s.setDir(), 0o700); err != nil {
		return nil, fmt.Errorf("opening the possession store: %w", err)
	}
	cache := pebble.NewCache(8 << 20)
	defer cache.Unref()
	db, err := pebble.Open(filepath.Join(dir, "db"), &pebble.Options{Cache: cache, MemTableSize: 4 << 20, MaxOpenFiles: 200, Logger: quiet{o.Logger},
		FormatMajorVersion: pebble.FormatVirtualSSTables})
	if err != nil {
		return nil, fmt.Errorf("opening the possession store: %w", err)
	}
	s.db = db
	if err := s.sweepFiles(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// quiet keeps progress messages out of the log.
type quiet struct{ log *slog.Logger }

func (quiet) Infof(string, ...any) {}

func (q quiet) Fatalf(format string, a ...any) {
	panic("possession store: " + fmt.Sprintf(format, a...)) // pebble cannot go on
}

// Close closes the store. Follow must have ended.
func (s *Store) Close() error { return s.db.Close() }

func (s *Store) setDir() string { return filepath.Join(s.dir, "sets") }

func (s *Store) setPath(n uint64) string {
	return filepath.Join(s.setDir(), strconv.FormatUint(n, 16))
}

// sweepFiles removes set files that no statement names, and finds the next number.
func (s *Store) sweepFiles() error {
	used := map[uint64]bool{}
	err := s.scan([]byte{kindStatement}, func(_, v []byte) bool {
		if len(v) >= 8 {
			used[binary.BigEndian.Uint64(v)] = true
		}
		return true
	})
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(s.setDir())
	if err != nil {
		return err
	}
	s.next = 1
	for _, e := range entries {
		n, err := strconv.ParseUint(e.Name(), 16, 64)
		if err != nil || !used[n] {
			if err := os.Remove(filepath.Join(s.setDir(), e.Name())); err != nil {
				return err
			}
			continue
		}
		s.next = max(s.next, n+1)
	}
	return nil
}

// get gives a copy of a value, or nil.
func (s *Store) get(k []byte) ([]byte, error) {
	v, c, err := s.db.Get(k)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, len(v)), v...)
	return out, c.Close()
}

// scan calls f for every key under a prefix, in order, until it returns false. Key and value are good during the call only.
func (s *Store) scan(prefix []byte, f func(k, v []byte) bool) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)})
	if err != nil {
		return err
	}
	for ok := it.First(); ok && f(it.Key(), it.Value()); ok = it.Next() {
	}
	return errors.Join(it.Error(), it.Close())
}

// after is the first key that does not begin with prefix.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

func nameKey(k object.Key) []byte {
	b := append([]byte{kindName}, k.Space...)
	b = append(append(b, 0), k.Bucket...)
	return append(append(b, 0), k.Name...)
}

func heldKey(space ids.ID, object [32]byte) []byte {
	return append(append([]byte{kindHeld}, space[:]...), object[:]...)
}

func pageKey(object [32]byte, page uint32) []byte {
	return binary.BigEndian.AppendUint32(append([]byte{kindPage}, object[:]...), page)
}

func pagesKey(object [32]byte) []byte { return append([]byte{kindPages}, object[:]...) }

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64([]byte{kindTodo}, seq) }

func statementKey(sla ids.ID, epoch uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte{kindStatement}, sla[:]...), epoch)
}

// entry is one object of a set.
type entry struct {
	size uint64
	root merkle.Hash
	gen  uint64
	key  object.Key
}

func (e *entry) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, e.size)
	b = append(b, e.root[:]...)
	return appendAddress(b, e.gen, e.key)
}

func appendAddress(b []byte, gen uint64, k object.Key) []byte {
	b = binary.BigEndian.AppendUint64(b, gen)
	b = append(append(b, k.Space...), 0)
	b = append(append(b, k.Bucket...), 0)
	return append(b, k.Name...)
}

var errDamaged = errors.New("the possession store is damaged: remove its folder, it is made again")

func readAddress(b []byte) (gen uint64, k object.Key, err error) {
	if len(b) < 8 {
		return 0, k, errDamaged
	}
	gen, b = binary.BigEndian.Uint64(b), b[8:]
	var part [2]string
	for i := range part {
		n := 0
		for n < len(b) && b[n] != 0 {
			n++
		}
		if n == len(b) {
			return 0, k, errDamaged
		}
		part[i], b = string(b[:n]), b[n+1:]
	}
	return gen, object.Key{Space: object.Space(part[0]), Bucket: part[1], Name: string(b)}, nil
}

func readEntry(b []byte) (e entry, err error) {
	if len(b) < 40 {
		return e, errDamaged
	}
	e.size = binary.BigEndian.Uint64(b)
	copy(e.root[:], b[8:])
	e.gen, e.key, err = readAddress(b[40:])
	return e, err
}

// idOf is the SLA that a space is named after; false for spaces of no SLA, which have no set.
func idOf(s object.Space) (ids.ID, bool) {
	id, err := ids.Parse(string(s))
	return id, err == nil && id.Kind() == ids.SLA && id.String() == string(s)
}

func objectID(space ids.ID, k object.Key, gen uint64) [32]byte {
	return statement.ObjectID(space, k.Bucket, k.Name, gen)
}
