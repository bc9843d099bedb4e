package main

import (
	"bytes"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
)

func TestScoreRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	who := ids.Account{Chain: ids.Stellar, Address: canon.Hash([]byte("who"))}.String()
	for _, c := range []struct {
		args []string
		code string
	}{
		{[]string{"show", "nobody"}, "account_invalid"},
		{[]string{"derive", who, "--cap", "0"}, "score_params_invalid"},
		{[]string{"derive", who, "--severity", "101"}, "score_params_invalid"},
		{[]string{"derive", who}, "network_unknown"},
	} {
		if out, err := run(t, append([]string{"--dir", dir, "score"}, c.args...)...); fault.CodeOf(err) != c.code {
			t.Errorf("%v: %v; %s", c.args, err, out)
		}
	}
}

func TestScoreUnits(t *testing.T) {
	t.Parallel()
	usd, other := ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{1}}, ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{2}}
	n := &deployment.Network{Assets: []deployment.Asset{{Code: "USDT", Contract: usd, Decimals: 7}}}
	unit, err := units(n, nil)
	if err != nil || !unit(usd).Equal(money.Of(100_000)) || unit(other).Sign() != 0 {
		t.Errorf("a point is %s, %s; %v", unit(usd), unit(other), err)
	}
	if unit, err = units(n, []string{"USDT=0.5"}); err != nil || !unit(usd).Equal(money.Of(5_000_000)) {
		t.Errorf("a point is %s; %v", unit(usd), err)
	}
	for _, s := range []string{"USDT", "USDT=x", "USDT=-1", "EURT=1"} {
		if _, err := units(n, []string{s}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// Somebody unknown has 50.00, and the print says so.
func TestScoreOfNobody(t *testing.T) {
	t.Parallel()
	d := score.Derive(ids.Account{Chain: ids.Stellar}, score.AsConsumer, 1, score.Scale{Params: score.DefaultParams()}, nil)
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	printDerivation(w, &d)
	if err := w.Flush(); err != nil || !strings.Contains(b.String(), "50.00") {
		t.Errorf("%s, %v", b.String(), err)
	}
}
