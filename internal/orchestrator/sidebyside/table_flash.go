package sidebyside

import (
	"fmt"
	"slices"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/devnet/direct"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

// companion is a contract beside the Orchestrators: how it comes into the scene, and its doors. Those whose Wasm is not among the artifacts are left out.
type companion struct {
	name  string
	enter func(s *Scene) error
	doors []Door
}

// companions in the order in which they are deployed. To add one: its constructor and what has to be there before its doors open, then its doors.
var companions = []companion{
	{"flash", (*Scene).enterFlash, flashDoors},
	{"staking", (*Scene).enterStaking, stakingDoors},
	{"registry", (*Scene).enterRegistry, registryDoors},
	{"governance", (*Scene).enterGovernance, governanceDoors},
	{"score", (*Scene).enterScore, scoreDoors},
	{"dispute", (*Scene).enterDispute, disputeDoors},
	{"market", (*Scene).enterMarket, marketDoors},
}

// built reports whether a contract is among the artifacts.
func built(name string) bool { return slices.Contains(artifacts.Names(), name) }

// enterCompanions deploys those that are built.
func (s *Scene) enterCompanions() error {
	for _, c := range companions {
		if built(c.name) {
			if err := c.enter(s); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

// deploy a companion under its name.
func (s *Scene) deployCompanion(name string, args ...xdr.ScVal) (err error) {
	s.others[name], err = s.Host.DeployArtifact(s.ctx, name, args...)
	return err
}

// call a contract, by a role.
func (s *Scene) call(role, contract, function string, args ...xdr.ScVal) error {
	_, err := s.make(role, contract, function, args...)
	return err
}

// make something by a call, which returns its id.
func (s *Scene) make(role, contract, function string, args ...xdr.ScVal) (id [32]byte, err error) {
	out, err := s.Host.Call(s.ctx, s.contract(contract), function, direct.By(s.Roles[role]), args...)
	if err != nil {
		return id, fmt.Errorf("%s: %w", function, err)
	}
	if b, ok := out.Value.GetBytes(); ok {
		copy(id[:], b)
	}
	return id, nil
}

// everyone with a key.
var everyone = roles[:len(roles)-1]

const flashSupply = 1_000_000

// enterFlash gives all FLASH to the consumer, who lets the grantee spend some.
func (s *Scene) enterFlash() error {
	if err := s.deployCompanion("flash", s.Roles["consumer"].Arg(), scval.I128(flashSupply)); err != nil {
		return err
	}
	return s.call("consumer", "flash", "approve", s.Roles["consumer"].Arg(), s.Roles["grantee"].Arg(), scval.I128(500), scval.U32(s.Host.Ledger()+10_000))
}

// by makes arguments that begin with the caller.
func by(rest func(s *Scene) []xdr.ScVal) func(*Scene, ids.Account, ids.ID) []xdr.ScVal {
	return func(s *Scene, by ids.Account, _ ids.ID) []xdr.ScVal {
		return append([]xdr.ScVal{scval.Address(by)}, rest(s)...)
	}
}

// door of a companion, which is about nothing in a state.
func door(contract, function string, who []string, args func(*Scene, ids.Account, ids.ID) []xdr.ScVal) Door {
	return Door{Contract: contract, Function: function, Who: who, Call: raw(contract, function, args)}
}

// asked lets a door ask an account that is not among the arguments.
func asked(d Door, of func(*Scene) ids.Account) Door {
	d.By = of
	return d
}

// ready lets a door open after something.
func ready(d Door, f func(*Scene) error) Door {
	d.Ready = f
	return d
}

// about gives a view's arguments.
func about(args func(s *Scene) []xdr.ScVal) func(*Scene, ids.ID) []xdr.ScVal {
	return func(s *Scene, _ ids.ID) []xdr.ScVal { return args(s) }
}

func role(name string) func(s *Scene) []xdr.ScVal {
	return func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.Roles[name].Arg()} }
}

var flashDoors = []Door{
	door("flash", "approve", everyone, by(func(s *Scene) []xdr.ScVal {
		return []xdr.ScVal{s.Roles["stranger"].Arg(), scval.I128(5), scval.U32(s.Host.Ledger() + 100)}
	})),
	door("flash", "transfer", consumer, by(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.Roles["stranger"].Arg(), scval.I128(5)} })),
	door("flash", "transfer_from", []string{"grantee"}, by(func(s *Scene) []xdr.ScVal {
		return []xdr.ScVal{s.Roles["consumer"].Arg(), s.Roles["stranger"].Arg(), scval.I128(5)}
	})),
	door("flash", "burn", consumer, by(func(*Scene) []xdr.ScVal { return []xdr.ScVal{scval.I128(5)} })),
	door("flash", "burn_from", []string{"grantee"}, by(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.Roles["consumer"].Arg(), scval.I128(5)} })),
	view("flash", "allowance", nothing, "", about(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.Roles["consumer"].Arg(), s.Roles["grantee"].Arg()} })),
	view("flash", "balance", nothing, "", about(role("consumer"))),
	view("flash", "decimals", nothing, "", none),
	view("flash", "name", nothing, "", none),
	view("flash", "symbol", nothing, "", none),
	view("flash", "supply", nothing, "", none),
}

// enterStaking names the slashers before there are stakes, and lets the consumer stake and take some back.
func (s *Scene) enterStaking() error {
	if err := s.deployCompanion("staking", s.Roles["admin"].Arg(), scval.Address(s.contract("flash")), scval.Address(s.World.State.Params().FundAddress)); err != nil {
		return err
	}
	slashers := []xdr.ScVal{s.Roles["dispute"].Arg()}
	for _, name := range []string{"registry", "dispute"} {
		a, err := s.Host.ContractAddress(name)
		if err != nil {
			return err
		}
		slashers = append(slashers, scval.Address(a))
	}
	for _, who := range slashers {
		if err := s.call("admin", "staking", "slasher", who, scval.Bool(true)); err != nil {
			return err
		}
	}
	if err := s.call("consumer", "staking", "stake", s.Roles["consumer"].Arg(), s.Roles["consumer"].Arg(), scval.U32(0), scval.I128(1_000)); err != nil {
		return err
	}
	return s.call("consumer", "staking", "unbond", s.Roles["consumer"].Arg(), scval.U32(0), scval.I128(100))
}

// position is the consumer's stake as a provider.
func position(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.Roles["consumer"].Arg(), scval.U32(0)} }

var stakingDoors = []Door{
	door("staking", "stake", consumer, by(func(s *Scene) []xdr.ScVal {
		return []xdr.ScVal{s.Roles["consumer"].Arg(), scval.U32(0), scval.I128(5)}
	})),
	door("staking", "unbond", consumer, by(func(*Scene) []xdr.ScVal { return []xdr.ScVal{scval.U32(0), scval.I128(5)} })),
	door("staking", "cancel_unbond", consumer, by(func(*Scene) []xdr.ScVal { return []xdr.ScVal{scval.U32(0), scval.U32(0)} })),
	ready(door("staking", "withdraw", nil, func(s *Scene, _ ids.Account, _ ids.ID) []xdr.ScVal { return position(s) }), later(31*86_400)),
	asked(door("staking", "slasher", anAdmin, func(s *Scene, _ ids.Account, _ ids.ID) []xdr.ScVal {
		return []xdr.ScVal{s.Roles["stranger"].Arg(), scval.Bool(true)}
	}), theAdmin),
	door("staking", "slash", dispute, by(func(s *Scene) []xdr.ScVal {
		return append(position(s), scval.I128(5), s.Roles["stranger"].Arg(), scval.ID([32]byte{1}))
	})),
	door("staking", "hold", dispute, by(func(s *Scene) []xdr.ScVal { return append(position(s), scval.U64(s.Host.Now()+100)) })),
	asked(door("staking", "set_admin", anAdmin, func(s *Scene, _ ids.Account, _ ids.ID) []xdr.ScVal { return []xdr.ScVal{s.Roles["stranger"].Arg()} }), theAdmin),
	asked(door("staking", "upgrade_announce", anAdmin, newCode), theAdmin),
	asked(ready(door("staking", "upgrade", anAdmin, plain), announcedFor("staking", 37)), theAdmin),
	view("staking", "upgrade_announced", nothing, "", none),
	view("staking", "stake_of", nothing, "", about(position)),
	view("staking", "position", nothing, "", about(position)),
	view("staking", "votes", nothing, "", about(role("consumer"))),
	view("staking", "total", nothing, "", none),
	view("staking", "power_at", nothing, "", about(func(s *Scene) []xdr.ScVal { return append(role("consumer")(s), scval.U64(s.Host.Now()-1)) })),
	view("staking", "total_at", nothing, "", about(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{scval.U64(s.Host.Now() - 1)} })),
	view("staking", "slasher_from", nothing, "", about(role("dispute"))),
	view("staking", "admin", nothing, "", none),
	view("staking", "token", nothing, "", none),
	view("staking", "fund", nothing, "", none),
}
