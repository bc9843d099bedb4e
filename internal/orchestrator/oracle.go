package orchestrator

import (
	"math/bits"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
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
	s.emit("rotated", decimal(uint64(next.Version)))
	return nil
}

// Codes of the contracts' error table that a step can fail with, by number: contracts/errors.json.
func Codes() map[uint32]*fault.Error {
	return map[uint32]*fault.Error{
		1: ErrNotAuthorized, 4: ErrPaused, 5: ErrAmountInvalid, 6: ErrOverflow, 7: ErrNotFound, 8: ErrExists, 9: ErrStateWrong, 10: ErrArgumentInvalid, 11: ErrMalformed,
		101: cert.ErrEpochOld, 102: cert.ErrEpochFuture, 103: cert.ErrPreviousMismatch, 104: cert.ErrSignerOrder, 105: cert.ErrSignerUnknown, 106: cert.ErrSignatureHigh,
		107: cert.ErrSignatureBad, 108: cert.ErrQuorumMissing, 109: ErrConfigInvalid,
		201: ErrLeafForeign, 202: ErrLeafUnknown, 203: ErrFromMismatch, 204: ErrLeafBehind, 205: ErrLeafBeyond,
		301: ErrProviderUnknown, 302: ErrNodeBound, 303: ErrNodeReleased, 304: ErrCapacityMissing, 305: ErrCollateralMissing, 306: ErrUnitUnlisted, 307: ErrUnitMaintenance,
		308: ErrUnitDecommissioning, 309: ErrDurationOutside, 310: ErrNoticeShort, 311: ErrQuotaExceeded, 312: ErrLiveReservations,
		401: ErrPriceChanged, 402: ErrPriceAbove, 403: ErrNotTimedOut, 404: ErrOverFunded, 405: ErrNoBreach, 406: ErrGrantInvalid, 407: ErrNothingDue,
	}
}
