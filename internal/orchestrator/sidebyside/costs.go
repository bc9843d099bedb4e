package sidebyside

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Price of a call, as a wallet's transaction has it.
type Price struct {
	Instructions   uint64 `json:"instructions"`
	ReadEntries    int    `json:"readEntries"` // those that are written among them
	ReadBytes      int    `json:"readBytes"`
	WrittenEntries int    `json:"writtenEntries"`
	WrittenBytes   int    `json:"writtenBytes"`
	EventBytes     int    `json:"eventBytes"` // the return value among them
	Fee            int64  `json:"fee"`        // stroops, without the inclusion fee
}

// Costs of everything.
type Costs struct {
	Wasm   map[string]int   `json:"wasm"`   // bytes
	Calls  map[string]Price `json:"calls"`  // by contract.function, and of some special cases
	Settle map[string]Price `json:"settle"` // both halves, by the number of SLAs under the root
}

const atOnce = "consumer.request, active at once"

// populations that the cost of an SLA is computed for.
var populations = []int{1, 1_000, 1_000_000}

// Costs measures every door as the one who may.
func (s *Scene) Costs(ctx context.Context) (Costs, error) {
	c := Costs{Wasm: map[string]int{}, Calls: map[string]Price{}, Settle: map[string]Price{}}
	for _, name := range artifacts.Names() {
		if name == "soroban_host" {
			continue
		}
		wasm, err := artifacts.Wasm(name)
		if err != nil {
			return c, err
		}
		c.Wasm[name] = len(wasm)
	}
	s.Host.Exact(true)
	defer s.Host.Exact(false)
	for i := range doors {
		d := &doors[i]
		if d.Through != nil {
			continue
		}
		p, err := s.price(ctx, d)
		if err != nil {
			return c, fmt.Errorf("%s.%s: %w", d.Contract, d.Function, err)
		}
		c.Calls[d.Contract+"."+d.Function] = p
	}
	begun := requestDoor
	begun.State = "InUse"
	begun.Call = op(func(s *Scene, _ ids.Account, id ids.ID) orchestrator.Op {
		return s.requestOf(id, 12, whole, canon.Hash([]byte("another request")))
	})
	p, err := s.price(ctx, &begun)
	if err != nil {
		return c, fmt.Errorf("%s: %w", atOnce, err)
	}
	c.Calls[atOnce] = p
	for _, parts := range []int{2, 6} {
		d := jointDoor(parts)
		if c.Calls[fmt.Sprintf("consumer.request_joint, %d parts active at once", parts)], err = s.price(ctx, &d); err != nil {
			return c, fmt.Errorf("a joint SLA of %d: %w", parts, err)
		}
	}
	delete(c.Calls, "consumer.request_joint")
	for _, n := range populations {
		p, err := s.settleAmong(ctx, n)
		if err != nil {
			return c, fmt.Errorf("settling one of %d: %w", n, err)
		}
		c.Settle[fmt.Sprint(n)] = p
	}
	return c, nil
}

func (s *Scene) price(ctx context.Context, d *Door) (Price, error) {
	out, refused, err := s.open(ctx, d, true, s.ids(d.About)[d.State])
	if err == nil {
		err = refused
	}
	return priceOf(out.Cost), err
}

func priceOf(c direct.Cost) Price {
	return Price{c.Instructions, c.ReadEntries, c.ReadBytes, c.WrittenEntries, c.WrittenBytes, c.EventBytes, c.Fee()}
}

// settleAmong settles an SLA whose leaf is one of n under the root.
func (s *Scene) settleAmong(ctx context.Context, n int) (Price, error) {
	defer s.Reset()
	id := s.SLAs[active]
	x, _ := s.World.State.SLA(id)
	l := *s.first
	epoch := s.config.Epoch(s.Host.Now()) - 1
	for uint64(l.leaf.Epochs) < epoch-x.StartEpoch+1 {
		next, v := l.terms.Advance(l.leaf, &l.base, healthyMeasure(&l), x.EndEpochs)
		if l.leaf = next; v != nil {
			l.base = next
		}
	}
	hashes := make([]merkle.Hash, n)
	for i := range hashes {
		hashes[i] = canon.Hash([]byte(fmt.Sprintf("leaf %d", i)))
	}
	hashes[0] = l.leaf.Hash()
	by := s.Roles["stranger"]
	for _, op := range []orchestrator.Op{
		orchestrator.SubmitReport{Certificate: s.certificate(epoch, merkle.Root(hashes))},
		orchestrator.Settle{SLA: id, From: l.settled, To: l.leaf, Epoch: epoch, Proof: merkle.Prove(hashes, 0)},
	} {
		call, err := stellar.Translate(s.Chain.Contracts(), op)
		if err != nil {
			return Price{}, err
		}
		out, err := s.Host.Call(ctx, call.Contract, call.Function, direct.AsSource(by), call.Args...)
		if err != nil {
			return Price{}, err
		}
		if _, ok := op.(orchestrator.Settle); ok {
			return priceOf(out.Cost), nil
		}
	}
	return Price{}, nil
}

// Differences of two tables beyond a tolerance in percent. Entries have to be equal.
func (c Costs) Differences(now Costs, percent float64) (l []string) {
	off := func(a, b float64) bool { return math.Abs(a-b) > math.Abs(a)*percent/100 }
	for name, n := range c.Wasm {
		if off(float64(n), float64(now.Wasm[name])) {
			l = append(l, fmt.Sprintf("%s.wasm: %d bytes, the table says %d", name, now.Wasm[name], n))
		}
	}
	prices := func(what string, was, is map[string]Price) {
		for _, name := range slices.Sorted(maps.Keys(was)) {
			a, b := was[name], is[name]
			if off(float64(a.Instructions), float64(b.Instructions)) || off(float64(a.Fee), float64(b.Fee)) || off(float64(a.ReadBytes), float64(b.ReadBytes)) || off(float64(a.WrittenBytes), float64(b.WrittenBytes)) ||
				off(float64(a.EventBytes), float64(b.EventBytes)) ||
				a.ReadEntries != b.ReadEntries || a.WrittenEntries != b.WrittenEntries {
				l = append(l, fmt.Sprintf("%s%s: %+v, the table says %+v", what, name, b, a))
			}
		}
		for name := range is {
			if _, ok := was[name]; !ok {
				l = append(l, fmt.Sprintf("%s%s is not in the table", what, name))
			}
		}
	}
	for name := range now.Wasm {
		if _, ok := c.Wasm[name]; !ok {
			l = append(l, name+".wasm is not in the table")
		}
	}
	prices("", c.Calls, now.Calls)
	prices("settling one of ", c.Settle, now.Settle)
	slices.Sort(l)
	return l
}

// Page is the table for people.
func (c Costs) Page() string {
	var b strings.Builder
	b.WriteString(`# What the contracts cost

Measured on the real host (` + "`make tables`" + `); ` + "`make test`" + ` fails when a number moves by more than 3 %, or an entry count at all. The figures for programs are in [contract-costs.json](contract-costs.json).
A call is made as a wallet makes it: simulated, its resources declared with the simulation's leeway, the caller being the transaction's source. Read entries include the written ones and the code; bytes are of whole
ledger entries. Fees are in stroops (10⁻⁷ lumens) at the public network's rates with rent for what a call makes, grows or extends, without the inclusion fee (100). What only the other contract may call is part of the
call that leads to it. A network allows one transaction 400,000,000 instructions, 200 written entries, 132,096 written bytes and 16,384 bytes of events and return value: a joint request whose parts begin at once is over that with more than two parts.

## Code

| contract | bytes |
|---|---|
`)
	for _, name := range slices.Sorted(maps.Keys(c.Wasm)) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, group(int64(c.Wasm[name])))
	}
	b.WriteString("\n## Entry points\n\n| call | instructions | entries read | bytes read | entries written | bytes written | bytes of events | fee |\n|---|---|---|---|---|---|---|---|\n")
	line := func(name string, p Price) {
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %d | %s | %s | %s |\n", name, group(int64(p.Instructions)), p.ReadEntries, group(int64(p.ReadBytes)), p.WrittenEntries, group(int64(p.WrittenBytes)), group(int64(p.EventBytes)), group(p.Fee))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Calls)) {
		line(name, c.Calls[name])
	}
	for _, n := range populations {
		line(fmt.Sprintf("consumer.settle, one of %s under the root", group(int64(n))), c.Settle[fmt.Sprint(n)])
	}
	c.perSLA(&b)
	return b.String()
}

const (
	rootsPerMonth   = 720 // epochs of an hour in 30 days
	daysPerMonth    = 30
	ledgersPerMonth = 30 * 86_400 / 5
)

// perSLA is what an SLA costs a month, beside a design that writes every SLA every day.
func (c Costs) perSLA(b *strings.Builder) {
	submit, payout, fees, daily := c.Calls["oracle.submit"], c.Calls["consumer.payout"], c.Calls["consumer.collect"], c.Calls["consumer.close"]
	fmt.Fprintf(b, `
## What an SLA costs a month

Here: one root an hour for all SLAs together (%d a month), and per SLA one settlement of both halves, one payout and one collection of fees. Settling more often is possible and brings nobody more. Measured are the
parts; the sums are arithmetic. The settlement is measured with its leaf among so many under the root (the path has 0, 10 and 20 hashes).

The other design writes each SLA once a day, by a call that costs what the cheapest call costs here that writes an SLA's entry and no other (`+"`consumer.close`"+`): no signatures are checked in it, nothing is
computed, nothing is proved. It pays out and collects fees as often.

| SLAs | | entries written per SLA and month | instructions per SLA and month | fees per SLA and month, stroops | transactions per ledger of 5 s, all SLAs |
|---|---|---|---|---|---|
`, rootsPerMonth)
	for _, n := range populations {
		settle, share := c.Settle[fmt.Sprint(n)], float64(rootsPerMonth)/float64(n)
		row := func(name string, k, perRoot float64, each Price) {
			sum := func(f func(Price) float64) float64 { return perRoot*f(submit) + k*f(each) + f(payout) + f(fees) }
			fmt.Fprintf(b, "| %s | %s | %.4g | %s | %s | %.3g |\n", group(int64(n)), name, sum(func(p Price) float64 { return float64(p.WrittenEntries) }),
				group(int64(sum(func(p Price) float64 { return float64(p.Instructions) }))), group(int64(sum(func(p Price) float64 { return float64(p.Fee) }))),
				(perRoot+k+2)*float64(n)/ledgersPerMonth)
		}
		row("one root an hour", 1, share, settle)
		row("every SLA every day", daysPerMonth, 0, daily)
	}
	begin, end := c.Calls[atOnce], c.Calls["consumer.refund"]
	fmt.Fprintf(b, "\nOnce per SLA, in both designs: the request that makes it active (%s instructions, %d entries) and the refund of the rest (%s, %d).\n", group(int64(begin.Instructions)), begin.WrittenEntries,
		group(int64(end.Instructions)), end.WrittenEntries)
}

// group puts commas between thousands.
func group(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
