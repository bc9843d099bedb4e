package oracle

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/oracle/consensus"
	"github.com/flashback-network/flashback/internal/oracle/report"
)

// Member is a validator as the others know it.
type Member struct {
	Dir    string
	Key    [65]byte // report key, as the Oracle contract registers it
	Public consensus.Member
}

// PeerAddress is what other validators dial.
func (m *Member) PeerAddress(hostPort string) string { return m.Public.Peer + "@" + hostPort }

// Init makes the keys of one validator in dir, or reads them.
func Init(dir string) (Member, error) {
	p, err := consensus.InitKeys(dir)
	if err != nil {
		return Member{}, fmt.Errorf("validator in %s: %w", dir, err)
	}
	k, err := ReportKey(dir)
	if errors.Is(err, os.ErrNotExist) {
		if k, err = secp256k1.GeneratePrivateKey(); err == nil {
			err = consensus.WriteAtomic(reportKeyFile(dir), []byte(hex.EncodeToString(k.Serialize())+"\n"))
		}
	}
	if err != nil {
		return Member{}, fmt.Errorf("validator in %s: %w", dir, err)
	}
	return Member{Dir: dir, Key: cert.PublicKey(k), Public: p}, nil
}

func reportKeyFile(dir string) string { return filepath.Join(dir, "config", "report_key") }

// ReportKey reads the key that signs observations and reports.
func ReportKey(dir string) (*secp256k1.PrivateKey, error) {
	b, err := os.ReadFile(reportKeyFile(dir))
	if err != nil {
		return nil, err
	}
	if len(b) < 64 {
		return nil, errKey
	}
	raw, err := hex.DecodeString(string(b[:64]))
	if err != nil {
		return nil, errKey
	}
	return secp256k1.PrivKeyFromBytes(raw), nil
}

var errKey = fault.New(fault.Corrupt, "report_key_corrupt", "the report key's file does not hold a key")

// InitLocal makes n validators under dir (validator-1 …), or reads them. Register their keys in this order, then WriteGenesis.
func InitLocal(dir string, n int) ([]Member, error) {
	var l []Member
	for i := range n {
		m, err := Init(filepath.Join(dir, fmt.Sprintf("validator-%d", i+1)))
		if err != nil {
			return nil, err
		}
		l = append(l, m)
	}
	return l, nil
}

// WriteGenesis gives every member the genesis of the log for the configuration that the contract holds. Where one is there already it is left as it is: a log does not begin twice.
// last is the contract's latest report, the zero Anchor when there is none.
func WriteGenesis(config cert.Config, members []Member, last report.Anchor) error {
	var public []consensus.Member
	for i, m := range members {
		if i >= len(config.Validators) || config.Validators[i].Key != m.Key {
			return fault.New(fault.Invalid, "genesis_invalid", "validator %d is not registered in this place", i+1)
		}
		public = append(public, m.Public)
	}
	for _, m := range members {
		f := consensus.GenesisFile(m.Dir)
		if _, err := os.Stat(f); err == nil {
			continue
		}
		if err := consensus.WriteGenesis(f, &config, public, last); err != nil {
			return err
		}
	}
	return nil
}
