package canon

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// What was written is read back, and nothing that is shorter or longer.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c, d := rapid.Uint8().Draw(t, "u8"), rapid.Uint16().Draw(t, "u16"), rapid.Uint32().Draw(t, "u32"), rapid.Uint64().Draw(t, "u64")
		e := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "u128"))
		blob := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "blob")
		doc := Tagged("TAG").U8(a).U16(b).U32(c).U64(d).U128(e).Blob(blob).Bytes()
		read := func(doc []byte) (*Reader, bool) {
			r := Read("TAG", doc)
			same := r.U8() == a && r.U16() == b && r.U32() == c && r.U64() == d
			same = r.U128().Cmp(e) == 0 && same
			return r, bytes.Equal(r.Blob(40), blob) && same
		}
		if r, same := read(doc); !same || r.Done() != nil {
			t.Fatalf("%x: %v", doc, r.Done())
		}
		cut := rapid.IntRange(0, len(doc)-1).Draw(t, "cut")
		for _, wrong := range [][]byte{doc[:cut], append(doc[:len(doc):len(doc)], 0), append([]byte("tag"), doc[3:]...)} {
			if r, _ := read(wrong); !errors.Is(r.Done(), ErrMalformed) {
				t.Fatalf("%x is accepted instead of %x", wrong, doc)
			}
		}
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	r := Read("", new(Writer).Blob(make([]byte, 9)).Bytes())
	if r.Blob(8); !errors.Is(r.Err(), ErrMalformed) {
		t.Error("a blob beyond its limit")
	}
	r = Read("", []byte{0xff, 0xff, 0xff, 0xff})
	if n := r.Count(8); n != 0 || !errors.Is(r.Err(), ErrMalformed) {
		t.Errorf("a list of %d", n)
	}
	r = Read("", nil)
	if r.U64() != 0 || r.B32() != [32]byte{} || r.U128().Sign() != 0 || len(r.Blob(4)) != 0 || r.Count(4) != 0 {
		t.Error("fields of nothing are not zero")
	}
	for _, v := range []*big.Int{big.NewInt(-1), new(big.Int).Lsh(big.NewInt(1), 128)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is written as u128", v)
				}
			}()
			new(Writer).U128(v)
		}()
	}
}
