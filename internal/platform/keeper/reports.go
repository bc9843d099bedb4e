package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

// Validators reads reports from the doors of several validators, the first that has it. It trusts none of them: what they answer is proved to the contract.
type Validators struct {
	urls   []string
	client http.Client
}

// NewValidators reads from the addresses.
func NewValidators(urls []string) *Validators {
	v := &Validators{client: http.Client{Timeout: 10 * time.Second}}
	for _, u := range urls {
		v.urls = append(v.urls, strings.TrimSuffix(u, "/"))
	}
	return v
}

const maxReport = 4 << 20

// Report of an SLA in an epoch's tree.
func (v *Validators) Report(ctx context.Context, id ids.ID, epoch uint64) (Report, error) {
	err := error(fault.New(fault.Unavailable, "validators_unavailable", "no validator answers"))
	for _, u := range v.urls {
		var r Report
		var e error
		if r, e = v.from(ctx, u, id, epoch); e == nil {
			return r, nil
		}
		if fault.KindOf(e) == fault.NotFound && fault.KindOf(err) == fault.Unavailable {
			err = e // somebody answered
		} else {
			err = errors.Join(err, e)
		}
	}
	return Report{}, err
}

func (v *Validators) from(ctx context.Context, url string, id ids.ID, epoch uint64) (r Report, err error) {
	var leaf struct {
		Epoch uint64         `json:"epoch"`
		Leaf  []byte         `json:"leaf"`
		Proof statement.Path `json:"proof"`
	}
	if err := v.get(ctx, fmt.Sprintf("%s/v1/reports/%d/slas/%s", url, epoch, id), &leaf); err != nil {
		return r, err
	}
	l, err := sla.DecodeLeaf(leaf.Leaf)
	if err != nil {
		return r, fmt.Errorf("the leaf of %s: %w", url, err)
	}
	var about struct {
		Windows []sla.Verdict `json:"windows"`
	}
	if err := v.get(ctx, fmt.Sprintf("%s/v1/slas/%s", url, id), &about); err != nil && fault.KindOf(err) != fault.NotFound {
		return r, err
	}
	return Report{Epoch: leaf.Epoch, Leaf: *l, Proof: merkle.Proof(leaf.Proof), Verdicts: about.Windows}, nil
}

func (v *Validators) get(ctx context.Context, url string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := v.client.Do(req)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "validator_unavailable", "the validator at %s does not answer", url)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotFound {
		return fault.New(fault.NotFound, "report_unknown", "%s has no such report", url)
	}
	if res.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "validator_unavailable", "%s answers %s", url, res.Status)
	}
	return json.NewDecoder(io.LimitReader(res.Body, maxReport)).Decode(out)
}
