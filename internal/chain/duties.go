package chain

import (
	"context"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
	"github.com/flashback-network/flashback/internal/orchestrator/score"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
)

// Done is what a duty's call did.
type Done struct {
	Receipt              // its ID: the certification or dispute that the call made
	Number  uint64       // the unbonding or proposal that it made; until when (Unix seconds) what was subscribed or paused lasts
	Amount  money.Amount // what it paid, denied, moved or slashed; the votes that it cast
}

// Duties is what people do at the contracts around the Orchestrators: stake, vote, certify, score, judge. Every method is safe for concurrent use; reads are of the latest ledger; refusals and faults are those of Chain.
// A deployment without the contract answers contract_missing (NotFound).
type Duties interface {
	// Do calls an entry point and waits until the call is applied or refused. duty is an op of the models in internal/orchestrator/{flash,staking,registry,governance,score,dispute} that no admin
	// authorises; by is its only signer.
	Do(ctx context.Context, by Signer, duty any) (Done, error)

	// ActionOf is the action of a proposal that makes the call: an op of the six models or of the Orchestrators that the admin authorises.
	ActionOf(op any) (governance.Action, error)
	// Change is the action set_params of a contract: its parameters as they are now, with the next version and with these fields changed. Values are decimal numbers, addresses or true and false.
	Change(ctx context.Context, contract ids.Account, fields map[string]string) (governance.Action, error)
	// Upgrade is the action that announces new code of a contract, or, without code, installs what was announced.
	Upgrade(contract ids.Account, wasm *[32]byte) governance.Action
	// ActionsHash is what a proposal stores of its actions.
	ActionsHash(l []governance.Action) ([32]byte, error)
	// Describe is an action's arguments in a form for people and JSON.
	Describe(a governance.Action) (any, error)

	Allowance(ctx context.Context, from, spender ids.Account) (money.Amount, error)

	Stake(ctx context.Context, owner ids.Account, role staking.Role) (staking.Position, error)
	Votes(ctx context.Context, owner ids.Account) (money.Amount, error)
	TotalVotes(ctx context.Context) (money.Amount, error)
	// PowerAt is the votes at the end of a second that is over.
	PowerAt(ctx context.Context, owner ids.Account, time uint64) (money.Amount, error)

	Certifier(ctx context.Context, account ids.Account) (registry.Certifier, error)
	Certification(ctx context.Context, id ids.ID) (registry.Certification, error)
	MayList(ctx context.Context, provider ids.Account) (bool, error)
	Subscription(ctx context.Context, provider ids.Account) (until uint64, err error)
	RegistryParams(ctx context.Context) (registry.Params, error)

	// Proposals is the number of proposals; they count from 1.
	Proposals(ctx context.Context) (uint32, error)
	Proposal(ctx context.Context, number uint32) (governance.Proposal, governance.StateOf, error)
	// VoteOf is not ok when the account did not vote.
	VoteOf(ctx context.Context, number uint32, voter ids.Account) (choice uint32, ok bool, err error)

	// ScoreOf is an account's score as the contract has it, decayed to a time in Unix seconds.
	ScoreOf(ctx context.Context, account ids.Account, as score.Role, time uint64) (score.Score, error)
	// Recorded is the hash of an SLA's leaf that its score was recorded with last; not ok before the first.
	Recorded(ctx context.Context, sla ids.ID) (leaf [32]byte, ok bool, err error)
	ScoreParams(ctx context.Context) (score.Params, error)
	// ScoreUnit is the fee that weighs one point; AssetUnknown for assets without weight.
	ScoreUnit(ctx context.Context, asset money.Asset) (money.Amount, error)

	Dispute(ctx context.Context, id ids.ID) (dispute.Case, error)
	Panel(ctx context.Context, id ids.ID, round uint32) ([]dispute.Seat, error)
	DisputeWindow(ctx context.Context, sla ids.ID, number uint32) (dispute.Window, error)
	// ArbiterPlace is a place of the register of arbiters; not ok where there is none. Places count from 0 and have no gaps.
	ArbiterPlace(ctx context.Context, at uint32) (s dispute.Slot, ok bool, err error)
	Due(ctx context.Context, account ids.Account) (money.Amount, error)
	DisputeParams(ctx context.Context) (dispute.Params, error)

	// DutyEvents is Events of the contracts around the Orchestrators.
	DutyEvents(ctx context.Context, cursor string, max int) (events []Event, next string, err error)
}
