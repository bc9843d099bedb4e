package market

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Op is one call of an entry point. Its type names the entry point, its fields are the arguments.
type Op interface{ op() }

type (
	Want struct { // entry point ask
		Consumer ids.Account
		Wanted   Wanted
		Nonce    [32]byte
	}
	Offer struct { // entry point answer
		Provider                  ids.Account
		ID, Unit                  ids.ID
		StoragePrice, EgressPrice money.Amount
	}
	Commit struct {
		Provider   ids.Account
		ID         ids.ID
		Commitment [32]byte
	}
	Reveal struct {
		Provider                  ids.Account
		ID, Unit                  ids.ID
		StoragePrice, EgressPrice money.Amount
		Salt                      [32]byte
	}
	Take struct {
		Consumer ids.Account
		ID       ids.ID
		Provider ids.Account
		Deal     Deal
	}
	Withdraw struct {
		Consumer ids.Account
		ID       ids.ID
	}
	Expire   struct{ ID ids.ID }         // anyone
	SetAdmin struct{ Admin ids.Account } // the admin
)

func (Want) op()     {}
func (Offer) op()    {}
func (Commit) op()   {}
func (Reveal) op()   {}
func (Take) op()     {}
func (Withdraw) op() {}
func (Expire) op()   {}
func (SetAdmin) op() {}
