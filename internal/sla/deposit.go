package sla

import (
	"math/big"

	"github.com/flashback-network/flashback/internal/money"
)

// Storage is s(n) of the page: what so many epochs of storage cost.
func (t *Terms) Storage(epochs uint32) money.Amount {
	return money.Must(floor(t.k(), u(uint64(epochs)), gibDay))
}

// EgressTotal is the price of all of the egress, which is paid at once.
func (t *Terms) EgressTotal() money.Amount {
	return money.Must(floor(t.EgressPrice.Big(), u(t.Egress), gib))
}

// Full is the most that is ever paid in: the total price and the bond.
func (t *Terms) Full() money.Amount { return t.TotalPrice().Add(t.Bond) }

// Covered is how many epochs a deposit pays for: the bond comes first, then the egress, then storage.
func (t *Terms) Covered(deposited money.Amount) uint32 {
	rest := deposited.Sub(t.Bond).Sub(t.EgressTotal())
	if rest.Sign() < 0 {
		return 0
	}
	k := t.k()
	if k.Sign() == 0 {
		return t.Duration
	}
	// ⌊k·n/S⌋ ≤ rest is k·n < (rest + 1)·S
	n := rest.Big()
	n.Add(n, big.NewInt(1)).Mul(n, gibDay).Sub(n, big.NewInt(1)).Quo(n, k)
	if n.Cmp(u(uint64(t.Duration))) >= 0 {
		return t.Duration
	}
	return uint32(n.Uint64())
}

// Least is how many epochs have to be paid for before an SLA begins.
func (t *Terms) Least() uint32 {
	p := &t.Protocol
	return uint32(min(uint64(t.Duration), uint64(t.Window)+uint64(p.GraceEpochs)+uint64(p.RetentionEpochs)))
}

// Reserve is R of an SLA that lasts so many epochs: of what has not accrued, the price of the last covered epochs, which are Retention's; nothing when all of the duration is paid for.
func (t *Terms) Reserve(unused money.Amount, covered, duration uint32) money.Amount {
	if covered >= duration {
		return money.Amount{}
	}
	return money.Min(unused, t.Storage(covered).Sub(t.Storage(covered-min(covered, t.Protocol.RetentionEpochs))))
}

// Early is what it costs the consumer to leave after so many epochs of the duration.
func (t *Terms) Early(epochs, duration uint32) money.Amount {
	return t.between(epochs, duration).Bps(uint32(t.Protocol.EarlyBps))
}

// Reclaim is what it costs the provider to leave after so many of the covered epochs.
func (t *Terms) Reclaim(epochs, covered uint32) money.Amount {
	return t.between(epochs, covered).Bps(uint32(t.Protocol.ReclaimBps))
}

// between is what the storage from one epoch to a later one costs, nothing when it is not later.
func (t *Terms) between(from, to uint32) money.Amount {
	return t.Storage(to).Sub(t.Storage(min(from, to)))
}
