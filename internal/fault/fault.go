// Package fault is the vocabulary of errors. An error has a kind, which the edges (S3, HTTP, CLI) map to their own
// answers in one place, a stable code, which programs may match, and words for people. It imports nothing of ours.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of thing went wrong, and so who can do something about it.
type Kind uint8

const (
	Internal     Kind = iota // our defect, or an unexpected failure below us: details are for the log only
	Invalid                  // the request is wrong and will stay wrong
	NotFound                 // no such thing
	Exists                   // already there
	Conflict                 // the state does not allow it now
	Precondition             // a condition that the caller set does not hold
	Unauthorized             // who are you?
	Forbidden                // we know who you are, and no
	Exhausted                // a limit, a reserve or a disk is full
	TooMany                  // too many requests: retry later
	Unavailable              // a part below does not answer: retry later
	Corrupt                  // stored bytes do not match their checksum
	Expired                  // it was valid once
)

var names = [...]string{"internal", "invalid", "not_found", "exists", "conflict", "precondition", "unauthorized",
	"forbidden", "exhausted", "too_many", "unavailable", "corrupt", "expired"}

// String is the kind's name, as in JSON.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return "internal"
}

// Error is an error with a kind and a code. Its message is safe to show to the caller, the wrapped cause is not.
type Error struct {
	Kind    Kind
	Code    string // stable, snake_case
	Message string
	cause   error
}

// New makes an error of a kind. code is stable; the message is for people.
func New(k Kind, code, format string, a ...any) *Error {
	return &Error{Kind: k, Code: code, Message: fmt.Sprintf(format, a...)}
}

// Wrap is New with a private cause, which Unwrap gives and Error prints.
func Wrap(cause error, k Kind, code, format string, a ...any) *Error {
	return &Error{Kind: k, Code: code, Message: fmt.Sprintf(format, a...), cause: cause}
}

// Error prints the message and the cause: for logs. Show Public to callers.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Message + ": " + e.cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes two errors of the same code equal for errors.Is.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// KindOf is the kind of the first Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf is the code of the first Error in err's chain, or "internal".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "internal"
}

// Public is what a caller may read of err: nothing of an internal error.
func Public(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal {
		return e.Message
	}
	return "internal error"
}
