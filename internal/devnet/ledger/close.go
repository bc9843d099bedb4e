package ledger

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
)

// closed is everything about one closed ledger that is stored.
type closed struct {
	header  xdr.LedgerHeader
	hash    [32]byte
	txs     []*applied
	changes map[string]entry
	evicted []xdr.LedgerKey
}

func (c *closed) seq() uint32      { return uint32(c.header.LedgerSeq) }
func (c *closed) closeTime() int64 { return int64(c.header.ScpValue.CloseTime) }

func hexHash(h [32]byte) string { return hex.EncodeToString(h[:]) }

// Close closes one ledger: its time is at (Unix seconds, never before the last one's), its number skip after the last
// one's (1 is the next). It takes every waiting transaction that is valid then and fits. When it returns, the ledger is
// durable and visible. An error is final: Failure.
func (l *Ledger) Close(ctx context.Context, at int64, skip uint32) error {
	l.closing.Lock()
	defer l.closing.Unlock()
	if err := l.Failure(); err != nil {
		return err
	}
	head := l.Head()
	if skip == 0 || head.Seq > 1<<31-1-skip {
		return fmt.Errorf("ledger: cannot close ledger %d + %d", head.Seq, skip)
	}
	env := l.env(head.Seq+skip, max(at, head.CloseTime))
	snap := l.state.snapshot()
	defer snap.Close()
	txs, gone, err := l.pick(snap, env)
	if err != nil {
		l.fail(err)
		return err
	}
	c, err := l.build(ctx, snap, head, env, txs)
	if err != nil {
		l.fail(err)
		return err
	}
	if err := l.db.append(ctx, c); err != nil {
		// Whether the record is on disk is not known: going on could tell two histories.
		l.fail(fmt.Errorf("ledger: %d could not be stored, no more ledgers are closed: %w", c.seq(), err))
		return l.Failure()
	}
	for _, x := range c.txs {
		gone[x.t.hash] = true
	}
	l.advance(c, gone)
	return nil
}

// pick chooses the transactions of the next ledger. gone are those that have become invalid while they waited.
func (l *Ledger) pick(snap *Snapshot, env host.Ledger) (txs []*applied, gone map[[32]byte]bool, err error) {
	gone = map[[32]byte]bool{}
	l.mu.Lock()
	waiting := slices.Clone(l.queue.order)
	l.mu.Unlock()
	if len(waiting) == 0 {
		return nil, gone, nil
	}
	picked, held, used := newQueue(), map[string]bool{}, usage{}
	v := &view{reader: snap, ledger: env, lastSeq: picked.lastSeq,
		spoken: func(payer string) int64 { return picked.spoken[payer] }}
	for _, t := range waiting {
		src := accountKey(t.source())
		if held[src] {
			continue
		}
		r, err := v.validate(t)
		if err != nil {
			return nil, nil, err
		}
		if !r.ok() {
			gone[t.hash] = true
			l.log.Info("a waiting transaction has become invalid", "tx", hexHash(t.hash), "code", r.code.String())
			continue
		}
		if !used.fits(t) {
			held[src] = true // its later transactions have to wait too
			continue
		}
		picked.add(t)
		txs = append(txs, &applied{t: t, index: uint32(len(txs) + 1)})
	}
	return txs, gone, nil
}

// build computes the next ledger without changing anything.
func (l *Ledger) build(ctx context.Context, snap *Snapshot, head *Head, env host.Ledger, txs []*applied) (*closed, error) {
	a := &applier{l: l, ctx: ctx, at: env, top: newOverlay(snap)}
	for _, x := range txs {
		if err := a.takeFee(x); err != nil {
			return nil, err
		}
	}
	for _, x := range txs {
		if err := a.apply(x); err != nil {
			// One transaction that we cannot deal with must not stop the network: it fails, and pays.
			l.log.Error("a transaction could not be applied", "tx", hexHash(x.t.hash), "cause", err)
			x.internalError()
		}
	}
	c := &closed{txs: txs}
	feePool := head.Header.FeePool
	for _, x := range txs {
		if err := a.giveRefund(x); err != nil {
			return nil, err
		}
		feePool += xdr.Int64(x.charged - x.refund)
	}
	var err error
	if c.evicted, err = l.evict(a.top, env.Sequence); err != nil {
		return nil, err
	}
	c.changes = a.top.changed
	c.header = head.Header
	c.header.LedgerSeq, c.header.PreviousLedgerHash, c.header.FeePool = xdr.Uint32(env.Sequence), head.Hash, feePool
	return c, c.seal(env.CloseTime)
}

// seal fills in the header's hashes and computes its own.
func (c *closed) seal(closeTime int64) error {
	set, err := txSet(c.header.PreviousLedgerHash, c.txs).MarshalBinary()
	if err != nil {
		return err
	}
	results := xdr.TransactionResultSet{}
	for _, x := range c.txs {
		results.Results = append(results.Results, xdr.TransactionResultPair{TransactionHash: x.t.hash, Result: x.result})
	}
	rs, err := results.MarshalBinary()
	if err != nil {
		return err
	}
	c.header.LedgerVersion = Protocol
	c.header.ScpValue = xdr.StellarValue{TxSetHash: sha256.Sum256(set), CloseTime: xdr.TimePoint(closeTime)}
	c.header.TxSetResultHash = sha256.Sum256(rs)
	c.header.BucketListHash = stateHash(c.header.BucketListHash, c.changes)
	hb, err := c.header.MarshalBinary()
	if err != nil {
		return err
	}
	c.hash = sha256.Sum256(hb)
	return nil
}

// stateHash commits to the state by chaining the changes of every ledger. This network keeps no bucket list: the field
// of that name in the header is this.
func stateHash(prev xdr.Hash, changes map[string]entry) xdr.Hash {
	h := sha256.New()
	h.Write(prev[:])
	part := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		h.Write(b)
	}
	for _, k := range slices.Sorted(maps.Keys(changes)) {
		part([]byte(k))
		part(changes[k].data)
		h.Write(binary.BigEndian.AppendUint32(nil, changes[k].live))
	}
	return xdr.Hash(h.Sum(nil))
}

// txSet is the set of a ledger's transactions in the form of the protocol: a classic and a Soroban phase.
func txSet(previous xdr.Hash, txs []*applied) xdr.GeneralizedTransactionSet {
	fee := xdr.Int64(BaseFee)
	var classic, soroban []xdr.TransactionEnvelope
	for _, x := range txs {
		if x.t.soroban() != nil {
			soroban = append(soroban, x.t.env)
		} else {
			classic = append(classic, x.t.env)
		}
	}
	components := []xdr.TxSetComponent{}
	if len(classic) > 0 {
		components = append(components, xdr.TxSetComponent{Type: xdr.TxSetComponentTypeTxsetCompTxsMaybeDiscountedFee,
			TxsMaybeDiscountedFee: &xdr.TxSetComponentTxsMaybeDiscountedFee{BaseFee: &fee, Txs: classic}})
	}
	parallel := &xdr.ParallelTxsComponent{BaseFee: &fee, ExecutionStages: []xdr.ParallelTxExecutionStage{}}
	if len(soroban) > 0 {
		parallel.ExecutionStages = append(parallel.ExecutionStages, xdr.ParallelTxExecutionStage{soroban})
	}
	return xdr.GeneralizedTransactionSet{V: 1, V1TxSet: &xdr.TransactionSetV1{PreviousLedgerHash: previous,
		Phases: []xdr.TransactionPhase{{V: 0, V0Components: &components}, {V: 1, ParallelTxsComponent: parallel}}}}
}

// evict removes temporary entries that have expired, oldest first, a bounded number per ledger.
func (l *Ledger) evict(o *overlay, seq uint32) ([]xdr.LedgerKey, error) {
	var keys []xdr.LedgerKey
	for n := 0; l.expiry.Len() > 0 && l.expiry[0].live < seq && n < maxEvictionsPerLedger; n++ {
		next := heap.Pop(&l.expiry).(expiring)
		e := o.get(next.key)
		if !e.exists() || e.live >= seq {
			continue // gone, or extended: advance notes its new time
		}
		var k xdr.LedgerKey
		if err := k.UnmarshalBinary([]byte(next.key)); err != nil {
			return nil, err
		}
		keys = append(keys, k)
		o.put(next.key, entry{})
	}
	return keys, nil
}

// expiring is a temporary entry and the ledger after which it is gone.
type expiring struct {
	live uint32
	key  string
}

type expiryHeap []expiring

func (h expiryHeap) Len() int           { return len(h) }
func (h expiryHeap) Less(i, j int) bool { return h[i].live < h[j].live }
func (h expiryHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *expiryHeap) Push(x any)        { *h = append(*h, x.(expiring)) }
func (h *expiryHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// note remembers when a temporary entry expires. An entry may be in the heap several times; evict looks again.
func (h *expiryHeap) note(key string, e entry) error {
	if e.live == 0 || !e.exists() {
		return nil
	}
	var k xdr.LedgerKey
	if err := k.UnmarshalBinary([]byte(key)); err != nil {
		return err
	}
	if k.Type == xdr.LedgerEntryTypeContractData && !persistent(k) {
		heap.Push(h, expiring{e.live, key})
	}
	return nil
}
