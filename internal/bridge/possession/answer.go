package possession

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cockroachdb/pebble"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/statement"
)

// State seals the SLA's set, which its space holds, completes the statement with it, signs and keeps it. An epoch that was stated before gives the same statement again: nothing is ever said twice in
// different words.
func (s *Store) State(ctx context.Context, space ids.ID, u statement.Usage, sign func([32]byte) ([]byte, error)) (*statement.Signed, error) {
	if old, err := s.Statement(u.SLA, u.Epoch); err == nil || fault.KindOf(err) != fault.NotFound {
		return old, err
	}
	sealed, err := s.Seal(ctx, u.SLA, space)
	if err != nil {
		return nil, err
	}
	u.Leaves, u.SetRoot = sealed.Leaves, sealed.Root
	signed, err := statement.SignUsage(u, sign)
	if err != nil {
		return nil, fmt.Errorf("signing a usage statement: %w", err)
	}
	v := append(binary.BigEndian.AppendUint64(nil, sealed.file), signed.Bytes()...)
	if err := s.db.Set(statementKey(u.SLA, u.Epoch), v, pebble.Sync); err != nil {
		return nil, fmt.Errorf("keeping a usage statement: %w", err)
	}
	return signed, s.prune(u.SLA, u.Epoch)
}

// prune removes old statements, and set files that no challenge can ask for any more.
func (s *Store) prune(sla ids.ID, newest uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	prefix := append([]byte{kindStatement}, sla[:]...)
	keep, old := map[uint64]bool{}, map[uint64][]byte{}
	b := s.db.NewBatch()
	err := s.scan(prefix, func(k, v []byte) bool {
		epoch, file := binary.BigEndian.Uint64(k[len(prefix):]), binary.BigEndian.Uint64(v)
		switch {
		case epoch+s.o.KeepStatements <= newest:
			_ = b.Delete(k, nil) // a batch in memory does not fail
		case epoch+s.o.KeepSets <= newest && file != 0:
			_ = b.Set(k, append(make([]byte, 8), v[8:]...), nil)
		default:
			keep[file] = true
			return true
		}
		if file != 0 {
			old[file] = nil
		}
		return true
	})
	if t := s.sets[sla]; t != nil {
		keep[t.sealed.file] = true
	}
	err = errors.Join(err, b.Commit(pebble.NoSync), b.Close())
	for file := range old {
		if !keep[file] {
			if e := os.Remove(s.setPath(file)); !errors.Is(e, os.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}
	return err
}

var errNoStatement = fault.New(fault.NotFound, "statement_unknown", "the node has no statement of this agreement and epoch")

// Statement of an epoch.
func (s *Store) Statement(sla ids.ID, epoch uint64) (*statement.Signed, error) {
	v, err := s.get(statementKey(sla, epoch))
	if err != nil {
		return nil, err
	}
	if len(v) < 8 {
		return nil, errNoStatement
	}
	return statement.DecodeSigned(v[8:])
}

// Newest statement of an SLA.
func (s *Store) Newest(sla ids.ID) (*statement.Signed, error) {
	prefix := append([]byte{kindStatement}, sla[:]...)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)})
	if err != nil {
		return nil, err
	}
	var v []byte
	if it.Last() && len(it.Value()) > 8 {
		v = append(v, it.Value()[8:]...)
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return nil, err
	}
	if v == nil {
		return nil, errNoStatement
	}
	return statement.DecodeSigned(v)
}

// Answer proves that the node holds a chunk of a stated set, or tells which object it was of when that is not there any more.
func (s *Store) Answer(ctx context.Context, space ids.ID, c statement.Challenge) (*statement.Answer, error) {
	v, err := s.get(statementKey(c.SLA, c.Epoch))
	if err != nil {
		return nil, err
	}
	if len(v) < 8 {
		return nil, errNoStatement
	}
	u, err := statement.DecodeSigned(v[8:])
	if err != nil {
		return nil, err
	}
	if c.Chunk >= u.Leaves {
		return nil, fault.New(fault.Invalid, "chunk_outside", "the stated set has %d chunks", u.Leaves)
	}
	f, err := openSet(s.setPath(binary.BigEndian.Uint64(v)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.Expired, "set_forgotten", "the set of epoch %d is not kept any more", c.Epoch)
	}
	if err != nil {
		return nil, err
	}
	held, at, err := f.find(c.Chunk)
	var path merkle.Proof
	if err == nil {
		path, err = f.prove(at)
	}
	if err := errors.Join(err, f.close()); err != nil {
		return nil, err
	}
	gone := &statement.Answer{Gone: &statement.Gone{Held: held.Bytes(), HeldPath: statement.Path(path)}}
	raw, err := s.get(heldKey(space, held.Object))
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return gone, nil
	}
	e, err := readEntry(raw)
	if err != nil {
		return nil, err
	}
	a := &statement.Answer{Held: held.Bytes(), HeldPath: statement.Path(path), Root: statement.Root(e.root)}
	err = s.chunk(ctx, a, &e, held.Object, c.Chunk-held.First)
	if fault.KindOf(err) == fault.NotFound { // deleted since the feed was read last
		return gone, nil
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// chunk reads a chunk of an object and its path.
func (s *Store) chunk(ctx context.Context, a *statement.Answer, e *entry, id [32]byte, i uint64) (err error) {
	o, err := s.o.Store.Open(ctx, e.key, object.Generation(e.gen))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	read := func(off, n uint64) ([]byte, error) {
		b := make([]byte, n)
		m, err := o.ReadAt(b, int64(off))
		if errors.Is(err, io.EOF) && uint64(m) == n {
			err = nil
		}
		return b, err
	}
	n := statement.Chunks(e.size)
	var proof merkle.Proof
	if n <= inline {
		all, err := read(0, e.size)
		if err != nil {
			return err
		}
		var leaves []merkle.Hash
		for off := uint64(0); off < e.size; off += statement.ChunkSize {
			leaves = append(leaves, merkle.Leaf(all[off:min(off+statement.ChunkSize, e.size)]))
		}
		proof = merkle.Prove(leaves, int(i))
		a.Chunk = all[i*statement.ChunkSize : min((i+1)*statement.ChunkSize, e.size)]
	} else {
		off := i * statement.ChunkSize
		if a.Chunk, err = read(off, min(statement.ChunkSize, e.size-off)); err != nil {
			return err
		}
		if proof, err = s.paged(id, i); err != nil {
			return err
		}
	}
	a.ChunkPath = statement.Path(proof)
	return nil
}

// paged is the path of a chunk from the stored pages: within its page, then from the page to the root.
func (s *Store) paged(id [32]byte, i uint64) (p merkle.Proof, err error) {
	page, err := s.get(pageKey(id, uint32(i/perPage)))
	if err != nil {
		return p, err
	}
	roots, err := s.get(pagesKey(id))
	if err != nil {
		return p, err
	}
	if uint64(len(page)) <= i%perPage*32 || uint64(len(roots)) <= i/perPage*32 {
		return p, fault.New(fault.NotFound, "object_gone", "the object is being replaced")
	}
	p = merkle.Prove(unflat(page), int(i%perPage))
	above := merkle.Prove(unflat(roots), int(i/perPage))
	p.Bits |= above.Bits << len(p.Path)
	p.Path = append(p.Path, above.Path...)
	return p, nil
}

// Forget removes an SLA's statements and sets. What its space holds stays.
func (s *Store) Forget(sla ids.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.db.NewBatch()
	files := map[uint64]bool{}
	stated := append([]byte{kindStatement}, sla[:]...)
	err := s.scan(stated, func(_, v []byte) bool { files[binary.BigEndian.Uint64(v)] = true; return true })
	if t := s.sets[sla]; t != nil {
		files[t.sealed.file] = true
	}
	err = errors.Join(err, b.DeleteRange(stated, after(stated), nil))
	if err := errors.Join(err, b.Commit(pebble.Sync), b.Close()); err != nil {
		return fmt.Errorf("forgetting %s: %w", sla, err)
	}
	delete(s.sets, sla)
	for f := range files {
		if f == 0 {
			continue
		}
		if err := os.Remove(s.setPath(f)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ForgetSpace removes what is known of a space's objects, once the engine has removed them.
func (s *Store) ForgetSpace(space ids.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.db.NewBatch()
	held := append([]byte{kindHeld}, space[:]...)
	err := s.scan(held, func(k, _ []byte) bool {
		id := [32]byte(k[len(held):])
		first := pageKey(id, 0)
		return errors.Join(b.Delete(pagesKey(id), nil), b.DeleteRange(first, after(first[:len(first)-4]), nil)) == nil
	})
	names := nameKey(object.Key{Space: object.Space(space.String())})
	names = names[:len(names)-1] // kind, space, 0
	for _, prefix := range [][]byte{held, names} {
		err = errors.Join(err, b.DeleteRange(prefix, after(prefix), nil))
	}
	if err := errors.Join(err, b.Commit(pebble.Sync), b.Close()); err != nil {
		return fmt.Errorf("forgetting the objects of %s: %w", space, err)
	}
	delete(s.changes, space)
	return nil
}
