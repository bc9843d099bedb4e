package devnet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/devnet/host"
	"github.com/flashback-network/flashback/internal/devnet/ledger"
	"github.com/flashback-network/flashback/internal/devnet/rpc"
)

// The defaults of Options.
const (
	DefaultPassphrase = "Flashback Local Network ; 2026"
	DefaultListen     = "127.0.0.1:0"
	DefaultClose      = 100 * time.Millisecond
	DefaultIdle       = 5 * time.Second
)

// Options of a network. The zero value is a network in memory on a free loopback port.
type Options struct {
	Dir        string        // the durable ledger; empty = memory only, gone with the process
	Passphrase string        // default DefaultPassphrase; a stored ledger refuses another one
	Listen     string        // default DefaultListen; anyone who reaches it may use friendbot and, if Manual, the clock
	Close      time.Duration // a ledger closes this long after the first transaction waits; default DefaultClose
	Idle       time.Duration // without transactions a ledger closes this often; default DefaultIdle
	Manual     bool          // ledger time moves by Advance only; no idle ledgers
	Start      time.Time     // time of a new network's first ledger; default now, or with Manual 2026-01-01
	History    uint32        // closed ledgers whose transactions and events are kept; default ledger.DefaultHistory
	CacheDir   string        // for the compiled host; default the user's cache directory
	Logger     *slog.Logger  // default none
}

func (o *Options) fill() {
	if o.Passphrase == "" {
		o.Passphrase = DefaultPassphrase
	}
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.Close <= 0 {
		o.Close = DefaultClose
	}
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	if o.Start.IsZero() {
		if o.Start = time.Now(); o.Manual {
			o.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		}
	}
	if o.CacheDir == "" {
		o.CacheDir = host.DefaultCacheDir()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Network is a running network. Close it.
type Network struct {
	o      Options
	clock  *clock
	rt     *host.Runtime
	ledger *ledger.Ledger
	server *http.Server
	url    string
	stop   context.CancelFunc
	tasks  sync.WaitGroup // the closer and the HTTP server
}

// Open starts a network, or goes on with the one in o.Dir. It serves when Open returns. The context bounds the start only.
func Open(ctx context.Context, o Options) (n *Network, err error) {
	o.fill()
	n = &Network{o: o, clock: newClock(o.Manual, o.Start)}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("devnet: %w", err), n.free())
			n = nil
		}
	}()
	background := context.WithoutCancel(ctx)
	if n.rt, err = host.Open(background, o.CacheDir); err != nil {
		return n, err
	}
	n.ledger, err = ledger.Open(ctx, n.rt, ledger.Options{Dir: o.Dir, Passphrase: o.Passphrase, Genesis: o.Start,
		Now: n.clock.now, History: o.History, Logger: o.Logger})
	if err != nil {
		return n, err
	}
	n.clock.notBefore(time.Unix(n.ledger.Head().CloseTime, 0))
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return n, err
	}
	n.url = "http://" + listener.Addr().String()
	n.server = &http.Server{Handler: n.routes(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug)}
	run, stop := context.WithCancel(background)
	n.stop = stop
	n.tasks.Go(func() { n.closeLedgers(run) })
	n.tasks.Go(func() {
		if err := n.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			o.Logger.Error("the RPC server has stopped", "cause", err)
		}
	})
	return n, nil
}

func (n *Network) routes() http.Handler {
	mux := http.NewServeMux()
	bot := newFriendbot(n.ledger, n.o.Logger)
	mux.Handle("/friendbot", bot)
	mux.Handle("/{$}", rpc.New(n.ledger, n.url+"/friendbot", n.o.Logger))
	if n.o.Manual {
		mux.HandleFunc("POST /clock", n.serveClock)
	}
	return mux
}

// URL is where JSON-RPC is served; the friendbot is at URL/friendbot?addr=G….
func (n *Network) URL() string { return n.url }

// Passphrase is the network's, which transactions are signed for.
func (n *Network) Passphrase() string { return n.o.Passphrase }

// Stats counts what the ledger holds.
func (n *Network) Stats() ledger.Stats { return n.ledger.Stats() }

// Failure is why no more ledgers are closed, for instance a full disk; nil as long as they are. Open again to go on.
func (n *Network) Failure() error { return n.ledger.Failure() }

// closeLedgers closes a ledger whenever it is time, until ctx ends.
func (n *Network) closeLedgers(ctx context.Context) {
	idle := time.NewTicker(n.o.Idle)
	defer idle.Stop()
	if n.o.Manual {
		idle.Stop()
	}
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-idle.C:
		case <-n.ledger.Waiting():
			wait.Reset(n.o.Close)
			select {
			case <-ctx.Done():
				return
			case <-wait.C:
			}
		}
		if err := n.ledger.Close(ctx, n.clock.now().Unix(), 1); err != nil {
			n.o.Logger.Error("a ledger was not closed; the network stands still", "cause", err)
			return
		}
		if !n.o.Manual {
			idle.Reset(n.o.Idle)
		}
	}
}

// Close stops serving, waits for a ledger that is being closed, and frees everything. What was acknowledged is durable
// with or without it.
func (n *Network) Close() error {
	if n.stop != nil {
		n.stop()
	}
	return n.free()
}

func (n *Network) free() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var errs []error
	if n.server != nil {
		if err := n.server.Shutdown(ctx); err != nil {
			errs = append(errs, n.server.Close())
		}
	}
	n.tasks.Wait()
	if n.ledger != nil {
		errs = append(errs, n.ledger.Shut(context.Background()))
	}
	if n.rt != nil {
		errs = append(errs, n.rt.Close(context.Background()))
	}
	return errors.Join(errs...)
}
