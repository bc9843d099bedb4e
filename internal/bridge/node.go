package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flashback-network/flashback/internal/bridge/access"
	"github.com/flashback-network/flashback/internal/bridge/admin"
	"github.com/flashback-network/flashback/internal/bridge/claim"
	"github.com/flashback-network/flashback/internal/bridge/meter"
	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/bridge/possession"
	"github.com/flashback-network/flashback/internal/bridge/s3"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/ids"
)

// firstPoll bounds how long a start waits for the chain.
const firstPoll = 3 * time.Second

var _ Chain = chain.Chain(nil)

// node is an open Bridge Node.
type node struct {
	o       *Options
	log     *slog.Logger
	engine  *object.Engine
	meter   *meter.Meter
	view    *access.View
	keys    *access.Keys
	proofs  *possession.Store
	secret  claim.Secret
	claims  *claim.Client
	front   net.Listener
	admin   net.Listener // nil: none
	socket  net.Listener
	started time.Time
	serving atomic.Bool
	figures *figures
}

// open opens everything that the node keeps and binds its addresses, so that a mistake shows before anything runs.
func open(ctx context.Context, o *Options) (n *node, err error) {
	n = &node{o: o, log: o.Logger, started: o.Now(), front: o.Listener}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return n, err
	}
	if n.front == nil {
		if n.front, err = net.Listen("tcp", o.Listen); err != nil {
			return n, fmt.Errorf("listening for S3: %w", err)
		}
	}
	if o.Endpoint == "" {
		o.Endpoint = n.frontURL()
	}
	if o.Admin != "" {
		if n.admin, err = net.Listen("tcp", o.Admin); err != nil {
			return n, fmt.Errorf("listening for metrics: %w", err)
		}
	}
	if n.engine, err = object.Open(ctx, filepath.Join(o.Dir, "objects"), object.Options{Sync: o.Sync, Logger: n.log, Now: o.Now}); err != nil {
		return n, fmt.Errorf("opening the object store: %w", err)
	}
	if n.meter, err = meter.Open(meter.Options{Dir: o.Dir, Store: n.engine, Now: o.Now, Logger: n.log}); err != nil {
		return n, err
	}
	if n.proofs, err = possession.Open(filepath.Join(o.Dir, "possession"), possession.Options{Store: n.engine, Logger: n.log}); err != nil {
		return n, err
	}
	n.view, err = access.NewView(access.Options{Chain: o.Chain, Node: o.Key.Account(), Dir: o.Dir, Poll: o.Poll, Stale: o.Stale, Retention: o.Retention,
		Now: o.Now, Logger: n.log, Configure: n.configure, Apply: n.apply})
	if err != nil {
		return n, err
	}
	if n.keys, err = access.OpenKeys(o.Dir, o.Key, n.view); err != nil {
		return n, err
	}
	if err := n.openClaim(); err != nil {
		return n, err
	}
	if n.socket, err = admin.Listen(o.Dir); err != nil {
		return n, err
	}
	n.figures = newFigures(n)
	n.view.Resume(ctx)
	first, cancel := context.WithTimeout(ctx, firstPoll)
	defer cancel()
	if err := n.view.Poll(first); err != nil { // Follow goes on asking
		n.log.Warn("the chain does not answer yet", "err", err)
	}
	return n, nil
}

func (n *node) openClaim() error {
	secret, fresh, err := claim.OpenSecret(n.o.Dir)
	if err != nil {
		return fmt.Errorf("opening the node secret: %w", err)
	}
	n.secret = secret
	if _, bound := n.view.Node(); fresh && !bound {
		fmt.Fprintf(n.o.Console, "This node is %s.\nNode secret, to claim it with on the platform: %s\nIt is shown again by: flashback node secret\n", n.o.Key.Account(), secret.Reveal())
	}
	n.claims = claim.New(claim.Options{Platform: n.o.Platform, Key: n.o.Key, Chain: n.o.Chain, Secret: secret, Endpoint: n.o.Endpoint, Version: n.o.Version, Now: n.o.Now, Logger: n.log})
	return nil
}

// close gives back what open took, in the reverse order. What never opened is nil.
func (n *node) close() error {
	var err error
	for _, l := range []net.Listener{n.front, n.admin, n.socket} {
		if l == nil {
			continue
		}
		if e := l.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	if n.proofs != nil {
		err = errors.Join(err, n.proofs.Close())
	}
	if n.meter != nil {
		err = errors.Join(err, n.meter.Close())
	}
	if n.engine != nil {
		err = errors.Join(err, n.engine.Close())
	}
	return err
}

// run serves until ctx ends, then drains: no new connections, running requests may end, then everything that works beside them stops.
func (n *node) run(ctx context.Context) error {
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, beside := errgroup.WithContext(beside)
	work := func(f func(context.Context)) { g.Go(func() error { f(beside); return nil }) }
	work(n.view.Follow)
	work(n.meter.Run)
	work(n.proofs.Follow)
	work(n.stateUsage)
	work(n.housekeeping)
	if n.o.Platform != "" {
		work(n.claims.KeepAnnounced)
	}
	g.Go(func() error { return admin.Serve(beside, n.socket, n, n.log) })

	front := n.frontServer()
	g.Go(func() error { return serve(front, n.front, n.o.TLS != nil) })
	servers := []*http.Server{front}
	addresses := Addresses{S3: n.frontURL(), Socket: filepath.Join(n.o.Dir, admin.SocketName)}
	if n.admin != nil {
		s := n.adminServer()
		g.Go(func() error { return serve(s, n.admin, false) })
		servers = append(servers, s)
		addresses.Admin = "http://" + n.admin.Addr().String()
	}
	n.serving.Store(true)
	n.log.Info("bridge node serves", "s3", addresses.S3, "key", n.o.Key.Account())
	n.o.Ready(addresses)

	select {
	case <-ctx.Done():
	case <-beside.Done(): // a part failed: Wait tells
	}
	n.serving.Store(false)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), n.o.Drain)
	defer cancel()
	for _, s := range servers {
		if err := s.Shutdown(drain); err != nil {
			n.log.Warn("requests were cut off", "after", n.o.Drain, "err", err)
			_ = s.Close()
		}
	}
	stop()
	return g.Wait()
}

func serve(s *http.Server, l net.Listener, secure bool) error {
	var err error
	if secure {
		err = s.ServeTLS(l, "", "")
	} else {
		err = s.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// apply makes the engine and the meter follow an SLA. The space's limit is that of the SLA in charge of it, the counters are each one's own.
func (n *node) apply(ctx context.Context, s access.Listed) error {
	account := object.Space(s.ID.String())
	switch s.Phase {
	case access.Waiting:
		if s.Space == account {
			n.meter.Forget(account) // it was to take data over, and will not
			return nil
		}
		return n.count(&s)
	case access.Live, access.Retention, access.ReadOnly:
		if !s.Succeeded {
			n.engine.SetLimit(s.Space, clamp(s.Volume))
		}
		return n.count(&s)
	case access.Over:
		n.meter.Suspend(account)
		if !s.Succeeded {
			if err := n.removeSpace(ctx, s.Space); err != nil {
				return fmt.Errorf("removing the data of SLA %s: %w", s.ID, err)
			}
		}
		if err := n.proofs.Forget(s.ID); err != nil {
			return err
		}
		n.meter.Forget(account)
	}
	return nil
}

// count opens the SLA's account, or changes its limits.
func (n *node) count(s *access.Listed) error {
	account := object.Space(s.ID.String())
	l := meter.Limits{Egress: clamp(s.Egress), RateLimit: s.RateLimit, ReadOnly: s.Phase == access.ReadOnly, Until: s.Ends}
	if s.Space == account {
		return n.meter.Admit(account, l, true)
	}
	return n.meter.Succeed(account, s.Space, s.Starts, l)
}

func (n *node) removeSpace(ctx context.Context, space object.Space) error {
	if err := n.engine.RemoveSpace(ctx, space); err != nil {
		return err
	}
	id, err := ids.Parse(string(space))
	if err != nil {
		return err
	}
	return n.proofs.ForgetSpace(id)
}

func clamp(v uint64) int64 { return int64(min(v, 1<<62)) }

var _ s3.Meter = (*figures)(nil)
