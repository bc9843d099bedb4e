package consensus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/oracle/report"
)

// app is the ABCI application. CometBFT's local client calls one method at a time; what others read is behind the atomic pointer.
type app struct {
	abci.BaseApplication
	config  *cert.Config
	digest  [32]byte
	me      uint32
	key     *secp256k1.PrivateKey
	index   map[string]uint32 // by consensus address
	archive *archive
	retain  int64
	logger  *slog.Logger
	now     func() time.Time
	changed func(*Committed)

	committed atomic.Pointer[Committed]
	saved     int64 // height of the state on disk
	next      *executed
	decoded   [2]map[[32]byte]verified // the newer and the older half of what was verified lately
}

// Committed is the state after a block. It is never changed: read it at will.
type Committed struct {
	State  *report.State
	Height int64
	Hash   []byte
}

// executed is a block's effect before it is committed.
type executed struct {
	block   []byte
	height  int64
	state   *report.State
	outcome report.Outcome
	hash    []byte
}

type verified struct {
	message *report.Message
	err     error
}

const (
	cacheSize     = 512
	extensionSize = 65
	saveEvery     = 200 // blocks at most that a restart replays
)

func (a *app) state() *report.State { return a.committed.Load().State }

// decode checks a message's form and signature, once for its way through the mempool, the proposal and the block.
func (a *app) decode(raw []byte) (*report.Message, error) {
	k := sha256.Sum256(raw)
	for _, half := range a.decoded {
		if v, ok := half[k]; ok {
			return v.message, v.err
		}
	}
	m, err := report.Decode(raw, a.config, a.digest)
	if err != nil {
		m = nil // what strangers send is not kept
	}
	if a.decoded[0] == nil || len(a.decoded[0]) >= cacheSize {
		a.decoded[1], a.decoded[0] = a.decoded[0], make(map[[32]byte]verified, cacheSize)
	}
	a.decoded[0][k] = verified{m, err}
	return m, err
}

func (a *app) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	c := a.committed.Load()
	return &abci.ResponseInfo{LastBlockHeight: c.Height, LastBlockAppHash: c.Hash, AppVersion: 1}, nil
}

func (a *app) InitChain(context.Context, *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	return &abci.ResponseInitChain{AppHash: a.committed.Load().Hash}, nil
}

// codes of CheckTx and of results; a refused message stays in its block and changes nothing.
const (
	codeOK = iota
	codeMalformed
	codeRefused
)

func (a *app) CheckTx(_ context.Context, r *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	m, err := a.decode(r.Tx)
	if err != nil || m.Certificate != nil { // certificates come from proposers only
		return &abci.ResponseCheckTx{Code: codeMalformed, Log: fault.CodeOf(err)}, nil
	}
	if t := m.Tick; t != nil && report.Due(a.config, t.Epoch) > uint64(a.now().UnixMilli())+5_000 {
		return &abci.ResponseCheckTx{Code: codeRefused, Log: "TickEarly"}, nil
	}
	if err := a.state().Check(m); err != nil {
		return &abci.ResponseCheckTx{Code: codeRefused, Log: fault.CodeOf(err)}, nil
	}
	return &abci.ResponseCheckTx{GasWanted: 1}, nil
}

// execute runs a block on the committed state, once for its proposal, its vote and its end. An undecodable message is nil in messages.
func (a *app) execute(block []byte, height int64, at time.Time, txs [][]byte) *executed {
	if a.next != nil && a.next.height == height && len(block) > 0 && bytes.Equal(a.next.block, block) {
		return a.next
	}
	messages := make([]*report.Message, 0, len(txs))
	for _, tx := range txs {
		if m, err := a.decode(tx); err == nil {
			messages = append(messages, m)
		}
	}
	s := a.state().Clone()
	out := s.Block(uint64(max(at.UnixMilli(), 0)), messages)
	h := s.Hash()
	a.next = &executed{slices.Clone(block), height, s, out, h[:]}
	return a.next
}

func (a *app) PrepareProposal(_ context.Context, r *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	var txs [][]byte
	size := int64(0)
	take := func(tx []byte) bool {
		size += int64(len(tx)) + 8 // the field's tag and length
		if size > r.MaxTxBytes {
			return false
		}
		txs = append(txs, tx)
		return true
	}
	if c := a.assemble(r.LocalLastCommit.Votes); c != nil {
		take(c.Bytes())
	}
	for _, tx := range r.Txs {
		if m, err := a.decode(tx); err != nil || m.Certificate != nil {
			continue
		}
		if !take(tx) {
			break
		}
	}
	return &abci.ResponsePrepareProposal{Txs: txs}, nil
}

func (a *app) ProcessProposal(_ context.Context, r *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	reject := &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}
	for i, tx := range r.Txs {
		m, err := a.decode(tx)
		if err != nil || m.Certificate != nil && (i > 0 || a.state().Check(m) != nil) {
			a.logger.Warn("a proposal was rejected", "height", r.Height, "message", i, "code", fault.CodeOf(err))
			return reject, nil
		}
	}
	a.execute(r.Hash, r.Height, r.Time, r.Txs)
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// ExtendVote signs the root that waits after this very block.
func (a *app) ExtendVote(_ context.Context, r *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	p := a.execute(r.Hash, r.Height, r.Time, r.Txs).state.Pending
	if p == nil {
		return &abci.ResponseExtendVote{}, nil
	}
	s := cert.Sign(a.key, a.me, a.reportDigest(p))
	return &abci.ResponseExtendVote{VoteExtension: append(s.RS[:], s.Recovery)}, nil
}

// VerifyVoteExtension looks at the size only: a vote must not be lost for its extension. Signatures count or do not count where certificates are made, which late votes reach too.
func (a *app) VerifyVoteExtension(_ context.Context, r *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	status := abci.ResponseVerifyVoteExtension_ACCEPT
	if n := len(r.VoteExtension); n != 0 && n != extensionSize {
		status = abci.ResponseVerifyVoteExtension_REJECT
	}
	return &abci.ResponseVerifyVoteExtension{Status: status}, nil
}

func (a *app) reportDigest(p *report.Pending) [32]byte {
	return cert.Digest(a.config.Network, a.digest, p.Epoch, p.Root, p.Previous)
}

// assemble makes the certificate of the root that waits, or nil when the last commit has no quorum for it.
func (a *app) assemble(votes []abci.ExtendedVoteInfo) *cert.Certificate {
	p := a.state().Pending
	if p == nil {
		return nil
	}
	c := &cert.Certificate{Epoch: p.Epoch, Root: p.Root, Previous: p.Previous, ConfigDigest: a.digest}
	digest := a.reportDigest(p)
	var weight uint64
	for _, v := range votes {
		i, ok := a.index[string(v.Validator.Address)]
		if !ok || v.BlockIdFlag != cmtproto.BlockIDFlagCommit || len(v.VoteExtension) != extensionSize {
			continue
		}
		s := cert.Signature{Signer: i, RS: [64]byte(v.VoteExtension), Recovery: v.VoteExtension[64]}
		if cert.VerifyOne(a.config.Validators[i].Key, s, digest) == nil {
			c.Signatures = append(c.Signatures, s)
			weight += uint64(a.config.Validators[i].Weight)
		}
	}
	if !a.config.Quorum(weight) {
		return nil
	}
	slices.SortFunc(c.Signatures, func(x, y cert.Signature) int { return int(x.Signer) - int(y.Signer) })
	return c
}

func (a *app) FinalizeBlock(_ context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	x := a.execute(r.Hash, r.Height, r.Time, r.Txs)
	results := make([]*abci.ExecTxResult, len(r.Txs))
	at := 0
	for i, tx := range r.Txs {
		results[i] = &abci.ExecTxResult{}
		if _, err := a.decode(tx); err != nil {
			results[i].Code = codeMalformed
			continue
		}
		if x.outcome.Refused[at] != nil {
			results[i].Code = codeRefused
		}
		at++
	}
	return &abci.ResponseFinalizeBlock{TxResults: results, AppHash: x.hash}, nil
}

// Commit keeps what the block made. An error here stops the consensus: a validator that cannot write must not go on.
func (a *app) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	x := a.next
	a.next = nil
	if r := x.outcome.Closed; r != nil {
		if err := a.archive.addReport(r); err != nil {
			return nil, err
		}
		a.logger.Debug("epoch closed", "epoch", r.Epoch, "leaves", len(r.Leaves), "height", x.height, "epochs", x.outcome.Epochs)
	}
	if c := x.outcome.Certified; c != nil {
		if err := a.archive.addCertificate(c); err != nil {
			return nil, err
		}
		a.logger.Debug("root certified", "epoch", c.Epoch, "signers", len(c.Signatures), "height", x.height)
	}
	c := &Committed{x.state, x.height, x.hash}
	a.committed.Store(c)
	if x.outcome.Certified != nil || x.height >= a.saved+saveEvery {
		if err := a.save(c); err != nil {
			return nil, err
		}
	}
	a.changed(c)
	res := &abci.ResponseCommit{}
	if a.retain > 0 {
		res.RetainHeight = max(0, min(x.height-a.retain, a.saved))
	}
	return res, nil
}

func (a *app) save(c *Committed) error {
	if err := a.archive.save(c.Height, c.Hash, c.State); err != nil {
		return err
	}
	a.saved = c.Height
	return nil
}
