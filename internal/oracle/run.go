package oracle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/consensus"
	"github.com/flashback-network/flashback/internal/oracle/possession"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Chain is what a validator needs of a chain; chain.Chain has it.
type Chain interface {
	Submit(ctx context.Context, by chain.Signer, op orchestrator.Op) (chain.Receipt, error)
	LatestReport(ctx context.Context) (epoch uint64, root [32]byte, ok bool, err error)
	OracleConfig(ctx context.Context) (cert.Config, error)
	SLA(ctx context.Context, id ids.ID) (orchestrator.SLA, error)
	Terms(ctx context.Context, sla ids.ID) ([]byte, error)
	Unit(ctx context.Context, id ids.ID) (orchestrator.Unit, error)
	Node(ctx context.Context, id ids.ID) (orchestrator.Node, error)
	Events(ctx context.Context, cursor string, max int) (events []chain.Event, next string, err error)
}

// Options of a validator.
type Options struct {
	Dir      string // keys and genesis (InitLocal) and all data
	Chain    Chain
	Key      *secp256k1.PrivateKey // signs observations and reports; nil: the one in Dir
	Operator chain.Signer          // its registered wallet: keys at nodes, fees of submissions
	Listen   string                // host:port for the other validators
	Peers    []string              // id@host:port of the others
	Status   net.Listener          // the HTTP door for status, metrics and reports; nil: none. Run closes it

	Challenges int           // possession challenges per SLA and epoch; default 2
	Poll       time.Duration // of the chain; default a second
	Retain     int64         // blocks to keep; 0: all
	Logger     *slog.Logger
	Now        func() time.Time
}

// Limits of what a validator does at once.
const (
	probesAtOnce     = 128
	challengesAtOnce = 32
	callTimeout      = 20 * time.Second // of a call to the chain
	submitTimeout    = 60 * time.Second
)

type validator struct {
	o        Options
	node     *consensus.Node
	config   *cert.Config
	me       uint32
	client   *http.Client
	verifier *possession.Verifier
	watch    *watch
	book     *book
	probers  *probers
	bell     bell
	submits  submissions
	metrics  *metrics
}

// ErrConfig says that the log was made for another configuration than the chain has.
var ErrConfig = fault.New(fault.Conflict, "ConfigMismatch", "the genesis of this log does not have the configuration that the Oracle contract holds")

// Run is a validator until ctx ends. It returns nil then, and an error when it could not start or cannot go on.
func Run(ctx context.Context, o Options) error {
	if o.Status != nil {
		defer o.Status.Close() // the server closed it already, unless it never began
	}
	v, err := open(ctx, o)
	if err != nil {
		return err
	}
	if err := v.node.Start(); err != nil {
		return errors.Join(err, v.node.Stop())
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	for _, part := range []func(context.Context) error{v.follow, v.probe, v.challenge, v.observe, v.submit, v.serve} {
		wg.Go(func() {
			if err := part(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	select {
	case <-ctx.Done():
	case <-v.node.Failed():
		cancel(v.node.Failure())
	}
	wg.Wait()
	cause := context.Cause(ctx)
	cancel(nil)
	v.client.CloseIdleConnections()
	if err := v.node.Stop(); err != nil {
		return fmt.Errorf("stopping the consensus: %w", err)
	}
	if errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		return nil
	}
	return cause
}

func open(ctx context.Context, o Options) (*validator, error) {
	if o.Challenges == 0 {
		o.Challenges = 2
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Key == nil {
		k, err := ReportKey(o.Dir)
		if err != nil {
			return nil, err
		}
		o.Key = k
	}
	v := &validator{o: o, book: newBook(), metrics: newMetrics()}
	v.bell.ring()
	transport := &http.Transport{MaxIdleConns: 512, MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true, DisableCompression: true}
	v.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	v.verifier = possession.NewVerifier(v.client, o.Operator, o.Now)
	v.verifier.Keep(EvidenceDir(o.Dir))
	v.probers = newProbers(o.Operator, v.client, o.Now)
	n, err := consensus.Open(consensus.Options{Dir: o.Dir, Key: o.Key, Listen: o.Listen, Peers: o.Peers, Retain: o.Retain, Logger: o.Logger, Now: o.Now,
		Changed: func(c *consensus.Committed) { v.metrics.block(c); v.bell.ring() }})
	if err != nil {
		return nil, err
	}
	v.node, v.me, v.config = n, n.Me(), n.Committed().State.Config()
	if err := v.checkConfig(ctx); err != nil {
		return nil, err
	}
	v.watch, err = openWatch(filepath.Join(o.Dir, "watch.json"))
	return v, err
}

// EvidenceDir is where a validator keeps what nodes signed and should not have: possession.ReadEvidence reads it.
func EvidenceDir(dir string) string { return filepath.Join(dir, "evidence") }

// checkConfig compares with the chain. A chain that does not answer now is no reason not to start: measuring and agreeing need it not.
func (v *validator) checkConfig(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	c, err := v.o.Chain.OracleConfig(ctx)
	if err != nil {
		v.o.Logger.Warn("the Oracle's configuration could not be compared", "error", err)
		return nil
	}
	if c.Digest() != v.config.Digest() {
		return ErrConfig
	}
	return nil
}

// now in Unix milliseconds.
func (v *validator) now() uint64 { return uint64(max(v.o.Now().UnixMilli(), 0)) }

// slotMillis is the length of a slot.
func (v *validator) slotMillis() uint64 {
	return uint64(v.config.EpochSeconds) * 1000 / uint64(v.config.SlotsPerEpoch)
}

// start of an epoch, Unix milliseconds.
func (v *validator) start(epoch uint64) uint64 { return v.config.Start(epoch) * 1000 }

// until waits for a time; false when ctx ended first.
func (v *validator) until(ctx context.Context, millis uint64) bool {
	return wait(ctx, time.Duration(int64(millis)-int64(v.now()))*time.Millisecond)
}

func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// bell wakes everyone who waits for a block.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
	}
	b.ch = make(chan struct{})
}

// next is closed at the next block.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}
