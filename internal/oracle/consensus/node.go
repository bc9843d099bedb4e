package consensus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	cfg "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/proxy"
	"github.com/cometbft/cometbft/types"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/oracle/report"
)

// Options of a node. Dir holds keys (InitKeys), genesis (WriteGenesis) and all data.
type Options struct {
	Dir     string
	Key     *secp256k1.PrivateKey // the report key; it must be registered
	Listen  string                // host:port for peers
	Peers   []string              // id@host:port
	Retain  int64                 // blocks to keep; 0 keeps all, so that anyone can replay the whole log
	Logger  *slog.Logger
	Now     func() time.Time
	Changed func(*Committed) // called after every block, quickly, by the consensus itself
}

// Node is one validator's part of the log. Start it once; after Stop it is spent.
type Node struct {
	app   *app
	comet *node.Node
	dir   string
	stop  sync.Once
	trim  context.CancelFunc
	done  chan struct{}
	halt  halt
}

// ErrNotMember refuses a key that the genesis does not list.
var ErrNotMember = fault.New(fault.Invalid, "validator_unknown", "this report key is not one of the registered validators")

// Open reads what is on disk and gets ready to start.
func Open(o Options) (*Node, error) {
	doc, config, last, index, err := readGenesis(GenesisFile(o.Dir))
	if err != nil {
		return nil, err
	}
	me := config.Index(cert.PublicKey(o.Key))
	if me < 0 {
		return nil, ErrNotMember
	}
	ar, err := openArchive(filepath.Join(o.Dir, "report"))
	if err != nil {
		return nil, err
	}
	a := &app{config: config, digest: config.Digest(), me: uint32(me), key: o.Key, index: index, archive: ar, retain: o.Retain, logger: o.Logger, now: o.Now, changed: o.Changed}
	height, hash, state, err := ar.load(config)
	if err != nil {
		return nil, fmt.Errorf("saved state: %w", err)
	}
	if state == nil {
		state = report.New(config, last)
		h := state.Hash()
		hash = h[:]
	}
	a.saved = height
	a.committed.Store(&Committed{state, height, hash})
	n := &Node{app: a, dir: o.Dir, done: make(chan struct{}), halt: halt{ch: make(chan struct{})}}
	if err := n.build(o, doc); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *Node) build(o Options, doc *types.GenesisDoc) error {
	c := settings(o, time.Duration(n.app.config.EpochSeconds)*time.Second)
	if err := c.ValidateBasic(); err != nil {
		return fmt.Errorf("consensus settings: %w", err)
	}
	nk, err := p2p.LoadNodeKey(nodeKeyFile(o.Dir))
	if err != nil {
		return fmt.Errorf("peer key: %w", err)
	}
	n.comet, err = node.NewNode(c, privval.LoadFilePV(keyFile(o.Dir), keyStateFile(o.Dir)), nk, proxy.NewLocalClientCreator(n.app),
		func() (*types.GenesisDoc, error) { return doc, nil },
		func(x *cfg.DBContext) (dbm.DB, error) {
			db, err := dbm.NewDB(x.ID, dbm.BackendType(x.Config.DBBackend), x.Config.DBDir())
			return &lateDB{DB: db}, err
		},
		node.DefaultMetricsProvider(c.Instrumentation), logAdapter{l: o.Logger, halt: &n.halt})
	if err != nil {
		return fmt.Errorf("consensus node: %w", err)
	}
	return nil
}

// settings are for a small set of validators who know each other: no peer exchange, no RPC, no transaction index, blocks only when there is something to agree on.
func settings(o Options, epoch time.Duration) *cfg.Config {
	c := cfg.DefaultConfig()
	c.SetRoot(o.Dir)
	c.Moniker = filepath.Base(o.Dir)
	c.DBBackend = "goleveldb"
	c.RPC.ListenAddress = ""
	c.P2P.ListenAddress = "tcp://" + o.Listen
	c.P2P.AddrBookStrict = false
	c.P2P.AllowDuplicateIP = true
	c.P2P.PexReactor = false
	c.P2P.PersistentPeers = strings.Join(o.Peers, ",")
	c.P2P.PersistentPeersMaxDialPeriod = 2 * time.Second
	c.P2P.FlushThrottleTimeout = 10 * time.Millisecond
	c.TxIndex.Indexer = "null"
	c.Storage.DiscardABCIResponses = true
	c.Mempool.Size, c.Mempool.MaxTxsBytes, c.Mempool.MaxTxBytes, c.Mempool.CacheSize = 2000, 16<<20, report.MaxMessage, 4000
	c.Consensus.TimeoutPropose = time.Second
	c.Consensus.TimeoutPrevote = 500 * time.Millisecond
	c.Consensus.TimeoutPrecommit = 500 * time.Millisecond
	c.Consensus.TimeoutCommit = min(200*time.Millisecond, epoch/20)
	c.Consensus.CreateEmptyBlocks = false
	c.Consensus.CreateEmptyBlocksInterval = 10 * time.Second
	c.Instrumentation.Prometheus = false // one registry for all nodes of a process: ours are in the status door
	return c
}

// Start joins the peers. It replays what the log has beyond the saved state first.
func (n *Node) Start() error {
	if err := n.comet.Start(); err != nil {
		close(n.done)
		return fmt.Errorf("starting the consensus: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.trim = cancel
	go func() {
		defer close(n.done)
		t := time.NewTicker(10 * time.Minute)
		defer t.Stop()
		for {
			if err := trimLog(n.dir); err != nil {
				n.app.logger.Warn("the consensus log was not trimmed", "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
		}
	}()
	return nil
}

// Stop leaves the peers, waits for everything and saves the state.
func (n *Node) Stop() (err error) {
	n.stop.Do(func() {
		if n.trim != nil {
			n.trim()
		}
		if n.comet.IsRunning() {
			err = n.comet.Stop()
			n.comet.Wait()
			if p := n.comet.ProxyApp(); p.IsRunning() { // the node leaves it running
				err = errors.Join(err, p.Stop())
			}
			err = errors.Join(err, n.app.save(n.app.committed.Load()))
		}
		<-n.done
	})
	return err
}

// Failed is closed when the consensus gave up, which a restart may heal; Failure says why.
func (n *Node) Failed() <-chan struct{} { return n.halt.ch }

// Failure is nil until Failed is closed.
func (n *Node) Failure() error {
	select {
	case <-n.halt.ch:
		return n.halt.err
	default:
		return nil
	}
}

// Committed is the state after the last block.
func (n *Node) Committed() *Committed { return n.app.committed.Load() }

// Me is this validator's index.
func (n *Node) Me() uint32 { return n.app.me }

// Peers that are connected.
func (n *Node) Peers() int {
	out, in, _ := n.comet.Switch().NumPeers()
	return out + in
}

// Send puts a message into the mempool. A message that is there already is no error; one that would change nothing is the fault that says why.
func (n *Node) Send(raw []byte) error {
	m, err := report.Decode(raw, n.app.config, n.app.digest)
	if err != nil {
		return err
	}
	if err := n.Committed().State.Check(m); err != nil {
		return err
	}
	err = n.comet.Mempool().CheckTx(raw, nil, mempool.TxInfo{})
	if errors.Is(err, mempool.ErrTxInCache) {
		return nil
	}
	return err
}

// Certificates that were not forgotten, oldest first.
func (n *Node) Certificates() []*cert.Certificate { return n.app.archive.certificates() }

// Forget drops certificates up to an epoch that the chain has.
func (n *Node) Forget(epoch uint64) error { return n.app.archive.forget(epoch) }

// Report of an epoch that was closed with a root; ErrNoReport otherwise.
func (n *Node) Report(epoch uint64) (*report.Report, error) { return n.app.archive.report(epoch) }
