package registry

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
)

// Op is one call of an entry point. Its type names the entry point, its fields are the arguments.
type Op interface{ op() }

type (
	Register struct { // entry point certifier
		Certifier ids.Account
		Info      [32]byte
	}
	Certify struct {
		Certifier, Subject ids.Account
		Kind, Level        uint32
		Scope, Evidence    [32]byte
		Expires            uint64 // Unix seconds
		Nonce              [32]byte
	}
	Object struct {
		Certifier ids.Account
		Against   ids.ID
		Level     uint32
		Evidence  [32]byte
		Expires   uint64
		Nonce     [32]byte
	}
	Revoke struct {
		Certifier ids.Account
		ID        ids.ID
		Reason    [32]byte
	}
	Expire   struct{ ID ids.ID }   // anyone
	Conflict struct{ A, B ids.ID } // anyone
	Resolve  struct {              // the admin or the resolver
		By          ids.Account
		A, B, Right ids.ID
	}
	Lapse     struct{ A, B ids.ID }           // anyone
	Hold      struct{ Certifier ids.Account } // anyone
	Subscribe struct {
		From, Provider ids.Account
		Periods        uint32
		MaxTotal       money.Amount
	}
	SetParams struct{ Params Params } // the admin
)

func (Register) op()  {}
func (Certify) op()   {}
func (Object) op()    {}
func (Revoke) op()    {}
func (Expire) op()    {}
func (Conflict) op()  {}
func (Resolve) op()   {}
func (Lapse) op()     {}
func (Hold) op()      {}
func (Subscribe) op() {}
func (SetParams) op() {}
