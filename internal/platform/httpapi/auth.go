package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Challenge to sign.
type Challenge struct {
	Challenge string `json:"challenge" doc:"Sign this text with the wallet (SEP-53)"`
}

// Session that a wallet opened.
type Session struct {
	Token   string    `json:"token"`
	Account string    `json:"account"`
	Expires time.Time `json:"expires"`
}

func (a *api) auth() {
	huma.Register(a.h, operation("create-challenge", http.MethodPost, "/v1/auth/challenges", "Ask for a login challenge", "auth", false, 422, 429),
		func(ctx context.Context, in *struct {
			Body struct {
				Account string `json:"account" maxLength:"80" example:"GBRPYHIL2CI3FNQ4BXLFMNDLFJUNPU2HY3ZMFSHONUCEOASW7QC7OX2H"`
			}
		}) (*body[Challenge], error) {
			acc, err := account(in.Body.Account)
			if err != nil {
				return nil, a.problem(err)
			}
			c, err := a.Register.Challenge(ctx, acc, a.Name)
			return reply(a, Challenge{c}, err)
		})
	huma.Register(a.h, operation("create-session", http.MethodPost, "/v1/auth/sessions", "Log in with a signed challenge", "auth", false, 401, 422),
		func(ctx context.Context, in *struct {
			Body struct {
				Account   string `json:"account" maxLength:"80"`
				Challenge string `json:"challenge" maxLength:"512"`
				Signature []byte `json:"signature" doc:"Base64"`
			}
		}) (*body[Session], error) {
			acc, err := account(in.Body.Account)
			if err != nil {
				return nil, a.problem(err)
			}
			token, expires, err := a.Register.Login(ctx, acc, in.Body.Challenge, in.Body.Signature)
			return reply(a, Session{token, acc.String(), expires}, err)
		})
	huma.Register(a.h, operation("delete-session", http.MethodDelete, "/v1/auth/sessions/current", "Log out", "auth", true),
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			if err := a.Register.Logout(ctx, who(ctx).token); err != nil {
				return nil, a.problem(err)
			}
			return nil, nil
		})
}
