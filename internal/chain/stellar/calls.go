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
	return xdr.InvokeContractArgs{ContractAddress: address(c.contract), FunctionName: xdr.ScSymbol(c.function), Args: c.args}
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
		c = oracle("submit", vU64(x.Epoch), vID(x.Root), vID(x.Previous), signatures(x.Signatures))
	case orchestrator.Rotate:
		c = oracle("rotate", b.config(o.Config), signatures(o.Signatures))

	case orchestrator.Register:
		c = po("register", b.account(o.Provider), b.account(o.Payout), vID(o.Info))
	case orchestrator.UpdateProvider:
		c = po("update", b.account(o.Provider), b.account(o.Payout), vID(o.Info))
	case orchestrator.NodeBind:
		c = po("node_bind", b.account(o.Provider), b.account(o.Node), vString(o.Endpoint))
	case orchestrator.NodeRotate:
		c = po("node_rotate", b.account(o.Provider), vID(o.ID), b.account(o.Key), vString(o.Endpoint))
	case orchestrator.NodeRelease:
		c = po("node_release", b.account(o.Provider), vID(o.ID))
	case orchestrator.DepositCollateral:
		c = po("deposit", b.account(o.Provider), b.account(o.Asset), vAmount(o.Amount))
	case orchestrator.WithdrawCollateral:
		c = po("withdraw", b.account(o.Provider), b.account(o.Asset), vAmount(o.Amount))
	case orchestrator.UnitCreate:
		c = po("unit_create", b.account(o.Provider), b.spec(o.Spec), vID(o.Nonce))
	case orchestrator.UnitPrice:
		c = po("unit_price", b.account(o.Provider), vID(o.ID), vAmount(o.StoragePrice), vAmount(o.EgressPrice))
	case orchestrator.UnitList:
		c = po("unit_list", b.account(o.Provider), vID(o.ID), vBool(o.Listed))
	case orchestrator.UnitMaintain:
		c = po("unit_maintenance", b.account(o.Provider), vID(o.ID), vU64(o.From), vU64(o.Until))
	case orchestrator.UnitEmergency:
		c = po("unit_emergency", b.account(o.Provider), vID(o.ID), vU64(o.Until))
	case orchestrator.SetProviderParams:
		c = po("set_params", b.params(o.Params))
	case orchestrator.ExtendProvider:
		c = po("extend", vU32(o.Kind), vID(o.ID))
	case orchestrator.UnitResume:
		c = po("unit_resume", b.account(o.Provider), vID(o.ID))
	case orchestrator.UnitDecommission:
		c = po("unit_decommission", b.account(o.Provider), vID(o.ID))
	case orchestrator.UnitRetire:
		c = po("unit_retire", vID(o.ID))
	case orchestrator.Accept:
		c = po("accept", b.account(o.Provider), vID(o.SLA))
	case orchestrator.Refuse:
		c = po("refuse", b.account(o.Provider), vID(o.SLA))
	case orchestrator.SettleReservation:
		c = po("settle", vID(o.SLA), vBytes(o.Terms), vBytes(o.From.Bytes()), vBytes(o.To.Bytes()), vU64(o.Epoch), vU64(o.Proof.Bits), path(o.Proof))
	case orchestrator.Claim:
		c = po("claim", vID(o.SLA))
	case orchestrator.CollectSlash:
		c = po("collect", vID(o.SLA))

	case orchestrator.Request:
		c = co("request", b.account(o.Consumer), vStruct(fields{
			"unit": vID(o.Unit), "volume": vU64(o.Volume), "egress": vU64(o.Egress), "duration": vU32(o.Duration), "mode": vU32(o.Mode), "refund": b.account(o.Refund),
			"max_total": vAmount(o.MaxTotal), "price_version": vU32(o.PriceVersion), "nonce": vID(o.Nonce), "deposit": vAmount(o.Deposit)}))
	case orchestrator.Fund:
		c = co("fund", b.account(o.From), vID(o.SLA), vAmount(o.Amount))
	case orchestrator.Cancel:
		c = co("cancel", b.account(o.Consumer), vID(o.SLA))
	case orchestrator.Expire:
		c = co("expire", vID(o.SLA))
	case orchestrator.Settle:
		c = co("settle", vID(o.SLA), vBytes(o.From.Bytes()), vBytes(o.To.Bytes()), vU64(o.Epoch), vU64(o.Proof.Bits), path(o.Proof))
	case orchestrator.CloseSLA:
		c = co("close", b.account(o.Consumer), vID(o.SLA))
	case orchestrator.Terminate:
		c = co("terminate", b.account(o.Consumer), vID(o.SLA))
	case orchestrator.TimeOut:
		c = co("time_out", vID(o.SLA))
	case orchestrator.Payout:
		c = co("payout", vID(o.SLA))
	case orchestrator.Refund:
		c = co("refund", vID(o.SLA))
	case orchestrator.CollectFees:
		c = co("collect", vID(o.SLA))
	case orchestrator.GrantAccess:
		c = co("grant", b.account(o.Consumer), vID(o.SLA), b.account(o.Grantee), vBytes(o.Prefix), vU32(o.Ops), vU64(o.Expires), vID(o.Nonce))
	case orchestrator.DelegateAccess:
		c = co("delegate", b.account(o.Grantee), vID(o.Parent), b.account(o.To), vBytes(o.Prefix), vU32(o.Ops), vU64(o.Expires), vID(o.Nonce))
	case orchestrator.RevokeAccess:
		c = co("revoke", b.account(o.By), vID(o.ID))
	case orchestrator.Freeze:
		c = co("freeze", vID(o.SLA), vAmount(o.Amount))
	case orchestrator.Rule:
		c = co("rule", vID(o.SLA), vAmount(o.ToConsumer))
	case orchestrator.ExtendConsumer:
		c = co("extend", vU32(o.Kind), vID(o.ID))
	case orchestrator.SetAdmin:
		if c = co("set_admin", b.account(o.Next)); o.Provider {
			c.contract = at.Provider
		}
	case orchestrator.Pause:
		c = co("pause", vBool(o.Paused))
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

// made is the id that an op's call returns, when it makes something.
func made(op orchestrator.Op, v xdr.ScVal) (id ids.ID) {
	switch op.(type) {
	case orchestrator.NodeBind, orchestrator.UnitCreate, orchestrator.Request, orchestrator.GrantAccess, orchestrator.DelegateAccess:
		if b, ok := v.GetBytes(); ok && len(b) == len(id) {
			copy(id[:], b)
		}
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
	return vAccount(a)
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
		l = append(l, vStruct(fields{"key": vBytes(v.Key[:]), "weight": vU32(v.Weight), "operator": b.account(v.Operator)}))
	}
	return vStruct(fields{"version": vU32(c.Version), "genesis": vU64(c.Genesis), "epoch_seconds": vU32(c.EpochSeconds), "slots_per_epoch": vU32(c.SlotsPerEpoch),
		"window_epochs": vU32(c.WindowEpochs), "validators": vVec(l...)})
}

func (b *args) spec(s orchestrator.UnitSpec) xdr.ScVal {
	if strings.IndexByte(s.Region, 0) >= 0 && b.err == nil {
		b.err = fmt.Errorf("a region has no zero bytes")
	}
	return vStruct(fields{
		"node": vID(s.Node), "kind": vU32(s.Kind), "capacity": vU64(s.Capacity), "region": vString(s.Region), "class": vU32(s.Class), "qos": qos(s.QoS), "asset": b.account(s.Asset),
		"storage_price": vAmount(s.StoragePrice), "egress_price": vAmount(s.EgressPrice), "collateral_bps": vU32(s.CollateralBps), "auto_accept": vBool(s.AutoAccept), "listed": vBool(s.Listed),
		"min_epochs": vU32(s.MinEpochs), "max_epochs": vU32(s.MaxEpochs), "rate_limit": vU32(s.RateLimit)})
}

func qos(q sla.QoS) xdr.ScVal {
	return vStruct(fields{"availability_ppm": vU32(q.AvailabilityPpm), "ttfb_ms": vU32(q.TTFBMillis), "throughput_kibps": vU32(q.ThroughputKiBps), "error_ppm": vU32(q.ErrorPpm)})
}

func (b *args) params(p orchestrator.Params) xdr.ScVal {
	var availability, excess []xdr.ScVal
	for _, t := range p.AvailabilityTiers {
		availability = append(availability, vStruct(fields{"level": vU32(t.Below), "bps": vU32(t.Bps)}))
	}
	for _, t := range p.ExcessTiers {
		excess = append(excess, vStruct(fields{"level": vU32(t.Ratio), "bps": vU32(t.Bps)}))
	}
	return vStruct(fields{
		"version": vU32(p.Version), "early_bps": vU32(p.EarlyBps), "reclaim_bps": vU32(p.ReclaimBps), "reclaim_windows": vU32(p.ReclaimWindows), "grace_epochs": vU32(p.GraceEpochs),
		"retention_epochs": vU32(p.RetentionEpochs), "fee_bps": vU32(p.FeeBps), "fee_flash_bps": vU32(p.FeeFlashBps), "flash": b.optional(p.Flash), "holdback_bps": vU32(p.HoldbackBps), "min_samples": vU32(p.MinSamples), "coverage_ppm": vU32(p.CoveragePpm),
		"availability_tiers": vVec(availability...), "excess_tiers": vVec(excess...), "lost_bps": vU32(p.LostBps), "lost_challenges": vU32(p.LostChallenges),
		"breach_bps": vU32(p.BreachBps), "breach_count": vU32(p.BreachCount), "breach_of": vU32(p.BreachOf),
		"slash_breach_bps": vU32(p.SlashBreach), "slash_lost_bps": vU32(p.SlashLost), "slash_abandon_bps": vU32(p.SlashAbandon), "abandon_windows": vU32(p.AbandonWindows),
		"slash_cap_bps": vU32(p.SlashCapBps), "slash_period_epochs": vU32(p.SlashPeriod),
		"slash_split": vStruct(fields{"consumer_bps": vU32(p.SlashSplit[0]), "validators_bps": vU32(p.SlashSplit[1]), "challenger_bps": vU32(p.SlashSplit[2]), "fund_bps": vU32(p.SlashSplit[3])}),
		"fee_split":   vStruct(fields{"platform_bps": vU32(p.FeeSplit[0]), "validators_bps": vU32(p.FeeSplit[1]), "fund_bps": vU32(p.FeeSplit[2]), "insurance_bps": vU32(p.FeeSplit[3])}),
		"payees": vStruct(fields{"platform": b.account(p.PlatformAddress), "validators": b.account(p.ValidatorsAddress), "fund": b.account(p.FundAddress),
			"insurance": b.account(p.InsuranceAddress)}),
		"collateral_min_bps": vU32(p.CollateralMinBps), "accept_timeout_seconds": vU64(p.AcceptSeconds), "fund_timeout_seconds": vU64(p.FundSeconds), "close_timeout_seconds": vU64(p.CloseSeconds),
		"maintenance_notice_seconds": vU64(p.NoticeSeconds), "maintenance_quota_seconds": vU64(p.QuotaSeconds)})
}

func signatures(l []cert.Signature) xdr.ScVal {
	var v []xdr.ScVal
	for _, s := range l {
		v = append(v, vStruct(fields{"signer": vU32(s.Signer), "sig": vBytes(s.RS[:]), "recovery": vU32(s.Recovery)}))
	}
	return vVec(v...)
}

func path(p merkle.Proof) xdr.ScVal {
	var v []xdr.ScVal
	for _, h := range p.Path {
		v = append(v, vID(h))
	}
	return vVec(v...)
}

// transfer of a SEP-41 token.
func transfer(asset money.Asset, from, to ids.Account, amount money.Amount) (call, error) {
	var b args
	c := call{asset, "transfer", []xdr.ScVal{b.account(from), b.account(to), vAmount(amount)}}
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
