package main

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/sla"
)

// encodingCase: the canonical bytes of a value, or bytes that a decoder refuses. Kind says which fields are there.
type encodingCase struct {
	Name string `json:"name"`
	// account | id | network | terms | leaf | certificate | refused
	Kind string `json:"kind"`

	Text  string `json:"text,omitempty"`  // account, id: the form for people
	Bytes raw    `json:"bytes,omitempty"` // the canonical bytes
	Hash  raw    `json:"hash,omitempty"`  // terms: of the bytes; leaf: as a leaf of the tree; network: the id

	// id
	Of           string `json:"of,omitempty"` // node | unit | sla | grant
	Orchestrator raw    `json:"orchestrator,omitempty"`
	Subject      raw    `json:"subject,omitempty"` // the account, or the SLA of a grant
	Nonce        raw    `json:"nonce,omitempty"`

	// network
	ChainNetwork raw `json:"chainNetwork,omitempty"`
	Oracle       raw `json:"oracle,omitempty"`

	// terms, leaf: each field in the order of the page, numbers in decimal, bytes in hexadecimal
	Fields []field `json:"fields,omitempty"`

	// refused
	Document string `json:"document,omitempty"` // terms | leaf | certificate | proof
	Why      string `json:"why,omitempty"`
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func pow2less1(n uint) *big.Int {
	one := big.NewInt(1)
	return new(big.Int).Sub(new(big.Int).Lsh(one, n), one)
}

func encodingCases() (cases []encodingCase) {
	for _, a := range []ids.Account{consumer, oracle, {Chain: ids.Stellar, Address: [32]byte{31: 1}}, {Chain: ids.Starknet, Kind: ids.Contract, Address: [32]byte{1: 7, 31: 9}}} {
		cases = append(cases, encodingCase{Name: "account " + a.String(), Kind: "account", Text: a.String(), Bytes: a.Bytes()})
	}
	slaID := ids.SLAID(co, consumer, nonce("sla"))
	for _, c := range []struct {
		of      string
		id      ids.ID
		at      ids.Account
		subject []byte
		nonce   [32]byte
	}{
		{"node", ids.NodeID(po, account(ids.KeyAccount, "node")), po, account(ids.KeyAccount, "node").Bytes(), [32]byte{}},
		{"unit", ids.UnitID(po, provider, nonce("unit")), po, provider.Bytes(), nonce("unit")},
		{"sla", slaID, co, consumer.Bytes(), nonce("sla")},
		{"grant", ids.GrantID(co, slaID, nonce("grant")), co, slaID[:], nonce("grant")},
	} {
		x := encodingCase{Name: "id of a " + c.of, Kind: "id", Of: c.of, Orchestrator: c.at.Bytes(), Subject: c.subject, Bytes: c.id[:], Text: c.id.String()}
		if c.of != "node" {
			x.Nonce = b32(c.nonce)
		}
		cases = append(cases, x)
	}
	passphrase := canon.Hash([]byte("Standalone Network ; February 2017"))
	cases = append(cases, encodingCase{Name: "network id", Kind: "network", ChainNetwork: b32(passphrase), Oracle: oracle.Bytes(), Hash: b32(cert.NetworkID(passphrase, oracle))})
	for _, t := range []struct {
		name string
		t    *sla.Terms
	}{
		{"stream", terms()}, {"escrow", terms(escrow)}, {"largest", terms(largest)},
		{"no tiers, no targets", terms(func(t *sla.Terms) { t.Protocol.AvailabilityTiers, t.Protocol.ExcessTiers, t.QoS = nil, nil, sla.QoS{} })},
		{"eight tiers of each kind", terms(func(t *sla.Terms) {
			t.Protocol.AvailabilityTiers, t.Protocol.ExcessTiers = nil, nil
			for i := range uint32(8) {
				t.Protocol.AvailabilityTiers = append(t.Protocol.AvailabilityTiers, sla.AvailabilityTier{Below: 999_000 - i*1000, Bps: uint16(500 * (i + 1))})
				t.Protocol.ExcessTiers = append(t.Protocol.ExcessTiers, sla.ExcessTier{Ratio: 100 + 50*i, Bps: uint16(400 * (i + 1))})
			}
		})},
		{"free of charge", terms(func(t *sla.Terms) { t.StoragePrice, t.EgressPrice = zeroAmount, zeroAmount })},
		{"two of three units", terms(spread(2, 5_000, 5_000, 5_000))},
		{"six units, odd shares", terms(spread(3, 2_501, 2_499, 2_500, 2_502, 10_000, 1))},
	} {
		cases = append(cases, encodingCase{Name: "terms: " + t.name, Kind: "terms", Bytes: t.t.Bytes(), Hash: b32(t.t.Hash()), Fields: termsFields(t.t)})
	}
	zero := sla.Zero(terms())
	cases = append(cases, leafCase("zero", &zero))
	for i := range 4 {
		l := leaf(terms(), seeded(fmt.Sprintf("encoding leaf %d", i)))
		l.Status, l.Lost = sla.Status(i%3), uint8(i%2)
		cases = append(cases, leafCase(fmt.Sprintf("random %d", i), &l))
	}
	c := signedCertificate(signers(3), 7, [32]byte{1}, [32]byte{2})
	cases = append(cases, encodingCase{Name: "certificate of three signatures", Kind: "certificate", Bytes: c.Bytes()})
	return append(cases, refusedCases(&zero, &c)...)
}

func leafCase(name string, l *sla.Leaf) encodingCase {
	return encodingCase{Name: "leaf: " + name, Kind: "leaf", Bytes: l.Bytes(), Hash: b32(l.Hash()), Fields: leafFields(l)}
}

func refusedCases(l *sla.Leaf, c *cert.Certificate) (cases []encodingCase) {
	tb, lb, cb := terms().Bytes(), l.Bytes(), c.Bytes()
	w := &canon.Writer{}
	merkle.Proof{Bits: 1, Path: []merkle.Hash{{1}, {2}}}.Append(w)
	pb := w.Bytes()
	with := func(b []byte, at int, v ...byte) []byte {
		n := append([]byte(nil), b...)
		copy(n[at:], v)
		return n
	}
	refuse := func(document, why string, b []byte) {
		cases = append(cases, encodingCase{Name: document + " refused: " + why, Kind: "refused", Document: document, Why: why, Bytes: b})
	}
	for _, d := range []struct {
		name string
		b    []byte
	}{{"terms", tb}, {"leaf", lb}, {"certificate", cb}, {"proof", pb}} {
		refuse(d.name, "empty", []byte{})
		refuse(d.name, "one byte short", d.b[:len(d.b)-1])
		refuse(d.name, "one byte too many", append(append([]byte(nil), d.b...), 0))
	}
	for _, d := range []struct {
		name string
		b    []byte
	}{{"terms", tb}, {"leaf", lb}, {"certificate", cb}} {
		refuse(d.name, "wrong tag", with(d.b, 0, 'f'))
	}
	unitAt := strings.Index(string(tb), "\x00\x00\x00\x01\x00\x01\x02\x01") // the list's count, then the unit's id
	refuse("terms", "two units", with(tb, unitAt, 0, 0, 0, 2))
	refuse("terms", "no unit", with(tb, unitAt, 0, 0, 0, 0))
	refuse("terms", "a share of less than all", with(tb, unitAt+4+32, 0x27, 0x0f))
	for _, x := range []struct {
		why    string
		shares []uint16
	}{{"seven units", []uint16{9, 9, 9, 9, 9, 9, 9}}, {"a share of nothing", []uint16{10_000, 0}}, {"a share of more than all", []uint16{10_000, 10_001}}} {
		refuse("terms", x.why, terms(spread(1, x.shares...)).Bytes())
	}
	refuse("leaf", "status 3", with(lb, len(lb)-1, 3))
	refuse("leaf", "lost 2", with(lb, len(lb)-2, 2))
	refuse("certificate", "recovery 2", with(cb, len(cb)-1, 2))
	refuse("proof", "depth 41", with(pb, 0, 0, 0, 0, 41))
	refuse("proof", "bits above the path", with(pb, 11, 4))
	return cases
}
