package stellar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/contracts/artifacts"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/scval"
	"github.com/flashback-network/flashback/internal/sla"
)

// spec is what a contract's Wasm says of its functions and types.
type spec struct {
	functions map[string]xdr.ScSpecFunctionV0
	structs   map[string]xdr.ScSpecUdtStructV0
	enums     map[string]xdr.ScSpecUdtEnumV0
}

// readSpec finds the custom section contractspecv0.
func readSpec(t *testing.T, name string) spec {
	t.Helper()
	wasm, err := artifacts.Wasm(name)
	if err != nil {
		t.Fatal(err)
	}
	s := spec{map[string]xdr.ScSpecFunctionV0{}, map[string]xdr.ScSpecUdtStructV0{}, map[string]xdr.ScSpecUdtEnumV0{}}
	for b := wasm[8:]; len(b) > 0; {
		id := b[0]
		size, n := binary.Uvarint(b[1:])
		body := b[1+n : 1+n+int(size)]
		b = b[1+n+int(size):]
		if id != 0 {
			continue
		}
		l, n := binary.Uvarint(body)
		if string(body[n:n+int(l)]) != "contractspecv0" {
			continue
		}
		for r := bytes.NewReader(body[n+int(l):]); r.Len() > 0; {
			var e xdr.ScSpecEntry
			if _, err := xdr.Unmarshal(r, &e); err != nil {
				t.Fatal(err)
			}
			switch {
			case e.FunctionV0 != nil:
				s.functions[string(e.FunctionV0.Name)] = *e.FunctionV0
			case e.UdtStructV0 != nil:
				s.structs[e.UdtStructV0.Name] = *e.UdtStructV0
			case e.UdtEnumV0 != nil:
				s.enums[e.UdtEnumV0.Name] = *e.UdtEnumV0
			}
		}
	}
	if len(s.functions) == 0 {
		t.Fatalf("%s has no spec", name)
	}
	return s
}

var scalars = map[xdr.ScSpecType]xdr.ScValType{
	xdr.ScSpecTypeScSpecTypeU32: xdr.ScValTypeScvU32, xdr.ScSpecTypeScSpecTypeU64: xdr.ScValTypeScvU64, xdr.ScSpecTypeScSpecTypeI128: xdr.ScValTypeScvI128,
	xdr.ScSpecTypeScSpecTypeBool: xdr.ScValTypeScvBool, xdr.ScSpecTypeScSpecTypeBytes: xdr.ScValTypeScvBytes, xdr.ScSpecTypeScSpecTypeString: xdr.ScValTypeScvString,
	xdr.ScSpecTypeScSpecTypeSymbol: xdr.ScValTypeScvSymbol, xdr.ScSpecTypeScSpecTypeAddress: xdr.ScValTypeScvAddress, xdr.ScSpecTypeScSpecTypeMuxedAddress: xdr.ScValTypeScvAddress,
}

// check says where a value is not of a type.
func (s spec) check(v xdr.ScVal, d xdr.ScSpecTypeDef) error {
	if want, ok := scalars[d.Type]; ok {
		if v.Type != want {
			return fmt.Errorf("%s, want %s", v.Type, want)
		}
		return nil
	}
	switch d.Type {
	case xdr.ScSpecTypeScSpecTypeOption:
		if v.Type != xdr.ScValTypeScvVoid {
			return s.check(v, d.Option.ValueType)
		}
	case xdr.ScSpecTypeScSpecTypeBytesN:
		if b, ok := v.GetBytes(); !ok || len(b) != int(d.BytesN.N) {
			return fmt.Errorf("%v, want %d bytes", v, d.BytesN.N)
		}
	case xdr.ScSpecTypeScSpecTypeVec:
		l, ok := v.GetVec()
		if !ok || l == nil {
			return fmt.Errorf("%s, want a list", v.Type)
		}
		for i, x := range *l {
			if err := s.check(x, d.Vec.ElementType); err != nil {
				return fmt.Errorf("[%d] %w", i, err)
			}
		}
	case xdr.ScSpecTypeScSpecTypeUdt:
		u, ok := s.structs[d.Udt.Name]
		if !ok {
			return fmt.Errorf("unknown type %s", d.Udt.Name)
		}
		m, ok := v.GetMap()
		if !ok || m == nil || len(*m) != len(u.Fields) {
			return fmt.Errorf("%s has %d fields: %v", d.Udt.Name, len(u.Fields), v)
		}
		r := newRecord(d.Udt.Name, v)
		for i, f := range u.Fields {
			if err := s.check(r.take(f.Name), f.Type); err != nil || r.err != nil {
				return fmt.Errorf("%s.%s: %w %v", d.Udt.Name, f.Name, err, r.err)
			}
			if i > 0 && *(*m)[i-1].Key.Sym >= *(*m)[i].Key.Sym {
				return fmt.Errorf("%s: the keys are not in order", d.Udt.Name)
			}
		}
	default:
		return fmt.Errorf("type %s is new to this test", d.Type)
	}
	return nil
}

// zero is a value of a type.
func (s spec) zero(d xdr.ScSpecTypeDef) xdr.ScVal {
	switch d.Type {
	case xdr.ScSpecTypeScSpecTypeU64:
		return scval.U64(0)
	case xdr.ScSpecTypeScSpecTypeI128:
		return xdr.ScVal{Type: xdr.ScValTypeScvI128, I128: &xdr.Int128Parts{}}
	case xdr.ScSpecTypeScSpecTypeBool:
		return scval.Bool(false)
	case xdr.ScSpecTypeScSpecTypeBytes:
		return scval.Bytes(nil)
	case xdr.ScSpecTypeScSpecTypeBytesN:
		return scval.Bytes(make([]byte, d.BytesN.N))
	case xdr.ScSpecTypeScSpecTypeString:
		return scval.String("")
	case xdr.ScSpecTypeScSpecTypeAddress:
		return scval.Address(nobody)
	case xdr.ScSpecTypeScSpecTypeOption:
		return xdr.ScVal{Type: xdr.ScValTypeScvVoid}
	case xdr.ScSpecTypeScSpecTypeVec:
		return scval.Vec(s.zero(d.Vec.ElementType))
	case xdr.ScSpecTypeScSpecTypeUdt:
		if _, ok := s.enums[d.Udt.Name]; ok {
			return vU32(uint32(0))
		}
		f := scval.Fields{}
		for _, x := range s.structs[d.Udt.Name].Fields {
			f[x.Name] = s.zero(x.Type)
		}
		return scval.Struct(f)
	}
	return vU32(uint32(0))
}

// Every op is a call that the contract's own Wasm declares like this: function, number and types of arguments, names and order of fields.
func TestCallsFitTheContracts(t *testing.T) {
	t.Parallel()
	at := chain.Contracts{}
	specs := map[ids.Account]spec{}
	for i, name := range []string{"oracle", "provider", "consumer"} {
		a := ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{byte(i + 1)}}
		*[]*ids.Account{&at.Oracle, &at.Provider, &at.Consumer}[i] = a
		specs[a] = readSpec(t, name)
	}
	g := ids.Account{Chain: ids.Stellar, Address: [32]byte{9}}
	p := orchestrator.Params{Protocol: sla.DefaultProtocol(1), PlatformAddress: g, ValidatorsAddress: g, FundAddress: g, InsuranceAddress: g}
	proof := merkle.Proof{Path: []merkle.Hash{{1}}}
	config := cert.Config{Validators: []cert.Validator{{Operator: g}}}
	sigs := []cert.Signature{{Signer: 1}}
	ops := []orchestrator.Op{
		orchestrator.SubmitReport{Certificate: cert.Certificate{Signatures: sigs}}, orchestrator.Rotate{Config: config, Signatures: sigs},
		orchestrator.Register{Provider: g, Payout: g}, orchestrator.UpdateProvider{Provider: g, Payout: g}, orchestrator.NodeBind{Provider: g, Node: g}, orchestrator.NodeRotate{Provider: g, Key: g},
		orchestrator.NodeRelease{Provider: g}, orchestrator.DepositCollateral{Provider: g, Asset: g}, orchestrator.WithdrawCollateral{Provider: g, Asset: g},
		orchestrator.UnitCreate{Provider: g, Spec: orchestrator.UnitSpec{Asset: g}}, orchestrator.UnitPrice{Provider: g}, orchestrator.UnitList{Provider: g}, orchestrator.UnitMaintain{Provider: g},
		orchestrator.UnitResume{Provider: g}, orchestrator.UnitDecommission{Provider: g}, orchestrator.UnitRetire{}, orchestrator.Accept{Provider: g}, orchestrator.Refuse{Provider: g},
		orchestrator.SettleReservation{Proof: proof}, orchestrator.Claim{}, orchestrator.CollectSlash{},
		orchestrator.Request{Consumer: g, Refund: g}, orchestrator.Fund{From: g}, orchestrator.Cancel{Consumer: g}, orchestrator.Expire{}, orchestrator.Settle{Proof: proof},
		orchestrator.CloseSLA{Consumer: g}, orchestrator.Terminate{Consumer: g}, orchestrator.TimeOut{}, orchestrator.Payout{}, orchestrator.Refund{}, orchestrator.CollectFees{},
		orchestrator.GrantAccess{Consumer: g, Grantee: g}, orchestrator.DelegateAccess{Grantee: g, To: g}, orchestrator.RevokeAccess{By: g}, orchestrator.Pause{}, orchestrator.SetParams{Params: p},
		orchestrator.UnitEmergency{Provider: g}, orchestrator.SetProviderParams{Params: p}, orchestrator.ExtendProvider{}, orchestrator.ExtendConsumer{}, orchestrator.Freeze{}, orchestrator.Rule{},
		orchestrator.Reclaim{Provider: g}, orchestrator.Drain{}, orchestrator.PriceFor{Provider: g, Consumer: g}, orchestrator.RequestJoint{Consumer: g, Refund: g, Parts: []orchestrator.Part{{}, {}}}, orchestrator.Begin{},
		orchestrator.Split{Consumer: g, Pieces: []orchestrator.Piece{{To: g, Refund: g}}}, orchestrator.TransferSLA{Consumer: g, To: g, Refund: g},
		orchestrator.SetAdmin{Next: g}, orchestrator.SetAdmin{Next: g, Provider: true},
	}
	called := map[ids.Account]map[string]bool{at.Oracle: {}, at.Provider: {}, at.Consumer: {}}
	for _, op := range ops {
		c, err := translate(at, op)
		if err != nil {
			t.Errorf("%T: %v", op, err)
			continue
		}
		called[c.contract][c.function] = true
		f, ok := specs[c.contract].functions[c.function]
		if !ok || len(f.Inputs) != len(c.args) {
			t.Errorf("%T calls %s with %d arguments; the contract has %+v", op, c.function, len(c.args), f)
			continue
		}
		for i, in := range f.Inputs {
			if err := specs[c.contract].check(c.args[i], in.Type); err != nil {
				t.Errorf("%T: %s(%s): %v", op, c.function, in.Name, err)
			}
		}
	}
	// What nobody calls from outside: views, and what the contracts ask of each other.
	inner := map[ids.Account][]string{
		at.Oracle: {"__constructor", "root", "latest", "config", "digest", "network"},
		at.Provider: {"__constructor", "wire", "upgrade_announce", "upgrade", "quote", "reserve", "activate", "release", "finish", "provider", "collateral", "node", "node_of", "unit", "reservation", "params", "divide", "assign",
			"price_of"},
		at.Consumer: {"__constructor", "wire_dispute", "upgrade_announce", "upgrade", "accepted", "refused", "sla", "terms", "grant_of", "params", "po", "oracle", "reclaimed", "group_of"},
	}
	for a, s := range specs {
		for _, name := range inner[a] {
			called[a][name] = true
		}
		for name := range s.functions {
			if !called[a][name] {
				t.Errorf("no op calls %s", name)
			}
		}
	}
}

// What the driver reads has the fields that the contracts' Wasm declares.
func TestRecordsFitTheContracts(t *testing.T) {
	t.Parallel()
	oracle, po, co := readSpec(t, "oracle"), readSpec(t, "provider"), readSpec(t, "consumer")
	_ = oracle
	udt := func(s spec, name string) *record {
		return newRecord(name, s.zero(xdr.ScSpecTypeDef{Type: xdr.ScSpecTypeScSpecTypeUdt, Udt: &xdr.ScSpecTypeUdt{Name: name}}))
	}
	for name, err := range map[string]error{
		"Unit":        second(readUnit(udt(po, "Unit"), ids.ID{})),
		"Quote":       second(readQuote(udt(po, "Quote"))),
		"Reservation": second(readReservation(udt(po, "Reservation"))),
		"Params":      second(readParams(udt(co, "Params"))),
		"Sla":         second(readSLA(udt(co, "Sla"), ids.ID{})),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readSLA(udt(po, "Unit"), ids.ID{}); err == nil {
		t.Error("a unit was read as an SLA")
	}
}

func second[T any](_ T, err error) error { return err }
