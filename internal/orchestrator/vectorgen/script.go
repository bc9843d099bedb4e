package main

import (
	"fmt"
	"reflect"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// transitions: one deployment, and scripts that each begin with it.
type transitions struct {
	Genesis  values           `json:"genesis"`  // contracts, admin, validators' configuration, parameters
	Balances []balanceVector  `json:"balances"` // of the tokens, before the first call
	Cases    []transitionCase `json:"cases"`
}

type balanceVector struct {
	Asset   ids.Account  `json:"asset"`
	Account ids.Account  `json:"account"`
	Amount  money.Amount `json:"amount"`
}

type transitionCase struct {
	Name  string           `json:"name"`
	Steps []transitionStep `json:"steps"`
}

// transitionStep is one call. After it, if it is about an SLA or a unit: what is stored of it.
type transitionStep struct {
	At          uint64        `json:"at"`   // ledger time
	Call        string        `json:"call"` // name of the model's op
	Args        values        `json:"args"`
	Error       string        `json:"error"`
	ID          string        `json:"id,omitempty"` // what the call made
	SLA         values        `json:"sla,omitempty"`
	Reservation values        `json:"reservation,omitempty"`
	Unit        values        `json:"unit,omitempty"`
	Collateral  values        `json:"collateral,omitempty"` // of the unit's provider in its asset
	Grant       values        `json:"grant,omitempty"`      // that was made, passed on or revoked
	Related     []relatedStep `json:"related,omitempty"`    // what else it may have changed: the SLAs that it made, those before and after it, those of its group
	Price       values        `json:"price,omitempty"`      // that a unit has for a consumer
	Paid        []paymentStep `json:"paid,omitempty"`
}

type relatedStep struct {
	SLA         values `json:"sla"`
	Reservation values `json:"reservation"`
}

type paymentStep struct {
	From   ids.Account  `json:"from"`
	To     ids.Account  `json:"to"`
	Amount money.Amount `json:"amount"`
}

// the scripts' deployment: epochs of ten seconds in five slots, windows of three epochs, four validators of weights 1 to 4.
func scriptGenesis() orchestrator.Genesis {
	c := config()
	c.EpochSeconds, c.SlotsPerEpoch, c.WindowEpochs = 10, 5, 3
	p := orchestrator.Params{Protocol: sla.DefaultProtocol(3), CollateralMinBps: 100, AcceptSeconds: 60, FundSeconds: 60, CloseSeconds: 60, NoticeSeconds: 20, QuotaSeconds: 15,
		PlatformAddress: account(ids.KeyAccount, "platform"), ValidatorsAddress: account(ids.KeyAccount, "validators"), FundAddress: account(ids.KeyAccount, "fund"),
		InsuranceAddress: account(ids.KeyAccount, "insurance")}
	p.MinSamples, p.AbandonWindows, p.FeeFlashBps, p.GraceEpochs, p.RetentionEpochs = 5, 3, 50, 2, 1
	return orchestrator.Genesis{Oracle: oracle, Provider: po, Consumer: co, Admin: admin, Dispute: disputing, Config: c, Params: p}
}

const tokens = 1_000_000_000_000

var (
	admin     = account(ids.KeyAccount, "admin")
	disputing = account(ids.KeyAccount, "dispute")
	stranger  = account(ids.KeyAccount, "stranger")
	nodeKey   = account(ids.KeyAccount, "node")
	payout    = account(ids.KeyAccount, "payout")
	refund    = account(ids.KeyAccount, "refund")
	nodeID    = ids.NodeID(po, nodeKey)
	unitID    = ids.UnitID(po, provider, nonce("unit"))
	slaID     = ids.SLAID(co, consumer, nonce("sla"))
)

func balances() (l []balanceVector) {
	for _, a := range []ids.Account{provider, consumer, stranger} {
		l = append(l, balanceVector{token, a, money.Of(tokens)})
	}
	return l
}

func scriptState(g orchestrator.Genesis, l []balanceVector) *orchestrator.State {
	s, err := orchestrator.New(g)
	if err != nil {
		panic(err)
	}
	for _, b := range l {
		s.Mint(b.Asset, b.Account, b.Amount)
	}
	return s
}

// script plays one case.
type script struct {
	transitionCase
	s     *orchestrator.State
	now   uint64
	terms *sla.Terms
	// the SLA's leaf as the validators have it, at the last boundary, at the last settlement; and the last report
	leaf, base, settled sla.Leaf
	hashes              []merkle.Hash
	epoch               uint64
	pieces              []ids.ID // that splits made
}

func newScript(name string) *script {
	return &script{transitionCase: transitionCase{Name: name}, s: scriptState(scriptGenesis(), balances()), now: genesis}
}

// take a call that has to end with an error of the table, or without one.
func (x *script) take(want string, op orchestrator.Op) {
	e, err := x.s.Step(x.now, op)
	if code(err) != want {
		panic(fmt.Sprintf("script %q, step %d, %T: %q (%v) instead of %q", x.Name, len(x.Steps), op, code(err), err, want))
	}
	if _, ok := op.(orchestrator.Split); ok {
		x.pieces = append(x.pieces, e.IDs...)
	}
	if v := x.s.Check(); len(v) > 0 {
		panic(fmt.Sprintf("script %q: %v", x.Name, v))
	}
	x.Steps = append(x.Steps, stepOf(x.s, x.now, op, e, err))
}

// stepOf is what a step says of a call.
func stepOf(s *orchestrator.State, now uint64, op orchestrator.Op, e orchestrator.Effects, err error) transitionStep {
	v := reflect.ValueOf(op)
	t := transitionStep{At: now, Call: v.Type().Name(), Args: valuesOf(op), Error: code(err)}
	if err != nil {
		return t
	}
	if !e.ID.Zero() {
		t.ID = e.ID.String()
	}
	for _, p := range e.Transfers {
		t.Paid = append(t.Paid, paymentStep{p.From, p.To, p.Amount})
	}
	if p, ok := op.(orchestrator.PriceFor); ok {
		if price, ok := s.PriceOf(now, p.Unit, p.Consumer); ok {
			t.Price = valuesOf(price)
		}
	}
	subjects := []ids.ID{e.ID}
	for i := range v.NumField() {
		if id, ok := v.Field(i).Interface().(ids.ID); ok {
			subjects = append(subjects, id)
		}
	}
	var unit ids.ID
	for _, id := range subjects {
		switch id.Kind() {
		case ids.SLA:
			if r, ok := s.Reservation(id); ok && t.SLA == nil {
				a, _ := s.SLA(id)
				t.SLA, t.Reservation, unit = valuesOf(a), valuesOf(r), r.Unit
				t.Related = relatedTo(s, op, &a, e.IDs)
			}
		case ids.Unit:
			unit = id
		case ids.Grant:
			if g, ok := s.Grant(id); ok && t.Grant == nil {
				t.Grant = valuesOf(g)
			}
		}
	}
	if u, ok := s.Unit(now, unit); ok {
		t.Unit, t.Collateral = valuesOf(u), valuesOf(s.Collateral(u.Provider, u.Asset))
	}
	return t
}

func (x *script) do(l ...orchestrator.Op) {
	for _, op := range l {
		x.take("", op)
	}
}

func (x *script) pass(seconds uint64) { x.now += seconds }

// offer registers the provider with its node, collateral and a unit.
func (x *script) offer(change ...func(*orchestrator.UnitSpec)) {
	x.do(orchestrator.Register{Provider: provider, Payout: payout, Info: nonce("info")}, orchestrator.NodeBind{Provider: provider, Node: nodeKey, Endpoint: "https://node.example"},
		orchestrator.DepositCollateral{Provider: provider, Asset: token, Amount: money.Of(1_000_000)}, orchestrator.UnitCreate{Provider: provider, Spec: spec(change...), Nonce: nonce("unit")})
}

// spec of a unit of 1 TiB at 0.864 units per GiB·second, which is 8.64 units per GiB and epoch.
func spec(change ...func(*orchestrator.UnitSpec)) orchestrator.UnitSpec {
	u := orchestrator.UnitSpec{Node: nodeID, Kind: 1, Capacity: 1 << 40, Region: "CH-ZH", QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 100, ErrorPpm: 1_000}, Asset: token,
		StoragePrice: money.Of(74_650), EgressPrice: money.Of(777), CollateralBps: 5_000, AutoAccept: true, Listed: true, MinEpochs: 1, MaxEpochs: 100, RateLimit: 50}
	for _, f := range change {
		f(&u)
	}
	return u
}

func manual(u *orchestrator.UnitSpec) { u.AutoAccept = false }

// request of 100 GiB for nine epochs, with all of the deposit.
func request(change ...func(*orchestrator.Request)) orchestrator.Request {
	r := orchestrator.Request{Consumer: consumer, Unit: unitID, Volume: 100 * gib, Egress: 10 * gib, Duration: 9, Refund: refund, PriceVersion: 1, Nonce: nonce("sla")}
	inFull(&r)
	for _, f := range change {
		f(&r)
	}
	return r
}

// priced are the parts of a request's terms that its price follows from.
func priced(r orchestrator.Request) *sla.Terms {
	t := &sla.Terms{Volume: r.Volume, Egress: r.Egress, Duration: r.Duration, EpochSeconds: 10, Window: 3, StoragePrice: spec().StoragePrice, EgressPrice: spec().EgressPrice,
		Protocol: scriptGenesis().Params.Protocol}
	t.Bond = t.TotalPrice().Bps(1_000)
	return t
}

func price(r orchestrator.Request) money.Amount { return priced(r).TotalPrice() }

// full is the price and the bond.
func full(r orchestrator.Request) money.Amount { return priced(r).Full() }

// inFull pays all of it.
func inFull(r *orchestrator.Request) { r.MaxTotal, r.Deposit = price(*r), full(*r) }

// covering pays for so many epochs.
func covering(epochs uint32) func(*orchestrator.Request) {
	return func(r *orchestrator.Request) {
		t := priced(*r)
		r.Deposit = money.Sum(t.Bond, t.EgressTotal(), t.Storage(epochs))
	}
}

func lasting(epochs uint32) func(*orchestrator.Request) {
	return func(r *orchestrator.Request) { r.Duration = epochs; inFull(r) }
}

func inEscrow(r *orchestrator.Request) { r.Mode = sla.Escrow }
func unfunded(r *orchestrator.Request) { r.Deposit = money.Of(0) }

// begin follows the active SLA.
func (x *script) begin() {
	x.terms, _ = x.s.Terms(slaID)
	x.leaf = sla.Zero(x.terms)
	x.base, x.settled = x.leaf, x.leaf
}

// measureOf an epoch: so many bad slots, so many failed challenges.
func measureOf(t *sla.Terms, l *sla.Leaf, bad, failed int) *sla.Measure {
	m := &sla.Measure{Operations: 20, Challenges: 4, Passed: uint64(4 - failed), ByteSeconds: l.ByteSeconds.AddProduct(t.Volume, 10), BytesIn: l.BytesIn + 5_000, BytesOut: l.BytesOut + gib + 1}
	for i := range 5 {
		s := sla.Slot{State: sla.Counted, TTFB: 40, Throughput: 20_000}
		if i < bad {
			s = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
		}
		m.Slots = append(m.Slots, s)
	}
	return m
}

// observe epochs of one kind: time passes, the validators measure.
func (x *script) observe(epochs, bad, failed int) {
	for range epochs {
		a, _ := x.s.SLA(slaID)
		l, v := x.terms.Advance(x.leaf, &x.base, measureOf(x.terms, &x.leaf, bad, failed), a.EndEpochs)
		x.epoch = a.StartEpoch + uint64(x.leaf.Epochs)
		c := x.s.Config()
		x.now = c.Start(x.epoch + 1)
		if x.leaf = l; v != nil {
			x.base = l
		}
	}
}

// report the running leaf, with others beside it.
func (x *script) report(extra ...sla.Leaf) {
	x.hashes = []merkle.Hash{x.leaf.Hash(), merkle.Leaf([]byte("the leaf of another SLA"))}
	for i := range extra {
		x.hashes = append(x.hashes, extra[i].Hash())
	}
	c := x.s.Config()
	latest, _ := x.s.Latest()
	previous, _ := x.s.Root(latest)
	r := cert.Certificate{Epoch: x.epoch, Root: merkle.Root(x.hashes), Previous: previous, ConfigDigest: c.Digest()}
	r.Signatures = sign(cert.Digest(c.Network, r.ConfigDigest, r.Epoch, r.Root, previous), []int{1, 2, 3})
	x.do(orchestrator.SubmitReport{Certificate: r})
}

// settlement of a leaf of the last report.
func (x *script) settlement(to sla.Leaf) orchestrator.Settle {
	op := orchestrator.Settle{SLA: slaID, From: x.settled, To: to, Epoch: x.epoch}
	for i, h := range x.hashes {
		if h == to.Hash() {
			op.Proof = merkle.Prove(x.hashes, i)
		}
	}
	return op
}

func (x *script) settle() {
	x.report()
	x.do(x.settlement(x.leaf))
	x.settled = x.leaf
}

func half(op orchestrator.Settle, t *sla.Terms) orchestrator.SettleReservation {
	return orchestrator.SettleReservation{SLA: op.SLA, Terms: t.Bytes(), From: op.From, To: op.To, Epoch: op.Epoch, Proof: op.Proof}
}

// draw everything that is due.
func (x *script) draw() { x.drawOf(slaID) }

func (x *script) drawOf(id ids.ID) {
	a, _ := x.s.SLA(id)
	r, _ := x.s.Reservation(id)
	due := func(is bool, op orchestrator.Op) {
		want := "NothingDue"
		if is {
			want = ""
		}
		x.take(want, op)
	}
	due(a.ProviderClaim.Sign() > 0, orchestrator.Payout{SLA: id})
	due(a.ConsumerClaim.Sign() > 0, orchestrator.Refund{SLA: id})
	due(a.Fees.Sign() > 0, orchestrator.CollectFees{SLA: id})
	due(r.Owed.Sign() > 0, orchestrator.Claim{SLA: id})
	due(r.ValidatorsOwed.Sign() > 0 || r.FundOwed.Sign() > 0, orchestrator.CollectSlash{SLA: id})
}

// hash of a name, where any bytes do.
func hash(name string) [32]byte { return canon.Hash([]byte(name)) }
