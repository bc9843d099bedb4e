// Package money has amounts: integers of an asset's smallest unit, never floats. Amounts are immutable. It imports the leaf packages only.
package money

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/flashback-network/flashback/internal/ids"
)

// Asset is the token contract that an amount is of.
type Asset = ids.Account

// Amount is a number of an asset's smallest units, within ±2^127 (the contracts' i128). The zero value is 0.
type Amount struct{ v *big.Int }

var limit = new(big.Int).Lsh(big.NewInt(1), 127)

// Of makes an amount.
func Of(n int64) Amount { return Amount{big.NewInt(n)} }

// FromBig makes an amount of v, which it copies; outside of the contracts' i128 it is an error.
func FromBig(v *big.Int) (Amount, error) {
	if v.Cmp(limit) >= 0 || new(big.Int).Neg(v).Cmp(limit) > 0 {
		return Amount{}, fmt.Errorf("amount %s is outside of 128 bits", v)
	}
	return Amount{new(big.Int).Set(v)}, nil
}

// Must is FromBig for results that the arithmetic bounds; it panics outside of 128 bits.
func Must(v *big.Int) Amount {
	a, err := FromBig(v)
	if err != nil {
		panic(err)
	}
	return a
}

// Parse reads a whole number of smallest units.
func Parse(s string) (Amount, error) {
	if len(s) > 64 { // more than 128 bits, and slow to read
		return Amount{}, fmt.Errorf("an amount of %d digits is outside of 128 bits", len(s))
	}
	v, ok := new(big.Int).SetString(s, 10)
	if !ok || strings.HasPrefix(s, "+") {
		return Amount{}, fmt.Errorf("%q is no amount: a whole number of smallest units is expected", s)
	}
	return FromBig(v)
}

// Big is a copy of the value.
func (a Amount) Big() *big.Int {
	if a.v == nil {
		return new(big.Int)
	}
	return new(big.Int).Set(a.v)
}

func (a Amount) ref() *big.Int {
	if a.v == nil {
		return new(big.Int)
	}
	return a.v
}

// Add, Sub and Neg panic when the result leaves 128 bits, which no checked balance can.
func (a Amount) Add(b Amount) Amount { return Must(new(big.Int).Add(a.ref(), b.ref())) }
func (a Amount) Sub(b Amount) Amount { return Must(new(big.Int).Sub(a.ref(), b.ref())) }

// Cmp is -1, 0 or 1.
func (a Amount) Cmp(b Amount) int { return a.ref().Cmp(b.ref()) }

// Less reports a < b.
func (a Amount) Less(b Amount) bool { return a.Cmp(b) < 0 }

// Sign is -1, 0 or 1.
func (a Amount) Sign() int { return a.ref().Sign() }

// Equal makes amounts comparable by value, also for go-cmp.
func (a Amount) Equal(b Amount) bool { return a.Cmp(b) == 0 }

// Min is the smaller one.
func Min(a, b Amount) Amount {
	if b.Less(a) {
		return b
	}
	return a
}

// Sum adds.
func Sum(l ...Amount) (t Amount) {
	for _, a := range l {
		t = t.Add(a)
	}
	return t
}

// Bps is ⌊a·bps/10⁴⌋ for a ≥ 0.
func (a Amount) Bps(bps uint32) Amount {
	p := new(big.Int).Mul(a.ref(), big.NewInt(int64(bps)))
	return Must(p.Quo(p, big.NewInt(10_000)))
}

// String is the decimal number of smallest units, as in JSON.
func (a Amount) String() string { return a.ref().String() }

// Format shows a with the asset's decimals: 12.3456789.
func (a Amount) Format(decimals int) string {
	s := a.ref().String()
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	if len(s) <= decimals {
		s = strings.Repeat("0", decimals-len(s)+1) + s
	}
	if decimals > 0 {
		s = s[:len(s)-decimals] + "." + s[len(s)-decimals:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// ParseDecimal reads 12.5 as an amount with the asset's decimals, refusing more digits than it has.
func ParseDecimal(s string, decimals int) (Amount, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" && frac == "" {
		return Amount{}, fmt.Errorf("%q is no amount", s)
	}
	if len(frac) > decimals {
		return Amount{}, fmt.Errorf("%q has more than %d decimals", s, decimals)
	}
	if whole == "" {
		whole = "0"
	}
	if strings.ContainsAny(frac, "+-") {
		return Amount{}, fmt.Errorf("%q is no amount", s)
	}
	return Parse(whole + frac + strings.Repeat("0", decimals-len(frac)))
}

// MarshalText and UnmarshalText give JSON decimal strings.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
func (a *Amount) UnmarshalText(b []byte) (err error) {
	*a, err = Parse(string(b))
	return err
}
