package main

import (
	"fmt"

	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/sla"
)

// totalsCase: the money that follows from terms and one leaf.
type totalsCase struct {
	Name  string `json:"name"`
	Terms raw    `json:"terms"`
	Leaf  raw    `json:"leaf"`

	TotalPrice money.Amount `json:"totalPrice"`
	Gross      money.Amount `json:"gross"`
	Credit     money.Amount `json:"credit"`
	Earned     money.Amount `json:"earned"`
	Fee        money.Amount `json:"fee"`
	Provider   money.Amount `json:"provider"`
	Holdback   money.Amount `json:"holdback"`
	Coverage   money.Amount `json:"coverage"`
	Slash      money.Amount `json:"slash"`

	SlashShares [4]money.Amount `json:"slashShares"` // consumer, validators, challenger, fund
	FeeShares   [4]money.Amount `json:"feeShares"`   // platform, validators, fund, insurance
}

func totalsCases() (cases []totalsCase) {
	add := func(name string, t *sla.Terms, l sla.Leaf) {
		x := t.Totals(&l)
		cases = append(cases, totalsCase{
			Name: name, Terms: t.Bytes(), Leaf: l.Bytes(), TotalPrice: t.TotalPrice(), Gross: x.Gross, Credit: x.Credit, Earned: x.Earned, Fee: x.Fee, Provider: x.Provider,
			Holdback: x.Holdback, Coverage: x.Coverage, Slash: x.Slash, SlashShares: sla.Split(x.Slash, t.Protocol.SlashSplit), FeeShares: sla.Split(x.Fee, t.Protocol.FeeSplit),
		})
	}
	dust := func(t *sla.Terms) { t.StoragePrice, t.EgressPrice, t.Volume = money.Of(1), money.Of(1), 7*gib+13 }
	for _, v := range []struct {
		name   string
		change []func(*sla.Terms)
	}{{"stream", nil}, {"escrow", []func(*sla.Terms){escrow}}, {"dust", []func(*sla.Terms){dust}}, {"dust in escrow", []func(*sla.Terms){dust, escrow}}, {"largest", []func(*sla.Terms){largest}},
		{"no fee, no holdback", []func(*sla.Terms){func(t *sla.Terms) { t.Protocol.FeeBps, t.Protocol.HoldbackBps = 0, 0 }}}} {
		t := terms(v.change...)
		add(v.name+": zero leaf", t, sla.Zero(t))
		one := sla.Zero(t)
		one.Epochs, one.BytesOut = 1, 1
		add(v.name+": one epoch and one byte, nothing judged", t, one)
		full := sla.Zero(t)
		full.Epochs, full.JudgedEpochs, full.BytesOut, full.JudgedOut = t.Duration, t.Duration, t.Egress, t.Egress
		add(v.name+": all delivered", t, full)
		h := uint64(t.Protocol.HoldbackBps)
		full.PriceCreditEpochs, full.PriceCreditOut = h*uint64(t.Duration), sla.Wide{}.AddProduct(h, t.Egress)
		full.CollateralCreditEpochs, full.CollateralCreditOut = (10_000-h)*uint64(t.Duration), sla.Wide{}.AddProduct(10_000-h, t.Egress)
		full.SlashBps = 10_000
		add(v.name+": all credited and slashed", t, full)
		for i := range 4 {
			name := fmt.Sprintf("%s: random %d", v.name, i)
			add(name, t, leaf(t, seeded(name)))
		}
	}
	return cases
}
