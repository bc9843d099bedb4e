package ledger

import (
	"crypto/sha256"
	"slices"

	"github.com/stellar/go-stellar-sdk/xdr"
)

// ledgerChanges describes what an overlay changed, as transaction meta has it: STATE before UPDATED or REMOVED, CREATED
// or RESTORED alone, the TTL of a contract entry as an entry of its own. seq is the ledger being closed.
func (o *overlay) ledgerChanges(seq uint32) (xdr.LedgerEntryChanges, error) {
	changes := xdr.LedgerEntryChanges{}
	for _, key := range o.order {
		before, after := o.below.get(key), o.changed[key]
		archived := before.exists() && before.live != 0 && before.live < seq
		dataChanged := !slices.Equal(before.data, after.data)
		if dataChanged || archived && after.exists() {
			if err := appendChange(&changes, key, before.data, after.data, archived); err != nil {
				return nil, err
			}
		}
		if before.live == after.live {
			continue
		}
		ttlKey, beforeTTL, err := ttlEntry(key, before)
		if err != nil {
			return nil, err
		}
		_, afterTTL, err := ttlEntry(key, after)
		if err != nil {
			return nil, err
		}
		if err := appendChange(&changes, ttlKey, beforeTTL, afterTTL, archived); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

func appendChange(to *xdr.LedgerEntryChanges, key string, before, after []byte, archived bool) error {
	var b, a xdr.LedgerEntry
	if before != nil {
		if err := b.UnmarshalBinary(before); err != nil {
			return err
		}
	}
	if after != nil {
		if err := a.UnmarshalBinary(after); err != nil {
			return err
		}
	}
	switch {
	case before == nil && after == nil:
	case before == nil:
		*to = append(*to, xdr.LedgerEntryChange{Type: xdr.LedgerEntryChangeTypeLedgerEntryCreated, Created: &a})
	case archived && after != nil:
		*to = append(*to, xdr.LedgerEntryChange{Type: xdr.LedgerEntryChangeTypeLedgerEntryRestored, Restored: &a})
	case after == nil:
		var k xdr.LedgerKey
		if err := k.UnmarshalBinary([]byte(key)); err != nil {
			return err
		}
		*to = append(*to, xdr.LedgerEntryChange{Type: xdr.LedgerEntryChangeTypeLedgerEntryState, State: &b},
			xdr.LedgerEntryChange{Type: xdr.LedgerEntryChangeTypeLedgerEntryRemoved, Removed: &k})
	default:
		*to = append(*to, xdr.LedgerEntryChange{Type: xdr.LedgerEntryChangeTypeLedgerEntryState, State: &b},
			xdr.LedgerEntryChange{Type: xdr.LedgerEntryChangeTypeLedgerEntryUpdated, Updated: &a})
	}
	return nil
}

// ttlEntry is the TTL of an entry as the ledger entry it is on the network; nil if it has none.
func ttlEntry(key string, e entry) (string, []byte, error) {
	hash := xdr.Hash(sha256.Sum256([]byte(key)))
	k := xdr.LedgerKey{Type: xdr.LedgerEntryTypeTtl, Ttl: &xdr.LedgerKeyTtl{KeyHash: hash}}
	kb, err := k.MarshalBinary()
	if err != nil || !e.exists() || e.live == 0 {
		return string(kb), nil, err
	}
	le := xdr.LedgerEntry{LastModifiedLedgerSeq: xdr.Uint32(e.liveMod), Data: xdr.LedgerEntryData{Type: xdr.LedgerEntryTypeTtl,
		Ttl: &xdr.TtlEntry{KeyHash: hash, LiveUntilLedgerSeq: xdr.Uint32(e.live)}}}
	data, err := le.MarshalBinary()
	return string(kb), data, err
}
