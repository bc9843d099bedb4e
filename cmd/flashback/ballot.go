package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
)

// ballot is a vote that may have been committed: what 'dispute reveal' needs. It is kept before the commitment is sent, beside the key that signs it.
type ballot struct {
	Choice uint32 `json:"choice"`
	Salt   []byte `json:"salt"` // 32 bytes
}

// ballots is where a wallet keeps its votes in a round of a dispute.
func (a *app) ballots(id ids.ID, round uint32) string {
	key := a.wallet
	if !strings.ContainsRune(key, os.PathSeparator) {
		key = a.layout().Wallet(key)
	}
	return filepath.Join(strings.TrimSuffix(key, filepath.Ext(key))+".votes", fmt.Sprintf("%s-%d.json", id, round))
}

// seal keeps a new ballot and gives its salt. Older ones stay: a commitment whose fate was unknown may have been applied.
func seal(file string, choice uint32) (salt [32]byte, err error) {
	l, err := readBallots(file)
	if err != nil {
		return salt, err
	}
	salt = [32]byte(claim.Random(32))
	b, err := json.Marshal(append(l, ballot{choice, salt[:]}))
	if err != nil {
		return salt, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return salt, err
	}
	f, err := os.OpenFile(file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return salt, err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return salt, fmt.Errorf("keeping the vote in %s: %w", file, err)
	}
	return salt, os.Rename(file+".new", file)
}

func readBallots(file string) (l []ballot, err error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, fmt.Errorf("reading the votes in %s: %w", file, err)
	}
	return l, nil
}

// unseal finds the ballot that a seat's commitment is of.
func unseal(file string, id ids.ID, round uint32, s *dispute.Seat) (choice uint32, salt [32]byte, err error) {
	l, err := readBallots(file)
	if err != nil {
		return 0, salt, err
	}
	for _, b := range l {
		if len(b.Salt) != len(salt) {
			continue
		}
		salt = [32]byte(b.Salt)
		if dispute.VoteHash(id, round, s.Arbiter, b.Choice, salt) == s.Hash {
			return b.Choice, salt, nil
		}
	}
	return 0, salt, fault.New(fault.NotFound, "vote_missing", "the committed vote is not in %s: reveal it where it was committed", file)
}
