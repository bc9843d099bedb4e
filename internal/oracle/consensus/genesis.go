package consensus

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	cmted "github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/types"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/report"
)

// Member is a validator's public part in the consensus, in the order of the Oracle's configuration.
type Member struct {
	Consensus hexBytes `json:"consensus"` // Ed25519 key that signs blocks
	Peer      string   `json:"peer"`      // id on the peer-to-peer network
}

type hexBytes []byte

func (b hexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }
func (b *hexBytes) UnmarshalText(t []byte) (err error) {
	*b, err = hex.DecodeString(string(t))
	return err
}

// genesisState is the application's part of the genesis file.
type genesisState struct {
	Network       hexBytes           `json:"network"`
	Version       uint32             `json:"version"`
	Genesis       uint64             `json:"genesis"`
	EpochSeconds  uint32             `json:"epochSeconds"`
	SlotsPerEpoch uint32             `json:"slotsPerEpoch"`
	WindowEpochs  uint32             `json:"windowEpochs"`
	Validators    []genesisValidator `json:"validators"`
	LastEpoch     *uint64            `json:"lastEpoch,omitempty"`
	LastRoot      hexBytes           `json:"lastRoot,omitempty"`
}

type genesisValidator struct {
	Key       hexBytes    `json:"key"`
	Weight    uint32      `json:"weight"`
	Operator  ids.Account `json:"operator"`
	Consensus hexBytes    `json:"consensus"`
}

func (g *genesisState) config() (*cert.Config, error) {
	c := &cert.Config{Version: g.Version, Genesis: g.Genesis, EpochSeconds: g.EpochSeconds, SlotsPerEpoch: g.SlotsPerEpoch, WindowEpochs: g.WindowEpochs}
	if copy(c.Network[:], g.Network) != 32 {
		return nil, errGenesis
	}
	for _, v := range g.Validators {
		x := cert.Validator{Weight: v.Weight, Operator: v.Operator}
		if copy(x.Key[:], v.Key) != len(x.Key) {
			return nil, errGenesis
		}
		c.Validators = append(c.Validators, x)
	}
	return c, c.Validate()
}

func (g *genesisState) last() (a report.Anchor) {
	if g.LastEpoch != nil {
		a.Any, a.Epoch = true, *g.LastEpoch
		copy(a.Root[:], g.LastRoot)
	}
	return a
}

var errGenesis = fault.New(fault.Invalid, "genesis_invalid", "the genesis file is not one of this network")

// Files of a validator's directory.
func keyFile(dir string) string      { return filepath.Join(dir, "config", "consensus_key.json") }
func keyStateFile(dir string) string { return filepath.Join(dir, "data", "consensus_state.json") }
func nodeKeyFile(dir string) string  { return filepath.Join(dir, "config", "peer_key.json") }

// GenesisFile is where a validator's directory has its genesis.
func GenesisFile(dir string) string { return filepath.Join(dir, "config", "genesis.json") }

// InitKeys makes the consensus and peer keys of a validator's directory, or reads them when they are there.
func InitKeys(dir string) (Member, error) {
	for _, d := range []string{"config", "data"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return Member{}, err
		}
	}
	_, kerr := os.Stat(keyFile(dir))
	_, serr := os.Stat(keyStateFile(dir))
	if kerr == nil && errors.Is(serr, os.ErrNotExist) {
		return Member{}, fault.New(fault.Conflict, "vote_state_missing", "%s has a consensus key without the state of its votes: it might sign twice", dir)
	}
	pv := privval.LoadOrGenFilePV(keyFile(dir), keyStateFile(dir))
	nk, err := p2p.LoadOrGenNodeKey(nodeKeyFile(dir))
	if err != nil {
		return Member{}, fmt.Errorf("peer key: %w", err)
	}
	return Member{Consensus: pv.Key.PubKey.Bytes(), Peer: string(nk.ID())}, nil
}

// WriteGenesis writes the genesis of a log, the same bytes for the same arguments. last is the contract's latest report when it has one already.
func WriteGenesis(file string, config *cert.Config, members []Member, last report.Anchor) error {
	if err := config.Validate(); err != nil {
		return err
	}
	if len(members) != len(config.Validators) {
		return fault.New(fault.Invalid, "genesis_invalid", "%d members for %d registered validators", len(members), len(config.Validators))
	}
	g := genesisState{Network: config.Network[:], Version: config.Version, Genesis: config.Genesis, EpochSeconds: config.EpochSeconds, SlotsPerEpoch: config.SlotsPerEpoch, WindowEpochs: config.WindowEpochs}
	if last.Any {
		g.LastEpoch, g.LastRoot = &last.Epoch, last.Root[:]
	}
	var vals []types.GenesisValidator
	for i, m := range members {
		v := config.Validators[i]
		if len(m.Consensus) != cmted.PubKeySize {
			return errGenesis
		}
		key := cmted.PubKey(m.Consensus)
		vals = append(vals, types.GenesisValidator{Address: key.Address(), PubKey: key, Power: int64(v.Weight), Name: fmt.Sprintf("validator-%d", i+1)})
		g.Validators = append(g.Validators, genesisValidator{v.Key[:], v.Weight, v.Operator, m.Consensus})
	}
	state, err := json.Marshal(g)
	if err != nil {
		return err
	}
	cp := types.DefaultConsensusParams()
	cp.ABCI.VoteExtensionsEnableHeight = 1
	cp.Block.MaxBytes = 1 << 20
	cp.Evidence.MaxBytes = 64 << 10
	cp.Evidence.MaxAgeNumBlocks = 10_000
	cp.Evidence.MaxAgeDuration = 24 * time.Hour
	digest := sha256.Sum256(state)
	before := time.Unix(int64(config.Genesis), 0).UTC().AddDate(0, 0, -1) // a node sleeps until the genesis time, and the first epoch may be still to come
	doc := types.GenesisDoc{ChainID: "flashback-" + hex.EncodeToString(digest[:8]), GenesisTime: before, InitialHeight: 1,
		ConsensusParams: cp, Validators: vals, AppState: state}
	if err := doc.ValidateAndComplete(); err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return doc.SaveAs(file)
}

// readGenesis gives the configuration, the anchor and the validators' indexes by consensus address.
func readGenesis(file string) (*types.GenesisDoc, *cert.Config, report.Anchor, map[string]uint32, error) {
	doc, err := types.GenesisDocFromFile(file)
	if err != nil {
		return nil, nil, report.Anchor{}, nil, fmt.Errorf("genesis: %w", err)
	}
	var g genesisState
	if err := json.Unmarshal(doc.AppState, &g); err != nil {
		return nil, nil, report.Anchor{}, nil, fmt.Errorf("genesis: %w", err)
	}
	c, err := g.config()
	if err != nil {
		return nil, nil, report.Anchor{}, nil, fmt.Errorf("genesis: %w", err)
	}
	index := map[string]uint32{}
	for i, v := range g.Validators {
		index[string(cmted.PubKey(v.Consensus).Address())] = uint32(i)
	}
	return doc, c, g.last(), index, nil
}
