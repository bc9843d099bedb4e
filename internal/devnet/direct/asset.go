package direct

import (
	"context"
	"fmt"

	"github.com/stellar/go-stellar-sdk/amount"
	"github.com/stellar/go-stellar-sdk/txnbuild"
	"github.com/stellar/go-stellar-sdk/xdr"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/scval"
)

// issue is the classic asset behind a token contract; lumens have no issuer.
type issue struct {
	code   string
	issuer ids.Account
}

// Issue deploys the token contract of an asset that an account issues. Tokens come into being by Give.
func (r *Rig) Issue(ctx context.Context, code string, issuer ids.Account) (money.Asset, error) {
	credit := txnbuild.CreditAsset{Code: code, Issuer: issuer.String()}
	x, err := credit.ToXDR()
	if err != nil {
		return money.Asset{}, err
	}
	asset, err := r.deployAsset(ctx, x)
	if err == nil {
		r.issues[asset] = issue{code, issuer}
	}
	return asset, err
}

// Native deploys the token contract of lumens, unless it is there.
func (r *Rig) Native(ctx context.Context) (money.Asset, error) {
	asset, err := r.deployAsset(ctx, xdr.Asset{Type: xdr.AssetTypeAssetTypeNative})
	if err == nil {
		r.issues[asset] = issue{}
	}
	return asset, err
}

func (r *Rig) deployAsset(ctx context.Context, a xdr.Asset) (money.Asset, error) {
	id, err := a.ContractID(r.passphrase)
	if err != nil {
		return money.Asset{}, err
	}
	asset := contractAccount(id)
	if _, ok := r.entry(instanceKey(asset)); ok {
		return asset, nil
	}
	_, err = r.Run(ctx, xdr.HostFunction{Type: xdr.HostFunctionTypeHostFunctionTypeCreateContract, CreateContract: &xdr.CreateContractArgs{
		ContractIdPreimage: xdr.ContractIdPreimage{Type: xdr.ContractIdPreimageTypeContractIdPreimageFromAsset, FromAsset: &a},
		Executable:         xdr.ContractExecutable{Type: xdr.ContractExecutableTypeContractExecutableStellarAsset}}}, Nobody())
	return asset, err
}

// Trust lets an account hold an asset that Issue made; again is harmless. Lumens and contracts need none.
func (r *Rig) Trust(asset money.Asset, holder ids.Account) error {
	i, ok := r.issues[asset]
	if !ok || i.issuer.Zero() || holder == i.issuer || holder.Kind == ids.Contract {
		return nil
	}
	return r.classic(holder, &txnbuild.ChangeTrust{Line: txnbuild.CreditAsset{Code: i.code, Issuer: i.issuer.String()}.MustToChangeTrustAsset()})
}

// Give lets the issuer pay new tokens to an account, which trusts the asset from then on.
func (r *Rig) Give(asset money.Asset, to ids.Account, n int64) error {
	i, ok := r.issues[asset]
	if !ok || i.issuer.Zero() {
		return fmt.Errorf("direct: %s is not issued by this rig", asset)
	}
	if err := r.Trust(asset, to); err != nil {
		return err
	}
	return r.classic(i.issuer, &txnbuild.Payment{Destination: to.String(), Amount: amount.StringFromInt64(n), Asset: txnbuild.CreditAsset{Code: i.code, Issuer: i.issuer.String()}})
}

// Balance of an account in an asset: of one that holds none it is 0. Of an asset of this rig it is read from the ledger, other tokens are asked.
func (r *Rig) Balance(ctx context.Context, asset money.Asset, of ids.Account) (money.Amount, error) {
	i, ours := r.issues[asset]
	switch {
	case !ours:
	case of.Kind == ids.Contract:
		v, ok, err := r.Stored(asset, scval.Variant("Balance", scval.Address(of)))
		if err != nil || !ok {
			return money.Amount{}, err
		}
		if m, ok := v.GetMap(); ok && m != nil {
			for _, e := range *m {
				if name, _ := e.Key.GetSym(); name == "amount" {
					return money.FromBig(scval.Integer(e.Val))
				}
			}
		}
		return money.Amount{}, fmt.Errorf("direct: a balance is %v", scval.Plain(v))
	case i.issuer.Zero():
		f, ok, err := r.Entry(accountKey(of))
		if err != nil || !ok {
			return money.Amount{}, err
		}
		return money.Of(int64(f.Entry.Data.MustAccount().Balance)), nil
	case of != i.issuer:
		x, err := txnbuild.CreditAsset{Code: i.code, Issuer: i.issuer.String()}.ToXDR()
		if err != nil {
			return money.Amount{}, err
		}
		f, ok, err := r.Entry(xdr.LedgerKey{Type: xdr.LedgerEntryTypeTrustline, TrustLine: &xdr.LedgerKeyTrustLine{AccountId: scval.AccountID(of), Asset: x.ToTrustLineAsset()}})
		if err != nil || !ok {
			return money.Amount{}, err
		}
		return money.Of(int64(f.Entry.Data.MustTrustLine().Balance)), nil
	}
	v, err := r.View(ctx, asset, "balance", scval.Address(of))
	if err != nil {
		return money.Amount{}, err
	}
	n := scval.Integer(v)
	if n == nil {
		return money.Amount{}, fmt.Errorf("direct: a balance is %v", scval.Plain(v))
	}
	return money.FromBig(n)
}
