package main

import (
	"fmt"
	"math/big"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// certificates: one deployment, and calls of Oracle.submit and Oracle.rotate on it, each on a fresh Oracle that has at most one report.
type certificates struct {
	ChainNetwork raw               `json:"chainNetwork"` // the Stellar network's id
	Oracle       raw               `json:"oracle"`       // the contract's account
	Network      raw               `json:"network"`
	Config       configVector      `json:"config"`
	ConfigDigest raw               `json:"configDigest"`
	Cases        []certificateCase `json:"cases"`
}

type configVector struct {
	Version       uint32            `json:"version"`
	Genesis       uint64            `json:"genesis"`
	EpochSeconds  uint32            `json:"epochSeconds"`
	SlotsPerEpoch uint32            `json:"slotsPerEpoch"`
	WindowEpochs  uint32            `json:"windowEpochs"`
	Validators    []validatorVector `json:"validators"`
}

type validatorVector struct {
	Key      raw    `json:"key"`
	Weight   uint32 `json:"weight"`
	Operator raw    `json:"operator"`
}

type certificateCase struct {
	Name string `json:"name"`
	Now  uint64 `json:"now"` // ledger time of the call

	// The report that was submitted before; no root: none.
	LatestEpoch uint64 `json:"latestEpoch,omitempty"`
	LatestRoot  raw    `json:"latestRoot,omitempty"`

	// submit
	Epoch    uint64 `json:"epoch,omitempty"`
	Root     raw    `json:"root,omitempty"`
	Previous raw    `json:"previous,omitempty"`
	// rotate, when there is one
	Next *configVector `json:"next,omitempty"`

	Digest     raw               `json:"digest"` // what an honest signer signs for these values
	Signatures []signatureVector `json:"signatures"`
	Error      string            `json:"error"` // name in the error table; empty: accepted
}

type signatureVector struct {
	Signer   uint32 `json:"signer"`
	Sig      raw    `json:"sig"`
	Recovery uint8  `json:"recovery"`
}

func key(i int) *secp256k1.PrivateKey {
	h := canon.Hash([]byte(fmt.Sprintf("validator key %d", i)))
	return secp256k1.PrivKeyFromBytes(h[:])
}

var chainNetwork = canon.Hash([]byte("Standalone Network ; February 2017"))

const genesis = 1_800_000_000

// config of four validators whose weights sum to 10: 7 is a quorum, 6 is not.
func config() cert.Config {
	c := cert.Config{Network: cert.NetworkID(chainNetwork, oracle), Version: 1, Genesis: genesis, EpochSeconds: 3600, SlotsPerEpoch: 12, WindowEpochs: 720}
	for i, w := range []uint32{1, 2, 3, 4} {
		c.Validators = append(c.Validators, cert.Validator{Key: cert.PublicKey(key(i)), Weight: w, Operator: account(ids.KeyAccount, fmt.Sprintf("operator %d", i))})
	}
	return c
}

func signers(n int) []int {
	l := make([]int, n)
	for i := range l {
		l[i] = i
	}
	return l
}

func sign(digest [32]byte, by []int) (l []cert.Signature) {
	for _, i := range by {
		l = append(l, cert.Sign(key(i), uint32(i), digest))
	}
	return l
}

func signedCertificate(by []int, epoch uint64, root, previous [32]byte) cert.Certificate {
	c := config()
	x := cert.Certificate{Epoch: epoch, Root: root, Previous: previous, ConfigDigest: c.Digest()}
	x.Signatures = sign(cert.Digest(c.Network, x.ConfigDigest, epoch, root, previous), by)
	return x
}

func vectorOf(c cert.Config) configVector {
	v := configVector{c.Version, c.Genesis, c.EpochSeconds, c.SlotsPerEpoch, c.WindowEpochs, []validatorVector{}}
	for _, x := range c.Validators {
		v.Validators = append(v.Validators, validatorVector{x.Key[:], x.Weight, x.Operator.Bytes()})
	}
	return v
}

// the contracts' state that the cases are run on.
func deployment(c cert.Config) *orchestrator.State {
	p := orchestrator.Params{Protocol: terms().Protocol, AcceptSeconds: 1, FundSeconds: 1, CloseSeconds: 1}
	s, err := orchestrator.New(orchestrator.Genesis{Oracle: oracle, Provider: po, Consumer: co, Admin: account(ids.KeyAccount, "admin"), Config: c, Params: p})
	if err != nil {
		panic(err)
	}
	return s
}

func (c *certificateCase) run() error {
	s := deployment(config())
	if c.LatestRoot != nil {
		if _, err := s.Step(1<<40, orchestrator.SubmitReport{Certificate: signedCertificate([]int{1, 2, 3}, c.LatestEpoch, [32]byte(c.LatestRoot), [32]byte{})}); err != nil {
			return err
		}
	}
	var sigs []cert.Signature
	for _, x := range c.Signatures {
		sigs = append(sigs, cert.Signature{Signer: x.Signer, RS: [64]byte(x.Sig), Recovery: x.Recovery})
	}
	if c.Next != nil {
		_, err := s.Step(c.Now, orchestrator.Rotate{Config: c.Next.config(), Signatures: sigs})
		return err
	}
	_, err := s.Step(c.Now, orchestrator.SubmitReport{Certificate: cert.Certificate{Epoch: c.Epoch, Root: [32]byte(c.Root), Previous: [32]byte(c.Previous), Signatures: sigs}})
	return err
}

func (v *configVector) config() cert.Config {
	c := cert.Config{Network: config().Network, Version: v.Version, Genesis: v.Genesis, EpochSeconds: v.EpochSeconds, SlotsPerEpoch: v.SlotsPerEpoch, WindowEpochs: v.WindowEpochs}
	for _, x := range v.Validators {
		r := canon.Read("", x.Operator)
		c.Validators = append(c.Validators, cert.Validator{Key: [65]byte(x.Key), Weight: x.Weight, Operator: ids.ReadAccount(r)})
	}
	return c
}

// code of an error, empty for none.
func code(err error) string {
	if err == nil {
		return ""
	}
	return fault.CodeOf(err)
}

func certificateFile() certificates {
	c := config()
	f := certificates{ChainNetwork: b32(chainNetwork), Oracle: oracle.Bytes(), Network: b32(c.Network), Config: vectorOf(c), ConfigDigest: b32(c.Digest())}
	root, before := canon.Hash([]byte("root")), canon.Hash([]byte("root before"))
	end := func(epoch uint64) uint64 { return genesis + (epoch+1)*3600 }
	add := func(name string, x certificateCase) {
		x.Name = name
		x.Error = code(x.run())
		f.Cases = append(f.Cases, x)
	}
	submit := func(name string, by []int, change func(*certificateCase, []cert.Signature) []cert.Signature) {
		x := certificateCase{Now: end(8), LatestEpoch: 7, LatestRoot: b32(before), Epoch: 8, Root: b32(root), Previous: b32(before)}
		d := cert.Digest(c.Network, c.Digest(), x.Epoch, root, before)
		sigs := sign(d, by)
		if change != nil {
			sigs = change(&x, sigs)
		}
		d = cert.Digest(c.Network, c.Digest(), x.Epoch, [32]byte(x.Root), [32]byte(x.Previous))
		x.Digest = b32(d)
		x.Signatures = signatureVectors(sigs)
		add(name, x)
	}
	resign := func(x *certificateCase, by []int) []cert.Signature {
		return sign(cert.Digest(c.Network, c.Digest(), x.Epoch, [32]byte(x.Root), [32]byte(x.Previous)), by)
	}
	all, three := signers(4), []int{1, 2, 3}
	submit("all sign", all, nil)
	submit("7 of 10 is a quorum", []int{2, 3}, nil)
	submit("6 of 10 is none", []int{0, 1, 2}, nil)
	submit("nobody signs", nil, nil)
	submit("the first report", three, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		x.LatestEpoch, x.LatestRoot, x.Previous, x.Epoch, x.Now = 0, nil, make(raw, 32), 0, end(0)
		return resign(x, three)
	})
	submit("the first report with a previous root", three, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		x.LatestEpoch, x.LatestRoot = 0, nil
		return resign(x, three)
	})
	submit("epochs may be left out", three, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		x.Epoch, x.Now = 20, end(20)
		return resign(x, three)
	})
	submit("the same epoch again", three, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		x.Epoch = 7
		return resign(x, three)
	})
	submit("an older epoch", three, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		x.Epoch = 3
		return resign(x, three)
	})
	submit("a second before the epoch ends", three, func(x *certificateCase, s []cert.Signature) []cert.Signature { x.Now--; return s })
	submit("an epoch past the end of time", three, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		x.Epoch = 1<<64 - 1
		return resign(x, three)
	})
	submit("another previous root", three, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		x.Previous = b32(canon.Hash([]byte("fork")))
		return resign(x, three)
	})
	submit("signers out of order", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature {
		s[1], s[2] = s[2], s[1]
		return s
	})
	submit("a signer twice", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature { s[2] = s[1]; return s })
	submit("an unknown signer", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature { s[3].Signer = 4; return s })
	submit("a stranger's key", three, func(x *certificateCase, s []cert.Signature) []cert.Signature {
		s[1] = cert.Sign(key(9), 2, cert.Digest(c.Network, c.Digest(), x.Epoch, root, before))
		return s
	})
	submit("signatures exchanged", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature {
		s[0].RS, s[1].RS = s[1].RS, s[0].RS
		return s
	})
	submit("high s", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature { s[3] = highS(s[3]); return s })
	submit("s of the curve's order", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature {
		secp256k1.Params().N.FillBytes(s[3].RS[32:])
		return s
	})
	submit("s just above the half", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature {
		half := new(big.Int).Rsh(secp256k1.Params().N, 1)
		half.Add(half, big.NewInt(1)).FillBytes(s[3].RS[32:])
		return s
	})
	submit("s of zero", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature { clear(s[3].RS[32:]); return s })
	submit("the other recovery", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature { s[3].Recovery ^= 1; return s })
	submit("recovery 2", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature { s[3].Recovery = 2; return s })
	submit("signed for another root", all, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		return sign(cert.Digest(c.Network, c.Digest(), x.Epoch, before, before), all)
	})
	submit("signed for another epoch", all, func(*certificateCase, []cert.Signature) []cert.Signature {
		return sign(cert.Digest(c.Network, c.Digest(), 9, root, before), all)
	})
	submit("signed for another network", all, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		return sign(cert.Digest(cert.NetworkID(chainNetwork, po), c.Digest(), x.Epoch, root, before), all)
	})
	submit("signed under another configuration", all, func(x *certificateCase, _ []cert.Signature) []cert.Signature {
		next := config()
		next.Version = 2
		return sign(cert.Digest(c.Network, next.Digest(), x.Epoch, root, before), all)
	})
	submit("the first bad signature names the error", all, func(_ *certificateCase, s []cert.Signature) []cert.Signature {
		s[1] = highS(s[1])
		s[2].Signer = 9
		return s
	})

	rotate := func(name string, by []int, change func(*cert.Config)) {
		next := config()
		next.Version = 2
		next.Validators = next.Validators[:3]
		if change != nil {
			change(&next)
		}
		d := cert.RotateDigest(c.Network, c.Digest(), next.Digest())
		v := vectorOf(next)
		add("rotate: "+name, certificateCase{Now: end(8), Next: &v, Digest: b32(d), Signatures: signatureVectors(sign(d, by))})
	}
	rotate("a quorum of the old set", three, nil)
	rotate("no quorum", []int{0, 1, 2}, nil)
	rotate("the same version", three, func(c *cert.Config) { c.Version = 1 })
	rotate("a version left out", three, func(c *cert.Config) { c.Version = 3 })
	rotate("another genesis", three, func(c *cert.Config) { c.Genesis++ })
	rotate("other epochs", three, func(c *cert.Config) { c.EpochSeconds++ })
	rotate("other slots", three, func(c *cert.Config) { c.SlotsPerEpoch++ })
	rotate("other windows", three, func(c *cert.Config) { c.WindowEpochs++ })
	rotate("no validators", three, func(c *cert.Config) { c.Validators = nil })
	rotate("a key twice", three, func(c *cert.Config) { c.Validators[1].Key = c.Validators[0].Key })
	rotate("a weight of zero", three, func(c *cert.Config) { c.Validators[1].Weight = 0 })
	rotate("a key of another form", three, func(c *cert.Config) { c.Validators[1].Key[0] = 2 })
	rotate("64 validators", three, func(c *cert.Config) { c.Validators = many(64) })
	rotate("65 validators", three, func(c *cert.Config) { c.Validators = many(65) })
	return f
}

func many(n int) (l []cert.Validator) {
	for i := range n {
		l = append(l, cert.Validator{Key: cert.PublicKey(key(i)), Weight: 1, Operator: account(ids.KeyAccount, "operator")})
	}
	return l
}

func signatureVectors(l []cert.Signature) []signatureVector {
	v := []signatureVector{}
	for _, s := range l {
		v = append(v, signatureVector{s.Signer, s.RS[:], s.Recovery})
	}
	return v
}

// highS is the other signature of the same key for the same digest.
func highS(s cert.Signature) cert.Signature {
	n := secp256k1.Params().N
	v := new(big.Int).SetBytes(s.RS[32:])
	new(big.Int).Sub(n, v).FillBytes(s.RS[32:])
	s.Recovery ^= 1
	return s
}
