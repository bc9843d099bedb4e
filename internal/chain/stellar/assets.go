package stellar

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/stellar/go-stellar-sdk/amount"
	protocol "github.com/stellar/go-stellar-sdk/protocols/rpc"
	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/scval"
)

// Decimals of every Stellar asset, lumens included.
const Decimals = 7

// AssetInfo is a Stellar asset behind its token contract.
type AssetInfo struct {
	Code   string      // "XLM" for lumens
	Issuer ids.Account // zero for lumens
}

// NativeAsset is the token contract of lumens. Its address follows from the network; DeployAsset creates it where nobody has yet.
func (c *Client) NativeAsset() money.Asset {
	return c.assetContract(xdr.Asset{Type: xdr.AssetTypeAssetTypeNative})
}

// IssuedAsset is the token contract of an issuer's asset, whether it is deployed or not.
func (c *Client) IssuedAsset(code string, issuer ids.Account) (money.Asset, error) {
	a, err := classic(AssetInfo{code, issuer})
	if err != nil {
		return money.Asset{}, err
	}
	return c.assetContract(a), nil
}

func (c *Client) assetContract(a xdr.Asset) money.Asset {
	id, err := a.ContractID(c.passphrase)
	if err != nil {
		panic(fmt.Sprintf("stellar: contract id of an asset: %v", err)) // encoding of our own value
	}
	return money.Asset{Chain: ids.Stellar, Kind: ids.Contract, Address: id}
}

// classic is the asset in XDR.
func classic(i AssetInfo) (xdr.Asset, error) {
	if i.Issuer.Zero() {
		return xdr.Asset{Type: xdr.AssetTypeAssetTypeNative}, nil
	}
	a, err := txnbuild.CreditAsset{Code: i.Code, Issuer: i.Issuer.String()}.ToXDR()
	if err != nil {
		return a, fault.Wrap(err, fault.Invalid, "ArgumentInvalid", "%q of %s is no asset: a code has 1 to 12 letters and digits", i.Code, i.Issuer)
	}
	return a, nil
}

// IssueAsset deploys the token contract of an asset that issuer issues, unless it is there. Tokens come into being when the issuer transfers them.
func (c *Client) IssueAsset(ctx context.Context, issuer chain.Signer, code string) (money.Asset, error) {
	a, err := classic(AssetInfo{code, issuer.Account()})
	if err != nil {
		return money.Asset{}, err
	}
	return c.deployAsset(ctx, issuer, a)
}

// DeployNative deploys the token contract of lumens, unless it is there. by pays.
func (c *Client) DeployNative(ctx context.Context, by chain.Signer) (money.Asset, error) {
	return c.deployAsset(ctx, by, xdr.Asset{Type: xdr.AssetTypeAssetTypeNative})
}

func (c *Client) deployAsset(ctx context.Context, by chain.Signer, a xdr.Asset) (money.Asset, error) {
	contract := c.assetContract(a)
	exists := func() (bool, error) {
		e, err := c.entry(ctx, instanceKey(contract))
		return e != nil, err
	}
	if ok, err := exists(); ok || err != nil {
		return contract, err
	}
	_, err := c.invoke(ctx, by, xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeCreateContract, CreateContract: &xdr.CreateContractArgs{
		ContractIdPreimage: xdr.ContractIdPreimage{Type: xdr.ContractIdPreimageTypeContractIdPreimageFromAsset, FromAsset: &a},
		Executable:         xdr.ContractExecutable{Type: xdr.ContractExecutableTypeContractExecutableStellarAsset}}}, nil)
	if err != nil {
		if ok, _ := exists(); ok { // somebody else was faster
			return contract, nil
		}
	}
	return contract, err
}

// AssetInfo asks a token contract which Stellar asset it stands for, and checks the answer: a contract that only says so is NotFound.
func (c *Client) AssetInfo(ctx context.Context, asset money.Asset) (AssetInfo, error) {
	none := fault.New(fault.NotFound, "NotFound", "%s is not the token contract of a Stellar asset", asset)
	if asset == c.NativeAsset() {
		return AssetInfo{Code: "XLM"}, nil
	}
	v, err := c.view(ctx, asset, "name")
	if err != nil {
		return AssetInfo{}, err
	}
	name, _ := v.GetStr()
	code, issuer, ok := strings.Cut(string(name), ":")
	if !ok {
		return AssetInfo{}, none
	}
	i := AssetInfo{Code: code}
	if i.Issuer, err = ids.ParseAccount(issuer); err != nil {
		return AssetInfo{}, none
	}
	if a, err := classic(i); err != nil || c.assetContract(a) != asset {
		return AssetInfo{}, none
	}
	return i, nil
}

// Trust lets holder hold an issued asset. It is needed once, before the first token arrives; again is harmless.
func (c *Client) Trust(ctx context.Context, holder chain.Signer, asset money.Asset) error {
	i, err := c.AssetInfo(ctx, asset)
	if err != nil || i.Issuer.Zero() || i.Issuer == holder.Account() {
		return err
	}
	a, err := classic(i)
	if err != nil {
		return err
	}
	line, err := c.entry(ctx, xdr.LedgerKey{Type: xdr.LedgerEntryTypeTrustline, TrustLine: &xdr.LedgerKeyTrustLine{
		AccountId: scval.AccountID(holder.Account()), Asset: a.ToTrustLineAsset()}})
	if err != nil || line != nil {
		return err
	}
	_, err = c.perform(ctx, holder, func(context.Context, *lane) (txnbuild.Operation, error) {
		return &txnbuild.ChangeTrust{Line: txnbuild.CreditAsset{Code: i.Code, Issuer: i.Issuer.String()}.MustToChangeTrustAsset()}, nil
	})
	return err
}

// CreateAccount puts a new account on the chain with lumens from by's account, in stroops.
func (c *Client) CreateAccount(ctx context.Context, by chain.Signer, account ids.Account, stroops int64) error {
	_, err := c.perform(ctx, by, func(context.Context, *lane) (txnbuild.Operation, error) {
		return &txnbuild.CreateAccount{Destination: account.String(), Amount: amount.StringFromInt64(stroops)}, nil
	})
	return err
}

// Balance of an account in an asset. An account that is not there or does not hold the asset has 0.
func (c *Client) Balance(ctx context.Context, asset money.Asset, account ids.Account) (money.Amount, error) {
	if asset == c.NativeAsset() && account.Kind == ids.KeyAccount {
		e, err := c.accountEntry(ctx, account)
		if fault.CodeOf(err) == "account_missing" {
			return money.Amount{}, nil
		}
		if err != nil {
			return money.Amount{}, err
		}
		return money.Of(int64(e.Balance)), nil
	}
	var b args
	holder := b.account(account)
	if b.err != nil || asset.Kind != ids.Contract || asset.Chain != ids.Stellar {
		return money.Amount{}, fault.New(fault.Invalid, "ArgumentInvalid", "%s and %s are no account and token of Stellar", account, asset)
	}
	v, err := c.view(ctx, asset, "balance", holder)
	switch fault.CodeOf(err) {
	case "trustline_missing", "account_missing":
		return money.Amount{}, nil
	}
	if err != nil {
		return money.Amount{}, err
	}
	r := &record{what: "balance", f: scval.Fields{"balance": v}}
	return r.amount("balance"), r.done()
}

// Friendbot asks a test network's friendbot for a funded account; an account that exists is fine. With no url, it is the one that the network names.
func (c *Client) Friendbot(ctx context.Context, friendbot string, account ids.Account) error {
	if _, err := c.accountEntry(ctx, account); fault.CodeOf(err) != "account_missing" {
		return err
	}
	if friendbot == "" {
		var n protocol.GetNetworkResponse
		if err := c.rpc.call(ctx, protocol.GetNetworkMethodName, nil, &n); err != nil {
			return plainRefusal(err)
		}
		if friendbot = n.FriendbotURL; friendbot == "" {
			return fault.New(fault.NotFound, "friendbot_missing", "this network has no friendbot: send lumens to %s", account)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, friendbot+"?addr="+url.QueryEscape(account.String()), nil)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "ArgumentInvalid", "%q is no URL of a friendbot", friendbot)
	}
	res, err := c.rpc.http.Do(req)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "unavailable", "the friendbot does not answer")
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1_000))
	if res.StatusCode/100 == 2 {
		return nil
	}
	if _, err := c.accountEntry(ctx, account); err == nil { // somebody else asked at the same time
		return nil
	}
	return fault.Wrap(fmt.Errorf("HTTP %d: %q", res.StatusCode, text), fault.Unavailable, "unavailable", "the friendbot gave nothing")
}
