package main

import (
	"crypto/ed25519"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/sla"
)

// disputes: one deployment in a staged world (dispute.Stage), and calls of the Dispute contract in turn. A step whose call begins with "put" changes the world.
type disputes struct {
	Self    ids.Account   `json:"self"`
	Admin   ids.Account   `json:"admin"`
	Network raw           `json:"network"`
	Config  configVector  `json:"config"`
	Params  values        `json:"params"`
	Setup   []disputeStep `json:"setup"` // what every case begins with, but a bare one
	Cases   []disputeCase `json:"cases"`
}

type disputeCase struct {
	Name  string        `json:"name"`
	Bare  bool          `json:"bare,omitempty"`
	Steps []disputeStep `json:"steps"`
}

// disputeStep is one call at a ledger time, with the error, or what is different after it.
type disputeStep struct {
	At     uint64            `json:"at"`
	Call   string            `json:"call"`
	Args   values            `json:"args"`
	Error  string            `json:"error"`
	ID     string            `json:"id,omitempty"`
	Amount string            `json:"amount,omitempty"` // what it answers
	After  map[string]string `json:"after,omitempty"`
}

// What happens around the contract.
type (
	putRoot struct {
		Epoch uint64
		Root  [32]byte
	}
	putSLA struct {
		ID            ids.ID
		Terms         []byte
		Provider      ids.Account
		Unit          ids.ID
		StartEpoch    uint64
		SettledEpochs uint32
		Done          bool
		Node          ids.ID
		NodeKey       ids.Account
		Owner         ids.Account // the consumer of now
		Claim, Bond   money.Amount
	}
	putStake struct {
		Owner             ids.Account
		Role              uint32
		Active, Unbonding money.Amount
	}
	putBalance struct {
		Owner  ids.Account
		Amount money.Amount
	}
	putVersion struct{ Version uint32 } // of the Oracle's configuration, nothing else of which changes
	putMute    struct{ Mute bool }
)

// Parties are contracts, so that a test host can let each authorise exactly one call.
var (
	disputeSelf  = account(ids.Contract, "dispute")
	disputeAdmin = account(ids.Contract, "admin of disputes")
	buyer        = account(ids.Contract, "consumer")
	seller       = account(ids.Contract, "provider")
	bystander    = account(ids.Contract, "stranger")
)

func disputeParams() dispute.Params {
	return dispute.Params{Version: 1, Bond: money.Of(1_000), JurorFee: money.Of(70), ArbiterStake: money.Of(5_000), Panel: 3, EvidenceSeconds: 100, CommitSeconds: 50, RevealSeconds: 40, AppealSeconds: 60,
		MaxAgeSeconds: 1_000, QuorumBps: 6_000, SlashEquivocationBps: 2_500, Fund: account(ids.KeyAccount, "fund")}
}

func disputeConfig() cert.Config {
	c := config()
	c.EpochSeconds, c.SlotsPerEpoch, c.WindowEpochs = 10, 5, 3
	return c
}

// disputeTerms of nine epochs in windows of three, which began with epoch 0.
func disputeTerms() *sla.Terms {
	return terms(func(t *sla.Terms) {
		c := disputeConfig()
		t.Consumer, t.Provider = buyer, seller
		t.Network, t.Duration, t.EpochSeconds, t.SlotsPerEpoch, t.Window = c.Network, 9, c.EpochSeconds, c.SlotsPerEpoch, c.WindowEpochs
		t.StoragePrice, t.EgressPrice, t.Egress = money.Of(1_200_000), money.Of(777), 10*gib
		t.Protocol.MinSamples, t.Protocol.SlashPeriod = 5, 3
		t.Collateral, t.Bond = money.Of(20_000), money.Of(5_000)
	})
}

// dispute plays one case.
type disputeScript struct {
	disputeCase
	s     *dispute.State
	w     *dispute.Stage
	now   uint64
	flat  map[string]string
	terms *sla.Terms
	node  ed25519.PrivateKey
	id    ids.ID // of the last dispute that was opened
}

func arbiterAccount(i int) ids.Account { return account(ids.Contract, "arbiter "+strconv.Itoa(i)) }

// newDispute begins with a settled SLA, wealthy parties and some arbiters that registered ten seconds ago.
func newDispute(name string, arbiters int) *disputeScript {
	x := &disputeScript{disputeCase: disputeCase{Name: name}, w: dispute.NewStage(disputeSelf, disputeConfig()), now: genesis + 40, terms: disputeTerms(), flat: map[string]string{}}
	s, err := dispute.New(dispute.Genesis{Self: disputeSelf, Admin: disputeAdmin, Params: disputeParams()}, x.w)
	if err != nil {
		panic(err)
	}
	seed := hash("node of disputes")
	x.s, x.node = s, ed25519.NewKeyFromSeed(seed[:])
	key := ids.Account{Chain: ids.Stellar, Kind: ids.KeyAccount, Address: [32]byte(x.node.Public().(ed25519.PublicKey))}
	x.do(putSLA{ID: x.terms.SLA, Terms: x.terms.Bytes(), Provider: seller, Unit: x.terms.Units[0].Unit, SettledEpochs: 3, Node: ids.NodeID(po, key), NodeKey: key, Owner: buyer, Claim: money.Of(10_000), Bond: money.Of(4_000)},
		putBalance{buyer, money.Of(10_000)}, putBalance{seller, money.Of(10_000)})
	for i := range arbiters {
		x.do(putStake{arbiterAccount(i), dispute.RoleArbiter, money.Of(5_000), money.Of(0)}, dispute.RegisterArbiter{Arbiter: arbiterAccount(i), Active: true})
	}
	x.pass(10)
	return x
}

func (x *disputeScript) pass(seconds uint64) { x.now += seconds }

// do takes calls that succeed.
func (x *disputeScript) do(l ...any) {
	for _, op := range l {
		x.take("", op)
	}
}

// take a call that has to end with an error of the table, or without one.
func (x *disputeScript) take(want string, op any) {
	if got := x.play(op); got != want {
		panic(fmt.Sprintf("dispute %q, step %d, %T: %q instead of %q", x.Name, len(x.Steps), op, got, want))
	}
}

// play a call and write down what came of it; it returns the error's code.
func (x *disputeScript) play(op any) string {
	step := disputeStep{At: x.now, Call: reflect.TypeOf(op).Name(), Args: valuesOf(op)}
	if call, ok := op.(dispute.Op); ok {
		e, err := x.s.Step(x.now, call)
		step.Error = code(err)
		if err == nil && !e.ID.Zero() {
			step.ID, x.id = e.ID.String(), e.ID
		}
		if err == nil && e.Amount.Sign() > 0 {
			step.Amount = e.Amount.String()
		}
	} else {
		x.put(op)
	}
	if v := x.s.Check(x.w.Balance[disputeSelf]); len(v) > 0 {
		panic(fmt.Sprintf("dispute %q: %v", x.Name, v))
	}
	now := x.state()
	step.After = map[string]string{}
	for k, v := range now {
		if x.flat[k] != v {
			step.After[k] = v
		}
	}
	for k := range x.flat {
		if _, there := now[k]; !there {
			step.After[k] = ""
		}
	}
	x.flat = now
	x.Steps = append(x.Steps, step)
	return step.Error
}

func (x *disputeScript) put(op any) {
	switch op := op.(type) {
	case putRoot:
		x.w.Roots[op.Epoch] = op.Root
	case putSLA:
		old := x.w.SLAs[op.ID]
		t, err := sla.DecodeTerms(op.Terms)
		if err != nil {
			panic(err)
		}
		x.w.SLAs[op.ID] = dispute.StagedSLA{Terms: t, Reservation: dispute.Reservation{Provider: op.Provider, Unit: op.Unit, StartEpoch: op.StartEpoch, SettledEpochs: op.SettledEpochs, Done: op.Done},
			Node: op.Node, NodeKey: op.NodeKey, Owner: op.Owner, Claim: op.Claim, Bond: op.Bond, Frozen: old.Frozen, Consumer: old.Consumer}
	case putStake:
		k := dispute.StakeKey{Owner: op.Owner, Role: op.Role}
		x.w.Stakes[k] = dispute.Stake{Active: op.Active, Unbonding: op.Unbonding, HeldUntil: x.w.Stakes[k].HeldUntil}
	case putBalance:
		x.w.Balance[op.Owner] = op.Amount
	case putVersion:
		x.w.Oracle.Version = op.Version
	case putMute:
		x.w.Mute = op.Mute
	default:
		panic(fmt.Sprintf("no such change of the world: %T", op))
	}
}

// settle more of the SLA, with so much in the provider's claim.
func (x *disputeScript) settled(epochs uint32, done bool, claim int64) {
	a := x.staged()
	a.SettledEpochs, a.Done, a.Claim = epochs, done, money.Of(claim)
	x.do(a)
}

// staged is the SLA as it is.
func (x *disputeScript) staged() putSLA {
	a := x.w.SLAs[x.terms.SLA]
	r := a.Reservation
	return putSLA{ID: x.terms.SLA, Terms: x.terms.Bytes(), Provider: seller, Unit: r.Unit, StartEpoch: r.StartEpoch, SettledEpochs: r.SettledEpochs, Done: r.Done, Node: a.Node, NodeKey: a.NodeKey, Owner: a.Owner, Claim: a.Claim, Bond: a.Bond}
}

// sold is the SLA to somebody else.
func (x *disputeScript) sold(to ids.Account) {
	a := x.staged()
	a.Owner = to
	x.do(a)
}

// state is everything that can be seen, as text by what it is about.
func (x *disputeScript) state() map[string]string {
	m := map[string]string{}
	for id, a := range x.w.SLAs {
		m["sla "+id.String()] = fmt.Sprint(a.Claim, a.Bond, a.Frozen, a.Consumer)
		for n := range uint32(3) {
			if w := x.s.Window(id, n); w != (dispute.Window{}) {
				m[fmt.Sprintf("window %s %d", id, n)] = fmt.Sprint(w.Proved, w.Ruled, w.Moved, w.Wrong, w.Panel, w.Accused)
			}
		}
	}
	for k, a := range x.w.Stakes {
		m[fmt.Sprintf("stake %s %d", k.Owner, k.Role)] = fmt.Sprint(a.Active, a.Unbonding, a.HeldUntil)
	}
	accounts := slices.Collect(maps.Keys(x.w.Balance))
	for k := range x.w.Stakes {
		accounts = append(accounts, k.Owner)
	}
	for _, a := range append(accounts, disputeParams().Fund) {
		m["balance "+a.String()] = x.w.Balance[a].String()
		m["due "+a.String()] = x.s.Due(a).String()
	}
	for i, a := range x.s.Slots() {
		m[fmt.Sprintf("slot %d", i)] = fmt.Sprint(a.Arbiter, a.Since, a.Expires)
	}
	for _, id := range x.s.Cases() {
		c, _ := x.s.Dispute(x.now, id)
		if a, told := x.w.Losers[id]; told {
			m["loser "+id.String()] = a.String()
		}
		m["case "+id.String()] = fmt.Sprint(c.Window, c.Accused, c.Amount, c.Frozen, c.Phase, c.Round, c.ConsumerBond, c.ProviderBond, c.Silence, c.Ruling, c.Cut, c.Slots, c.SeedEpoch, c.Until, c.RevealUntil)
		for round := range uint32(2) {
			for i, a := range x.s.Panel(id, round) {
				choice := "-"
				if a.Revealed {
					choice = strconv.Itoa(int(a.Choice))
				}
				m[fmt.Sprintf("seat %s %d %d", id, round, i)] = fmt.Sprint(a.Arbiter, " ", a.Committed, " ", choice)
			}
		}
	}
	return m
}

func disputeFile() disputes {
	c := disputeConfig()
	f := disputes{Self: disputeSelf, Admin: disputeAdmin, Network: b32(c.Network), Config: vectorOf(c), Params: valuesOf(disputeParams())}
	f.Setup = newDispute("setup", 8).Steps
	for _, list := range []map[string]func(*disputeScript){panelScripts, refusalScripts, proofScripts, accusationScripts} {
		for _, name := range slices.Sorted(maps.Keys(list)) {
			n := 8
			if name == "fewer places than a panel" {
				n = 2
			}
			x := newDispute(name, n)
			if x.Bare = n != 8; !x.Bare {
				x.Steps = nil
			}
			list[name](x)
			f.Cases = append(f.Cases, x.disputeCase)
		}
	}
	for seed := range uint64(4) {
		f.Cases = append(f.Cases, disputeWalk(seed, 100).disputeCase)
	}
	return f
}
