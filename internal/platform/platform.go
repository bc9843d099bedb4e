// Package platform is the hub program: register, marketplace, monitor, keeper and API over one database. It holds neither coins nor bytes, and what it knows can be rebuilt from the
// chain and the validators' log; losing it costs nobody anything.
package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
	"github.com/flashback-network/flashback/internal/platform/indexer"
	"github.com/flashback-network/flashback/internal/platform/keeper"
	"github.com/flashback-network/flashback/internal/platform/monitor"
	"github.com/flashback-network/flashback/internal/platform/register"
	"github.com/flashback-network/flashback/internal/store"
)

// Options of a platform.
type Options struct {
	Dir      string // database; empty: memory
	Listen   string // host:port
	Chain    chain.Chain
	Oracle   cert.Config
	Network  deployment.Network // what clients are told
	Relayer  chain.Signer       // pays fees of bindings and settlements; owns nothing else
	Reports  keeper.Reports     // the validators' public log
	Poll     time.Duration      // of the chain; default 1 s
	Logger   *slog.Logger
	Now      func() time.Time // default time.Now
	OnListen func(net.Addr)   // told when the API listens
}

const drain = 5 * time.Second

// Run serves until ctx ends. It returns nil after a clean stop.
func Run(ctx context.Context, o Options) error {
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	path := ""
	if o.Dir != "" {
		path = filepath.Join(o.Dir, "platform.db")
	}
	db, err := store.Open(ctx, path)
	if err != nil {
		return err
	}
	defer db.Close()
	ln, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("listening for the API: %w", err)
	}
	if o.OnListen != nil {
		o.OnListen(ln.Addr())
	}

	reg := register.New(db, o.Chain, o.Relayer, o.Now)
	mon := monitor.New(db, func(ctx context.Context) ([]monitor.Target, error) { return targets(ctx, reg) }, o.Now, o.Logger)
	idx := indexer.New(db, o.Chain, reg, o.Logger)
	idx.OnEvent = func(e chain.Event) {
		if err := mon.OnEvent(ctx, e); err != nil && ctx.Err() == nil {
			o.Logger.Warn("turning an event into an alarm", "err", err)
		}
	}
	keep := keeper.New(db, o.Chain, o.Reports, mon, o.Relayer, o.Logger)
	var ready atomic.Bool
	h := httpapi.New(httpapi.Options{Name: o.Network.Name, DB: db, Chain: o.Chain, Register: reg, Monitor: mon, Network: o.Network, Oracle: o.Oracle, Logger: o.Logger, Ready: func() error {
		if !ready.Load() {
			return fault.New(fault.Unavailable, "catching_up", "the platform is still reading the chain")
		}
		return nil
	}})
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug)}

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving the API: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return srv.Shutdown(end)
	})
	g.Go(func() error { return idx.Run(ctx, o.Poll, func() { ready.Store(true) }) })
	g.Go(func() error { return mon.Run(ctx, 2*o.Poll) })
	g.Go(func() error { return keep.Run(ctx, o.Poll) })
	return g.Wait()
}

// targets are the bound nodes.
func targets(ctx context.Context, reg *register.Register) ([]monitor.Target, error) {
	var l []monitor.Target
	after := ""
	for {
		nodes, err := reg.Nodes(ctx, "", after, 500)
		if err != nil {
			return nil, err
		}
		for _, n := range nodes {
			if n.ID != "" {
				l = append(l, monitor.Target{ID: n.ID, Endpoint: n.Endpoint})
			}
			after = n.Key.String()
		}
		if len(nodes) < 500 {
			return l, nil
		}
	}
}
