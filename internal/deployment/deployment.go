// Package deployment describes a Flashback network to those who take part in it: where its chain is, which contracts it runs, what it is priced in. A platform publishes the document at
// /v1/network; a program pins it in a file, since whoever could exchange the contracts' addresses could exchange the network.
package deployment

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Network is the document.
type Network struct {
	Name          string          `json:"name"`
	Platform      string          `json:"platform" doc:"Address of this API"`
	StellarRPC    string          `json:"stellarRpc"`
	Passphrase    string          `json:"networkPassphrase"`
	Friendbot     string          `json:"friendbot,omitempty" doc:"Funds new accounts; on test networks only"`
	Contracts     chain.Contracts `json:"contracts"`
	Assets        []Asset         `json:"assets"`
	Genesis       uint64          `json:"genesis" doc:"Unix seconds of epoch 0's start"`
	EpochSeconds  uint32          `json:"epochSeconds"`
	SlotsPerEpoch uint32          `json:"slotsPerEpoch"`
	WindowEpochs  uint32          `json:"windowEpochs"`
}

// Asset that offers are priced in.
type Asset struct {
	Code     string      `json:"code"`
	Contract money.Asset `json:"contract"`
	Issuer   string      `json:"issuer,omitempty"`
	Decimals int         `json:"decimals"`
}

// Asset of a contract; one that is not listed has its address as code and no decimals.
func (n *Network) Asset(a money.Asset) Asset {
	for _, x := range n.Assets {
		if x.Contract == a {
			return x
		}
	}
	return Asset{Code: a.String(), Contract: a}
}

// FindAsset by code or address.
func (n *Network) FindAsset(s string) (Asset, error) {
	var codes []string
	for _, x := range n.Assets {
		if strings.EqualFold(x.Code, s) || x.Contract.String() == s {
			return x, nil
		}
		codes = append(codes, x.Code)
	}
	if acc, err := ids.ParseAccount(s); err == nil && acc.Kind == ids.Contract {
		return n.Asset(acc), nil
	}
	return Asset{}, fault.New(fault.Invalid, "asset_unknown", "no asset %q here: use %s or a token contract's address", s, strings.Join(codes, ", "))
}

// Format shows an amount with its code.
func (a Asset) Format(m money.Amount) string { return m.Format(a.Decimals) + " " + a.Code }

// Epoch that a time lies in.
func (n *Network) Epoch(t time.Time) uint64 {
	c := cert.Config{Genesis: n.Genesis, EpochSeconds: n.EpochSeconds}
	return c.Epoch(uint64(max(t.Unix(), 0)))
}

// Epochs that cover a duration.
func (n *Network) Epochs(d time.Duration) uint32 {
	e := time.Duration(n.EpochSeconds) * time.Second
	return uint32((d + e - 1) / e)
}

const maxDocument = 1 << 20

// Load reads the document from a file or an http(s) address.
func Load(ctx context.Context, from string) (*Network, error) {
	var b []byte
	var err error
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		b, err = fetch(ctx, from)
	} else {
		b, err = os.ReadFile(from)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the network's description: %w", err)
	}
	var n Network
	if err := json.Unmarshal(b, &n); err != nil {
		return nil, fmt.Errorf("reading the network's description from %s: %w", from, err)
	}
	if n.StellarRPC == "" || n.Contracts.Oracle.Zero() || n.EpochSeconds == 0 {
		return nil, fault.New(fault.Invalid, "network_incomplete", "%s does not describe a network: it names no chain, contracts or epochs", from)
	}
	return &n, nil
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxDocument))
}

// Save writes the document to a file, replacing it whole.
func (n *Network) Save(file string) error {
	b, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the network's description: %w", err)
	}
	return os.Rename(file+".new", file)
}
