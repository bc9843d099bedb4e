package orchestrator

import (
	"math/bits"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
)

func (s *State) submitReport(op *SubmitReport) error {
	c := &op.Certificate
	var previous [32]byte
	if s.reported {
		if c.Epoch <= s.latest {
			return cert.ErrEpochOld
		}
		previous, _ = s.roots.get(s.latest)
	}
	if !s.over(c.Epoch) {
		return cert.ErrEpochFuture
	}
	if c.Previous != previous {
		return cert.ErrPreviousMismatch
	}
	network := s.genesis.Config.Network
	if err := s.config.VerifySet(cert.Digest(network, s.config.Digest(), c.Epoch, c.Root, c.Previous), c.Signatures); err != nil {
		return err
	}
	assign(s, &s.reported, true)
	assign(s, &s.latest, c.Epoch)
	s.roots.set(c.Epoch, c.Root)
	s.emit("report", decimal(c.Epoch))
	return nil
}

// over reports whether an epoch has ended.
func (s *State) over(epoch uint64) bool {
	hi, lo := bits.Mul64(epoch, uint64(s.config.EpochSeconds))
	end, c1 := bits.Add64(lo, s.config.Genesis, 0)
	end, c2 := bits.Add64(end, uint64(s.config.EpochSeconds), 0)
	return hi == 0 && c1 == 0 && c2 == 0 && end <= s.now
}

func (s *State) rotate(op *Rotate) error {
	next, old := op.Config, s.config
	next.Network = old.Network
	if next.Validate() != nil || next.Version != old.Version+1 || next.Genesis != old.Genesis || next.EpochSeconds != old.EpochSeconds ||
		next.SlotsPerEpoch != old.SlotsPerEpoch || next.WindowEpochs != old.WindowEpochs {
		return ErrConfigInvalid
	}
	if err := old.VerifySet(cert.RotateDigest(old.Network, old.Digest(), next.Digest()), op.Signatures); err != nil {
		return err
	}
	assign(s, &s.config, next)
	s.emit("rotated", ids.ID(next.Digest()))
	return nil
}
