package ledger

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/stellar/go-stellar-sdk/network"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
)

// Sheet is a network's state in memory that operations are applied to one by one, without transactions, sequence numbers, signatures of envelopes, fees or history: what a test of contracts
// needs of a ledger and no more. It begins as every network of this package does. Use it from one goroutine; a Fork is independent.
type Sheet struct {
	at      host.Ledger
	entries map[string]entry
	shared  bool // entries is somebody else's too: copy before writing
}

// NewSheet makes the first ledger of a network. The instance is only asked for the cost model.
func NewSheet(ctx context.Context, inst *host.Instance, passphrase string, genesis time.Time) (*Sheet, error) {
	costs, err := inst.CostModel(ctx)
	if err != nil {
		return nil, err
	}
	s := &Sheet{entries: map[string]entry{}, at: host.Ledger{Protocol: Protocol, Sequence: 2, CloseTime: genesis.Unix(), NetworkID: network.ID(passphrase), BaseReserve: BaseReserve}}
	top := newOverlay(s)
	if err := firstEntries(top, costs, passphrase, s.at.Sequence); err != nil {
		return nil, err
	}
	s.merge(top)
	return s, nil
}

// Fork is a copy that costs nothing until one of the two is written to.
func (s *Sheet) Fork() *Sheet {
	s.shared = true
	c := *s
	return &c
}

// At is the ledger that the next operation is in.
func (s *Sheet) At() host.Ledger { return s.at }

// Len counts the entries, archived ones too.
func (s *Sheet) Len() int { return len(s.entries) }

// Advance moves time and ledger number on. Entries age by the latter.
func (s *Sheet) Advance(by time.Duration, ledgers uint32) error {
	if by < 0 || s.at.Sequence > 1<<31-1-ledgers {
		return fmt.Errorf("ledger: cannot advance by %s and %d ledgers", by, ledgers)
	}
	s.at.CloseTime += int64(by / time.Second)
	s.at.Sequence += ledgers
	return nil
}

// Entry implements host.Reader.
func (s *Sheet) Entry(key string) ([]byte, uint32, bool) { return hostEntry(s, key) }

func (s *Sheet) get(key string) entry { return s.entries[key] }

func (s *Sheet) merge(o *overlay) {
	if s.shared {
		s.entries, s.shared = maps.Clone(s.entries), false
	}
	for k, e := range o.changed {
		if e.exists() {
			s.entries[k] = e
		} else {
			delete(s.entries, k)
		}
	}
}

// Commit keeps what a contract call changed.
func (s *Sheet) Commit(changes []host.Change) error {
	o := newOverlay(s)
	if err := store(o, changes, s.at.Sequence); err != nil {
		return err
	}
	s.merge(o)
	return nil
}

// Classic applies an operation that needs no contract host. What the network would refuse is an error with its result code.
func (s *Sheet) Classic(op xdr.Operation, source xdr.AccountId) error {
	o := newOverlay(s)
	if !o.get(accountKey(source)).exists() {
		return errNoSource
	}
	r, ok, err := (&classic{overlay: o, seq: s.at.Sequence}).apply(&op, source)
	if err != nil {
		return err
	}
	if !ok {
		b, err := r.MarshalBinary()
		return fmt.Errorf("ledger: %s refused: result %x (%w)", op.Body.Type, b, err)
	}
	s.merge(o)
	return nil
}

// Expire makes an entry a contract's that was last live in the ledger before this one.
func (s *Sheet) Expire(key string) error {
	e := s.get(key)
	if !e.exists() || e.live == 0 {
		return fmt.Errorf("ledger: no entry with a lifetime")
	}
	o := newOverlay(s)
	o.put(key, entry{data: e.data, live: s.at.Sequence - 1, liveMod: s.at.Sequence})
	s.merge(o)
	return nil
}

// Each calls f with every entry, in no order, until it says false.
func (s *Sheet) Each(f func(key string, data []byte, liveUntil uint32) bool) {
	for k, e := range s.entries {
		if !f(k, e.data, e.live) {
			return
		}
	}
}
