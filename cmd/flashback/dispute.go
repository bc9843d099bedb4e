package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/dispute"
)

var (
	disputeVotes  = []string{"provider", "consumer", "abstain"}
	disputePhases = []string{"evidence", "draw", "commit", "reveal", "ruled", "executed", "inconclusive"}
)

func disputeCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "dispute", Short: "Disputes: prove that a window was judged wrongly, or let a panel decide",
		Long: "What validators' reports and nodes' signatures show is proved in one call, without a bond: 'prove-verdict', 'prove-possession'. The rest goes to a panel of arbiters, who commit to votes and reveal them."}
	one := func(use, short, said string, make func(w ids.Account, id ids.ID) any) *cobra.Command {
		return a.duty(use+" DISPUTE", short, cobra.ExactArgs(1), func(_ *cobra.Command, w *stellar.Key, args []string) (any, string, error) {
			id, err := disputeID(args[0])
			return make(w.Account(), id), said, err
		})
	}
	c.AddCommand(disputeOpen(a), disputeAccuse(a), disputeAnswer(a), disputeCommit(a), disputeReveal(a),
		one("appeal", "Ask for a second, larger panel, as the loser and with two bonds", "appealed", func(w ids.Account, id ids.ID) any { return dispute.Appeal{Party: w, ID: id} }),
		one("advance", "Take the next step when its time has come; anyone may", "went on", func(_ ids.Account, id ids.ID) any { return dispute.Advance{ID: id} }),
		one("execute", "Carry out a ruling that can no longer be appealed; anyone may", "carried out", func(_ ids.Account, id ids.ID) any { return dispute.Execute{ID: id} }),
		disputeShow(a), disputeWindow(a),
		a.duty("claim [ACCOUNT]", "Pay out bonds, fees and shares that are due; anyone may, they go to the account", cobra.MaximumNArgs(1), func(_ *cobra.Command, _ *stellar.Key, args []string) (any, string, error) {
			of, err := a.whose(args)
			return dispute.Claim{Account: of}, fmt.Sprintf("paid to %s", of), err
		}),
		disputeVerdict(a), disputePossession(a), disputeRecover(a),
	)
	return c
}

// charge is what opens a dispute.
type charge struct {
	window           uint32
	amount, evidence string
}

// command opens a case: make gives the call.
func (o *charge) command(a *app, use, short string, make func(w ids.Account, sla ids.ID, amount money.Amount, evidence, nonce [32]byte) any) *cobra.Command {
	c := &cobra.Command{Use: use + " SLA", Short: short, Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := a.id(args[0], ids.SLA)
		if err != nil {
			return err
		}
		n, ch, w, err := a.serve(c.Context())
		if err != nil {
			return err
		}
		s, err := ch.SLA(c.Context(), id)
		if err != nil {
			return err
		}
		m, err := price(o.amount, n.Asset(s.Asset))
		if err != nil {
			return err
		}
		evidence, err := document(o.evidence)
		if err != nil {
			return err
		}
		p, err := ch.DisputeParams(c.Context())
		if err != nil {
			return err
		}
		d, err := ch.Do(c.Context(), w, make(w.Account(), id, m, evidence, [32]byte(claim.Random(32))))
		if err != nil {
			return err
		}
		return a.did(c, d, "dispute %s, with a bond of %s\nthe other side has until %s to answer", d.ID, inFlash(p.Bond), when(uint64(d.Time.Unix())+p.EvidenceSeconds))
	}}
	f := c.Flags()
	f.Uint32Var(&o.window, "window", 0, "number of the judged window, the first is 0")
	f.StringVar(&o.amount, "amount", "", "what is asked for, in the SLA's asset")
	f.StringVar(&o.evidence, "evidence", "", "file that the panel shall read, or its hash")
	_ = c.MarkFlagRequired("window")
	_ = c.MarkFlagRequired("amount")
	return c
}

func disputeOpen(a *app) *cobra.Command {
	var o charge
	return o.command(a, "open", "Dispute a window before a panel, as the SLA's consumer and with a bond", func(w ids.Account, sla ids.ID, amount money.Amount, evidence, nonce [32]byte) any {
		return dispute.OpenDispute{Consumer: w, SLA: sla, Window: o.window, Amount: amount, Evidence: evidence, Nonce: nonce}
	})
}

func disputeAccuse(a *app) *cobra.Command {
	var o charge
	return o.command(a, "accuse", "Accuse the consumer of abuse in a window before a panel, as the SLA's provider and with a bond; what is asked for comes from the consumer's", func(w ids.Account, sla ids.ID, amount money.Amount, evidence, nonce [32]byte) any {
		return dispute.Accuse{Provider: w, SLA: sla, Window: o.window, Amount: amount, Evidence: evidence, Nonce: nonce}
	})
}

func disputeAnswer(a *app) *cobra.Command {
	var evidence string
	c := a.duty("answer DISPUTE", "Contest a dispute, as the other side and with a bond", cobra.ExactArgs(1), func(_ *cobra.Command, w *stellar.Key, args []string) (any, string, error) {
		id, err := disputeID(args[0])
		if err != nil {
			return nil, "", err
		}
		h, err := document(evidence)
		return dispute.AnswerDispute{Party: w.Account(), ID: id, Evidence: h}, "contested; the panel is drawn by 'flashback dispute advance' from the next certified root", err
	})
	c.Flags().StringVar(&evidence, "evidence", "", "file that the panel shall read, or its hash")
	return c
}

// seat of --wallet on the panel of the round that a dispute is in.
func seat(c *cobra.Command, ch society, id ids.ID, who ids.Account) (dispute.Case, *dispute.Seat, error) {
	x, err := ch.Dispute(c.Context(), id)
	if err != nil {
		return x, nil, err
	}
	l, err := ch.Panel(c.Context(), id, x.Round)
	if err != nil {
		return x, nil, err
	}
	for i := range l {
		if l[i].Arbiter == who {
			return x, &l[i], nil
		}
	}
	return x, nil, fault.New(fault.Forbidden, "NotDrawn", "%s is not on the panel of this dispute", who)
}

func disputeCommit(a *app) *cobra.Command {
	return &cobra.Command{Use: "commit DISPUTE provider|consumer|abstain", Short: "Commit to a vote, as an arbiter who was drawn; 'reveal' opens it when voting is over", Args: cobra.ExactArgs(2), RunE: func(c *cobra.Command, args []string) error {
		id, err := disputeID(args[0])
		if err != nil {
			return err
		}
		vote, err := choice(args[1], "vote", disputeVotes)
		if err != nil {
			return err
		}
		_, ch, w, err := a.serve(c.Context())
		if err != nil {
			return err
		}
		x, s, err := seat(c, ch, id, w.Account())
		if err != nil {
			return err
		}
		if s.Committed {
			return fault.New(fault.Exists, "Exists", "this arbiter has committed a vote already")
		}
		file := a.ballots(id, x.Round)
		salt, err := seal(file, vote)
		if err != nil {
			return err
		}
		d, err := ch.Do(c.Context(), w, dispute.CommitVote{Arbiter: w.Account(), ID: id, Hash: dispute.VoteHash(id, x.Round, w.Account(), vote, salt)})
		if err != nil {
			return err
		}
		return a.did(c, d, "committed; the vote is kept in %s\nnext: flashback dispute reveal %s, from %s to %s", file, id, when(x.Until), when(x.RevealUntil))
	}}
}

func disputeReveal(a *app) *cobra.Command {
	return &cobra.Command{Use: "reveal DISPUTE", Short: "Reveal the vote that was committed", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := disputeID(args[0])
		if err != nil {
			return err
		}
		_, ch, w, err := a.serve(c.Context())
		if err != nil {
			return err
		}
		x, s, err := seat(c, ch, id, w.Account())
		if err != nil {
			return err
		}
		if !s.Committed {
			return fault.New(fault.Conflict, "PhaseWrong", "this arbiter has committed no vote")
		}
		vote, salt, err := unseal(a.ballots(id, x.Round), id, x.Round, s)
		if err != nil {
			return err
		}
		d, err := ch.Do(c.Context(), w, dispute.RevealVote{Arbiter: w.Account(), ID: id, Choice: vote, Salt: salt})
		if fault.CodeOf(err) == "PhaseWrong" {
			return fault.Wrap(err, fault.Conflict, "PhaseWrong", "votes are revealed from %s to %s", when(x.Until), when(x.RevealUntil))
		}
		if err != nil {
			return err
		}
		return a.did(c, d, "voted: %s", disputeVotes[vote])
	}}
}

// shownSeat is a seat in JSON; no choice: not revealed.
type shownSeat struct {
	Arbiter   ids.Account `json:"arbiter"`
	Committed bool        `json:"committed"`
	Choice    string      `json:"choice,omitempty"`
}

func disputeShow(a *app) *cobra.Command {
	return &cobra.Command{Use: "show DISPUTE", Short: "Show a dispute and its panels", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		id, err := disputeID(args[0])
		if err != nil {
			return err
		}
		n, ch, err := a.look(c.Context())
		if err != nil {
			return err
		}
		x, err := ch.Dispute(c.Context(), id)
		if err != nil {
			return err
		}
		s, err := ch.SLA(c.Context(), x.SLA)
		if err != nil {
			return err
		}
		panels := [][]shownSeat{}
		for round := range x.Round + 1 {
			l, err := ch.Panel(c.Context(), id, round)
			if err != nil {
				return err
			}
			seats := []shownSeat{}
			for _, p := range l {
				v := shownSeat{Arbiter: p.Arbiter, Committed: p.Committed}
				if p.Revealed {
					v.Choice = word(disputeVotes, p.Choice)
				}
				seats = append(seats, v)
			}
			panels = append(panels, seats)
		}
		phase, ruling := word(disputePhases, uint32(x.Phase)), "none"
		if x.Ruling != dispute.CannotSay {
			ruling = "for the " + word(disputeVotes, x.Ruling)
		}
		as, kind := n.Asset(s.Asset), "dispute"
		if x.Accused {
			kind = "accusation"
		}
		return a.show(c, map[string]any{"id": id, "sla": x.SLA, "window": x.Window, "consumer": x.Consumer, "provider": x.Provider, "amount": x.Amount, "frozen": x.Frozen, "asset": s.Asset, "phase": phase, "ruling": ruling,
			"round": x.Round, "answered": x.Answered, "evidence": fmt.Sprintf("%x", x.Evidence), "answer": fmt.Sprintf("%x", x.Answer), "accused": x.Accused, "consumerBond": x.ConsumerBond, "providerBond": x.ProviderBond,
			"until": x.Until, "revealUntil": x.RevealUntil, "seedEpoch": x.SeedEpoch, "panels": panels}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "%s\t%s\nSLA\t%s, window %d\nconsumer\t%s, bond %s\nprovider\t%s, bond %s\nasked for\t%s\nfrozen\t%s\nphase\t%s, until %s\nruling\t%s\n", kind, id, x.SLA, x.Window, x.Consumer, inFlash(x.ConsumerBond),
				x.Provider, inFlash(x.ProviderBond), as.Format(x.Amount), as.Format(x.Frozen), phase, when(x.Until), ruling)
			for round, seats := range panels {
				for _, p := range seats {
					said := "has not voted"
					switch {
					case p.Choice != "":
						said = p.Choice
					case p.Committed:
						said = "committed"
					}
					fmt.Fprintf(w, "panel %d\t%s\t%s\n", round+1, p.Arbiter, said)
				}
			}
		})
	}}
}
