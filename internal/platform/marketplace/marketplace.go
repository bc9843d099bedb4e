// Package marketplace finds offers: listed Data Units that can take an SLA, cheapest suitable first, and says why the others do not match.
// It is pure: units come in, an answer goes out.
package marketplace

import (
	"fmt"
	"math/big"
	"sort"
	"strings"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// Wish is what a consumer looks for. A zero field asks for nothing.
type Wish struct {
	Kind            uint8
	Volume, Egress  uint64
	Epochs          uint32
	EpochSeconds    uint32 // of the network; prices need it
	Region          string // prefix, case-insensitive
	Provider        ids.Account
	Asset           ids.Account
	AvailabilityPpm uint32 // at least
	TTFBMillis      uint32 // at most; a unit that promises none does not match
	ThroughputKiBps uint32 // at least
	MaxTotal        *money.Amount
}

// Offer is a unit that matches.
type Offer struct {
	Unit       orchestrator.Unit
	Free       uint64       // bytes not reserved
	Total      money.Amount // price of the whole wish
	Collateral money.Amount // that the provider locks for it
}

// Answer of a search.
type Answer struct {
	Offers   []Offer
	Excluded map[string]int // by the first reason that excludes
	Hints    []string       // what would give more, for people
}

// reasons in the order in which they are named; the first that applies is counted.
var reasons = []string{"listing", "kind", "asset", "provider", "region", "capacity", "duration", "availability", "latency", "throughput", "price"}

// Search ranks the units that match by total price, then by promised availability, then by free space.
func Search(units []orchestrator.Unit, w Wish) Answer {
	a := Answer{Offers: []Offer{}, Excluded: map[string]int{}}
	only := map[string][]Offer{} // excluded by this reason alone
	for _, u := range units {
		o := Offer{Unit: u, Free: u.Capacity - min(u.Capacity, u.ReservedBytes+u.InUseBytes), Total: Total(&u, w)}
		o.Collateral = ceilBps(o.Total, u.CollateralBps)
		why := exclude(&o, w)
		switch len(why) {
		case 0:
			a.Offers = append(a.Offers, o)
			continue
		case 1:
			only[why[0]] = append(only[why[0]], o)
		}
		a.Excluded[why[0]]++
	}
	sort.SliceStable(a.Offers, func(i, j int) bool {
		x, y := &a.Offers[i], &a.Offers[j]
		if c := x.Total.Cmp(y.Total); c != 0 {
			return c < 0
		}
		if x.Unit.QoS.AvailabilityPpm != y.Unit.QoS.AvailabilityPpm {
			return x.Unit.QoS.AvailabilityPpm > y.Unit.QoS.AvailabilityPpm
		}
		if x.Free != y.Free {
			return x.Free > y.Free
		}
		return x.Unit.ID.String() < y.Unit.ID.String()
	})
	a.Hints = hints(only)
	return a
}

// Total price of a wish on a unit, as the contract computes it; 0 where the network's epoch is not given.
func Total(u *orchestrator.Unit, w Wish) money.Amount {
	t := sla.Terms{StoragePrice: u.StoragePrice, EgressPrice: u.EgressPrice, Volume: w.Volume, Egress: w.Egress, Duration: w.Epochs, EpochSeconds: w.EpochSeconds}
	return t.TotalPrice()
}

func ceilBps(a money.Amount, bps uint16) money.Amount {
	v := a.Big()
	v.Mul(v, big.NewInt(int64(bps)))
	v.Add(v, big.NewInt(9_999))
	return money.Must(v.Quo(v, big.NewInt(10_000)))
}

func exclude(o *Offer, w Wish) (why []string) {
	u := &o.Unit
	bad := map[string]bool{
		"listing":      !u.Listed || u.State >= orchestrator.UnitMaintenance,
		"kind":         w.Kind != 0 && u.Kind != w.Kind,
		"asset":        !w.Asset.Zero() && u.Asset != w.Asset,
		"provider":     !w.Provider.Zero() && u.Provider != w.Provider,
		"region":       !strings.HasPrefix(strings.ToLower(u.Region), strings.ToLower(w.Region)),
		"capacity":     o.Free < w.Volume,
		"duration":     w.Epochs != 0 && (w.Epochs < u.MinEpochs || w.Epochs > u.MaxEpochs),
		"availability": u.QoS.AvailabilityPpm < w.AvailabilityPpm,
		"latency":      w.TTFBMillis != 0 && (u.QoS.TTFBMillis == 0 || u.QoS.TTFBMillis > w.TTFBMillis),
		"throughput":   u.QoS.ThroughputKiBps < w.ThroughputKiBps,
		"price":        w.MaxTotal != nil && w.MaxTotal.Less(o.Total),
	}
	for _, r := range reasons {
		if bad[r] {
			why = append(why, r)
		}
	}
	return why
}

// hints name the smallest change of one wish that gives an offer, and how many offers that change gives.
func hints(only map[string][]Offer) []string {
	l := []string{}
	say := func(reason, format string, value func(*Offer) uint64, lowest bool) {
		c := only[reason]
		if len(c) == 0 {
			return
		}
		best := value(&c[0])
		for i := range c {
			if v := value(&c[i]); lowest == (v < best) {
				best = v
			}
		}
		n := 0
		for i := range c {
			if value(&c[i]) == best {
				n++
			}
		}
		l = append(l, fmt.Sprintf(format, best, n))
	}
	say("latency", "a p95 of %d ms would give %d more", func(o *Offer) uint64 { return uint64(o.Unit.QoS.TTFBMillis) }, true)
	say("availability", "an availability of %d ppm would give %d more", func(o *Offer) uint64 { return uint64(o.Unit.QoS.AvailabilityPpm) }, false)
	say("throughput", "a throughput of %d KiB/s would give %d more", func(o *Offer) uint64 { return uint64(o.Unit.QoS.ThroughputKiBps) }, false)
	say("capacity", "a volume of %d bytes would give %d more", func(o *Offer) uint64 { return o.Free }, false)
	if c := only["price"]; len(c) > 0 {
		best := c[0].Total
		for i := range c {
			best = money.Min(best, c[i].Total)
		}
		l = append(l, fmt.Sprintf("a total of %s would give more", best))
	}
	return l
}
