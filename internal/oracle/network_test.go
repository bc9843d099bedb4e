package oracle

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

var networks atomic.Int32 // of this process

// network is a set of validators in one process.
type network struct {
	t       *testing.T
	config  cert.Config
	chain   *fakeChain
	members []Member
	wallets []wallet
	listen  []string
	running []*running
}

type running struct {
	status string
	cancel context.CancelFunc
	done   chan struct{}
}

// newNetwork makes keys, configuration and genesis for n validators; epochs begin now.
func newNetwork(t *testing.T, n int) *network {
	w := &network{t: t, running: make([]*running, n)}
	var err error
	if w.members, err = InitLocal(t.TempDir(), n); err != nil {
		t.Fatal(err)
	}
	epoch := uint32(2)
	if raceEnabled {
		epoch = 6 // everything takes several times as long
	}
	w.config = cert.Config{Network: [32]byte{1, 2, 3}, Version: 1, Genesis: uint64(time.Now().Unix()), EpochSeconds: epoch, SlotsPerEpoch: 1, WindowEpochs: 4}
	number := networks.Add(1)
	for i, m := range w.members {
		x := newWallet()
		w.wallets = append(w.wallets, x)
		w.config.Validators = append(w.config.Validators, cert.Validator{Key: m.Key, Weight: 1, Operator: x.Account()})
		// Peers have to know the ports beforehand, so one is taken and given back; on an address of its own nobody else takes it meanwhile.
		l, err := net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:0", 64+os.Getpid()%64, number, i+1))
		if err != nil {
			t.Fatal(err)
		}
		w.listen = append(w.listen, l.Addr().String())
		l.Close()
	}
	if err := WriteGenesis(w.config, w.members, report.Anchor{}); err != nil {
		t.Fatal(err)
	}
	w.chain = newFakeChain(w.config)
	return w
}

func (w *network) epoch() uint64 { return w.config.Epoch(uint64(time.Now().Unix())) }

func (w *network) start(i int) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	var peers []string
	for j, m := range w.members {
		if j != i {
			peers = append(peers, m.PeerAddress(w.listen[j]))
		}
	}
	level := slog.LevelError
	if testing.Verbose() {
		level = slog.LevelInfo
		if os.Getenv("ORACLE_DEBUG") != "" {
			level = slog.LevelDebug
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{status: "http://" + l.Addr().String(), cancel: cancel, done: make(chan struct{})}
	o := Options{Dir: w.members[i].Dir, Chain: w.chain, Operator: w.wallets[i], Listen: w.listen[i], Peers: peers, Status: l, Poll: 100 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})).With("validator", i)}
	go func() {
		defer close(r.done)
		if err := Run(ctx, o); err != nil {
			w.t.Errorf("validator %d: %v", i, err)
		}
	}()
	w.running[i] = r
}

func (w *network) stop(i int) {
	w.t.Helper()
	r := w.running[i]
	if r == nil {
		return
	}
	r.cancel()
	select {
	case <-r.done:
	case <-time.After(20 * time.Second):
		w.t.Fatalf("validator %d does not stop", i)
	}
	w.running[i] = nil
}

// get reads from a validator's door.
func (w *network) get(i int, path string, out any) int {
	w.t.Helper()
	res, err := http.Get(w.running[i].status + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if out != nil && res.StatusCode == http.StatusOK {
		if err := json.Unmarshal(b, out); err != nil {
			w.t.Fatalf("%s: %v: %s", path, err, b)
		}
	}
	return res.StatusCode
}

// leaf of an SLA in a report that is on chain, proved under its root.
func (w *network) leaf(i int, c *cert.Certificate, id ids.ID) *sla.Leaf {
	w.t.Helper()
	var x Leaf
	if status := w.get(i, "/v1/reports/"+itoa(c.Epoch)+"/slas/"+id.String(), &x); status != http.StatusOK {
		return nil
	}
	if !merkle.Proof(x.Proof).Verify(merkle.Leaf(x.Leaf), c.Root) {
		w.t.Fatalf("the leaf of epoch %d does not stand under the root on chain", c.Epoch)
	}
	l, err := sla.DecodeLeaf(x.Leaf)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

func itoa(n uint64) string { b, _ := json.Marshal(n); return string(b) }

func TestFourValidators(t *testing.T) {
	t.Parallel()
	w := newNetwork(t, 4)
	node := newFakeNode(t, &w.config, w.epoch)
	for i := range w.members {
		w.start(i)
		defer w.stop(i)
	}
	begun := time.Now()
	start := w.epoch() + 2
	terms := w.chain.agree(t, node, 1, start, 1000)

	// All run: each epoch has its certificate, and the SLA is measured.
	var l *sla.Leaf
	c := w.chain.await(t, "a measured leaf", func(c *cert.Certificate) bool {
		l = w.leaf(0, c, terms.SLA)
		return l != nil && l.Slots-l.SlotsExcluded >= 2
	})
	t.Logf("measured after %v, epoch %d", time.Since(begun).Round(time.Millisecond), c.Epoch)
	if l.SlotsBad != 0 || l.Passed != l.Challenges || l.Errors != 0 || l.BytesOut == 0 || l.Epochs != uint32(c.Epoch-start+1) {
		t.Errorf("epoch %d: %+v", c.Epoch, l)
	}
	w.chain.await(t, "the next certificate", func(x *cert.Certificate) bool { return x.Epoch >= c.Epoch+1 })

	// One stopped: nothing changes.
	w.stop(3)
	n, from := w.chain.count(), time.Now()
	c = w.chain.await(t, "certificates of three", func(*cert.Certificate) bool { return w.chain.count() >= n+2 })
	l = w.leaf(0, c, terms.SLA)
	w.t.Logf("three validators: 2 certificates in %v, epoch %d, slots %d bad %d excluded %d", time.Since(from).Round(time.Millisecond), c.Epoch, l.Slots, l.SlotsBad, l.SlotsExcluded)
	if l.SlotsBad != 0 {
		t.Errorf("a stopped validator made slots bad: %+v", l)
	}

	// Two stopped: no root.
	w.stop(2)
	time.Sleep(500 * time.Millisecond) // what was under way arrives
	n = w.chain.count()
	halted := w.epoch()
	time.Sleep(time.Duration(w.config.EpochSeconds) * 5 / 2 * time.Second) // nothing may come: there is nothing to wait for
	if w.chain.count() != n {
		t.Error("two of four made a certificate")
	}

	// Back: one leaf covers the gap, with excluded slots, and nobody is punished.
	w.start(2)
	w.start(3)
	c = w.chain.await(t, "a certificate after the halt", func(x *cert.Certificate) bool { return x.Epoch > halted+1 })
	l = w.leaf(0, c, terms.SLA)
	if l.Epochs != uint32(c.Epoch-start+1) || l.SlotsBad != 0 || l.SlotsExcluded < 2 || l.SlashBps != 0 || l.PriceCreditEpochs != 0 {
		t.Errorf("after the halt, epoch %d, start %d: %+v", c.Epoch, start, l)
	}
	for i := range w.chain.reports[1:] {
		if w.chain.reports[i+1].Previous != w.chain.reports[i].Root {
			t.Errorf("report %d does not continue the one before", i+1)
		}
	}
	var s Status
	if w.get(2, "/status", &s); s.Height == 0 || s.Certified == nil || s.SLAs != 1 || s.Evidence != 0 {
		t.Errorf("status %+v", s)
	}
	t.Logf("reports %d, submissions %v, probes %+v", w.chain.count(), len(w.chain.by), s.Nodes)
}

// TestLostDataOutageAndEnd: the chain goes away and comes back, a node loses what it held, an SLA ends and leaves the report.
func TestLostDataOutageAndEnd(t *testing.T) {
	t.Parallel()
	w := newNetwork(t, 4)
	node := newFakeNode(t, &w.config, w.epoch)
	for i := range w.members {
		w.start(i)
		defer w.stop(i)
	}
	start := w.epoch() + 2
	short, long := w.chain.agree(t, node, 1, start, 6), w.chain.agree(t, node, 2, start, 1000)
	var l *sla.Leaf
	w.chain.await(t, "possession proved", func(c *cert.Certificate) bool {
		l = w.leaf(1, c, long.SLA)
		return l != nil && l.Challenges > 0
	})
	if l.Passed != l.Challenges {
		t.Errorf("nothing was lost yet: %+v", l)
	}

	node.set(func(n *fakeNode) { n.lost = true })
	down := func(d bool) {
		w.chain.mu.Lock()
		defer w.chain.mu.Unlock()
		w.chain.down = d
	}
	down(true)
	n, away := w.chain.count(), w.epoch()
	var s Status
	waitFor(t, "certificates that wait for the chain", func() bool { w.get(0, "/status", &s); return s.Waiting >= 2 && s.SubmitError != "" })
	if w.chain.count() != n {
		t.Fatal("the chain is away and has a new report")
	}
	down(false)
	w.chain.await(t, "the lost chunks in a leaf", func(c *cert.Certificate) bool {
		l = w.leaf(2, c, long.SLA)
		return l != nil && l.Challenges > l.Passed
	})
	if l.SlotsBad != 0 || l.Warnings == 0 {
		t.Errorf("lost data warn, and make no slot bad: %+v", l)
	}
	w.chain.await(t, "what waited, in order", func(c *cert.Certificate) bool { return c.Epoch > away+1 })
	for i, x := range w.chain.reports[1:] {
		if x.Previous != w.chain.reports[i].Root {
			t.Errorf("report %d does not continue the one before", i+1)
		}
	}

	c := w.chain.await(t, "the end", func(c *cert.Certificate) bool {
		l = w.leaf(3, c, short.SLA)
		return l != nil && l.Status == sla.Complete
	})
	if l.Epochs != 6 || l.JudgedEpochs != 6 || c.Epoch < start+5 {
		t.Errorf("epoch %d: %+v", c.Epoch, l)
	}
	w.chain.set(short.SLA, func(x *orchestrator.SLA) { x.State = orchestrator.Completed })
	w.chain.await(t, "a report without it", func(c *cert.Certificate) bool {
		return w.leaf(3, c, short.SLA) == nil && w.leaf(3, c, long.SLA) != nil
	})
	if status := w.get(0, "/v1/slas/"+short.SLA.String(), nil); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
	var about SLAStatus
	if w.get(0, "/v1/slas/"+long.SLA.String(), &about); about.Figures.Challenges == about.Figures.Passed || len(about.Verdicts) == 0 || about.Verdicts[0].Failed == 0 && about.Figures.Lost {
		t.Errorf("%+v", about)
	}
	for _, path := range []string{"/livez", "/readyz", "/metrics", "/v1/reports/latest", "/v1/certificates/latest", "/v1/evidence"} {
		if status := w.get(1, path, nil); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{"/v1/reports/yesterday", "/v1/slas/x", "/v1/reports/99999999"} {
		if status := w.get(1, path, nil); status != http.StatusBadRequest && status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(90 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
