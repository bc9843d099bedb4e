package ids

import (
	"errors"
	"strings"
	"testing"

	"github.com/stellar/go-stellar-sdk/strkey"
	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/canon"
)

// The text of an account is what the Stellar SDK writes, and only that is read.
func TestAccount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := Account{Chain: Stellar, Kind: AccountKind(rapid.IntRange(0, 1).Draw(t, "kind")), Address: [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "address"))}
		version := strkey.VersionByteAccountID
		if a.Kind == Contract {
			version = strkey.VersionByteContract
		}
		want, err := strkey.Encode(version, a.Address[:])
		if err != nil || a.String() != want {
			t.Fatalf("%s, the SDK says %s (%v)", a, want, err)
		}
		if back, err := ParseAccount(want); err != nil || back != a {
			t.Fatalf("%v, %v", back, err)
		}
		r := canon.Read("", a.Bytes())
		if back := ReadAccount(r); back != a || r.Done() != nil {
			t.Fatalf("%v, %v", back, r.Err())
		}
		i := rapid.IntRange(0, len(want)-1).Draw(t, "changed")
		other := "A"
		if want[i] == 'A' {
			other = "B"
		}
		if back, err := ParseAccount(want[:i] + other + want[i+1:]); err == nil {
			t.Fatalf("a typing error is read as %s", back)
		}
	})
}

func TestAccountRefused(t *testing.T) {
	t.Parallel()
	seed, err := strkey.Encode(strkey.VersionByteSeed, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	good := Account{Chain: Stellar}.String()
	for _, s := range []string{"", good[:55], good + "A", strings.ToLower(good), seed, "0x" + strings.Repeat("A", 64), "0x" + strings.Repeat("g", 64), "0x12"} {
		if a, err := ParseAccount(s); err == nil {
			t.Errorf("%q is read as %s", s, a)
		}
	}
	starknet := "0x" + strings.Repeat("0a", 32)
	if a, err := ParseAccount(starknet); err != nil || a.Chain != Starknet || a.String() != starknet {
		t.Errorf("%v, %v", a, err)
	}
	for _, b := range [][]byte{{0, 3, 0}, {0, 1, 2}} {
		r := canon.Read("", append(b, make([]byte, 32)...))
		if ReadAccount(r); !errors.Is(r.Done(), canon.ErrMalformed) {
			t.Errorf("%x is read as an account", b)
		}
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	po, a := Account{Chain: Stellar, Kind: Contract}, Account{Chain: Stellar}
	id := UnitID(po, a, [32]byte{1})
	if id.Chain() != Stellar || id.Kind() != Unit || id.Zero() || id == UnitID(po, a, [32]byte{2}) || id == SLAID(po, a, [32]byte{1}) {
		t.Errorf("%s", id)
	}
	if back, err := Parse(id.String()); err != nil || back != id {
		t.Errorf("%v, %v", back, err)
	}
	for _, s := range []string{"", id.String()[1:], strings.Repeat("z", 64)} {
		if _, err := Parse(s); err == nil {
			t.Errorf("%q is an id", s)
		}
	}
}
