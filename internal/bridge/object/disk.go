package object

import (
	"io"
	"os"
)

// disk is the file layer below the engine: everything the engine itself writes goes through it, so that tests can
// fill the disk, fail a sync or lose what was never synced. The index has its own files.
type disk interface {
	create(path string) (diskFile, error) // new, exclusive, readable and writable
	open(path string) (diskFile, error)   // existing, read-only
	edit(path string) (diskFile, error)   // existing, readable and writable
	temp(dir string) (diskFile, error)    // a file without a name, gone on close unless linked
	link(f diskFile, path string) error   // gives a temp file a name; fs.ErrExist when it is taken
	share(from, to string) error          // a second name for the same bytes
	remove(path string) error
	syncDir(path string) error
}

// diskFile is one open file of a disk.
type diskFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	writev(bufs [][]byte, off int64) error // all or an error; may use bufs as scratch
	datasync() error
	allocate(off, n int64) error // reserves blocks and extends the size
	writeback(off, n int64)      // hint: start writing these bytes out now
	truncate(n int64) error
	size() (int64, error)
	file() *os.File // for sendfile and mapping; nil where there is none
}
