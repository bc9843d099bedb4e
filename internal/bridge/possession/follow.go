package possession

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cockroachdb/pebble"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/statement"
)

const (
	feedEvery = 200 * time.Millisecond
	feedPage  = 500
	perPage   = 1024 // chunk hashes that are stored together: a power of two, so that a page is a node of the tree
	inline    = 16   // objects of at most so many chunks are read again instead of keeping their hashes
	readSize  = 4 * statement.ChunkSize

	retryEvery = time.Minute // of objects that could not be read
)

// Follow takes in the engine's changes and hashes new objects until ctx ends.
func (s *Store) Follow(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { s.hashAll(ctx) })
	defer wg.Wait()
	s.poke()
	tick := time.NewTicker(feedEvery)
	defer tick.Stop()
	failing := false
	for {
		err := s.CatchUp(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			s.o.Logger.Error("possession does not follow the store", "err", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Store) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// CatchUp takes in all changes of the engine so far. What was removed is out of the sets when it returns; what is new is queued to be hashed.
func (s *Store) CatchUp(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catchUp(ctx)
}

func (s *Store) catchUp(ctx context.Context) error {
	raw, err := s.get([]byte{kindCursor})
	if err != nil {
		return err
	}
	var cursor uint64
	if len(raw) == 8 {
		cursor = binary.BigEndian.Uint64(raw)
	}
	for {
		changes, err := s.o.Store.Changes(ctx, cursor, feedPage)
		if err != nil || len(changes) == 0 {
			return err
		}
		// One change at a time reads what the one before it wrote: an indexed batch.
		b := s.db.NewIndexedBatch()
		queued := false
		for i := range changes {
			q, err := s.take(b, &changes[i])
			if err != nil {
				return errors.Join(err, b.Close())
			}
			queued = queued || q
		}
		cursor = changes[len(changes)-1].Seq
		err = errors.Join(b.Set([]byte{kindCursor}, binary.BigEndian.AppendUint64(nil, cursor), nil), b.Commit(pebble.NoSync), b.Close())
		if err != nil {
			return fmt.Errorf("taking in changes: %w", err)
		}
		if queued {
			s.poke()
		}
	}
}

// take takes one change into a batch. What is recorded of a name is the generation that the engine has; it joins the set when it is hashed.
func (s *Store) take(b *pebble.Batch, c *object.Change) (queued bool, err error) {
	space, ok := idOf(c.Info.Key.Space)
	if !ok {
		return false, nil
	}
	name := nameKey(c.Info.Key)
	old, closer, err := b.Get(name)
	switch {
	case errors.Is(err, pebble.ErrNotFound):
	case err != nil:
		return false, err
	default:
		gen := binary.BigEndian.Uint64(old)
		if err := closer.Close(); err != nil {
			return false, err
		}
		if !c.Deleted && gen == uint64(c.Info.Generation) { // metadata only
			return false, nil
		}
		if err := s.drop(b, space, objectID(space, c.Info.Key, gen)); err != nil {
			return false, err
		}
	}
	if c.Deleted {
		return false, b.Delete(name, nil)
	}
	if err := b.Set(name, binary.BigEndian.AppendUint64(nil, uint64(c.Info.Generation)), nil); err != nil {
		return false, err
	}
	if c.Info.Size == 0 {
		return false, nil
	}
	return true, b.Set(seqKey(c.Seq), appendAddress(nil, uint64(c.Info.Generation), c.Info.Key), nil)
}

// drop takes an object out of its set. mu is held.
func (s *Store) drop(b *pebble.Batch, space ids.ID, id [32]byte) error {
	s.changes[space]++
	first := pageKey(id, 0)
	return errors.Join(b.Delete(heldKey(space, id), nil), b.Delete(pagesKey(id), nil),
		b.DeleteRange(first, after(first[:len(first)-4]), nil))
}

// hashAll hashes what is queued, oldest first. An object that cannot be read is reported, does not hold up the others, and is tried again later.
func (s *Store) hashAll(ctx context.Context) {
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-again.C:
		}
		failed := false
		for at := []byte{kindTodo}; at != nil; {
			var err error
			at, err = s.hashNext(ctx, at)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				s.o.Logger.Error("an object cannot be committed to", "err", err)
				failed = true
			}
		}
		if failed {
			again.Reset(retryEvery)
		}
	}
}

// hashNext hashes the oldest queued object after a key of the queue, and gives its key; nil when there is none.
func (s *Store) hashNext(ctx context.Context, from []byte) (key []byte, err error) {
	var value []byte
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: append(from[:len(from):len(from)], 0), UpperBound: []byte{kindTodo + 1}})
	if err != nil {
		return nil, err
	}
	if it.First() {
		key, value = append([]byte(nil), it.Key()...), append([]byte(nil), it.Value()...)
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil || key == nil {
		return nil, err
	}
	gen, k, err := readAddress(value)
	if err != nil {
		return key, err
	}
	space, _ := idOf(k.Space)
	id := objectID(space, k, gen)
	e, err := s.hash(ctx, k, gen, id)
	found := err == nil
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return key, fmt.Errorf("reading %s/%s: %w", k.Bucket, k.Name, err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := s.get(nameKey(k))
	if err != nil {
		return key, err
	}
	b := s.db.NewBatch()
	if found && len(now) == 8 && binary.BigEndian.Uint64(now) == gen {
		err = b.Set(heldKey(space, id), e.append(nil), nil)
		s.changes[space]++
	} else { // replaced or deleted meanwhile
		err = s.drop(b, space, id)
	}
	return key, errors.Join(err, b.Delete(key, nil), b.Commit(pebble.NoSync), b.Close())
}

// Pending is the number of objects that wait to be hashed, counted up to limit.
func (s *Store) Pending(limit int) (n int, err error) {
	err = s.scan([]byte{kindTodo}, func([]byte, []byte) bool { n++; return n < limit })
	return n, err
}

// hash reads one generation of an object and computes its tree. Of a large one the chunk hashes are stored page by page as they come; they mean nothing until the object is
// in its set.
func (s *Store) hash(ctx context.Context, k object.Key, gen uint64, id [32]byte) (e entry, err error) {
	o, err := s.o.Store.Open(ctx, k, object.Generation(gen))
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	size := uint64(o.Info().Size)
	keep := statement.Chunks(size) > inline
	var page, roots []merkle.Hash
	flush := func() error {
		if len(page) == 0 {
			return nil
		}
		if keep {
			if err := s.db.Set(pageKey(id, uint32(len(roots))), flat(page), pebble.NoSync); err != nil {
				return err
			}
		}
		roots = append(roots, merkle.Root(page))
		page = page[:0]
		return nil
	}
	buf := make([]byte, min(readSize, size))
	for off := uint64(0); off < size; {
		if err := ctx.Err(); err != nil {
			return e, err
		}
		n := min(uint64(len(buf)), size-off)
		if m, err := o.ReadAt(buf[:n], int64(off)); err != nil && (!errors.Is(err, io.EOF) || uint64(m) < n) {
			return e, err
		}
		for c := buf[:n]; len(c) > 0; {
			m := min(statement.ChunkSize, len(c))
			page = append(page, merkle.Leaf(c[:m]))
			c = c[m:]
			if len(page) == perPage {
				if err := flush(); err != nil {
					return e, err
				}
			}
		}
		off += n
	}
	if err := flush(); err != nil {
		return e, err
	}
	if keep {
		if err := s.db.Set(pagesKey(id), flat(roots), pebble.NoSync); err != nil {
			return e, err
		}
	}
	return entry{size: size, root: merkle.Root(roots), gen: gen, key: k}, nil
}

func flat(hashes []merkle.Hash) []byte {
	b := make([]byte, 0, 32*len(hashes))
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	return b
}

func unflat(b []byte) []merkle.Hash {
	h := make([]merkle.Hash, len(b)/32)
	for i := range h {
		copy(h[i][:], b[32*i:])
	}
	return h
}
