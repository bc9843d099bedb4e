package oracle

import (
	"sync"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/statement"
)

// book is what this validator measured and has not reported yet. Safe for concurrent use.
type book struct {
	mu     sync.Mutex
	probes map[probeKey]report.SlotFigures
	found  map[foundKey]*found
	silent map[ids.ID]int   // epochs in a row that an SLA's node answered probes and had no fresh statement
	total  map[ids.ID]tally // per node, since the start
}

type probeKey struct {
	epoch uint64
	node  ids.ID
	slot  int
}

type foundKey struct {
	epoch uint64
	sla   ids.ID
}

// found is what the challenges of one SLA in one epoch gave.
type found struct {
	passed, failed, unanswered uint32
	usage                      *statement.Signed // the newest seen
}

// tally counts probes for the status.
type tally struct {
	Probes      uint64 `json:"probes"`
	Errors      uint64 `json:"errors"`
	Unreachable uint64 `json:"unreachable"`
	TTFB        uint32 `json:"ttfbMs"` // of the last probe
}

func newBook() *book {
	return &book{probes: map[probeKey]report.SlotFigures{}, found: map[foundKey]*found{}, silent: map[ids.ID]int{}, total: map[ids.ID]tally{}}
}

func (b *book) probed(epoch uint64, node ids.ID, slot int, f report.SlotFigures) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probes[probeKey{epoch, node, slot}] = f
	t := b.total[node]
	t.Probes++
	t.Errors += uint64(f.Errors)
	if f.State == report.Unreachable {
		t.Unreachable++
	}
	t.TTFB = f.TTFB
	b.total[node] = t
}

// slots of a node in an epoch.
func (b *book) slots(epoch uint64, node ids.ID, n int) []report.SlotFigures {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := make([]report.SlotFigures, n)
	for i := range l {
		l[i] = b.probes[probeKey{epoch, node, i}]
	}
	return l
}

// record changes what was found of an SLA.
func (b *book) record(epoch uint64, sla ids.ID, change func(*found)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := foundKey{epoch, sla}
	if b.found[k] == nil {
		b.found[k] = &found{}
	}
	change(b.found[k])
}

func (b *book) get(epoch uint64, sla ids.ID) found {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.found[foundKey{epoch, sla}]; f != nil {
		return *f
	}
	return found{}
}

// silence counts the epochs in a row in which a node that is there had no fresh statement of an SLA.
func (b *book) silence(sla ids.ID, silent bool) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !silent {
		delete(b.silent, sla)
		return 0
	}
	b.silent[sla]++
	return b.silent[sla]
}

// forget drops what is older than an epoch.
func (b *book) forget(epoch uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.probes {
		if k.epoch < epoch {
			delete(b.probes, k)
		}
	}
	for k := range b.found {
		if k.epoch < epoch {
			delete(b.found, k)
		}
	}
}

func (b *book) tallies() map[ids.ID]tally {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := make(map[ids.ID]tally, len(b.total))
	for k, t := range b.total {
		m[k] = t
	}
	return m
}
