package stellar

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	protocol "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

const maxEvents = 1_000 // of one page

// Events reads one page. A cursor is the RPC's own: the id of the last event seen, or the end of what was searched.
func (c *Chain) Events(ctx context.Context, cursor string, limit int) ([]chain.Event, string, error) {
	return c.eventsOf(ctx, []string{c.at.Oracle.String(), c.at.Provider.String(), c.at.Consumer.String()}, cursor, limit)
}

// eventsOf reads one page of the events of some contracts.
func (c *Client) eventsOf(ctx context.Context, contracts []string, cursor string, limit int) ([]chain.Event, string, error) {
	if limit <= 0 || limit > maxEvents {
		limit = maxEvents
	}
	req := protocol.GetEventsRequest{Pagination: &protocol.PaginationOptions{Limit: uint(limit)}}
	for l := range slices.Chunk(contracts, protocol.MaxContractIDsLimit) {
		req.Filters = append(req.Filters, protocol.EventFilter{EventType: protocol.EventTypeSet{protocol.EventTypeContract: nil}, ContractIDs: l})
	}
	if cursor != "" {
		p, err := protocol.ParseCursor(cursor)
		if err != nil {
			return nil, "", fault.Wrap(err, fault.Invalid, "cursor_invalid", "%q is no cursor of this chain", cursor)
		}
		req.Pagination.Cursor = &p
	} else {
		h, err := c.health(ctx)
		if err != nil {
			return nil, "", err
		}
		req.StartLedger = h.OldestLedger
	}
	var res protocol.GetEventsResponse
	if err := c.rpc.call(ctx, protocol.GetEventsMethodName, req, &res); err != nil {
		if _, ok := refused(err); ok && req.Pagination.Cursor != nil {
			if h, herr := c.health(ctx); herr == nil && req.Pagination.Cursor.Ledger < h.OldestLedger {
				return nil, "", cursorExpired(cursor, h.OldestLedger)
			}
		}
		return nil, "", plainRefusal(err)
	}
	// A server may also answer with what it still has: that would be a gap.
	if p := req.Pagination.Cursor; p != nil && p.Ledger < res.OldestLedger {
		return nil, "", cursorExpired(cursor, res.OldestLedger)
	}
	next := cursor
	out := make([]chain.Event, 0, len(res.Events))
	for _, e := range res.Events {
		ev, err := event(e)
		if err != nil {
			return nil, "", fault.Wrap(err, fault.Unavailable, "unavailable", "the Stellar RPC gives an event that is not readable")
		}
		out, next = append(out, ev), ev.Cursor
	}
	if res.Cursor != "" {
		next = res.Cursor
	}
	return out, next, nil
}

func cursorExpired(cursor string, oldest uint32) error {
	return fault.New(fault.Expired, "cursor_expired", "the events after %s are gone: the server keeps them from ledger %d on", cursor, oldest)
}

// event decodes one. Named data are the fields of a map; other data are the field "value".
func event(e protocol.EventInfo) (chain.Event, error) {
	out := chain.Event{Cursor: e.ID, Ledger: uint32(e.Ledger), Tx: e.TransactionHash}
	if _, err := protocol.ParseCursor(e.ID); err != nil {
		return out, err
	}
	var err error
	if out.Contract, err = ids.ParseAccount(e.ContractID); err != nil {
		return out, err
	}
	if out.Time, err = time.Parse(time.RFC3339, e.LedgerClosedAt); err != nil {
		return out, fmt.Errorf("time of the ledger: %w", err)
	}
	out.Time = out.Time.UTC()
	if len(e.TopicXDR) > protocol.MaxTopicCount {
		return out, fmt.Errorf("%d topics", len(e.TopicXDR))
	}
	topics := make([]xdr.ScVal, len(e.TopicXDR))
	for i, text := range e.TopicXDR {
		if err := xdr.SafeUnmarshalBase64(text, &topics[i]); err != nil {
			return out, fmt.Errorf("topic %d: %w", i, err)
		}
	}
	var v xdr.ScVal
	if err := xdr.SafeUnmarshalBase64(e.ValueXDR, &v); err != nil {
		return out, fmt.Errorf("data: %w", err)
	}
	return out, ReadEvent(&out, topics, v)
}

// ReadEvent fills in an event's name, subject and data from what a contract published.
func ReadEvent(out *chain.Event, topics []xdr.ScVal, data xdr.ScVal) error {
	if len(topics) == 0 {
		return fmt.Errorf("no topics")
	}
	out.Data = map[string]any{}
	for i, v := range topics {
		switch p := scval.Plain(v); i {
		case 0:
			name, ok := v.GetSym()
			if !ok {
				return fmt.Errorf("the first topic is no name")
			}
			out.Name = string(name)
		case 1:
			out.Subject = fmt.Sprint(p)
		default:
			out.Data["topic"+strconv.Itoa(i)] = p
		}
	}
	switch p := scval.Plain(data).(type) {
	case nil:
	case map[string]any:
		for k, x := range p {
			out.Data[k] = x
		}
	default:
		out.Data["value"] = p
	}
	return nil
}
