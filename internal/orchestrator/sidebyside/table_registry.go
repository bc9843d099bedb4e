package sidebyside

import (
	"errors"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/scval"
)

// The Registry in the scene: the validator operator certifies, the other consumer denies. Their statements differ by scope.
const (
	scopeAlone    = 1 // certified, and nobody denies it
	scopeTwo      = 2 // certified and denied, and nobody has said that these contradict each other
	scopeConflict = 3 // in conflict
	scopeNew      = 4
)

func (s *Scene) registryParams(version uint32) xdr.ScVal {
	return scval.Struct(scval.Fields{"version": scval.U32(version), "bonds": scval.Vec(scval.I128(100), scval.I128(50), scval.I128(50), scval.I128(100)), "list_stake": scval.I128(500), "list_price": scval.I128(10),
		"list_period_seconds": scval.U64(1_000), "payee": s.Roles["admin"].Arg(), "fund": s.Roles["admin"].Arg(), "resolver": s.Roles["dispute"].Arg(), "max_life_seconds": scval.U64(10_000), "challenge_seconds": scval.U64(100),
		"concede_seconds": scval.U64(50), "lapse_seconds": scval.U64(200), "concede_bps": scval.U32(1_000), "conflict_fund_bps": scval.U32(5_000)})
}

// statement about the provider, without the certifier that is in front.
func (s *Scene) statement(level uint32, scope byte) []xdr.ScVal {
	return []xdr.ScVal{s.Roles["provider"].Arg(), scval.U32(0), scval.U32(level), scval.ID([32]byte{scope}), scval.ID([32]byte{9}), scval.U64(s.Host.Now() + 1_000), scval.ID([32]byte{byte(level), scope})}
}

func (s *Scene) enterRegistry() error {
	if err := s.deployCompanion("registry", s.Roles["admin"].Arg(), scval.Address(s.contract("staking")), scval.Address(s.contract("flash")), s.registryParams(1)); err != nil {
		return err
	}
	var errs []error
	for _, who := range []string{"validator operator", "other consumer"} {
		errs = append(errs,
			s.call("consumer", "staking", "stake", s.Roles["consumer"].Arg(), s.Roles[who].Arg(), scval.U32(2), scval.I128(10_000)),
			s.call(who, "registry", "certifier", s.Roles[who].Arg(), scval.ID([32]byte{1})))
	}
	certify := func(who string, level uint32, scope byte) ids.ID {
		id, err := s.make(who, "registry", "certify", append([]xdr.ScVal{s.Roles[who].Arg()}, s.statement(level, scope)...)...)
		errs = append(errs, err)
		return id
	}
	s.said = map[byte][2]ids.ID{scopeAlone: {certify("validator operator", 2, scopeAlone)}}
	for _, scope := range []byte{scopeTwo, scopeConflict} {
		s.said[scope] = [2]ids.ID{certify("validator operator", 2, scope), certify("other consumer", 0, scope)}
	}
	return errors.Join(append(errs, s.call("stranger", "registry", "conflict", s.both(scopeConflict)...))...)
}

func (s *Scene) one(scope byte) xdr.ScVal { return scval.ID(s.said[scope][0]) }

func (s *Scene) both(scope byte) []xdr.ScVal {
	return []xdr.ScVal{scval.ID(s.said[scope][0]), scval.ID(s.said[scope][1])}
}

// open to anyone with these arguments.
func anyones(args func(s *Scene) []xdr.ScVal) func(*Scene, ids.Account, ids.ID) []xdr.ScVal {
	return func(s *Scene, _ ids.Account, _ ids.ID) []xdr.ScVal { return args(s) }
}

var certifiers = []string{"validator operator", "other consumer"}

var registryDoors = []Door{
	door("registry", "certifier", everyone, by(func(*Scene) []xdr.ScVal { return []xdr.ScVal{scval.ID([32]byte{2})} })),
	door("registry", "certify", certifiers, by(func(s *Scene) []xdr.ScVal { return s.statement(1, scopeNew) })),
	door("registry", "object", []string{"other consumer"}, by(func(s *Scene) []xdr.ScVal {
		return []xdr.ScVal{s.one(scopeAlone), scval.U32(0), scval.ID([32]byte{9}), scval.U64(s.Host.Now() + 500), scval.ID([32]byte{8})}
	})),
	door("registry", "revoke", []string{"validator operator"}, by(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.one(scopeAlone), scval.ID([32]byte{7})} })),
	ready(door("registry", "expire", nil, anyones(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.one(scopeAlone)} })), later(1_200)),
	door("registry", "conflict", nil, anyones(func(s *Scene) []xdr.ScVal { return s.both(scopeTwo) })),
	door("registry", "resolve", []string{"admin", "dispute"}, by(func(s *Scene) []xdr.ScVal { return append(s.both(scopeConflict), s.one(scopeConflict)) })),
	ready(door("registry", "lapse", nil, anyones(func(s *Scene) []xdr.ScVal { return s.both(scopeConflict) })), later(201)),
	door("registry", "hold", nil, anyones(role("validator operator"))),
	door("registry", "subscribe", consumer, by(func(s *Scene) []xdr.ScVal {
		return []xdr.ScVal{s.Roles["provider"].Arg(), scval.U32(1), scval.I128(10)}
	})),
	asked(door("registry", "set_params", anAdmin, anyones(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.registryParams(2)} })), theAdmin),
	asked(door("registry", "upgrade_announce", anAdmin, newCode), theAdmin),
	asked(ready(door("registry", "upgrade", anAdmin, plain), announced("registry")), theAdmin),
	view("registry", "may_list", nothing, "", about(role("provider"))),
	view("registry", "is_certified", nothing, "", about(func(s *Scene) []xdr.ScVal {
		return []xdr.ScVal{s.one(scopeAlone), s.Roles["provider"].Arg(), scval.U32(0), scval.U32(1), scval.ID([32]byte{scopeAlone})}
	})),
	view("registry", "certification", nothing, "", about(func(s *Scene) []xdr.ScVal { return []xdr.ScVal{s.one(scopeAlone)} })),
	view("registry", "certifier_of", nothing, "", about(role("validator operator"))),
	view("registry", "subscription", nothing, "", about(role("provider"))),
	view("registry", "params", nothing, "", none),
	view("registry", "upgrade_announced", nothing, "", none),
}
