package chain

import (
	"context"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
)

// Market is where consumers ask and providers answer. Every method is safe for concurrent use; reads are of the latest ledger; refusals and faults are those of Chain. A deployment without the contract
// answers contract_missing (NotFound).
type Market interface {
	// Trade calls an entry point and waits until the call is applied or refused; by is its only signer. The receipt's ID is the ask, or the SLA, that the call made.
	Trade(ctx context.Context, by Signer, op market.Op) (Receipt, error)
	Ask(ctx context.Context, id ids.ID) (market.Ask, error)
	// Answer of a provider, or its commitment.
	Answer(ctx context.Context, ask ids.ID, provider ids.Account) (market.Answer, error)
	// Answers to an ask from a number on, up to max of them. They are numbered from 0.
	Answers(ctx context.Context, ask ids.ID, from uint32, max int) ([]market.Answer, error)
	// MarketEvents is Events of the Market.
	MarketEvents(ctx context.Context, cursor string, max int) (events []Event, next string, err error)
}
