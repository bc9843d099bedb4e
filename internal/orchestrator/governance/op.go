package governance

import "github.com/flashback-network/flashback/internal/ids"

// Op is one call of an entry point. Its type names the entry point, its fields are the arguments.
type Op interface{ op() }

type (
	Propose struct {
		Proposer       ids.Account
		Actions, About [32]byte
	}
	Vote struct {
		Voter          ids.Account
		Number, Choice uint32
	}
	Execute struct { // anyone
		Number  uint32
		Actions []Action
	}
	Cancel struct {
		Proposer ids.Account
		Number   uint32
	}
	GuardianPause struct{} // the guardian
	Unpause       struct { // the guardian, or anyone once the pause is over
		ByGuardian bool // whether the guardian has authorised it
	}
)

func (Propose) op()       {}
func (Vote) op()          {}
func (Execute) op()       {}
func (Cancel) op()        {}
func (GuardianPause) op() {}
func (Unpause) op()       {}

// Action is a call that a proposal makes. On governance itself exactly one of SetParams, SetGuardian, AddTarget and UpgradeAnnounce is set and Function names it; on others Arguments are
// what their chain makes of them, in its own encoding.
type Action struct {
	Target    ids.Account
	Function  string
	Arguments []byte

	SetParams       *Params
	SetGuardian     *ids.Account
	AddTarget       *Target
	UpgradeAnnounce *[32]byte
}

// Target is a contract and what may be called there; nothing at all when there are no functions.
type Target struct {
	Contract  ids.Account
	Functions []string
}
