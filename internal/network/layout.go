package network

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/flashback-network/flashback/internal/ids"
)

// Layout of a local network's folder.
type Layout struct{ Dir string }

// Deployment is the network's description, Info what 'flashback up' tells when it is ready.
func (l Layout) Deployment() string        { return filepath.Join(l.Dir, "deployment.json") }
func (l Layout) InfoFile() string          { return filepath.Join(l.Dir, "network.json") }
func (l Layout) Wallet(name string) string { return filepath.Join(l.Dir, "wallets", name+".key") }
func (l Layout) Role(name string) string   { return filepath.Join(l.Dir, name) }
func (l Layout) Log(name string) string    { return filepath.Join(l.Dir, "logs", name+".log") }
func (l Layout) progress() string          { return filepath.Join(l.Dir, "bootstrap.json") }
func (l Layout) lock() string              { return filepath.Join(l.Dir, "lock") }

// maxSocket is what a Unix socket's address holds.
const maxSocket = 100

// Control is the socket that 'flashback local' talks to. In a deep folder it lies in the temporary folder instead, since a socket's path is short.
func (l Layout) Control() string {
	p, err := filepath.Abs(filepath.Join(l.Dir, "control.sock"))
	if err == nil && len(p) <= maxSocket {
		return p
	}
	h := sha256.Sum256([]byte(p))
	return filepath.Join(os.TempDir(), "flashback-"+hex.EncodeToString(h[:8])+".sock")
}

// Info of a running network: D/network.json.
type Info struct {
	Platform   string          `json:"platform"`
	StellarRPC string          `json:"stellarRpc"`
	Passphrase string          `json:"networkPassphrase"`
	Nodes      []NodeInfo      `json:"nodes"`
	Validators []ValidatorInfo `json:"validators"`
	Demo       Demo            `json:"demo"`
	More       []Demo          `json:"more"` // the demo SLAs on the other nodes
}

// NodeInfo names a Bridge Node.
type NodeInfo struct {
	ID   ids.ID      `json:"id"`
	Name string      `json:"name"`
	S3   string      `json:"s3"`
	Key  ids.Account `json:"key"`
	Unit ids.ID      `json:"unit"`
}

// ValidatorInfo names a validator.
type ValidatorInfo struct {
	Name     string      `json:"name"`
	Status   string      `json:"status"`
	Operator ids.Account `json:"operator"`
}

// Demo is an SLA ready to use.
type Demo struct {
	Name      string      `json:"name"`
	AccessKey string      `json:"accessKey"`
	SecretKey string      `json:"secretKey"`
	Bucket    string      `json:"bucket"`
	S3        string      `json:"s3"`
	SLA       ids.ID      `json:"slaId"`
	Grant     ids.ID      `json:"grantId"`
	Consumer  ids.Account `json:"consumer"`
	Provider  ids.Account `json:"provider"`
}

// Info reads network.json.
func (l Layout) Info() (*Info, error) {
	b, err := os.ReadFile(l.InfoFile())
	if err != nil {
		return nil, err
	}
	var i Info
	if err := json.Unmarshal(b, &i); err != nil {
		return nil, fmt.Errorf("reading %s: %w", l.InfoFile(), err)
	}
	return &i, nil
}

// Find an id by the name of a node or a demo.
func (i *Info) Find(name string, kind ids.Kind) (ids.ID, bool) {
	for _, n := range i.Nodes {
		if n.Name != name {
			continue
		}
		switch kind {
		case ids.Node:
			return n.ID, true
		case ids.Unit:
			return n.Unit, true
		}
	}
	for _, d := range append([]Demo{i.Demo}, i.More...) {
		if d.Name != name {
			continue
		}
		switch kind {
		case ids.SLA:
			return d.SLA, true
		case ids.Grant:
			return d.Grant, true
		}
	}
	return ids.ID{}, false
}

// writeJSON replaces a file whole; private files hold keys.
func writeJSON(file string, v any, mode fs.FileMode) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return os.Rename(file+".new", file)
}
