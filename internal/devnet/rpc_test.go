package devnet_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stellar/go-stellar-sdk/keypair"
	proto "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/devnet"
)

func TestJSONRPC(t *testing.T) {
	t.Parallel()
	c := start(t)
	post := func(body string) (int, string) {
		t.Helper()
		r, err := http.Post(c.net.URL(), "application/json", strings.NewReader(body))
		c.ok(err)
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		c.ok(err)
		return r.StatusCode, string(b)
	}
	root := keypair.Root(c.net.Passphrase())
	raw := must(c.build(root, 100, pay(root, "1")).MarshalBinary())
	trailing := base64.StdEncoding.EncodeToString(append(raw, 0, 0, 0, 0))
	for _, tt := range []struct {
		name, body string
		code       int // of the error; 0 = a result
		contains   string
	}{
		{"a call", `{"jsonrpc":"2.0","id":1,"method":"getHealth"}`, 0, `"status":"healthy"`},
		{"a text id", `{"jsonrpc":"2.0","id":"x","method":"getNetwork","params":{}}`, 0, `"id":"x"`},
		{"null parameters", `{"jsonrpc":"2.0","id":1,"method":"getFeeStats","params":null}`, 0, `"p99":"100"`},
		{"unknown fields are let through", `{"jsonrpc":"2.0","id":1,"method":"getVersionInfo","params":{"x":1}}`, 0, `"protocolVersion":28`},
		{"no JSON", `{`, -32700, ""},
		{"no object", `"x"`, -32600, ""},
		{"a batch", `[{"jsonrpc":"2.0","id":1,"method":"getHealth"}]`, -32600, ""},
		{"another version", `{"jsonrpc":"1.0","id":1,"method":"getHealth"}`, -32600, ""},
		{"no method", `{"jsonrpc":"2.0","id":1}`, -32600, ""},
		{"an unknown method", `{"jsonrpc":"2.0","id":7,"method":"getMoney"}`, -32601, `"id":7`},
		{"parameters by position", `{"jsonrpc":"2.0","id":1,"method":"getTransaction","params":["x"]}`, -32602, ""},
		{"parameters of another type", `{"jsonrpc":"2.0","id":1,"method":"getTransaction","params":{"hash":1}}`, -32602, ""},
		{"a hash too short", `{"jsonrpc":"2.0","id":1,"method":"getTransaction","params":{"hash":"ab"}}`, -32602, ""},
		{"a hash that is none", `{"jsonrpc":"2.0","id":1,"method":"getTransaction","params":{"hash":"` + strings.Repeat("z", 64) + `"}}`, -32602, ""},
		{"an unknown transaction", `{"jsonrpc":"2.0","id":1,"method":"getTransaction","params":{"hash":"` + strings.Repeat("a", 64) + `"}}`, 0, `"NOT_FOUND"`},
		{"a key that is none", `{"jsonrpc":"2.0","id":1,"method":"getLedgerEntries","params":{"keys":["AAAA"]}}`, -32602, ""},
		{"no keys", `{"jsonrpc":"2.0","id":1,"method":"getLedgerEntries","params":{"keys":[]}}`, 0, `"entries":[]`},
		{"a transaction that is none", `{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":{"transaction":"AAAA"}}`, -32602, "invalid_xdr"},
		{"a transaction with something behind it", `{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":{"transaction":"` + trailing + `"}}`, -32602, "invalid_xdr"},
		{"a simulation of nothing", `{"jsonrpc":"2.0","id":1,"method":"simulateTransaction","params":{"transaction":"AAAA"}}`, 0, `"error":`},
		{"events from nowhere", `{"jsonrpc":"2.0","id":1,"method":"getEvents","params":{"filters":[]}}`, -32602, "startLedger"},
		{"events without any", `{"jsonrpc":"2.0","id":1,"method":"getEvents","params":{"startLedger":2,"filters":[]}}`, 0, `"events":[]`},
		{"XDR as JSON", `{"jsonrpc":"2.0","id":1,"method":"getLedgers","params":{"startLedger":2,"xdrFormat":"json"}}`, -32602, "xdrFormat"},
		{"too long a page", `{"jsonrpc":"2.0","id":1,"method":"getTransactions","params":{"startLedger":2,"pagination":{"limit":201}}}`, -32602, "limit"},
	} {
		status, body := post(tt.body)
		var got struct {
			Error  *struct{ Code int }
			Result json.RawMessage
		}
		c.ok(json.Unmarshal([]byte(body), &got))
		code := 0
		if got.Error != nil {
			code = got.Error.Code
		}
		if status != http.StatusOK || code != tt.code || (code == 0) != (got.Result != nil) || !strings.Contains(body, tt.contains) {
			t.Errorf("%s: %d %s", tt.name, status, body)
		}
	}
	if status, body := post(`{"jsonrpc":"2.0","method":"getHealth"}`); status != http.StatusNoContent || body != "" {
		t.Errorf("a notification: %d %s", status, body)
	}
	if status, _ := post(strings.Repeat(" ", 513<<10)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d", status)
	}
	for path, want := range map[string]int{"/": http.StatusMethodNotAllowed, "/nothing": http.StatusNotFound} {
		r, err := http.Get(c.net.URL() + path)
		c.ok(err)
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, r.StatusCode, want)
		}
	}
}

func TestTheClockOverHTTP(t *testing.T) {
	t.Parallel()
	c := start(t)
	before := c.net.Stats()
	post := func(n *devnet.Network, body string) int {
		r, err := http.Post(n.URL()+"/clock", "application/json", strings.NewReader(body))
		c.ok(err)
		r.Body.Close()
		return r.StatusCode
	}
	if s := post(c.net, `{"seconds":60,"ledgers":10}`); s != http.StatusOK {
		t.Fatal(s)
	}
	if after := c.net.Stats(); after.CloseTime != before.CloseTime+60 || after.Ledger != before.Ledger+10 {
		t.Fatalf("before %+v, after %+v", before, after)
	}
	for _, bad := range []string{`{"seconds":-1}`, `{"seconds":1e99}`, `x`, `{"seconds":99999999999}`} {
		if s := post(c.net, bad); s != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, s)
		}
	}
	wall := start(t, func(o *devnet.Options) { o.Manual = false })
	if s := post(wall.net, `{"seconds":60}`); s != http.StatusNotFound {
		t.Errorf("a network on the wall clock answered %d", s)
	}
}

func TestSimulation(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice, bob := c.account(), c.account()
	sac := c.asset(alice, native())
	id := c.deploy(alice, 0)
	simulate := func(k string, x call, mode string) proto.SimulateTransactionResponse {
		t.Helper()
		op := &txnbuild.InvokeHostFunction{HostFunction: x.fn, SourceAccount: k}
		if x.edit != nil {
			x.edit(op)
		}
		tx, err := txnbuild.NewTransaction(txnbuild.TransactionParams{SourceAccount: &txnbuild.SimpleAccount{AccountID: k}, BaseFee: 100,
			Operations: []txnbuild.Operation{op}, Preconditions: txnbuild.Preconditions{TimeBounds: txnbuild.NewInfiniteTimeout()}})
		c.ok(err)
		r, err := c.rpc.SimulateTransaction(t.Context(), proto.SimulateTransactionRequest{Transaction: must(tx.Base64()), AuthMode: mode})
		c.ok(err)
		return r
	}
	r := simulate(alice.Address(), id.call("bump", u32(1)), "")
	if r.Error != "" || len(r.StateChanges) != 1 || r.StateChanges[0].Type != proto.LedgerEntryChangeTypeUpdated || r.MinResourceFee == 0 ||
		len(*r.Results[0].AuthXDR) != 0 || r.RestorePreamble != nil {
		t.Errorf("bump: %+v", r)
	}
	var v xdr.ScVal
	c.ok(xdr.SafeUnmarshalBase64(*r.Results[0].ReturnValueXDR, &v))
	if *v.U32 != 1 {
		t.Errorf("bump gives %v", v)
	}
	if v := c.invoke(alice, id.call("bump", u32(0))); *v.U32 != 0 {
		t.Errorf("a simulation changed the ledger: %v", v)
	}
	tx := must(c.build(alice, 100, &txnbuild.InvokeHostFunction{HostFunction: id.call("bump", u32(1)).fn, SourceAccount: alice.Address()}).Base64())
	exact, err := c.rpc.SimulateTransaction(t.Context(), proto.SimulateTransactionRequest{Transaction: tx})
	c.ok(err)
	roomy, err := c.rpc.SimulateTransaction(t.Context(), proto.SimulateTransactionRequest{Transaction: tx, ResourceConfig: &proto.ResourceConfig{InstructionLeeway: 1_000_001}})
	c.ok(err)
	if got := roomy.MinResourceFee - exact.MinResourceFee; got != 101*25 {
		t.Errorf("1,000,001 more instructions cost %d", got)
	}
	give := id.call("pay", accountVal(alice), accountVal(bob), sac.val(), i128(1))
	first, second := simulate(bob.Address(), give, "record"), simulate(bob.Address(), give, "")
	if len(*first.Results[0].AuthXDR) != 1 || (*first.Results[0].AuthXDR)[0] == (*second.Results[0].AuthXDR)[0] {
		t.Error("two simulations recorded the same authorisation: the nonces would collide")
	}
	if r := simulate(bob.Address(), give, "enforce"); r.Error == "" || len(r.EventsXDR) == 0 {
		t.Errorf("enforcing without authorisation: %+v", r)
	}
	if r := simulate(bob.Address(), id.call("nothing"), ""); r.Error == "" || r.TransactionDataXDR != "" || len(r.EventsXDR) == 0 {
		t.Errorf("a function that is not there: %+v", r)
	}
	r = simulate(bob.Address(), sac.call("transfer", accountVal(bob), accountVal(alice), i128(1<<62)), "")
	if !strings.Contains(r.Error, "HostError") {
		t.Errorf("more than the balance: %+v", r)
	}
}

// TestSimulationsRunBesideCloses is for the race detector: simulations, queries and writes at once, each simulation
// seeing one ledger only.
func TestSimulationsRunBesideCloses(t *testing.T) {
	t.Parallel()
	c := start(t)
	alice := c.account()
	id := c.deploy(alice, 0)
	tx := c.build(alice, 100, &txnbuild.InvokeHostFunction{HostFunction: id.call("bump", u32(0)).fn, SourceAccount: alice.Address()})
	request := bytes.NewBufferString(`{"jsonrpc":"2.0","id":1,"method":"simulateTransaction","params":{"transaction":"` + must(tx.Base64()) + `"}}`).String()
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			last := uint32(0)
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := http.Post(c.net.URL(), "application/json", strings.NewReader(request))
				if err != nil {
					t.Error(err)
					return
				}
				var got struct {
					Result proto.SimulateTransactionResponse
				}
				err = json.NewDecoder(r.Body).Decode(&got)
				r.Body.Close()
				var v xdr.ScVal
				if err == nil && len(got.Result.Results) == 1 {
					err = xdr.SafeUnmarshalBase64(*got.Result.Results[0].ReturnValueXDR, &v)
				}
				if err != nil || v.U32 == nil || uint32(*v.U32) < last {
					t.Errorf("%v %+v after %d", err, got.Result, last)
					return
				}
				last = uint32(*v.U32)
			}
		})
	}
	for i := range uint32(15) {
		if v := c.invoke(alice, id.call("bump", u32(1))); *v.U32 != xdr.Uint32(i+1) {
			t.Errorf("bump %d gave %d", i, *v.U32)
		}
	}
	close(stop)
	readers.Wait()
}
