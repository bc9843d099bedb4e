package oracle

import (
	"context"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/possession"
	"github.com/flashback-network/flashback/internal/oracle/probe"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/statement"
)

// probers are one per node key.
type probers struct {
	operator chain.Signer
	client   *http.Client
	now      func() time.Time

	mu sync.Mutex
	by map[ids.Account]*probe.Prober
}

func newProbers(operator chain.Signer, client *http.Client, now func() time.Time) *probers {
	return &probers{operator: operator, client: client, now: now, by: map[ids.Account]*probe.Prober{}}
}

// of a node; fresh is true when it was made now.
func (p *probers) of(n possession.Node) (x *probe.Prober, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x = p.by[n.Account]; x == nil {
		x, fresh = probe.New(n.Account, p.operator, p.client, p.now), true
		p.by[n.Account] = x
	}
	return x, fresh
}

// live groups the running records by node: those whose epochs count now, or begin with the next one.
func live(s *report.State, epoch uint64) map[ids.ID][]*report.Record {
	m := map[ids.ID][]*report.Record{}
	for _, r := range s.Records() {
		if r.Running() && r.Start <= epoch {
			m[r.Node] = append(m[r.Node], r)
		}
	}
	return m
}

const prepareTimeout = 30 * time.Second

// probe every node with a live SLA once per slot, at a moment that only this validator knows.
func (v *validator) probe(ctx context.Context) error {
	var group sync.WaitGroup // at most one goroutine per node and slot
	defer group.Wait()
	gate := make(gate, probesAtOnce)
	slotMillis := v.slotMillis()
	for {
		now := v.now()
		epoch := v.config.Epoch(now / 1000)
		slot := int(min((now-min(now, v.start(epoch)))/slotMillis, uint64(v.config.SlotsPerEpoch)-1))
		s := v.node.Committed().State
		for node, records := range live(s, epoch+1) {
			t, ok := v.watch.target(node)
			if !ok {
				continue
			}
			p, fresh := v.probers.of(t)
			if fresh {
				group.Go(func() {
					c, cancel := context.WithTimeout(ctx, prepareTimeout)
					defer cancel()
					if err := p.Prepare(c, t.Endpoint); err != nil {
						v.o.Logger.Debug("a node is not ready to be probed", "node", node, "error", err)
					}
				})
			}
			if now >= v.start(epoch) && began(records, epoch) {
				group.Go(func() { v.probeOne(ctx, gate, s.Seed, p, t, records[0].Unit, epoch, slot) })
			}
		}
		next := v.start(epoch) + uint64(slot+1)*slotMillis
		if !v.until(ctx, max(next, now+1)) {
			return nil
		}
	}
}

// gate bounds how many calls run at once.
type gate chan struct{}

func (g gate) enter(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case g <- struct{}{}:
		return true
	}
}

func (g gate) leave() { <-g }

func began(l []*report.Record, epoch uint64) bool {
	for _, r := range l {
		if r.Start <= epoch {
			return true
		}
	}
	return false
}

// probeOne probes at a random moment of a slot. It has until shortly after the slot's end, and half a minute at most.
func (v *validator) probeOne(ctx context.Context, gate gate, seed [32]byte, p *probe.Prober, t possession.Node, unit ids.ID, epoch uint64, slot int) {
	slotMillis := v.slotMillis()
	at := v.start(epoch) + uint64(slot)*slotMillis + mathrand.Uint64N(slotMillis*6/10+1)
	if !v.until(ctx, at) {
		return
	}
	end := v.start(epoch) + uint64(slot+1)*slotMillis + report.Grace(v.config)*4/10
	c, cancel := context.WithTimeout(ctx, min(30*time.Second, time.Duration(int64(end)-int64(v.now()))*time.Millisecond))
	defer cancel()
	if !gate.enter(c) {
		return
	}
	defer gate.leave()
	number := epoch*uint64(v.config.SlotsPerEpoch) + uint64(slot)
	var f report.SlotFigures
	if report.Prober(seed, unit, number, int(v.me), len(v.config.Validators)) {
		large := report.NewDraw(seed, "large", unit, number).Below(2) == 0 // alike for all, so that enough have the figure
		f = p.Probe(c, t.Endpoint, large)
	} else {
		f = p.Look(c, t.Endpoint)
	}
	if ctx.Err() != nil {
		return // we stop: the figures are of our own making
	}
	v.book.probed(epoch, t.ID, slot, f)
	v.metrics.probe(f)
}

// challenge every live SLA's possession in each epoch, from the moment that the epoch's seed is there.
func (v *validator) challenge(ctx context.Context) error {
	var group sync.WaitGroup // at most one goroutine per SLA: they end with their epoch
	defer group.Wait()
	gate := make(gate, challengesAtOnce)
	last := ^uint64(0)
	for ctx.Err() == nil {
		bell := v.bell.next()
		s := v.node.Committed().State
		if e := v.config.Epoch(v.now() / 1000); s.Next == e && e != last && v.now() >= v.start(e) {
			last = e
			for node, records := range live(s, e) {
				t, ok := v.watch.target(node)
				if !ok {
					continue
				}
				for _, r := range records {
					group.Go(func() { v.challengeOne(ctx, gate, s.Seed, t, r.SLA, e) })
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-bell:
		}
	}
	return nil
}

// challengeOne asks for all of an SLA's chunks of the epoch, spread over what is left of it but for the last eighth.
func (v *validator) challengeOne(ctx context.Context, gate gate, seed [32]byte, t possession.Node, sla ids.ID, epoch uint64) {
	end := v.start(epoch+1) - uint64(v.config.EpochSeconds)*1000/8
	ctx, cancel := context.WithDeadline(ctx, time.UnixMilli(int64(end)))
	defer cancel()
	u := v.statement(ctx, t, sla, epoch-min(epoch, 1))
	if u == nil {
		return
	}
	v.book.record(epoch, sla, func(f *found) { f.usage = u })
	if u.Leaves == 0 {
		return
	}
	for k := range uint64(v.o.Challenges) {
		left := int64(end) - int64(v.now())
		if left <= 0 || !wait(ctx, time.Duration(mathrand.Int64N(left/int64(v.o.Challenges)+1)/2)*time.Millisecond) {
			return
		}
		result := possession.Unanswered
		for try := 0; try < 3 && result == possession.Unanswered; try++ {
			if try > 0 && !wait(ctx, time.Duration(left/8)*time.Millisecond) {
				break
			}
			if !gate.enter(ctx) {
				break
			}
			var err error
			if result, err = v.verifier.Challenge(ctx, t, u, seed, k); err != nil {
				v.o.Logger.Debug("a challenge was not passed", "sla", sla, "epoch", epoch, "node", t.ID, "error", err)
			}
			gate.leave()
		}
		v.book.record(epoch, sla, func(f *found) {
			switch result {
			case possession.Passed:
				f.passed++
			case possession.Failed:
				f.failed++
			case possession.Unanswered:
				f.unanswered++
			}
		})
		v.metrics.challenge(result)
	}
}

// statement of an epoch, or, when the node has none by a quarter of the time that is left, its newest one; nil when it gives none.
func (v *validator) statement(ctx context.Context, t possession.Node, sla ids.ID, epoch uint64) *statement.Signed {
	deadline, _ := ctx.Deadline()
	patience := time.Until(deadline) / 4
	for from := time.Now(); ; {
		s, err := possession.Usage(ctx, v.client, t, sla, epoch, false)
		if err == nil {
			return s
		}
		if time.Since(from) > patience || !wait(ctx, patience/5) {
			break
		}
	}
	s, err := possession.Usage(ctx, v.client, t, sla, 0, true)
	if err != nil || s.Epoch > epoch {
		return nil
	}
	return s
}
