package stellar

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/stellar/go-stellar-sdk/strkey"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/ids"
)

// Key is an Ed25519 key of a Stellar account, a chain.Signer. It prints as its address, whatever the verb: the seed leaves it by Seed and Save only. It is safe for concurrent use.
type Key struct {
	private ed25519.PrivateKey
	account ids.Account
}

var _ chain.Signer = (*Key)(nil)

// GenerateKey makes a new key from the system's entropy.
func GenerateKey() *Key {
	var seed [32]byte
	rand.Read(seed[:]) // never fails
	return KeyFromRaw(seed)
}

// KeyFromRaw makes the key of 32 secret bytes.
func KeyFromRaw(seed [32]byte) *Key {
	k := &Key{private: ed25519.NewKeyFromSeed(seed[:])}
	k.account = ids.Account{Chain: ids.Stellar, Kind: ids.KeyAccount, Address: [32]byte(k.private.Public().(ed25519.PublicKey))}
	return k
}

// ParseKey reads a secret seed, S….
func ParseKey(seed string) (*Key, error) {
	raw, err := strkey.Decode(strkey.VersionByteSeed, seed)
	if err != nil || len(raw) != ed25519.SeedSize {
		return nil, errors.New("this is no Stellar secret: it begins with S and has 56 letters and digits")
	}
	return KeyFromRaw([32]byte(raw)), nil
}

// Seed is the secret, S…: for wallets that a person exports on purpose.
func (k *Key) Seed() string { return strkey.MustEncode(strkey.VersionByteSeed, k.private.Seed()) }

// Account is the key's address.
func (k *Key) Account() ids.Account { return k.account }

// SignHash signs a transaction's or an authorisation's hash.
func (k *Key) SignHash(hash [32]byte) ([]byte, error) { return ed25519.Sign(k.private, hash[:]), nil }

// SignMessage signs a text for people (SEP-53).
func (k *Key) SignMessage(message []byte) ([]byte, error) { return k.SignHash(messageHash(message)) }

// Sign signs bytes as they are: for statements of a node (docs/spec/protocols.md), never for what a stranger hands over.
func (k *Key) Sign(b []byte) []byte { return ed25519.Sign(k.private, b) }

// VerifyMessage checks a SEP-53 signature.
func VerifyMessage(account ids.Account, message, signature []byte) bool {
	h := messageHash(message)
	return Verify(account, h[:], signature)
}

// Verify checks a signature of bytes as they are.
func Verify(account ids.Account, b, signature []byte) bool {
	return account.Chain == ids.Stellar && account.Kind == ids.KeyAccount && len(signature) == ed25519.SignatureSize &&
		ed25519.Verify(account.Address[:], b, signature)
}

func messageHash(message []byte) [32]byte {
	return canon.Hash([]byte("Stellar Signed Message:\n"), message)
}

// String, Format, GoString and MarshalText give the address.
func (k *Key) String() string               { return k.account.String() }
func (k *Key) GoString() string             { return k.account.String() }
func (k *Key) Format(s fmt.State, _ rune)   { io.WriteString(s, k.account.String()) }
func (k *Key) MarshalText() ([]byte, error) { return k.account.MarshalText() }

// Save writes the seed to a new file that only its owner can read. An existing file is fs.ErrExist.
func (k *Key) Save(file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("save key: %w", err)
	}
	_, err = io.WriteString(f, k.Seed()+"\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(file)
		return fmt.Errorf("save key: %w", err)
	}
	if d, err := os.Open(filepath.Dir(file)); err == nil { // the name has to be durable too, where folders can be synced
		d.Sync()
		d.Close()
	}
	return nil
}

// LoadKey reads a file that Save wrote, and refuses one that others can read.
func LoadKey(file string) (*Key, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("load key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("load key: others can read %s; make it private: chmod 600", file)
	}
	if info.Size() > 1024 {
		return nil, fmt.Errorf("load key: %s is no key file", file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("load key: %w", err)
	}
	k, err := ParseKey(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, fmt.Errorf("load key: %s: %w", file, err)
	}
	return k, nil
}

// LoadOrCreateKey reads the key of a file, or makes one and saves it there.
func LoadOrCreateKey(file string) (*Key, error) {
	k, err := LoadKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	k = GenerateKey()
	if err := k.Save(file); err != nil {
		return nil, err
	}
	return k, nil
}
