package consensus

import (
	"context"
	"encoding/binary"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/oracle/report"
)

// bench is four applications without a network: the test is the consensus.
type bench struct {
	t      *testing.T
	config cert.Config
	keys   []*secp256k1.PrivateKey
	apps   []*app
	height int64
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, config: cert.Config{Version: 1, Genesis: 1_000_000, EpochSeconds: 10, SlotsPerEpoch: 10, WindowEpochs: 4}}
	for i := range 4 {
		k := secp256k1.PrivKeyFromBytes(binary.BigEndian.AppendUint64(make([]byte, 24), uint64(i)+1))
		b.keys = append(b.keys, k)
		b.config.Validators = append(b.config.Validators, cert.Validator{Key: cert.PublicKey(k), Weight: 1})
	}
	for i := range 4 {
		b.apps = append(b.apps, b.open(uint32(i), t.TempDir()))
	}
	return b
}

func (b *bench) open(i uint32, dir string) *app {
	b.t.Helper()
	ar, err := openArchive(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	index := map[string]uint32{}
	for j := range b.keys {
		index[address(j)] = uint32(j)
	}
	a := &app{config: &b.config, digest: b.config.Digest(), me: i, key: b.keys[i], index: index, archive: ar, logger: slog.New(slog.DiscardHandler),
		now: func() time.Time { return time.Unix(int64(b.config.Genesis)+1000, 0) }, changed: func(*Committed) {}}
	height, hash, s, err := ar.load(&b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	if s == nil {
		s = report.New(&b.config, report.Anchor{})
		h := s.Hash()
		hash = h[:]
	}
	a.saved = height
	a.committed.Store(&Committed{s, height, hash})
	return a
}

func address(i int) string { return string([]byte{byte(i), 1, 2, 3}) }

// block takes a block through all applications and returns the votes' extensions.
func (b *bench) block(millis uint64, txs ...[]byte) []abci.ExtendedVoteInfo {
	b.t.Helper()
	b.height++
	ctx := context.Background()
	at := time.UnixMilli(int64(millis))
	hash := binary.BigEndian.AppendUint64(nil, uint64(b.height))
	var votes []abci.ExtendedVoteInfo
	for i, a := range b.apps {
		if r, err := a.ProcessProposal(ctx, &abci.RequestProcessProposal{Hash: hash, Height: b.height, Time: at, Txs: txs}); err != nil || r.Status != abci.ResponseProcessProposal_ACCEPT {
			b.t.Fatalf("block %d: validator %d: %v %v", b.height, i, r, err)
		}
		r, err := a.ExtendVote(ctx, &abci.RequestExtendVote{Hash: hash, Height: b.height, Time: at, Txs: txs})
		if err != nil {
			b.t.Fatal(err)
		}
		votes = append(votes, abci.ExtendedVoteInfo{Validator: abci.Validator{Address: []byte(address(i))}, VoteExtension: r.VoteExtension, BlockIdFlag: cmtproto.BlockIDFlagCommit})
	}
	var first []byte
	for i, a := range b.apps {
		r, err := a.FinalizeBlock(ctx, &abci.RequestFinalizeBlock{Hash: hash, Height: b.height, Time: at, Txs: txs})
		if err != nil {
			b.t.Fatal(err)
		}
		if i == 0 {
			first = r.AppHash
		}
		if string(first) != string(r.AppHash) {
			b.t.Fatalf("block %d: validator %d has another hash", b.height, i)
		}
		if _, err := a.Commit(ctx, &abci.RequestCommit{}); err != nil {
			b.t.Fatal(err)
		}
	}
	return votes
}

func (b *bench) propose(a *app, votes []abci.ExtendedVoteInfo, txs ...[]byte) [][]byte {
	b.t.Helper()
	r, err := a.PrepareProposal(context.Background(), &abci.RequestPrepareProposal{MaxTxBytes: 1 << 20, Txs: txs, LocalLastCommit: abci.ExtendedCommitInfo{Votes: votes}, Height: b.height + 1})
	if err != nil {
		b.t.Fatal(err)
	}
	return r.Txs
}

// due is a time at which an epoch closes.
func (b *bench) due(epoch uint64) uint64 { return report.Due(&b.config, epoch) + 1 }

func (b *bench) accepts(a *app, txs ...[]byte) bool {
	b.t.Helper()
	r, err := a.ProcessProposal(context.Background(), &abci.RequestProcessProposal{Hash: []byte("trial"), Height: b.height + 1, Time: time.Unix(1, 0), Txs: txs})
	if err != nil {
		b.t.Fatal(err)
	}
	a.next = nil
	return r.Status == abci.ResponseProcessProposal_ACCEPT
}

func TestCertificateOfVotes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.block(b.due(0) - 5000)
	votes := b.block(b.due(0)) // closes the epoch: the same block's votes sign its root
	p := b.apps[0].state().Pending
	if p == nil || p.Epoch != 0 {
		t.Fatalf("%+v", p)
	}
	change := func(f func(v []abci.ExtendedVoteInfo)) []abci.ExtendedVoteInfo {
		v := slices.Clone(votes)
		for i := range v {
			v[i].VoteExtension = slices.Clone(v[i].VoteExtension)
		}
		f(v)
		return v
	}
	for name, c := range map[string]struct {
		votes   []abci.ExtendedVoteInfo
		signers int // 0: no certificate
	}{
		"all":                       {votes, 4},
		"one bad signature":         {change(func(v []abci.ExtendedVoteInfo) { v[1].VoteExtension[5] ^= 1 }), 3},
		"one without":               {change(func(v []abci.ExtendedVoteInfo) { v[2].VoteExtension = nil }), 3},
		"another's signature twice": {change(func(v []abci.ExtendedVoteInfo) { v[2].VoteExtension = v[1].VoteExtension }), 3},
		"one voted nil":             {change(func(v []abci.ExtendedVoteInfo) { v[0].BlockIdFlag = cmtproto.BlockIDFlagNil }), 3},
		"a stranger":                {change(func(v []abci.ExtendedVoteInfo) { v[0].Validator.Address = []byte("nobody") }), 3},
		"two bad":                   {change(func(v []abci.ExtendedVoteInfo) { v[1].VoteExtension[5] ^= 1; v[0].VoteExtension = []byte("x") }), 0},
		"none":                      {nil, 0},
		"in another order":          {change(func(v []abci.ExtendedVoteInfo) { slices.Reverse(v) }), 4},
	} {
		txs := b.propose(b.apps[1], c.votes)
		if c.signers == 0 {
			if len(txs) != 0 {
				t.Errorf("%s: a certificate without a quorum", name)
			}
			continue
		}
		if len(txs) != 1 {
			t.Errorf("%s: %d messages", name, len(txs))
			continue
		}
		x, err := cert.Decode(txs[0])
		if err != nil || len(x.Signatures) != c.signers || b.config.Verify(x) != nil || !b.accepts(b.apps[2], txs...) {
			t.Errorf("%s: %v %+v", name, err, x)
		}
	}

	good := b.propose(b.apps[1], votes)[0]
	for name, f := range map[string]func(x *cert.Certificate){
		"another root":     func(x *cert.Certificate) { x.Root[0] ^= 1 },
		"another epoch":    func(x *cert.Certificate) { x.Epoch++ },
		"two signers":      func(x *cert.Certificate) { x.Signatures = x.Signatures[:2] },
		"repeated signers": func(x *cert.Certificate) { x.Signatures[1] = x.Signatures[0] },
	} {
		x, _ := cert.Decode(good)
		f(x)
		if b.accepts(b.apps[2], x.Bytes()) {
			t.Errorf("a proposal with a certificate of %s was accepted", name)
		}
	}
	tick := func(v uint32) []byte {
		k := report.Tick{Network: b.config.Network, Validator: v, Epoch: 1}
		return report.Seal(k.Bytes(), b.keys[v], v)
	}
	if b.accepts(b.apps[0], tick(0), good) || b.accepts(b.apps[0], []byte("nonsense")) || b.accepts(b.apps[0], append(tick(0), 0)) {
		t.Error("a certificate that is not first, or a malformed message, was accepted")
	}
	if got := b.propose(b.apps[0], nil, []byte("nonsense"), good, tick(0)); len(got) != 1 || string(got[0]) != string(tick(0)) {
		t.Errorf("an honest proposer leaves out what would be rejected: %d", len(got))
	}
	if r, _ := b.apps[0].CheckTx(context.Background(), &abci.RequestCheckTx{Tx: good}); r.Code == codeOK {
		t.Error("a certificate came in through the mempool")
	}
	b.block(b.due(0)+500, good)
	for i, a := range b.apps {
		if l := a.archive.certificates(); len(l) != 1 || a.state().Pending != nil || a.state().Last.Root != p.Root {
			t.Errorf("validator %d: %d certificates", i, len(l))
		}
	}
	if b.accepts(b.apps[0], good) {
		t.Error("the same certificate again")
	}
}

func TestRestartFromDisk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.apps[0]
	b.block(b.due(0) - 5000)
	votes := b.block(b.due(0))
	b.block(b.due(0)+300, b.propose(a, votes)...) // certified: saved at height 3
	at := b.due(1)
	votes = b.block(at) // closed, not saved
	if a.saved != 3 {
		t.Fatalf("saved at %d", a.saved)
	}
	again := b.open(0, a.archive.dir)
	if c := again.committed.Load(); c.Height != 3 || c.State.Hash() != [32]byte(c.Hash) || len(again.archive.certificates()) != 1 {
		t.Fatalf("%+v", again.committed.Load())
	}
	// CometBFT replays what follows; the application comes to the same state
	b.height = 3
	was := a.committed.Load()
	b.apps = []*app{again}
	b.block(at)
	if now := again.committed.Load(); string(now.Hash) != string(was.Hash) || now.Height != 4 {
		t.Error("a replay came to another state")
	}
	if txs := b.propose(again, votes); len(txs) != 1 {
		t.Error("a restarted validator makes no certificate")
	}
	if r, err := again.archive.report(1); err != nil || r.Root != was.State.Pending.Root {
		t.Errorf("the report of the epoch: %v", err)
	}

	file := filepath.Join(a.archive.dir, "state")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := a.archive.load(&b.config); err == nil {
		t.Error("a damaged state was read")
	}
}

func TestArchiveForgets(t *testing.T) {
	t.Parallel()
	a, err := openArchive(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for e := range uint64(6) {
		if err := a.addCertificate(&cert.Certificate{Epoch: e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.addCertificate(&cert.Certificate{Epoch: 3, Root: [32]byte{1}}); err != nil { // replayed
		t.Fatal(err)
	}
	for _, upTo := range []uint64{2, 99} {
		if err := a.forget(upTo); err != nil {
			t.Fatal(err)
		}
		b, err := openArchive(a.dir)
		if err != nil {
			t.Fatal(err)
		}
		l := b.certificates()
		if want := map[uint64]int{2: 3, 99: 1}[upTo]; len(l) != want || l[len(l)-1].Epoch != 5 {
			t.Errorf("forgotten up to %d: %d left", upTo, len(l))
		}
	}
}
