package consensus

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/sla"
)

// archive is what a validator keeps beside the log: its state at a height, the reports, and the certificates that the contract may not have yet. Every write is atomic; what is lost in a
// crash is made again by replaying blocks from the state's height.
type archive struct {
	dir string

	mu    sync.Mutex
	certs []*cert.Certificate // ascending by epoch
}

const (
	savedTag    = "FLASHBACK-SAVED-v1"
	reportTag   = "FLASHBACK-ARCHIVED-v1"
	keepReports = 4096
	maxSaved    = 1 << 30
)

func openArchive(dir string) (*archive, error) {
	a := &archive{dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, "reports"), 0o700); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "certificates"), 0o700); err != nil {
		return nil, err
	}
	names, err := numbered(filepath.Join(dir, "certificates"))
	if err != nil {
		return nil, err
	}
	for _, e := range names {
		b, err := os.ReadFile(a.certFile(e))
		if err != nil {
			return nil, err
		}
		c, err := cert.Decode(b)
		if err != nil {
			return nil, fmt.Errorf("certificate of epoch %d: %w", e, err)
		}
		a.certs = append(a.certs, c)
	}
	return a, nil
}

func (a *archive) certFile(epoch uint64) string {
	return filepath.Join(a.dir, "certificates", strconv.FormatUint(epoch, 10))
}
func (a *archive) reportFile(epoch uint64) string {
	return filepath.Join(a.dir, "reports", strconv.FormatUint(epoch, 10))
}

// numbered lists the files of a folder whose names are epochs, ascending.
func numbered(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var l []uint64
	for _, e := range entries {
		if n, err := strconv.ParseUint(e.Name(), 10, 64); err == nil {
			l = append(l, n)
		}
	}
	slices.Sort(l)
	return l, nil
}

// WriteAtomic replaces a file by bytes that are on disk before the name is.
func WriteAtomic(file string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// save keeps a state with the height and hash that belong to it.
func (a *archive) save(height int64, hash []byte, s *report.State) error {
	w := canon.Tagged(savedTag).U64(uint64(height)).Blob(hash).Blob(s.Snapshot())
	sum := w.Sum()
	return WriteAtomic(filepath.Join(a.dir, "state"), w.Raw(sum[:]).Bytes())
}

// load gives height 0 when there is none.
func (a *archive) load(config *cert.Config) (height int64, hash []byte, s *report.State, err error) {
	b, err := os.ReadFile(filepath.Join(a.dir, "state"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil, nil, nil
	}
	if err != nil {
		return 0, nil, nil, err
	}
	n := len(b) - 32
	if n < 0 || canon.Hash(b[:n]) != [32]byte(b[n:]) {
		return 0, nil, nil, fault.New(fault.Corrupt, "state_corrupt", "the saved state of the log is damaged: remove it and the log's data to start over from the other validators")
	}
	r := canon.Read(savedTag, b[:n])
	height, hash = int64(r.U64()), r.Blob(64)
	snapshot := r.Blob(maxSaved)
	if err := r.Done(); err != nil {
		return 0, nil, nil, err
	}
	s, err = report.Restore(config, snapshot)
	return height, hash, s, err
}

// addCertificate keeps a certificate until it is forgotten.
func (a *archive) addCertificate(c *cert.Certificate) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.certs); n > 0 && a.certs[n-1].Epoch >= c.Epoch {
		return nil // replayed
	}
	if err := WriteAtomic(a.certFile(c.Epoch), c.Bytes()); err != nil {
		return err
	}
	a.certs = append(a.certs, c)
	return nil
}

// certificates are those kept, oldest first.
func (a *archive) certificates() []*cert.Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.certs)
}

// forget drops certificates up to an epoch that the chain has, but for the newest.
func (a *archive) forget(epoch uint64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.certs) > 1 && a.certs[0].Epoch <= epoch {
		if err := os.Remove(a.certFile(a.certs[0].Epoch)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		a.certs = a.certs[1:]
	}
	return nil
}

// addReport keeps a closed epoch's leaves, and no more than keepReports of them.
func (a *archive) addReport(r *report.Report) error {
	w := canon.Tagged(reportTag).U64(r.Epoch).Raw(r.Root[:]).Raw(r.Previous[:]).U32(uint32(len(r.Leaves)))
	for i := range r.Leaves {
		w.Blob(r.Leaves[i].Bytes())
	}
	if err := WriteAtomic(a.reportFile(r.Epoch), w.Bytes()); err != nil {
		return err
	}
	if r.Epoch%64 != 0 {
		return nil
	}
	names, err := numbered(filepath.Join(a.dir, "reports"))
	if err != nil {
		return err
	}
	for _, e := range names[:max(0, len(names)-keepReports)] {
		if err := os.Remove(a.reportFile(e)); err != nil {
			return err
		}
	}
	return nil
}

// ErrNoReport is the answer for an epoch that was closed without a root, is not closed yet, or is no longer kept.
var ErrNoReport = fault.New(fault.NotFound, "report_missing", "there is no report of this epoch here")

func (a *archive) report(epoch uint64) (*report.Report, error) {
	f, err := os.Open(a.reportFile(epoch))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoReport
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	r := canon.Read(reportTag, b)
	x := &report.Report{Epoch: r.U64(), Root: r.B32(), Previous: r.B32()}
	for range r.Count(1 << 24) {
		l, err := sla.DecodeLeaf(r.Blob(4096))
		if err != nil {
			return nil, err
		}
		x.Leaves = append(x.Leaves, *l)
	}
	return x, r.Done()
}

// trimLog removes the oldest rotated files of the consensus write-ahead log, which would grow to a gigabyte; it only has to go back to the last block.
func trimLog(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "data", "cs.wal", "wal.[0-9]*"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, f := range files[:max(0, len(files)-3)] {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
