package rpc

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"strconv"

	proto "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/ledger"
)

const (
	maxKeys           = 200
	maxLedgersPage    = 200
	defaultLedgerPage = 50
)

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// b64s encodes a list; never nil, so that it is [] in JSON.
func b64s(l [][]byte) []string {
	out := make([]string, len(l))
	for i, b := range l {
		out[i] = b64(b)
	}
	return out
}

// checkFormat refuses the JSON form of XDR, which this server does not have.
func checkFormat(format string) error {
	if format == "" || format == proto.FormatBase64 {
		return nil
	}
	return badParams("xdrFormat %q is not supported, only %s", format, proto.FormatBase64)
}

func (s *Server) getHealth(ctx context.Context, _ proto.GetHealthRequest) (r proto.GetHealthResponse, err error) {
	if s.ledger.Failure() != nil {
		return r, &rpcError{codeInternal, "no more ledgers are closed: see the log"}
	}
	span, err := s.ledger.Range(ctx)
	if err != nil {
		return r, err
	}
	return proto.GetHealthResponse{Status: "healthy", LatestLedger: span.Newest, LatestLedgerCloseTime: span.NewestTime,
		OldestLedger: span.Oldest, OldestLedgerCloseTime: span.OldestTime, LedgerRetentionWindow: span.RetentionWindow}, nil
}

func (s *Server) getNetwork(context.Context, proto.GetNetworkRequest) (proto.GetNetworkResponse, error) {
	return proto.GetNetworkResponse{FriendbotURL: s.friend, Passphrase: s.ledger.Passphrase(), ProtocolVersion: ledger.Protocol}, nil
}

func (s *Server) getVersionInfo(context.Context, proto.GetVersionInfoRequest) (proto.GetVersionInfoResponse, error) {
	return proto.GetVersionInfoResponse{Version: "flashback-devnet", CaptiveCoreVersion: "soroban-env-host 28.0.2 (embedded)",
		ProtocolVersion: ledger.Protocol}, nil
}

func (s *Server) getLatestLedger(ctx context.Context, _ proto.GetLatestLedgerRequest) (r proto.GetLatestLedgerResponse, err error) {
	list, err := s.ledger.Ledgers(ctx, s.ledger.Head().Seq, 1)
	if err != nil {
		return r, err
	}
	if len(list) == 0 {
		return r, badRequest("no ledger has been closed")
	}
	l := list[0]
	return proto.GetLatestLedgerResponse{Hash: hex.EncodeToString(l.Hash[:]), ProtocolVersion: ledger.Protocol, Sequence: l.Seq,
		LedgerCloseTime: l.CloseTime, LedgerHeader: b64(l.Header), LedgerMetadata: b64(l.Meta)}, nil
}

func (s *Server) getLedgers(ctx context.Context, q proto.GetLedgersRequest) (r proto.GetLedgersResponse, err error) {
	if err := checkFormat(q.Format); err != nil {
		return r, err
	}
	span, err := s.ledger.Range(ctx)
	if err != nil {
		return r, err
	}
	if err := q.Validate(maxLedgersPage, proto.LedgerSeqRange{FirstLedger: span.Oldest, LastLedger: span.Newest}); err != nil {
		return r, badParams("%v", err)
	}
	start, limit := q.StartLedger, defaultLedgerPage
	if p := q.Pagination; p != nil {
		if p.Cursor != "" {
			last, err := strconv.ParseUint(p.Cursor, 10, 31)
			if err != nil {
				return r, badParams("invalid cursor %q", p.Cursor)
			}
			start = uint32(last) + 1
		}
		if p.Limit > 0 {
			limit = int(p.Limit)
		}
	}
	list, err := s.ledger.Ledgers(ctx, start, limit)
	if err != nil {
		return r, err
	}
	r = proto.GetLedgersResponse{Ledgers: []proto.LedgerInfo{}, LatestLedger: span.Newest, LatestLedgerCloseTime: span.NewestTime,
		OldestLedger: span.Oldest, OldestLedgerCloseTime: span.OldestTime, Cursor: strconv.FormatUint(uint64(start)-1, 10)}
	for _, l := range list {
		r.Ledgers = append(r.Ledgers, proto.LedgerInfo{Hash: hex.EncodeToString(l.Hash[:]), Sequence: l.Seq,
			LedgerCloseTime: l.CloseTime, LedgerHeader: b64(l.Header), LedgerMetadata: b64(l.Meta)})
		r.Cursor = strconv.FormatUint(uint64(l.Seq), 10)
	}
	return r, nil
}

func (s *Server) getLedgerEntries(_ context.Context, q proto.GetLedgerEntriesRequest) (r proto.GetLedgerEntriesResponse, err error) {
	if err := checkFormat(q.Format); err != nil {
		return r, err
	}
	if len(q.Keys) > maxKeys {
		return r, badParams("key count (%d) exceeds maximum supported (%d)", len(q.Keys), maxKeys)
	}
	head, snap := s.ledger.At()
	defer snap.Close()
	r = proto.GetLedgerEntriesResponse{LatestLedger: head.Seq, Entries: []proto.LedgerEntryResult{}}
	for i, k := range q.Keys {
		var key xdr.LedgerKey
		if err := xdr.SafeUnmarshalBase64(k, &key); err != nil {
			return r, badParams("cannot unmarshal key value %s at index %d", k, i)
		}
		if key.Type == xdr.LedgerEntryTypeTtl {
			return r, badParams("ledger ttl entries cannot be queried directly (index %d)", i)
		}
		kb, err := key.MarshalBinary()
		if err != nil {
			return r, badParams("cannot marshal key at index %d", i)
		}
		e, ok := snap.Lookup(string(kb))
		if !ok || expired(&key, e, head.Seq) {
			continue
		}
		var le xdr.LedgerEntry
		if err := le.UnmarshalBinary(e.Data); err != nil {
			return r, err
		}
		data, err := le.Data.MarshalBinary()
		if err != nil {
			return r, err
		}
		ext, err := le.Ext.MarshalBinary()
		if err != nil {
			return r, err
		}
		x := proto.LedgerEntryResult{KeyXDR: k, DataXDR: b64(data), LastModifiedLedger: e.Modified, ExtensionXDR: b64(ext)}
		if e.LiveUntil > 0 {
			x.LiveUntilLedgerSeq = &e.LiveUntil
		}
		r.Entries = append(r.Entries, x)
	}
	return r, nil
}

// expired says that a temporary entry is over although it has not been evicted yet.
func expired(k *xdr.LedgerKey, e ledger.Entry, seq uint32) bool {
	return k.Type == xdr.LedgerEntryTypeContractData && k.ContractData.Durability == xdr.ContractDataDurabilityTemporary && e.LiveUntil < seq
}

// getFeeStats: there is no surge pricing, so every inclusion fee ever charged is the base fee per operation.
func (s *Server) getFeeStats(ctx context.Context, _ proto.GetFeeStatsRequest) (r proto.GetFeeStatsResponse, err error) {
	const fee = ledger.BaseFee
	d := proto.FeeDistribution{Max: fee, Min: fee, Mode: fee, P10: fee, P20: fee, P30: fee, P40: fee, P50: fee, P60: fee,
		P70: fee, P80: fee, P90: fee, P95: fee, P99: fee}
	r.LatestLedger = s.ledger.Head().Seq
	r.InclusionFee, r.SorobanInclusionFee = d, d
	counts, err := s.ledger.RecentCounts(ctx, feeStatsLedgers)
	if err != nil {
		return r, err
	}
	r.InclusionFee.TransactionCount, r.SorobanInclusionFee.TransactionCount = counts.Classic, counts.Soroban
	r.InclusionFee.LedgerCount, r.SorobanInclusionFee.LedgerCount = counts.Ledgers, counts.Ledgers
	return r, nil
}

const feeStatsLedgers = 50
