package object

import "sync"

// An object that is open keeps its files: deleting it takes the names away only when the last reader closes. A
// reader looks its object up and pins it under Engine.opening for reading; whoever is about to remove files takes
// Engine.opening for writing once, after the index stopped naming them. So a reader either pinned in time, or does
// not find the object.

type pins struct {
	mu sync.Mutex
	m  map[uint64]*pin // by generation
}

type pin struct {
	readers int
	dead    []uint64 // files to remove with the last reader
}

func (p *pins) hold(gen uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.m[gen] == nil {
		p.m[gen] = new(pin)
	}
	p.m[gen].readers++
}

// drop gives the files that may be removed now.
func (p *pins) drop(gen uint64) []uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.m[gen]
	if n.readers--; n.readers > 0 {
		return nil
	}
	delete(p.m, gen)
	return n.dead
}

// bury leaves files to the last reader of gen, if there is one.
func (p *pins) bury(gen uint64, files []uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.m[gen]
	if n == nil {
		return false
	}
	n.dead = append(n.dead, files...)
	return true
}

// discard removes files that a commit left without use. gen is the generation they belonged to.
func (e *Engine) discard(gen uint64, files []uint64) {
	if len(files) == 0 {
		return
	}
	e.opening.Lock()
	//lint:ignore SA2001 it waits for the readers that may have looked up before the commit
	e.opening.Unlock()
	if !e.pins.bury(gen, files) {
		e.removeFiles(files)
	}
}

func (e *Engine) removeFiles(files []uint64) {
	for _, f := range files {
		if err := e.disk.remove(e.filePath(f)); err != nil {
			e.log.Warn("removing a file of a deleted object", "file", f, "err", err)
		}
	}
}
