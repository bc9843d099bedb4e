package direct

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
)

// Refusal says why the host or a contract refused a call.
type Refusal struct {
	Kind   string      // Contract, Auth, Budget, Storage, …: the host's error types
	Number uint32      // of a Contract error
	Reason string      // of another: the host's word, as InvalidAction
	By     ids.Account // the contract that raised a Contract error; zero if the host does not say
	Words  string      // the host's, for people

	Diagnostics [][]byte // the host's events, in XDR

	named []string // addresses that the host's words about authorisation name
}

func (e *Refusal) Error() string {
	if e.Kind == "Contract" {
		return fmt.Sprintf("refused with %d by %s: %s", e.Number, e.By, firstLine(e.Words))
	}
	return fmt.Sprintf("refused: %s %s: %s", e.Kind, e.Reason, firstLine(e.Words))
}

// Code is the number of a contract's error that err is; 0 for none and for anything else.
func Code(err error) uint32 {
	var r *Refusal
	if errors.As(err, &r) && r.Kind == "Contract" {
		return r.Number
	}
	return 0
}

// Unauthorised reports whether err is the host's refusal for a missing or wrong authorisation.
func Unauthorised(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Kind == "Auth"
}

// outside reports whether the host was not told of an entry that the call needs.
func (e *Refusal) outside() bool { return e.Kind == "Storage" && e.Reason == "ExceededLimit" }

// names reports whether the host complains about one of these.
func (e *Refusal) names(parties []Party, source *ids.Account) bool {
	for _, p := range parties {
		if slices.Contains(e.named, p.account.String()) {
			return true
		}
	}
	return source != nil && slices.Contains(e.named, source.String())
}

// refusal decodes the host's error. The contract that raised it is the one whose error event with its number is the oldest: it went up from there.
func refusal(scError []byte, words string, diagnostics [][]byte) error {
	r := &Refusal{Words: words, Diagnostics: diagnostics}
	var e xdr.ScError
	if err := e.UnmarshalBinary(scError); err != nil {
		return fmt.Errorf("direct: the host's error: %w (%s)", err, words)
	}
	r.Kind = strings.TrimPrefix(e.Type.String(), "ScErrorTypeSce")
	if e.ContractCode != nil {
		r.Number = uint32(*e.ContractCode)
	}
	if e.Code != nil {
		r.Reason = strings.TrimPrefix(e.Code.String(), "ScErrorCodeScec")
	}
	for _, b := range diagnostics {
		var d xdr.DiagnosticEvent
		if err := d.UnmarshalBinary(b); err != nil || d.Event.Body.V0 == nil || len(d.Event.Body.V0.Topics) < 2 {
			continue
		}
		v := d.Event.Body.V0
		name, _ := v.Topics[0].GetSym()
		raised, ok := v.Topics[1].GetError()
		if name != "error" || !ok || raised.Type != e.Type {
			continue
		}
		if raised.ContractCode != nil && e.ContractCode != nil && *raised.ContractCode == *e.ContractCode && r.By.Zero() && d.Event.ContractId != nil {
			r.By = contractAccount(*d.Event.ContractId)
		}
		if e.Type == xdr.ScErrorTypeSceAuth {
			r.named = append(r.named, addresses(v.Data)...)
		}
	}
	return r
}

// addresses in a value.
func addresses(v xdr.ScVal) (l []string) {
	switch {
	case v.Type == xdr.ScValTypeScvAddress:
		return []string{account(*v.Address).String()}
	case v.Type == xdr.ScValTypeScvVec && v.Vec != nil && *v.Vec != nil:
		for _, x := range **v.Vec {
			l = append(l, addresses(x)...)
		}
	}
	return l
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
