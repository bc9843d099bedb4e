package stellar

import (
	"context"
	"math/big"
	"slices"
	"strconv"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/governance/actions"
	"github.com/flashback-network/flashback/internal/scval"
)

// Change reads a contract's params() and gives set_params with some fields changed: whatever fields the contract has, since a value is read as the kind that the field has now.
func (c *Chain) Change(ctx context.Context, contract ids.Account, fields map[string]string) (governance.Action, error) {
	v, err := c.view(ctx, contract, "params")
	if err != nil {
		return governance.Action{}, err
	}
	m, ok := v.GetMap()
	if !ok || m == nil {
		return governance.Action{}, fault.New(fault.Internal, "record_malformed", "the parameters of %s are no struct", contract)
	}
	next := slices.Clone(*m)
	left := len(fields)
	for i, e := range next {
		name, _ := e.Key.GetSym()
		if name == "version" {
			n, ok := e.Val.GetU32()
			if !ok {
				return governance.Action{}, fault.New(fault.Internal, "record_malformed", "the parameters of %s have no version", contract)
			}
			next[i].Val = scval.U32(uint32(n) + 1)
			continue
		}
		text, ok := fields[string(name)]
		if !ok {
			continue
		}
		left--
		if next[i].Val, err = parseAs(e.Val.Type, text); err != nil {
			return governance.Action{}, fault.Wrap(err, fault.Invalid, "parameter_invalid", "%q is no value of %s", text, name)
		}
	}
	if left > 0 {
		var names []string
		for _, e := range next {
			if name, _ := e.Key.GetSym(); name != "version" {
				names = append(names, string(name))
			}
		}
		return governance.Action{}, fault.New(fault.Invalid, "parameter_unknown", "the contract's parameters are %v", names)
	}
	p := &next
	return governance.Action{Target: contract, Function: "set_params", Arguments: actions.Arguments(xdr.ScVal{Type: xdr.ScValTypeScvMap, Map: &p})}, nil
}

// parseAs reads a value of a kind.
func parseAs(kind xdr.ScValType, text string) (v xdr.ScVal, err error) {
	bad := fault.New(fault.Invalid, "parameter_invalid", "a field of the kind %s cannot be changed like this", kind)
	switch kind {
	case xdr.ScValTypeScvU32:
		n, err := strconv.ParseUint(text, 10, 32)
		return scval.U32(uint32(n)), err
	case xdr.ScValTypeScvU64:
		n, err := strconv.ParseUint(text, 10, 64)
		return scval.U64(n), err
	case xdr.ScValTypeScvI128:
		a, err := money.Parse(text)
		if err == nil && a.Big().Cmp(new(big.Int).Lsh(big.NewInt(1), 127)) >= 0 {
			return v, bad
		}
		return scval.Amount(a), err
	case xdr.ScValTypeScvBool:
		b, err := strconv.ParseBool(text)
		return scval.Bool(b), err
	case xdr.ScValTypeScvAddress:
		a, err := ids.ParseAccount(text)
		if err != nil || a.Chain != ids.Stellar {
			return v, bad
		}
		return scval.Address(a), nil
	}
	return v, bad
}
