// Package ids has the typed identifiers of the network (docs/spec/encoding.md): accounts, which name their chain, and 32-byte ids of nodes, units, SLAs and
// grants, which name their chain and kind. It knows the chains' numbers but no chain's code.
package ids

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/flashback-network/flashback/internal/canon"
)

// Chain numbers a chain in ids and accounts.
type Chain uint16

const (
	Stellar  Chain = 1
	Starknet Chain = 2
)

// Kind of an id.
type Kind uint8

const (
	Node  Kind = 1
	Unit  Kind = 2
	SLA   Kind = 3
	Grant Kind = 4
)

// AccountKind tells a key's account from a contract.
type AccountKind uint8

const (
	KeyAccount AccountKind = 0
	Contract   AccountKind = 1
)

// Account is an address on a chain. It is comparable; the zero value is no account.
type Account struct {
	Chain   Chain
	Kind    AccountKind
	Address [32]byte
}

// AccountSize is the width of an encoded account.
const AccountSize = 35

// Bytes is the canonical encoding.
func (a Account) Bytes() []byte {
	b := make([]byte, 3, AccountSize)
	binary.BigEndian.PutUint16(b, uint16(a.Chain))
	b[2] = byte(a.Kind)
	return append(b, a.Address[:]...)
}

// ReadAccount takes an account from r and refuses unknown chains and kinds.
func ReadAccount(r *canon.Reader) (a Account) {
	a.Chain, a.Kind, a.Address = Chain(r.U16()), AccountKind(r.U8()), r.B32()
	if r.Err() == nil && (a.Chain != Stellar && a.Chain != Starknet || a.Kind > Contract) {
		r.Fail("no such chain or kind of account: %d/%d", a.Chain, a.Kind)
	}
	return a
}

// Zero reports whether a is no account.
func (a Account) Zero() bool { return a == Account{} }

const (
	versionAccount  = 6 << 3 // G…
	versionContract = 2 << 3 // C…
)

// String is the chain's own form: G… or C… on Stellar, 0x… on Starknet; empty for no account.
func (a Account) String() string {
	switch {
	case a.Zero():
		return ""
	case a.Chain == Starknet:
		return "0x" + hex.EncodeToString(a.Address[:])
	}
	v := byte(versionAccount)
	if a.Kind == Contract {
		v = versionContract
	}
	raw := append([]byte{v}, a.Address[:]...)
	raw = binary.LittleEndian.AppendUint16(raw, crc16(raw))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
}

// ParseAccount reads the chain's own form.
func ParseAccount(s string) (a Account, err error) {
	if len(s) == 66 && s[:2] == "0x" {
		if _, err = hex.Decode(a.Address[:], []byte(s[2:])); err != nil {
			return Account{}, fmt.Errorf("%q is no account: %w", s, err)
		}
		if a.Chain, a.Kind = Starknet, Contract; a.String() != s {
			return Account{}, fmt.Errorf("%q is not in canonical form", s)
		}
		return a, nil
	}
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(s)
	if err != nil || len(raw) != AccountSize || crc16(raw[:33]) != binary.LittleEndian.Uint16(raw[33:]) {
		return Account{}, fmt.Errorf("%q is no account: a Stellar address (G… or C…) has 56 letters and digits and a checksum", s)
	}
	a.Chain = Stellar
	copy(a.Address[:], raw[1:33])
	switch raw[0] {
	case versionAccount:
	case versionContract:
		a.Kind = Contract
	default:
		return Account{}, fmt.Errorf("%q is a key or hash of another kind, not an address", s[:1]+"…")
	}
	if a.String() != s {
		return Account{}, fmt.Errorf("%q is not in canonical form", s)
	}
	return a, nil
}

// MarshalText and UnmarshalText give JSON the chain's own form.
func (a Account) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
func (a *Account) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*a = Account{}
		return nil
	}
	*a, err = ParseAccount(string(b))
	return err
}

// crc16 is CRC-16/XMODEM, as SEP-23 has it.
func crc16(b []byte) (c uint16) {
	for _, x := range b {
		c ^= uint16(x) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x1021
			} else {
				c <<= 1
			}
		}
	}
	return c
}

// ID names a node, unit, SLA or grant. It is comparable; the zero value is no id.
type ID [32]byte

// New makes an id of what its kind is derived from.
func New(c Chain, k Kind, content [32]byte) (id ID) {
	binary.BigEndian.PutUint16(id[:], uint16(c))
	id[2], id[3] = byte(k), 1
	copy(id[4:], content[:28])
	return id
}

// NodeID, UnitID, SLAID and GrantID derive ids as the contracts do.
func NodeID(orchestrator, node Account) ID {
	return New(orchestrator.Chain, Node, canon.Hash([]byte("FLASHBACK-NODE-v1"), orchestrator.Bytes(), node.Bytes()))
}
func UnitID(orchestrator, provider Account, nonce [32]byte) ID {
	return New(orchestrator.Chain, Unit, canon.Hash([]byte("FLASHBACK-UNIT-v1"), orchestrator.Bytes(), provider.Bytes(), nonce[:]))
}
func SLAID(orchestrator, consumer Account, nonce [32]byte) ID {
	return New(orchestrator.Chain, SLA, canon.Hash([]byte("FLASHBACK-SLA-v1"), orchestrator.Bytes(), consumer.Bytes(), nonce[:]))
}
func GrantID(orchestrator Account, sla ID, nonce [32]byte) ID {
	return New(orchestrator.Chain, Grant, canon.Hash([]byte("FLASHBACK-GRANT-v1"), orchestrator.Bytes(), sla[:], nonce[:]))
}

// Chain and Kind are named in the id.
func (id ID) Chain() Chain { return Chain(binary.BigEndian.Uint16(id[:])) }
func (id ID) Kind() Kind   { return Kind(id[2]) }

// Zero reports whether id is none.
func (id ID) Zero() bool { return id == ID{} }

// String is 64 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Short is enough of the id for people, from its hash.
func (id ID) Short() string { return hex.EncodeToString(id[4:9]) }

// Parse reads 64 hexadecimal digits.
func Parse(s string) (id ID, err error) {
	if len(s) != 64 {
		return id, fmt.Errorf("%q is no id: an id has 64 hexadecimal digits", s)
	}
	if _, err = hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("%q is no id: %w", s, err)
	}
	return id, nil
}

// MarshalText and UnmarshalText give JSON the hexadecimal form.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = Parse(string(b))
	return err
}
