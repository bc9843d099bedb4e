package object

import (
	"context"
	"errors"
	"fmt"
)

// removeStep is how many deletions of RemoveSpace share a commit.
const removeStep = 256

// RemoveSpace implements Store. It goes bucket by bucket and may be repeated after an interruption. Nothing of it is
// shown in the feed of changes.
func (e *Engine) RemoveSpace(ctx context.Context, name Space) error {
	buckets, err := e.Buckets(ctx, name)
	if err != nil {
		return err
	}
	for _, state := range buckets {
		if err := e.removeBucket(ctx, state); err != nil {
			return fmt.Errorf("removing bucket %q: %w", state.Name, err)
		}
	}
	return nil
}

func (e *Engine) removeBucket(ctx context.Context, state Bucket) error {
	e.shaping.Lock()
	defer e.shaping.Unlock()
	b, err := e.bucketOf(state.Space, state.Name)
	if err != nil {
		return nil //nolint:nilerr // gone already
	}
	b.life.Lock() // nothing else is committed in it from here on
	defer b.life.Unlock()
	uploads, err := e.Uploads(ctx, state.Space, state.Name, "")
	if err != nil {
		return err
	}
	for _, u := range uploads {
		up, err := e.index.upload(b.id, u.Name, u.ID)
		if err != nil {
			return err
		}
		parts, err := e.storedParts(u.ID)
		if err != nil {
			return err
		}
		o := &op{kind: recUploadGone, bucket: b, name: u.Name, upload: u.ID, up: up, parts: parts}
		if err := e.commit(o); err != nil {
			return err
		}
		e.discard(0, o.dead)
	}
	from := appendKey(nil, keyObject, b.id)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var names []string
		err := e.index.scan(from, keyAfter(from), func(k, _ []byte) (bool, error) {
			names = append(names, string(k[len(from):]))
			return len(names) < removeStep, nil
		})
		if err != nil {
			return err
		}
		if len(names) == 0 {
			break
		}
		if err := e.removeNames(b, names); err != nil {
			return err
		}
	}
	if err := e.commit(&op{kind: recBucketGone, bucket: b}); err != nil {
		return err
	}
	b.gone = true
	return nil
}

// removeNames deletes objects in one go. The caller holds the bucket's life.
func (e *Engine) removeNames(b *bucket, names []string) error {
	var err error
	ops := make([]*op, 0, len(names))
	for _, name := range names {
		prev, readErr := e.index.object(b.id, name)
		if readErr != nil {
			err = readErr
			break
		}
		o := &op{kind: recDelete, flags: flagSilent, bucket: b, name: name, prev: prev}
		if err = e.enqueue(o); err != nil {
			break
		}
		ops = append(ops, o)
	}
	for _, o := range ops {
		if waited := e.await(o); waited != nil {
			err = errors.Join(err, waited)
			continue
		}
		e.discard(o.prev.gen, o.dead)
	}
	return err
}
