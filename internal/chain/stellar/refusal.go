package stellar

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/scval"
)

func (r refusal) fault() error { return fault.New(r.kind, r.name, "%s", r.message) }

// hostError finds the host's verdict: Error(Contract, #304), Error(Auth, InvalidAction), ….
var hostError = regexp.MustCompile(`Error\((\w+), #?(\w+)\)`)

// refusalOf makes the fault of a failed call: text is the simulation's error, events are diagnostic events in base64. Of fn, only the called contract and entry point matter.
//
// The contract that raised a number decides which table it is from, since our range overlaps with the Stellar Asset Contract's. That is the contract of the oldest error event
// with the final number: it went up from there.
func refusalOf(fn xdr.HostFunction, text string, encoded []string) error {
	l := events(encoded)
	kind, code := "", ""
	if m := hostError.FindStringSubmatch(text); m != nil {
		kind, code = m[1], m[2]
	}
	var cause error
	if text != "" || len(l) > 0 {
		cause = errors.New(strings.TrimSpace(firstLine(text) + " " + diagnosis(encoded)))
	}
	if kind == "Contract" && code == transferFailed {
		if r, ok := tokenReason(l, fn); ok {
			return fault.Wrap(cause, r.kind, r.name, "%s", r.message)
		}
	}
	words := ""
	var raisedBy *xdr.ContractId
	for _, d := range l {
		e, message, ok := errorEvent(d)
		if !ok {
			continue
		}
		k, n := errorParts(e)
		if kind == "" {
			kind, code = k, n
		}
		if k == kind && n == code {
			words += " " + message
			if raisedBy == nil {
				raisedBy = d.Event.ContractId
			}
		}
	}
	switch kind {
	case "Contract":
		n, err := strconv.ParseUint(code, 10, 32)
		if err != nil {
			break
		}
		if raisedBy != nil && isToken(l, fn, *raisedBy) {
			if r, ok := tokenRefusals[uint32(n)]; ok {
				return fault.Wrap(cause, r.kind, r.name, "%s", r.message)
			}
			return fault.Wrap(cause, fault.Conflict, "token_refused", "the token refused the transfer (its error %d)", n)
		}
		if r, ok := refusals[uint32(n)]; ok {
			return fault.Wrap(cause, r.kind, r.name, "%s", r.message)
		}
		return fault.Wrap(cause, fault.Internal, "trapped", "the contract failed with an error number (%d) that its table does not have", n)
	case "Auth":
		return fault.Wrap(cause, fault.Forbidden, "authorization_bad", "an authorisation is missing, foreign, expired or already used")
	case "Budget":
		return fault.Wrap(cause, fault.Exhausted, "limits_exceeded", "the call needs more than the network allows one transaction")
	case "Storage":
		if strings.Contains(text+words, "archived") {
			return fault.Wrap(cause, fault.Conflict, "archived", "an entry that the call needs is archived and has to be restored")
		}
		if code == "MissingValue" && isMissingContract(text+words) {
			return fault.Wrap(cause, fault.NotFound, "contract_missing", "there is no such contract on this network")
		}
	}
	return fault.Wrap(cause, fault.Internal, "trapped", "the contract failed without an error number (%s)", strings.TrimSpace(kind+" "+code))
}

// transferFailed is the number that our contracts answer a token's refusal with.
const transferFailed = "12"

// tokenReason is the refused token's own reason, where the diagnostic events have it.
func tokenReason(l []xdr.DiagnosticEvent, fn xdr.HostFunction) (refusal, bool) {
	for _, d := range l {
		e, _, ok := errorEvent(d)
		if !ok || e.ContractCode == nil || d.Event.ContractId == nil || !isToken(l, fn, *d.Event.ContractId) {
			continue
		}
		if r, ok := tokenRefusals[uint32(*e.ContractCode)]; ok {
			return r, true
		}
	}
	return refusal{}, false
}

func isMissingContract(words string) bool {
	return strings.Contains(words, "contract instance") || strings.Contains(words, "missing contract") || strings.Contains(words, "non-existing value for contract instance")
}

// isToken reports whether the contract that raised an error is a token that was called on the way: it received one of the token interface's functions.
func isToken(l []xdr.DiagnosticEvent, fn xdr.HostFunction, raisedBy xdr.ContractId) bool {
	if i := fn.InvokeContract; i != nil && i.ContractAddress.ContractId != nil && *i.ContractAddress.ContractId == raisedBy {
		return isTokenCall(string(i.FunctionName), len(i.Args))
	}
	token := false
	for _, d := range l {
		if d.Event.Body.V0 == nil || len(d.Event.Body.V0.Topics) < 3 {
			continue
		}
		t := d.Event.Body.V0.Topics
		name, _ := t[0].GetSym()
		callee, _ := t[1].GetBytes()
		function, ok := t[2].GetSym()
		if name == "fn_call" && ok && string(callee) == string(raisedBy[:]) {
			token = isTokenCall(string(function), arguments(d.Event.Body.V0.Data))
		}
	}
	return token
}

// tokenFunctions are those of SEP-41 that the contracts and this driver call, with how many arguments they have: the Consumer Orchestrator's transfer has another number.
var tokenFunctions = map[string]int{"transfer": 3, "transfer_from": 4, "balance": 1}

func isTokenCall(function string, arguments int) bool {
	n, ok := tokenFunctions[function]
	return ok && n == arguments
}

// arguments counts those of a call, which the host notes as a list unless there is one.
func arguments(v xdr.ScVal) int {
	if l, ok := v.GetVec(); ok && l != nil {
		return len(*l)
	}
	return 1
}

// errorEvent reads a diagnostic event of the kind [error, ScError] and its words.
func errorEvent(d xdr.DiagnosticEvent) (xdr.ScError, string, bool) {
	v := d.Event.Body.V0
	if v == nil || len(v.Topics) < 2 {
		return xdr.ScError{}, "", false
	}
	name, _ := v.Topics[0].GetSym()
	e, ok := v.Topics[1].GetError()
	return e, fmt.Sprint(scval.Plain(v.Data)), ok && name == "error"
}

func errorParts(e xdr.ScError) (kind, code string) {
	kind = strings.TrimPrefix(e.Type.String(), "ScErrorTypeSce")
	switch {
	case e.ContractCode != nil:
		code = strconv.FormatUint(uint64(*e.ContractCode), 10)
	case e.Code != nil:
		code = strings.TrimPrefix(e.Code.String(), "ScErrorCodeScec")
	}
	return kind, code
}

// diagnosis is the error events in words, for logs: bounded, oldest first.
func diagnosis(encoded []string) string {
	var b strings.Builder
	for _, d := range events(encoded) {
		if e, words, ok := errorEvent(d); ok && b.Len() < 1_000 {
			kind, code := errorParts(e)
			fmt.Fprintf(&b, "[%s %s %.200s]", kind, code, words)
		}
	}
	return b.String()
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
