package possession

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/statement"
)

// A set's file: a header, the held objects in the set's order, then the tree's levels from the leaf hashes up, each half as long as the one below (the odd
// one out moves up as it is, which makes RFC 6962's tree).
const (
	setMagic   = "flashback set 1\n"
	setHeader  = 64
	recordSize = 32 + 32 + 8 + 8 // object id, commitment, size, first
)

// Seal fixes the set of an SLA, which is all that its space holds now, after all changes of the engine so far were taken in.
func (s *Store) Seal(ctx context.Context, sla, space ids.ID) (Sealed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.catchUp(ctx); err != nil {
		return Sealed{}, err
	}
	if t := s.sets[sla]; t != nil && t.space == space && t.changes == s.changes[space] {
		return t.sealed, nil
	}
	sealed, err := s.writeSet(ctx, space)
	if err != nil {
		return Sealed{}, fmt.Errorf("sealing the set of %s: %w", sla, err)
	}
	s.sets[sla] = &set{space, s.changes[space], sealed}
	return sealed, nil
}

func (s *Store) writeSet(ctx context.Context, space ids.ID) (out Sealed, err error) {
	number := s.next
	f, err := os.OpenFile(s.setPath(number), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return out, err
	}
	s.next++
	hashes, err := os.CreateTemp(s.setDir(), "leaves-*")
	if err != nil {
		return out, errors.Join(err, f.Close())
	}
	defer func() {
		err = errors.Join(err, f.Close(), hashes.Close(), os.Remove(hashes.Name()))
		if err != nil || out.file == 0 {
			err = errors.Join(err, os.Remove(s.setPath(number)))
		}
	}()
	records, leaves := bufio.NewWriterSize(f, 256<<10), bufio.NewWriterSize(hashes, 64<<10)
	if _, err := records.Write(make([]byte, setHeader)); err != nil {
		return out, err
	}
	var n uint64
	var bad error
	prefix := append([]byte{kindHeld}, space[:]...)
	err = s.scan(prefix, func(k, v []byte) bool {
		e, err := readEntry(v)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			bad = err
			return false
		}
		h := statement.Held{Object: [32]byte(k[len(prefix):]), Commitment: statement.Commitment(e.size, e.root), Size: e.size, First: out.Leaves}
		leaf := merkle.Leaf(h.Bytes())
		_, err1 := records.Write(appendRecord(nil, &h))
		_, err2 := leaves.Write(leaf[:])
		bad = errors.Join(err1, err2)
		n++
		out.Leaves += statement.Chunks(e.size)
		return bad == nil
	})
	if err := errors.Join(err, bad, leaves.Flush()); err != nil {
		return out, err
	}
	if n == 0 {
		out.Root = canon.Hash()
		return out, nil
	}
	if _, err := hashes.Seek(0, io.SeekStart); err != nil {
		return out, err
	}
	if _, err := io.Copy(records, hashes); err != nil {
		return out, err
	}
	if err := records.Flush(); err != nil {
		return out, err
	}
	off := int64(setHeader + n*recordSize)
	for m := n; m > 1; m = (m + 1) / 2 {
		if err := raise(f, off, m); err != nil {
			return out, err
		}
		off += int64(m * 32)
	}
	if _, err := f.ReadAt(out.Root[:], off); err != nil {
		return out, err
	}
	head := append([]byte(setMagic), make([]byte, setHeader-len(setMagic))...)
	binary.BigEndian.PutUint64(head[len(setMagic):], n)
	if _, err := f.WriteAt(head, 0); err != nil {
		return out, err
	}
	out.file = number
	return out, f.Sync()
}

// raise appends the level above the m hashes at off.
func raise(f *os.File, off int64, m uint64) error {
	in := bufio.NewReaderSize(io.NewSectionReader(f, off, int64(m*32)), 64<<10)
	out := bufio.NewWriterSize(io.NewOffsetWriter(f, off+int64(m*32)), 64<<10)
	var l, r merkle.Hash
	for i := uint64(0); i < m; i += 2 {
		if _, err := io.ReadFull(in, l[:]); err != nil {
			return err
		}
		if i+1 < m {
			if _, err := io.ReadFull(in, r[:]); err != nil {
				return err
			}
			l = merkle.Node(l, r)
		}
		if _, err := out.Write(l[:]); err != nil {
			return err
		}
	}
	return out.Flush()
}

func appendRecord(b []byte, h *statement.Held) []byte {
	b = append(append(b, h.Object[:]...), h.Commitment[:]...)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, h.Size), h.First)
}

// setFile is a set that is open for answers.
type setFile struct {
	f *os.File
	n uint64
}

func openSet(path string) (*setFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var head [setHeader]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || string(head[:len(setMagic)]) != setMagic {
		return nil, errors.Join(errDamaged, err, f.Close())
	}
	return &setFile{f, binary.BigEndian.Uint64(head[len(setMagic):])}, nil
}

func (s *setFile) close() error { return s.f.Close() }

func (s *setFile) record(i uint64) (h statement.Held, err error) {
	var b [recordSize]byte
	if _, err := s.f.ReadAt(b[:], int64(setHeader+i*recordSize)); err != nil {
		return h, err
	}
	copy(h.Object[:], b[:])
	copy(h.Commitment[:], b[32:])
	h.Size, h.First = binary.BigEndian.Uint64(b[64:]), binary.BigEndian.Uint64(b[72:])
	return h, nil
}

// find gives the object that has a chunk, and its place.
func (s *setFile) find(chunk uint64) (h statement.Held, at uint64, err error) {
	i := sort.Search(int(s.n), func(i int) bool {
		r, e := s.record(uint64(i))
		err = errors.Join(err, e)
		return r.First > chunk
	}) - 1
	if err != nil {
		return h, 0, err
	}
	if i < 0 {
		return h, 0, errDamaged
	}
	h, err = s.record(uint64(i))
	return h, uint64(i), err
}

// prove is the path of the i-th object.
func (s *setFile) prove(i uint64) (p merkle.Proof, err error) {
	off := int64(setHeader + s.n*recordSize)
	for m := s.n; m > 1; m = (m + 1) / 2 {
		if sibling := i ^ 1; sibling < m {
			var h merkle.Hash
			if _, err := s.f.ReadAt(h[:], off+int64(sibling*32)); err != nil {
				return p, err
			}
			if i&1 == 1 {
				p.Bits |= 1 << len(p.Path)
			}
			p.Path = append(p.Path, h)
		}
		off += int64(m * 32)
		i /= 2
	}
	return p, nil
}
