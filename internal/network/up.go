package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/flashback-network/flashback/internal/bridge/admin"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/filelock"
	"github.com/flashback-network/flashback/internal/oracle"
)

// Options of Up.
type Options struct {
	Dir      string // made when it is not there
	BasePort int    // first of the ports on loopback; 0: DefaultBasePort
	Pace     Pace   // of a new network; zero: DefaultPace. A network keeps the pace it began with
	Exe      string // the program that is started for each role
	Logger   *slog.Logger
	Say      func(step string) // told what is being done; may be nil
	Ready    func(*Info)       // told once the network serves and network.json is written
	Verbose  bool
}

const (
	readyTimeout = 2 * time.Minute
	roleChain    = "chain"
	rolePlatform = "platform"
)

// Up runs the network until ctx ends, then stops it in order. A second Up on the same folder goes on where the first was.
func Up(ctx context.Context, o Options) (err error) {
	if o.BasePort == 0 {
		o.BasePort = DefaultBasePort
	}
	if o.Pace == (Pace{}) {
		o.Pace = DefaultPace
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	l := Layout{o.Dir}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return err
	}
	unlock, err := lock(l.lock())
	if err != nil {
		return err
	}
	defer unlock()
	p := portsFrom(o.BasePort)
	if err := p.free(); err != nil {
		return err
	}
	if err := os.Remove(l.InfoFile()); err != nil && !errors.Is(err, os.ErrNotExist) { // it says "ready"
		return err
	}
	w, err := openWallets(l)
	if err != nil {
		return err
	}

	s := newSupervisor(o.Exe, l, o.Logger)
	r := &roles{s: s, l: l, p: p, pace: o.Pace, verbose: o.Verbose}
	defer func() { s.stopAll(r.edge(), []string{roleChain}) }()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.serveControl(gctx) })
	g.Go(func() error {
		start, cancel := context.WithTimeout(gctx, readyTimeout)
		defer cancel()
		info, err := r.start(start, w, o.Logger, o.Say)
		if err != nil {
			if gctx.Err() != nil {
				return nil // stopped while starting
			}
			return err
		}
		if err := writeJSON(l.InfoFile(), info, 0o600); err != nil {
			return err
		}
		if o.Ready != nil {
			o.Ready(info)
		}
		<-gctx.Done()
		return nil
	})
	err = g.Wait()
	if e := os.Remove(l.InfoFile()); e != nil && !errors.Is(e, os.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return err
}

// lock keeps two networks out of one folder, until the process ends.
func lock(file string) (func(), error) {
	f, err := filelock.Open(file)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fault.New(fault.Conflict, "network_running", "a network runs from this folder already")
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = filelock.Close(f) }, nil
}

type roles struct {
	s       *supervisor
	l       Layout
	p       ports
	pace    Pace
	verbose bool
}

// edge are the roles that stand on the chain.
func (r *roles) edge() []string {
	l := []string{rolePlatform}
	for _, d := range demoNodes {
		l = append(l, d.node)
	}
	for i := range validators {
		l = append(l, validatorName(i))
	}
	return l
}

func (r *roles) add(name string, args ...string) error {
	if r.verbose {
		args = append(args, "--verbose")
	}
	return r.s.add(name, args...)
}

// start brings the roles up in order and the demo to life.
func (r *roles) start(ctx context.Context, w *wallets, log *slog.Logger, say func(string)) (*Info, error) {
	say("starting the chain")
	if err := r.add(roleChain, "chain", "--dir", r.l.Role(roleChain), "--listen", r.p.addr(r.p.chain)); err != nil {
		return nil, err
	}
	if err := r.s.waitFor(ctx, roleChain, func(ctx context.Context) error {
		_, err := stellar.Connect(ctx, stellar.Options{RPC: r.p.url(r.p.chain), Logger: slog.New(slog.DiscardHandler)})
		return err
	}); err != nil {
		return nil, err
	}
	n, err := foundation(ctx, r.l, w, r.p, r.pace, log, say)
	if err != nil {
		return nil, err
	}
	if n.Platform != r.p.url(r.p.platform) {
		return nil, fault.New(fault.Conflict, "port_changed", "this network lives at %s: start it with the same --base-port as before", n.Platform)
	}

	say("starting platform, nodes and validators")
	if err := r.add(rolePlatform, "platform", "--dir", r.l.Role(rolePlatform), "--listen", r.p.addr(r.p.platform), "--network", r.l.Deployment(), "--relayer", r.l.Wallet("relayer"), "--reports", r.reports()); err != nil {
		return nil, err
	}
	for i, d := range demoNodes {
		if err := r.add(d.node, "node", "--dir", r.l.Role(d.node), "--listen", r.p.addr(r.p.node(i)), "--network", r.l.Deployment()); err != nil {
			return nil, err
		}
	}
	members, err := oracle.InitLocal(r.l.Dir, validators)
	if err != nil {
		return nil, err
	}
	for i := range validators {
		if err := r.add(validatorName(i), "validator", "--dir", r.l.Role(validatorName(i)), "--listen", r.p.addr(r.p.validatorPeer(i)), "--status", r.p.addr(r.p.validatorStatus(i)),
			"--network", r.l.Deployment(), "--wallet", r.l.Wallet(validatorName(i)), "--peers", r.peers(members, i)); err != nil {
			return nil, err
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return r.s.waitFor(gctx, rolePlatform, func(ctx context.Context) error { return ok(ctx, n.Platform+"/readyz") })
	})
	for _, d := range demoNodes {
		g.Go(func() error {
			c := admin.NewClient(r.l.Role(d.node))
			return r.s.waitFor(gctx, d.node, func(ctx context.Context) error {
				st, err := c.Status(ctx)
				if err == nil && !st.Ready {
					err = errors.New("not ready yet")
				}
				return err
			})
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	c, err := stellar.Open(ctx, stellar.Options{RPC: n.StellarRPC, Passphrase: n.Passphrase, Contracts: n.Contracts, Logger: log})
	if err != nil {
		return nil, err
	}
	info, err := demo(ctx, r.l, w, r.p, n, c, say)
	if err != nil {
		return nil, err
	}
	say("waiting for the validators")
	for i := range validators {
		if err := r.s.waitFor(ctx, validatorName(i), func(ctx context.Context) error { return ok(ctx, r.p.url(r.p.validatorStatus(i))+"/readyz") }); err != nil {
			return nil, err
		}
	}
	return info, nil
}

// reports are the validators' doors, where leaves and proofs come from.
func (r *roles) reports() string {
	var l []string
	for i := range validators {
		l = append(l, r.p.url(r.p.validatorStatus(i)))
	}
	return strings.Join(l, ",")
}

// peers of validator i: the others.
func (r *roles) peers(members []oracle.Member, i int) string {
	var l []string
	for j, m := range members {
		if j != i {
			l = append(l, m.PeerAddress(r.p.addr(r.p.validatorPeer(j))))
		}
	}
	return strings.Join(l, ",")
}

// ok asks a role whether it is ready.
func ok(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10)) // the reason, if there is one
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", url, res.Status, b)
	}
	return nil
}
