package object

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"
)

// A file of a large object holds its bytes, then the CRC32C of each block, 4 bytes little-endian, then a footer:
// magic, size u64, CRC32C of the bytes u32, block size u32, 4 zero bytes, CRC32C of the footer u32.

const (
	fileDirs   = 256
	fileMagic  = "FBOFILE1"
	fileFooter = 32
)

func fileDir(dir string, id uint64) string {
	return filepath.Join(dir, "files", fmt.Sprintf("%02x", id%fileDirs))
}

func (e *Engine) filePath(id uint64) string {
	return filepath.Join(fileDir(e.dir, id), fmt.Sprintf("%016x.obj", id))
}

func blocks(size int64) int64 { return (size + blockSize - 1) / blockSize }

// fileLength is the length of the file of an object of size bytes.
func fileLength(size int64) int64 { return size + 4*blocks(size) + fileFooter }

func footer(size int64, crc32c uint32) []byte {
	b := make([]byte, fileFooter)
	copy(b, fileMagic)
	binary.LittleEndian.PutUint64(b[8:], uint64(size))
	binary.LittleEndian.PutUint32(b[16:], crc32c)
	binary.LittleEndian.PutUint32(b[20:], blockSize)
	binary.LittleEndian.PutUint32(b[28:], crc32.Checksum(b[:28], castagnoli))
	return b
}

// fileWriter writes a large object into a file without a name.
type fileWriter struct {
	f     diskFile
	sum   *summer
	known int64 // size, or -1
	table int64 // bytes of the table that are written, when the size is known
	sent  int64 // bytes whose write-out was started
}

const (
	writeChunk     = 256 << 10 // a multiple of blockSize
	writebackEvery = 8 << 20
	tableChunk     = 16 << 10
)

func (e *Engine) newFileWriter(size int64, a Algorithm) (*fileWriter, error) {
	f, err := e.disk.temp(filepath.Join(e.dir, "files"))
	if err != nil {
		return nil, e.writeFault("making a file", err)
	}
	if size >= 0 {
		if err := f.allocate(0, fileLength(size)); err != nil {
			return nil, errors.Join(e.writeFault("reserving a file", err), f.Close())
		}
	}
	return &fileWriter{f: f, sum: newSummer(a), known: size}, nil
}

// writeFault is the fault of a write that failed before anything was promised.
func (e *Engine) writeFault(what string, err error) error {
	if isFull(err) {
		return diskFull(err)
	}
	e.log.Error("object engine: "+what, "err", err)
	return fmt.Errorf("%s: %w", what, err)
}

// write takes the next bytes; all calls but the last bring whole blocks.
func (w *fileWriter) write(b []byte) error {
	at := w.sum.size
	w.sum.add(b)
	if _, err := w.f.WriteAt(b, at); err != nil {
		return err
	}
	if w.sum.size-w.sent >= writebackEvery {
		w.f.writeback(w.sent, w.sum.size-w.sent)
		w.sent = w.sum.size
	}
	if w.known >= 0 && len(w.sum.blocks) >= tableChunk { // memory stays constant in the object's size
		if _, err := w.f.WriteAt(w.sum.blocks, w.known+w.table); err != nil {
			return err
		}
		w.table += int64(len(w.sum.blocks))
		w.sum.blocks = w.sum.blocks[:0]
	}
	return nil
}

// finish writes table and footer and syncs the file.
func (w *fileWriter) finish() error {
	end := append(w.sum.blocks, footer(w.sum.size, w.sum.crc32c)...)
	if _, err := w.f.WriteAt(end, w.sum.size+w.table); err != nil {
		return err
	}
	return w.f.datasync()
}

// name links a finished file under a new id. An id that is taken was left by a crash; the sweep finds it some day.
func (e *Engine) name(link func(path string) error) (id uint64, err error) {
	for {
		id = e.fileID.Add(1)
		if err = link(e.filePath(id)); err == nil {
			return id, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return 0, e.writeFault("naming a file", err)
		}
	}
}
