package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/market"
)

// pricing is what the flags of an answer say.
type pricing struct{ unit, storage, egress string }

func (p *pricing) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&p.unit, "unit", "", "your unit that answers")
	f.StringVar(&p.storage, "storage-price", "", "per GiB·day (default: the unit's)")
	f.StringVar(&p.egress, "egress-price", "", "per GiB read (default: the unit's)")
	_ = c.MarkFlagRequired("unit")
}

// read makes the answer of a provider, and refuses one that the contract would.
func (p *pricing) read(c *cobra.Command, a *app, n *deployment.Network, ch bazaar, x *market.Ask, by ids.Account) (s sealedAnswer, err error) {
	s.Ask, s.Provider = x.ID, by
	if s.Unit, err = a.id(p.unit, ids.Unit); err != nil {
		return s, err
	}
	u, err := ch.Unit(c.Context(), s.Unit)
	if err != nil {
		return s, err
	}
	if !x.Fits(&u) {
		return s, fault.New(fault.Precondition, "unit_unfit", "the unit is not what is asked for: compare 'flashback ask show %s' with 'flashback units show %s'", x.ID, u.ID)
	}
	as := n.Asset(u.Asset)
	s.StoragePrice, s.EgressPrice = u.StoragePrice, u.EgressPrice
	if p.storage != "" {
		if s.StoragePrice, err = price(p.storage, as); err != nil {
			return s, err
		}
	}
	if p.egress != "" {
		if s.EgressPrice, err = price(p.egress, as); err != nil {
			return s, err
		}
	}
	config, err := ch.OracleConfig(c.Context())
	if err != nil {
		return s, err
	}
	if s.Total = x.Total(s.StoragePrice, s.EgressPrice, config.EpochSeconds); x.MaxTotal.Less(s.Total) {
		return s, fault.New(fault.Precondition, "PriceAbove", "%s is more than the highest total, %s", as.Format(s.Total), as.Format(x.MaxTotal))
	}
	return s, nil
}

func askAnswer(a *app) *cobra.Command {
	var p pricing
	c := &cobra.Command{Use: "answer ASK", Short: "Answer an open ask, as a provider",
		Long: "Answer an open ask, as a provider. The prices are the unit's for this consumer, until the ask's time to choose is over: for one SLA of at most what is asked for. 'flashback units price-for UNIT --to CONSUMER --for 0' takes them back.",
		Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
			n, ch, w, x, err := a.trade(c.Context(), "provider", args)
			if err != nil {
				return err
			}
			if x.Sealed {
				return fault.New(fault.Precondition, "StateWrong", "the answers to this ask are sealed: 'flashback ask commit %s'", x.ID)
			}
			s, err := p.read(c, a, n, ch, &x, w.Account())
			if err != nil {
				return err
			}
			r, err := ch.Trade(c.Context(), w, market.Offer{Provider: s.Provider, ID: s.Ask, Unit: s.Unit, StoragePrice: s.StoragePrice, EgressPrice: s.EgressPrice})
			if err != nil {
				return err
			}
			return a.done(c, r, "answered: %s in all", n.Asset(x.Asset).Format(s.Total))
		}}
	p.flags(c)
	return c
}

// sealedAnswer is what a provider keeps of a commitment until it reveals.
type sealedAnswer struct {
	Ask          ids.ID       `json:"ask"`
	Provider     ids.Account  `json:"provider"`
	Unit         ids.ID       `json:"unit"`
	StoragePrice money.Amount `json:"storagePrice"`
	EgressPrice  money.Amount `json:"egressPrice"`
	Total        money.Amount `json:"total"`
	Salt         ids.ID       `json:"salt"`
}

// sealedPath is the file of a commitment: one of each commitment, since an older one may be the one that the chain has.
func (a *app) sealedPath(ask ids.ID, provider ids.Account, commitment [32]byte) string {
	return filepath.Join(a.dir, "answers", fmt.Sprintf("%s-%s-%x.json", ask.Short(), provider, commitment[:6]))
}

// keep writes the answer, so that it is there before the chain has its commitment.
func (a *app) keep(s *sealedAnswer) (commitment [32]byte, file string, err error) {
	commitment = market.Commitment(s.Ask, s.Provider, s.Unit, s.StoragePrice, s.EgressPrice, s.Salt)
	file = a.sealedPath(s.Ask, s.Provider, commitment)
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return commitment, file, fmt.Errorf("encode the sealed answer: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return commitment, file, fmt.Errorf("keep the sealed answer: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return commitment, file, fmt.Errorf("keep the sealed answer: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return commitment, file, fmt.Errorf("keep the sealed answer: %w", err)
	}
	return commitment, file, nil
}

func askCommit(a *app) *cobra.Command {
	var p pricing
	c := &cobra.Command{Use: "commit ASK", Short: "Answer a sealed ask, as a provider: nobody sees the price until you reveal it",
		Long: "Answer a sealed ask, as a provider. What you commit to is kept in the data directory for 'flashback ask reveal', which needs it: without the file nothing can be revealed.",
		Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
			n, ch, w, x, err := a.trade(c.Context(), "provider", args)
			if err != nil {
				return err
			}
			if !x.Sealed {
				return fault.New(fault.Precondition, "StateWrong", "this ask is answered openly: 'flashback ask answer %s'", x.ID)
			}
			s, err := p.read(c, a, n, ch, &x, w.Account())
			if err != nil {
				return err
			}
			s.Salt = ids.ID(claim.Random(32))
			commitment, file, err := a.keep(&s)
			if err != nil {
				return err
			}
			r, err := ch.Trade(c.Context(), w, market.Commit{Provider: s.Provider, ID: s.Ask, Commitment: commitment})
			if err != nil {
				return err
			}
			return a.done(c, r, "committed to %s in all, kept in %s\nafter %s and until %s: 'flashback ask reveal %s'", n.Asset(x.Asset).Format(s.Total), file, when(x.AnswerBy), when(x.RevealBy), x.ID)
		}}
	p.flags(c)
	return c
}

func askReveal(a *app) *cobra.Command {
	return &cobra.Command{Use: "reveal ASK", Short: "Show the answer that you committed to", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		n, ch, w, x, err := a.trade(ctx, "provider", args)
		if err != nil {
			return err
		}
		y, err := ch.Answer(ctx, x.ID, w.Account())
		if err != nil {
			return err
		}
		file := a.sealedPath(x.ID, w.Account(), y.Commitment)
		b, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return fault.New(fault.NotFound, "sealed_answer_missing", "what %s committed to is not in this data directory: %s is missing", w.Account(), file)
		}
		var s sealedAnswer
		if err == nil {
			err = json.Unmarshal(b, &s)
		}
		if err != nil {
			return fmt.Errorf("read the sealed answer: %w", err)
		}
		r, err := ch.Trade(ctx, w, market.Reveal{Provider: s.Provider, ID: s.Ask, Unit: s.Unit, StoragePrice: s.StoragePrice, EgressPrice: s.EgressPrice, Salt: s.Salt})
		if err != nil {
			return err
		}
		return a.done(c, r, "revealed: %s in all", n.Asset(x.Asset).Format(s.Total))
	}}
}
