package stellar

import (
	"fmt"
	"strings"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

// call of a contract's entry point.
type call struct {
	contract ids.Account
	function string
	args     []xdr.ScVal
}

func (c call) hostFunction() xdr.HostFunction {
	i := c.invocation()
	return xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeInvokeContract, InvokeContract: &i}
}

func (c call) invocation() xdr.InvokeContractArgs {
	return xdr.InvokeContractArgs{ContractAddress: scval.ScAddress(c.contract), FunctionName: xdr.ScSymbol(c.function), Args: c.args}
}

// translate gives the call of an op. Accounts of other chains and values that no contract type holds are faults Invalid.
func translate(at chain.Contracts, op orchestrator.Op) (call, error) {
	oracle := func(fn string, args ...xdr.ScVal) call { return call{at.Oracle, fn, args} }
	po := func(fn string, args ...xdr.ScVal) call { return call{at.Provider, fn, args} }
	co := func(fn string, args ...xdr.ScVal) call { return call{at.Consumer, fn, args} }
	var b args
	var c call
	switch o := op.(type) {
	case orchestrator.SubmitReport:
		x := o.Certificate
		c = oracle("submit", scval.U64(x.Epoch), scval.ID(x.Root), scval.ID(x.Previous), signatures(x.Signatures))
	case orchestrator.Rotate:
		c = oracle("rotate", b.config(o.Config), signatures(o.Signatures))

	case orchestrator.Register:
		c = po("register", b.account(o.Provider), b.account(o.Payout), scval.ID(o.Info))
	case orchestrator.UpdateProvider:
		c = po("update", b.account(o.Provider), b.account(o.Payout), scval.ID(o.Info))
	case orchestrator.NodeBind:
		c = po("node_bind", b.account(o.Provider), b.account(o.Node), scval.String(o.Endpoint))
	case orchestrator.NodeRotate:
		c = po("node_rotate", b.account(o.Provider), scval.ID(o.ID), b.account(o.Key), scval.String(o.Endpoint))
	case orchestrator.NodeRelease:
		c = po("node_release", b.account(o.Provider), scval.ID(o.ID))
	case orchestrator.DepositCollateral:
		c = po("deposit", b.account(o.Provider), b.account(o.Asset), scval.Amount(o.Amount))
	case orchestrator.WithdrawCollateral:
		c = po("withdraw", b.account(o.Provider), b.account(o.Asset), scval.Amount(o.Amount))
	case orchestrator.UnitCreate:
		c = po("unit_create", b.account(o.Provider), b.spec(o.Spec), scval.ID(o.Nonce))
	case orchestrator.UnitPrice:
		c = po("unit_price", b.account(o.Provider), scval.ID(o.ID), scval.Amount(o.StoragePrice), scval.Amount(o.EgressPrice))
	case orchestrator.UnitList:
		c = po("unit_list", b.account(o.Provider), scval.ID(o.ID), scval.Bool(o.Listed))
	case orchestrator.UnitMaintain:
		c = po("unit_maintenance", b.account(o.Provider), scval.ID(o.ID), scval.U64(o.From), scval.U64(o.Until))
	case orchestrator.UnitEmergency:
		c = po("unit_emergency", b.account(o.Provider), scval.ID(o.ID), scval.U64(o.Until))
	case orchestrator.SetProviderParams:
		c = po("set_params", b.params(o.Params))
	case orchestrator.ExtendProvider:
		c = po("extend", vU32(o.Kind), scval.ID(o.ID))
	case orchestrator.UnitResume:
		c = po("unit_resume", b.account(o.Provider), scval.ID(o.ID))
	case orchestrator.UnitDecommission:
		c = po("unit_decommission", b.account(o.Provider), scval.ID(o.ID))
	case orchestrator.UnitRetire:
		c = po("unit_retire", scval.ID(o.ID))
	case orchestrator.Accept:
		c = po("accept", b.account(o.Provider), scval.ID(o.SLA))
	case orchestrator.Refuse:
		c = po("refuse", b.account(o.Provider), scval.ID(o.SLA))
	case orchestrator.Reclaim:
		c = po("reclaim", b.account(o.Provider), scval.ID(o.SLA))
	case orchestrator.Drain:
		c = po("drain", scval.ID(o.SLA))
	case orchestrator.PriceFor:
		c = po("price_for", b.account(o.Provider), scval.ID(o.Unit), b.account(o.Consumer), scval.Struct(scval.Fields{"storage_price": scval.Amount(o.StoragePrice), "egress_price": scval.Amount(o.EgressPrice),
			"volume": scval.U64(o.Volume), "egress": scval.U64(o.Egress), "duration": vU32(o.Duration), "until": scval.U64(o.Until)}))
	case orchestrator.SettleReservation:
		c = po("settle", scval.ID(o.SLA), scval.Bytes(o.Terms), scval.Bytes(o.From.Bytes()), scval.Bytes(o.To.Bytes()), scval.U64(o.Epoch), scval.U64(o.Proof.Bits), path(o.Proof))
	case orchestrator.Claim:
		c = po("claim", scval.ID(o.SLA))
	case orchestrator.CollectSlash:
		c = po("collect", scval.ID(o.SLA))

	case orchestrator.Request:
		c = co("request", b.account(o.Consumer), scval.Struct(scval.Fields{
			"unit": scval.ID(o.Unit), "volume": scval.U64(o.Volume), "egress": scval.U64(o.Egress), "duration": vU32(o.Duration), "mode": vU32(o.Mode), "refund": b.account(o.Refund),
			"max_total": scval.Amount(o.MaxTotal), "price_version": vU32(o.PriceVersion), "nonce": scval.ID(o.Nonce), "deposit": scval.Amount(o.Deposit), "previous": scval.ID(o.Previous)}))
	case orchestrator.RequestJoint:
		c = co("request_joint", b.account(o.Consumer), b.joint(&o))
	case orchestrator.Begin:
		c = co("begin", scval.ID(o.SLA))
	case orchestrator.Split:
		c = co("split", b.account(o.Consumer), scval.ID(o.SLA), vU32(o.Epochs), b.pieces(o.Pieces))
	case orchestrator.TransferSLA:
		c = co("transfer", b.account(o.Consumer), scval.ID(o.SLA), b.account(o.To), b.account(o.Refund))
	case orchestrator.Fund:
		c = co("fund", b.account(o.From), scval.ID(o.SLA), scval.Amount(o.Amount))
	case orchestrator.Cancel:
		c = co("cancel", b.account(o.Consumer), scval.ID(o.SLA))
	case orchestrator.Expire:
		c = co("expire", scval.ID(o.SLA))
	case orchestrator.Settle:
		c = co("settle", scval.ID(o.SLA), scval.Bytes(o.From.Bytes()), scval.Bytes(o.To.Bytes()), scval.U64(o.Epoch), scval.U64(o.Proof.Bits), path(o.Proof))
	case orchestrator.CloseSLA:
		c = co("close", b.account(o.Consumer), scval.ID(o.SLA))
	case orchestrator.Terminate:
		c = co("terminate", b.account(o.Consumer), scval.ID(o.SLA))
	case orchestrator.TimeOut:
		c = co("time_out", scval.ID(o.SLA))
	case orchestrator.Payout:
		c = co("payout", scval.ID(o.SLA))
	case orchestrator.Refund:
		c = co("refund", scval.ID(o.SLA))
	case orchestrator.CollectFees:
		c = co("collect", scval.ID(o.SLA))
	case orchestrator.GrantAccess:
		c = co("grant", b.account(o.Consumer), scval.ID(o.SLA), b.account(o.Grantee), scval.Bytes(o.Prefix), vU32(o.Ops), scval.U64(o.Expires), scval.ID(o.Nonce))
	case orchestrator.DelegateAccess:
		c = co("delegate", b.account(o.Grantee), scval.ID(o.Parent), b.account(o.To), scval.Bytes(o.Prefix), vU32(o.Ops), scval.U64(o.Expires), scval.ID(o.Nonce))
	case orchestrator.RevokeAccess:
		c = co("revoke", b.account(o.By), scval.ID(o.ID))
	case orchestrator.Freeze:
		c = co("freeze", scval.ID(o.SLA), scval.Amount(o.Amount), scval.Bool(o.Bond))
	case orchestrator.Rule:
		c = co("rule", scval.ID(o.SLA), scval.Amount(o.ToConsumer))
	case orchestrator.ExtendConsumer:
		c = co("extend", vU32(o.Kind), scval.ID(o.ID))
	case orchestrator.SetAdmin:
		if c = co("set_admin", b.account(o.Next)); o.Provider {
			c.contract = at.Provider
		}
	case orchestrator.Pause:
		c = co("pause", scval.Bool(o.Paused))
	case orchestrator.SetParams:
		c = co("set_params", b.params(o.Params))
	default:
		return call{}, fault.New(fault.Internal, "op_unknown", "the Stellar driver does not know the op %T", op)
	}
	if b.err != nil {
		return call{}, fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "%s cannot be called like this", c.function)
	}
	return c, nil
}

// made is the id that an op's call returns, when it makes something; of several the first.
func made(op orchestrator.Op, v xdr.ScVal) (id ids.ID) {
	switch op.(type) {
	case orchestrator.RequestJoint, orchestrator.Split:
		l, ok := v.GetVec()
		if !ok || l == nil || len(*l) == 0 {
			return id
		}
		v = (*l)[0]
	case orchestrator.NodeBind, orchestrator.UnitCreate, orchestrator.Request, orchestrator.GrantAccess, orchestrator.DelegateAccess:
	default:
		return id
	}
	if b, ok := v.GetBytes(); ok && len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// args builds arguments and keeps the first error.
type args struct{ err error }

func (b *args) account(a ids.Account) xdr.ScVal {
	if a.Chain != ids.Stellar || a.Kind > ids.Contract {
		if b.err == nil {
			b.err = fmt.Errorf("%q is no Stellar account", a)
		}
		a = ids.Account{Chain: ids.Stellar}
	}
	return scval.Address(a)
}

// optional is void for the zero account.
func (b *args) optional(a ids.Account) xdr.ScVal {
	if a.Zero() {
		return xdr.ScVal{Type: xdr.ScValTypeScvVoid}
	}
	return b.account(a)
}

func (b *args) config(c cert.Config) xdr.ScVal {
	var l []xdr.ScVal
	for _, v := range c.Validators {
		l = append(l, scval.Struct(scval.Fields{"key": scval.Bytes(v.Key[:]), "weight": vU32(v.Weight), "operator": b.account(v.Operator)}))
	}
	return scval.Struct(scval.Fields{"version": vU32(c.Version), "genesis": scval.U64(c.Genesis), "epoch_seconds": vU32(c.EpochSeconds), "slots_per_epoch": vU32(c.SlotsPerEpoch),
		"window_epochs": vU32(c.WindowEpochs), "validators": scval.Vec(l...)})
}

func (b *args) joint(o *orchestrator.RequestJoint) xdr.ScVal {
	var l []xdr.ScVal
	for _, p := range o.Parts {
		l = append(l, scval.Struct(scval.Fields{"unit": scval.ID(p.Unit), "share_bps": vU32(p.ShareBps), "egress": scval.U64(p.Egress), "max_total": scval.Amount(p.MaxTotal), "price_version": vU32(p.PriceVersion),
			"nonce": scval.ID(p.Nonce), "deposit": scval.Amount(p.Deposit)}))
	}
	return scval.Struct(scval.Fields{"volume": scval.U64(o.Volume), "duration": vU32(o.Duration), "mode": vU32(o.Mode), "redundancy": vU32(o.Redundancy), "refund": b.account(o.Refund), "parts": scval.Vec(l...)})
}

func (b *args) pieces(pieces []orchestrator.Piece) xdr.ScVal {
	var l []xdr.ScVal
	for _, p := range pieces {
		l = append(l, scval.Struct(scval.Fields{"to": b.account(p.To), "refund": b.account(p.Refund), "volume": scval.U64(p.Volume), "egress": scval.U64(p.Egress), "nonce": scval.ID(p.Nonce)}))
	}
	return scval.Vec(l...)
}

func (b *args) spec(s orchestrator.UnitSpec) xdr.ScVal {
	if strings.IndexByte(s.Region, 0) >= 0 && b.err == nil {
		b.err = fmt.Errorf("a region has no zero bytes")
	}
	return scval.Struct(scval.Fields{
		"node": scval.ID(s.Node), "kind": vU32(s.Kind), "capacity": scval.U64(s.Capacity), "region": scval.String(s.Region), "class": vU32(s.Class), "qos": qos(s.QoS), "asset": b.account(s.Asset),
		"storage_price": scval.Amount(s.StoragePrice), "egress_price": scval.Amount(s.EgressPrice), "collateral_bps": vU32(s.CollateralBps), "auto_accept": scval.Bool(s.AutoAccept), "listed": scval.Bool(s.Listed),
		"min_epochs": vU32(s.MinEpochs), "max_epochs": vU32(s.MaxEpochs), "rate_limit": vU32(s.RateLimit)})
}

func qos(q sla.QoS) xdr.ScVal {
	return scval.Struct(scval.Fields{"availability_ppm": vU32(q.AvailabilityPpm), "ttfb_ms": vU32(q.TTFBMillis), "throughput_kibps": vU32(q.ThroughputKiBps), "error_ppm": vU32(q.ErrorPpm)})
}

func (b *args) params(p orchestrator.Params) xdr.ScVal {
	var availability, excess []xdr.ScVal
	for _, t := range p.AvailabilityTiers {
		availability = append(availability, scval.Struct(scval.Fields{"level": vU32(t.Below), "bps": vU32(t.Bps)}))
	}
	for _, t := range p.ExcessTiers {
		excess = append(excess, scval.Struct(scval.Fields{"level": vU32(t.Ratio), "bps": vU32(t.Bps)}))
	}
	return scval.Struct(scval.Fields{
		"version": vU32(p.Version), "early_bps": vU32(p.EarlyBps), "reclaim_bps": vU32(p.ReclaimBps), "reclaim_windows": vU32(p.ReclaimWindows), "grace_epochs": vU32(p.GraceEpochs),
		"retention_epochs": vU32(p.RetentionEpochs), "fee_bps": vU32(p.FeeBps), "fee_flash_bps": vU32(p.FeeFlashBps), "flash": b.optional(p.Flash), "holdback_bps": vU32(p.HoldbackBps), "min_samples": vU32(p.MinSamples), "coverage_ppm": vU32(p.CoveragePpm),
		"availability_tiers": scval.Vec(availability...), "excess_tiers": scval.Vec(excess...), "lost_bps": vU32(p.LostBps), "lost_challenges": vU32(p.LostChallenges),
		"breach_bps": vU32(p.BreachBps), "breach_count": vU32(p.BreachCount), "breach_of": vU32(p.BreachOf),
		"slash_breach_bps": vU32(p.SlashBreach), "slash_lost_bps": vU32(p.SlashLost), "slash_abandon_bps": vU32(p.SlashAbandon), "abandon_windows": vU32(p.AbandonWindows),
		"slash_cap_bps": vU32(p.SlashCapBps), "slash_period_epochs": vU32(p.SlashPeriod),
		"slash_split": scval.Struct(scval.Fields{"consumer_bps": vU32(p.SlashSplit[0]), "validators_bps": vU32(p.SlashSplit[1]), "challenger_bps": vU32(p.SlashSplit[2]), "fund_bps": vU32(p.SlashSplit[3])}),
		"fee_split":   scval.Struct(scval.Fields{"platform_bps": vU32(p.FeeSplit[0]), "validators_bps": vU32(p.FeeSplit[1]), "fund_bps": vU32(p.FeeSplit[2]), "insurance_bps": vU32(p.FeeSplit[3])}),
		"payees": scval.Struct(scval.Fields{"platform": b.account(p.PlatformAddress), "validators": b.account(p.ValidatorsAddress), "fund": b.account(p.FundAddress),
			"insurance": b.account(p.InsuranceAddress)}),
		"collateral_min_bps": vU32(p.CollateralMinBps), "accept_timeout_seconds": scval.U64(p.AcceptSeconds), "fund_timeout_seconds": scval.U64(p.FundSeconds), "close_timeout_seconds": scval.U64(p.CloseSeconds),
		"maintenance_notice_seconds": scval.U64(p.NoticeSeconds), "maintenance_quota_seconds": scval.U64(p.QuotaSeconds)})
}

func signatures(l []cert.Signature) xdr.ScVal {
	var v []xdr.ScVal
	for _, s := range l {
		v = append(v, scval.Struct(scval.Fields{"signer": vU32(s.Signer), "sig": scval.Bytes(s.RS[:]), "recovery": vU32(s.Recovery)}))
	}
	return scval.Vec(v...)
}

func path(p merkle.Proof) xdr.ScVal {
	var v []xdr.ScVal
	for _, h := range p.Path {
		v = append(v, scval.ID(h))
	}
	return scval.Vec(v...)
}

// transfer of a SEP-41 token.
func transfer(asset money.Asset, from, to ids.Account, amount money.Amount) (call, error) {
	var b args
	c := call{asset, "transfer", []xdr.ScVal{b.account(from), b.account(to), scval.Amount(amount)}}
	if asset.Kind != ids.Contract || asset.Chain != ids.Stellar {
		b.err = fmt.Errorf("%q is no token contract", asset)
	}
	if b.err != nil {
		return call{}, fault.Wrap(b.err, fault.Invalid, "ArgumentInvalid", "this transfer is not possible")
	}
	if amount.Sign() <= 0 {
		return call{}, fault.New(fault.Invalid, "AmountInvalid", "an amount above zero is transferred")
	}
	return c, nil
}
