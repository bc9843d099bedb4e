package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stellar/go-stellar-sdk/keypair"
	"github.com/stellar/go-stellar-sdk/network"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
)

// DefaultHistory is how many closed ledgers' transactions and events are kept: a public RPC server's seven days.
const DefaultHistory = 120_960

// Options of a Ledger.
type Options struct {
	Dir        string           // where the ledger is kept; empty = in memory only
	Passphrase string           // of the network; a stored ledger refuses another one
	Genesis    time.Time        // close time of the first ledger of a new network
	Now        func() time.Time // the clock that transactions are checked against before they are in a ledger
	History    uint32           // closed ledgers to keep; 0 = DefaultHistory
	Logger     *slog.Logger     // nil = none
}

// Head is the newest ledger. It is immutable.
type Head struct {
	Seq          uint32
	CloseTime    int64 // Unix seconds
	Hash         [32]byte
	Header       xdr.LedgerHeader
	Transactions uint64 // in all ledgers so far, failed ones too
}

// Ledger is the network's only node. It is safe for concurrent use.
type Ledger struct {
	networkID  [32]byte
	passphrase string
	log        *slog.Logger
	now        func() time.Time
	rt         *host.Runtime
	pool       *host.Pool // for simulation and fees
	db         *db
	state      *state
	head       atomic.Pointer[Head]

	closing sync.Mutex // held while a ledger is closed; guards the next two
	inst    *host.Instance
	expiry  expiryHeap

	broken atomic.Pointer[error] // why no more ledgers are closed

	mu    sync.Mutex // guards the queue and the signals
	queue *queue
	ready chan struct{} // closed when a transaction waits
	next  chan struct{} // closed when a ledger has been closed
}

// Open loads the ledger kept in o.Dir, or begins a new network. The runtime stays the caller's.
func Open(ctx context.Context, rt *host.Runtime, o Options) (*Ledger, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.History == 0 {
		o.History = DefaultHistory
	}
	l := &Ledger{networkID: network.ID(o.Passphrase), passphrase: o.Passphrase, log: o.Logger, now: o.Now, rt: rt,
		pool: host.NewPool(rt, runtime.GOMAXPROCS(0)), state: newState(), queue: newQueue(),
		ready: make(chan struct{}), next: make(chan struct{})}
	var err error
	if l.db, err = openDB(ctx, o.Dir, o.Passphrase, o.History); err != nil {
		return nil, err
	}
	if err := l.restore(ctx, o.Genesis); err != nil {
		return nil, errors.Join(err, l.Shut(ctx))
	}
	return l, nil
}

// restore loads the stored state, or makes the first ledger.
func (l *Ledger) restore(ctx context.Context, genesis time.Time) error {
	head, err := l.db.head(ctx)
	if err != nil {
		return err
	}
	if head == nil {
		return l.begin(ctx, genesis)
	}
	entries, err := l.db.entries(ctx)
	if err != nil {
		return err
	}
	for k, e := range entries {
		if err := l.expiry.note(k, e); err != nil {
			return err
		}
	}
	l.state.commit(head.Seq, entries)
	l.head.Store(head)
	return nil
}

// Root is the account that holds all lumens at genesis, as on every Stellar network: its seed is the network id.
func Root(passphrase string) *keypair.Full { return keypair.Root(passphrase) }

func (l *Ledger) begin(ctx context.Context, genesis time.Time) error {
	inst, err := l.applyInstance(ctx)
	if err != nil {
		return err
	}
	costs, err := inst.CostModel(ctx)
	if err != nil {
		return err
	}
	snap := l.state.snapshot()
	defer snap.Close()
	const seq = 2 // ledger 1 has neither contracts nor an RPC history on any network
	top := newOverlay(snap)
	if err := firstEntries(top, costs, l.passphrase, seq); err != nil {
		return err
	}
	c := &closed{changes: top.changed, header: xdr.LedgerHeader{LedgerSeq: seq, TotalCoins: totalCoins, BaseFee: BaseFee,
		BaseReserve: BaseReserve, MaxTxSetSize: maxLedgerTxs, PreviousLedgerHash: sha256.Sum256(l.networkID[:])}}
	if err := c.seal(genesis.Unix()); err != nil {
		return err
	}
	if err := l.db.append(ctx, c); err != nil {
		return err
	}
	l.advance(c, nil)
	return nil
}

// firstEntries are those of a network's first ledger: its settings, and the account that holds all lumens.
func firstEntries(top *overlay, costs []host.Cost, passphrase string, seq uint32) error {
	for _, cs := range settings(costs) {
		e := xdr.LedgerEntry{Data: xdr.LedgerEntryData{Type: xdr.LedgerEntryTypeConfigSetting, ConfigSetting: &cs}}
		if err := top.putEntry(e, seq); err != nil {
			return err
		}
	}
	root, err := xdr.AddressToAccountId(Root(passphrase).Address())
	if err != nil {
		return err
	}
	return top.putAccount(newAccount(root, totalCoins, 0), seq)
}

// Shut waits for a close under way and frees everything but the runtime.
func (l *Ledger) Shut(ctx context.Context) error {
	l.closing.Lock()
	defer l.closing.Unlock()
	l.fail(errShut)
	return errors.Join(l.dropApplyInstance(ctx), l.db.close())
}

var errShut = errors.New("ledger: shut")

// Failure is why no more ledgers are closed; nil as long as they are.
func (l *Ledger) Failure() error {
	if p := l.broken.Load(); p != nil {
		return *p
	}
	return nil
}

// fail stops the network; the first reason stays.
func (l *Ledger) fail(err error) { l.broken.CompareAndSwap(nil, &err) }

// Head is the newest ledger.
func (l *Ledger) Head() *Head { return l.head.Load() }

// Passphrase is the network's.
func (l *Ledger) Passphrase() string { return l.passphrase }

// Stats counts what the ledger holds.
type Stats struct {
	Ledger       uint32 // newest
	CloseTime    int64  // its time, Unix seconds
	Transactions uint64 // in all ledgers so far
	Entries      int    // ledger entries, archived ones too
	Waiting      int    // transactions in the queue
}

// Stats may be called at any time.
func (l *Ledger) Stats() Stats {
	h := l.Head()
	l.mu.Lock()
	defer l.mu.Unlock()
	return Stats{Ledger: h.Seq, CloseTime: h.CloseTime, Transactions: h.Transactions, Entries: l.state.size(), Waiting: len(l.queue.order)}
}

func (l *Ledger) env(seq uint32, at int64) host.Ledger {
	return host.Ledger{Protocol: Protocol, Sequence: seq, CloseTime: at, NetworkID: l.networkID, BaseReserve: BaseReserve}
}

// applyInstance is the closer's own instance, with its cache of parsed contracts. The caller holds closing (or is Open).
func (l *Ledger) applyInstance(ctx context.Context) (*host.Instance, error) {
	var err error
	if l.inst == nil {
		l.inst, err = l.rt.New(context.WithoutCancel(ctx))
	}
	return l.inst, err
}

func (l *Ledger) dropApplyInstance(ctx context.Context) error {
	if l.inst == nil {
		return nil
	}
	i := l.inst
	l.inst = nil
	return i.Close(ctx)
}

// At is the newest ledger and a snapshot of it, which the caller closes.
func (l *Ledger) At() (*Head, *Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Head(), l.state.snapshot()
}

// upcoming is the ledger that a transaction sent now would be in.
func (l *Ledger) upcoming(head *Head) host.Ledger {
	return l.env(head.Seq+1, max(l.now().Unix(), head.CloseTime))
}

// advance makes c the head and tells everyone who waits.
func (l *Ledger) advance(c *closed, gone map[[32]byte]bool) {
	var before uint64
	if h := l.Head(); h != nil {
		before = h.Transactions
	}
	for k, e := range c.changes {
		if err := l.expiry.note(k, e); err != nil {
			l.log.Error("an entry's key cannot be read; it will not be evicted", "cause", err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.commit(c.seq(), c.changes)
	l.head.Store(&Head{Seq: c.seq(), CloseTime: c.closeTime(), Hash: c.hash, Header: c.header, Transactions: before + uint64(len(c.txs))})
	l.queue = l.queue.without(gone)
	if len(l.queue.order) == 0 && closedChan(l.ready) {
		l.ready = make(chan struct{})
	}
	close(l.next)
	l.next = make(chan struct{})
}

func closedChan(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Waiting is closed as soon as a transaction waits for a ledger.
func (l *Ledger) Waiting() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ready
}

// Status says how a submission ended.
type Status string

const (
	Pending       Status = "PENDING"
	Duplicate     Status = "DUPLICATE"
	TryAgainLater Status = "TRY_AGAIN_LATER"
	Refused       Status = "ERROR"
)

// Submitted is the answer to Submit.
type Submitted struct {
	Status Status
	Hash   [32]byte
	Result *xdr.TransactionResult // why, if Refused
}

// ErrEnvelope says that what was submitted is no transaction envelope.
func ErrEnvelope(err error) bool { return errors.Is(err, errEnvelope) }

// decode parses an envelope and computes what its declared resources cost.
func (l *Ledger) decode(ctx context.Context, raw []byte) (*transaction, error) {
	t, err := parse(raw, l.networkID)
	if err != nil || t.soroban() == nil {
		return t, err
	}
	head, snap := l.At()
	defer snap.Close()
	res, err := t.soroban().Resources.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEnvelope, err)
	}
	err = l.pool.Do(ctx, func(i *host.Instance) (err error) {
		t.fixed, err = i.FixedFee(ctx, snap, l.upcoming(head), res, len(t.restored()), uint32(len(raw)))
		return err
	})
	return t, err
}

// Submit checks an envelope (XDR) as the network does and lets it wait for a ledger.
func (l *Ledger) Submit(ctx context.Context, raw []byte) (Submitted, error) {
	t, err := l.decode(ctx, raw)
	if err != nil {
		return Submitted{}, err
	}
	out := Submitted{Hash: t.hash, Status: Refused}

	l.mu.Lock()
	defer l.mu.Unlock()
	src := accountKey(t.source())
	switch {
	case l.queue.byHash[t.hash] != nil:
		out.Status = Duplicate
		return out, nil
	case l.Failure() != nil || len(l.queue.order) >= maxQueue || l.queue.count[src] >= maxPerAccount:
		out.Status = TryAgainLater
		return out, nil
	}
	snap := l.state.snapshot()
	defer snap.Close()
	v := &view{reader: snap, ledger: l.upcoming(l.Head()), lastSeq: l.queue.lastSeq, spoken: func(p string) int64 { return l.queue.spoken[p] }}
	r, err := v.validate(t)
	if err != nil {
		return Submitted{}, err
	}
	if !r.ok() {
		res := t.result(r, t.resourceFee()+t.minInclusion())
		out.Result = &res
		return out, nil
	}
	out.Status = Pending
	l.queue.add(t)
	if !closedChan(l.ready) {
		close(l.ready)
	}
	return out, nil
}

// Wait blocks until the transaction is in a ledger (true) or is no longer waiting for one (false).
func (l *Ledger) Wait(ctx context.Context, hash [32]byte) (bool, error) {
	for {
		l.mu.Lock()
		waiting, next := l.queue.byHash[hash] != nil, l.next
		l.mu.Unlock()
		if !waiting {
			t, err := l.Transaction(ctx, hash)
			return t != nil, err
		}
		select {
		case <-next:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// LastSequence is the sequence number after which the account's next transaction goes, those that wait included.
func (l *Ledger) LastSequence(address string) (int64, error) {
	id, err := xdr.AddressToAccountId(address)
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	snap := l.state.snapshot()
	defer snap.Close()
	a, err := loadAccount(snap, id)
	if err != nil {
		return 0, err
	}
	if a == nil {
		return 0, fmt.Errorf("ledger: no account %s", address)
	}
	return int64(l.queue.lastSeq(a)), nil
}
