package money

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"0": "0", "-0": "0", "12": "12", "-7": "-7", "170141183460469231731687303715884105727": "170141183460469231731687303715884105727"} {
		if a, err := Parse(s); err != nil || a.String() != want {
			t.Errorf("%q: %v, %v", s, a, err)
		}
	}
	for _, s := range []string{"", "+1", "1.5", "1_000", " 1", "0x10", "1e3", "170141183460469231731687303715884105728", strings.Repeat("9", 1_000_000)} {
		if a, err := Parse(s); err == nil {
			t.Errorf("%.20q is accepted as %v", s, a)
		}
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{"12.5": 125_000_000, "0.0000001": 1, ".5": 5_000_000, "3": 30_000_000, "-1.5": -15_000_000, "2.": 20_000_000} {
		if a, err := ParseDecimal(s, 7); err != nil || !a.Equal(Of(want)) {
			t.Errorf("%q: %v, %v", s, a, err)
		}
	}
	for _, s := range []string{"", ".", "1.00000001", "1.-5", "1.+5", "a", "1.2.3", "+1"} {
		if a, err := ParseDecimal(s, 7); err == nil {
			t.Errorf("%q is accepted as %v", s, a)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, d := Of(rapid.Int64().Draw(t, "a")), rapid.IntRange(0, 20).Draw(t, "decimals")
		if b, err := ParseDecimal(a.Format(d), d); err != nil || !b.Equal(a) {
			t.Fatalf("%s with %d decimals is %q, which is %v (%v)", a, d, a.Format(d), b, err)
		}
	})
}

// Amounts are immutable and stay within the contracts' 128 bits.
func TestArithmetic(t *testing.T) {
	t.Parallel()
	v := big.NewInt(5)
	a := Must(v)
	v.SetInt64(6)
	a.Big().SetInt64(7)
	if !a.Equal(Of(5)) || !(Amount{}).Equal(Of(0)) || (Amount{}).String() != "0" {
		t.Errorf("%s", a)
	}
	if s := Sum(Of(3), Amount{}, Of(-1)); !s.Equal(Of(2)) || !Min(Of(2), Of(-2)).Equal(Of(-2)) || !Of(999).Bps(1_000).Equal(Of(99)) {
		t.Errorf("%s", s)
	}
	defer func() {
		if recover() == nil {
			t.Error("a sum beyond 128 bits is accepted")
		}
	}()
	largest := Must(new(big.Int).Sub(limit, big.NewInt(1)))
	largest.Add(Of(1))
}

func TestJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(struct{ A Amount }{Of(12)})
	if err != nil || string(b) != `{"A":"12"}` {
		t.Fatalf("%s, %v", b, err)
	}
	var back struct{ A Amount }
	if err := json.Unmarshal(b, &back); err != nil || !back.A.Equal(Of(12)) {
		t.Errorf("%v, %v", back, err)
	}
}
