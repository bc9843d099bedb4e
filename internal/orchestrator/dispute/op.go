package dispute

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Op is a call of an entry point. Who has to authorise it is the caller's matter, as on the chain.
type Op interface{ op() }

type (
	OpenDispute struct {
		Consumer        ids.Account
		SLA             ids.ID
		Window          uint32
		Amount          money.Amount
		Evidence, Nonce [32]byte
	}
	Accuse struct {
		Provider        ids.Account
		SLA             ids.ID
		Window          uint32
		Amount          money.Amount
		Evidence, Nonce [32]byte
	}
	AnswerDispute struct {
		Party    ids.Account
		ID       ids.ID
		Evidence [32]byte
	}
	CommitVote struct {
		Arbiter ids.Account
		ID      ids.ID
		Hash    [32]byte
	}
	RevealVote struct {
		Arbiter ids.Account
		ID      ids.ID
		Choice  uint32
		Salt    [32]byte
	}
	Appeal struct {
		Party ids.Account
		ID    ids.ID
	}
	Advance      struct{ ID ids.ID }
	Execute      struct{ ID ids.ID }
	ProveVerdict struct {
		SLA           ids.ID
		Before, After ProvenLeaf
	}
	ProveEquivocation struct {
		Reporter      ids.Account
		First, Second Signed
	}
	ProvePossession struct {
		SLA           ids.ID
		Before, After ProvenLeaf
		Statement     []byte
		StatementSig  [64]byte
		Answers       []Answer
	}
	Recover struct {
		SLA    ids.ID
		Window uint32
	}
	Note            struct{}
	RegisterArbiter struct {
		Arbiter ids.Account
		Active  bool
	}
	Claim     struct{ Account ids.Account }
	SetParams struct{ Params Params }
	SetAdmin  struct{ Admin ids.Account }
)

func (OpenDispute) op()       {}
func (Accuse) op()            {}
func (AnswerDispute) op()     {}
func (CommitVote) op()        {}
func (RevealVote) op()        {}
func (Appeal) op()            {}
func (Advance) op()           {}
func (Execute) op()           {}
func (ProveVerdict) op()      {}
func (ProveEquivocation) op() {}
func (ProvePossession) op()   {}
func (Recover) op()           {}
func (Note) op()              {}
func (RegisterArbiter) op()   {}
func (Claim) op()             {}
func (SetParams) op()         {}
func (SetAdmin) op()          {}
