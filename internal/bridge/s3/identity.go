package s3

import (
	"context"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// Action is what a request wants to do, as grants know it.
type Action uint8

const (
	List Action = iota
	Read
	Write
	Delete
	Configure // create, delete and configure buckets
)

var actionNames = [...]string{"list", "read", "write", "delete", "configure"}

// String is the action's lower-case name.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return "unknown"
}

// Identity is what an access key stands for. The front does not change it, and may hold it for one request.
type Identity struct {
	AccessKey, Secret, SessionToken string
	Space                           object.Space
	Owner                           string    // account shown as owner
	Expires                         time.Time // zero: no end

	// Allow says whether the action may be done now: nil, or a fault Forbidden or Expired with words for the user. It is
	// called on every request, so a revocation works within seconds, and must be quick. bucket and key are empty where
	// the request names none; for a listing, key is the prefix asked for.
	Allow func(a Action, bucket, key string) error
}

// String hides the secrets from logs.
func (i *Identity) String() string { return "s3 key " + i.AccessKey }

// Keys finds what an access key stands for. An unknown key is fault NotFound. It is called on every request.
type Keys interface {
	Find(ctx context.Context, accessKey string) (*Identity, error)
}

// Meter sees every byte of objects' contents. Admit* are called before bytes are taken or sent. Bytes that are copied
// inside the node are not transferred and so not metered here.
type Meter interface {
	// AdmitRequest bounds rate and concurrency: fault TooMany. Each admitted request ends with one Done.
	AdmitRequest(space object.Space, a Action) error
	// AdmitRead asks for n bytes of egress: fault Exhausted when the allowance is used up. commit is called
	// exactly once with what was really sent, when err is nil.
	AdmitRead(space object.Space, n int64) (commit func(sent int64), err error)
	// AdmitWrite is the same for ingress.
	AdmitWrite(space object.Space, n int64) (commit func(received int64), err error)
	// Done ends an admitted request with the HTTP status that it was answered with.
	Done(space object.Space, a Action, status int, took time.Duration)
}

// Unmetered is the Meter that admits everything and counts nothing.
type Unmetered struct{}

func uncounted(int64) {}

func (Unmetered) AdmitRequest(object.Space, Action) error             { return nil }
func (Unmetered) AdmitRead(object.Space, int64) (func(int64), error)  { return uncounted, nil }
func (Unmetered) AdmitWrite(object.Space, int64) (func(int64), error) { return uncounted, nil }
func (Unmetered) Done(object.Space, Action, int, time.Duration)       {}
