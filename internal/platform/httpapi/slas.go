package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/store"
)

// Buckets hold an SLA's money; their sum but the collateral, with what was withdrawn, is what was deposited.
type Buckets struct {
	Escrow        money.Amount `json:"escrow"`
	Holdback      money.Amount `json:"holdback"`
	ProviderClaim money.Amount `json:"providerClaim"`
	ConsumerClaim money.Amount `json:"consumerClaim"`
	Fees          money.Amount `json:"fees"`
	Collateral    money.Amount `json:"collateral" doc:"Locked by the provider, in the Provider Orchestrator"`
	Bonds         money.Amount `json:"bonds" doc:"What leaving early is paid out of; back to the consumer otherwise"`
	Disputed      money.Amount `json:"disputed" doc:"Of the provider's claim, held by a dispute"`
	Retention     money.Amount `json:"retention"`
}

// SLA as the API shows it: straight from the chain.
type SLA struct {
	ID            ids.ID       `json:"id"`
	State         string       `json:"state"`
	Mode          string       `json:"mode" enum:"stream,escrow"`
	Consumer      ids.Account  `json:"consumer"`
	Provider      ids.Account  `json:"provider"`
	Payout        ids.Account  `json:"payout"`
	Unit          ids.ID       `json:"unit"`
	Asset         ids.Account  `json:"asset"`
	Volume        uint64       `json:"volume"`
	Egress        uint64       `json:"egress"`
	QoS           sla.QoS      `json:"qos"`
	StartEpoch    uint64       `json:"startEpoch"`
	Starts        time.Time    `json:"starts"`
	Ends          time.Time    `json:"ends"`
	Duration      uint32       `json:"duration" doc:"Epochs"`
	EndEpochs     uint32       `json:"endEpochs" doc:"Epochs after which it really ends"`
	CoveredEpochs uint32       `json:"coveredEpochs" doc:"Epochs that are paid for"`
	Covered       time.Time    `json:"coveredUntil" doc:"When what is paid for ends"`
	SettledEpochs uint32       `json:"settledEpochs"`
	Total         money.Amount `json:"total" doc:"Price of the whole, without the bond"`
	Bond          money.Amount `json:"bond" doc:"Paid in before the price; leaving early is paid out of it"`
	Deposited     money.Amount `json:"deposited"`
	Withdrawn     money.Amount `json:"withdrawn" doc:"Paid out of the contract to anyone"`
	Gross         money.Amount `json:"gross" doc:"Accrued price so far"`
	Paid          money.Amount `json:"paid" doc:"Earned by the provider so far, fee taken off: paid out or claimable"`
	Fee           money.Amount `json:"fee"`
	Credited      money.Amount `json:"credited" doc:"Back to the consumer out of the price and, beyond the holdback, out of the collateral"`
	Slashed       money.Amount `json:"slashed" doc:"Out of the provider's collateral"`
	Owed          money.Amount `json:"owed" doc:"Of credits and slash, what the consumer can claim at the Provider Orchestrator"`
	Buckets       Buckets      `json:"buckets"`
	Previous      string       `json:"previous,omitempty" doc:"The SLA that this one renews or was split off"`
	Next          string       `json:"next,omitempty" doc:"The SLA that follows this one"`
	Group         string       `json:"group,omitempty" doc:"The joint SLA that this one is part of"`
	Redundancy    uint8        `json:"redundancy" doc:"The data survives the loss of any so many units of the joint SLA less one"`
	Units         []Share      `json:"units" doc:"Units of the joint SLA with their shares, its own first"`
	Reclaim       *Reclaim     `json:"reclaim,omitempty" doc:"The provider's notice, if it gave one"`
	Windows       []Window     `json:"windows" doc:"Judged windows with their figures, newest last, at most 500"`
	TermsHash     string       `json:"termsHash"`
}

// Share of a unit in the volume of a joint SLA.
type Share struct {
	Unit ids.ID `json:"unit"`
	Bps  uint16 `json:"bps"`
}

// Reclaim is a provider's notice of an early end.
type Reclaim struct {
	EndEpochs uint32       `json:"endEpochs" doc:"Epochs after which the SLA ends by it"`
	Ends      time.Time    `json:"ends"`
	Price     money.Amount `json:"price" doc:"Owed to the consumer out of the collateral, at the end"`
}

// Window is a verdict.
type Window struct {
	Number          uint32 `json:"number"`
	Epochs          uint32 `json:"epochs"`
	Inconclusive    bool   `json:"inconclusive"`
	AvailabilityPpm uint32 `json:"availabilityPpm"`
	TTFBMillis      *int64 `json:"ttfbMs,omitempty" doc:"p95; absent when there were too few samples"`
	ThroughputKiBps *int64 `json:"throughputKibps,omitempty"`
	ErrorPpm        uint32 `json:"errorPpm"`
	Failed          uint64 `json:"failedChallenges"`
	CreditBps       uint16 `json:"creditBps"`
	SlashBps        uint16 `json:"slashBps"`
	Cause           string `json:"cause" enum:"none,provider,consumer,validator,platform,chain"`
}

// SLASummary is a line of a list.
type SLASummary struct {
	ID       string `json:"id"`
	Consumer string `json:"consumer"`
	Provider string `json:"provider"`
	Unit     string `json:"unit"`
	State    string `json:"state"`
	Group    string `json:"group,omitempty" doc:"The joint SLA that it is part of"`
	Previous string `json:"previous,omitempty" doc:"The SLA that it follows"`
}

func (a *api) slas() {
	huma.Register(a.h, operation("list-slas", http.MethodGet, "/v1/slas", "List SLAs", "slas", false, 422),
		func(ctx context.Context, in *struct {
			Page
			Party string `query:"party" maxLength:"80" doc:"Consumer of now or provider"`
			Group string `query:"group" maxLength:"64" doc:"Parts of one joint SLA"`
		}) (*body[List[SLASummary]], error) {
			rows, err := a.DB.QueryContext(ctx, `SELECT id, consumer, provider, unit, state, group_id, previous FROM slas
				WHERE id > $1 AND ($2 = '' OR consumer = $2 OR provider = $2) AND ($3 = '' OR group_id = $3) ORDER BY id LIMIT $4`, in.After, in.Party, in.Group, in.Limit)
			if err != nil {
				return nil, a.problem(store.Map(err))
			}
			defer rows.Close()
			l := []SLASummary{}
			for rows.Next() {
				var s SLASummary
				if err := rows.Scan(&s.ID, &s.Consumer, &s.Provider, &s.Unit, &s.State, &s.Group, &s.Previous); err != nil {
					return nil, a.problem(store.Map(err))
				}
				l = append(l, s)
			}
			return reply(a, listOf(l, in.Limit, func(s SLASummary) string { return s.ID }), store.Map(rows.Err()))
		})
	huma.Register(a.h, operation("get-sla", http.MethodGet, "/v1/slas/{id}", "One SLA: state, money, windows", "slas", false, 404, 422, 503),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"64"`
		}) (*body[*SLA], error) {
			id, err := parseID(in.ID, ids.SLA, "SLA")
			if err != nil {
				return nil, a.problem(err)
			}
			s, err := a.sla(ctx, id)
			return reply(a, s, err)
		})
}

func (a *api) sla(ctx context.Context, id ids.ID) (*SLA, error) {
	var raw []byte
	err := a.DB.QueryRowContext(ctx, `SELECT terms FROM slas WHERE id = $1`, id.String()).Scan(&raw)
	if fault.KindOf(store.Map(err)) == fault.NotFound { // newer than the index
		raw, err = a.Chain.Terms(ctx, id)
		if fault.KindOf(err) == fault.NotFound {
			return nil, fault.New(fault.NotFound, "sla_unknown", "no such SLA")
		}
	}
	if err != nil {
		return nil, store.Map(err)
	}
	t, err := sla.DecodeTerms(raw)
	if err != nil {
		return nil, fmt.Errorf("reading stored terms: %w", err)
	}
	s, err := a.Chain.SLA(ctx, id) // money is never shown from the index
	if err != nil {
		return nil, err
	}
	r, err := a.Chain.Reservation(ctx, id)
	if err != nil {
		return nil, err
	}
	v := &SLA{ID: s.ID, State: s.State.String(), Mode: s.Mode.String(), Consumer: s.Consumer, Provider: s.Provider, Payout: s.Payout, Unit: s.Unit, Asset: s.Asset,
		Volume: t.Volume, Egress: t.Egress, QoS: t.QoS, StartEpoch: s.StartEpoch, Duration: s.Duration, EndEpochs: s.EndEpochs, CoveredEpochs: s.Covered, SettledEpochs: s.SettledEpochs,
		Total: s.Total, Bond: s.BondTotal, Deposited: s.Deposited, Withdrawn: s.Withdrawn, Gross: s.Gross, Paid: s.Earned.Sub(s.FeeTotal), Fee: s.FeeTotal,
		Credited: s.Credited.Add(r.Coverage), Slashed: r.Slash, Owed: r.Owed, TermsHash: fmt.Sprintf("%x", s.TermsHash)}
	v.Starts = time.Unix(int64(a.Oracle.Start(s.StartEpoch)), 0).UTC()
	v.Ends = time.Unix(int64(a.Oracle.Start(s.StartEpoch+uint64(s.EndEpochs))), 0).UTC()
	v.Covered = time.Unix(int64(a.Oracle.Start(s.StartEpoch+uint64(s.Covered))), 0).UTC()
	v.Buckets = Buckets{Escrow: s.Escrow, Holdback: s.Holdback, ProviderClaim: s.ProviderClaim, ConsumerClaim: s.ConsumerClaim, Fees: s.Fees, Retention: s.Retention, Bonds: s.Bond, Disputed: s.Disputed}
	if r.State == orchestrator.ReservationLocked || r.State == orchestrator.ReservationActive {
		v.Buckets.Collateral = r.Collateral.Sub(r.Coverage).Sub(r.Slash)
	}
	a.around(v, &s, &r, t)
	v.Windows, err = a.windows(ctx, id)
	return v, err
}

// around tells what the SLA belongs to, and of the provider's notice.
func (a *api) around(v *SLA, s *orchestrator.SLA, r *orchestrator.Reservation, t *sla.Terms) {
	v.Previous, v.Next, v.Group = orNone(t.Previous), orNone(s.Next), orNone(s.Group)
	v.Redundancy = t.Redundancy
	for _, u := range t.Units {
		v.Units = append(v.Units, Share{u.Unit, u.Bps})
	}
	if r.ReclaimEpochs > 0 {
		v.Reclaim = &Reclaim{r.ReclaimEpochs, time.Unix(int64(a.Oracle.Start(s.StartEpoch+uint64(r.ReclaimEpochs))), 0).UTC(), r.Reclaim}
	}
}

func orNone(id ids.ID) string {
	if id.Zero() {
		return ""
	}
	return id.String()
}

func (a *api) windows(ctx context.Context, id ids.ID) ([]Window, error) {
	rows, err := a.DB.QueryContext(ctx, `SELECT body FROM (SELECT number, body FROM windows WHERE sla = $1 ORDER BY number DESC LIMIT 500) AS w ORDER BY number`, id.String())
	if err != nil {
		return nil, store.Map(err)
	}
	defer rows.Close()
	l := []Window{}
	for rows.Next() {
		var b string
		var v sla.Verdict
		if err := rows.Scan(&b); err != nil {
			return nil, store.Map(err)
		}
		if err := json.Unmarshal([]byte(b), &v); err != nil {
			return nil, fmt.Errorf("reading a stored verdict: %w", err)
		}
		w := Window{v.Window, v.Epochs, v.Inconclusive, v.Availability, nil, nil, v.ErrorPpm, v.Failed, v.CreditBps, v.SlashBps, v.Cause.String()}
		w.TTFBMillis, w.ThroughputKiBps = figure(v.TTFB), figure(v.Throughput)
		l = append(l, w)
	}
	return l, store.Map(rows.Err())
}

func figure(v uint32) *int64 {
	if v == sla.NoFigure {
		return nil
	}
	n := int64(v)
	return &n
}
