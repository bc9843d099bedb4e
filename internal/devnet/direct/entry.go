package direct

import (
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

func accountKey(a ids.Account) xdr.LedgerKey {
	return xdr.LedgerKey{Type: xdr.LedgerEntryTypeAccount, Account: &xdr.LedgerKeyAccount{AccountId: scval.AccountID(a)}}
}

// DataKey is the ledger key of a contract's persistent entry.
func DataKey(contract ids.Account, key xdr.ScVal) xdr.LedgerKey {
	return xdr.LedgerKey{Type: xdr.LedgerEntryTypeContractData, ContractData: &xdr.LedgerKeyContractData{
		Contract: scval.ScAddress(contract), Key: key, Durability: xdr.ContractDataDurabilityPersistent}}
}

func instanceKey(contract ids.Account) xdr.LedgerKey {
	return DataKey(contract, xdr.ScVal{Type: xdr.ScValTypeScvLedgerKeyContractInstance})
}

// Found is an entry of the ledger.
type Found struct {
	Entry     xdr.LedgerEntry
	LiveUntil uint32 // the last ledger in which it is live; 0: it has no lifetime
	Archived  bool   // that ledger is past
}

func (r *Rig) entry(k xdr.LedgerKey) (Found, bool) {
	f, ok, err := r.Entry(k)
	return f, ok && err == nil
}

// Entry reads the ledger, archived entries too.
func (r *Rig) Entry(k xdr.LedgerKey) (f Found, ok bool, err error) {
	kb, err := k.MarshalBinary()
	if err != nil {
		return f, false, err
	}
	data, live, ok := r.sheet.Entry(string(kb))
	if !ok {
		return f, false, nil
	}
	f.LiveUntil, f.Archived = live, live != 0 && live < r.Ledger()
	return f, true, f.Entry.UnmarshalBinary(data)
}

// Stored is the value under a key of a contract's persistent storage: for a key of a Rust enum, scval.Variant(name, values…).
func (r *Rig) Stored(contract ids.Account, key xdr.ScVal) (v xdr.ScVal, ok bool, err error) {
	f, ok, err := r.Entry(DataKey(contract, key))
	if err != nil || !ok {
		return v, false, err
	}
	if f.Entry.Data.ContractData == nil {
		return v, false, fmt.Errorf("direct: the entry is no contract data")
	}
	return f.Entry.Data.ContractData.Val, true, nil
}

// Archive ends the lifetime of a contract's persistent entry before the current ledger, as if nobody had extended it.
func (r *Rig) Archive(contract ids.Account, key xdr.ScVal) error {
	kb, err := DataKey(contract, key).MarshalBinary()
	if err != nil {
		return err
	}
	return r.sheet.Expire(string(kb))
}

// Footprint of everything that contracts have stored: keys with their entries, in no order, until f says false.
func (r *Rig) Each(f func(k xdr.LedgerKey, found Found) bool) error {
	var failed error
	r.sheet.Each(func(key string, data []byte, live uint32) bool {
		var k xdr.LedgerKey
		x := Found{LiveUntil: live, Archived: live != 0 && live < r.Ledger()}
		if failed = k.UnmarshalBinary([]byte(key)); failed == nil {
			failed = x.Entry.UnmarshalBinary(data)
		}
		return failed == nil && f(k, x)
	})
	return failed
}

func contractAccount(id xdr.ContractId) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: id}
}

// account reads an address; zero for a kind that the network has no accounts for.
func account(a xdr.ScAddress) ids.Account {
	of, err := scval.ReadAccount(a)
	if err != nil {
		return ids.Account{}
	}
	return of
}
