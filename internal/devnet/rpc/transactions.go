package rpc

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	proto "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/toid"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/host"
	"github.com/flashback-network/flashback/internal/devnet/ledger"
)

const (
	maxTransactionsPage     = 200
	defaultTransactionsPage = 50
)

func (s *Server) sendTransaction(ctx context.Context, q proto.SendTransactionRequest) (r proto.SendTransactionResponse, err error) {
	if err := checkFormat(q.Format); err != nil {
		return r, err
	}
	raw, err := base64.StdEncoding.DecodeString(q.Transaction)
	if err != nil || len(raw) == 0 {
		return r, badParams("invalid_xdr: the transaction is not base64")
	}
	sent, err := s.ledger.Submit(ctx, raw)
	if ledger.ErrEnvelope(err) {
		return r, badParams("invalid_xdr: the transaction is no envelope")
	}
	if err != nil {
		return r, err
	}
	head := s.ledger.Head()
	r = proto.SendTransactionResponse{Status: string(sent.Status), Hash: hex.EncodeToString(sent.Hash[:]),
		LatestLedger: head.Seq, LatestLedgerCloseTime: head.CloseTime}
	if sent.Result != nil {
		if r.ErrorResultXDR, err = xdr.MarshalBase64(sent.Result); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (s *Server) getTransaction(ctx context.Context, q proto.GetTransactionRequest) (r proto.GetTransactionResponse, err error) {
	if err := checkFormat(q.Format); err != nil {
		return r, err
	}
	var hash [32]byte
	if len(q.Hash) != 64 {
		return r, badParams("unexpected hash length (%d)", len(q.Hash))
	}
	if _, err := hex.Decode(hash[:], []byte(q.Hash)); err != nil {
		return r, badParams("incorrect hash: %v", err)
	}
	// The transaction first, then the range: so a transaction that is found is never newer than the latest ledger told.
	record, err := s.ledger.Transaction(ctx, hash)
	if err != nil {
		return r, err
	}
	span, err := s.ledger.Range(ctx)
	if err != nil {
		return r, err
	}
	r = proto.GetTransactionResponse{LatestLedger: span.Newest, LatestLedgerCloseTime: span.NewestTime,
		OldestLedger: span.Oldest, OldestLedgerCloseTime: span.OldestTime}
	r.TransactionHash = q.Hash
	if record == nil {
		r.Status = proto.TransactionStatusNotFound
		return r, nil
	}
	if r.TransactionDetails, err = details(*record); err != nil {
		return r, err
	}
	r.LedgerCloseTime = record.CloseTime
	return r, nil
}

func details(r ledger.Record) (d proto.TransactionDetails, err error) {
	var meta xdr.TransactionMeta
	if err := meta.UnmarshalBinary(r.Meta); err != nil || meta.V4 == nil {
		return d, fmt.Errorf("rpc: meta of %x: %w", r.Hash, err)
	}
	d = proto.TransactionDetails{Status: proto.TransactionStatusFailed, TransactionHash: hex.EncodeToString(r.Hash[:]),
		ApplicationOrder: int32(r.Index), EnvelopeXDR: b64(r.Envelope), ResultXDR: b64(r.Result), ResultMetaXDR: b64(r.Meta), Ledger: r.Ledger}
	if r.OK {
		d.Status = proto.TransactionStatusSuccess
	}
	d.FeeBump = len(r.Envelope) > 3 && r.Envelope[3] == byte(xdr.EnvelopeTypeEnvelopeTypeTxFeeBump)
	for i := range meta.V4.DiagnosticEvents {
		b, err := xdr.MarshalBase64(meta.V4.DiagnosticEvents[i])
		if err != nil {
			return d, err
		}
		d.DiagnosticEventsXDR = append(d.DiagnosticEventsXDR, b)
	}
	d.Events.TransactionEventsXDR = []string{}
	d.Events.ContractEventsXDR = make([][]string, len(meta.V4.Operations))
	for i := range meta.V4.Operations {
		d.Events.ContractEventsXDR[i] = []string{}
		for _, e := range meta.V4.Operations[i].Events {
			b, err := xdr.MarshalBase64(e)
			if err != nil {
				return d, err
			}
			d.Events.ContractEventsXDR[i] = append(d.Events.ContractEventsXDR[i], b)
		}
	}
	return d, nil
}

func (s *Server) getTransactions(ctx context.Context, q proto.GetTransactionsRequest) (r proto.GetTransactionsResponse, err error) {
	if err := checkFormat(q.Format); err != nil {
		return r, err
	}
	span, err := s.ledger.Range(ctx)
	if err != nil {
		return r, err
	}
	if err := q.IsValid(maxTransactionsPage, proto.LedgerSeqRange{FirstLedger: span.Oldest, LastLedger: span.Newest}); err != nil {
		return r, badParams("%v", err)
	}
	seq, index, limit := q.StartLedger, uint32(0), defaultTransactionsPage
	if p := q.Pagination; p != nil {
		if p.Cursor != "" {
			id, err := strconv.ParseInt(p.Cursor, 10, 64)
			if err != nil || id < 0 {
				return r, badParams("invalid cursor %q", p.Cursor)
			}
			at := toid.Parse(id)
			seq, index = uint32(at.LedgerSequence), uint32(at.TransactionOrder)
		}
		if p.Limit > 0 {
			limit = int(p.Limit)
		}
	}
	list, err := s.ledger.Transactions(ctx, seq, index, limit)
	if err != nil {
		return r, err
	}
	r = proto.GetTransactionsResponse{Transactions: []proto.TransactionInfo{}, LatestLedger: span.Newest, LatestLedgerCloseTime: span.NewestTime,
		OldestLedger: span.Oldest, OldestLedgerCloseTime: span.OldestTime}
	// At the end of history the cursor stays behind the last transaction that can be in it.
	r.Cursor = toid.New(int32(span.Newest), toid.TransactionMask, toid.OperationMask).String()
	for _, t := range list {
		d, err := details(t)
		if err != nil {
			return r, err
		}
		r.Transactions = append(r.Transactions, proto.TransactionInfo{TransactionDetails: d, LedgerCloseTime: t.CloseTime})
	}
	if len(list) == limit {
		last := list[len(list)-1]
		r.Cursor = toid.New(int32(last.Ledger), int32(last.Index), 1).String()
	}
	return r, nil
}

func (s *Server) simulateTransaction(ctx context.Context, q proto.SimulateTransactionRequest) (r proto.SimulateTransactionResponse, err error) {
	if err := checkFormat(q.Format); err != nil {
		return r, err
	}
	mode, err := authMode(q.AuthMode)
	if err != nil {
		return r, err
	}
	r.LatestLedger = s.ledger.Head().Seq
	raw, err := base64.StdEncoding.DecodeString(q.Transaction)
	if err != nil {
		r.Error = "cannot simulate: the transaction is not base64"
		return r, nil
	}
	//lint:ignore SA1019 clients still send it, and public servers still follow it
	sim, err := s.ledger.Simulate(ctx, raw, mode, q.UseUpgradedAuth)
	if err != nil {
		if ledger.ErrSimulation(err) {
			r.Error = err.Error()
			return r, nil
		}
		return r, err
	}
	r.LatestLedger = sim.Seq
	r.EventsXDR = b64s(sim.Diagnostics)
	if !sim.OK {
		if r.Error = sim.Fault; r.Error == "" {
			r.Error = sim.Text
		}
		return r, nil
	}
	var data xdr.SorobanTransactionData
	if err := data.UnmarshalBinary(sim.Data); err != nil {
		return r, err
	}
	if q.ResourceConfig != nil && sim.Invoke {
		extra := min(q.ResourceConfig.InstructionLeeway, math.MaxUint32-uint64(data.Resources.Instructions))
		data.Resources.Instructions += xdr.Uint32(extra)
		data.ResourceFee += xdr.Int64((extra + 9_999) / 10_000 * ledger.FeePer10kInstructions)
	}
	if r.TransactionDataXDR, err = xdr.MarshalBase64(data); err != nil {
		return r, err
	}
	r.MinResourceFee = int64(data.ResourceFee)
	if !sim.Invoke {
		return r, nil
	}
	auth, value := b64s(sim.Auth), b64(sim.Result)
	r.Results = []proto.SimulateHostFunctionResult{{AuthXDR: &auth, ReturnValueXDR: &value}}
	r.StateChanges, err = stateChanges(sim.Changes)
	return r, err
}

func authMode(name string) (*host.AuthMode, error) {
	modes := map[string]host.AuthMode{proto.AuthModeRecord: host.Record, proto.AuthModeRecordAllowNonroot: host.RecordAllowNonRoot,
		proto.AuthModeEnforce: host.Enforce}
	if name == "" {
		return nil, nil
	}
	m, ok := modes[name]
	if !ok {
		return nil, badParams("unknown authMode %q", name)
	}
	return &m, nil
}

func stateChanges(pairs [][2][]byte) ([]proto.LedgerEntryChange, error) {
	out := []proto.LedgerEntryChange{}
	for _, p := range pairs {
		var c proto.LedgerEntryChange
		side := func(b []byte) (*string, error) {
			if len(b) == 0 {
				return nil, nil
			}
			var e xdr.LedgerEntry
			if err := e.UnmarshalBinary(b); err != nil {
				return nil, err
			}
			k, err := e.LedgerKey()
			if err != nil {
				return nil, err
			}
			if c.KeyXDR, err = xdr.MarshalBase64(k); err != nil {
				return nil, err
			}
			text := b64(b)
			return &text, nil
		}
		var err error
		if c.BeforeXDR, err = side(p[0]); err != nil {
			return nil, err
		}
		if c.AfterXDR, err = side(p[1]); err != nil {
			return nil, err
		}
		switch {
		case c.BeforeXDR == nil && c.AfterXDR == nil:
			continue
		case c.BeforeXDR == nil:
			c.Type = proto.LedgerEntryChangeTypeCreated
		case c.AfterXDR == nil:
			c.Type = proto.LedgerEntryChangeTypeDeleted
		default:
			c.Type = proto.LedgerEntryChangeTypeUpdated
		}
		out = append(out, c)
	}
	return out, nil
}
