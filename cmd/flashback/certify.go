package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/registry"
)

var (
	certifiedKinds      = []string{"provider", "consumer", "service", "validator"}
	certificationLevels = []string{"denied", "declared", "checked", "audited"}
	certificationStates = []string{"live", "revoked", "expired", "frozen", "refuted"}
)

func certifyCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "certify", Short: "Certifications: what certifiers say of others with their stake behind it",
		Long: "A certifier stakes FLASH ('stake add --role certifier'), registers once ('certify register'), and binds a bond with each certification. Who contradicts it freezes both until governance resolves it."}
	two := func(use, short, said string, make func(x, y ids.ID) any) *cobra.Command {
		return a.duty(use+" CERTIFICATION CERTIFICATION", short, cobra.ExactArgs(2), func(_ *cobra.Command, _ *stellar.Key, args []string) (any, string, error) {
			x, err := certificationID(args[0])
			if err != nil {
				return nil, "", err
			}
			y, err := certificationID(args[1])
			return make(x, y), said, err
		})
	}
	c.AddCommand(certifyRegister(a), certifyNew(a), certifyObject(a), certifyRevoke(a), certifyShow(a), certifyList(a), certifySubscribe(a),
		two("conflict", "Freeze two certifications that contradict each other; anyone may", "both are frozen", func(x, y ids.ID) any { return registry.Conflict{A: x, B: y} }),
		two("lapse", "Take both back when nobody resolved their conflict in time; anyone may", "both are revoked", func(x, y ids.ID) any { return registry.Lapse{A: x, B: y} }),
		a.duty("expire CERTIFICATION", "Free the bond of a certification that is over; anyone may", cobra.ExactArgs(1), func(_ *cobra.Command, _ *stellar.Key, args []string) (any, string, error) {
			id, err := certificationID(args[0])
			return registry.Expire{ID: id}, fmt.Sprintf("certification %s is over", id), err
		}),
	)
	return c
}

func certifyRegister(a *app) *cobra.Command {
	var info string
	c := a.duty("register", "Register --wallet as a certifier, or change what it says of itself", cobra.NoArgs, func(_ *cobra.Command, w *stellar.Key, _ []string) (any, string, error) {
		h, err := document(info)
		return registry.Register{Certifier: w.Account(), Info: h}, fmt.Sprintf("%s is a certifier", w.Account()), err
	})
	c.Flags().StringVar(&info, "info", "", "file that says who the certifier is, or its hash")
	return c
}

// certified is what a certifier says: the flags that new and object share.
type certified struct {
	level, evidence string
	life            time.Duration
}

func (o *certified) flags(c *cobra.Command, level string) {
	f := c.Flags()
	f.StringVar(&o.level, "level", level, "denied, declared, checked or audited")
	f.StringVar(&o.evidence, "evidence", "", "file with what was found, or its hash")
	f.DurationVar(&o.life, "for", 365*24*time.Hour, "how long it says so")
}

func (o *certified) read() (level uint32, evidence [32]byte, err error) {
	if level, err = choice(o.level, "level", certificationLevels); err != nil {
		return level, evidence, err
	}
	evidence, err = document(o.evidence)
	return level, evidence, err
}

// certify makes a certification whose expiry counts from the chain's time.
func (a *app) certify(c *cobra.Command, o *certified, make func(w ids.Account, level uint32, evidence [32]byte, expires uint64) (any, error)) error {
	level, evidence, err := o.read()
	if err != nil {
		return err
	}
	_, ch, w, err := a.serve(c.Context())
	if err != nil {
		return err
	}
	_, at, err := ch.Head(c.Context())
	if err != nil {
		return err
	}
	duty, err := make(w.Account(), level, evidence, uint64(at.Add(o.life).Unix()))
	if err != nil {
		return err
	}
	d, err := ch.Do(c.Context(), w, duty)
	switch fault.CodeOf(err) {
	case "BondMissing":
		return fault.Wrap(err, fault.Exhausted, "BondMissing", "the stake that is not bound yet does not cover the bond; 'flashback stake add AMOUNT --role certifier'")
	case "CertifierUnknown":
		return fault.Wrap(err, fault.NotFound, "CertifierUnknown", "%s is no certifier yet; 'flashback certify register'", w.Account())
	}
	if err != nil {
		return err
	}
	return a.did(c, d, "certification %s: %s", d.ID, certificationLevels[level])
}

func certifyNew(a *app) *cobra.Command {
	var o certified
	var kind, scope string
	c := &cobra.Command{Use: "new SUBJECT", Short: "Certify that a subject meets a scope, or deny it", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		subject, err := a.account(args[0])
		if err != nil {
			return err
		}
		k, err := choice(kind, "kind", certifiedKinds)
		if err != nil {
			return err
		}
		s, err := document(scope)
		if err != nil {
			return err
		}
		return a.certify(c, &o, func(w ids.Account, level uint32, evidence [32]byte, expires uint64) (any, error) {
			return registry.Certify{Certifier: w, Subject: subject, Kind: k, Level: level, Scope: s, Evidence: evidence, Expires: expires, Nonce: [32]byte(claim.Random(32))}, nil
		})
	}}
	o.flags(c, "checked")
	c.Flags().StringVar(&kind, "kind", "provider", "what the subject is: provider, consumer, service or validator")
	c.Flags().StringVar(&scope, "scope", "", "file that says what was examined, or its hash")
	_ = c.MarkFlagRequired("scope")
	return c
}

func certifyObject(a *app) *cobra.Command {
	var o certified
	c := &cobra.Command{Use: "object CERTIFICATION", Short: "Say the contrary of a certification: both are frozen until it is resolved", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := certificationID(args[0])
		if err != nil {
			return err
		}
		return a.certify(c, &o, func(w ids.Account, level uint32, evidence [32]byte, expires uint64) (any, error) {
			return registry.Object{Certifier: w, Against: id, Level: level, Evidence: evidence, Expires: expires, Nonce: [32]byte(claim.Random(32))}, nil
		})
	}}
	o.flags(c, "denied")
	return c
}

func certifyRevoke(a *app) *cobra.Command {
	var reason string
	c := a.duty("revoke CERTIFICATION", "Take back one's own certification; giving in to an objection costs a part of the bond", cobra.ExactArgs(1), func(_ *cobra.Command, w *stellar.Key, args []string) (any, string, error) {
		id, err := certificationID(args[0])
		if err != nil {
			return nil, "", err
		}
		h, err := document(reason)
		return registry.Revoke{Certifier: w.Account(), ID: id, Reason: h}, fmt.Sprintf("certification %s is revoked", id), err
	})
	c.Flags().StringVar(&reason, "reason", "", "file that says why, or its hash")
	return c
}

// shownCertification is a certification in JSON.
type shownCertification struct {
	ID           ids.ID       `json:"id"`
	State        string       `json:"state"`
	Certifier    ids.Account  `json:"certifier"`
	Subject      ids.Account  `json:"subject"`
	Kind         string       `json:"kind"`
	Level        string       `json:"level"`
	Scope        string       `json:"scope"`
	Evidence     string       `json:"evidence"`
	Issued       uint64       `json:"issued"`
	Expires      uint64       `json:"expires"`
	Bond         money.Amount `json:"bond"`
	Conflict     *ids.ID      `json:"conflict,omitempty"`
	ConcedeUntil uint64       `json:"concedeUntil,omitempty"`
	LapseFrom    uint64       `json:"lapseFrom,omitempty"`
}

func showCertification(x registry.Certification) shownCertification {
	s := shownCertification{ID: x.ID, State: word(certificationStates, uint32(x.State)), Certifier: x.Certifier, Subject: x.Subject, Kind: word(certifiedKinds, x.Kind), Level: word(certificationLevels, x.Level),
		Scope: fmt.Sprintf("%x", x.Scope), Evidence: fmt.Sprintf("%x", x.Evidence), Issued: x.Issued, Expires: x.Expires, Bond: x.Bond, ConcedeUntil: x.ConcedeUntil, LapseFrom: x.LapseFrom}
	if !x.Conflict.Zero() {
		s.Conflict = &x.Conflict
	}
	return s
}

func certifyShow(a *app) *cobra.Command {
	return &cobra.Command{Use: "show CERTIFICATION", Short: "Show a certification", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := certificationID(args[0])
		if err != nil {
			return err
		}
		_, ch, err := a.look(c.Context())
		if err != nil {
			return err
		}
		x, err := ch.Certification(c.Context(), id)
		if err != nil {
			return err
		}
		s := showCertification(x)
		return a.show(c, s, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "certification\t%s\nstate\t%s\nsays\t%s is a %s, %s\nby\t%s, with a bond of %s\nscope\t%s\nevidence\t%s\ntime\t%s to %s\n", s.ID, s.State, s.Subject, s.Kind, s.Level, s.Certifier, inFlash(s.Bond), s.Scope,
				s.Evidence, when(s.Issued), when(s.Expires))
			if s.Conflict != nil {
				fmt.Fprintf(w, "contradicts\t%s\ngive in until\t%s\nboth lapse from\t%s\n", s.Conflict, when(s.ConcedeUntil), when(s.LapseFrom))
			}
		})
	}}
}

func certifyList(a *app) *cobra.Command {
	var subject string
	c := &cobra.Command{Use: "list", Short: "List the certifications that the chain still has events of", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, ch, err := a.look(c.Context())
		if err != nil {
			return err
		}
		var of ids.Account
		if subject != "" {
			if of, err = a.account(subject); err != nil {
				return err
			}
		}
		l := []shownCertification{}
		for cursor, more := "", true; more; {
			events, next, err := ch.DutyEvents(c.Context(), cursor, 1_000)
			if err != nil {
				return err
			}
			for _, e := range events {
				id, err := ids.Parse(e.Subject)
				if e.Contract != n.Contracts.Registry || e.Name != "certified" || err != nil {
					continue
				}
				x, err := ch.Certification(c.Context(), id)
				if err != nil {
					return err
				}
				if of.Zero() || x.Subject == of {
					l = append(l, showCertification(x))
				}
			}
			cursor, more = next, len(events) > 0
		}
		return a.show(c, l, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "CERTIFICATION\tSTATE\tLEVEL\tKIND\tSUBJECT\tEXPIRES")
			for _, s := range l {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.State, s.Level, s.Kind, s.Subject, when(s.Expires))
			}
		})
	}}
	c.Flags().StringVar(&subject, "subject", "", "only of this account or wallet")
	return c
}

func certifySubscribe(a *app) *cobra.Command {
	var periods uint32
	c := &cobra.Command{Use: "subscribe [PROVIDER]", Short: "Pay for a provider's listing (default: --wallet's)", Args: cobra.MaximumNArgs(1), RunE: func(c *cobra.Command, args []string) error {
		_, ch, w, err := a.serve(c.Context())
		if err != nil {
			return err
		}
		of, err := a.whose(args)
		if err != nil {
			return err
		}
		p, err := ch.RegistryParams(c.Context())
		if err != nil {
			return err
		}
		if p.ListPrice.Sign() == 0 {
			return fault.New(fault.Conflict, "StateWrong", "listing is not sold here: nobody needs a subscription")
		}
		var total money.Amount
		for range periods {
			total = total.Add(p.ListPrice)
		}
		d, err := ch.Do(c.Context(), w, registry.Subscribe{From: w.Account(), Provider: of, Periods: periods, MaxTotal: total})
		if err != nil {
			return err
		}
		return a.did(c, d, "%s may be listed until %s, for %s", of, when(d.Number), inFlash(total))
	}}
	c.Flags().Uint32Var(&periods, "periods", 1, "how many periods to pay for, up to 36")
	return c
}
