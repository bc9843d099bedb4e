// Package stakes is FLASH and Staking as far as the models of the Registry and of governance ask them: a fake with behaviour, for tests and vectors. Their own models say the rest.
package stakes

import (
	"maps"
	"slices"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

const (
	unbondingSeconds = 30 * 86_400
	unbondingMost    = 8
)

type key struct {
	owner ids.Account
	role  uint32
}

type unbonding struct {
	amount money.Amount
	until  uint64
}

type checkpoint struct {
	time  uint64
	votes money.Amount
}

// Ledger of balances and stakes. Use it from one goroutine.
type Ledger struct {
	Staking ids.Account // holds what is staked
	Fund    ids.Account // is paid what nobody may be slashed in favour of

	balances  map[ids.Account]money.Amount
	active    map[key]money.Amount
	unbonding map[key][]unbonding // oldest first
	held      map[key]uint64
	trail     map[ids.Account][]checkpoint // of the total under the zero account
}

// New is a ledger where nobody has anything.
func New(staking, fund ids.Account) *Ledger {
	return &Ledger{Staking: staking, Fund: fund, balances: map[ids.Account]money.Amount{}, active: map[key]money.Amount{}, unbonding: map[key][]unbonding{}, held: map[key]uint64{}, trail: map[ids.Account][]checkpoint{}}
}

// Mark gives a function that takes back everything since.
func (l *Ledger) Mark() func() {
	old := *l
	old.balances, old.active, old.held = maps.Clone(l.balances), maps.Clone(l.active), maps.Clone(l.held)
	old.unbonding, old.trail = maps.Clone(l.unbonding), maps.Clone(l.trail) // lists are replaced, never changed in place
	return func() { *l = old }
}

// Mint makes FLASH out of nothing.
func (l *Ledger) Mint(to ids.Account, amount money.Amount) {
	l.balances[to] = l.balances[to].Add(amount)
}

// Balance of an account.
func (l *Ledger) Balance(of ids.Account) money.Amount { return l.balances[of] }

// Pay moves FLASH.
func (l *Ledger) Pay(from, to ids.Account, amount money.Amount) error {
	if l.balances[from].Less(amount) {
		return orchestrator.ErrTransferFailed
	}
	l.balances[from] = l.balances[from].Sub(amount)
	l.balances[to] = l.balances[to].Add(amount)
	return nil
}

// Stake locks FLASH in a role; it is votes at once.
func (l *Ledger) Stake(now uint64, owner ids.Account, role uint32, amount money.Amount) error {
	if amount.Sign() <= 0 {
		return orchestrator.ErrAmountInvalid
	}
	if err := l.Pay(owner, l.Staking, amount); err != nil {
		return err
	}
	k := key{owner, role}
	l.active[k] = l.active[k].Add(amount)
	l.vote(now, owner, amount)
	return nil
}

// Unbond begins to take stake out; it is votes no more.
func (l *Ledger) Unbond(now uint64, owner ids.Account, role uint32, amount money.Amount) error {
	k := key{owner, role}
	if amount.Sign() <= 0 {
		return orchestrator.ErrAmountInvalid
	}
	if l.active[k].Less(amount) {
		return orchestrator.ErrStakeMissing
	}
	if len(l.unbonding[k]) >= unbondingMost {
		return orchestrator.ErrUnbondingFull
	}
	l.active[k] = l.active[k].Sub(amount)
	l.unbonding[k] = append(slices.Clone(l.unbonding[k]), unbonding{amount, now + unbondingSeconds})
	l.vote(now, owner, money.Amount{}.Sub(amount))
	return nil
}

// Withdraw pays what has matured, unless it is held.
func (l *Ledger) Withdraw(now uint64, owner ids.Account, role uint32) error {
	k := key{owner, role}
	if now < l.held[k] {
		return orchestrator.ErrStakeHeld
	}
	sum, rest := money.Amount{}, []unbonding(nil)
	for _, u := range l.unbonding[k] {
		if u.until <= now {
			sum = sum.Add(u.amount)
		} else {
			rest = append(rest, u)
		}
	}
	if sum.Sign() == 0 {
		return orchestrator.ErrNothingDue
	}
	l.unbonding[k] = rest
	return l.Pay(l.Staking, owner, sum)
}

// StakeOf is the active stake.
func (l *Ledger) StakeOf(owner ids.Account, role uint32) money.Amount {
	return l.active[key{owner, role}]
}

// HeldUntil is the time before which nothing of a stake is withdrawn.
func (l *Ledger) HeldUntil(owner ids.Account, role uint32) uint64 { return l.held[key{owner, role}] }

// Hold never shortens.
func (l *Ledger) Hold(now uint64, owner ids.Account, role uint32, until uint64) error {
	if until > now+60*86_400 {
		return orchestrator.ErrArgumentInvalid
	}
	k := key{owner, role}
	l.held[k] = max(l.held[k], until)
	return nil
}

// Slash takes up to amount: active stake first, then the newest unbonding back. Nobody is slashed in favour of itself.
func (l *Ledger) Slash(now uint64, owner ids.Account, role uint32, amount money.Amount, to ids.Account) (money.Amount, error) {
	k := key{owner, role}
	fromActive := money.Min(amount, l.active[k])
	taken, list := fromActive, slices.Clone(l.unbonding[k])
	for i := len(list) - 1; i >= 0 && taken.Less(amount); i-- {
		part := money.Min(amount.Sub(taken), list[i].amount)
		taken, list[i].amount = taken.Add(part), list[i].amount.Sub(part)
		if list[i].amount.Sign() == 0 {
			list = list[:i]
		}
	}
	l.active[k], l.unbonding[k] = l.active[k].Sub(fromActive), list
	if fromActive.Sign() > 0 {
		l.vote(now, owner, money.Amount{}.Sub(fromActive))
	}
	if to == owner || to == l.Staking {
		to = l.Fund
	}
	return taken, l.Pay(l.Staking, to, taken)
}

func (l *Ledger) vote(now uint64, owner ids.Account, by money.Amount) {
	for _, a := range []ids.Account{owner, {}} {
		t := l.trail[a]
		votes := by
		if n := len(t); n > 0 {
			votes = t[n-1].votes.Add(by)
			if t[n-1].time == now {
				t = t[:n-1]
			}
		}
		l.trail[a] = append(slices.Clone(t), checkpoint{now, votes})
	}
}

// PowerAt and TotalAt are the votes of one and of all at the end of a second that is over.
func (l *Ledger) PowerAt(owner ids.Account, time uint64) (votes money.Amount) {
	for _, c := range l.trail[owner] {
		if c.time <= time {
			votes = c.votes
		}
	}
	return votes
}
func (l *Ledger) TotalAt(time uint64) money.Amount { return l.PowerAt(ids.Account{}, time) }
