package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/sla"
)

const folder = "../../../contracts/vectors"

func read[T any](t *testing.T, name string) (v T) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// The committed files are what the model says today.
func TestUpToDate(t *testing.T) {
	t.Parallel()
	files, n, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	if n < 100 {
		t.Errorf("%d cases, at least 100 are wanted", n)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what vectorgen makes: run `make gen` (%v)", name, err)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"encoding.json", "merkle.json", "certificate.json", "totals.json", "judge.json", "transitions.json", "succession.json"} {
		f := readLoose(t, name)
		seen := map[string]bool{}
		for _, c := range f.Cases {
			if c.Name == "" || seen[c.Name] {
				t.Errorf("%s: name %q is empty or taken", name, c.Name)
			}
			seen[c.Name] = true
		}
	}
}

func readLoose(t *testing.T, name string) (f struct {
	Cases []struct {
		Name string `json:"name"`
	} `json:"cases"`
}) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEncoding(t *testing.T) {
	t.Parallel()
	for _, c := range read[file[encodingCase]](t, "encoding.json").Cases {
		t.Run(c.Name, func(t *testing.T) {
			switch c.Kind {
			case "account":
				a, err := ids.ParseAccount(c.Text)
				if err != nil || !bytes.Equal(a.Bytes(), c.Bytes) {
					t.Errorf("%x, %v", a.Bytes(), err)
				}
			case "id":
				r := canon.Read("", c.Orchestrator)
				at := ids.ReadAccount(r)
				id := map[string]func() ids.ID{
					"node":  func() ids.ID { return ids.NodeID(at, readAccount(c.Subject)) },
					"unit":  func() ids.ID { return ids.UnitID(at, readAccount(c.Subject), [32]byte(c.Nonce)) },
					"sla":   func() ids.ID { return ids.SLAID(at, readAccount(c.Subject), [32]byte(c.Nonce)) },
					"grant": func() ids.ID { return ids.GrantID(at, ids.ID(c.Subject), [32]byte(c.Nonce)) },
				}[c.Of]()
				if !bytes.Equal(id[:], c.Bytes) || id.String() != c.Text || id.Chain() != ids.Stellar {
					t.Errorf("%s", id)
				}
			case "network":
				if h := cert.NetworkID([32]byte(c.ChainNetwork), readAccount(c.Oracle)); !bytes.Equal(h[:], c.Hash) {
					t.Errorf("%x", h)
				}
			case "terms":
				x, err := sla.DecodeTerms(c.Bytes)
				if err != nil {
					t.Fatal(err)
				}
				h := x.Hash()
				if !bytes.Equal(x.Bytes(), c.Bytes) || !bytes.Equal(h[:], c.Hash) {
					t.Error("decoded terms encode to other bytes")
				}
				if d := cmp.Diff(c.Fields, termsFields(x)); d != "" {
					t.Error(d)
				}
			case "leaf":
				x, err := sla.DecodeLeaf(c.Bytes)
				if err != nil {
					t.Fatal(err)
				}
				h := x.Hash()
				if !bytes.Equal(x.Bytes(), c.Bytes) || !bytes.Equal(h[:], c.Hash) {
					t.Error("decoded leaf encodes to other bytes")
				}
				if d := cmp.Diff(c.Fields, leafFields(x)); d != "" {
					t.Error(d)
				}
			case "certificate":
				x, err := cert.Decode(c.Bytes)
				if err != nil || !bytes.Equal(x.Bytes(), c.Bytes) {
					t.Error("certificate", err)
				}
			case "refused":
				if err := decodeDocument(c.Document, c.Bytes); err == nil {
					t.Errorf("%s accepted: %s", c.Document, c.Why)
				}
			default:
				t.Errorf("kind %q", c.Kind)
			}
		})
	}
}

func readAccount(b []byte) ids.Account { return ids.ReadAccount(canon.Read("", b)) }

func decodeDocument(document string, b []byte) (err error) {
	switch document {
	case "terms":
		_, err = sla.DecodeTerms(b)
	case "leaf":
		_, err = sla.DecodeLeaf(b)
	case "certificate":
		_, err = cert.Decode(b)
	case "proof":
		r := canon.Read("", b)
		merkle.Read(r)
		err = r.Done()
	}
	return err
}

func TestMerkle(t *testing.T) {
	t.Parallel()
	for _, c := range read[file[merkleCase]](t, "merkle.json").Cases {
		t.Run(c.Name, func(t *testing.T) {
			var hashes []merkle.Hash
			for _, l := range c.Leaves {
				hashes = append(hashes, merkle.Leaf(l))
			}
			root := [32]byte(c.Root)
			if (len(hashes) > 0 || len(c.Proofs) == 0) && merkle.Root(hashes) != root {
				t.Error("another root")
			}
			for i, p := range c.Proofs {
				proof := merkle.Proof{Bits: p.Bits}
				for _, h := range p.Path {
					proof.Path = append(proof.Path, [32]byte(h))
				}
				if proof.Verify([32]byte(p.LeafHash), root) != p.OK {
					t.Errorf("proof %d: not %v", i, p.OK)
				}
				if len(hashes) > 0 {
					if at, ok := proof.IndexOf(len(hashes)); !ok || at != i {
						t.Errorf("proof %d: index %d", i, at)
					}
				}
			}
		})
	}
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	f := read[certificates](t, "certificate.json")
	c := f.Config.config()
	digest := c.Digest()
	if !bytes.Equal(digest[:], f.ConfigDigest) || !bytes.Equal(c.Network[:], f.Network) {
		t.Error("configuration digest or network id")
	}
	for _, x := range f.Cases {
		if got := code(x.run()); got != x.Error {
			t.Errorf("%s: %q, want %q", x.Name, got, x.Error)
		}
		want := cert.Digest(c.Network, digest, x.Epoch, b32of(x.Root), b32of(x.Previous))
		if x.Next != nil {
			next := x.Next.config()
			want = cert.RotateDigest(c.Network, digest, next.Digest())
		}
		if !bytes.Equal(want[:], x.Digest) {
			t.Errorf("%s: digest", x.Name)
		}
	}
}

func b32of(r raw) (h [32]byte) { copy(h[:], r); return h }

func TestTotals(t *testing.T) {
	t.Parallel()
	for _, c := range read[file[totalsCase]](t, "totals.json").Cases {
		terms, err := sla.DecodeTerms(c.Terms)
		if err != nil {
			t.Fatal(c.Name, err)
		}
		l, err := sla.DecodeLeaf(c.Leaf)
		if err != nil {
			t.Fatal(c.Name, err)
		}
		x := terms.Totals(l)
		want := sla.Totals{Gross: c.Gross, Credit: c.Credit, Earned: c.Earned, Fee: c.Fee, Provider: c.Provider, Holdback: c.Holdback, Coverage: c.Coverage, Slash: c.Slash}
		if d := cmp.Diff(want, x); d != "" {
			t.Error(c.Name, d)
		}
		if d := cmp.Diff(c.SlashShares, sla.Split(x.Slash, terms.Protocol.SlashSplit)); d != "" {
			t.Error(c.Name, d)
		}
		if d := cmp.Diff(c.FeeShares, sla.Split(x.Fee, terms.Protocol.FeeSplit)); d != "" {
			t.Error(c.Name, d)
		}
		if !terms.TotalPrice().Equal(c.TotalPrice) {
			t.Error(c.Name, "total price")
		}
	}
}

func TestDeposits(t *testing.T) {
	t.Parallel()
	for _, c := range read[file[depositCase]](t, "deposit.json").Cases {
		terms, err := sla.DecodeTerms(c.Terms)
		if err != nil {
			t.Fatal(c.Name, err)
		}
		n := terms.Covered(c.Deposited)
		if n != c.Covered || terms.Least() != c.Least || !terms.Full().Equal(c.Full) || !terms.Bond.Equal(c.Bond) || !terms.Early(c.Epochs, terms.Duration).Equal(c.Early) ||
			!c.Deposited.Less(c.Bond) && !terms.Reserve(c.Deposited.Sub(c.Bond), n, terms.Duration).Equal(c.Reserve) {
			t.Errorf("%s: covered %d, least %d, full %s, early %s", c.Name, n, terms.Least(), terms.Full(), terms.Early(c.Epochs, terms.Duration))
		}
		// the most epochs that the deposit pays for, told without the formula
		first := terms.Bond.Add(terms.EgressTotal())
		if n > 0 && c.Deposited.Less(first.Add(terms.Storage(n))) || n < terms.Duration && !c.Deposited.Less(first.Add(terms.Storage(n+1))) {
			t.Errorf("%s: %d epochs are not what is paid for", c.Name, n)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range read[file[judgeCase]](t, "judge.json").Cases {
		terms, err := sla.DecodeTerms(c.Terms)
		if err != nil {
			t.Fatal(c.Name, err)
		}
		base, err := sla.DecodeLeaf(c.Boundary)
		if err != nil {
			t.Fatal(c.Name, err)
		}
		l := *base
		for _, e := range c.Epochs {
			l = terms.Observe(l, base, e.measure())
		}
		if !bytes.Equal(l.Bytes(), c.Measured) {
			t.Error(c.Name, "measured leaf")
		}
		l, v := terms.Judge(l, base, c.Ends)
		if !bytes.Equal(l.Bytes(), c.Judged) {
			t.Error(c.Name, "judged leaf")
		}
		if d := cmp.Diff(c.Verdict, v); d != "" {
			t.Error(c.Name, d)
		}
	}
}

// every op by its name
var calls = func() map[string]reflect.Type {
	m := map[string]reflect.Type{}
	for _, op := range []orchestrator.Op{orchestrator.SubmitReport{}, orchestrator.Rotate{}, orchestrator.Register{}, orchestrator.UpdateProvider{}, orchestrator.NodeBind{}, orchestrator.NodeRotate{},
		orchestrator.NodeRelease{}, orchestrator.DepositCollateral{}, orchestrator.WithdrawCollateral{}, orchestrator.UnitCreate{}, orchestrator.UnitPrice{}, orchestrator.UnitList{}, orchestrator.UnitMaintain{},
		orchestrator.UnitResume{}, orchestrator.UnitDecommission{}, orchestrator.UnitRetire{}, orchestrator.Accept{}, orchestrator.Refuse{}, orchestrator.SettleReservation{}, orchestrator.Claim{},
		orchestrator.CollectSlash{}, orchestrator.Request{}, orchestrator.Fund{}, orchestrator.Cancel{}, orchestrator.Expire{}, orchestrator.Settle{}, orchestrator.CloseSLA{}, orchestrator.Terminate{},
		orchestrator.TimeOut{}, orchestrator.Payout{}, orchestrator.Refund{}, orchestrator.CollectFees{}, orchestrator.GrantAccess{}, orchestrator.DelegateAccess{}, orchestrator.RevokeAccess{}, orchestrator.Pause{}, orchestrator.SetParams{},
		orchestrator.SetProviderParams{}, orchestrator.SetAdmin{}, orchestrator.UnitEmergency{}, orchestrator.Freeze{}, orchestrator.Rule{}, orchestrator.ExtendProvider{}, orchestrator.ExtendConsumer{},
		orchestrator.RequestJoint{}, orchestrator.Begin{}, orchestrator.Split{}, orchestrator.TransferSLA{}, orchestrator.Reclaim{}, orchestrator.Drain{}, orchestrator.PriceFor{}} {
		m[reflect.TypeOf(op).Name()] = reflect.TypeOf(op)
	}
	return m
}()

func TestTransitions(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, file := range []string{"transitions.json", "succession.json"} {
		t.Run(file, func(t *testing.T) { replay(t, read[transitions](t, file), seen) })
	}
	for name := range calls {
		if !seen[name] {
			t.Errorf("no script where %s succeeds", name)
		}
	}
}

func replay(t *testing.T, f transitions, seen map[string]bool) {
	var g orchestrator.Genesis
	if err := decode(map[string]any(f.Genesis), reflect.ValueOf(&g).Elem()); err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Cases {
		t.Run(c.Name, func(t *testing.T) {
			s := scriptState(g, f.Balances)
			for i, want := range c.Steps {
				seen[want.Call] = seen[want.Call] || want.Error == ""
				op := reflect.New(calls[want.Call]).Elem()
				if err := decode(map[string]any(want.Args), op); err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
				e, err := s.Step(want.At, op.Interface().(orchestrator.Op))
				got := stepOf(s, want.At, op.Interface().(orchestrator.Op), e, err)
				a, errA := json.Marshal(want)
				b, errB := json.Marshal(got)
				if errA != nil || errB != nil || !bytes.Equal(a, b) {
					t.Fatalf("step %d:\n%s\n%s", i, a, b)
				}
				if v := s.Check(); len(v) > 0 {
					t.Fatalf("step %d: %v", i, v)
				}
			}
		})
	}
}
