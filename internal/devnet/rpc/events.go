package rpc

import (
	"context"
	"encoding/hex"
	"time"

	proto "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/strkey"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet/ledger"
)

const (
	maxEventsPage     = 10_000
	defaultEventsPage = 100
)

func (s *Server) getEvents(ctx context.Context, q proto.GetEventsRequest) (r proto.GetEventsResponse, err error) {
	if err := q.Valid(maxEventsPage); err != nil {
		return r, badParams("%v", err)
	}
	if err := checkFormat(q.Format); err != nil {
		return r, err
	}
	span, err := s.ledger.Range(ctx)
	if err != nil {
		return r, err
	}
	from, end, limit := ledger.Position{Ledger: q.StartLedger}, span.Newest+1, defaultEventsPage
	if q.EndLedger != 0 {
		end = min(q.EndLedger, end)
	}
	if p := q.Pagination; p != nil {
		if c := p.Cursor; c != nil {
			from = ledger.Position{Ledger: c.Ledger, Tx: c.Tx, Op: c.Op, Event: c.Event}
			if from.Event++; from.Event == 0 { // the largest event number: go on with the next ledger
				from = ledger.Position{Ledger: c.Ledger + 1}
			}
		}
		if p.Limit > 0 {
			limit = int(p.Limit)
		}
	}
	// A cursor may already stand behind the newest ledger; a start may not.
	atEnd := q.Pagination != nil && q.Pagination.Cursor != nil && from.Ledger == span.Newest+1
	if (from.Ledger < span.Oldest || from.Ledger > span.Newest) && !atEnd {
		return r, badRequest("startLedger must be within the ledger range: %d - %d", span.Oldest, span.Newest)
	}
	contracts, err := onlyContracts(q.Filters)
	if err != nil {
		return r, err
	}
	r = proto.GetEventsResponse{Events: []proto.EventInfo{}, LatestLedger: span.Newest, LatestLedgerCloseTime: span.NewestTime,
		OldestLedger: span.Oldest, OldestLedgerCloseTime: span.OldestTime}
	err = s.ledger.Events(ctx, from, end, contracts, func(e ledger.Event) (bool, error) {
		var ce xdr.ContractEvent
		if err := ce.UnmarshalBinary(e.XDR); err != nil {
			return false, err
		}
		if !q.Matches(xdr.DiagnosticEvent{InSuccessfulContractCall: true, Event: ce}) {
			return true, nil
		}
		info, err := eventInfo(e, ce)
		if err != nil {
			return false, err
		}
		r.Events = append(r.Events, info)
		return len(r.Events) < limit, nil
	})
	if err != nil {
		return r, err
	}
	if len(r.Events) == limit {
		r.Cursor = r.Events[limit-1].ID
	} else {
		c := proto.MaxCursor
		c.Ledger = end - 1
		r.Cursor = c.String()
	}
	return r, nil
}

// onlyContracts is the contracts that events have to be of, if every filter names some; else nil.
func onlyContracts(filters []proto.EventFilter) ([][32]byte, error) {
	var all [][32]byte
	for _, f := range filters {
		if len(f.ContractIDs) == 0 {
			return nil, nil
		}
		for _, id := range f.ContractIDs {
			b, err := strkey.Decode(strkey.VersionByteContract, id)
			if err != nil || len(b) != 32 {
				return nil, badParams("contract id %s is invalid", id)
			}
			all = append(all, [32]byte(b))
		}
	}
	return all, nil
}

func eventInfo(e ledger.Event, ce xdr.ContractEvent) (proto.EventInfo, error) {
	info := proto.EventInfo{
		EventType:       proto.GetEventTypeFromEventTypeXDR()[ce.Type],
		Ledger:          int32(e.Ledger),
		LedgerClosedAt:  time.Unix(e.CloseTime, 0).UTC().Format(time.RFC3339),
		ID:              proto.Cursor{Ledger: e.Ledger, Tx: e.Tx, Op: e.Op, Event: e.Position.Event}.String(),
		OpIndex:         e.Op,
		TxIndex:         e.Tx,
		TransactionHash: hex.EncodeToString(e.TxHash[:]),
		//lint:ignore SA1019 public servers still send it, and older clients read it
		InSuccessfulContractCall: true,
		TopicXDR:                 []string{},
	}
	if ce.ContractId != nil {
		id, err := strkey.Encode(strkey.VersionByteContract, ce.ContractId[:])
		if err != nil {
			return info, err
		}
		info.ContractID = id
	}
	body, ok := ce.Body.GetV0()
	if !ok {
		return info, nil
	}
	for _, t := range body.Topics {
		b, err := xdr.MarshalBase64(t)
		if err != nil {
			return info, err
		}
		info.TopicXDR = append(info.TopicXDR, b)
	}
	var err error
	info.ValueXDR, err = xdr.MarshalBase64(body.Data)
	return info, err
}
