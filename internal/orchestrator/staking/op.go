package staking

import (
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Role that one can stake for.
type Role uint32

const (
	Provider  Role = 0
	Validator Role = 1
	Certifier Role = 2
	Arbiter   Role = 3
	Voter     Role = 4 // nothing but votes
)

// Constants of the contract.
const (
	UnbondingSeconds = 30 * 86_400 // from Unbond to the earliest Withdraw
	HoldSeconds      = 60 * 86_400 // how far ahead a hold may reach
	NoticeSeconds    = 37 * 86_400 // from the announcement of code, and, once there are stakes, from the naming of a slasher, until it may act
	OpenSeconds      = 7 * 86_400  // for so long announced code may be installed
	Unbondings       = 8           // of one position that may wait at a time
)

// Op is a call of an entry point. Who has to authorise it: From, Owner, By; the admin where there is none of these; nobody for Withdraw.
type Op interface{ op() }

type (
	Stake struct { // by From
		From, Owner ids.Account
		Role        Role
		Amount      money.Amount
	}
	Unbond struct { // by Owner
		Owner  ids.Account
		Role   Role
		Amount money.Amount
	}
	CancelUnbond struct { // by Owner
		Owner  ids.Account
		Role   Role
		Number uint32
	}
	Withdraw struct { // by anyone
		Owner ids.Account
		Role  Role
	}
	Slash struct { // by By, who has to be a slasher
		By, Owner ids.Account
		Role      Role
		Amount    money.Amount
		To        ids.Account
		Cause     [32]byte
	}
	Hold struct { // by By, who has to be a slasher
		By, Owner ids.Account
		Role      Role
		Until     uint64
	}
	NameSlasher struct { // by the admin
		Contract ids.Account
		Allowed  bool
	}
	SetAdmin        struct{ Admin ids.Account } // by the admin
	UpgradeAnnounce struct{ Wasm [32]byte }     // by the admin
	Upgrade         struct{}                    // by the admin
)

func (Stake) op()           {}
func (Unbond) op()          {}
func (CancelUnbond) op()    {}
func (Withdraw) op()        {}
func (Slash) op()           {}
func (Hold) op()            {}
func (NameSlasher) op()     {}
func (SetAdmin) op()        {}
func (UpgradeAnnounce) op() {}
func (Upgrade) op()         {}

// Effects of a step that was taken.
type Effects struct {
	Number   uint32       // of the unbonding that Unbond made
	Amount   money.Amount // what Withdraw paid, what Slash took
	Transfer *Transfer    // of FLASH, if there was one
	Event    *orchestrator.Event
}

// Transfer of FLASH.
type Transfer struct {
	From, To ids.Account
	Amount   money.Amount
}
