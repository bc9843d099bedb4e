package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/flashback-network/flashback/internal/claim"
	"github.com/flashback-network/flashback/internal/platform/register"
)

// NodePath and ClaimPath are exported because the router fills embedded structs of exported types only.
type NodePath struct {
	Key string `path:"key" maxLength:"80" doc:"The node's account"`
}

type ClaimPath struct {
	NodePath
	Claim string `path:"claim" maxLength:"64"`
}

func (a *api) nodes() {
	huma.Register(a.h, operation("announce-node", http.MethodPost, "/v1/nodes/announce", "Announce a Bridge Node, signed by its key", "nodes", false, 401, 409, 422, 507),
		func(ctx context.Context, in *struct{ Body claim.Announcement }) (*body[register.Node], error) {
			if err := a.Register.Announce(ctx, &in.Body); err != nil {
				return nil, a.problem(err)
			}
			n, err := a.Register.Node(ctx, in.Body.Key)
			return reply(a, n, err)
		})
	huma.Register(a.h, operation("list-nodes", http.MethodGet, "/v1/nodes", "List Bridge Nodes", "nodes", false, 422),
		func(ctx context.Context, in *struct {
			Page
			Provider string `query:"provider" maxLength:"80" doc:"Nodes of this provider; \"-\" for unclaimed ones"`
		}) (*body[List[register.Node]], error) {
			l, err := a.Register.Nodes(ctx, in.Provider, in.After, in.Limit)
			return reply(a, listOf(l, in.Limit, func(n register.Node) string { return n.Key.String() }), err)
		})
	huma.Register(a.h, operation("get-node", http.MethodGet, "/v1/nodes/{key}", "One Bridge Node", "nodes", false, 404, 422),
		func(ctx context.Context, in *NodePath) (*body[register.Node], error) {
			key, err := account(in.Key)
			if err != nil {
				return nil, a.problem(err)
			}
			n, err := a.Register.Node(ctx, key)
			return reply(a, n, err)
		})
	huma.Register(a.h, operation("claim-node", http.MethodPost, "/v1/nodes/{key}/claims", "Claim a node with its secret", "nodes", true, 403, 404, 409, 422, 429),
		func(ctx context.Context, in *struct {
			NodePath
			Body claim.Secret
		}) (*body[*claim.Opened], error) {
			key, err := account(in.Key)
			if err != nil {
				return nil, a.problem(err)
			}
			o, err := a.Register.Claim(ctx, who(ctx).account, key, in.Body.Secret)
			return reply(a, o, err)
		})
	huma.Register(a.h, operation("authorize-claim", http.MethodPost, "/v1/nodes/{key}/claims/{claim}/authorization", "Give the wallet's signed authorisation, get the claim code", "nodes", true, 404, 422),
		func(ctx context.Context, in *struct {
			ClaimPath
			Body claim.Signed
		}) (*body[*claim.Code], error) {
			key, err := account(in.Key)
			if err != nil {
				return nil, a.problem(err)
			}
			c, err := a.Register.AuthorizeClaim(ctx, who(ctx).account, key, in.Claim, in.Body.Authorization)
			return reply(a, c, err)
		})
	huma.Register(a.h, operation("redeem-claim", http.MethodPost, "/v1/nodes/{key}/claims/redeem", "Redeem a claim code at the node, signed by its key", "nodes", false, 401, 403, 422, 429),
		func(ctx context.Context, in *struct {
			NodePath
			Body claim.Redemption
		}) (*body[*claim.Redeemed], error) {
			key, err := account(in.Key)
			if err != nil {
				return nil, a.problem(err)
			}
			o, err := a.Register.Redeem(ctx, key, &in.Body)
			return reply(a, o, err)
		})
	huma.Register(a.h, operation("relay-claim", http.MethodPost, "/v1/nodes/{key}/claims/{claim}/relay", "Bind the node on chain with both authorisations", "nodes", false, 403, 404, 409, 422, 503),
		func(ctx context.Context, in *struct {
			ClaimPath
			Body claim.Signed
		}) (*body[*claim.Bound], error) {
			key, err := account(in.Key)
			if err != nil {
				return nil, a.problem(err)
			}
			b, err := a.Register.Relay(ctx, key, in.Claim, in.Body.Authorization)
			return reply(a, b, err)
		})
}
