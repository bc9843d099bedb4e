package door

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Bucket is a token bucket. The zero value is full. It is not safe for concurrent use.
type Bucket struct {
	spent float64 // tokens missing to full
	at    time.Time
}

// Take takes one token of a bucket that fills with rate tokens a second up to burst.
func (b *Bucket) Take(now time.Time, rate, burst float64) bool {
	if d := now.Sub(b.at).Seconds(); d > 0 {
		b.spent = max(0, b.spent-d*rate)
		b.at = now
	}
	if b.spent+1 > burst {
		return false
	}
	b.spent++
	return true
}

// Limiter bounds how often each caller may come. Its memory is bounded: callers that have a full bucket again are forgotten,
// and when too many are known at once, unknown ones wait.
type Limiter struct {
	Rate, Burst float64 // per second; at once

	mu    sync.Mutex
	known map[string]*Bucket
	swept time.Time // when quiet callers were last looked for: not more than once a second
}

const maxKnown = 1 << 16

// Allow takes one of the caller's tokens.
func (l *Limiter) Allow(caller string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.known[caller]
	if b == nil {
		if len(l.known) >= maxKnown {
			if now.Sub(l.swept) >= time.Second {
				l.forget(now)
			}
			if len(l.known) >= maxKnown {
				return false
			}
		}
		if l.known == nil {
			l.known = make(map[string]*Bucket)
		}
		b = &Bucket{at: now}
		l.known[caller] = b
	}
	return b.Take(now, l.Rate, l.Burst)
}

func (l *Limiter) forget(now time.Time) {
	l.swept = now
	for k, b := range l.known {
		if b.spent <= now.Sub(b.at).Seconds()*l.Rate {
			delete(l.known, k)
		}
	}
}

// Caller is the remote address of a request, as limits know it: an IPv6 caller is its /64.
func Caller(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if a = a.Unmap(); a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
