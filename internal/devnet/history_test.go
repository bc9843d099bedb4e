package devnet_test

import (
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	proto "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/xdr"
)

func getEntries(keys ...xdr.LedgerKey) proto.GetLedgerEntriesRequest {
	q := proto.GetLedgerEntriesRequest{Keys: []string{}}
	for _, k := range keys {
		q.Keys = append(q.Keys, must(xdr.MarshalBase64(k)))
	}
	return q
}

func TestEvents(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.account(), c.account()
	sac := c.asset(alice, native())
	id := c.deploy(alice, 0)
	for i := range uint32(7) {
		c.invoke(alice, id.call("bump", u32(i%2)))
		c.invoke(alice, sac.call("transfer", accountVal(alice), accountVal(bob), i128(1)))
	}
	get := func(q proto.GetEventsRequest) proto.GetEventsResponse {
		t.Helper()
		r, err := c.rpc.GetEvents(t.Context(), q)
		c.ok(err)
		return r
	}
	scval := func(v xdr.ScVal) proto.SegmentFilter { return proto.SegmentFilter{ScVal: &v} }
	wild := func(s string) proto.SegmentFilter { return proto.SegmentFilter{Wildcard: &s} }
	filter := func(f ...proto.EventFilter) proto.GetEventsRequest {
		return proto.GetEventsRequest{StartLedger: 2, Filters: f}
	}
	ofContract := proto.EventFilter{ContractIDs: []string{id.String()}}
	for _, tt := range []struct {
		name string
		q    proto.GetEventsRequest
		want int
	}{
		{"all", filter(), 14},
		{"of a contract", filter(ofContract), 7},
		{"of two contracts in two filters", filter(ofContract, proto.EventFilter{ContractIDs: []string{sac.String()}}), 14},
		{"system events", filter(proto.EventFilter{EventType: proto.EventTypeSet{proto.EventTypeSystem: nil}}), 0},
		{"contract events", filter(proto.EventFilter{EventType: proto.EventTypeSet{proto.EventTypeContract: nil}}), 14},
		{"exact topics", filter(proto.EventFilter{Topics: []proto.TopicFilter{{scval(sym("bumped")), scval(u32(1))}}}), 3},
		{"one wildcard", filter(proto.EventFilter{Topics: []proto.TopicFilter{{scval(sym("bumped")), wild("*")}}}), 7},
		{"a wildcard too few", filter(proto.EventFilter{Topics: []proto.TopicFilter{{scval(sym("bumped"))}}}), 0},
		{"the rest", filter(proto.EventFilter{Topics: []proto.TopicFilter{{scval(sym("transfer")), wild("**")}}}), 7},
		{"either of two topics", filter(proto.EventFilter{Topics: []proto.TopicFilter{
			{scval(sym("bumped")), scval(u32(0))}, {scval(sym("transfer")), wild("**")}}}), 11},
		{"before an end", proto.GetEventsRequest{StartLedger: 2, EndLedger: 3}, 0},
	} {
		if r := get(tt.q); len(r.Events) != tt.want || r.Events == nil {
			t.Errorf("%s: %d events, want %d", tt.name, len(r.Events), tt.want)
		}
	}

	all := get(filter())
	e := all.Events[0]
	if e.ContractID != id.String() || e.EventType != "contract" || len(e.TopicXDR) != 2 || e.ValueXDR == "" || e.TransactionHash == "" {
		t.Errorf("event %+v", e)
	}
	// Pages of three give the same events once each, and the last cursor goes on with what comes later.
	var paged []proto.EventInfo
	q := proto.GetEventsRequest{StartLedger: 2, Pagination: &proto.PaginationOptions{Limit: 3}}
	next := func() int {
		r := get(q)
		paged = append(paged, r.Events...)
		at := must(proto.ParseCursor(r.Cursor))
		q = proto.GetEventsRequest{Pagination: &proto.PaginationOptions{Limit: 3, Cursor: &at}}
		return len(r.Events)
	}
	for next() == 3 {
	}
	ids := func(l []proto.EventInfo) (out []string) {
		for _, e := range l {
			out = append(out, e.ID)
		}
		return out
	}
	if !slices.Equal(ids(paged), ids(all.Events)) || !slices.IsSorted(ids(paged)) {
		t.Fatalf("pages give %v, one answer %v", ids(paged), ids(all.Events))
	}
	if next() != 0 {
		t.Fatal("an event after the last one")
	}
	c.invoke(alice, id.call("bump", u32(9)))
	if next() != 1 {
		t.Fatal("the cursor does not see a later event")
	}
	if _, err := c.rpc.GetEvents(t.Context(), proto.GetEventsRequest{StartLedger: 1_000_000}); err == nil {
		t.Error("a start in the future was accepted")
	}
}

func TestLedgersAreAChain(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.account()
	id := c.deploy(alice, 0)
	c.ok(c.net.Advance(time.Hour, 100))
	c.invoke(alice, id.call("bump", u32(1)))

	var all []proto.LedgerInfo
	q := proto.GetLedgersRequest{StartLedger: 2, Pagination: &proto.LedgerPaginationOptions{Limit: 3}}
	for {
		r, err := c.rpc.GetLedgers(t.Context(), q)
		c.ok(err)
		all = append(all, r.Ledgers...)
		if len(r.Ledgers) < 3 {
			break
		}
		q = proto.GetLedgersRequest{Pagination: &proto.LedgerPaginationOptions{Limit: 3, Cursor: r.Cursor}}
	}
	previous, txs := "", 0
	for i, l := range all {
		var h xdr.LedgerHeaderHistoryEntry
		c.ok(xdr.SafeUnmarshalBase64(l.LedgerHeader, &h))
		if got := xdr.Hash(sha256.Sum256(must(h.Header.MarshalBinary()))); got.HexString() != l.Hash || uint32(h.Header.LedgerSeq) != l.Sequence {
			t.Fatalf("ledger %d: the header hashes to %x, not %s", l.Sequence, got, l.Hash)
		}
		if i > 0 && h.Header.PreviousLedgerHash.HexString() != previous {
			t.Fatalf("ledger %d does not follow %s", l.Sequence, previous)
		}
		previous = l.Hash
		var m xdr.LedgerCloseMeta
		c.ok(xdr.SafeUnmarshalBase64(l.LedgerMetadata, &m))
		if set := xdr.Hash(sha256.Sum256(must(m.V2.TxSet.MarshalBinary()))); set != h.Header.ScpValue.TxSetHash {
			t.Fatalf("ledger %d: the transaction set hashes to %x", l.Sequence, set)
		}
		txs += len(m.V2.TxProcessing)
	}
	stats := c.net.Stats()
	if uint64(txs) != stats.Transactions || all[len(all)-1].Sequence != stats.Ledger {
		t.Fatalf("%d transactions up to %d, stats %+v", txs, all[len(all)-1].Sequence, stats)
	}
	latest, err := c.rpc.GetLatestLedger(t.Context())
	c.ok(err)
	if latest.Hash != previous || latest.Sequence != stats.Ledger {
		t.Fatalf("latest %+v", latest)
	}

	var hashes []string
	tq := proto.GetTransactionsRequest{StartLedger: 2, Pagination: &proto.LedgerPaginationOptions{Limit: 2}}
	for {
		r, err := c.rpc.GetTransactions(t.Context(), tq)
		c.ok(err)
		for _, x := range r.Transactions {
			hashes = append(hashes, x.TransactionHash)
		}
		if len(r.Transactions) < 2 {
			break
		}
		tq = proto.GetTransactionsRequest{Pagination: &proto.LedgerPaginationOptions{Limit: 2, Cursor: r.Cursor}}
	}
	if len(hashes) != txs {
		t.Fatalf("%d transactions by pages, %d in the ledgers", len(hashes), txs)
	}
}

func TestTheManualClock(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.account()
	id := c.deploy(alice, 0)
	before := c.net.Stats()
	a := c.invoke(alice, id.call("now"))
	b := c.invoke(alice, id.call("now"))
	if *a.U64 != *b.U64 {
		t.Fatalf("time moved by itself: %d, %d", *a.U64, *b.U64)
	}
	c.ok(c.net.Advance(365*24*time.Hour, 0))
	if v := c.invoke(alice, id.call("now")); *v.U64-*a.U64 != 365*24*3600 {
		t.Fatalf("a year is %d seconds", *v.U64-*a.U64)
	}
	if after := c.net.Stats(); after.CloseTime-before.CloseTime != 365*24*3600 {
		t.Fatalf("stats %+v", after)
	}
	if err := c.net.Advance(-time.Second, 1); err == nil {
		t.Error("time went back")
	}
}
