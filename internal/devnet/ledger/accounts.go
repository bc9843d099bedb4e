package ledger

import (
	"github.com/stellar/go-stellar-sdk/xdr"
)

func accountKey(id xdr.AccountId) string {
	k := xdr.LedgerKey{Type: xdr.LedgerEntryTypeAccount, Account: &xdr.LedgerKeyAccount{AccountId: id}}
	return mustKey(k)
}

func trustLineKey(id xdr.AccountId, a xdr.Asset) string {
	k := xdr.LedgerKey{Type: xdr.LedgerEntryTypeTrustline, TrustLine: &xdr.LedgerKeyTrustLine{AccountId: id, Asset: a.ToTrustLineAsset()}}
	return mustKey(k)
}

// mustKey encodes a key made by this package; that cannot fail.
func mustKey(k xdr.LedgerKey) string {
	b, err := k.MarshalBinary()
	if err != nil {
		panic(err)
	}
	return string(b)
}

// loadAccount is the account, or nil.
func loadAccount(r reader, id xdr.AccountId) (*xdr.AccountEntry, error) {
	le, err := load(r, accountKey(id))
	if err != nil || le == nil {
		return nil, err
	}
	return le.Data.Account, nil
}

func (o *overlay) putAccount(a *xdr.AccountEntry, seq uint32) error {
	return o.putEntry(xdr.LedgerEntry{Data: xdr.LedgerEntryData{Type: xdr.LedgerEntryTypeAccount, Account: a}}, seq)
}

func loadTrustLine(r reader, id xdr.AccountId, a xdr.Asset) (*xdr.TrustLineEntry, error) {
	le, err := load(r, trustLineKey(id, a))
	if err != nil || le == nil {
		return nil, err
	}
	return le.Data.TrustLine, nil
}

func (o *overlay) putTrustLine(t *xdr.TrustLineEntry, seq uint32) error {
	return o.putEntry(xdr.LedgerEntry{Data: xdr.LedgerEntryData{Type: xdr.LedgerEntryTypeTrustline, TrustLine: t}}, seq)
}

// newAccount is what CreateAccount makes in ledger seq: the sequence number starts at seq << 32.
func newAccount(id xdr.AccountId, balance int64, seq uint32) *xdr.AccountEntry {
	return &xdr.AccountEntry{AccountId: id, Balance: xdr.Int64(balance), SeqNum: xdr.SequenceNumber(int64(seq) << 32),
		Thresholds: xdr.NewThreshold(1, 0, 0, 0)}
}

// minBalance is the reserve, in stroops, that an account with extra more sub-entries has to keep.
func minBalance(a *xdr.AccountEntry, extra int) int64 {
	return (2 + int64(a.NumSubEntries) + int64(extra)) * BaseReserve
}

// available is what the account can spend without touching its reserve.
func available(a *xdr.AccountEntry) int64 {
	return max(int64(a.Balance)-minBalance(a, 0), 0)
}

// seqExt is the account's record of when its sequence number last changed.
func seqExt(a *xdr.AccountEntry) (ledger uint32, at int64) {
	if a.Ext.V1 == nil || a.Ext.V1.Ext.V2 == nil || a.Ext.V1.Ext.V2.Ext.V3 == nil {
		return 0, 0
	}
	v3 := a.Ext.V1.Ext.V2.Ext.V3
	return uint32(v3.SeqLedger), int64(v3.SeqTime)
}

// setSeq moves the sequence number and notes when.
func setSeq(a *xdr.AccountEntry, n xdr.SequenceNumber, seq uint32, at int64) {
	a.SeqNum = n
	if a.Ext.V1 == nil {
		a.Ext = xdr.AccountEntryExt{V: 1, V1: &xdr.AccountEntryExtensionV1{}}
	}
	if a.Ext.V1.Ext.V2 == nil {
		ids := make([]xdr.SponsorshipDescriptor, len(a.Signers))
		a.Ext.V1.Ext = xdr.AccountEntryExtensionV1Ext{V: 2, V2: &xdr.AccountEntryExtensionV2{SignerSponsoringIDs: ids}}
	}
	a.Ext.V1.Ext.V2.Ext = xdr.AccountEntryExtensionV2Ext{V: 3,
		V3: &xdr.AccountEntryExtensionV3{SeqLedger: xdr.Uint32(seq), SeqTime: xdr.TimePoint(at)}}
}

// fitSponsors keeps the list of signers' sponsors as long as the list of signers, as the protocol demands.
func fitSponsors(a *xdr.AccountEntry) {
	if a.Ext.V1 != nil && a.Ext.V1.Ext.V2 != nil {
		a.Ext.V1.Ext.V2.SignerSponsoringIDs = make([]xdr.SponsorshipDescriptor, len(a.Signers))
	}
}
