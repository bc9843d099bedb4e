// Package scval makes and reads the values of Soroban contracts, for the driver and for tests that call contracts directly.
package scval

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"sort"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Constructors of contract values.

func Void() xdr.ScVal { return xdr.ScVal{Type: xdr.ScValTypeScvVoid} }

func Bool(b bool) xdr.ScVal { return xdr.ScVal{Type: xdr.ScValTypeScvBool, B: &b} }

func U32(n uint32) xdr.ScVal {
	v := xdr.Uint32(n)
	return xdr.ScVal{Type: xdr.ScValTypeScvU32, U32: &v}
}

func U64(n uint64) xdr.ScVal {
	v := xdr.Uint64(n)
	return xdr.ScVal{Type: xdr.ScValTypeScvU64, U64: &v}
}

func I128(n int64) xdr.ScVal { return Amount(money.Of(n)) }

// Amount is an i128.
func Amount(a money.Amount) xdr.ScVal {
	b := a.Big()
	hi := new(big.Int).Rsh(b, 64) // arithmetic: rounds towards minus infinity, as two's complement does
	lo := new(big.Int).And(b, new(big.Int).SetUint64(^uint64(0)))
	return xdr.ScVal{Type: xdr.ScValTypeScvI128, I128: &xdr.Int128Parts{Hi: xdr.Int64(hi.Int64()), Lo: xdr.Uint64(lo.Uint64())}}
}

func Symbol(s string) xdr.ScVal {
	v := xdr.ScSymbol(s)
	return xdr.ScVal{Type: xdr.ScValTypeScvSymbol, Sym: &v}
}

func String(s string) xdr.ScVal {
	v := xdr.ScString(s)
	return xdr.ScVal{Type: xdr.ScValTypeScvString, Str: &v}
}

func Bytes(b []byte) xdr.ScVal {
	v := xdr.ScBytes(b)
	return xdr.ScVal{Type: xdr.ScValTypeScvBytes, Bytes: &v}
}

// ID is a BytesN<32>.
func ID(b [32]byte) xdr.ScVal { return Bytes(b[:]) }

func Address(a ids.Account) xdr.ScVal {
	v := ScAddress(a)
	return xdr.ScVal{Type: xdr.ScValTypeScvAddress, Address: &v}
}

func Vec(items ...xdr.ScVal) xdr.ScVal {
	v := xdr.ScVec(items)
	p := &v
	return xdr.ScVal{Type: xdr.ScValTypeScvVec, Vec: &p}
}

// Fields of a contract's struct by name.
type Fields map[string]xdr.ScVal

// Struct is a contract's struct: a map with symbol keys in ascending order.
func Struct(f Fields) xdr.ScVal {
	m := make(xdr.ScMap, 0, len(f))
	for name, v := range f {
		m = append(m, xdr.ScMapEntry{Key: Symbol(name), Val: v})
	}
	sort.Slice(m, func(i, j int) bool { return *m[i].Key.Sym < *m[j].Key.Sym })
	p := &m
	return xdr.ScVal{Type: xdr.ScValTypeScvMap, Map: &p}
}

// Variant is a contract's enum with values: a list that begins with the name.
func Variant(name string, values ...xdr.ScVal) xdr.ScVal {
	return Vec(append([]xdr.ScVal{Symbol(name)}, values...)...)
}

// ScAddress is an account as Stellar writes it. Accounts of other chains cannot be arguments here: check first.
func ScAddress(a ids.Account) xdr.ScAddress {
	if a.Kind == ids.Contract {
		c := xdr.ContractId(a.Address)
		return xdr.ScAddress{Type: xdr.ScAddressTypeScAddressTypeContract, ContractId: &c}
	}
	id := AccountID(a)
	return xdr.ScAddress{Type: xdr.ScAddressTypeScAddressTypeAccount, AccountId: &id}
}

// AccountID is the key of a key account.
func AccountID(a ids.Account) xdr.AccountId {
	k := xdr.Uint256(a.Address)
	return xdr.AccountId{Type: xdr.PublicKeyTypePublicKeyTypeEd25519, Ed25519: &k}
}

// ReadAccount reads an address; kinds that the network has no accounts for are errors.
func ReadAccount(a xdr.ScAddress) (ids.Account, error) {
	switch {
	case a.Type == xdr.ScAddressTypeScAddressTypeAccount && a.AccountId != nil && a.AccountId.Ed25519 != nil:
		return ids.Account{Chain: ids.Stellar, Kind: ids.KeyAccount, Address: *a.AccountId.Ed25519}, nil
	case a.Type == xdr.ScAddressTypeScAddressTypeContract && a.ContractId != nil:
		return ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: *a.ContractId}, nil
	}
	return ids.Account{}, fmt.Errorf("address of an unexpected kind (%d)", a.Type)
}

// Integer is the value of any integer type, or nil.
func Integer(v xdr.ScVal) *big.Int {
	wide := func(hi *big.Int, lower ...xdr.Uint64) *big.Int {
		for _, l := range lower {
			hi.Lsh(hi, 64).Or(hi, new(big.Int).SetUint64(uint64(l)))
		}
		return hi
	}
	switch v.Type {
	case xdr.ScValTypeScvU32:
		return new(big.Int).SetUint64(uint64(*v.U32))
	case xdr.ScValTypeScvI32:
		return big.NewInt(int64(*v.I32))
	case xdr.ScValTypeScvU64:
		return new(big.Int).SetUint64(uint64(*v.U64))
	case xdr.ScValTypeScvI64:
		return big.NewInt(int64(*v.I64))
	case xdr.ScValTypeScvTimepoint:
		return new(big.Int).SetUint64(uint64(*v.Timepoint))
	case xdr.ScValTypeScvDuration:
		return new(big.Int).SetUint64(uint64(*v.Duration))
	case xdr.ScValTypeScvU128:
		return wide(new(big.Int).SetUint64(uint64(v.U128.Hi)), v.U128.Lo)
	case xdr.ScValTypeScvI128:
		return wide(big.NewInt(int64(v.I128.Hi)), v.I128.Lo)
	case xdr.ScValTypeScvU256:
		return wide(new(big.Int).SetUint64(uint64(v.U256.HiHi)), v.U256.HiLo, v.U256.LoHi, v.U256.LoLo)
	case xdr.ScValTypeScvI256:
		return wide(big.NewInt(int64(v.I256.HiHi)), v.I256.HiLo, v.I256.LoHi, v.I256.LoLo)
	}
	return nil
}

// Plain is a value for comparing and printing: nil, bool, uint64 (up to 64 bits without sign), []any, map[string]any, and strings: symbols and texts as they are, other integers in decimal, addresses as people
// write them, bytes in hexadecimal.
func Plain(v xdr.ScVal) any {
	switch v.Type {
	case xdr.ScValTypeScvVoid:
		return nil
	case xdr.ScValTypeScvBool:
		return *v.B
	case xdr.ScValTypeScvSymbol:
		return string(*v.Sym)
	case xdr.ScValTypeScvString:
		return string(*v.Str)
	case xdr.ScValTypeScvBytes:
		return hex.EncodeToString(*v.Bytes)
	case xdr.ScValTypeScvU32:
		return uint64(*v.U32)
	case xdr.ScValTypeScvU64, xdr.ScValTypeScvTimepoint, xdr.ScValTypeScvDuration:
		return Integer(v).Uint64()
	case xdr.ScValTypeScvAddress:
		s, err := v.Address.String()
		if err != nil {
			return "unknown address"
		}
		return s
	case xdr.ScValTypeScvVec:
		list := []any{}
		if v.Vec != nil && *v.Vec != nil {
			for _, x := range **v.Vec {
				list = append(list, Plain(x))
			}
		}
		return list
	case xdr.ScValTypeScvMap:
		m := map[string]any{}
		if v.Map != nil && *v.Map != nil {
			for _, e := range **v.Map {
				m[fmt.Sprint(Plain(e.Key))] = Plain(e.Val)
			}
		}
		return m
	}
	if n := Integer(v); n != nil {
		return n.String()
	}
	return v.Type.String()
}
