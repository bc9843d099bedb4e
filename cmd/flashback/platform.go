package main

import (
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flashback-network/flashback/internal/chain/stellar"
	"github.com/flashback-network/flashback/internal/platform"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
	"github.com/flashback-network/flashback/internal/platform/keeper"
)

func platformCommand(a *app) *cobra.Command {
	var listen, relayer, reports string
	c := &cobra.Command{Use: "platform", Short: "Run a platform: register, marketplace, monitor, keeper, API", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		n, ch, err := a.open(c.Context())
		if err != nil {
			return err
		}
		dir := a.layout().Role("platform")
		if c.Flags().Changed("dir") {
			dir = a.dir
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		k, err := stellar.LoadKey(relayer)
		if err != nil {
			return err
		}
		config, err := ch.OracleConfig(c.Context())
		if err != nil {
			return err
		}
		log := a.logger()
		return platform.Run(c.Context(), platform.Options{Dir: dir, Listen: listen, Chain: ch, Oracle: config, Network: *n, Relayer: k, Reports: keeper.NewValidators(strings.Split(reports, ",")), Logger: log,
			OnListen: func(at net.Addr) {
				log.Info("the platform serves", "api", "http://"+at.String()+"/v1", "description", "http://"+at.String()+"/openapi.yaml")
			}})
	}}
	f := c.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:8080", "address of the API")
	f.StringVar(&relayer, "relayer", "", "key file of the account that pays the fees of bindings and settlements")
	f.StringVar(&reports, "reports", "", "validators' status addresses, separated by commas: where leaves and proofs come from")
	_ = c.MarkFlagRequired("relayer")
	_ = c.MarkFlagRequired("reports")
	c.AddCommand(&cobra.Command{Use: "openapi", Short: "Print the API's OpenAPI 3.1 document", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		b, err := httpapi.Describe()
		if err != nil {
			return err
		}
		_, err = c.OutOrStdout().Write(b)
		return err
	}})
	return c
}
