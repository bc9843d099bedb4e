package oracle

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/consensus"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/statement"
)

const (
	keepSigned   = 16 // epochs whose signed observations stay on disk
	resendEpochs = 2
	resendEvery  = 250 * time.Millisecond
)

// observe reports each epoch after its end, and keeps sending what is not in the log yet.
func (v *validator) observe(ctx context.Context) error {
	dir := filepath.Join(v.o.Dir, "signed")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	sent := map[uint64][][]byte{} // of the last epochs
	next := v.config.Epoch(v.now() / 1000)
	if next > 0 {
		old, err := readSigned(dir, next-1) // what the process before this one signed
		if err != nil {
			return err
		}
		sent[next-1] = old
	}
	tick := time.NewTicker(resendEvery)
	defer tick.Stop()
	for {
		signAt := v.start(next+1) + report.Grace(v.config)/2
		timer := time.NewTimer(time.Duration(int64(signAt-report.Grace(v.config)*4/10)-int64(v.now())) * time.Millisecond)
		for wakeup := false; !wakeup; {
			select {
			case <-ctx.Done():
				timer.Stop()
				return nil
			case <-timer.C:
				wakeup = true
			case <-tick.C:
				v.resend(sent)
				v.tick()
			}
		}
		l, err := v.sign(ctx, dir, next, signAt)
		if err != nil {
			return err
		}
		sent[next] = l
		delete(sent, next-min(next, resendEpochs))
		v.resend(sent)
		v.book.forget(next - min(next, 1))
		next = max(next+1, v.config.Epoch(v.now()/1000))
	}
}

// resend what the log does not have.
func (v *validator) resend(sent map[uint64][][]byte) {
	s := v.node.Committed().State
	for epoch, l := range sent {
		if epoch < s.Next {
			continue
		}
		for _, raw := range l {
			if err := v.node.Send(raw); err != nil && !errors.Is(err, report.ErrRepeated) {
				v.o.Logger.Debug("an observation was not taken", "epoch", epoch, "error", err)
			}
		}
	}
}

// tick asks for blocks once an epoch is due and nobody closed it; validators wait for each other a little, so that normally one does.
func (v *validator) tick() {
	s, now := v.node.Committed().State, v.now()
	late := report.Due(v.config, s.Next) + uint64(v.me)*150
	if now < late {
		return
	}
	epoch := v.config.Epoch((now-report.Grace(v.config))/1000) - 1
	if epoch < s.Next {
		return
	}
	t := report.Tick{Network: v.config.Network, Validator: v.me, Epoch: epoch}
	if err := v.node.Send(report.Seal(t.Bytes(), v.o.Key, v.me)); err != nil && !errors.Is(err, report.ErrEpochClosed) {
		v.o.Logger.Debug("a tick was not taken", "epoch", epoch, "error", err)
	}
}

// sign makes the observations of an epoch, once: they are on disk before anyone sees them, so that a restart does not sign others.
func (v *validator) sign(ctx context.Context, dir string, epoch, at uint64) ([][]byte, error) {
	if old, err := readSigned(dir, epoch); err != nil || old != nil {
		return old, err
	}
	s := v.node.Committed().State
	nodes := live(s, epoch)
	v.statements(ctx, nodes, epoch, at)
	if !v.until(ctx, at) { // the last slot's probes end before
		return nil, nil
	}
	var l [][]byte
	for node, records := range nodes {
		slots := v.book.slots(epoch, node, int(v.config.SlotsPerEpoch))
		reached := 0
		for _, x := range slots {
			if x.State == report.Reached {
				reached++
			}
		}
		byUnit := map[ids.ID][]*report.Record{}
		for _, r := range records {
			byUnit[r.Unit] = append(byUnit[r.Unit], r)
		}
		for unit, records := range byUnit {
			o := &report.Observation{Network: v.config.Network, Config: s.Digest(), Epoch: epoch, Validator: v.me, Unit: unit, Slots: slots}
			for _, r := range some(s.Seed, unit, epoch, records) {
				f := v.book.get(epoch, r.SLA)
				if reached*2 > len(slots) {
					f.failed += f.unanswered + v.evaded(epoch, r, f.usage)
				}
				x := report.SLAFigures{SLA: r.SLA, Challenges: f.passed + f.failed, Passed: f.passed}
				if f.usage != nil {
					x.Usage = f.usage.Bytes()
				}
				o.SLAs = append(o.SLAs, x)
			}
			if idle(o) {
				continue // we saw nothing, and say nothing
			}
			l = append(l, report.Seal(o.Bytes(), v.o.Key, v.me))
		}
	}
	if len(l) == 0 {
		return nil, nil
	}
	return l, writeSigned(dir, epoch, l)
}

// patientEpochs is how long a node may be without a fresh usage statement: it may have been away, and restarted.
const patientEpochs = 3

// evaded gives the challenges that a node does not let us ask. A node that answers probes for most of an epoch has statements, and answers challenges: if not, it does not have the data.
func (v *validator) evaded(epoch uint64, r *report.Record, usage *statement.Signed) uint32 {
	fresh := usage != nil && usage.Epoch+patientEpochs >= epoch
	if v.book.silence(r.SLA, !fresh && r.Start+patientEpochs <= epoch) <= patientEpochs {
		return 0
	}
	return uint32(v.o.Challenges)
}

func idle(o *report.Observation) bool {
	for _, s := range o.Slots {
		if s.State != report.NotProbed {
			return false
		}
	}
	for _, x := range o.SLAs {
		if x.Challenges > 0 || len(x.Usage) > 0 {
			return false
		}
	}
	return true
}

// some of a unit's records when it has more than an observation holds: the same for all validators, others in each epoch.
func some(seed [32]byte, unit ids.ID, epoch uint64, l []*report.Record) []*report.Record {
	if len(l) > report.MaxObservationSLAs {
		from := int(report.NewDraw(seed, "agreements", unit, epoch).Below(uint64(len(l))))
		l = append(slices.Clone(l[from:]), l[:from]...)[:report.MaxObservationSLAs]
	}
	return slices.SortedFunc(slices.Values(l), func(a, b *report.Record) int { return slices.Compare(a.SLA[:], b.SLA[:]) })
}

// statements reads the nodes' statements of an ended epoch, as far as they are there in time.
func (v *validator) statements(ctx context.Context, nodes map[ids.ID][]*report.Record, epoch, until uint64) {
	ctx, cancel := context.WithDeadline(ctx, time.UnixMilli(int64(until)))
	defer cancel()
	var group errgroup.Group
	group.SetLimit(challengesAtOnce)
	for node, records := range nodes {
		t, ok := v.watch.target(node)
		if !ok {
			continue
		}
		for _, r := range records {
			group.Go(func() error {
				if u := v.statement(ctx, t, r.SLA, epoch); u != nil {
					v.book.record(epoch, r.SLA, func(f *found) { f.usage = newer(f.usage, u) })
				}
				return nil
			})
		}
	}
	_ = group.Wait() // nothing in it fails
}

func newer(a, b *statement.Signed) *statement.Signed {
	if a != nil && cmp.Compare(a.Epoch, b.Epoch) >= 0 {
		return a
	}
	return b
}

const signedTag = "FLASHBACK-SIGNED-v1"

func writeSigned(dir string, epoch uint64, l [][]byte) error {
	w := canon.Tagged(signedTag).U32(uint32(len(l)))
	for _, b := range l {
		w.Blob(b)
	}
	if err := consensus.WriteAtomic(filepath.Join(dir, strconv.FormatUint(epoch, 10)), w.Bytes()); err != nil {
		return err
	}
	if epoch >= keepSigned {
		if err := os.Remove(filepath.Join(dir, strconv.FormatUint(epoch-keepSigned, 10))); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// readSigned gives nil when nothing was signed for the epoch.
func readSigned(dir string, epoch uint64) ([][]byte, error) {
	b, err := os.ReadFile(filepath.Join(dir, strconv.FormatUint(epoch, 10)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := canon.Read(signedTag, b)
	var l [][]byte
	for range r.Count(1 << 20) {
		l = append(l, r.Blob(report.MaxMessage))
	}
	return l, r.Done()
}
