package ledger

import (
	"github.com/stellar/go-stellar-sdk/xdr"
)

// maxQueue bounds the transactions that wait for a ledger.
const maxQueue = 4096

// maxPerAccount bounds the transactions of one source account that wait.
const maxPerAccount = 128

// queue is the transactions that wait, in the order of arrival. Its owner holds Ledger.mu.
type queue struct {
	order  []*transaction
	byHash map[[32]byte]*transaction
	last   map[string]*transaction // newest per source account
	count  map[string]int          // per source account
	spoken map[string]int64        // stroops promised per payer
}

func newQueue() *queue {
	return &queue{byHash: map[[32]byte]*transaction{}, last: map[string]*transaction{}, count: map[string]int{}, spoken: map[string]int64{}}
}

// lastSeq is the sequence number after which the account's next transaction goes.
func (q *queue) lastSeq(a *xdr.AccountEntry) xdr.SequenceNumber {
	if t := q.last[accountKey(a.AccountId)]; t != nil {
		return max(t.tx.SeqNum, a.SeqNum)
	}
	return a.SeqNum
}

func (q *queue) add(t *transaction) {
	src := accountKey(t.source())
	q.order = append(q.order, t)
	q.byHash[t.hash] = t
	q.last[src] = t
	q.count[src]++
	q.spoken[accountKey(t.payer())] += t.charge()
}

// without rebuilds the queue without the transactions that are in a ledger now or have become invalid.
func (q *queue) without(gone map[[32]byte]bool) *queue {
	next := newQueue()
	for _, t := range q.order {
		if !gone[t.hash] {
			next.add(t)
		}
	}
	return next
}

// usage adds up what the transactions of one ledger may use. The first to be added always fits: no transaction may
// declare more than a ledger has.
type usage struct {
	txs, soroban, size, instructions, reads, readBytes, writes, writeBytes int
}

func (u *usage) fits(t *transaction) bool {
	n := *u
	n.txs++
	if d := t.soroban(); d != nil {
		n.soroban++
		n.size += len(t.raw)
		n.instructions += int(d.Resources.Instructions)
		n.reads += diskReads(t)
		n.readBytes += int(d.Resources.DiskReadBytes)
		n.writes += len(d.Resources.Footprint.ReadWrite)
		n.writeBytes += int(d.Resources.WriteBytes)
	}
	if n.txs > maxLedgerTxs || n.soroban > ledgerMaxSorobanTxs || n.size > ledgerMaxTxBytes || n.instructions > ledgerMaxInstructions ||
		n.reads > ledgerMaxReadEntries || n.readBytes > ledgerMaxReadBytes || n.writes > ledgerMaxWriteEntries || n.writeBytes > ledgerMaxWriteBytes {
		return false
	}
	*u = n
	return true
}
