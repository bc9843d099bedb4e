package chaintest

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

// grants are a consumer's permissions.
func grants(t *testing.T, open Opener) {
	s := begin(t, open)
	consumer, grantee := s.Wallet(t, 1_000_000_000), s.Key()
	id := s.do(consumer, s.request(consumer, sla.Stream, 8)).ID
	op := orchestrator.GrantAccess{Consumer: consumer.Account(), SLA: id, Grantee: grantee.Account(), Prefix: []byte("demo/\xff\x00"), Ops: orchestrator.OpRead | orchestrator.OpList,
		Expires: s.now() + 100, Nonce: s.fresh()}
	g := s.do(consumer, op).ID
	if want := ids.GrantID(s.Chain.Contracts().Consumer, id, op.Nonce); g != want {
		t.Fatalf("grant id %s, want %s", g, want)
	}
	got, err := s.Chain.Grant(s.ctx, g)
	s.must(err)
	if got.ID != g || got.SLA != id || got.Grantor != consumer.Account() || got.Grantee != grantee.Account() || !bytes.Equal(got.Prefix, op.Prefix) || got.Ops != op.Ops || got.Expires != op.Expires || got.Revoked {
		t.Fatalf("grant %+v", got)
	}
	s.refused("Exists", fault.Exists, consumer, op)
	for _, change := range []func(*orchestrator.GrantAccess){
		func(o *orchestrator.GrantAccess) { o.Ops = 0 },
		func(o *orchestrator.GrantAccess) { o.Ops = 64 },
		func(o *orchestrator.GrantAccess) { o.Expires = s.now() },
		func(o *orchestrator.GrantAccess) { o.Prefix = make([]byte, 1025) },
	} {
		bad := op
		bad.Nonce = s.fresh()
		change(&bad)
		s.refused("GrantInvalid", fault.Invalid, consumer, bad)
	}
	stranger := s.Wallet(t, 0)
	bad := op
	bad.Consumer, bad.Nonce = stranger.Account(), s.fresh()
	s.refused("NotAuthorized", fault.Forbidden, stranger, bad)
	bad.Consumer = consumer.Account()
	s.refused("NotAuthorized", fault.Forbidden, stranger, bad)
	s.refused("NotAuthorized", fault.Forbidden, stranger, orchestrator.RevokeAccess{By: stranger.Account(), ID: g})
	s.do(consumer, orchestrator.RevokeAccess{By: consumer.Account(), ID: g})
	if got, err = s.Chain.Grant(s.ctx, g); err != nil || !got.Revoked {
		t.Errorf("revoked: %+v, %v", got, err)
	}
	s.refused("StateWrong", fault.Conflict, consumer, orchestrator.RevokeAccess{By: consumer.Account(), ID: g})
}

// delegation passes grants on.
func delegation(t *testing.T, open Opener) {
	s := begin(t, open)
	consumer, grantee, heir := s.Wallet(t, 1_000_000_000), s.Wallet(t, 0), s.Wallet(t, 0)
	id := s.do(consumer, s.request(consumer, sla.Stream, 8)).ID
	parent := s.do(consumer, orchestrator.GrantAccess{Consumer: consumer.Account(), SLA: id, Grantee: grantee.Account(), Prefix: []byte("demo/"),
		Ops: orchestrator.OpRead | orchestrator.OpList | orchestrator.OpDelegate, Expires: s.now() + 100, Nonce: s.fresh()}).ID
	op := orchestrator.DelegateAccess{Grantee: grantee.Account(), Parent: parent, To: heir.Account(), Prefix: []byte("demo/photos/"), Ops: orchestrator.OpRead, Expires: s.now() + 50, Nonce: s.fresh()}
	g := s.do(grantee, op).ID
	if want := ids.GrantID(s.Chain.Contracts().Consumer, parent, op.Nonce); g != want {
		t.Fatalf("grant id %s, want %s", g, want)
	}
	got, err := s.Chain.Grant(s.ctx, g)
	s.must(err)
	want := orchestrator.Grant{ID: g, SLA: id, Parent: parent, Depth: 1, Grantor: grantee.Account(), Grantee: heir.Account(), Prefix: op.Prefix, Ops: op.Ops, Expires: op.Expires}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	s.refused("Exists", fault.Exists, grantee, op)
	wide := op
	wide.Nonce, wide.Ops = s.fresh(), orchestrator.OpWrite
	s.refused("GrantInvalid", fault.Invalid, grantee, wide)
	further := orchestrator.DelegateAccess{Grantee: heir.Account(), Parent: g, To: grantee.Account(), Prefix: op.Prefix, Ops: op.Ops, Expires: op.Expires, Nonce: s.fresh()}
	s.refused("NotAuthorized", fault.Forbidden, heir, further)
	s.do(heir, orchestrator.RevokeAccess{By: heir.Account(), ID: g})
	s.do(consumer, orchestrator.RevokeAccess{By: consumer.Account(), ID: parent})
	late := op
	late.Nonce = s.fresh()
	s.refused("StateWrong", fault.Conflict, grantee, late)
}

// tokens that are refused, and messages that wallets sign.
func tokens(t *testing.T, open Opener) {
	s := begin(t, open)
	poor, rich, bare := s.Wallet(t, 5), s.Wallet(t, 100), s.Key()
	transfer := func(to ids.Account, amount int64) error {
		_, err := s.Chain.Transfer(s.ctx, poor, s.Asset, to, money.Of(amount))
		return err
	}
	s.isRefusal("balance_missing", fault.Exhausted, transfer(rich.Account(), 6))
	s.isRefusal("AmountInvalid", fault.Invalid, transfer(rich.Account(), 0))
	s.isRefusal("AmountInvalid", fault.Invalid, transfer(rich.Account(), -1))
	if err := transfer(bare.Account(), 1); err == nil {
		t.Error("an account that is not on the chain received tokens")
	}
	s.must(transfer(rich.Account(), 5))
	if got := s.balance(s.Asset, rich.Account()); !got.Equal(money.Of(105)) {
		t.Errorf("balance %s", got)
	}
	if got := s.balance(s.Asset, bare.Account()); got.Sign() != 0 {
		t.Errorf("the balance of nobody is %s", got)
	}
	if got := s.balance(s.Native, poor.Account()); got.Sign() <= 0 {
		t.Errorf("a funded account has %s of the native asset", got)
	}
	s.do(poor, orchestrator.Register{Provider: poor.Account(), Payout: poor.Account()})
	s.refused("balance_missing", fault.Exhausted, poor, orchestrator.DepositCollateral{Provider: poor.Account(), Asset: s.Asset, Amount: money.Of(1)})
	s.refused("CollateralMissing", fault.Exhausted, poor, orchestrator.WithdrawCollateral{Provider: poor.Account(), Asset: s.Asset, Amount: money.Of(1)})
	s.refused("account_missing", fault.NotFound, bare, orchestrator.Register{Provider: bare.Account(), Payout: bare.Account()})

	text := []byte("Flashback S3 keys\n…")
	sig, err := poor.SignMessage(text)
	s.must(err)
	if !s.Chain.VerifyMessage(poor.Account(), text, sig) || s.Chain.VerifyMessage(rich.Account(), text, sig) || s.Chain.VerifyMessage(poor.Account(), text[1:], sig) ||
		s.Chain.VerifyMessage(poor.Account(), text, nil) || s.Chain.VerifyMessage(s.Chain.Contracts().Oracle, text, sig) {
		t.Error("a message's signature is verified wrongly")
	}
}

// missing things.
func missing(t *testing.T, open Opener) {
	s := begin(t, open)
	none, nobody := ids.ID{1}, s.Key().Account()
	for name, err := range map[string]error{
		"sla":         second(s.Chain.SLA(s.ctx, none)),
		"terms":       second(s.Chain.Terms(s.ctx, none)),
		"grant":       second(s.Chain.Grant(s.ctx, none)),
		"unit":        second(s.Chain.Unit(s.ctx, none)),
		"node":        second(s.Chain.Node(s.ctx, none)),
		"reservation": second(s.Chain.Reservation(s.ctx, none)),
		"root":        second(s.Chain.Root(s.ctx, 77)),
		"node of":     second(s.Chain.NodeOf(s.ctx, nobody)),
		"provider":    second(s.Chain.Provider(s.ctx, nobody)),
		"price of":    second(s.Chain.PriceOf(s.ctx, none, nobody)),
		"group":       second(s.Chain.Group(s.ctx, none)),
		"quote":       second(s.Chain.Quote(s.ctx, none, nobody, 1, 1, 1, ids.ID{})),
	} {
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := s.Chain.Collateral(s.ctx, nobody, s.Asset); err != nil || c.Free.Sign() != 0 || c.Locked.Sign() != 0 {
		t.Errorf("collateral of nobody: %+v, %v", c, err)
	}
	if _, _, ok, err := s.Chain.LatestReport(s.ctx); ok || err != nil {
		t.Errorf("a report before the first: %v, %v", ok, err)
	}
	foreign := ids.Account{Chain: ids.Starknet, Kind: ids.Contract, Address: [32]byte{1}}
	s.refused("ArgumentInvalid", fault.Invalid, s.provider, orchestrator.UpdateProvider{Provider: s.provider.Account(), Payout: foreign})
	p, err := s.Chain.Provider(s.ctx, s.provider.Account())
	s.must(err)
	if p.Payout != s.provider.Account() || p.Info != [32]byte{7} || p.Registered == 0 {
		t.Errorf("provider %+v", p)
	}
}

func second[T any](_ T, err error) error { return err }
