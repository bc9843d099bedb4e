package oracle

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// submissions is what the status shows of them.
type submissions struct {
	mu      sync.Mutex
	onChain *uint64 // the contract's latest epoch
	made    uint64  // by this validator
	failure string
}

func (s *submissions) set(change func(*submissions)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// submit brings certificates to the chain, in order. Any validator may, one is enough: they take turns by epoch, and the next steps in when one is late. What another submitted first is refused as
// old, which is fine.
func (v *validator) submit(ctx context.Context) error {
	var head uint64 // the epoch that is to be submitted next
	var since time.Time
	quiet := ""
	for ctx.Err() == nil {
		bell := v.bell.next()
		wakeup := time.Duration(1<<62 - 1)
		c, err := v.due(ctx)
		if err == nil && c != nil {
			if since.IsZero() || head != c.Epoch {
				head, since = c.Epoch, time.Now()
			}
			wakeup = time.Until(since.Add(v.turn(c.Epoch)))
			if wakeup <= 0 {
				err = v.bring(ctx, c)
				wakeup = min(v.patience(), time.Second) // look again whether it is there
			}
		}
		if err != nil {
			wakeup = v.o.Poll
		}
		if text := errorText(err); text != quiet && ctx.Err() == nil {
			quiet = text
			v.submits.set(func(s *submissions) { s.failure = text })
			if err != nil {
				v.o.Logger.Warn("certificates do not reach the chain", "error", err)
			}
		}
		t := time.NewTimer(wakeup)
		select {
		case <-ctx.Done():
		case <-bell:
			if err != nil { // not at every block while the chain is away
				select {
				case <-ctx.Done():
				case <-t.C:
				}
			}
		case <-t.C:
		}
		t.Stop()
	}
	return nil
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// ErrFork says that the contract has a root that this log did not make: it would refuse everything after it.
var ErrFork = fault.New(fault.Conflict, "PreviousMismatch", "the contract's latest root is not one of this log: certificates cannot continue it")

// due is the oldest certificate that the chain does not have, or nil.
func (v *validator) due(ctx context.Context) (*cert.Certificate, error) {
	certs := v.node.Certificates()
	if len(certs) == 0 {
		return nil, nil
	}
	v.submits.mu.Lock()
	known := v.submits.onChain
	v.submits.mu.Unlock()
	if known != nil && *known >= certs[len(certs)-1].Epoch {
		return nil, nil // nothing new
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	epoch, root, ok, err := v.o.Chain.LatestReport(ctx)
	if err != nil {
		return nil, err
	}
	if ok {
		v.submits.set(func(s *submissions) { s.onChain = &epoch })
		if err := v.node.Forget(epoch); err != nil {
			return nil, err
		}
	}
	for _, c := range certs {
		if ok && c.Epoch <= epoch {
			continue
		}
		if c.Previous != root { // zeros before the first report
			return nil, ErrFork
		}
		return c, nil
	}
	return nil, nil
}

// patience is how much longer each next validator waits.
func (v *validator) patience() time.Duration {
	return min(max(time.Duration(v.config.EpochSeconds)*time.Second/4, 50*time.Millisecond), 30*time.Second)
}

// turn is how long this validator waits before it submits an epoch's certificate.
func (v *validator) turn(epoch uint64) time.Duration {
	n := uint64(len(v.config.Validators))
	return time.Duration((uint64(v.me)+epoch)%n) * v.patience()
}

func (v *validator) bring(ctx context.Context, c *cert.Certificate) error {
	ctx, cancel := context.WithTimeout(ctx, submitTimeout)
	defer cancel()
	r, err := v.o.Chain.Submit(ctx, v.o.Operator, orchestrator.SubmitReport{Certificate: *c})
	switch {
	case errors.Is(err, cert.ErrEpochOld) || errors.Is(err, cert.ErrPreviousMismatch):
		return nil // another was faster; due looks again
	case err != nil:
		return err
	}
	v.submits.set(func(s *submissions) { s.made++ })
	v.metrics.submitted.Inc()
	v.o.Logger.Info("root on chain", "epoch", c.Epoch, "signers", len(c.Signatures), "tx", r.Tx, "fee", r.Fee.String())
	return nil
}
