package ledger

import (
	"slices"
	"strings"

	"github.com/stellar/go-stellar-sdk/xdr"
)

// classic applies the operations that need no contract host. Each returns its result code; 0 is success, and only then
// have the overlay's changes to be kept. An error is a fault of ours.
type classic struct {
	*overlay
	seq uint32 // the ledger being closed
}

func (c *classic) apply(op *xdr.Operation, src xdr.AccountId) (xdr.OperationResult, bool, error) {
	var code int32
	var err error
	switch op.Body.Type {
	case xdr.OperationTypeCreateAccount:
		var r xdr.CreateAccountResultCode
		r, err = c.createAccount(op.Body.CreateAccountOp, src)
		code = int32(r)
	case xdr.OperationTypePayment:
		var r xdr.PaymentResultCode
		r, err = c.payment(op.Body.PaymentOp, src)
		code = int32(r)
	case xdr.OperationTypeChangeTrust:
		var r xdr.ChangeTrustResultCode
		r, err = c.changeTrust(op.Body.ChangeTrustOp, src)
		code = int32(r)
	case xdr.OperationTypeSetOptions:
		var r xdr.SetOptionsResultCode
		r, err = c.setOptions(op.Body.SetOptionsOp, src)
		code = int32(r)
	default:
		return xdr.OperationResult{Code: xdr.OperationResultCodeOpNotSupported}, false, nil
	}
	return inner(op.Body.Type, code), code == 0, err
}

// mustAccount loads an account that validation has seen.
func (c *classic) mustAccount(id xdr.AccountId) (*xdr.AccountEntry, error) {
	a, err := loadAccount(c, id)
	if err == nil && a == nil {
		err = errNoSource
	}
	return a, err
}

func (c *classic) createAccount(o *xdr.CreateAccountOp, src xdr.AccountId) (xdr.CreateAccountResultCode, error) {
	if c.get(accountKey(o.Destination)).exists() {
		return xdr.CreateAccountResultCodeCreateAccountAlreadyExist, nil
	}
	if o.StartingBalance < 2*BaseReserve {
		return xdr.CreateAccountResultCodeCreateAccountLowReserve, nil
	}
	from, err := c.mustAccount(src)
	if err != nil {
		return 0, err
	}
	if available(from) < int64(o.StartingBalance) {
		return xdr.CreateAccountResultCodeCreateAccountUnderfunded, nil
	}
	from.Balance -= o.StartingBalance
	if err := c.putAccount(from, c.seq); err != nil {
		return 0, err
	}
	return 0, c.putAccount(newAccount(o.Destination, int64(o.StartingBalance), c.seq), c.seq)
}

func (c *classic) payment(o *xdr.PaymentOp, src xdr.AccountId) (xdr.PaymentResultCode, error) {
	to := o.Destination.ToAccountId()
	if o.Asset.Type == xdr.AssetTypeAssetTypeNative {
		return c.payNative(src, to, int64(o.Amount))
	}
	if !c.get(accountKey(to)).exists() {
		return xdr.PaymentResultCodePaymentNoDestination, nil
	}
	issuer, err := xdr.AddressToAccountId(o.Asset.GetIssuer())
	if err != nil {
		return 0, err
	}
	// Credit first, as the network does; an issuer has no line of its own and an unlimited balance.
	if !to.Equals(issuer) {
		line, err := loadTrustLine(c, to, o.Asset)
		switch {
		case err != nil:
			return 0, err
		case line == nil:
			return xdr.PaymentResultCodePaymentNoTrust, nil
		case !authorized(line):
			return xdr.PaymentResultCodePaymentNotAuthorized, nil
		case src.Equals(to):
			// Paying oneself needs the balance and changes nothing.
			if line.Balance < o.Amount {
				return xdr.PaymentResultCodePaymentUnderfunded, nil
			}
			return 0, nil
		case line.Limit-line.Balance < o.Amount:
			return xdr.PaymentResultCodePaymentLineFull, nil
		}
		line.Balance += o.Amount
		if err := c.putTrustLine(line, c.seq); err != nil {
			return 0, err
		}
	}
	if src.Equals(issuer) {
		return 0, nil
	}
	line, err := loadTrustLine(c, src, o.Asset)
	switch {
	case err != nil:
		return 0, err
	case line == nil:
		return xdr.PaymentResultCodePaymentSrcNoTrust, nil
	case !authorized(line):
		return xdr.PaymentResultCodePaymentSrcNotAuthorized, nil
	case line.Balance < o.Amount:
		return xdr.PaymentResultCodePaymentUnderfunded, nil
	}
	line.Balance -= o.Amount
	return 0, c.putTrustLine(line, c.seq)
}

func (c *classic) payNative(src, to xdr.AccountId, amount int64) (xdr.PaymentResultCode, error) {
	dest, err := loadAccount(c, to)
	if err != nil {
		return 0, err
	}
	if dest == nil {
		return xdr.PaymentResultCodePaymentNoDestination, nil
	}
	from, err := c.mustAccount(src)
	if err != nil {
		return 0, err
	}
	if available(from) < amount {
		return xdr.PaymentResultCodePaymentUnderfunded, nil
	}
	if src.Equals(to) {
		return 0, nil
	}
	if int64(dest.Balance) > 1<<63-1-amount {
		return xdr.PaymentResultCodePaymentLineFull, nil
	}
	from.Balance -= xdr.Int64(amount)
	dest.Balance += xdr.Int64(amount)
	if err := c.putAccount(from, c.seq); err != nil {
		return 0, err
	}
	return 0, c.putAccount(dest, c.seq)
}

func authorized(t *xdr.TrustLineEntry) bool {
	return xdr.TrustLineFlags(t.Flags)&xdr.TrustLineFlagsAuthorizedFlag != 0
}

func validAsset(a xdr.Asset) bool {
	var code []byte
	switch a.Type {
	case xdr.AssetTypeAssetTypeNative:
		return true
	case xdr.AssetTypeAssetTypeCreditAlphanum4:
		code = a.AlphaNum4.AssetCode[:]
	case xdr.AssetTypeAssetTypeCreditAlphanum12:
		code = a.AlphaNum12.AssetCode[:]
	default:
		return false
	}
	name := strings.TrimRight(string(code), "\x00")
	if name == "" || len(code) == 12 && len(name) < 5 {
		return false
	}
	for _, r := range name {
		if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return false
		}
	}
	return true
}

func changeTrustForm(o *xdr.ChangeTrustOp, _ xdr.AccountId) xdr.ChangeTrustResultCode {
	if o.Limit < 0 || o.Line.Type == xdr.AssetTypeAssetTypeNative || o.Line.Type == xdr.AssetTypeAssetTypePoolShare ||
		!validAsset(o.Line.ToAsset()) {
		return xdr.ChangeTrustResultCodeChangeTrustMalformed
	}
	return 0
}

func (c *classic) changeTrust(o *xdr.ChangeTrustOp, src xdr.AccountId) (xdr.ChangeTrustResultCode, error) {
	asset := o.Line.ToAsset()
	issuer, err := xdr.AddressToAccountId(asset.GetIssuer())
	if err != nil {
		return 0, err
	}
	if issuer.Equals(src) {
		return xdr.ChangeTrustResultCodeChangeTrustMalformed, nil
	}
	line, err := loadTrustLine(c, src, asset)
	if err != nil {
		return 0, err
	}
	account, err := c.mustAccount(src)
	if err != nil {
		return 0, err
	}
	if line != nil {
		if o.Limit < line.Balance {
			return xdr.ChangeTrustResultCodeChangeTrustInvalidLimit, nil
		}
		if o.Limit == 0 {
			c.put(trustLineKey(src, asset), entry{})
			account.NumSubEntries--
			return 0, c.putAccount(account, c.seq)
		}
		if !c.get(accountKey(issuer)).exists() {
			return xdr.ChangeTrustResultCodeChangeTrustNoIssuer, nil
		}
		line.Limit = o.Limit
		return 0, c.putTrustLine(line, c.seq)
	}
	if o.Limit == 0 {
		return xdr.ChangeTrustResultCodeChangeTrustInvalidLimit, nil
	}
	from, err := loadAccount(c, issuer)
	if err != nil {
		return 0, err
	}
	if from == nil {
		return xdr.ChangeTrustResultCodeChangeTrustNoIssuer, nil
	}
	if account.NumSubEntries >= maxSubEntries || int64(account.Balance) < minBalance(account, 1) {
		return xdr.ChangeTrustResultCodeChangeTrustLowReserve, nil
	}
	account.NumSubEntries++
	if err := c.putAccount(account, c.seq); err != nil {
		return 0, err
	}
	line = &xdr.TrustLineEntry{AccountId: src, Asset: asset.ToTrustLineAsset(), Limit: o.Limit}
	flags := xdr.AccountFlags(from.Flags)
	if flags&xdr.AccountFlagsAuthRequiredFlag == 0 {
		line.Flags |= xdr.Uint32(xdr.TrustLineFlagsAuthorizedFlag)
	}
	if flags&xdr.AccountFlagsAuthClawbackEnabledFlag != 0 {
		line.Flags |= xdr.Uint32(xdr.TrustLineFlagsTrustlineClawbackEnabledFlag)
	}
	return 0, c.putTrustLine(line, c.seq)
}

const knownFlags = xdr.Uint32(xdr.AccountFlagsAuthRequiredFlag | xdr.AccountFlagsAuthRevocableFlag |
	xdr.AccountFlagsAuthImmutableFlag | xdr.AccountFlagsAuthClawbackEnabledFlag)

func setOptionsForm(o *xdr.SetOptionsOp, src xdr.AccountId) xdr.SetOptionsResultCode {
	deref := func(p *xdr.Uint32) xdr.Uint32 {
		if p == nil {
			return 0
		}
		return *p
	}
	set, clear := deref(o.SetFlags), deref(o.ClearFlags)
	if (set|clear)&^knownFlags != 0 {
		return xdr.SetOptionsResultCodeSetOptionsUnknownFlag
	}
	if set&clear != 0 {
		return xdr.SetOptionsResultCodeSetOptionsBadFlags
	}
	for _, w := range []*xdr.Uint32{o.MasterWeight, o.LowThreshold, o.MedThreshold, o.HighThreshold} {
		if deref(w) > 255 {
			return xdr.SetOptionsResultCodeSetOptionsThresholdOutOfRange
		}
	}
	if s := o.Signer; s != nil {
		self := s.Key.Type == xdr.SignerKeyTypeSignerKeyTypeEd25519 && *s.Key.Ed25519 == *src.Ed25519
		payload := s.Key.Type == xdr.SignerKeyTypeSignerKeyTypeEd25519SignedPayload && len(s.Key.Ed25519SignedPayload.Payload) == 0
		if self || payload || s.Weight > 255 {
			return xdr.SetOptionsResultCodeSetOptionsBadSigner
		}
	}
	if o.HomeDomain != nil && strings.IndexFunc(string(*o.HomeDomain), func(r rune) bool { return r < 0x20 || r > 0x7e }) >= 0 {
		return xdr.SetOptionsResultCodeSetOptionsInvalidHomeDomain
	}
	return 0
}

func (c *classic) setOptions(o *xdr.SetOptionsOp, src xdr.AccountId) (xdr.SetOptionsResultCode, error) {
	a, err := c.mustAccount(src)
	if err != nil {
		return 0, err
	}
	if o.InflationDest != nil {
		if !c.get(accountKey(*o.InflationDest)).exists() {
			return xdr.SetOptionsResultCodeSetOptionsInvalidInflation, nil
		}
		a.InflationDest = o.InflationDest
	}
	immutable := xdr.AccountFlags(a.Flags)&xdr.AccountFlagsAuthImmutableFlag != 0
	if o.ClearFlags != nil {
		if immutable && *o.ClearFlags != 0 {
			return xdr.SetOptionsResultCodeSetOptionsCantChange, nil
		}
		a.Flags &^= *o.ClearFlags
	}
	if o.SetFlags != nil {
		if immutable && *o.SetFlags != 0 {
			return xdr.SetOptionsResultCodeSetOptionsCantChange, nil
		}
		a.Flags |= *o.SetFlags
	}
	if f := xdr.AccountFlags(a.Flags); f&xdr.AccountFlagsAuthClawbackEnabledFlag != 0 && f&xdr.AccountFlagsAuthRevocableFlag == 0 {
		return xdr.SetOptionsResultCodeSetOptionsAuthRevocableRequired, nil
	}
	if o.HomeDomain != nil {
		a.HomeDomain = *o.HomeDomain
	}
	for i, w := range []*xdr.Uint32{o.MasterWeight, o.LowThreshold, o.MedThreshold, o.HighThreshold} {
		if w != nil {
			a.Thresholds[i] = byte(*w)
		}
	}
	if o.Signer != nil {
		if code := setSigner(a, *o.Signer); code != 0 {
			return code, nil
		}
	}
	return 0, c.putAccount(a, c.seq)
}

// setSigner adds, changes or (weight 0) removes a signer. Signers are kept sorted by key, as the network keeps them.
func setSigner(a *xdr.AccountEntry, s xdr.Signer) xdr.SetOptionsResultCode {
	at := slices.IndexFunc(a.Signers, func(have xdr.Signer) bool { return have.Key.Equals(s.Key) })
	switch {
	case s.Weight == 0:
		if at >= 0 {
			a.Signers = slices.Delete(a.Signers, at, at+1)
			a.NumSubEntries--
		}
	case at >= 0:
		a.Signers[at].Weight = s.Weight
	case len(a.Signers) >= 20:
		return xdr.SetOptionsResultCodeSetOptionsTooManySigners
	case int64(a.Balance) < minBalance(a, 1) || a.NumSubEntries >= maxSubEntries:
		return xdr.SetOptionsResultCodeSetOptionsLowReserve
	default:
		a.Signers = append(a.Signers, s)
		a.NumSubEntries++
		slices.SortFunc(a.Signers, func(x, y xdr.Signer) int { return strings.Compare(x.Key.Address(), y.Key.Address()) })
	}
	fitSponsors(a)
	return 0
}
