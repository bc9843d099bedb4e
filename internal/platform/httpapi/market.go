package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/marketplace"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/store"
)

// Unit as the API shows it.
type Unit struct {
	ID            ids.ID       `json:"id"`
	Provider      ids.Account  `json:"provider"`
	Node          ids.ID       `json:"node"`
	Kind          string       `json:"kind" enum:"storage,compute"`
	State         string       `json:"state"`
	Listed        bool         `json:"listed"`
	Region        string       `json:"region"`
	Capacity      uint64       `json:"capacity"`
	ReservedBytes uint64       `json:"reservedBytes"`
	InUseBytes    uint64       `json:"inUseBytes"`
	QoS           sla.QoS      `json:"qos"`
	Asset         ids.Account  `json:"asset"`
	StoragePrice  money.Amount `json:"storagePrice" doc:"Smallest units per GiB·day"`
	EgressPrice   money.Amount `json:"egressPrice" doc:"Smallest units per GiB"`
	PriceVersion  uint32       `json:"priceVersion"`
	CollateralBps uint16       `json:"collateralBps"`
	AutoAccept    bool         `json:"autoAccept"`
	MinEpochs     uint32       `json:"minEpochs"`
	MaxEpochs     uint32       `json:"maxEpochs"`
}

func viewUnit(u *orchestrator.Unit) Unit {
	kind := "storage"
	if u.Kind == 2 {
		kind = "compute"
	}
	return Unit{u.ID, u.Provider, u.Node, kind, u.State.String(), u.Listed, u.Region, u.Capacity, u.ReservedBytes, u.InUseBytes, u.QoS, u.Asset, u.StoragePrice, u.EgressPrice,
		u.PriceVersion, u.CollateralBps, u.AutoAccept, u.MinEpochs, u.MaxEpochs}
}

// Offer that matches a search.
type Offer struct {
	Unit       Unit         `json:"unit"`
	Free       uint64       `json:"free" doc:"Bytes not reserved"`
	Total      money.Amount `json:"total" doc:"Price of the whole, as the contract computes it"`
	Collateral money.Amount `json:"collateral" doc:"What the provider locks for it"`
}

// Offers found, and why others were not.
type Offers struct {
	Offers   []Offer        `json:"offers" doc:"By total price, promised availability, free space"`
	Excluded map[string]int `json:"excluded" doc:"Units that do not match, by the first reason"`
	Hints    []string       `json:"hints" doc:"The smallest change of the search that gives more"`
}

func (a *api) units(ctx context.Context, where string, args ...any) ([]orchestrator.Unit, error) {
	rows, err := a.DB.QueryContext(ctx, `SELECT body FROM units WHERE `+where, args...)
	if err != nil {
		return nil, store.Map(err)
	}
	defer rows.Close()
	var l []orchestrator.Unit
	for rows.Next() {
		var b string
		var u orchestrator.Unit
		if err := rows.Scan(&b); err != nil {
			return nil, store.Map(err)
		}
		if err := json.Unmarshal([]byte(b), &u); err != nil {
			return nil, fmt.Errorf("reading a stored unit: %w", err)
		}
		l = append(l, u)
	}
	return l, store.Map(rows.Err())
}

func (a *api) market() {
	huma.Register(a.h, operation("list-units", http.MethodGet, "/v1/units", "List Data Units", "market", false, 422),
		func(ctx context.Context, in *struct {
			Page
			Provider string `query:"provider" maxLength:"80"`
		}) (*body[List[Unit]], error) {
			l, err := a.units(ctx, `id > $1 AND ($2 = '' OR provider = $2) ORDER BY id LIMIT $3`, in.After, in.Provider, in.Limit)
			v := make([]Unit, len(l))
			for i := range l {
				v[i] = viewUnit(&l[i])
			}
			return reply(a, listOf(v, in.Limit, func(u Unit) string { return u.ID.String() }), err)
		})
	huma.Register(a.h, operation("get-unit", http.MethodGet, "/v1/units/{id}", "One Data Unit", "market", false, 404, 422),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"64"`
		}) (*body[Unit], error) {
			id, err := parseID(in.ID, ids.Unit, "unit")
			if err != nil {
				return nil, a.problem(err)
			}
			u, err := a.Chain.Unit(ctx, id) // counters are never shown from the index
			if fault.KindOf(err) == fault.NotFound {
				err = fault.New(fault.NotFound, "unit_unknown", "no such Data Unit")
			}
			return reply(a, viewUnit(&u), err)
		})
	huma.Register(a.h, operation("search-offers", http.MethodGet, "/v1/offers", "Search the marketplace", "market", false, 422),
		func(ctx context.Context, in *struct {
			Volume          uint64 `query:"volume" minimum:"1" required:"true" maximum:"1125899906842624" doc:"Bytes to reserve"`
			Egress          uint64 `query:"egress" maximum:"18014398509481984" doc:"Bytes to read in the whole life"`
			Epochs          uint32 `query:"epochs" minimum:"1" required:"true" maximum:"1073741824"`
			Region          string `query:"region" maxLength:"64" doc:"Beginning of the region"`
			Asset           string `query:"asset" maxLength:"80"`
			Provider        string `query:"provider" maxLength:"80"`
			AvailabilityPpm uint32 `query:"availabilityPpm" maximum:"1000000" doc:"At least"`
			TTFBMillis      uint32 `query:"ttfbMs" doc:"p95 at most"`
			ThroughputKiBps uint32 `query:"throughputKibps" doc:"At least"`
			MaxTotal        string `query:"maxTotal" maxLength:"40" doc:"Smallest units"`
		}) (*body[Offers], error) {
			w := marketplace.Wish{Kind: 1, Volume: in.Volume, Egress: in.Egress, Epochs: in.Epochs, EpochSeconds: a.Oracle.EpochSeconds, Region: in.Region,
				AvailabilityPpm: in.AvailabilityPpm, TTFBMillis: in.TTFBMillis, ThroughputKiBps: in.ThroughputKiBps}
			if uint64(in.Epochs)*uint64(w.EpochSeconds) > sla.MaxSeconds {
				return nil, a.problem(fault.New(fault.Invalid, "duration_invalid", "the duration is longer than the contracts take (2^30 seconds)"))
			}
			for _, x := range []struct {
				s  string
				to *ids.Account
			}{{in.Asset, &w.Asset}, {in.Provider, &w.Provider}} {
				if x.s == "" {
					continue
				}
				acc, err := account(x.s)
				if err != nil {
					return nil, a.problem(err)
				}
				*x.to = acc
			}
			if in.MaxTotal != "" {
				m, err := money.Parse(in.MaxTotal)
				if err != nil {
					return nil, a.problem(fault.New(fault.Invalid, "amount_invalid", "%s", err))
				}
				w.MaxTotal = &m
			}
			l, err := a.units(ctx, `1 = 1 ORDER BY id`)
			if err != nil {
				return nil, a.problem(err)
			}
			found := marketplace.Search(l, w)
			v := Offers{Offers: []Offer{}, Excluded: found.Excluded, Hints: found.Hints}
			for i := range found.Offers {
				o := &found.Offers[i]
				v.Offers = append(v.Offers, Offer{viewUnit(&o.Unit), o.Free, o.Total, o.Collateral})
			}
			return reply(a, v, nil)
		})
}
