package sidebyside

import (
	"errors"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
	"github.com/flashback-network/flashback/internal/scval"
)

// The Market in the scene: the grantee, who makes no requests otherwise, has asked openly and under seal, the provider has answered the one and committed to the other.
const (
	askedOpenly = 1
	askedSealed = 2
	askedNow    = 3
	answersLast = 5_000  // seconds from the asks on
	revealsLast = 10_000 // of the sealed one
	choiceLasts = 20_000
)

func (s *Scene) wanted(sealed bool) xdr.ScVal {
	now := s.Host.Now()
	reveal := now + answersLast
	if sealed {
		reveal = now + revealsLast
	}
	return scval.Struct(scval.Fields{"kind": scval.U32(1), "class": scval.U32(0), "region": scval.String("C"), "volume": scval.U64(1 << 30), "egress": scval.U64(1 << 30), "duration": scval.U32(12), "mode": scval.U32(0),
		"qos":   scval.Struct(scval.Fields{"availability_ppm": scval.U32(990_000), "ttfb_ms": scval.U32(0), "throughput_kibps": scval.U32(0), "error_ppm": scval.U32(0)}),
		"asset": scval.Address(s.Asset), "max_total": scval.I128(1_000_000_000), "collateral_min_bps": scval.U32(0), "sealed": scval.Bool(sealed), "answer_by": scval.U64(now + answersLast), "reveal_by": scval.U64(reveal),
		"choose_by": scval.U64(now + choiceLasts)})
}

// ask of the grantee by its number.
func (s *Scene) ask(n byte) ids.ID {
	return market.ID(s.contract("market"), s.Roles["grantee"].Account(), [32]byte{n})
}

// offered unit and prices for an ask, without the provider that is in front.
func (s *Scene) offered(n byte) []xdr.ScVal {
	return []xdr.ScVal{scval.ID(s.ask(n)), scval.ID(s.Units["Offered"]), scval.I128(7), scval.I128(5)}
}

func (s *Scene) enterMarket() error {
	c := s.Chain.Contracts()
	if err := s.deployCompanion("market", s.Roles["admin"].Arg(), scval.Address(c.Provider), scval.Address(c.Consumer)); err != nil {
		return err
	}
	who, p := s.Roles["grantee"].Arg(), s.Roles["provider"]
	// The answer makes a price at the Provider Orchestrator, which the model there has to know of.
	_, err := s.World.State.Step(s.Host.Now(), orchestrator.PriceFor{Provider: p.Account(), Unit: s.Units["Offered"], Consumer: s.Roles["grantee"].Account(), StoragePrice: money.Of(7), EgressPrice: money.Of(5),
		Until: s.Host.Now() + choiceLasts + 1})
	sealed := market.Commitment(s.ask(askedSealed), p.Account(), s.Units["Offered"], money.Of(7), money.Of(5), [32]byte{4})
	return errors.Join(err,
		s.call("grantee", "market", "ask", who, s.wanted(false), scval.ID([32]byte{askedOpenly})),
		s.call("grantee", "market", "ask", who, s.wanted(true), scval.ID([32]byte{askedSealed})),
		s.call("provider", "market", "answer", append([]xdr.ScVal{p.Arg()}, s.offered(askedOpenly)...)...),
		s.call("provider", "market", "commit", p.Arg(), scval.ID(s.ask(askedSealed)), scval.ID(sealed)),
	)
}

func theAsk(n byte) func(s *Scene) []xdr.ScVal {
	return func(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.ID(s.ask(n))} }
}

var asking = []string{"grantee"}

var marketDoors = []Door{
	door("market", "ask", everyone, by(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.wanted(false), scval.ID([32]byte{askedNow})} })),
	door("market", "answer", provider, by(func(s *Scene) []xdr.ScVal { return s.offered(askedOpenly) })),
	door("market", "commit", everyone, by(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.ID(s.ask(askedSealed)), scval.ID([32]byte{8})} })),
	ready(door("market", "reveal", provider, by(func(s *Scene) []xdr.ScVal { return append(s.offered(askedSealed), scval.ID([32]byte{4})) })), later(answersLast+1)),
	door("market", "take", asking, by(func(s *Scene) []xdr.ScVal {
		return []xdr.ScVal{scval.ID(s.ask(askedOpenly)), s.Roles["provider"].Arg(), scval.Struct(scval.Fields{"unit": scval.ID(s.Units["Offered"]), "max_total": scval.I128(1_000_000_000),
			"refund": s.Roles["grantee"].Arg(), "deposit": scval.I128(0), "nonce": scval.ID([32]byte{99})})}
	})),
	door("market", "withdraw", asking, by(theAsk(askedOpenly))),
	ready(door("market", "expire", nil, anyones(theAsk(askedOpenly))), later(choiceLasts+1)),
	door("market", "extend", nil, anyones(theAsk(askedOpenly))),
	view("market", "ask_of", nothing, "", about(theAsk(askedOpenly))),
	view("market", "answer_of", nothing, "", about(func(s *Scene) []xdr.ScVal {
		return []xdr.ScVal{scval.ID(s.ask(askedOpenly)), s.Roles["provider"].Arg()}
	})),
	view("market", "answer_at", nothing, "", about(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.ID(s.ask(askedOpenly)), scval.U32(0)} })),
	view("market", "admin", nothing, "", none),
	view("market", "upgrade_announced", nothing, "", none),
	asked(door("market", "set_admin", anAdmin, anyones(role("stranger"))), theAdmin),
	asked(door("market", "upgrade_announce", anAdmin, newCode), theAdmin),
	asked(ready(door("market", "upgrade", anAdmin, plain), announced("market")), theAdmin),
}
