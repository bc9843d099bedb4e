package stellar

import (
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/scval"
)

// vU32 takes narrower integers too: Soroban has none under 32 bits.
func vU32[T ~uint8 | ~uint16 | ~uint32](n T) xdr.ScVal { return scval.U32(uint32(n)) }

// record reads a contract's struct field by field. The first thing that is not as expected is kept, later ones are ignored: check err at the end. Fields that nobody takes are ignored, so a
// newer contract may have more.
type record struct {
	what string
	f    scval.Fields
	err  error
}

func newRecord(what string, v xdr.ScVal) *record {
	r := &record{what: what, f: scval.Fields{}}
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
	n := scval.Integer(r.take(name))
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
	n := scval.Integer(r.take(name))
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
	got, err := scval.ReadAccount(a)
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
