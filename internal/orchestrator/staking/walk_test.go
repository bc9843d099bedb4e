package staking_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
)

const (
	hour = 3_600
	day  = 86_400
)

// purse is a token of its own for sequences without a chain.
type purse map[ids.Account]money.Amount

func (p purse) Balance(of ids.Account) money.Amount { return p[of] }

func (p purse) Transfer(from, to ids.Account, amount money.Amount) error {
	if p[from].Less(amount) {
		return errors.New("the balance does not cover it")
	}
	p[from] = p[from].Sub(amount)
	p[to] = p[to].Add(amount)
	return nil
}

// walker draws calls that mean something: amounts at the edges of what is there, times at the edges of maturity, holds and notices.
type walker struct {
	*rand.Rand
	s       *staking.State
	token   staking.Token
	now     uint64
	owners  []ids.Account
	courts  []ids.Account
	code    [32]byte // that may be announced
	counts  map[string]int
	history []answer
	hurry   bool // time hardly goes on, and one owner unbonds in small parts: places run out
}

// answer that was once given: it must never change.
type answer struct {
	owner ids.Account // none: of all
	time  uint64
	votes money.Amount
}

func (w *walker) owner() ids.Account {
	if w.hurry && w.IntN(8) > 0 {
		return w.owners[0]
	}
	return w.owners[w.IntN(len(w.owners))]
}
func (w *walker) court() ids.Account { return w.courts[w.IntN(len(w.courts))] }

func (w *walker) role() staking.Role {
	switch {
	case w.IntN(30) == 0:
		return 5
	case w.hurry:
		return staking.Provider
	}
	return []staking.Role{staking.Provider, staking.Certifier}[w.IntN(2)]
}

// about is an amount near one of these, often a small one.
func (w *walker) about(edges ...money.Amount) money.Amount {
	switch w.IntN(8) {
	case 0:
		return money.Of(int64(w.IntN(3)) - 1)
	case 1, 2, 3:
		return money.Of(int64(1 + w.IntN(50)))
	}
	return edges[w.IntN(len(edges))].Add(money.Of(int64(w.IntN(3)) - 1))
}

// pass lets time go on, sometimes to the very moment when something changes.
func (w *walker) pass() {
	if w.IntN(2) == 0 || w.hurry && w.IntN(10) > 0 {
		return
	}
	next := w.now + []uint64{0, 1, hour, day, 10 * day, 38 * day}[w.IntN(6)]
	if w.IntN(3) == 0 {
		p := w.s.Position(w.owner(), staking.Role(2*w.IntN(2)))
		edges := []uint64{p.HeldUntil}
		for _, u := range p.Unbondings {
			edges = append(edges, u.Until)
		}
		if from, ok := w.s.SlasherFrom(w.court()); ok {
			edges = append(edges, from)
		}
		if e := edges[w.IntN(len(edges))] - uint64(w.IntN(2)); e > w.now && e < w.now+80*day {
			next = e
		}
	}
	w.now = next
}

func (w *walker) next() staking.Op {
	w.pass()
	owner, role := w.owner(), w.role()
	p := w.s.Position(owner, role)
	switch n := w.IntN(40); {
	case n < 9:
		from := owner
		if w.IntN(4) == 0 {
			from = w.owner()
		}
		return staking.Stake{From: from, Owner: owner, Role: role, Amount: w.about(w.token.Balance(from))}
	case n < 18 && w.hurry:
		return staking.Unbond{Owner: owner, Role: role, Amount: money.Of(1)}
	case n < 18:
		return staking.Unbond{Owner: owner, Role: role, Amount: w.about(p.Active, money.Of(1))}
	case n < 21:
		number := p.Next
		if len(p.Unbondings) > 0 && w.IntN(4) > 0 {
			number = p.Unbondings[w.IntN(len(p.Unbondings))].Number
		}
		return staking.CancelUnbond{Owner: owner, Role: role, Number: number}
	case n < 26:
		return staking.Withdraw{Owner: owner, Role: role}
	case n < 31:
		to := []ids.Account{w.owner(), w.owner(), owner, w.s.Genesis().Self, w.s.Genesis().Fund}[w.IntN(5)]
		return staking.Slash{By: w.court(), Owner: owner, Role: role, Amount: w.about(p.Active, p.Active.Add(p.Unbonding)), To: to, Cause: [32]byte{byte(n)}}
	case n < 34:
		return staking.Hold{By: w.court(), Owner: owner, Role: role, Until: w.now + []uint64{0, day, 20 * day, 60 * day, 60*day + 1}[w.IntN(5)]}
	case n < 36:
		return staking.NameSlasher{Contract: w.court(), Allowed: w.IntN(4) > 0}
	case n < 37:
		return staking.SetAdmin{Admin: w.court()}
	case n < 38:
		return staking.UpgradeAnnounce{Wasm: w.code}
	}
	return staking.Upgrade{}
}

// check what holds after every step: the invariants, and answers about the past as they were.
func (w *walker) check() error {
	if v := w.s.Check(); len(v) > 0 {
		return fmt.Errorf("%v", v)
	}
	ask := func(a answer) (money.Amount, error) {
		if a.owner.Zero() {
			return w.s.TotalAt(w.now, a.time)
		}
		return w.s.PowerAt(w.now, a.owner, a.time)
	}
	for _, a := range w.history {
		if votes, err := ask(a); err != nil || !votes.Equal(a.votes) {
			return fmt.Errorf("votes of %s at %d were %s and are %s (%w)", a.owner, a.time, a.votes, votes, err)
		}
	}
	a := answer{time: w.now - 1 - uint64(w.IntN(3))*day}
	if w.IntN(3) > 0 {
		a.owner = w.owner()
	}
	var err error
	if a.votes, err = ask(a); err == nil && len(w.history) < 60 {
		w.history = append(w.history, a)
	}
	return err
}

func (w *walker) count(op staking.Op, err error) {
	name := reflect.TypeOf(op).Name()
	if err != nil {
		name += " " + fault.CodeOf(err)
	}
	w.counts[name]++
}

func account(name string) ids.Account {
	return ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: canon.Hash([]byte(name))}
}

func TestSequences(t *testing.T) {
	t.Parallel()
	first := rand.Uint64()
	t.Logf("seeds from %d", first)
	counts := map[string]int{}
	for seed := first; seed != first+200; seed++ {
		p := purse{}
		w := &walker{Rand: rand.New(rand.NewPCG(seed, 1)), token: p, now: 1_800_000_000, counts: counts, hurry: seed%4 == 0}
		for _, name := range []string{"a", "b", "c"} {
			w.owners = append(w.owners, account(name))
			p[account(name)] = money.Of(1_000)
		}
		w.courts = []ids.Account{account("court"), account("other court")}
		s, err := staking.New(staking.Genesis{Self: account("staking"), Admin: account("admin"), Fund: account("fund")}, p)
		if err != nil {
			t.Fatal(err)
		}
		w.s = s
		if _, err := s.Step(w.now, staking.NameSlasher{Contract: w.courts[0], Allowed: true}); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			op := w.next()
			before := picture(w)
			_, err := s.Step(w.now, op)
			w.count(op, err)
			if err != nil && !reflect.DeepEqual(before, picture(w)) {
				t.Fatalf("seed %d, step %d: %T failed with %v and changed something", seed, i, op, err)
			}
			if e := w.check(); e != nil {
				t.Fatalf("seed %d, step %d: after %T (%v): %v", seed, i, op, err, e)
			}
		}
	}
	for _, name := range []string{"Stake", "Stake AmountInvalid", "Stake ArgumentInvalid", "Stake TransferFailed", "Unbond", "Unbond AmountInvalid", "Unbond ArgumentInvalid", "Unbond StakeMissing", "Unbond UnbondingFull",
		"CancelUnbond", "CancelUnbond ArgumentInvalid", "CancelUnbond NotFound", "Withdraw", "Withdraw ArgumentInvalid", "Withdraw StakeHeld", "Withdraw NothingDue", "Slash", "Slash NotAuthorized", "Slash AmountInvalid",
		"Slash ArgumentInvalid", "Hold", "Hold NotAuthorized", "Hold ArgumentInvalid", "NameSlasher", "SetAdmin", "UpgradeAnnounce", "Upgrade", "Upgrade NotFound", "Upgrade UpgradeEarly"} {
		if counts[name] == 0 {
			t.Errorf("%s never happens", name)
		}
	}
}

// picture is all that a sequence can change.
func picture(w *walker) any {
	var out []any
	for _, o := range w.owners {
		for role := staking.Provider; role <= staking.Voter; role++ {
			out = append(out, w.s.Position(o, role))
		}
		out = append(out, w.s.Votes(o).String(), w.token.Balance(o).String())
	}
	for _, c := range w.courts {
		from, ok := w.s.SlasherFrom(c)
		out = append(out, from, ok)
	}
	return append(out, w.s.Total().String(), w.s.Admin(), w.token.Balance(w.s.Genesis().Self).String(), w.token.Balance(w.s.Genesis().Fund).String())
}

func TestTheFundIsAnother(t *testing.T) {
	t.Parallel()
	if _, err := staking.New(staking.Genesis{Self: account("s"), Fund: account("s")}, purse{}); fault.CodeOf(err) != "ArgumentInvalid" {
		t.Error(err)
	}
}
