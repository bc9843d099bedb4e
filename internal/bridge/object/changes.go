package object

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble"
)

// change is an event as the index keeps it. Of a live object it names the place only: the rest is read when asked.
type change struct {
	bucket  uint64
	name    string
	deleted bool
	space   Space  // deleted only, because the bucket may be gone too
	in      string // bucket's name, likewise
	gen     uint64 // likewise
}

func (c *change) append(b []byte) []byte {
	b = binary.AppendUvarint(b, c.bucket)
	b = appendString(b, c.name)
	if !c.deleted {
		return append(b, 0)
	}
	b = append(b, 1)
	b = appendString(b, string(c.space))
	b = appendString(b, c.in)
	return binary.AppendUvarint(b, c.gen)
}

func (d *dec) change() change {
	c := change{bucket: d.uint(), name: d.string(), deleted: d.byte() == 1}
	if c.deleted {
		c.space, c.in, c.gen = Space(d.string()), d.string(), d.uint()
	}
	return c
}

// Changes implements Store.
func (e *Engine) Changes(ctx context.Context, after uint64, limit int) ([]Change, error) {
	if limit <= 0 {
		limit = 1000
	}
	type event struct {
		seq uint64
		change
	}
	var list []Change
	for len(list) < limit {
		var found []event
		from := appendKey(nil, keyChange, after+1)
		err := e.index.scan(from, []byte{keyChange + 1}, func(k, v []byte) (bool, error) {
			id, d := dec{b: k[1:]}, dec{b: v}
			found = append(found, event{seq: id.fixed64(), change: d.change()})
			return len(list)+len(found) < limit, d.err()
		})
		if err != nil {
			return nil, fmt.Errorf("reading the changes: %w", err)
		}
		if len(found) == 0 || ctx.Err() != nil {
			return list, ctx.Err()
		}
		for _, c := range found {
			after = c.seq
			if c.deleted {
				k := Key{Space: c.space, Bucket: c.in, Name: c.name}
				list = append(list, Change{Seq: c.seq, Deleted: true, Info: Info{Key: k, Generation: Generation(c.gen)}})
				continue
			}
			e.spacesMu.RLock()
			b := e.byID[c.bucket]
			e.spacesMu.RUnlock()
			if b == nil {
				continue
			}
			e.opening.RLock()
			ent, err := e.index.object(c.bucket, c.name)
			e.opening.RUnlock()
			if err != nil {
				return nil, err
			}
			if ent == nil || ent.seq != c.seq { // changed since: its newer event comes
				continue
			}
			k := Key{Space: b.space.name, Bucket: b.name, Name: c.name}
			list = append(list, Change{Seq: c.seq, Info: ent.info(k)})
		}
	}
	return list, nil
}

// ForgetDeletions drops the events of deletions with Seq <= upTo, once whoever follows the feed has seen them: they
// are the only thing that a deleted object leaves in the index. What is forgotten may show up again after a crash.
func (e *Engine) ForgetDeletions(ctx context.Context, upTo uint64) error {
	err := e.index.scan([]byte{keyChange}, appendKey(nil, keyChange, upTo+1), func(k, v []byte) (bool, error) {
		id, d := dec{b: k[1:]}, dec{b: v}
		seq, c := id.fixed64(), d.change()
		if d.bad || !c.deleted {
			return ctx.Err() == nil, d.err()
		}
		return ctx.Err() == nil, e.forgetDeletion(seq, &c)
	})
	if err != nil {
		return fmt.Errorf("forgetting deletions: %w", err)
	}
	return ctx.Err()
}

func (e *Engine) forgetDeletion(seq uint64, c *change) error {
	lock := e.nameLock(c.bucket, c.name)
	lock.Lock()
	defer lock.Unlock()
	tomb := nameKey(nil, keyTomb, c.bucket, c.name)
	last, err := e.index.number(tomb)
	if err != nil {
		return err
	}
	b := e.index.db.NewBatch()
	defer func() { _ = b.Close() }()
	if last == seq {
		_ = b.Delete(tomb, nil)
	}
	_ = b.Delete(appendKey(nil, keyChange, seq), nil)
	return e.index.db.Apply(b, pebble.NoSync)
}
