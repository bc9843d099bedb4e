package host

import (
	"context"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
)

// Ledger is what a contract can see of the ledger it runs in.
type Ledger struct {
	Protocol    uint32
	Sequence    uint32
	CloseTime   int64 // Unix seconds
	NetworkID   [32]byte
	BaseReserve uint32 // stroops
}

func (l Ledger) begin() message {
	var m message
	m.u32(l.Protocol)
	m.u32(l.Sequence)
	m.u64(uint64(l.CloseTime))
	m.blob(l.NetworkID[:])
	m.u32(l.BaseReserve)
	return m
}

// AuthMode says how a simulation treats require_auth.
type AuthMode uint32

const (
	Record             AuthMode = iota // write down what has to be signed
	RecordAllowNonRoot                 // also where the root invocation does not ask for it
	Enforce                            // check the entries that are given
)

// Invocation is a host function and whose it is. All fields are XDR but the last two.
type Invocation struct {
	Function []byte   // HostFunction
	Source   []byte   // AccountID
	Auth     [][]byte // SorobanAuthorizationEntry
	Seed     [32]byte // for the contract's random numbers, and for the nonces of recorded authorisation
}

// Simulation is what a recording run found. All byte slices are XDR.
type Simulation struct {
	OK           bool
	Result       []byte // ScVal, or ScError if not OK
	Text         string // the host's own words if not OK
	Auth         [][]byte
	Diagnostics  [][]byte    // DiagnosticEvent
	Data         []byte      // SorobanTransactionData, if OK
	Instructions uint32      // used, without leeway
	Memory       uint32      // bytes used
	Changes      [][2][]byte // LedgerEntry before and after; empty = absent
}

// Simulate runs an invocation in recording mode against r, as if in ledger l. useAddressV2 asks for the newer form of
// recorded credentials.
func (i *Instance) Simulate(ctx context.Context, r Reader, l Ledger, inv Invocation, mode AuthMode, useAddressV2 bool) (Simulation, error) {
	m := l.begin()
	m.blob(inv.Function)
	m.blob(inv.Source)
	m.u32(uint32(mode))
	if useAddressV2 {
		m.u32(1)
	} else {
		m.u32(0)
	}
	m.list(inv.Auth)
	m.blob(inv.Seed[:])
	a, err := i.call(ctx, r, "simulate", m)
	if err != nil {
		return Simulation{}, err
	}
	s := Simulation{OK: a.u32() == 1, Result: a.blob(), Text: string(a.blob()), Auth: a.list(), Diagnostics: a.list(),
		Data: a.blob(), Instructions: a.u32(), Memory: a.u32()}
	for pairs := a.list(); len(pairs) > 1; pairs = pairs[2:] {
		s.Changes = append(s.Changes, [2][]byte{pairs[0], pairs[1]})
	}
	return s, a.err
}

// SimulateTTL computes the SorobanTransactionData of an extend (or, with restore, a restore) operation over keys.
func (i *Instance) SimulateTTL(ctx context.Context, r Reader, l Ledger, restore bool, extendTo uint32, keys [][]byte) ([]byte, error) {
	m := l.begin()
	m.u32(flag(restore))
	m.u32(extendTo)
	m.list(keys)
	a, err := i.call(ctx, r, "simulate_ttl", m)
	if err != nil {
		return nil, err
	}
	return a.blob(), a.err
}

// Code is how an enforcing run ended.
type Code uint32

const (
	OK       Code = iota
	Trapped       // the contract or the host refused: see Text and Diagnostics
	Limit         // more instructions, memory or bytes than declared or allowed
	Archived      // the footprint names an archived entry that the transaction does not restore
)

// Change is what became of one footprint key. A read-only key may have its TTL changed, nothing else.
type Change struct {
	Key      string // LedgerKey XDR
	ReadOnly bool
	Entry    []byte // LedgerEntry XDR; empty = absent afterwards (or read-only)
	HasTTL   bool
	OldLive  uint32 // 0 = the entry is new
	NewLive  uint32 // live until this ledger, inclusive
}

// Fees in stroops. Fixed is owed whatever happens, Events and Rent by a successful transaction only.
type Fees struct{ Fixed, Events, Rent int64 }

// Applied is what an enforcing run did. Entries are not written anywhere: that is up to the caller.
type Applied struct {
	Code         Code
	Result       []byte // ScVal, or ScError unless OK
	Text         string
	Events       [][]byte // ContractEvent
	Diagnostics  [][]byte // DiagnosticEvent
	Instructions int64
	Memory       int64
	Fees         Fees
	Changes      []Change
}

// Apply runs an invocation in enforcing mode with the resources (SorobanResources XDR) its transaction declared.
// restored are the read-write indices of archived entries to restore; txSize is the envelope's size in bytes.
func (i *Instance) Apply(ctx context.Context, r Reader, l Ledger, inv Invocation, resources []byte, restored []uint32, txSize uint32) (Applied, error) {
	m := l.begin()
	m.blob(inv.Function)
	m.blob(resources)
	m.u32(uint32(len(restored)))
	for _, n := range restored {
		m.u32(n)
	}
	m.blob(inv.Source)
	m.list(inv.Auth)
	m.blob(inv.Seed[:])
	m.u32(txSize)
	a, err := i.call(ctx, r, "apply", m)
	if err != nil {
		return Applied{}, err
	}
	out := Applied{Code: Code(a.u32())}
	if out.Code == Archived {
		return out, a.err
	}
	out.Result, out.Text = a.blob(), string(a.blob())
	out.Events, out.Diagnostics = a.list(), a.list()
	out.Instructions, out.Memory = a.i64(), a.i64()
	out.Fees = Fees{Fixed: a.i64(), Events: a.i64(), Rent: a.i64()}
	for n := a.u32(); n > 0 && a.err == nil; n-- {
		c := Change{Key: string(a.blob()), ReadOnly: a.u32() == 1, Entry: a.blob()}
		if ttl := a.blob(); len(ttl) == 8 {
			c.HasTTL, c.OldLive, c.NewLive = true, binary.LittleEndian.Uint32(ttl), binary.LittleEndian.Uint32(ttl[4:])
		}
		out.Changes = append(out.Changes, c)
	}
	return out, a.err
}

// ApplyTTL computes what an extend (or, with restore, a restore) operation changes and costs. Only Code, Fees and
// Changes of the result are set; the entries themselves do not change.
func (i *Instance) ApplyTTL(ctx context.Context, r Reader, l Ledger, restore bool, extendTo uint32, resources []byte, txSize uint32) (Applied, error) {
	m := l.begin()
	m.u32(flag(restore))
	m.u32(extendTo)
	m.blob(resources)
	m.u32(txSize)
	a, err := i.call(ctx, r, "apply_ttl", m)
	if err != nil {
		return Applied{}, err
	}
	out := Applied{Code: Code(a.u32()), Fees: Fees{Fixed: a.i64(), Rent: a.i64()}}
	for n := a.u32(); n > 0 && a.err == nil; n-- {
		c := Change{Key: string(a.blob()), ReadOnly: true, HasTTL: true}
		ttl := a.fixed(8)
		c.OldLive, c.NewLive = binary.LittleEndian.Uint32(ttl), binary.LittleEndian.Uint32(ttl[4:])
		out.Changes = append(out.Changes, c)
	}
	return out, a.err
}

// FixedFee is the part of a transaction's resource fee that its declared resources alone decide, in stroops.
func (i *Instance) FixedFee(ctx context.Context, r Reader, l Ledger, resources []byte, restored int, txSize uint32) (int64, error) {
	m := l.begin()
	m.blob(resources)
	m.u32(uint32(restored))
	m.u32(txSize)
	a, err := i.call(ctx, r, "fee", m)
	if err != nil {
		return 0, err
	}
	return a.i64(), a.err
}

// Cost is one line of the cost model: what an operation of its type costs, constant and per unit.
type Cost struct{ CPUConst, CPULinear, MemoryConst, MemoryLinear int64 }

// The module prints its calibrated model as a table: name, iterations, input, cpu, mem, then the four parameters.
var costLine = regexp.MustCompile(`(?m)^\s*(\w+)\s+\d+\s+(?:None|Some\(0\))\s+0\s+0\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*$`)

// CostModel is the cost model that the host was calibrated with, in the order of the protocol's cost types.
func (i *Instance) CostModel(ctx context.Context) ([]Cost, error) {
	a, err := i.call(ctx, nil, "default_cost_models", nil)
	if err != nil {
		return nil, err
	}
	var costs []Cost
	for _, line := range costLine.FindAllStringSubmatch(string(a.blob()), -1) {
		var n [4]int64
		for k := range n {
			if n[k], err = strconv.ParseInt(line[k+2], 10, 64); err != nil {
				return nil, fmt.Errorf("host: cost of %s: %w", line[1], err)
			}
		}
		costs = append(costs, Cost{n[0], n[1], n[2], n[3]})
	}
	if len(costs) == 0 {
		return nil, fmt.Errorf("host: no cost model found")
	}
	return costs, a.err
}

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// Recording is what a recording run found for a caller that applies the call itself right after. All byte slices are XDR.
type Recording struct {
	OK           bool
	Result       []byte   // ScVal, or ScError if not OK
	Text         string   // the host's own words if not OK
	Auth         [][]byte // SorobanAuthorizationEntry: what has to be signed
	Diagnostics  [][]byte // DiagnosticEvent, if not OK
	Instructions int64
	Memory       int64
	Events       [][]byte // ContractEvent
	Touched      []Touched
}

// Touched is an entry that a run asked for, found or not.
type Touched struct {
	Key      string // LedgerKey XDR
	Archived bool   // it is there, and has expired
}

// Record runs an invocation on whatever entries it asks for. With enforce the authorisation entries are checked, else what has to be signed is written down. Unlike Simulate it uses the cache of parsed contracts and
// computes no resources.
func (i *Instance) Record(ctx context.Context, r Reader, l Ledger, inv Invocation, enforce bool) (Recording, error) {
	m := l.begin()
	m.blob(inv.Function)
	m.blob(inv.Source)
	m.u32(flag(enforce))
	m.list(inv.Auth)
	m.blob(inv.Seed[:])
	a, err := i.call(ctx, r, "record", m)
	if err != nil {
		return Recording{}, err
	}
	out := Recording{OK: a.u32() == 1, Result: a.blob(), Text: string(a.blob()), Auth: a.list(), Diagnostics: a.list(), Instructions: a.i64(), Memory: a.i64(), Events: a.list()}
	for n := a.u32(); n > 0 && a.err == nil; n-- {
		out.Touched = append(out.Touched, Touched{Key: string(a.blob()), Archived: a.u32() == 1})
	}
	return out, a.err
}
