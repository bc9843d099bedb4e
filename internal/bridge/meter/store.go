package meter

import (
	"context"
	"io"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// Store is the engine as the fronts see it: what changes stored bytes is taken into the integral before it is acknowledged, and bytes that are sent are counted
// on their way. Reads of the node itself go to the engine directly.
type Store struct {
	object.Store
	m *Meter
}

// Wrap puts the meter before the engine.
func (m *Meter) Wrap(s object.Store) *Store { return &Store{s, m} }

// Put, Delete, Copy and CompleteUpload are those that change what is stored.
func (s *Store) Put(ctx context.Context, k object.Key, r io.Reader, size int64, o object.PutOptions) (object.Info, error) {
	info, err := s.Store.Put(ctx, k, r, size, o)
	s.m.observe(k.Space)
	return info, err
}

func (s *Store) Delete(ctx context.Context, k object.Key, c object.Condition) (object.Info, error) {
	info, err := s.Store.Delete(ctx, k, c)
	s.m.observe(k.Space)
	return info, err
}

func (s *Store) Copy(ctx context.Context, src object.Key, srcCond object.Condition, dst object.Key, o object.PutOptions, replace bool) (object.Info, error) {
	info, err := s.Store.Copy(ctx, src, srcCond, dst, o, replace)
	s.m.observe(dst.Space)
	return info, err
}

func (s *Store) CompleteUpload(ctx context.Context, k object.Key, id string, c object.Completion) (object.Info, error) {
	info, err := s.Store.CompleteUpload(ctx, k, id, c)
	s.m.observe(k.Space)
	return info, err
}

// Open gives an object whose bytes are counted as they are sent.
func (s *Store) Open(ctx context.Context, k object.Key, g object.Generation) (object.Object, error) {
	o, err := s.Store.Open(ctx, k, g)
	if err != nil {
		return nil, err
	}
	return &sent{o, s.m.account(k.Space)}, nil
}

type sent struct {
	object.Object
	a *account
}

// WriteRange sends in steps, each counted when the kernel has it.
func (o *sent) WriteRange(w io.Writer, off, n int64) (total int64, err error) {
	for total < n {
		step := min(n-total, outStep)
		m, err := o.Object.WriteRange(w, off+total, step)
		total += m
		o.count(m)
		if err != nil || m < step {
			return total, err
		}
	}
	return total, nil
}

func (o *sent) count(n int64) {
	if o.a == nil || n <= 0 {
		return
	}
	o.a.mu.Lock()
	defer o.a.mu.Unlock()
	o.a.roll()
	o.a.tally.Flying += uint64(n)
	o.a.save()
}
