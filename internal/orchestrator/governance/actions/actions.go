// Package actions has the bytes of a proposal's actions on Stellar, of which the proposal is the hash: the XDR of the contract's Vec<Action> (docs/spec/governance.md). It is for whoever
// makes a proposal, and for tests and vectors.
package actions

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
)

// Encode makes the bytes.
func Encode(l []governance.Action) ([]byte, error) {
	v, err := Value(l)
	if err != nil {
		return nil, err
	}
	return v.MarshalBinary()
}

// Hash is what a proposal stores.
func Hash(l []governance.Action) ([32]byte, error) {
	b, err := Encode(l)
	return sha256.Sum256(b), err
}

// Arguments of a call on another contract, as an Action has them.
func Arguments(l ...xdr.ScVal) []byte {
	b, err := vec(l...).MarshalBinary()
	if err != nil { // of values that have no encoding: a defect of the caller
		panic(err)
	}
	return b
}

// Value is the list as the contract's execute takes it.
func Value(l []governance.Action) (xdr.ScVal, error) {
	out := make([]xdr.ScVal, len(l))
	for i, a := range l {
		args, err := arguments(&a)
		if err != nil {
			return xdr.ScVal{}, fmt.Errorf("encoding action %d: %w", i, err)
		}
		out[i] = record(field{"args", args}, field{"function", symbol(a.Function)}, field{"target", Address(a.Target)})
	}
	return vec(out...), nil
}

func arguments(a *governance.Action) (xdr.ScVal, error) {
	switch {
	case a.SetParams != nil:
		return vec(params(a.SetParams)), nil
	case a.SetGuardian != nil:
		return vec(Address(*a.SetGuardian)), nil
	case a.AddTarget != nil:
		return vec(Address(a.AddTarget.Contract), Symbols(a.AddTarget.Functions)), nil
	case a.UpgradeAnnounce != nil:
		b := xdr.ScBytes(a.UpgradeAnnounce[:])
		return vec(xdr.ScVal{Type: xdr.ScValTypeScvBytes, Bytes: &b}), nil
	}
	var v xdr.ScVal
	if len(a.Arguments) == 0 {
		return vec(), nil
	}
	r := bytes.NewReader(a.Arguments)
	if _, err := xdr.Unmarshal(r, &v); err != nil {
		return v, err
	}
	if v.Type != xdr.ScValTypeScvVec || r.Len() > 0 {
		return v, fmt.Errorf("the arguments of %s are no list", a.Function)
	}
	return v, nil
}

func params(p *governance.Params) xdr.ScVal {
	return record(field{"delay_seconds", u64(p.DelaySeconds)}, field{"majority_bps", U32(p.MajorityBps)}, field{"open_seconds", u64(p.OpenSeconds)}, field{"pause_seconds", u64(p.PauseSeconds)},
		field{"quorum_bps", U32(p.QuorumBps)}, field{"rest_seconds", u64(p.RestSeconds)}, field{"threshold_bps", U32(p.ThresholdBps)}, field{"version", U32(p.Version)},
		field{"voting_seconds", u64(p.VotingSeconds)})
}

type field struct {
	name  string
	value xdr.ScVal
}

// record of fields in the order of their names.
func record(l ...field) xdr.ScVal {
	m := make(xdr.ScMap, len(l))
	for i, f := range l {
		m[i] = xdr.ScMapEntry{Key: symbol(f.name), Val: f.value}
	}
	p := &m
	return xdr.ScVal{Type: xdr.ScValTypeScvMap, Map: &p}
}

func vec(l ...xdr.ScVal) xdr.ScVal {
	v := append(xdr.ScVec{}, l...)
	p := &v
	return xdr.ScVal{Type: xdr.ScValTypeScvVec, Vec: &p}
}

func symbol(s string) xdr.ScVal {
	v := xdr.ScSymbol(s)
	return xdr.ScVal{Type: xdr.ScValTypeScvSymbol, Sym: &v}
}

// Symbols is a list of names.
func Symbols(l []string) xdr.ScVal {
	out := make([]xdr.ScVal, len(l))
	for i, s := range l {
		out[i] = symbol(s)
	}
	return vec(out...)
}

// U32 and Bool are arguments.
func U32(n uint32) xdr.ScVal {
	v := xdr.Uint32(n)
	return xdr.ScVal{Type: xdr.ScValTypeScvU32, U32: &v}
}
func Bool(b bool) xdr.ScVal { return xdr.ScVal{Type: xdr.ScValTypeScvBool, B: &b} }

func u64(n uint64) xdr.ScVal {
	v := xdr.Uint64(n)
	return xdr.ScVal{Type: xdr.ScValTypeScvU64, U64: &v}
}

// Address of a key or a contract.
func Address(a ids.Account) xdr.ScVal {
	s := xdr.ScAddress{Type: xdr.ScAddressTypeScAddressTypeContract}
	if a.Kind == ids.Contract {
		id := xdr.ContractId(a.Address)
		s.ContractId = &id
	} else {
		key := xdr.Uint256(a.Address)
		s.Type = xdr.ScAddressTypeScAddressTypeAccount
		s.AccountId = &xdr.AccountId{Type: xdr.PublicKeyTypePublicKeyTypeEd25519, Ed25519: &key}
	}
	return xdr.ScVal{Type: xdr.ScValTypeScvAddress, Address: &s}
}
