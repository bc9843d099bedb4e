package main

import (
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator/staking"
)

var stakeRoles = []string{"provider", "validator", "certifier", "arbiter", "voter"}

func stakeCommand(a *app) *cobra.Command {
	c := &cobra.Command{Use: "stake", Short: "Stake FLASH: as a bond for a role, and for votes",
		Long: "FLASH that is staked votes, and can be lost by whoever fails in the role that it is staked for. It comes back 30 days after 'stake unbond', by 'stake withdraw'."}
	var role, owner string
	as := func(c *cobra.Command) *cobra.Command {
		c.Flags().StringVar(&role, "role", "voter", "what the stake is for: provider, validator, certifier, arbiter, or voter, which is nothing but votes")
		return c
	}
	add := as(a.duty("add AMOUNT", "Stake FLASH of --wallet", cobra.ExactArgs(1), func(_ *cobra.Command, w *stellar.Key, args []string) (any, string, error) {
		r, err := choice(role, "role", stakeRoles)
		if err != nil {
			return nil, "", err
		}
		m, err := flashAmount(args[0])
		if err != nil {
			return nil, "", err
		}
		of := w.Account()
		if owner != "" {
			if of, err = a.account(owner); err != nil {
				return nil, "", err
			}
		}
		return staking.Stake{From: w.Account(), Owner: of, Role: staking.Role(r), Amount: m}, fmt.Sprintf("staked %s of %s as %s", inFlash(m), of, stakeRoles[r]), nil
	}))
	add.Flags().StringVar(&owner, "for", "", "account whose stake it becomes (default: --wallet)")
	unbond := as(a.duty("unbond AMOUNT", "Begin to take stake back: it can be withdrawn in 30 days, and does not vote from now on", cobra.ExactArgs(1), func(_ *cobra.Command, w *stellar.Key, args []string) (any, string, error) {
		r, err := choice(role, "role", stakeRoles)
		if err != nil {
			return nil, "", err
		}
		m, err := flashAmount(args[0])
		return staking.Unbond{Owner: w.Account(), Role: staking.Role(r), Amount: m}, fmt.Sprintf("unbonding %s; 'flashback stake withdraw --role %s' in 30 days", inFlash(m), stakeRoles[r]), err
	}))
	cancel := as(a.duty("cancel NUMBER", "Make an unbonding stake again", cobra.ExactArgs(1), func(_ *cobra.Command, w *stellar.Key, args []string) (any, string, error) {
		r, err := choice(role, "role", stakeRoles)
		if err != nil {
			return nil, "", err
		}
		n, err := number(args[0])
		return staking.CancelUnbond{Owner: w.Account(), Role: staking.Role(r), Number: n}, fmt.Sprintf("unbonding %d is stake again", n), err
	}))
	withdraw := as(a.duty("withdraw [OWNER]", "Pay out what has unbonded; anyone may, it goes to the owner", cobra.MaximumNArgs(1), func(_ *cobra.Command, _ *stellar.Key, args []string) (any, string, error) {
		r, err := choice(role, "role", stakeRoles)
		if err != nil {
			return nil, "", err
		}
		of, err := a.whose(args)
		return staking.Withdraw{Owner: of, Role: staking.Role(r)}, fmt.Sprintf("paid to %s", of), err
	}))
	c.AddCommand(add, unbond, cancel, withdraw, stakeShow(a))
	return c
}

// number reads a small number.
func number(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, fault.New(fault.Invalid, "number_invalid", "%q is no number", s)
	}
	return uint32(n), nil
}

func stakeShow(a *app) *cobra.Command {
	return &cobra.Command{Use: "show [ACCOUNT]", Short: "Show an account's stakes and votes (default: --wallet)", Args: cobra.MaximumNArgs(1), RunE: func(c *cobra.Command, args []string) error {
		_, ch, err := a.look(c.Context())
		if err != nil {
			return err
		}
		of, err := a.whose(args)
		if err != nil {
			return err
		}
		type unbonding struct {
			Number uint32       `json:"number"`
			Amount money.Amount `json:"amount"`
			Until  uint64       `json:"until"`
		}
		type position struct {
			Role       string       `json:"role"`
			Active     money.Amount `json:"active"`
			Unbonding  money.Amount `json:"unbonding"`
			HeldUntil  uint64       `json:"heldUntil"`
			Unbondings []unbonding  `json:"unbondings"`
		}
		var l []position
		for r, name := range stakeRoles {
			p, err := ch.Stake(c.Context(), of, staking.Role(r))
			if err != nil {
				return err
			}
			x := position{name, p.Active, p.Unbonding, p.HeldUntil, []unbonding{}}
			for _, u := range p.Unbondings {
				x.Unbondings = append(x.Unbondings, unbonding(u))
			}
			l = append(l, x)
		}
		votes, err := ch.Votes(c.Context(), of)
		if err != nil {
			return err
		}
		total, err := ch.TotalVotes(c.Context())
		if err != nil {
			return err
		}
		return a.show(c, map[string]any{"account": of, "stakes": l, "votes": votes, "total": total}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "%s\nROLE\tACTIVE\tUNBONDING\tHELD UNTIL\n", of)
			for _, p := range l {
				if p.Active.Sign() == 0 && p.Unbonding.Sign() == 0 {
					continue
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Role, inFlash(p.Active), inFlash(p.Unbonding), when(p.HeldUntil))
				for _, u := range p.Unbondings {
					fmt.Fprintf(w, "  unbonding %d\t\t%s\tdue %s\n", u.Number, inFlash(u.Amount), when(u.Until))
				}
			}
			fmt.Fprintf(w, "votes\t%s of %s\n", inFlash(votes), inFlash(total))
		})
	}}
}
