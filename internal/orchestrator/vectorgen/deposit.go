package main

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// depositCase: what a deposit pays for, what is reserved when nothing has accrued, and what leaving after some epochs costs.
type depositCase struct {
	Name      string       `json:"name"`
	Terms     raw          `json:"terms"`
	Deposited money.Amount `json:"deposited"`
	Epochs    uint32       `json:"epochs"`

	Full    money.Amount `json:"full"`
	Bond    money.Amount `json:"bond"`
	Covered uint32       `json:"covered"`
	Least   uint32       `json:"least"`
	Reserve money.Amount `json:"reserve"` // of deposited − bond, 0 when the bond is not paid
	Early   money.Amount `json:"early"`   // after epochs
}

func depositCases() (cases []depositCase) {
	one := money.Of(1)
	for _, v := range []struct {
		name   string
		change []func(*sla.Terms)
	}{
		{"plain", nil},
		{"dust", []func(*sla.Terms){func(t *sla.Terms) {
			t.StoragePrice, t.EgressPrice, t.Volume = money.Of(1), money.Of(1), 7*gib+13
		}}},
		{"free", []func(*sla.Terms){func(t *sla.Terms) { t.StoragePrice, t.EgressPrice = money.Amount{}, money.Amount{} }}},
		{"no egress, no bond", []func(*sla.Terms){func(t *sla.Terms) { t.Egress, t.Protocol.EarlyBps = 0, 0 }}},
		{"short: the least is the duration", []func(*sla.Terms){func(t *sla.Terms) { t.Duration = 20 }}},
		{"no grace, no retention", []func(*sla.Terms){func(t *sla.Terms) { t.Protocol.GraceEpochs, t.Protocol.RetentionEpochs = 0, 0 }}},
		{"largest", []func(*sla.Terms){largest}},
	} {
		t := terms(v.change...)
		first := t.Bond.Add(t.EgressTotal())
		r := seeded("deposit " + v.name)
		n := uint32(r.Uint64N(uint64(t.Duration)))
		for _, d := range []struct {
			name   string
			amount money.Amount
		}{
			{"nothing", money.Amount{}}, {"less than bond and egress", money.Min(first, first.Sub(one))}, {"bond and egress", first}, {"one epoch", first.Add(t.Storage(1))},
			{"the least, less one unit", first.Add(t.Storage(t.Least())).Sub(one)}, {"the least", first.Add(t.Storage(t.Least()))}, {"some epochs", first.Add(t.Storage(n))},
			{"the price without the bond", t.TotalPrice()}, {"all but one unit", t.Full().Sub(one)}, {"all", t.Full()},
		} {
			if d.amount.Sign() < 0 {
				continue
			}
			c := depositCase{Name: fmt.Sprintf("%s: %s", v.name, d.name), Terms: t.Bytes(), Deposited: d.amount, Epochs: uint32(r.Uint64N(uint64(t.Duration) + 1)),
				Full: t.Full(), Bond: t.Bond, Covered: t.Covered(d.amount), Least: t.Least()}
			if !d.amount.Less(t.Bond) {
				c.Reserve = t.Reserve(d.amount.Sub(t.Bond), c.Covered, t.Duration)
			}
			c.Early = t.Early(c.Epochs, t.Duration)
			cases = append(cases, c)
		}
	}
	return cases
}
