package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/governance"
)

var (
	voteChoices    = []string{"against", "for", "abstain"}
	proposalStates = []string{"open", "passed", "executed", "failed", "expired", "cancelled"}
)

func voteCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "vote", Short: "Governance: propose, vote, carry out",
		Long: "What the contracts' admin may do is voted on with staked FLASH. A proposal is the hash of its actions: whoever proposes keeps them in a file, which everybody compares with 'vote show' and which 'vote execute' needs."}
	c.AddCommand(voteList(a), voteShow(a), votePropose(a),
		a.duty("cast NUMBER for|against|abstain", "Vote on a proposal, once, with the votes that the stake had when it was made", cobra.ExactArgs(2), func(_ *cobra.Command, w *stellar.Key, args []string) (any, string, error) {
			n, err := number(args[0])
			if err != nil {
				return nil, "", err
			}
			x, err := choice(args[1], "vote", voteChoices)
			return governance.Vote{Voter: w.Account(), Number: n, Choice: x}, fmt.Sprintf("voted %s proposal %d", word(voteChoices, x), n), err
		}),
		voteExecute(a),
		a.duty("cancel NUMBER", "Take one's own proposal back while it is open", cobra.ExactArgs(1), func(_ *cobra.Command, w *stellar.Key, args []string) (any, string, error) {
			n, err := number(args[0])
			return governance.Cancel{Proposer: w.Account(), Number: n}, fmt.Sprintf("cancelled proposal %d", n), err
		}),
		a.duty("pause", "Pause new SLAs for a while, as governance's guardian", cobra.NoArgs, func(*cobra.Command, *stellar.Key, []string) (any, string, error) {
			return governance.GuardianPause{}, "new SLAs are paused", nil
		}),
		a.duty("unpause", "End the guardian's pause; anyone may when its time is over", cobra.NoArgs, func(*cobra.Command, *stellar.Key, []string) (any, string, error) {
			return governance.Unpause{}, "new SLAs are possible", nil
		}),
	)
	return c
}

func voteList(a *app) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List proposals, the newest first", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		_, ch, err := a.look(c.Context())
		if err != nil {
			return err
		}
		n, err := ch.Proposals(c.Context())
		if err != nil {
			return err
		}
		l := []shownProposal{}
		for ; n > 0; n-- {
			p, err := showProposal(c.Context(), ch, n)
			if err != nil {
				return err
			}
			l = append(l, p)
		}
		return a.show(c, l, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "NUMBER\tSTATE\tFOR\tAGAINST\tABSTAIN\tVOTE UNTIL\tEXECUTE FROM\tTO")
			for _, p := range l {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Number, p.State, p.InFavour.Format(flashDecimals), p.Against.Format(flashDecimals), p.Abstain.Format(flashDecimals), when(p.Ends), when(p.Opens), when(p.Closes))
			}
		})
	}}
}

// shownProposal is a proposal in JSON.
type shownProposal struct {
	Number   uint32       `json:"number"`
	State    string       `json:"state"`
	Proposer ids.Account  `json:"proposer"`
	Actions  string       `json:"actions"` // their hash
	About    string       `json:"about"`   // hash of the reasons
	Snapshot uint64       `json:"snapshot"`
	Total    money.Amount `json:"total"`
	Ends     uint64       `json:"ends"`
	Opens    uint64       `json:"opens"`
	Closes   uint64       `json:"closes"`
	InFavour money.Amount `json:"inFavour"`
	Against  money.Amount `json:"against"`
	Abstain  money.Amount `json:"abstain"`

	stored governance.Proposal
}

func showProposal(ctx context.Context, ch chain.Duties, n uint32) (shownProposal, error) {
	p, state, err := ch.Proposal(ctx, n)
	return shownProposal{Number: p.Number, State: word(proposalStates, uint32(state)), Proposer: p.Proposer, Actions: fmt.Sprintf("%x", p.Actions), About: fmt.Sprintf("%x", p.About), Snapshot: p.Snapshot, Total: p.Total,
		Ends: p.Ends, Opens: p.Opens, Closes: p.Closes, InFavour: p.InFavour, Against: p.Against, Abstain: p.Abstain, stored: p}, err
}

// action as it is kept in a file.
type action struct {
	Target    ids.Account `json:"target"`
	Function  string      `json:"function"`
	Says      any         `json:"says"` // the arguments for people; what counts are the bytes
	Arguments []byte      `json:"arguments"`
}

func (a *app) actionsFile(n uint32) string {
	return filepath.Join(a.dir, "proposals", fmt.Sprintf("%d.json", n))
}

// readActions reads a proposal's actions and checks that they are those that the chain has the hash of.
func (a *app) readActions(ch chain.Duties, p *governance.Proposal, file string) ([]governance.Action, []action, error) {
	if file == "" {
		file = a.actionsFile(p.Number)
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fault.New(fault.NotFound, "actions_missing", "there is no file %s: ask the proposer for the actions of proposal %d, and name them with --actions FILE", file, p.Number)
	}
	if err != nil {
		return nil, nil, err
	}
	var kept []action
	if err := json.Unmarshal(b, &kept); err != nil {
		return nil, nil, fault.Wrap(err, fault.Invalid, "actions_invalid", "%s has no actions of a proposal", file)
	}
	var l []governance.Action
	for i := range kept {
		x := governance.Action{Target: kept[i].Target, Function: kept[i].Function, Arguments: kept[i].Arguments}
		if kept[i].Says, err = ch.Describe(x); err != nil { // not what the file says of itself
			return nil, nil, err
		}
		l = append(l, x)
	}
	h, err := ch.ActionsHash(l)
	if err != nil {
		return nil, nil, err
	}
	if h != p.Actions {
		return nil, nil, fault.New(fault.Invalid, "ActionMismatch", "the actions in %s are not those of proposal %d", file, p.Number)
	}
	return l, kept, nil
}

func voteShow(a *app) *cobra.Command {
	var file string
	c := &cobra.Command{Use: "show NUMBER", Short: "Show a proposal, and check its actions against the hash on the chain", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		n, err := number(args[0])
		if err != nil {
			return err
		}
		_, ch, err := a.look(c.Context())
		if err != nil {
			return err
		}
		p, err := showProposal(c.Context(), ch, n)
		if err != nil {
			return err
		}
		_, l, err := a.readActions(ch, &p.stored, file)
		if err != nil && (file != "" || fault.CodeOf(err) != "actions_missing") {
			return err
		}
		return a.show(c, map[string]any{"proposal": p, "actions": l}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "proposal\t%d, %s, by %s\nfor\t%s\nagainst\t%s\nabstain\t%s of %s\nvote until\t%s\nexecute\tfrom %s to %s\nabout\t%s\n", p.Number, p.State, p.Proposer, inFlash(p.InFavour), inFlash(p.Against),
				inFlash(p.Abstain), inFlash(p.Total), when(p.Ends), when(p.Opens), when(p.Closes), p.About)
			if err != nil {
				fmt.Fprintf(w, "actions\t%s: ask the proposer for them, and check them with --actions FILE\n", p.Actions)
			}
			for _, x := range l {
				b, _ := json.Marshal(x.Says) // plain values always have JSON
				fmt.Fprintf(w, "action\t%s.%s%s\n", x.Target, x.Function, b)
			}
		})
	}}
	c.Flags().StringVar(&file, "actions", "", "file with the actions (default: the one that 'vote propose' wrote here)")
	return c
}

func voteExecute(a *app) *cobra.Command {
	var file string
	c := &cobra.Command{Use: "execute NUMBER", Short: "Carry out a proposal that passed, when its time-lock is over; anyone may", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		n, err := number(args[0])
		if err != nil {
			return err
		}
		_, ch, w, err := a.serve(c.Context())
		if err != nil {
			return err
		}
		p, _, err := ch.Proposal(c.Context(), n)
		if err != nil {
			return err
		}
		l, _, err := a.readActions(ch, &p, file)
		if err != nil {
			return err
		}
		d, err := ch.Do(c.Context(), w, governance.Execute{Number: n, Actions: l})
		if fault.CodeOf(err) == "TimeLocked" {
			return fault.Wrap(err, fault.Conflict, "TimeLocked", "it can be carried out from %s to %s", when(p.Opens), when(p.Closes))
		}
		if err != nil {
			return err
		}
		return a.did(c, d, "carried out proposal %d", n)
	}}
	c.Flags().StringVar(&file, "actions", "", "file with the actions (default: the one that 'vote propose' wrote here)")
	return c
}

// contract finds a contract of the deployment by its name in the description.
func contractOf(at chain.Contracts, name string) (ids.Account, error) {
	names := []string{"provider", "consumer", "staking", "registry", "score", "dispute", "governance"}
	for i, a := range []ids.Account{at.Provider, at.Consumer, at.Staking, at.Registry, at.Score, at.Dispute, at.Governance} {
		if names[i] == name && !a.Zero() {
			return a, nil
		}
	}
	return ids.Account{}, fault.New(fault.Invalid, "contract_unknown", "%q is none of %s, or this network does not have it", name, strings.Join(names, ", "))
}
