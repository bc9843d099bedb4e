package bridge

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/access"
	"github.com/flashback-network/flashback/internal/bridge/door"
	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

// stateEvery is how soon after an epoch's end its statements are made.
const stateEvery = 100 * time.Millisecond

// stateUsage makes the statement of each SLA at the end of each epoch, until ctx ends. Epochs that ended while the node was down are not stated one by one: the numbers are cumulative.
func (n *node) stateUsage(ctx context.Context) {
	tick := time.NewTicker(stateEvery)
	defer tick.Stop()
	stated := map[ids.ID]uint64{} // epoch + 1
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		node, bound := n.view.Node()
		if !bound {
			continue
		}
		for _, l := range n.view.SLAs() {
			if l.Phase != access.Live && l.Phase != access.Retention && l.Phase != access.ReadOnly {
				delete(stated, l.ID)
				continue
			}
			c, ok := n.meter.Closing(object.Space(l.ID.String()))
			if !ok || c.Epoch < stated[l.ID] || c.Epoch >= l.StartEpoch+uint64(l.EndEpochs) || !l.Previous.Zero() && c.Epoch < l.StartEpoch {
				continue
			}
			hi, lo := c.Area.Seconds()
			u := statement.Usage{Node: node.ID, SLA: l.ID, Epoch: c.Epoch, Objects: c.Objects, Stored: c.Bytes, ByteSeconds: sla.Wide{Hi: hi, Lo: lo}, BytesIn: c.In, BytesOut: c.Out}
			space, ok := n.view.Space(l.ID)
			if !ok {
				continue
			}
			if _, err := n.proofs.State(ctx, space, u, n.o.Key.SignHash); err != nil {
				if ctx.Err() == nil {
					n.log.Error("an epoch's usage was not stated", "sla", l.ID, "epoch", c.Epoch, "err", err)
				}
				continue
			}
			stated[l.ID] = c.Epoch + 1
		}
	}
}

// usageRoutes serves statements and answers challenges.
func (n *node) usageRoutes(mux *http.ServeMux) {
	callers := &door.Limiter{Rate: 50, Burst: 500}
	limited := func(r *http.Request) error {
		if !callers.Allow(door.Caller(r), n.o.Now()) {
			return fault.New(fault.TooMany, "too_many", "too many requests: try again in some seconds")
		}
		return nil
	}
	mux.HandleFunc("GET "+statement.PathUsage, func(w http.ResponseWriter, r *http.Request) {
		a, err := statement.UsageAnswer{}, limited(r)
		if err == nil {
			a, err = n.usage(r)
		}
		if err != nil {
			door.Refuse(w, r, n.log, err)
			return
		}
		door.Answer(w, http.StatusOK, a)
	})
	mux.Handle("POST "+statement.PathPossession, door.Handle(n.log, func(r *http.Request, c statement.SignedChallenge) (*statement.Answer, error) {
		if err := limited(r); err != nil {
			return nil, err
		}
		if err := n.mayChallenge(&c); err != nil {
			return nil, err
		}
		space, ok := n.view.Space(c.SLA)
		if !ok {
			space = c.SLA // over: its statements are gone too
		}
		a, err := n.proofs.Answer(r.Context(), space, c.Challenge)
		if err == nil {
			err = n.vouch(a, c.Challenge)
		}
		if err != nil {
			return nil, err
		}
		return a, nil
	}))
}

// mayChallenge checks who asks: an answer discloses 64 KiB of a consumer's data, so it is for operators of registered validators only.
func (n *node) mayChallenge(c *statement.SignedChallenge) error {
	switch {
	case c.Operator.Zero():
		return fault.New(fault.Unauthorized, "challenge_unsigned", "a challenge has to be signed by the operator of a registered validator")
	case !c.Fresh(n.o.Now()):
		return fault.New(fault.Unauthorized, "challenge_late", "the challenge was not signed at about this time")
	case !n.o.Chain.VerifyMessage(c.Operator, c.Message(), c.Signature):
		return fault.New(fault.Unauthorized, "signature_bad", "the signature is not the operator's over this challenge")
	case !slices.Contains(n.view.Operators(), c.Operator):
		return fault.New(fault.Forbidden, "not_an_operator", "the account is not the operator of a registered validator")
	}
	return nil
}

func (n *node) usage(r *http.Request) (statement.UsageAnswer, error) {
	q := r.URL.Query()
	id, err := ids.Parse(q.Get("sla"))
	if err != nil {
		return statement.UsageAnswer{}, fault.New(fault.Invalid, "sla_invalid", "sla has to be an id of 64 hexadecimal digits")
	}
	var s *statement.Signed
	if e := q.Get("epoch"); e == "" {
		s, err = n.proofs.Newest(id)
	} else {
		epoch, bad := strconv.ParseUint(e, 10, 64)
		if bad != nil {
			return statement.UsageAnswer{}, fault.New(fault.Invalid, "epoch_invalid", "epoch has to be a number")
		}
		s, err = n.proofs.Statement(id, epoch)
	}
	if err != nil {
		return statement.UsageAnswer{}, err
	}
	return s.Answer(), nil
}
