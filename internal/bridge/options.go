package bridge

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/access"
	"github.com/flashback-network/flashback/internal/bridge/claim"
	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/chain"
)

// Chain is what the node needs of a chain.Chain.
type Chain interface {
	access.Chain
	claim.Chain
}

// Options of Run. Dir, Key and Chain must be set.
type Options struct {
	Dir   string       // of this node alone; made when it is missing
	Key   chain.Signer // the node's key: an account of the chain
	Chain Chain

	Listen   string       // address of the S3 front; empty: 127.0.0.1:0
	Listener net.Listener // instead of Listen; Run closes it
	TLS      *tls.Config  // nil: plain HTTP
	Endpoint string       // URL where consumers reach the front; empty: that of the listener
	Region   string       // S3 region that clients must sign for; empty: any
	Domain   string       // host name under which buckets are BUCKET.Domain; empty: by path only

	Admin    string // address of /livez, /readyz, /metrics; empty: none
	Platform string // URL of the platform; empty: the node does not announce itself
	Version  string // of this program, as announced

	Poll      time.Duration // of the chain; 0: 1 s
	Stale     time.Duration // how long the node serves without an answer of the chain; 0: 10 min
	Retention time.Duration // how long data is readable after an SLA's end; 0: 24 h
	Drain     time.Duration // how long running requests may go on after the end of ctx; 0: 20 s
	ProbeTTL  time.Duration // how long validators' objects are kept; 0: 1 h
	Sync      object.Sync

	Console io.Writer // where the node secret is shown; nil: nowhere
	Logger  *slog.Logger
	Now     func() time.Time
	// Ready is called once, when the front serves.
	Ready func(Addresses)
}

// Addresses of a node that serves.
type Addresses struct {
	S3     string // URL
	Admin  string // URL; empty: none
	Socket string // path of the admin socket
}

func (o *Options) check() error {
	if o.Dir == "" || o.Key == nil || o.Chain == nil {
		return errors.New("bridge: Dir, Key and Chain must be set")
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Drain <= 0 {
		o.Drain = 20 * time.Second
	}
	if o.ProbeTTL <= 0 {
		o.ProbeTTL = time.Hour
	}
	if o.Console == nil {
		o.Console = io.Discard
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ready == nil {
		o.Ready = func(Addresses) {}
	}
	return nil
}

// Run runs a node until ctx ends, then drains and closes everything. It returns nil when that went well.
func Run(ctx context.Context, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	n, err := open(ctx, &o)
	if err != nil {
		return err
	}
	return errors.Join(n.run(ctx), n.close())
}
