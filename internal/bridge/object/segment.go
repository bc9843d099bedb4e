package object

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
)

// segment is one file of the log. Its bytes never change once they are committed.
type segment struct {
	id   uint64
	path string
	f    diskFile

	// Written by the committer only, under Engine.segMu:
	live  int64 // bytes of records and data that are in use
	tombs int64 // bytes of records that only say that something is gone
	end   int64 // first byte after the last record

	kept atomic.Bool // damaged or miscounted: compaction leaves it alone

	refs atomic.Int64 // readers, plus one for the engine while the segment is in use
}

func segmentPath(dir string, id uint64) string {
	return filepath.Join(dir, "segments", fmt.Sprintf("%016x.seg", id))
}

// segmentIDs lists the segments of the store, in no order.
func segmentIDs(dir string) ([]uint64, error) {
	names, err := os.ReadDir(filepath.Join(dir, "segments"))
	if err != nil {
		return nil, err
	}
	var ids []uint64
	for _, n := range names {
		hex, ok := strings.CutSuffix(n.Name(), ".seg")
		id, err := strconv.ParseUint(hex, 16, 64)
		if ok && err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func newSegment(id uint64, path string, f diskFile) *segment {
	s := &segment{id: id, path: path, f: f}
	s.refs.Store(1)
	return s
}

func (s *segment) release() {
	if s.refs.Add(-1) == 0 {
		_ = s.f.Close() // only read from, or synced before
	}
}
