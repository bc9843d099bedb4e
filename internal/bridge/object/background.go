package object

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble"
)

// background is the work beside requests: the sweep for files that a crash left, and compaction.
type background struct {
	work      sync.WaitGroup
	compactor chan struct{} // a hint that a segment may be worth compacting

	compacting sync.Mutex    // one at a time
	swept      chan struct{} // closed when the sweep is over, or none is needed
}

// compactEvery is how often compaction looks around when no segment was sealed.
const compactEvery = time.Minute

func (e *Engine) startBackground(sweep bool) {
	e.compactor = make(chan struct{}, 1)
	e.swept = make(chan struct{})
	if sweep {
		atOpen, last := e.index.db.NewSnapshot(), e.fileID.Load()
		e.work.Go(func() {
			defer close(e.swept)
			e.sweep(atOpen, last)
		})
	} else {
		close(e.swept)
	}
	e.work.Go(func() {
		t := time.NewTicker(compactEvery)
		defer t.Stop()
		for {
			select {
			case <-e.stop:
				return
			case <-e.compactor:
			case <-t.C:
			}
			if err := e.compact(); err != nil && e.broken() == nil {
				e.log.Error("compacting the object log", "err", err)
			}
		}
	})
}

func (e *Engine) stopBackground() { e.work.Wait() }

func (e *Engine) wakeCompactor() {
	select {
	case e.compactor <- struct{}{}:
	default:
	}
}

func (e *Engine) stopping() bool {
	select {
	case <-e.stop:
		return true
	default:
		return false
	}
}

// sweep removes files that no record named when the store was opened: a crash came between their naming and their
// commit, or between a deletion and their removal. Files that are named later have larger ids.
func (e *Engine) sweep(atOpen *pebble.Snapshot, last uint64) {
	defer func() { _ = atOpen.Close() }()
	removed := 0
	for i := range uint64(fileDirs) {
		ids, err := fileIDs(fileDir(e.dir, i))
		for _, id := range ids {
			if e.stopping() {
				return
			}
			if id > last {
				continue
			}
			_, closer, getErr := atOpen.Get(appendKey(nil, keyFile, id))
			if getErr == nil {
				_ = closer.Close()
				continue
			}
			if !errors.Is(getErr, pebble.ErrNotFound) {
				err = getErr
				break
			}
			if e.disk.remove(e.filePath(id)) == nil {
				removed++
			}
		}
		if err != nil {
			e.log.Error("sweeping the object files", "err", err)
			return
		}
	}
	if removed > 0 {
		e.log.Info("removed object files that a crash left", "files", removed)
	}
}

func fileIDs(dir string) ([]uint64, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	ids := make([]uint64, 0, len(names))
	for _, n := range names {
		hex, ok := strings.CutSuffix(filepath.Base(n.Name()), ".obj")
		id, err := strconv.ParseUint(hex, 16, 64)
		if ok && err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// preloadBuckets makes every bucket of a log known before it is replayed from its beginning: compaction may have
// moved a bucket's record behind those of its objects.
func (e *Engine) preloadBuckets(log []*segment) error {
	for _, s := range log {
		sc := newScanner(s, segmentHeader)
		sc.plain = true
		for {
			h, meta, ok, err := sc.next()
			if err != nil {
				sc.close()
				return err
			}
			if !ok {
				_, at, err := sc.search(sc.off + 8)
				if err != nil || at < 0 {
					break
				}
				sc.off = at
				continue
			}
			if h.kind != recBucket {
				continue
			}
			if o, id, err := decodeOp(h, meta); err == nil {
				e.addBucket(id, o.state, loc{}, 0)
			}
		}
		sc.close()
	}
	return nil
}
