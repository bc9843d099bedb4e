package access

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/bridge/s3"
	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
)

// Bounds of what is stored.
const (
	maxKeys        = 1 << 16 // on the node
	maxKeysEach    = 50      // of one account under one SLA
	probeKeyLife   = 7 * 24 * time.Hour
	probeKeysEach  = 8
	probePrefix    = "probe-"
	accessKeyBytes = 10 // 16 of the 20 characters
)

// Keys are the access keys of the node: s3.Keys for the front, and what the HTTP endpoints work on. Safe for concurrent use.
type Keys struct {
	view *View
	seal cipher.AEAD
	path string
	now  func() time.Time

	mu    sync.RWMutex
	byKey map[string]*key

	writeMu sync.Mutex // one change at a time: the file has what byKey has
}

// key is one access key. It does not change.
type key struct {
	stored
	identity s3.Identity
	holder   holder
}

// stored is a key in the file.
type stored struct {
	AccessKey string      `json:"accessKey"`
	Sealed    []byte      `json:"sealed"` // nonce and encrypted secret; the access key is authenticated with it
	Account   ids.Account `json:"account"`
	SLA       ids.ID      `json:"sla"`
	Grant     ids.ID      `json:"grant"`
	Created   time.Time   `json:"created"`
	Expires   time.Time   `json:"expires"` // of a probe key; zero for others, which live as long as grant and SLA
}

// Issued is a new key as its holder gets it, once.
type Issued struct {
	AccessKey, SecretKey string
	Expires              time.Time
}

// String hides the secret from logs.
func (i Issued) String() string { return "access key " + i.AccessKey }

// OpenKeys opens the keys that an earlier run left in dir. node's signature over a fixed text, which Ed25519 makes the same each time and which is never sent anywhere,
// becomes the key that secrets are encrypted with.
func OpenKeys(dir string, node chain.Signer, v *View) (*Keys, error) {
	seed, err := node.SignHash(canon.Hash([]byte("FLASHBACK-KEYSTORE-v1")))
	if err != nil {
		return nil, fmt.Errorf("deriving the key of the key store: %w", err)
	}
	sealKey := canon.Hash([]byte("FLASHBACK-KEYSTORE-v1"), seed)
	block, err := aes.NewCipher(sealKey[:])
	if err != nil {
		return nil, err
	}
	k := &Keys{view: v, path: filepath.Join(dir, "keys.json"), now: v.o.Now, byKey: map[string]*key{}}
	if k.seal, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	var all []stored
	if err := readJSON(k.path, &all); err != nil {
		return nil, err
	}
	for _, s := range all {
		n := k.seal.NonceSize()
		if len(s.Sealed) < n {
			return nil, fmt.Errorf("%s: key %s is damaged", k.path, s.AccessKey)
		}
		secret, err := k.seal.Open(nil, s.Sealed[:n], s.Sealed[n:], []byte(s.AccessKey))
		if err != nil {
			return nil, fmt.Errorf("%s: key %s was not stored by this node's key: %w", k.path, s.AccessKey, err)
		}
		k.byKey[s.AccessKey] = k.bind(s, string(secret))
	}
	return k, nil
}

// ProbeSpace is where a validator's operator measures. Each has its own, so that none can spoil another's objects.
func ProbeSpace(operator ids.Account) object.Space {
	return object.Space(probePrefix + strings.ToLower(operator.String()))
}

// IsProbe tells a probe space from an SLA's.
func IsProbe(s object.Space) bool { return strings.HasPrefix(string(s), probePrefix) }

func (k *Keys) bind(s stored, secret string) *key {
	e := &key{stored: s, holder: holder{s.Account, s.SLA, s.Grant}}
	space := object.Space(s.SLA.String())
	if root, ok := k.view.Space(s.SLA); ok {
		space = object.Space(root.String())
	}
	if s.SLA.Zero() {
		space = ProbeSpace(s.Account)
	}
	e.identity = s3.Identity{
		AccessKey: s.AccessKey, Secret: secret, Space: space, Owner: s.Account.String(), Expires: s.Expires,
		Allow: func(a s3.Action, bucket, name string) error { return k.view.allow(&e.holder, a, bucket, name) },
	}
	return e
}

// Find is s3.Keys: what an access key stands for, by a look into memory.
func (k *Keys) Find(_ context.Context, accessKey string) (*s3.Identity, error) {
	k.mu.RLock()
	e := k.byKey[accessKey]
	k.mu.RUnlock()
	if e == nil {
		return nil, fault.New(fault.NotFound, "key_unknown", "there is no such access key")
	}
	return &e.identity, nil
}

// Issue makes a key for an account that has proved who it is. A zero sla asks for the probe space.
func (k *Keys) Issue(ctx context.Context, account ids.Account, slaID, grant ids.ID) (Issued, error) {
	h := holder{account, slaID, grant}
	s := stored{Account: account, SLA: slaID, Grant: grant, Created: k.now().UTC()}
	out := Issued{}
	each := maxKeysEach
	if slaID.Zero() {
		if !grant.Zero() {
			return out, fault.New(fault.Invalid, "grant_unknown", "a grant is of a service-level agreement; none is named")
		}
		if err := k.view.allow(&h, s3.Read, "", ""); err != nil {
			return out, err
		}
		s.Expires, each = s.Created.Add(probeKeyLife), probeKeysEach
		out.Expires = s.Expires
	} else {
		if err := k.view.learn(ctx, slaID, grant); err != nil {
			return out, fault.Wrap(err, fault.Unavailable, "chain_unavailable", "the chain does not answer, so the agreement cannot be checked now")
		}
		var err error
		if out.Expires, err = k.view.entitled(&h); err != nil {
			return out, err
		}
	}
	out.AccessKey, out.SecretKey = newAccessKey(), newSecret()
	s.AccessKey = out.AccessKey
	nonce := make([]byte, k.seal.NonceSize())
	rand.Read(nonce)
	s.Sealed = k.seal.Seal(nonce, nonce, []byte(out.SecretKey), []byte(s.AccessKey))

	k.writeMu.Lock()
	defer k.writeMu.Unlock()
	k.mu.RLock()
	total := len(k.byKey)
	var own []*key
	for _, e := range k.byKey {
		if k.owns(e, account, slaID) {
			own = append(own, e)
		}
	}
	k.mu.RUnlock()
	var drop []string
	if len(own) >= each {
		if !slaID.Zero() {
			return Issued{}, fault.New(fault.Exhausted, "too_many_keys", "the account has %d keys for this agreement; delete one that is not used", len(own))
		}
		// A validator that starts often does not have to clean up: its oldest key goes.
		slices.SortFunc(own, func(a, b *key) int { return a.Created.Compare(b.Created) })
		drop = append(drop, own[0].AccessKey)
	}
	if total >= maxKeys {
		return Issued{}, fault.New(fault.Exhausted, "too_many_keys", "this node has no room for more keys")
	}
	if err := k.change(k.bind(s, out.SecretKey), drop); err != nil {
		return Issued{}, err
	}
	return out, nil
}

// entitled checks that a holder may have a key now and tells until when it will work.
func (v *View) entitled(h *holder) (until time.Time, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if err := v.fresh(); err != nil {
		return until, err
	}
	if _, ok := v.s.SLAs[h.sla]; !ok {
		return until, fault.New(fault.NotFound, "sla_unknown", "this node serves no such service-level agreement")
	}
	if err := v.standing(h, v.chainNow(), s3.Read); err != nil {
		return until, err
	}
	s := v.inCharge(v.s.SLAs[h.sla], v.chainNow())
	if !s.Previous.Zero() && s.Root.Zero() {
		return until, fault.New(fault.Unavailable, "sla_starting", "the service-level agreement begins at this moment: try again in some seconds")
	}
	until = s.end(v.s.Grid)
	if g, ok := v.s.Grants[h.grant]; ok && !h.grant.Zero() && g.Expires < uint64(until.Unix()) {
		until = time.Unix(int64(g.Expires), 0)
	}
	return until, nil
}

// change makes the file and the memory have add and not drop. writeMu is held.
func (k *Keys) change(add *key, drop []string) error {
	k.mu.RLock()
	all := make([]stored, 0, len(k.byKey)+1)
	for _, e := range k.byKey {
		if !slices.Contains(drop, e.AccessKey) {
			all = append(all, e.stored)
		}
	}
	k.mu.RUnlock()
	if add != nil {
		all = append(all, add.stored)
	}
	slices.SortFunc(all, func(a, b stored) int { return strings.Compare(a.AccessKey, b.AccessKey) })
	b, err := json.Marshal(all)
	if err == nil {
		err = writeFile(k.path, b)
	}
	if err != nil {
		return fmt.Errorf("saving the access keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range drop {
		delete(k.byKey, d)
	}
	if add != nil {
		k.byKey[add.AccessKey] = add
	}
	return nil
}

// KeyInfo is a key without its secret.
type KeyInfo struct {
	AccessKey string `json:"accessKey"`
	SLA       string `json:"sla"`
	Grant     string `json:"grant,omitempty"`
	Created   int64  `json:"created"` // Unix seconds
}

// owns reports whether a key is an account's under an SLA; the consumer's keys of those before it, whose data it took over, work under it.
func (k *Keys) owns(e *key, account ids.Account, slaID ids.ID) bool {
	return e.holder.account == account && (e.holder.sla == slaID || e.holder.grant.Zero() && !e.holder.sla.Zero() && k.view.leads(e.holder.sla, slaID))
}

// List is the account's own keys under an SLA, oldest first.
func (k *Keys) List(account ids.Account, slaID ids.ID) []KeyInfo {
	list := []KeyInfo{}
	k.mu.RLock()
	for _, e := range k.byKey {
		if k.owns(e, account, slaID) {
			i := KeyInfo{AccessKey: e.AccessKey, SLA: text(e.SLA), Grant: text(e.Grant), Created: e.Created.Unix()}
			list = append(list, i)
		}
	}
	k.mu.RUnlock()
	slices.SortFunc(list, func(a, b KeyInfo) int {
		if a.Created != b.Created {
			return int(a.Created - b.Created)
		}
		return strings.Compare(a.AccessKey, b.AccessKey)
	})
	return list
}

func text(id ids.ID) string {
	if id.Zero() {
		return ""
	}
	return id.String()
}

// Delete removes one of the account's own keys; another's is not found.
func (k *Keys) Delete(account ids.Account, slaID ids.ID, accessKey string) error {
	k.writeMu.Lock()
	defer k.writeMu.Unlock()
	k.mu.RLock()
	e := k.byKey[accessKey]
	k.mu.RUnlock()
	if e == nil || !k.owns(e, account, slaID) {
		return fault.New(fault.NotFound, "key_unknown", "the account has no such access key here")
	}
	return k.change(nil, []string{accessKey})
}

// Sweep removes keys that will never work again: of SLAs that the node has forgotten, of revoked and expired grants a day after, of former operators.
// Until then they are known, so that a refusal can say why.
func (k *Keys) Sweep() error {
	k.writeMu.Lock()
	defer k.writeMu.Unlock()
	if k.view.Fresh() != nil {
		return nil // not on old knowledge
	}
	now := k.now()
	var drop []string
	k.mu.RLock()
	for _, e := range k.byKey {
		if now.Sub(e.Created) > time.Hour && k.view.dead(&e.holder) || !e.Expires.IsZero() && now.After(e.Expires) {
			drop = append(drop, e.AccessKey)
		}
	}
	k.mu.RUnlock()
	if len(drop) == 0 {
		return nil
	}
	return k.change(nil, drop)
}

// dead reports that a holder's permission is gone for good.
func (v *View) dead(h *holder) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if h.sla.Zero() {
		return len(v.s.Operators) > 0 && !slices.Contains(v.s.Operators, h.account)
	}
	if _, ok := v.s.SLAs[h.sla]; !ok {
		return v.s.Node != (orchestrator.Node{})
	}
	if h.grant.Zero() {
		return false
	}
	g, ok := v.s.Grants[h.grant]
	return !ok || v.chainNow().Unix()-int64(min(g.Expires, 1<<62)) > 24*3600
}

// Count of keys on the node.
func (k *Keys) Count() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.byKey)
}

// newAccessKey makes 20 characters as S3 tools expect them: capital letters and digits.
func newAccessKey() string {
	var b [accessKeyBytes]byte
	rand.Read(b[:])
	return "FLBK" + base32.StdEncoding.EncodeToString(b[:])
}

// newSecret makes 40 characters that need no quoting in a shell, an URL or a configuration file. 30 random bytes.
func newSecret() string {
	var b [30]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
