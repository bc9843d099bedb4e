package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/statement"
)

// challengeLife is how long a wallet may take to sign.
const challengeLife = 5 * time.Minute

// maxUsed bounds the challenges that were used and are not expired. Only a valid signature adds one.
const maxUsed = 1 << 16

// challenges are texts that a wallet signs. A text authenticates itself by a MAC in its nonce, so asking for one costs the node no memory; what is kept
// is which ones were used, until they expire. The MAC's key lives as long as the process: a restart ends all open challenges.
type challenges struct {
	node ids.Account
	mac  [32]byte

	mu   sync.Mutex
	used map[string]time.Time // nonce to expiry
}

func newChallenges(node ids.Account) *challenges {
	c := &challenges{node: node, used: map[string]time.Time{}}
	rand.Read(c.mac[:])
	return c
}

var nonceText = base32.StdEncoding.WithPadding(base32.NoPadding)

func (c *challenges) text(account ids.Account, slaID, nonce string, expires int64) string {
	return strings.Join([]string{statement.ChallengeTitle, c.node.String(), account.String(), slaID, nonce, strconv.FormatInt(expires, 10)}, "\n")
}

func (c *challenges) tag(random []byte, account ids.Account, slaID string, expires int64) []byte {
	m := hmac.New(sha256.New, c.mac[:])
	m.Write(random)
	m.Write([]byte(c.text(account, slaID, "", expires)))
	return m.Sum(nil)[:16]
}

// make makes a text for an account and an SLA ("" for the probe space).
func (c *challenges) make(account ids.Account, slaID string, now time.Time) string {
	random := make([]byte, 16)
	rand.Read(random)
	expires := now.Add(challengeLife).Unix()
	return c.text(account, slaID, nonceText.EncodeToString(append(random, c.tag(random, account, slaID, expires)...)), expires)
}

var errChallenge = fault.New(fault.Unauthorized, "challenge_invalid", "the challenge is not one that this node gave, or it was used or has expired: ask for a new one")

// read checks that a text is ours and alive and takes it apart.
func (c *challenges) read(text string, now time.Time) (account ids.Account, slaID ids.ID, nonce string, err error) {
	f := strings.Split(text, "\n")
	if len(f) != 6 || f[0] != statement.ChallengeTitle || f[1] != c.node.String() {
		return account, slaID, "", errChallenge
	}
	account, err = ids.ParseAccount(f[2])
	if err != nil {
		return account, slaID, "", errChallenge
	}
	if f[3] != "" {
		if slaID, err = ids.Parse(f[3]); err != nil {
			return account, slaID, "", errChallenge
		}
	}
	raw, err := nonceText.DecodeString(f[4])
	expires, err2 := strconv.ParseInt(f[5], 10, 64)
	if err != nil || err2 != nil || len(raw) != 32 || !hmac.Equal(raw[16:], c.tag(raw[:16], account, f[3], expires)) || now.Unix() >= expires {
		return account, slaID, "", errChallenge
	}
	return account, slaID, f[4], nil
}

// use makes a challenge's nonce useless for anyone else. The signature was checked before.
func (c *challenges) use(nonce string, now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.used[nonce]; again {
		return errChallenge
	}
	if len(c.used) >= maxUsed {
		for n, end := range c.used {
			if now.After(end) {
				delete(c.used, n)
			}
		}
		if len(c.used) >= maxUsed {
			return fault.New(fault.TooMany, "too_many", "too many keys are asked for at this time: try again in some minutes")
		}
	}
	c.used[nonce] = now.Add(challengeLife + time.Minute)
	return nil
}
