package dispute

import (
	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

const (
	observationTag = "FLASHBACK-OBSERVATION-v1"
	headerSize     = len(observationTag) + 32 + 32 + 8 + 4 + 32
	maxDocument    = 64 << 10
)

// header names an observation: of whom, when, of what.
type header struct {
	network, config [32]byte
	epoch           uint64
	validator       uint32
	unit            [32]byte
}

func (s *State) noted() {
	c := s.world.Config()
	s.configs[c.Digest()] = c
}

func (s *State) proveEquivocation(op *ProveEquivocation) error {
	h, err := readHeader(&op.First)
	if err != nil {
		return err
	}
	other, err := readHeader(&op.Second)
	if err != nil {
		return err
	}
	oracle := s.world.Config()
	if h != other || string(op.First.Document) == string(op.Second.Document) || h.network != oracle.Network {
		return orchestrator.ErrEvidenceWrong
	}
	if _, ok := s.configs[h.config]; !ok {
		s.noted()
	}
	config, ok := s.configs[h.config]
	if !ok || uint64(h.validator) >= uint64(len(config.Validators)) {
		return orchestrator.ErrEvidenceWrong
	}
	v := config.Validators[h.validator]
	for _, x := range []*Signed{&op.First, &op.Second} {
		if cert.VerifyOne(v.Key, cert.Signature{Signer: h.validator, RS: x.RS, Recovery: x.Recovery}, canon.Hash(x.Document)) != nil {
			return orchestrator.ErrEvidenceWrong
		}
	}
	p := s.Params()
	if h.epoch > s.epoch() || s.now > oracle.Start(h.epoch)+p.MaxAgeSeconds {
		return orchestrator.ErrWindowWrong
	}
	key := FaultKey{v.Operator, h.epoch}
	if s.faults[key] {
		return orchestrator.ErrExists
	}
	amount := s.world.Exposed(v.Operator, RoleValidator).Bps(p.SlashEquivocationBps)
	if amount.Sign() == 0 {
		return orchestrator.ErrStakeMissing
	}
	s.faults[key] = true
	cause, half := canon.Hash(op.First.Document), over(amount, 2)
	if half.Sign() > 0 {
		taken, err := s.world.Slash(v.Operator, RoleValidator, half, op.Reporter, cause)
		if err != nil {
			return err
		}
		s.out.Amount = taken
	}
	taken, err := s.world.Slash(v.Operator, RoleValidator, amount.Sub(half), p.Fund, cause)
	s.out.Amount = s.out.Amount.Add(taken)
	return err
}

func readHeader(x *Signed) (h header, err error) {
	if len(x.Document) < headerSize || len(x.Document) > maxDocument {
		return h, orchestrator.ErrMalformed
	}
	r := canon.Read(observationTag, x.Document[:headerSize])
	h = header{r.B32(), r.B32(), r.U64(), r.U32(), r.B32()}
	if r.Done() != nil {
		return h, orchestrator.ErrMalformed
	}
	return h, nil
}
