package flash_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/flash"
)

// walker draws calls that mean something: amounts at the edges of balances and allowances, ledgers at the edges of lifetimes.
type walker struct {
	*rand.Rand
	s       *flash.State
	ledger  uint32
	parties []ids.Account
	longest uint32
	counts  map[string]int
}

func (w *walker) party() ids.Account { return w.parties[w.IntN(len(w.parties))] }

// about is an amount near one of these.
func (w *walker) about(edges ...money.Amount) money.Amount {
	switch w.IntN(8) {
	case 0:
		return money.Of(int64(w.IntN(3)) - 1)
	case 1, 2, 3:
		return money.Of(int64(w.IntN(1_000)))
	}
	return edges[w.IntN(len(edges))].Add(money.Of(int64(w.IntN(3)) - 1))
}

func (w *walker) next() flash.Op {
	if w.IntN(4) == 0 {
		w.ledger += uint32(w.IntN(12))
	}
	from, spender := w.party(), w.party()
	balance, allowance := w.s.Balance(from), w.s.Allowance(w.ledger, from, spender)
	switch w.IntN(10) {
	case 0, 1, 2:
		until := w.ledger + uint32(w.IntN(30))
		switch w.IntN(8) {
		case 0:
			until = w.ledger - 1
		case 1:
			until = w.ledger + w.longest + uint32(w.IntN(2))
		}
		return flash.Approve{From: from, Spender: spender, Amount: w.about(balance, allowance), LiveUntilLedger: until}
	case 3, 4, 5:
		return flash.Transfer{From: from, To: w.party(), Amount: w.about(balance)}
	case 6, 7:
		return flash.TransferFrom{Spender: spender, From: from, To: w.party(), Amount: w.about(balance, allowance, allowance)}
	case 8:
		return flash.Burn{From: from, Amount: w.about(money.Of(10), balance)}
	}
	return flash.BurnFrom{Spender: spender, From: from, Amount: w.about(money.Of(10), allowance)}
}

// take a step and look at the invariants.
func (w *walker) take(op flash.Op) error {
	before := w.s.Supply()
	_, err := w.s.Step(w.ledger, op)
	name := reflect.TypeOf(op).Name()
	if err != nil {
		name += " " + fault.CodeOf(err)
	}
	w.counts[name]++
	if v := w.s.Check(); len(v) > 0 {
		return fmt.Errorf("after %T in ledger %d (%v): %v", op, w.ledger, err, v)
	}
	if err != nil && !before.Equal(w.s.Supply()) || before.Less(w.s.Supply()) {
		return fmt.Errorf("%T: supply was %s and is %s (%v)", op, before, w.s.Supply(), err)
	}
	return nil
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
		w := &walker{Rand: rand.New(rand.NewPCG(seed, 1)), ledger: 100, parties: []ids.Account{account("a"), account("b"), account("c")}, longest: 50, counts: counts}
		s, err := flash.New(flash.Genesis{Holder: w.parties[0], Supply: money.Of(100_000), Longest: w.longest})
		if err != nil {
			t.Fatal(err)
		}
		w.s = s
		for i := range 100 {
			if err := w.take(w.next()); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, i, err)
			}
		}
	}
	for _, name := range []string{"Approve", "Approve AmountInvalid", "Approve ArgumentInvalid", "Transfer", "Transfer AmountInvalid", "Transfer BalanceMissing", "TransferFrom", "TransferFrom AmountInvalid",
		"TransferFrom AllowanceMissing", "TransferFrom BalanceMissing", "Burn", "Burn AmountInvalid", "Burn BalanceMissing", "BurnFrom", "BurnFrom AmountInvalid", "BurnFrom AllowanceMissing", "BurnFrom BalanceMissing"} {
		if counts[name] == 0 {
			t.Errorf("%s never happens", name)
		}
	}
}

func TestNothingIsMadeOfNothing(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{0, -1} {
		if _, err := flash.New(flash.Genesis{Holder: account("a"), Supply: money.Of(n)}); fault.CodeOf(err) != "AmountInvalid" {
			t.Errorf("supply %d: %v", n, err)
		}
	}
}
