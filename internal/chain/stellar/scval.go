package stellar

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"sort"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Constructors of contract values. Widths are those of the contracts' Rust types: Soroban has no integers under 32 bits.

func vU32[T ~uint8 | ~uint16 | ~uint32](n T) xdr.ScVal {
	v := xdr.Uint32(n)
	return xdr.ScVal{Type: xdr.ScValTypeScvU32, U32: &v}
}

func vU64(n uint64) xdr.ScVal {
	v := xdr.Uint64(n)
	return xdr.ScVal{Type: xdr.ScValTypeScvU64, U64: &v}
}

func vBool(b bool) xdr.ScVal { return xdr.ScVal{Type: xdr.ScValTypeScvBool, B: &b} }

func vSymbol(s string) xdr.ScVal {
	v := xdr.ScSymbol(s)
	return xdr.ScVal{Type: xdr.ScValTypeScvSymbol, Sym: &v}
}

func vString(s string) xdr.ScVal {
	v := xdr.ScString(s)
	return xdr.ScVal{Type: xdr.ScValTypeScvString, Str: &v}
}

func vBytes(b []byte) xdr.ScVal {
	v := xdr.ScBytes(b)
	return xdr.ScVal{Type: xdr.ScValTypeScvBytes, Bytes: &v}
}

func vID(b [32]byte) xdr.ScVal { return vBytes(b[:]) }

func vAmount(a money.Amount) xdr.ScVal {
	b := a.Big()
	hi := new(big.Int).Rsh(b, 64) // arithmetic: rounds towards minus infinity, as two's complement does
	lo := new(big.Int).And(b, new(big.Int).SetUint64(^uint64(0)))
	return xdr.ScVal{Type: xdr.ScValTypeScvI128, I128: &xdr.Int128Parts{Hi: xdr.Int64(hi.Int64()), Lo: xdr.Uint64(lo.Uint64())}}
}

func vAccount(a ids.Account) xdr.ScVal {
	v := address(a)
	return xdr.ScVal{Type: xdr.ScValTypeScvAddress, Address: &v}
}

func vVec(items ...xdr.ScVal) xdr.ScVal {
	v := xdr.ScVec(items)
	p := &v
	return xdr.ScVal{Type: xdr.ScValTypeScvVec, Vec: &p}
}

// fields of a contract's struct by name.
type fields map[string]xdr.ScVal

// vStruct is a contract's struct: a map with symbol keys in ascending order.
func vStruct(f fields) xdr.ScVal {
	m := make(xdr.ScMap, 0, len(f))
	for name, v := range f {
		m = append(m, xdr.ScMapEntry{Key: vSymbol(name), Val: v})
	}
	sort.Slice(m, func(i, j int) bool { return *m[i].Key.Sym < *m[j].Key.Sym })
	p := &m
	return xdr.ScVal{Type: xdr.ScValTypeScvMap, Map: &p}
}

// address is an account as Stellar writes it. Accounts of other chains cannot be arguments here: check first.
func address(a ids.Account) xdr.ScAddress {
	if a.Kind == ids.Contract {
		c := xdr.ContractId(a.Address)
		return xdr.ScAddress{Type: xdr.ScAddressTypeScAddressTypeContract, ContractId: &c}
	}
	id := accountID(a)
	return xdr.ScAddress{Type: xdr.ScAddressTypeScAddressTypeAccount, AccountId: &id}
}

func accountID(a ids.Account) xdr.AccountId {
	k := xdr.Uint256(a.Address)
	return xdr.AccountId{Type: xdr.PublicKeyTypePublicKeyTypeEd25519, Ed25519: &k}
}

// account reads an address; kinds that the network has no accounts for are errors.
func account(a xdr.ScAddress) (ids.Account, error) {
	switch {
	case a.Type == xdr.ScAddressTypeScAddressTypeAccount && a.AccountId != nil && a.AccountId.Ed25519 != nil:
		return ids.Account{Chain: ids.Stellar, Kind: ids.KeyAccount, Address: *a.AccountId.Ed25519}, nil
	case a.Type == xdr.ScAddressTypeScAddressTypeContract && a.ContractId != nil:
		return ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: *a.ContractId}, nil
	}
	return ids.Account{}, fmt.Errorf("address of an unexpected kind (%d)", a.Type)
}

// integer is the value of any integer type, or nil.
func integer(v xdr.ScVal) *big.Int {
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

// plain is a value in terms of the port: string, uint64, bool, nil, []any or map[string]any. Amounts (128 bits and wider, or signed) and addresses are strings, bytes are hexadecimal.
func plain(v xdr.ScVal) any {
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
		return integer(v).Uint64()
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
				list = append(list, plain(x))
			}
		}
		return list
	case xdr.ScValTypeScvMap:
		m := map[string]any{}
		if v.Map != nil && *v.Map != nil {
			for _, e := range **v.Map {
				m[fmt.Sprint(plain(e.Key))] = plain(e.Val)
			}
		}
		return m
	}
	if n := integer(v); n != nil {
		return n.String()
	}
	return v.Type.String()
}

// record reads a contract's struct field by field. The first thing that is not as expected is kept, later ones are ignored: check err at the end. Fields that nobody takes are ignored, so a
// newer contract may have more.
type record struct {
	what string
	f    fields
	err  error
}

func newRecord(what string, v xdr.ScVal) *record {
	r := &record{what: what, f: fields{}}
	m, ok := v.GetMap()
	if !ok || m == nil {
		r.fail("", "it is no struct but %s", v.Type)
		return r
	}
	for _, e := range *m {
		if name, ok := e.Key.GetSym(); ok {
			r.f[string(name)] = e.Val
		}
	}
	return r
}

func (r *record) fail(field, format string, a ...any) {
	if r.err == nil {
		r.err = fault.New(fault.Internal, "record_malformed", "the contract's %s does not have the expected form: %s %s", r.what, field, fmt.Sprintf(format, a...))
	}
}

// take gives a field, or a void with an error noted.
func (r *record) take(name string) xdr.ScVal {
	v, ok := r.f[name]
	if !ok {
		r.fail(name, "is missing")
		return xdr.ScVal{Type: xdr.ScValTypeScvVoid}
	}
	return v
}

func (r *record) num(name string, bits int) uint64 {
	n := integer(r.take(name))
	if n == nil || n.Sign() < 0 || n.BitLen() > bits {
		r.fail(name, "is no number of %d bits", bits)
		return 0
	}
	return n.Uint64()
}

func (r *record) u8(name string) uint8   { return uint8(r.num(name, 8)) }
func (r *record) u16(name string) uint16 { return uint16(r.num(name, 16)) }
func (r *record) u32(name string) uint32 { return uint32(r.num(name, 32)) }
func (r *record) u64(name string) uint64 { return r.num(name, 64) }

func (r *record) amount(name string) money.Amount {
	n := integer(r.take(name))
	if n == nil {
		r.fail(name, "is no amount")
		return money.Amount{}
	}
	a, err := money.FromBig(n)
	if err != nil {
		r.fail(name, "%v", err)
	}
	return a
}

func (r *record) flag(name string) bool {
	b, ok := r.take(name).GetB()
	if !ok {
		r.fail(name, "is no bool")
	}
	return b
}

func (r *record) blob(name string) []byte {
	b, ok := r.take(name).GetBytes()
	if !ok {
		r.fail(name, "is no bytes")
	}
	return b
}

func (r *record) b32(name string) (v [32]byte) {
	if copy(v[:], r.fixed(name, 32)) == 32 {
		return v
	}
	return [32]byte{}
}

func (r *record) fixed(name string, n int) []byte {
	b := r.blob(name)
	if len(b) != n {
		r.fail(name, "has %d bytes, not %d", len(b), n)
		return nil
	}
	return b
}

func (r *record) text(name string) string {
	v := r.take(name)
	if s, ok := v.GetStr(); ok {
		return string(s)
	}
	if s, ok := v.GetSym(); ok {
		return string(s)
	}
	r.fail(name, "is no text")
	return ""
}

func (r *record) account(name string) ids.Account {
	a, ok := r.take(name).GetAddress()
	if !ok {
		r.fail(name, "is no address")
		return ids.Account{}
	}
	got, err := account(a)
	if err != nil {
		r.fail(name, "%v", err)
	}
	return got
}

// optional is the zero account for void.
func (r *record) optional(name string) ids.Account {
	if v, ok := r.f[name]; ok && v.Type == xdr.ScValTypeScvVoid {
		return ids.Account{}
	}
	return r.account(name)
}

func (r *record) list(name string) []xdr.ScVal {
	v, ok := r.take(name).GetVec()
	if !ok || v == nil {
		r.fail(name, "is no list")
		return nil
	}
	return *v
}

// sub gives a nested struct, whose error becomes r's when done is called with it.
func (r *record) sub(name string) *record { return newRecord(r.what+"."+name, r.take(name)) }

func (r *record) done(nested ...*record) error {
	for _, n := range nested {
		if r.err == nil {
			r.err = n.err
		}
	}
	return r.err
}
