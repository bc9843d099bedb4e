package attack

import (
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/walk"
	"github.com/flashback-network/flashback/internal/sla"
)

func validatorKeys() (l []*secp256k1.PrivateKey) {
	for i := range validators {
		l = append(l, walk.Key(string(rune('a'+i))))
	}
	return l
}

func oracleConfig(genesis uint64) cert.Config {
	return walk.Config([32]byte{}, genesis, validatorKeys(), account("validators"))
}

// life is an SLA as its validators follow it.
type life struct {
	id            ids.ID
	terms         *sla.Terms
	start         uint64 // epoch
	leaf, base    sla.Leaf
	settled, half sla.Leaf // by the consumer's and the provider's half
	epoch         uint64   // that proof is of
	proof         merkle.Proof
}

// offer is a unit; the zero value of a field is the usual one.
type offer struct {
	storage, egress int64 // prices
	manual          bool  // the provider accepts itself
	asset           money.Asset
	bps             uint16
	capacity        uint64
}

func (w *world) node(provider string) ids.ID {
	return ids.NodeID(w.at().Provider, account("node "+provider))
}

// spec of a usual unit of a provider.
func (w *world) spec(provider string) orchestrator.UnitSpec {
	return orchestrator.UnitSpec{Node: w.node(provider), Kind: 1, Capacity: 1 << 44, Region: "CH", Asset: w.usd, QoS: sla.QoS{AvailabilityPpm: 999_000}, StoragePrice: money.Of(1_000_000),
		EgressPrice: money.Of(1_000_000), CollateralBps: 5_000, AutoAccept: true, Listed: true, MinEpochs: 1, MaxEpochs: 100_000_000}
}

func (w *world) unit(provider string, o offer) ids.ID {
	w.Helper()
	spec := w.spec(provider)
	spec.AutoAccept = !o.manual
	if o.storage != 0 {
		spec.StoragePrice, spec.EgressPrice = money.Of(o.storage), money.Of(o.egress)
	}
	if !o.asset.Zero() {
		spec.Asset = o.asset
	}
	if o.bps != 0 {
		spec.CollateralBps = o.bps
	}
	if o.capacity != 0 {
		spec.Capacity = o.capacity
	}
	return w.do(provider, orchestrator.UnitCreate{Provider: account(provider), Spec: spec, Nonce: w.nonce()})
}

// wish is what a consumer asks for.
type wish struct {
	volume, egress uint64
	duration       uint32
	mode           sla.Mode
	deposit        int64 // 0: all
	nothing        bool  // no deposit
}

// plain is 864 GiB for ten windows of three epochs of ten seconds, at 100,000 an epoch, and 4 GiB out.
var plain = wish{volume: 864 << 30, egress: 4 << 30, duration: 30}

// request composes what a consumer asks for a unit now.
func (w *world) request(consumer string, unit ids.ID, x wish) orchestrator.Request {
	w.Helper()
	return w.requestAfter(consumer, unit, x, ids.ID{})
}

// requestAfter is a request that renews an SLA.
func (w *world) requestAfter(consumer string, unit ids.ID, x wish, previous ids.ID) orchestrator.Request {
	w.Helper()
	q, err := w.chain.Quote(w.ctx, unit, account(consumer), x.volume, x.egress, x.duration, previous)
	if err != nil {
		w.Fatalf("quote: %v", err)
	}
	op := orchestrator.Request{Consumer: account(consumer), Unit: unit, Volume: x.volume, Egress: x.egress, Duration: x.duration, Mode: x.mode, Refund: account(consumer), MaxTotal: q.Total,
		PriceVersion: q.PriceVersion, Nonce: w.nonce(), Deposit: w.params.FullDeposit(q.Total), Previous: previous}
	if x.deposit != 0 || x.nothing {
		op.Deposit = money.Of(x.deposit)
	}
	return op
}

// open makes an SLA; with the whole deposit and a unit that accepts by itself it is Active.
func (w *world) open(consumer string, unit ids.ID, x wish) *life {
	w.Helper()
	return w.follow(w.do(consumer, w.request(consumer, unit, x)))
}

// follow an SLA from now on.
func (w *world) follow(id ids.ID) *life {
	w.Helper()
	b, err := w.chain.Terms(w.ctx, id)
	if err != nil {
		w.Fatal(err)
	}
	t, err := sla.DecodeTerms(b)
	if err != nil {
		w.Fatal(err)
	}
	l := &life{id: id, terms: t, start: w.sla(id).StartEpoch, leaf: sla.Zero(t)}
	l.base, l.settled, l.half = l.leaf, l.leaf, l.leaf
	w.lives = append(w.lives, l)
	return l
}

func (w *world) sla(id ids.ID) orchestrator.SLA {
	w.Helper()
	x, err := w.chain.SLA(w.ctx, id)
	if err != nil {
		w.Fatal(err)
	}
	return x
}

func (w *world) reservation(id ids.ID) orchestrator.Reservation {
	w.Helper()
	x, err := w.chain.Reservation(w.ctx, id)
	if err != nil {
		w.Fatal(err)
	}
	return x
}

// measure of one epoch: bad slots of five, and so many bytes read in all.
func measure(bad int, out uint64) *sla.Measure {
	m := &sla.Measure{Operations: 20, Challenges: 1, Passed: 1, BytesOut: out}
	for i := range 5 {
		s := sla.Slot{State: sla.Counted, TTFB: 40, Throughput: 20_000}
		if i < bad {
			s = sla.Slot{State: sla.Bad, TTFB: sla.NoFigure, Throughput: sla.NoFigure}
		}
		m.Slots = append(m.Slots, s)
	}
	return m
}

// observe is one epoch of an SLA; nothing once it has ended.
func (l *life) observe(bad int, out uint64, end uint32) {
	if l.leaf.Status != sla.Running || l.leaf.Epochs >= end {
		return
	}
	next, verdict := l.terms.Advance(l.leaf, &l.base, measure(bad, out), end)
	if l.leaf = next; verdict != nil {
		l.base = next
	}
}

// run lets epochs pass in which every SLA of the list is observed, and certifies the last one. The rest of the world's SLAs stand still.
func (w *world) run(epochs int, bad int, out uint64, lives ...*life) {
	w.Helper()
	epoch := lives[0].start + uint64(lives[0].leaf.Epochs)
	for range epochs {
		for _, l := range lives {
			l.observe(bad, l.leaf.BytesOut+out, w.sla(l.id).EndEpochs)
		}
		epoch++
	}
	w.certify(epoch-1, lives...)
}

// certify the leaves of an epoch by all validators, at its end.
func (w *world) certify(epoch uint64, lives ...*life) {
	w.Helper()
	w.certifyBeside(epoch, nil, lives...)
}

// certifyBeside certifies other leaves too and gives their proofs.
func (w *world) certifyBeside(epoch uint64, leaves []sla.Leaf, lives ...*life) (proofs []merkle.Proof) {
	w.Helper()
	if end := w.config.Start(epoch + 1); end > w.Now() {
		w.advance(end - w.Now())
	}
	var hashes []merkle.Hash
	for _, l := range lives {
		hashes = append(hashes, l.leaf.Hash())
	}
	for i := range leaves {
		hashes = append(hashes, leaves[i].Hash())
	}
	w.do("anyone", orchestrator.SubmitReport{Certificate: w.certificate(epoch, merkle.Root(hashes), validatorKeys()...)})
	w.latest, w.root = epoch, merkle.Root(hashes)
	for i, l := range lives {
		l.epoch, l.proof = epoch, merkle.Prove(hashes, i)
	}
	for i := range leaves {
		proofs = append(proofs, merkle.Prove(hashes, len(lives)+i))
	}
	return proofs
}

func (w *world) certificate(epoch uint64, root [32]byte, keys ...*secp256k1.PrivateKey) cert.Certificate {
	x := cert.Certificate{Epoch: epoch, Root: root, Previous: w.root, ConfigDigest: w.config.Digest()}
	d := cert.Digest(w.config.Network, x.ConfigDigest, epoch, x.Root, x.Previous)
	for i, k := range keys {
		x.Signatures = append(x.Signatures, cert.Sign(k, uint32(i), d))
	}
	return x
}

// settling is the call that settles an SLA as it was certified last.
func (l *life) settling() orchestrator.Settle {
	return orchestrator.Settle{SLA: l.id, From: l.settled, To: l.leaf, Epoch: l.epoch, Proof: l.proof}
}

func (l *life) settlingHalf() orchestrator.SettleReservation {
	return orchestrator.SettleReservation{SLA: l.id, Terms: l.terms.Bytes(), From: l.half, To: l.leaf, Epoch: l.epoch, Proof: l.proof}
}

func (w *world) settle(by string, l *life) {
	w.Helper()
	if l.leaf == l.settled {
		return
	}
	w.do(by, l.settling())
	l.settled = l.leaf
	if l.half.Epochs < l.leaf.Epochs {
		l.half = l.leaf
	}
}

// finish observes SLAs that began together to their end without a fault, settles them and draws everything.
func (w *world) finish(lives ...*life) {
	w.Helper()
	var left uint32
	for _, l := range lives {
		if l.leaf.Status == sla.Running {
			left = max(left, w.sla(l.id).EndEpochs-l.leaf.Epochs)
		}
	}
	if left > 0 {
		w.run(int(left), 0, 0, lives...)
	}
	for _, l := range lives {
		w.settle("anyone", l)
	}
	w.draw(lives...)
}

// draw pays everybody what is due.
func (w *world) draw(lives ...*life) {
	w.Helper()
	for _, l := range lives {
		for _, op := range []orchestrator.Op{orchestrator.Payout{SLA: l.id}, orchestrator.Refund{SLA: l.id}, orchestrator.CollectFees{SLA: l.id}, orchestrator.Claim{SLA: l.id}, orchestrator.CollectSlash{SLA: l.id}} {
			if _, refused := w.try("anyone", op); refused != "" && refused != "NothingDue" {
				w.Errorf("%T: %s", op, refused)
			}
		}
	}
}

// wealth of a party: its purse, its collateral, and what its SLAs hold for it.
func (w *world) wealth(name string) int64 {
	w.Helper()
	c, err := w.chain.Collateral(w.ctx, account(name), w.usd)
	if err != nil {
		w.Fatal(err)
	}
	return w.balance(w.usd, account(name)) + c.Free.Add(c.Locked).Big().Int64()
}

func (w *world) balance(asset money.Asset, of ids.Account) int64 {
	w.Helper()
	b, err := w.Balance(w.ctx, asset, of)
	if err != nil {
		w.Fatal(err)
	}
	return b.Big().Int64()
}

// solvent checks that the contracts hold exactly what their books say that they owe, and what somebody gave them.
func (w *world) solvent() {
	w.Helper()
	for _, token := range w.tokens {
		var escrow, locked money.Amount
		for _, l := range w.lives {
			x, r := w.sla(l.id), w.reservation(l.id)
			if x.Asset != token {
				continue
			}
			parts := money.Sum(x.Escrow, x.Holdback, x.ProviderClaim, x.ConsumerClaim, x.Fees, x.Retention, x.Bond, x.Disputed, x.Withdrawn)
			if parts.Cmp(x.Deposited) != 0 {
				w.Errorf("%s has %s of %s deposited", l.id.Short(), parts, x.Deposited)
			}
			escrow = escrow.Add(x.Deposited.Sub(x.Withdrawn))
			locked = money.Sum(locked, r.Owed, r.ValidatorsOwed, r.FundOwed)
		}
		for _, p := range providers {
			c, err := w.chain.Collateral(w.ctx, account(p), token)
			if err != nil {
				w.Fatal(err)
			}
			if c.Free.Sign() < 0 || c.Locked.Sign() < 0 {
				w.Errorf("collateral of %s: %s free, %s locked", p, c.Free, c.Locked)
			}
			locked = locked.Add(c.Free).Add(c.Locked)
		}
		for contract, books := range map[ids.Account]money.Amount{w.at().Consumer: escrow, w.at().Provider: locked} {
			if has, owes := w.balance(token, contract), books.Big().Int64(); has != owes+w.gifts[contract] {
				w.Errorf("%s has %d of %s and owes %d", contract, has, token, owes)
			}
		}
	}
}
