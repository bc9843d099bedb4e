package report

import (
	"bytes"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/statement"
)

// Limits of messages. A message is a document, then 64 bytes r‖s and one of recovery; a certificate is its own encoding.
const (
	MaxMessage         = 64 << 10
	MaxObservationSLAs = 200 // of one unit in one epoch; the draw rotates when a unit has more
	maxTerms           = 2 << 10
	maxSlots           = 4096
	signatureSize      = 65
)

// Slot states in an observation.
const (
	NotProbed   uint8 = 0
	Reached     uint8 = 1
	Unreachable uint8 = 2
)

// SlotFigures are what one validator measured of a unit in one slot. TTFB and KiBps may be sla.NoFigure.
type SlotFigures struct {
	State              uint8
	Operations, Errors uint32
	TTFB               uint32 // ms, the median of its own probes
	KiBps              uint32
}

// SLAFigures are what one validator found of one SLA in one epoch.
type SLAFigures struct {
	SLA                ids.ID
	Challenges, Passed uint32
	Usage              []byte // statement.Signed, or empty
}

// Observation is one validator's view of one unit in one epoch.
type Observation struct {
	Network, Config [32]byte
	Epoch           uint64
	Validator       uint32
	Unit            ids.ID
	Slots           []SlotFigures
	SLAs            []SLAFigures // ascending by id
}

// Domain tags of the documents in the log.
const (
	observationTag = "FLASHBACK-OBSERVATION-v1"
	sightingTag    = "FLASHBACK-SIGHTING-v1"
	maintenanceTag = "FLASHBACK-MAINTENANCE-v1"
	tickTag        = "FLASHBACK-TICK-v1"
	certTag        = "FLASHBACK-CERT-v1"
)

// Bytes is the canonical encoding.
func (o *Observation) Bytes() []byte {
	w := canon.Tagged(observationTag).Raw(o.Network[:]).Raw(o.Config[:]).U64(o.Epoch).U32(o.Validator).Raw(o.Unit[:])
	w.U32(uint32(len(o.Slots)))
	for _, s := range o.Slots {
		w.U8(s.State).U32(s.Operations).U32(s.Errors).U32(s.TTFB).U32(s.KiBps)
	}
	w.U32(uint32(len(o.SLAs)))
	for _, s := range o.SLAs {
		w.Raw(s.SLA[:]).U32(s.Challenges).U32(s.Passed).Blob(s.Usage)
	}
	return w.Bytes()
}

func decodeObservation(b []byte) (*Observation, error) {
	r := canon.Read(observationTag, b)
	o := &Observation{Network: r.B32(), Config: r.B32(), Epoch: r.U64(), Validator: r.U32(), Unit: r.B32()}
	for range r.Count(maxSlots) {
		s := SlotFigures{r.U8(), r.U32(), r.U32(), r.U32(), r.U32()}
		if s.State > Unreachable || s.Errors > s.Operations || s.State == NotProbed && s.Operations > 0 {
			r.Fail("a slot that cannot be")
		}
		o.Slots = append(o.Slots, s)
		if r.Err() != nil {
			break
		}
	}
	for i := range r.Count(MaxObservationSLAs) {
		s := SLAFigures{r.B32(), r.U32(), r.U32(), r.Blob(statement.SignedSize)}
		if s.Passed > s.Challenges || len(s.Usage) != 0 && len(s.Usage) != statement.SignedSize {
			r.Fail("figures of an SLA that cannot be")
		}
		if i > 0 && bytes.Compare(o.SLAs[i-1].SLA[:], s.SLA[:]) >= 0 {
			r.Fail("SLAs out of order")
		}
		o.SLAs = append(o.SLAs, s)
		if r.Err() != nil {
			break
		}
	}
	return o, r.Done()
}

// Sighting is what a validator saw of an SLA on chain. EndEpochs 0 says that it is over there: nothing can be settled any more, and the report may drop it.
type Sighting struct {
	Network   [32]byte
	Validator uint32
	SLA       ids.ID
	Start     uint64 // epoch
	EndEpochs uint32
	Node      ids.ID
	NodeKey   [32]byte
	Terms     []byte
}

// Bytes is the canonical encoding.
func (s *Sighting) Bytes() []byte {
	return canon.Tagged(sightingTag).Raw(s.Network[:]).U32(s.Validator).Raw(s.fact()).Bytes()
}

// fact is what validators have to agree on: all but who saw it.
func (s *Sighting) fact() []byte {
	return new(canon.Writer).Raw(s.SLA[:]).U64(s.Start).U32(s.EndEpochs).Raw(s.Node[:]).Raw(s.NodeKey[:]).Blob(s.Terms).Bytes()
}

// Maintenance is an announced maintenance of a unit as a validator saw it on chain: Unix seconds. One that begins at the same time or earlier
// replaces it: the provider ended it early, or cancelled it (From = Until).
type Maintenance struct {
	Network     [32]byte
	Validator   uint32
	Unit        ids.ID
	From, Until uint64
}

// Bytes is the canonical encoding.
func (m *Maintenance) Bytes() []byte {
	return canon.Tagged(maintenanceTag).Raw(m.Network[:]).U32(m.Validator).Raw(m.fact()).Bytes()
}

func (m *Maintenance) fact() []byte {
	return new(canon.Writer).Raw(m.Unit[:]).U64(m.From).U64(m.Until).Bytes()
}

// Tick says that by a validator's clock an epoch is over and its grace too. It makes a block where none would be made, so that BFT time moves; it closes nothing by itself.
type Tick struct {
	Network   [32]byte
	Validator uint32
	Epoch     uint64
}

// Bytes is the canonical encoding.
func (t *Tick) Bytes() []byte {
	return canon.Tagged(tickTag).Raw(t.Network[:]).U32(t.Validator).U64(t.Epoch).Bytes()
}

// Message is one decoded entry of the log: exactly one of its parts is set.
type Message struct {
	Observation *Observation
	Sighting    *Sighting
	Maintenance *Maintenance
	Tick        *Tick
	Certificate *cert.Certificate

	raw       []byte
	doc       []byte
	signature cert.Signature
	network   [32]byte
}

// Refusals of a message that stay, whatever the state is.
var (
	errNetwork = fault.New(fault.Invalid, "NetworkWrong", "the message is of another network or configuration")
	errSize    = fault.New(fault.Invalid, "TooLarge", "the message has more than %d bytes", MaxMessage)
	errTag     = fault.New(fault.Invalid, "Malformed", "no such message")
)

// Seal signs a document as a message of the validator with this index.
func Seal(doc []byte, key *secp256k1.PrivateKey, validator uint32) []byte {
	s := cert.Sign(key, validator, canon.Hash(doc))
	return append(append(append(make([]byte, 0, len(doc)+signatureSize), doc...), s.RS[:]...), s.Recovery)
}

// Decode reads a message and checks all that needs no state: size, form, network, membership and signature.
func Decode(raw []byte, config *cert.Config, digest [32]byte) (*Message, error) {
	if len(raw) > MaxMessage {
		return nil, errSize
	}
	m := &Message{raw: raw}
	if bytes.HasPrefix(raw, []byte(certTag)) {
		c, err := cert.Decode(raw)
		if err != nil {
			return nil, err
		}
		m.Certificate = c
		return m, config.Verify(c)
	}
	if len(raw) < signatureSize {
		return nil, errTag
	}
	n := len(raw) - signatureSize
	m.doc = raw[:n]
	copy(m.signature.RS[:], raw[n:])
	m.signature.Recovery = raw[len(raw)-1]
	if err := m.decode(); err != nil {
		return nil, err
	}
	if m.network != config.Network || m.Observation != nil && (m.Observation.Config != digest || len(m.Observation.Slots) != int(config.SlotsPerEpoch)) {
		return nil, errNetwork
	}
	v := m.signature.Signer
	if int64(v) >= int64(len(config.Validators)) {
		return nil, cert.ErrSignerUnknown
	}
	return m, cert.VerifyOne(config.Validators[v].Key, m.signature, canon.Hash(m.doc))
}

func (m *Message) decode() error {
	has := func(tag string) bool { return bytes.HasPrefix(m.doc, []byte(tag)) }
	switch {
	case has(observationTag):
		o, err := decodeObservation(m.doc)
		m.Observation, m.network, m.signature.Signer = o, o.Network, o.Validator
		return err
	case has(sightingTag):
		r := canon.Read(sightingTag, m.doc)
		s := &Sighting{r.B32(), r.U32(), r.B32(), r.U64(), r.U32(), r.B32(), r.B32(), r.Blob(maxTerms)}
		m.Sighting, m.network, m.signature.Signer = s, s.Network, s.Validator
		return r.Done()
	case has(maintenanceTag):
		r := canon.Read(maintenanceTag, m.doc)
		s := &Maintenance{r.B32(), r.U32(), r.B32(), r.U64(), r.U64()}
		m.Maintenance, m.network, m.signature.Signer = s, s.Network, s.Validator
		return r.Done()
	case has(tickTag):
		r := canon.Read(tickTag, m.doc)
		t := &Tick{r.B32(), r.U32(), r.U64()}
		m.Tick, m.network, m.signature.Signer = t, t.Network, t.Validator
		return r.Done()
	}
	return errTag
}
