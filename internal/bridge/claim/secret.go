package claim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	words "github.com/flashback-network/flashback/internal/claim"
)

// Secret of a node: who has it may open a claim for the node. It is kept until the node is bound, readable by the owner only.
type Secret struct {
	b []byte
}

// OpenSecret reads the node secret in dir, or makes one; fresh tells that it is new.
func OpenSecret(dir string) (s Secret, fresh bool, err error) {
	path := filepath.Join(dir, "node.secret")
	raw, err := os.ReadFile(path)
	if err == nil {
		b, err := words.Parse(string(raw), words.SecretSize)
		if err != nil {
			return s, false, fmt.Errorf("%s: %w", path, err)
		}
		return Secret{b}, false, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return s, false, err
	}
	s.b = words.Random(words.SecretSize)
	f, err := os.CreateTemp(dir, ".node.secret-*") // mode 0600
	if err != nil {
		return s, false, err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.WriteString(s.Reveal() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return s, false, err
	}
	return s, true, os.Rename(f.Name(), path)
}

// Reveal is the secret as a person types it.
func (s Secret) Reveal() string { return words.Format(s.b) }

// String hides the secret from logs.
func (s Secret) String() string { return "node secret " + strings.Repeat("·", 8) }

// GoString hides it too.
func (s Secret) GoString() string { return s.String() }
