package cert

import (
	"errors"
	"fmt"
	"testing"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"pgregory.net/rapid"

	"github.com/flashback-network/flashback/internal/canon"
)

func key(i int) *secp256k1.PrivateKey {
	h := canon.Hash([]byte(fmt.Sprint("key", i)))
	return secp256k1.PrivKeyFromBytes(h[:])
}

func config(weights ...uint32) Config {
	c := Config{Network: [32]byte{1}, Version: 1, Genesis: 1_000, EpochSeconds: 10, SlotsPerEpoch: 5, WindowEpochs: 3}
	for i, w := range weights {
		c.Validators = append(c.Validators, Validator{Key: PublicKey(key(i)), Weight: w})
	}
	return c
}

// Exactly the sets with more than two thirds of the weight certify; the certificate survives its encoding and nothing of it can be changed.
func TestQuorums(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := config(rapid.SliceOfN(rapid.Uint32Range(1, 5), 1, 7).Draw(t, "weights")...)
		x := Certificate{Epoch: 5, Root: [32]byte{2}, Previous: [32]byte{3}, ConfigDigest: c.Digest()}
		d := Digest(c.Network, x.ConfigDigest, x.Epoch, x.Root, x.Previous)
		var have, all uint64
		for i, v := range c.Validators {
			all += uint64(v.Weight)
			if rapid.Bool().Draw(t, "signs") {
				x.Signatures = append(x.Signatures, Sign(key(i), uint32(i), d))
				have += uint64(v.Weight)
			}
		}
		err := c.Verify(&x)
		if quorum := 3*have > 2*all; quorum != (err == nil) || err != nil && !errors.Is(err, ErrQuorumMissing) {
			t.Fatalf("%d of %d: %v", have, all, err)
		}
		back, err := Decode(x.Bytes())
		if err != nil || back.Epoch != x.Epoch || len(back.Signatures) != len(x.Signatures) {
			t.Fatalf("%+v, %v", back, err)
		}
		if len(x.Signatures) == 0 {
			return
		}
		for name, change := range map[string]func(*Certificate){
			"epoch": func(x *Certificate) { x.Epoch++ }, "root": func(x *Certificate) { x.Root[0]++ }, "previous": func(x *Certificate) { x.Previous[0]++ },
			"configuration": func(x *Certificate) { x.ConfigDigest[0]++ }, "signature": func(x *Certificate) { x.Signatures[0].RS[40] ^= 1 }, "recovery": func(x *Certificate) { x.Signatures[0].Recovery ^= 1 },
		} {
			bad, err := Decode(x.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if change(bad); c.Verify(bad) == nil {
				t.Fatalf("another %s is accepted", name)
			}
		}
	})
}

func TestTime(t *testing.T) {
	t.Parallel()
	c := config(1)
	for at, want := range map[uint64]uint64{0: 0, 999: 0, 1_000: 0, 1_009: 0, 1_010: 1, 1_100: 10} {
		if got := c.Epoch(at); got != want {
			t.Errorf("at %d: epoch %d", at, got)
		}
	}
	if c.Start(3) != 1_030 || c.Index(PublicKey(key(0))) != 0 || c.Index(PublicKey(key(1))) != -1 {
		t.Error("start or index")
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := config(1, 2)
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"version": func(c *Config) { c.Version = 0 }, "epoch": func(c *Config) { c.EpochSeconds = 0 }, "slots": func(c *Config) { c.SlotsPerEpoch = 0 }, "uneven slots": func(c *Config) { c.SlotsPerEpoch = 3 },
		"window": func(c *Config) { c.WindowEpochs = 0 }, "weight": func(c *Config) { c.Validators[0].Weight = 0 }, "weights": func(c *Config) { c.Validators[0].Weight = ^uint32(0) },
		"twice": func(c *Config) { c.Validators[1] = c.Validators[0] }, "form": func(c *Config) { c.Validators[0].Key[0] = 2 }, "none": func(c *Config) { c.Validators = nil },
	} {
		c := config(1, 2)
		if change(&c); c.Validate() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
