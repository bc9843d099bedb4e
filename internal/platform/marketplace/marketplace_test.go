package marketplace

import (
	"strings"
	"testing"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

func unit(n byte, change func(*orchestrator.Unit)) orchestrator.Unit {
	u := orchestrator.Unit{ID: ids.ID{0, 1, 2, 1, n}, UnitSpec: orchestrator.UnitSpec{Kind: 1, Capacity: 100 << 30, Region: "DE/Berlin", Listed: true, MinEpochs: 1, MaxEpochs: 1000,
		QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 100}, StoragePrice: money.Of(1000), CollateralBps: 5000}}
	if change != nil {
		change(&u)
	}
	return u
}

func TestSearchRanksAndExplains(t *testing.T) {
	t.Parallel()
	limit := money.Of(24 * 1000 * 10)
	w := Wish{Kind: 1, Volume: 10 << 30, Epochs: 24, EpochSeconds: 86_400, TTFBMillis: 100, MaxTotal: &limit}
	a := Search([]orchestrator.Unit{
		unit(1, nil),
		unit(2, func(u *orchestrator.Unit) { u.StoragePrice = money.Of(900) }),
		unit(3, func(u *orchestrator.Unit) { u.QoS.TTFBMillis = 150 }),
		unit(4, func(u *orchestrator.Unit) { u.QoS.TTFBMillis = 150 }),
		unit(5, func(u *orchestrator.Unit) { u.StoragePrice = money.Of(1001) }),
		unit(6, func(u *orchestrator.Unit) { u.ReservedBytes = 95 << 30 }),
		unit(7, func(u *orchestrator.Unit) { u.Listed = false }),
		unit(8, func(u *orchestrator.Unit) {
			u.QoS.TTFBMillis = 300
			u.Region = "FR/Paris"
			u.ReservedBytes = u.Capacity
		}),
	}, w)
	if len(a.Offers) != 2 || a.Offers[0].Unit.ID[4] != 2 || a.Offers[1].Unit.ID[4] != 1 {
		t.Fatalf("offers: %+v", a.Offers)
	}
	if got := a.Offers[1].Total.String(); got != "240000" {
		t.Errorf("total of 10 GiB for 24 days at 1000: %s", got)
	}
	if got := a.Offers[1].Collateral.String(); got != "120000" {
		t.Errorf("collateral at 50 %%: %s", got)
	}
	want := map[string]int{"latency": 2, "price": 1, "capacity": 2, "listing": 1}
	for k, n := range want {
		if a.Excluded[k] != n {
			t.Errorf("excluded by %s: %d, want %d (%v)", k, a.Excluded[k], n, a.Excluded)
		}
	}
	if s := strings.Join(a.Hints, "; "); !strings.Contains(s, "150 ms would give 2") {
		t.Errorf("hints: %s", s)
	}
}
