package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"sync"
)

// signingKey is a secret's derived key for one day and region, ready to sign.
type signingKey struct {
	scope  string
	secret string
	key    []byte
	macs   sync.Pool // of hash.Hash, keyed with key
}

func deriveKey(secret string, s scope) *signingKey {
	mac := func(key []byte, data string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(data))
		return h.Sum(nil)
	}
	k := mac(mac(mac(mac([]byte("AWS4"+secret), s.date), s.region), "s3"), "aws4_request")
	sk := &signingKey{scope: s.String(), secret: secret, key: k}
	sk.macs.New = func() any { return hmac.New(sha256.New, k) }
	return sk
}

// mac puts the hexadecimal HMAC of data into out.
func (k *signingKey) mac(out *[64]byte, data []byte) {
	h := k.macs.Get().(hash.Hash)
	h.Reset()
	h.Write(data)
	var sum [sha256.Size]byte
	hex.Encode(out[:], h.Sum(sum[:0]))
	k.macs.Put(h)
}

// sign signs the hash of a canonical request.
func (k *signingKey) sign(out *[64]byte, stamp string, canonical [sha256.Size]byte) {
	var buf [256]byte
	k.mac(out, k.appendToSign(buf[:0], stamp, canonical))
}

func (k *signingKey) appendToSign(b []byte, stamp string, canonical [sha256.Size]byte) []byte {
	b = append(b, algorithmV4+"\n"...)
	b = append(b, stamp...)
	b = append(b, '\n')
	b = append(b, k.scope...)
	b = append(b, '\n')
	return appendHex(b, canonical[:])
}

// signChunk signs a chunk of a streamed payload from its hash and the signature before it.
func (k *signingKey) signChunk(out *[64]byte, stamp string, previous *[64]byte, chunk []byte) {
	var buf [512]byte
	b := append(buf[:0], "AWS4-HMAC-SHA256-PAYLOAD\n"...)
	b = append(b, stamp...)
	b = append(b, '\n')
	b = append(b, k.scope...)
	b = append(b, '\n')
	b = append(b, previous[:]...)
	b = append(b, "\n"+emptySHA256+"\n"...)
	k.mac(out, appendHex(b, chunk))
}

// signTrailer signs the trailing headers.
func (k *signingKey) signTrailer(out *[64]byte, stamp string, previous *[64]byte, trailer [sha256.Size]byte) {
	var buf [512]byte
	b := append(buf[:0], "AWS4-HMAC-SHA256-TRAILER\n"...)
	b = append(b, stamp...)
	b = append(b, '\n')
	b = append(b, k.scope...)
	b = append(b, '\n')
	b = append(b, previous[:]...)
	b = append(b, '\n')
	k.mac(out, appendHex(b, trailer[:]))
}

// keyCache keeps derived keys, so that a request costs one HMAC and not five. Only keys of secrets that were
// found are in it; a key whose secret changed is derived again.
type keyCache struct {
	mu   sync.RWMutex
	keys map[scope]*signingKey
}

// maxCachedKeys bounds the cache: it is emptied when full, which costs four HMACs per key.
const maxCachedKeys = 4096

func (c *keyCache) get(secret string, s scope) *signingKey {
	c.mu.RLock()
	k := c.keys[s]
	c.mu.RUnlock()
	if k != nil && k.secret == secret {
		return k
	}
	own := scope{strings.Clone(s.accessKey), strings.Clone(s.date), strings.Clone(s.region)}
	k = deriveKey(secret, own)
	c.mu.Lock()
	if c.keys == nil || len(c.keys) >= maxCachedKeys {
		c.keys = make(map[scope]*signingKey)
	}
	c.keys[own] = k
	c.mu.Unlock()
	return k
}
