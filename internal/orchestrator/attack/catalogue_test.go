package attack

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/attacks.md")

const table = "../../../docs/attacks.md"

// attack is one entry of the catalogue.
type attack struct {
	name      string
	does      string   // for the table: who does what
	attackers []string // whose profit it is
	victims   []string // whose loss
	// trusted names who has to be dishonest that the design trusts: then the attack may pay, up to the bound.
	trusted string
	// dust allows a profit below so many units, one for each SLA, while the calls cost a thousand stroops and more for each.
	dust int64
	// run attacks, says what the honest course would have been (world.owe), ends every SLA that it began, and returns the most that the victims may lose, and by which rule.
	run func(w *world) (bound int64, rule string)
}

// result of an attack.
type result struct {
	attack
	profit, loss, bound int64
	rule                string
	calls               int
	fees                int64
}

func catalogue() []attack {
	return slices.Concat(griefing, rounding, crossed, racing, twice, halves, tokens, extremes, admins, leaving, stakes, cases, succession)
}

// No attack pays, and no victim loses more than the specification says. Everything is paid out in the end, and the contracts hold what they owe.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	all := catalogue()
	results := make([]result, len(all))
	t.Run("attack", func(t *testing.T) {
		for i, a := range all {
			t.Run(a.name, func(t *testing.T) {
				t.Parallel()
				results[i] = a.judge(start(t))
			})
		}
	})
	if t.Failed() || slices.ContainsFunc(results, func(r result) bool { return r.name == "" }) { // or only some were asked for
		return
	}
	text := document(results)
	if *update {
		if err := os.WriteFile(table, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile(table); err != nil || string(b) != text {
		t.Errorf("docs/attacks.md is not what the attacks came to (%v): run `go test ./internal/orchestrator/attack -run TestCatalogue -update`", err)
	}
}

// owe notes by how much the honest course would have changed a party's wealth.
func (w *world) owe(name string, amount int64) { w.due[name] += amount }

// judge runs the attack and counts.
func (a attack) judge(w *world) result {
	before := map[string]int64{}
	for _, n := range slices.Concat(a.attackers, a.victims) {
		before[n] = w.wealth(n)
	}
	r := result{attack: a}
	r.bound, r.rule = a.run(w)
	w.draw(w.lives...)
	for _, l := range w.lives {
		x := w.sla(l.id)
		if !x.State.Terminal() || x.Withdrawn.Cmp(x.Deposited) != 0 {
			w.Errorf("%s ends %s with %s of %s drawn", l.id.Short(), x.State, x.Withdrawn, x.Deposited)
		}
	}
	w.solvent()
	for _, n := range a.attackers {
		r.profit += w.wealth(n) - before[n] - w.due[n]
		r.calls, r.fees = r.calls+w.calls[n], r.fees+w.fees[n]
	}
	for _, n := range a.victims {
		r.loss += w.due[n] - (w.wealth(n) - before[n])
	}
	w.Logf("%s: profit %d, loss %d of at most %d (%s), %d calls for %d stroops: %s", a.name, r.profit, r.loss, r.bound, r.rule, r.calls, r.fees, r.verdict())
	if r.pays() {
		w.Errorf("the attack pays: %d", r.profit)
	}
	if r.loss > r.bound {
		w.Errorf("the victims lose %d, at most %d is the rule", r.loss, r.bound)
	}
	return r
}

func (r *result) pays() bool {
	switch {
	case r.trusted != "":
		return r.profit > r.bound
	case r.dust > 0:
		return r.profit >= r.dust || r.profit*1000 > r.fees
	}
	return r.profit > 0
}

// What the catalogue lets pass.
func TestPays(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		r    result
		pays bool
	}{
		{result{}, false}, {result{profit: -1}, false}, {result{profit: 1}, true},
		{result{profit: 1, fees: 1_000_000}, true}, // calls do not make up for it
		{result{profit: 19, fees: 19_000, attack: attack{dust: 20}}, false}, {result{profit: 19, fees: 18_999, attack: attack{dust: 20}}, true}, {result{profit: 20, fees: 1 << 40, attack: attack{dust: 20}}, true},
		{result{profit: 5, bound: 5, attack: attack{trusted: quorum}}, false}, {result{profit: 6, bound: 5, attack: attack{trusted: quorum}}, true},
	} {
		if got := x.r.pays(); got != x.pays {
			t.Errorf("%+v: %v", x.r, got)
		}
	}
}

func (r *result) verdict() string {
	switch {
	case r.trusted != "":
		return "bounded; takes " + r.trusted
	case r.profit > 0:
		return "costs more in calls"
	case r.profit < 0:
		return "costs"
	}
	return "nothing to gain"
}

func document(results []result) string {
	var b strings.Builder
	b.WriteString(`# Attacks

Each line is a test that makes real calls on the built Wasm of the contracts (` + "`internal/orchestrator/attack`" + `); it fails when the attack pays, when the victims lose more than the rule beside it allows, when
anything stays in an SLA, or when a contract holds less than its books say. Amounts are units of the token. Profit and loss are against the honest course of the same SLAs; the fees of the attacker's calls come on top of
its loss and are counted as calls only, since the network sets them. This file is written by ` + "`go test ./internal/orchestrator/attack -run TestCatalogue -update`" + ` and compared by the test.

| Attack | What the attacker does | Profit | Victims lose | at most | by the rule | Calls | Verdict |
|---|---|---:|---:|---:|---|---:|---|
`)
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %s | %d | %s |\n", r.name, r.does, r.profit, r.loss, r.bound, r.rule, r.calls, r.verdict())
	}
	b.WriteString(limits)
	return b.String()
}

// limits are what the catalogue cannot exclude.
const limits = `
## What has to be trusted

- **Two thirds of the validators' weight.** Whoever has them certifies what he likes. A certified leaf moves the money of its own SLA only: at most the deposit, and at most the SLA's collateral within the slash cap; never
  another SLA's, and never to an account that the terms do not name. A leaf with numbers that no honest leaf can follow stops that SLA's settlement; its money comes out by time_out.
- **The token of an SLA.** Whoever offers or takes a unit that is priced in a token trusts it. A token that lies, taxes or stops harms the SLAs that are priced in it, and collateral in it, and nothing else.
- **The admin** (Governance): new parameters for new SLAs, where the protocol's own shares go, pause of new requests, and new code after seven days in which every consumer can leave by ` + "`close`" + `.
- **The Dispute contract**: what the provider of an SLA has not drawn yet, between the two parties of that SLA.
- **Somebody who settles.** Anyone may; whoever is owed something has to, or pay somebody. What nobody settled until time_out goes back to the consumer, also what a good provider earned, and a slash that nobody settled
  never comes.
- **The protocol's payees.** The shares of a fee are paid by one call. While a token refuses one of the four, the fund has its share; while it refuses the fund, all wait, until the admin names another address. The parties do not wait.
- **An asset of few decimals.** Floors are of its smallest unit: a token whose unit is worth more than some calls makes the dust of an SLA worth having.
`
