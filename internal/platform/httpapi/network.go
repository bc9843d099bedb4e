package httpapi

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/platform/monitor"
	"github.com/flashback-network/flashback/internal/store"
)

// Status of the network as the platform sees it.
type Status struct {
	Ledger      uint32    `json:"ledger"`
	LedgerTime  time.Time `json:"ledgerTime"`
	Epoch       uint64    `json:"epoch" doc:"The running one"`
	Reported    *uint64   `json:"reportedEpoch,omitempty" doc:"Epoch of the latest certified report"`
	Root        string    `json:"root,omitempty"`
	Nodes       int       `json:"nodes" doc:"Bound on chain"`
	Units       int       `json:"units"`
	SLAs        int       `json:"activeSlas"`
	OpenAlarms  int       `json:"openAlarms"`
	ReportDelay *int64    `json:"reportDelaySeconds,omitempty" doc:"Since the end of the last reported epoch"`
}

// Event of the contracts.
type Event struct {
	Seq     int64           `json:"seq"`
	Name    string          `json:"name"`
	Subject string          `json:"subject"`
	Data    json.RawMessage `json:"data"`
	Ledger  uint32          `json:"ledger"`
	Time    time.Time       `json:"time"`
	Tx      string          `json:"tx"`
}

func (a *api) network() {
	huma.Register(a.h, operation("get-network", http.MethodGet, "/v1/network", "What a client has to know to take part", "network", false),
		func(context.Context, *struct{}) (*body[deployment.Network], error) {
			return reply(a, a.Network, nil)
		})
	huma.Register(a.h, operation("get-status", http.MethodGet, "/v1/status", "The network now", "network", false, 503),
		func(ctx context.Context, _ *struct{}) (*body[*Status], error) {
			s, err := a.status(ctx)
			return reply(a, s, err)
		})
	huma.Register(a.h, operation("list-alarms", http.MethodGet, "/v1/alarms", "Alarms, newest first", "network", false, 422),
		func(ctx context.Context, in *struct {
			All   bool `query:"all" doc:"Also cleared ones"`
			Limit int  `query:"limit" minimum:"1" maximum:"500" default:"100"`
		}) (*body[List[monitor.Alarm]], error) {
			l, err := a.Monitor.Alarms(ctx, in.All, in.Limit)
			return reply(a, List[monitor.Alarm]{Items: l}, err)
		})
	huma.Register(a.h, operation("list-events", http.MethodGet, "/v1/events", "Events of the contracts, oldest first", "network", false, 422),
		func(ctx context.Context, in *struct {
			Page
			Subject string `query:"subject" maxLength:"80" doc:"Id or account"`
		}) (*body[List[Event]], error) {
			l, err := a.events(ctx, in.Subject, in.After, in.Limit)
			return reply(a, listOf(l, in.Limit, func(e Event) string { return strconv.FormatInt(e.Seq, 10) }), err)
		})
}

func (a *api) status(ctx context.Context) (*Status, error) {
	s := &Status{}
	var err error
	if s.Ledger, s.LedgerTime, err = a.Chain.Head(ctx); err != nil {
		return nil, err
	}
	s.Epoch = a.Oracle.Epoch(uint64(max(s.LedgerTime.Unix(), 0)))
	epoch, root, ok, err := a.Chain.LatestReport(ctx)
	if err != nil {
		return nil, err
	}
	if ok {
		delay := s.LedgerTime.Unix() - int64(a.Oracle.Start(epoch+1))
		s.Reported, s.Root, s.ReportDelay = &epoch, hex.EncodeToString(root[:]), &delay
	}
	err = a.DB.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM nodes WHERE node_id IS NOT NULL), (SELECT count(*) FROM units), (SELECT count(*) FROM slas WHERE state IN ('active', 'closing')),
		(SELECT count(*) FROM alarms WHERE cleared_at IS NULL)`).Scan(&s.Nodes, &s.Units, &s.SLAs, &s.OpenAlarms)
	return s, store.Map(err)
}

func (a *api) events(ctx context.Context, subject, after string, limit int) ([]Event, error) {
	seq := int64(0)
	if after != "" {
		var err error
		if seq, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, fault.New(fault.Invalid, "cursor_invalid", "%q is no cursor of this list", after)
		}
	}
	rows, err := a.DB.QueryContext(ctx, `SELECT seq, name, subject, data, ledger, at, tx FROM events WHERE seq > $1 AND ($2 = '' OR subject = $2) ORDER BY seq LIMIT $3`, seq, subject, limit)
	if err != nil {
		return nil, store.Map(err)
	}
	defer rows.Close()
	l := []Event{}
	for rows.Next() {
		var e Event
		var data string
		var at int64
		if err := rows.Scan(&e.Seq, &e.Name, &e.Subject, &data, &e.Ledger, &at, &e.Tx); err != nil {
			return nil, store.Map(err)
		}
		e.Data, e.Time = json.RawMessage(data), time.Unix(at, 0).UTC()
		l = append(l, e)
	}
	return l, store.Map(rows.Err())
}
