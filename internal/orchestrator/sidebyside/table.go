package sidebyside

import (
	"slices"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
)

// The doors of every contract in contracts/artifacts: a function without a row fails a test. To add one, give a call that succeeds in the scene when the right one makes it, and say who that is; then
// `make tables` writes what everyone is told, for you to read.
var doors = func() []Door {
	l := slices.Concat(oracleDoors, providerDoors, consumerDoors)
	for _, c := range companions {
		if built(c.name) {
			l = append(l, c.doors...)
		}
	}
	return l
}()

var oracleDoors = []Door{
	{Contract: "oracle", Function: "submit", Ready: later(10), Call: op(func(s *Scene, _ ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.SubmitReport{Certificate: s.certificate(s.config.Epoch(s.Host.Now())-1, canon.Hash([]byte("a root")))}
	})},
	{Contract: "oracle", Function: "rotate", Call: op(func(s *Scene, _ ids.Account, _ ids.ID) orchestrator.Op { return s.rotation() })},
	view("oracle", "root", nothing, "", func(s *Scene, _ ids.ID) []xdr.ScVal { return []xdr.ScVal{scval.U64(s.epoch)} }),
	view("oracle", "latest", nothing, "", none),
	view("oracle", "config", nothing, "", none),
	view("oracle", "digest", nothing, "", none),
	view("oracle", "network", nothing, "", none),
}

// registered are the providers of the scene; an account that registers itself has to be another.
var (
	provider = []string{"provider"}
	consumer = []string{"consumer"}
	anAdmin  = []string{"admin"}
	contract = []string{otherContract}
	dispute  = []string{"dispute"}
	others   = []string{"admin", "consumer", "other consumer", "node", "validator operator", "grantee", "dispute", "stranger"} // who is no provider yet
)

var providerDoors = []Door{
	{Contract: "provider", Function: "wire", Who: anAdmin, By: theAdmin, Ready: another("provider"), Call: raw("another provider", "wire", func(s *Scene, _ ids.Account, _ ids.ID) []xdr.ScVal {
		return []xdr.ScVal{scval.Address(s.Chain.Contracts().Consumer), scval.Void()}
	})},
	{Contract: "provider", Function: "set_params", Who: anAdmin, By: theAdmin, Call: op(func(s *Scene, _ ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.SetProviderParams{Params: s.nextParams()}
	})},
	{Contract: "provider", Function: "set_admin", Who: anAdmin, By: theAdmin, Call: op(func(s *Scene, _ ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.SetAdmin{Next: s.Roles["stranger"].Account(), Provider: true}
	})},
	{Contract: "provider", Function: "upgrade_announce", Who: anAdmin, By: theAdmin, Call: raw("provider", "upgrade_announce", newCode)},
	{Contract: "provider", Function: "upgrade", Who: anAdmin, By: theAdmin, Ready: announced("provider"), Call: raw("provider", "upgrade", plain)},
	{Contract: "provider", Function: "register", Who: others, Call: op(func(_ *Scene, by ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.Register{Provider: by, Payout: by}
	})},
	{Contract: "provider", Function: "update", Who: []string{"provider", "other provider"}, Call: op(func(_ *Scene, by ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.UpdateProvider{Provider: by, Payout: by}
	})},
	{Contract: "provider", Function: "node_bind", Who: []string{"provider", "other provider"}, With: []string{"free node"}, Call: op(func(s *Scene, by ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.NodeBind{Provider: by, Node: s.FreeNode.Account(), Endpoint: "https://new.example"}
	})},
	{Contract: "provider", Function: "node_rotate", Who: provider, With: []string{"free node"}, About: aNode, State: "Active", Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.NodeRotate{Provider: by, ID: id, Key: s.FreeNode.Account(), Endpoint: "https://new.example"}
	})},
	{Contract: "provider", Function: "node_release", Who: provider, About: aNode, State: "Idle", Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.NodeRelease{Provider: by, ID: id}
	})},
	{Contract: "provider", Function: "deposit", Who: []string{"provider", "other provider"}, Call: op(func(s *Scene, by ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.DepositCollateral{Provider: by, Asset: s.Asset, Amount: money.Of(5)}
	})},
	{Contract: "provider", Function: "withdraw", Who: []string{"provider", "other provider"}, Call: op(func(s *Scene, by ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.WithdrawCollateral{Provider: by, Asset: s.Asset, Amount: money.Of(5)}
	})},
	{Contract: "provider", Function: "unit_create", Who: provider, About: aNode, State: "Active", Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.UnitCreate{Provider: by, Spec: unitSpec(id, s.Asset, true), Nonce: canon.Hash([]byte("a new unit"))}
	})},
	{Contract: "provider", Function: "unit_price", Who: provider, About: aUnit, State: "Available", Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.UnitPrice{Provider: by, ID: id, StoragePrice: money.Of(1), EgressPrice: money.Of(2)}
	})},
	{Contract: "provider", Function: "unit_list", Who: provider, About: aUnit, State: "Available", Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.UnitList{Provider: by, ID: id, Listed: true}
	})},
	{Contract: "provider", Function: "unit_maintenance", Who: provider, About: aUnit, State: "Available", Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.UnitMaintain{Provider: by, ID: id, From: s.Host.Now() + 100, Until: s.Host.Now() + 101}
	})},
	{Contract: "provider", Function: "unit_emergency", Who: provider, About: aUnit, State: "Available", Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.UnitEmergency{Provider: by, ID: id, Until: s.Host.Now() + 1}
	})},
	{Contract: "provider", Function: "unit_resume", Who: provider, About: aUnit, State: "Maintenance", Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.UnitResume{Provider: by, ID: id}
	})},
	{Contract: "provider", Function: "unit_decommission", Who: provider, About: aUnit, State: "Available", Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.UnitDecommission{Provider: by, ID: id}
	})},
	{Contract: "provider", Function: "unit_retire", About: aUnit, State: "Decommissioning", Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.UnitRetire{ID: id}
	})},
	{Contract: "provider", Function: "price_for", Who: provider, About: aUnit, State: "Available", Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op { return s.priceFor(by, id) })},
	view("provider", "quote", aUnit, "Available", func(s *Scene, id ids.ID) []xdr.ScVal {
		return []xdr.ScVal{scval.ID(id), s.Roles["consumer"].Arg(), scval.U64(1 << 30), scval.U64(1 << 30), scval.U32(10), scval.ID([32]byte{})}
	}),
	{Contract: "provider", Function: "reserve", Who: contract, By: theConsumerContract, About: aUnit, State: "Available", Through: &requestDoor,
		Call: raw("provider", "reserve", func(s *Scene, _ ids.Account, id ids.ID) []xdr.ScVal {
			return []xdr.ScVal{scval.ID([32]byte{9}), scval.ID(id), s.Roles["consumer"].Arg(), scval.U64(1 << 30), scval.ID([32]byte{8}), s.Roles["consumer"].Arg(), scval.I128(5), scval.Bool(true), scval.ID([32]byte{})}
		})},
	reclaimDoor,
	{Contract: "provider", Function: "drain", About: anSLA, State: "Draining", Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Drain{SLA: id} })},
	{Contract: "provider", Function: "divide", Who: contract, By: theConsumerContract, About: anSLA, State: active, Through: &splitDoor, Call: raw("provider", "divide", func(s *Scene, _ ids.Account, id ids.ID) []xdr.ScVal {
		return []xdr.ScVal{scval.ID(id), scval.Vec(scval.Struct(scval.Fields{"sla": scval.ID([32]byte{9}), "volume": scval.U64(77<<30 + 7), "terms_hash": scval.ID([32]byte{8}), "refund": s.Roles["consumer"].Arg(), "collateral": scval.I128(5),
			"start_epoch": scval.U64(50), "zero_leaf_hash": scval.ID([32]byte{7})}))}
	})},
	{Contract: "provider", Function: "assign", Who: contract, By: theConsumerContract, About: anSLA, State: active, Through: &transferDoor, Call: raw("provider", "assign", func(s *Scene, _ ids.Account, id ids.ID) []xdr.ScVal {
		return []xdr.ScVal{scval.ID(id), s.Roles["stranger"].Arg()}
	})},
	{Contract: "provider", Function: "accept", Who: provider, About: anSLA, State: waiting, Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.Accept{Provider: by, SLA: id}
	})},
	{Contract: "provider", Function: "refuse", Who: provider, About: anSLA, State: waiting, Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.Refuse{Provider: by, SLA: id}
	})},
	{Contract: "provider", Function: "activate", Who: contract, By: theConsumerContract, About: anSLA, State: "Accepted", Through: &fundDoor,
		Call: raw("provider", "activate", func(_ *Scene, _ ids.Account, id ids.ID) []xdr.ScVal {
			return []xdr.ScVal{scval.ID(id), scval.U64(5), scval.ID([32]byte{7})}
		})},
	{Contract: "provider", Function: "release", Who: contract, By: theConsumerContract, About: anSLA, State: waiting, Through: &cancelDoor, Call: raw("provider", "release", theID)},
	{Contract: "provider", Function: "settle", About: anSLA, State: active, Call: op(func(s *Scene, _ ids.Account, id ids.ID) orchestrator.Op {
		x := s.settlement(id)
		t, _ := s.World.State.Terms(id)
		return orchestrator.SettleReservation{SLA: id, Terms: t.Bytes(), From: x.from, To: x.to, Epoch: x.epoch, Proof: x.proof}
	})},
	{Contract: "provider", Function: "finish", Who: contract, By: theConsumerContract, About: anSLA, State: active, Through: &timeOutDoor, Call: raw("provider", "finish", theID)},
	{Contract: "provider", Function: "claim", About: anSLA, State: mature, Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Claim{SLA: id} })},
	{Contract: "provider", Function: "collect", About: anSLA, State: mature, Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.CollectSlash{SLA: id} })},
	{Contract: "provider", Function: "extend", About: aUnit, State: "Available", Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.ExtendProvider{Kind: uint32(ids.Unit), ID: id}
	})},
	view("provider", "provider", nothing, "", func(s *Scene, _ ids.ID) []xdr.ScVal { return []xdr.ScVal{s.Roles["provider"].Arg()} }),
	view("provider", "collateral", nothing, "", func(s *Scene, _ ids.ID) []xdr.ScVal {
		return []xdr.ScVal{s.Roles["provider"].Arg(), scval.Address(s.Asset)}
	}),
	view("provider", "node", aNode, "Active", byID),
	view("provider", "node_of", nothing, "", func(s *Scene, _ ids.ID) []xdr.ScVal { return []xdr.ScVal{s.Roles["node"].Arg()} }),
	view("provider", "unit", aUnit, "Available", byID),
	view("provider", "reservation", anSLA, active, byID),
	ready(view("provider", "price_of", aUnit, "Available", func(s *Scene, id ids.ID) []xdr.ScVal { return []xdr.ScVal{scval.ID(id), s.Roles["consumer"].Arg()} }), priced),
	view("provider", "params", nothing, "", none),
}

var (
	requestDoor = Door{Contract: "consumer", Function: "request", Who: []string{"consumer", "other consumer", "provider", "other provider"}, About: aUnit, State: "Available", Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		r := s.requestOf(id, 12, 0, canon.Hash([]byte("a new request")))
		r.Consumer = by
		return r
	})}
	fundDoor = Door{Contract: "consumer", Function: "fund", Who: []string{"consumer", "other consumer", "provider", "other provider"}, About: anSLA, State: "Accepted", Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		x, _ := s.World.State.SLA(id)
		params := s.World.State.Params()
		missing := params.FullDeposit(x.Total).Sub(x.Deposited)
		if missing.Sign() <= 0 {
			missing = money.Of(1) // too much
		}
		return orchestrator.Fund{From: by, SLA: id, Amount: missing}
	})}
	cancelDoor = Door{Contract: "consumer", Function: "cancel", Who: consumer, About: anSLA, State: waiting, Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.Cancel{Consumer: by, SLA: id}
	})}
	timeOutDoor = Door{Contract: "consumer", Function: "time_out", Ready: later(600), About: anSLA, State: active, Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.TimeOut{SLA: id}
	})}
	acceptDoor = Door{Contract: "provider", Function: "accept", Who: provider, About: anSLA, State: waiting, Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.Accept{Provider: by, SLA: id}
	})}
	reclaimDoor = Door{Contract: "provider", Function: "reclaim", Who: provider, About: anSLA, State: active, Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.Reclaim{Provider: by, SLA: id}
	})}
	splitDoor = Door{Contract: "consumer", Function: "split", Who: consumer, About: anSLA, State: active, Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		o := s.splitOf(id, canon.Hash([]byte("a part of an SLA")))
		o.Consumer, o.Pieces[0].To = by, by
		return o
	})}
	transferDoor = Door{Contract: "consumer", Function: "transfer", Who: consumer, With: []string{"free node"}, About: anSLA, State: active, Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.TransferSLA{Consumer: by, SLA: id, To: s.FreeNode.Account(), Refund: s.FreeNode.Account()}
	})}
	refuseDoor = Door{Contract: "provider", Function: "refuse", Who: provider, About: anSLA, State: waiting, Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.Refuse{Provider: by, SLA: id}
	})}
)

var consumerDoors = []Door{
	{Contract: "consumer", Function: "set_params", Who: anAdmin, By: theAdmin, Call: op(func(s *Scene, _ ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.SetParams{Params: s.nextParams()}
	})},
	{Contract: "consumer", Function: "wire_dispute", Who: anAdmin, By: theAdmin, Ready: another("consumer"), Call: raw("another consumer", "wire_dispute", func(s *Scene, _ ids.Account, _ ids.ID) []xdr.ScVal {
		return []xdr.ScVal{s.Roles["dispute"].Arg()}
	})},
	{Contract: "consumer", Function: "set_admin", Who: anAdmin, By: theAdmin, Call: op(func(s *Scene, _ ids.Account, _ ids.ID) orchestrator.Op {
		return orchestrator.SetAdmin{Next: s.Roles["stranger"].Account()}
	})},
	{Contract: "consumer", Function: "upgrade_announce", Who: anAdmin, By: theAdmin, Call: raw("consumer", "upgrade_announce", newCode)},
	{Contract: "consumer", Function: "upgrade", Who: anAdmin, By: theAdmin, Ready: announced("consumer"), Call: raw("consumer", "upgrade", plain)},
	{Contract: "consumer", Function: "pause", Who: anAdmin, By: theAdmin, Call: op(func(_ *Scene, _ ids.Account, _ ids.ID) orchestrator.Op { return orchestrator.Pause{Paused: true} })},
	requestDoor, jointDoor(2), fundDoor, splitDoor, transferDoor,
	{Contract: "consumer", Function: "begin", About: anSLA, State: "Funded", Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Begin{SLA: id} })},
	{Contract: "consumer", Function: "reclaimed", Who: contract, By: theProviderContract, About: anSLA, State: active, Through: &reclaimDoor, Call: raw("consumer", "reclaimed", theID)},
	{Contract: "consumer", Function: "accepted", Who: contract, By: theProviderContract, About: anSLA, State: waiting, Through: &acceptDoor, Call: raw("consumer", "accepted", theID)},
	{Contract: "consumer", Function: "refused", Who: contract, By: theProviderContract, About: anSLA, State: waiting, Through: &refuseDoor, Call: raw("consumer", "refused", theID)},
	cancelDoor,
	{Contract: "consumer", Function: "expire", Ready: later(61), About: anSLA, State: waiting, Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Expire{SLA: id} })},
	{Contract: "consumer", Function: "settle", About: anSLA, State: active, Call: op(func(s *Scene, _ ids.Account, id ids.ID) orchestrator.Op { return s.settlement(id).op(id) })},
	{Contract: "consumer", Function: "close", Who: consumer, About: anSLA, State: active, Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.CloseSLA{Consumer: by, SLA: id}
	})},
	{Contract: "consumer", Function: "terminate", Who: consumer, About: anSLA, State: mature, Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.Terminate{Consumer: by, SLA: id}
	})},
	timeOutDoor,
	{Contract: "consumer", Function: "payout", About: anSLA, State: "Completed", Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Payout{SLA: id} })},
	{Contract: "consumer", Function: "refund", About: anSLA, State: "Completed", Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.Refund{SLA: id} })},
	{Contract: "consumer", Function: "collect", About: anSLA, State: "Completed", Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op { return orchestrator.CollectFees{SLA: id} })},
	{Contract: "consumer", Function: "freeze", Who: contract, By: theDisputeContract, About: anSLA, State: mature, Through: &openDoor, Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.Freeze{SLA: id, Amount: money.Of(5)}
	})},
	{Contract: "consumer", Function: "rule", Who: contract, By: theDisputeContract, About: anSLA, State: mature, Through: &executeDoor, Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.Rule{SLA: id}
	})},
	{Contract: "consumer", Function: "extend", About: anSLA, State: active, Call: op(func(_ *Scene, _ ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.ExtendConsumer{Kind: uint32(ids.SLA), ID: id}
	})},
	{Contract: "consumer", Function: "grant", Who: consumer, About: anSLA, State: active, Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.GrantAccess{Consumer: by, SLA: id, Grantee: s.Roles["grantee"].Account(), Prefix: []byte("a/"), Ops: orchestrator.OpRead, Expires: s.Host.Now() + 100, Nonce: canon.Hash([]byte("a new grant"))}
	})},
	{Contract: "consumer", Function: "delegate", Who: []string{"grantee"}, About: aGrant, State: "Active", Call: op(func(s *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.DelegateAccess{Grantee: by, Parent: id, To: s.Roles["stranger"].Account(), Prefix: []byte("photos/mine"), Ops: orchestrator.OpRead, Expires: s.Host.Now() + 100, Nonce: canon.Hash([]byte("a part"))}
	})},
	{Contract: "consumer", Function: "revoke", Who: []string{"consumer", "grantee"}, About: aGrant, State: "Active", Call: op(func(_ *Scene, by ids.Account, id ids.ID) orchestrator.Op {
		return orchestrator.RevokeAccess{By: by, ID: id}
	})},
	view("consumer", "sla", anSLA, active, byID),
	view("consumer", "terms", anSLA, active, byID),
	view("consumer", "grant_of", aGrant, "Active", byID),
	view("consumer", "group_of", anSLA, "Funded", byID),
	view("consumer", "params", nothing, "", none),
	view("consumer", "po", nothing, "", none),
	view("consumer", "oracle", nothing, "", none),
}

// jointDoor asks for so many units that accept at once, on which nothing is yet, so that all of it begins in the call.
func jointDoor(parts int) Door {
	units := make([]ids.ID, parts)
	made := func(s *Scene) (err error) {
		for i := range units {
			spec := unitSpec(s.Nodes["Active"], s.Asset, true)
			call, e := stellar.Translate(s.Chain.Contracts(), orchestrator.UnitCreate{Provider: s.Roles["provider"].Account(), Spec: spec, Nonce: canon.Hash([]byte{'j', byte(i)})})
			if e != nil {
				return e
			}
			if units[i], err = s.make("provider", "provider", call.Function, call.Args...); err != nil {
				return err
			}
		}
		return nil
	}
	return Door{Contract: "consumer", Function: "request_joint", Who: requestDoor.Who, Ready: made, Call: op(func(s *Scene, by ids.Account, _ ids.ID) orchestrator.Op {
		n := byte(0)
		o := s.jointOf(func() [32]byte { n++; return canon.Hash([]byte{'p', n}) }, units...)
		o.Consumer = by
		return o
	})}
}

func (s *Scene) priceFor(by ids.Account, unit ids.ID) orchestrator.PriceFor {
	return orchestrator.PriceFor{Provider: by, Unit: unit, Consumer: s.Roles["consumer"].Account(), StoragePrice: money.Of(1), EgressPrice: money.Of(2), Until: s.Host.Now() + 100}
}

// priced is the unit that is Available, for the consumer.
func priced(s *Scene) error {
	call, err := stellar.Translate(s.Chain.Contracts(), s.priceFor(s.Roles["provider"].Account(), s.Units["Available"]))
	if err != nil {
		return err
	}
	return s.call("provider", "provider", call.Function, call.Args...)
}

func view(contract, function string, about subject, state string, args func(*Scene, ids.ID) []xdr.ScVal) Door {
	return Door{Contract: contract, Function: function, About: about, State: state, Call: raw(contract, function, func(s *Scene, _ ids.Account, id ids.ID) []xdr.ScVal { return args(s, id) })}
}

func none(*Scene, ids.ID) []xdr.ScVal                      { return nil }
func plain(*Scene, ids.Account, ids.ID) []xdr.ScVal        { return nil }
func byID(_ *Scene, id ids.ID) []xdr.ScVal                 { return []xdr.ScVal{scval.ID(id)} }
func theID(_ *Scene, _ ids.Account, id ids.ID) []xdr.ScVal { return []xdr.ScVal{scval.ID(id)} }

func theAdmin(s *Scene) ids.Account            { return s.Roles["admin"].Account() }
func theDispute(s *Scene) ids.Account          { return s.Roles["dispute"].Account() }
func theConsumerContract(s *Scene) ids.Account { return s.Chain.Contracts().Consumer }
func theProviderContract(s *Scene) ids.Account { return s.Chain.Contracts().Provider }

func (s *Scene) nextParams() orchestrator.Params {
	p := s.World.State.Params()
	p.Version++
	return p
}

// newCode is what is announced: a contract's own, which is on the ledger.
func newCode(s *Scene, _ ids.Account, _ ids.ID) []xdr.ScVal { return []xdr.ScVal{scval.ID(s.code)} }

// announced is an upgrade whose time has come, after a week.
func announced(contract string) func(*Scene) error { return announcedFor(contract, 7) }

// announcedFor so many days; then it is open for a week.
func announcedFor(contract string, days int) func(*Scene) error {
	return func(s *Scene) error {
		if err := s.call("admin", contract, "upgrade_announce", scval.ID(s.code)); err != nil {
			return err
		}
		return s.Host.Advance(uint64(days)*86_400+60, 1)
	}
}

// another deployment of a contract, not wired yet.
func another(name string) func(*Scene) error {
	return func(s *Scene) error {
		c := s.Chain.Contracts()
		args, err := stellar.Constructor(name, s.Roles["admin"].Account(), c, s.genesis.Params)
		if err != nil {
			return err
		}
		s.others["another "+name], err = s.Host.DeployArtifact(s.ctx, name, args...)
		return err
	}
}
