package meter

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"golang.org/x/sys/unix"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/filelock"
)

// The book is the file of counters: a header page, then accounts of two slots each. All numbers are little-endian.
const (
	bookMagic   = "flashback meter\nversion 1\n"
	headerSize  = 4096
	slotSize    = 256 // within one sector of any disk
	accountSize = 2 * slotSize
	perSegment  = 256 // accounts that are mapped together
	segmentSize = perSegment * accountSize
	maxName     = 64
	maxSegments = 4096 // a million accounts
)

// Offsets in a slot. A slot of zeros is free.
const (
	atSeq     = 0
	atUsed    = 8
	atNameLen = 9
	atName    = 16
	atCounts  = 80
	atSpace   = 208 // 32 bytes: the id of the space, when it is not named as the account is
	atFrom    = 240 // Unix nanoseconds from which is counted; 0: from the first moment
	atSum     = slotSize - 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Tally is what is counted of one account. It is a plain value.
type Tally struct {
	In, Out uint64 // bytes
	Flying  uint64 // bytes sent of reads that are not finished; part of what was sent, not of Out
	Area    Area   // stored bytes × nanoseconds
	Objects uint64 // stored now
	Bytes   uint64 // stored now
	Last    int64  // Unix nanoseconds up to which Area is summed
	Closed  Closing
}

// Closing is an account's state at the end of an epoch.
type Closing struct {
	Epoch   uint64
	Valid   bool
	In, Out uint64
	Area    Area
	Objects uint64
	Bytes   uint64
}

type book struct {
	f        *os.File
	segments [][]byte
	free     []*line
}

// line is the place of one account: two slots. Its methods must not overlap; those of different lines may.
type line struct {
	mem []byte
	seq uint64 // of the newer slot
}

// openBook opens or makes the file and gives the accounts in it.
func openBook(path string) (b *book, found map[*line]named, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	opened := &book{f: f}
	b = opened
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.close())
		}
	}()
	if err = filelock.Take(f); err != nil {
		return nil, nil, fmt.Errorf("%s is in use by another process: %w", path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.Size() < headerSize { // new, or cut off while it was made
		head := make([]byte, headerSize)
		copy(head, bookMagic)
		if _, err = f.WriteAt(head, 0); err != nil {
			return nil, nil, err
		}
		if err = f.Sync(); err != nil {
			return nil, nil, err
		}
	} else {
		head := make([]byte, len(bookMagic))
		if _, err = f.ReadAt(head, 0); err != nil {
			return nil, nil, err
		}
		if string(head) != bookMagic {
			return nil, nil, fmt.Errorf("%s is no file of counters, or of another version", path)
		}
	}
	found = map[*line]named{}
	for n := (info.Size() - headerSize) / segmentSize; n > 0; n-- {
		lines, err := opened.mapNext()
		if err != nil {
			return nil, nil, err
		}
		for _, l := range lines {
			if n, ok := l.load(); ok {
				found[l] = n
			} else {
				b.free = append(b.free, l)
			}
		}
	}
	return b, found, nil
}

// named is an account as the file has it.
type named struct {
	name, space object.Space
	from        int64
	tally       Tally
}

// mapNext maps one more segment, whose room on the disk exists: touching it later cannot fail for want of room.
func (b *book) mapNext() ([]*line, error) {
	off := int64(headerSize + len(b.segments)*segmentSize)
	m, err := unix.Mmap(int(b.f.Fd()), off, segmentSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping the counters: %w", err)
	}
	b.segments = append(b.segments, m)
	lines := make([]*line, perSegment)
	for i := range lines {
		lines[i] = &line{mem: m[i*accountSize : (i+1)*accountSize : (i+1)*accountSize]}
	}
	return lines, nil
}

// take finds a free line, growing the file when there is none.
func (b *book) take() (*line, error) {
	if len(b.free) == 0 {
		if len(b.segments) >= maxSegments {
			return nil, errors.New("too many accounts")
		}
		zero := make([]byte, segmentSize)
		if _, err := b.f.WriteAt(zero, int64(headerSize+len(b.segments)*segmentSize)); err != nil {
			return nil, fmt.Errorf("growing the file of counters: %w", err)
		}
		if err := b.f.Sync(); err != nil {
			return nil, fmt.Errorf("growing the file of counters: %w", err)
		}
		lines, err := b.mapNext()
		if err != nil {
			return nil, err
		}
		b.free = lines
	}
	l := b.free[len(b.free)-1]
	b.free = b.free[:len(b.free)-1]
	return l, nil
}

// drop frees a line that nobody uses any more.
func (b *book) drop(l *line) {
	clear(l.mem)
	l.seq = 0
	b.free = append(b.free, l)
}

func (l *line) slot(seq uint64) []byte {
	off := int(seq&1) * slotSize
	return l.mem[off : off+slotSize : off+slotSize]
}

// store writes an account into the older slot.
func (l *line) store(a *account) {
	l.seq++
	encode(l.slot(l.seq), l.seq, &named{a.name, a.space, a.from, a.tally})
}

// load reads the newer valid slot.
func (l *line) load() (n named, ok bool) {
	for i := range uint64(2) {
		s := l.slot(i)
		seq := binary.LittleEndian.Uint64(s[atSeq:])
		if s[atUsed] != 1 || seq&1 != i || seq <= l.seq && ok || crc32.Checksum(s[:atSum], castagnoli) != binary.LittleEndian.Uint32(s[atSum:]) {
			continue
		}
		n, ok, l.seq = decode(s), true, seq
	}
	return n, ok
}

func encode(s []byte, seq uint64, n *named) {
	le := binary.LittleEndian
	le.PutUint64(s[atSeq:], seq)
	s[atUsed], s[atNameLen] = 1, byte(len(n.name))
	copy(s[atName:atName+maxName], n.name)
	clear(s[atSpace:atFrom])
	if n.space != n.name {
		_, _ = hex.Decode(s[atSpace:atFrom], []byte(n.space)) // Succeed has looked at it
	}
	le.PutUint64(s[atFrom:], uint64(n.from))
	t, c := &n.tally, &n.tally.Closed
	valid := uint64(0)
	if c.Valid {
		valid = 1
	}
	for i, v := range [...]uint64{t.In, t.Out, t.Flying, t.Area.Hi, t.Area.Lo, t.Objects, t.Bytes, uint64(t.Last),
		valid, c.Epoch, c.In, c.Out, c.Area.Hi, c.Area.Lo, c.Objects, c.Bytes} {
		le.PutUint64(s[atCounts+8*i:], v)
	}
	le.PutUint32(s[atSum:], crc32.Checksum(s[:atSum], castagnoli))
}

func decode(s []byte) named {
	var v [16]uint64
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(s[atCounts+8*i:])
	}
	name := object.Space(s[atName : atName+min(int(s[atNameLen]), maxName)])
	space := name
	if other := s[atSpace:atFrom]; !bytes.Equal(other, make([]byte, len(other))) {
		space = object.Space(hex.EncodeToString(other))
	}
	return named{name, space, int64(binary.LittleEndian.Uint64(s[atFrom:])), Tally{
		In: v[0], Out: v[1], Flying: v[2], Area: Area{v[3], v[4]}, Objects: v[5], Bytes: v[6], Last: int64(v[7]),
		Closed: Closing{Valid: v[8] == 1, Epoch: v[9], In: v[10], Out: v[11], Area: Area{v[12], v[13]}, Objects: v[14], Bytes: v[15]},
	}}
}

// sync writes everything back to the disk.
func (b *book) sync() error {
	for _, s := range b.segments {
		if err := unix.Msync(s, unix.MS_SYNC); err != nil {
			return fmt.Errorf("writing the counters back: %w", err)
		}
	}
	return nil
}

func (b *book) close() error {
	var err error
	for _, s := range b.segments {
		err = errors.Join(err, unix.Msync(s, unix.MS_SYNC), unix.Munmap(s))
	}
	b.segments = nil
	return errors.Join(err, filelock.Close(b.f))
}
