package object

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
)

const maxBucketConfig = 256 << 10

// loadSpaces reads buckets and usage into memory.
func (e *Engine) loadSpaces() error {
	err := e.index.scan([]byte{keyBucket}, []byte{keyBucket + 1}, func(k, v []byte) (bool, error) {
		d := dec{b: v}
		rec := loc{seg: d.uint(), off: int64(d.uint())}
		size := int64(d.uint())
		b := Bucket{Space: Space(d.string()), Name: d.string(), Created: time.Unix(0, d.int()).UTC()}
		b.Config = byteMap(d.stringMap())
		id := dec{b: k[1:]}
		e.addBucket(id.fixed64(), b, rec, size)
		return true, d.err()
	})
	if err != nil {
		return fmt.Errorf("loading the buckets: %w", err)
	}
	err = e.index.scan([]byte{keyUsage}, []byte{keyUsage + 1}, func(k, v []byte) (bool, error) {
		d := dec{b: v}
		e.spaceOf(Space(k[1:])).usage = d.usage()
		return true, d.err()
	})
	if err != nil {
		return fmt.Errorf("loading the usage: %w", err)
	}
	return nil
}

// spaceOf gives the space, which exists as soon as it is spoken of.
func (e *Engine) spaceOf(name Space) *space {
	e.spacesMu.RLock()
	s := e.spaces[name]
	e.spacesMu.RUnlock()
	if s != nil {
		return s
	}
	e.spacesMu.Lock()
	defer e.spacesMu.Unlock()
	if s := e.spaces[name]; s != nil {
		return s
	}
	s = &space{name: name, limit: -1, buckets: map[string]*bucket{}}
	e.spaces[name] = s
	return s
}

// known gives the space or nil: questions about unknown names leave no trace.
func (e *Engine) known(name Space) *space {
	e.spacesMu.RLock()
	defer e.spacesMu.RUnlock()
	return e.spaces[name]
}

func (e *Engine) addBucket(id uint64, state Bucket, rec loc, size int64) {
	s := e.spaceOf(state.Space)
	b := &bucket{id: id, space: s, name: state.Name, state: state, rec: rec, recSize: size}
	s.mu.Lock()
	s.buckets[state.Name] = b
	s.mu.Unlock()
	e.spacesMu.Lock()
	e.byID[id] = b
	e.spacesMu.Unlock()
}

// remember brings the buckets in memory up to date with a change that is applied.
func (e *Engine) remember(o *op) {
	switch o.kind {
	case recBucket:
		size := int64(recordHeader + o.head.meta)
		if b := o.bucket; b != nil {
			b.mu.Lock()
			b.state, b.rec, b.recSize = o.state, o.at, size
			b.mu.Unlock()
			return
		}
		e.addBucket(o.id, o.state, o.at, size)
	case recBucketGone:
		if o.bucket == nil {
			return
		}
		s := o.bucket.space
		s.mu.Lock()
		delete(s.buckets, o.bucket.name)
		s.mu.Unlock()
		e.spacesMu.Lock()
		delete(e.byID, o.bucket.id)
		e.spacesMu.Unlock()
	}
}

// bucketOf finds a bucket.
func (e *Engine) bucketOf(space Space, name string) (*bucket, error) {
	s := e.known(space)
	if s == nil {
		return nil, noBucket(name)
	}
	s.mu.Lock()
	b := s.buckets[name]
	s.mu.Unlock()
	if b == nil {
		return nil, noBucket(name)
	}
	return b, nil
}

// hold keeps the bucket alive for a commit; the caller unlocks life.
func (b *bucket) hold() error {
	b.life.RLock()
	if b.gone {
		b.life.RUnlock()
		return noBucket(b.name)
	}
	return nil
}

func validSpace(s Space, bucket string) error {
	if s == "" || len(s) > 128 || strings.ContainsAny(string(s), "/\x00") {
		return fault.New(fault.Invalid, CodeInvalidKey, "a space's name has 1 to 128 bytes and no slash")
	}
	if bucket == "" || len(bucket) > 255 || strings.ContainsAny(bucket, "/\x00") {
		return fault.New(fault.Invalid, CodeInvalidKey, "a bucket's name has 1 to 255 bytes and no slash")
	}
	return nil
}

// CreateBucket implements Store.
func (e *Engine) CreateBucket(_ context.Context, space Space, name string) (Bucket, error) {
	if err := validSpace(space, name); err != nil {
		return Bucket{}, err
	}
	e.shaping.Lock()
	defer e.shaping.Unlock()
	if b, err := e.bucketOf(space, name); err == nil {
		return b.snapshot(), fault.New(fault.Exists, CodeBucketExists, "the bucket %q exists", name)
	}
	o := &op{kind: recBucket, id: e.bucketID.Add(1), state: Bucket{Space: space, Name: name, Created: e.now().UTC().Round(0)}}
	if err := e.commit(o); err != nil {
		return Bucket{}, err
	}
	return o.state, nil
}

// GetBucket implements Store.
func (e *Engine) GetBucket(_ context.Context, space Space, name string) (Bucket, error) {
	b, err := e.bucketOf(space, name)
	if err != nil {
		return Bucket{}, err
	}
	return b.snapshot(), nil
}

// ConfigureBucket implements Store.
func (e *Engine) ConfigureBucket(_ context.Context, space Space, name, document string, value []byte) error {
	e.shaping.Lock()
	defer e.shaping.Unlock()
	b, err := e.bucketOf(space, name)
	if err != nil {
		return err
	}
	state := b.snapshot()
	state.Config = maps.Clone(state.Config)
	if state.Config == nil {
		state.Config = map[string][]byte{}
	}
	if value == nil {
		delete(state.Config, document)
	} else {
		state.Config[document] = slices.Clone(value)
	}
	total := 0
	for k, v := range state.Config {
		total += len(k) + len(v)
	}
	if total > maxBucketConfig {
		return fault.New(fault.Invalid, CodeTooLarge, "the bucket's documents would be %d bytes, at most %d are kept", total, maxBucketConfig)
	}
	return e.commit(&op{kind: recBucket, id: b.id, bucket: b, state: state})
}

// DeleteBucket implements Store.
func (e *Engine) DeleteBucket(_ context.Context, space Space, name string) error {
	e.shaping.Lock()
	defer e.shaping.Unlock()
	b, err := e.bucketOf(space, name)
	if err != nil {
		return err
	}
	b.life.Lock()
	defer b.life.Unlock()
	for _, kind := range []byte{keyObject, keyUpload} {
		from := appendKey(nil, kind, b.id)
		empty := true
		err := e.index.scan(from, keyAfter(from), func(_, _ []byte) (bool, error) {
			empty = false
			return false, nil
		})
		if err != nil {
			return err
		}
		if !empty {
			return fault.New(fault.Conflict, CodeBucketNotEmpty, "the bucket %q is not empty", name)
		}
	}
	if err := e.commit(&op{kind: recBucketGone, bucket: b}); err != nil {
		return err
	}
	b.gone = true
	return nil
}

// Buckets implements Store.
func (e *Engine) Buckets(_ context.Context, space Space) ([]Bucket, error) {
	s := e.known(space)
	if s == nil {
		return nil, nil
	}
	s.mu.Lock()
	held := slices.Collect(maps.Values(s.buckets))
	s.mu.Unlock()
	list := make([]Bucket, len(held))
	for i, b := range held {
		list[i] = b.snapshot()
	}
	slices.SortFunc(list, func(a, b Bucket) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// SetLimit implements Store.
func (e *Engine) SetLimit(space Space, bytes int64) {
	s := e.spaceOf(space)
	s.mu.Lock()
	s.limit = bytes
	s.mu.Unlock()
}

// Usage implements Store.
func (e *Engine) Usage(space Space) (Usage, error) {
	s := e.known(space)
	if s == nil {
		return Usage{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage, nil
}
