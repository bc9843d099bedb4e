package network

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/flashback-network/flashback/internal/bridge/admin"
	"github.com/flashback-network/flashback/internal/chain"
	"github.com/flashback-network/flashback/internal/deployment"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/platform/client"
	"github.com/flashback-network/flashback/internal/sla"
)

// demo brings both demo SLAs to life, each through the doors that users have. It goes on where an interrupted start ended.
func demo(ctx context.Context, l Layout, w *wallets, p ports, n *deployment.Network, c chain.Chain, say func(string)) (*Info, error) {
	prog, err := loadProgress(l)
	if err != nil {
		return nil, err
	}
	info := &Info{Platform: n.Platform, StellarRPC: n.StellarRPC, Passphrase: n.Passphrase}
	demos := make([]Demo, len(demoNodes))
	info.Nodes = make([]NodeInfo, len(demoNodes))
	say("claiming the nodes, renting out units, opening SLAs")
	g, gctx := errgroup.WithContext(ctx)
	for i, d := range demoNodes {
		g.Go(func() error {
			m := &demoMaker{layout: l, n: n, c: c, d: d, p: prog.Demo[d.node], s3: p.url(p.node(i)), provider: w.of(d.provider), consumer: w.of("consumer"), app: w.of(d.app)}
			if err := m.make(gctx); err != nil {
				return fmt.Errorf("%s: %w", d.node, err)
			}
			info.Nodes[i] = NodeInfo{ID: m.p.Node, Name: d.node, S3: m.s3, Key: m.p.Key, Unit: m.p.Unit}
			demos[i] = Demo{Name: d.sla, AccessKey: m.p.AccessKey, SecretKey: m.p.SecretKey, Bucket: demoBucket, S3: m.s3, SLA: m.p.SLA, Grant: m.p.Grant, Consumer: m.consumer.Account(), Provider: m.provider.Account()}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	info.Demo, info.More = demos[0], demos[1:]
	for i := range validators {
		info.Validators = append(info.Validators, ValidatorInfo{validatorName(i), p.url(p.validatorStatus(i)), w.of(validatorName(i)).Account()})
	}
	return info, writeJSON(l.progress(), prog, 0o600)
}

type demoMaker struct {
	layout                  Layout
	n                       *deployment.Network
	c                       chain.Chain
	d                       demoNode
	p                       *demoProgress
	s3                      string
	provider, consumer, app chain.Signer
}

func (m *demoMaker) make(ctx context.Context) error {
	for _, s := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"registering the provider", m.register}, {"claiming the node", m.claim}, {"sending collateral", m.collateral}, {"creating the Data Unit", m.unit},
		{"opening the SLA", m.sla}, {"granting access", m.grant}, {"getting S3 keys", m.keys}, {"making the bucket", m.bucket},
	} {
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
	}
	return nil
}

func (m *demoMaker) register(ctx context.Context) error {
	_, err := Register(ctx, m.c, m.provider)
	return already(err, "Exists")
}

// claim is the procedure of docs/spec/protocols.md: the secret from the node's console, the code from the platform, the binding on chain.
func (m *demoMaker) claim(ctx context.Context) error {
	node := admin.NewClient(m.layout.Role(m.d.node))
	st, err := node.Status(ctx)
	if err != nil {
		return err
	}
	m.p.Key = st.Key
	if id, err := m.c.NodeOf(ctx, st.Key); err == nil {
		m.p.Node = id
		return nil
	} else if fault.KindOf(err) != fault.NotFound {
		return err
	}
	secret, err := node.Secret(ctx)
	if err != nil {
		return err
	}
	pl := client.New(m.n.Platform)
	if err := announced(ctx, pl, st.Key); err != nil {
		return err
	}
	code, err := pl.ClaimNode(ctx, m.c, m.provider, st.Key, secret)
	if err != nil {
		return err
	}
	out, err := node.Claim(ctx, code.Code)
	if err != nil {
		return err
	}
	m.p.Node = out.Node
	return nil
}

// announced waits until the platform has heard of a node.
func announced(ctx context.Context, pl *client.Client, key ids.Account) error {
	for {
		_, err := client.Get[struct{}](ctx, pl, "/v1/nodes/"+key.String(), nil)
		if err == nil || fault.KindOf(err) != fault.NotFound {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (m *demoMaker) collateral(ctx context.Context) error {
	as, err := m.n.FindAsset(m.d.asset)
	if err != nil {
		return err
	}
	have, err := m.c.Collateral(ctx, m.provider.Account(), as.Contract)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	if money.Sum(have.Free, have.Locked).Sign() > 0 {
		return nil
	}
	amount, err := money.ParseDecimal(m.d.deposit, as.Decimals)
	if err != nil {
		return err
	}
	_, err = m.c.Submit(ctx, m.provider, orchestrator.DepositCollateral{Provider: m.provider.Account(), Asset: as.Contract, Amount: amount})
	return err
}

func (m *demoMaker) unit(ctx context.Context) error {
	as, err := m.n.FindAsset(m.d.asset)
	if err != nil {
		return err
	}
	spec := orchestrator.UnitSpec{Node: m.p.Node, Kind: 1, Capacity: unitCapacity, Region: m.d.region, Asset: as.Contract, CollateralBps: 5_000, AutoAccept: true, Listed: true, MinEpochs: 1, MaxEpochs: 1 << 22,
		QoS: sla.QoS{AvailabilityPpm: 999_000, TTFBMillis: 500, ErrorPpm: 10_000}}
	if spec.StoragePrice, err = money.ParseDecimal(m.d.storage, as.Decimals); err != nil {
		return err
	}
	if spec.EgressPrice, err = money.ParseDecimal(m.d.egress, as.Decimals); err != nil {
		return err
	}
	n := nonce(m.d.node)
	m.p.Unit = ids.UnitID(m.n.Contracts.Provider, m.provider.Account(), n)
	_, err = m.c.Submit(ctx, m.provider, orchestrator.UnitCreate{Provider: m.provider.Account(), Spec: spec, Nonce: n})
	return already(err, "Exists")
}

func (m *demoMaker) sla(ctx context.Context) error {
	n := nonce(m.d.sla)
	m.p.SLA = ids.SLAID(m.n.Contracts.Consumer, m.consumer.Account(), n)
	if _, err := m.c.SLA(ctx, m.p.SLA); err == nil || fault.KindOf(err) != fault.NotFound {
		return err
	}
	q, err := m.c.Quote(ctx, m.p.Unit, m.consumer.Account(), slaVolume, slaEgress, m.n.Epochs(slaSeconds*time.Second), ids.ID{})
	if err != nil {
		return err
	}
	params, err := m.c.Params(ctx)
	if err != nil {
		return err
	}
	_, err = m.c.Submit(ctx, m.consumer, orchestrator.Request{Consumer: m.consumer.Account(), Unit: m.p.Unit, Volume: slaVolume, Egress: slaEgress, Duration: m.n.Epochs(slaSeconds * time.Second), Mode: m.d.mode,
		Refund: m.consumer.Account(), MaxTotal: q.Total, PriceVersion: q.PriceVersion, Nonce: n, Deposit: params.FullDeposit(q.Total)})
	return err
}

func (m *demoMaker) grant(ctx context.Context) error {
	n := nonce("grant " + m.d.sla)
	m.p.Grant = ids.GrantID(m.n.Contracts.Consumer, m.p.SLA, n)
	if _, err := m.c.Grant(ctx, m.p.Grant); err == nil || fault.KindOf(err) != fault.NotFound {
		return err
	}
	_, at, err := m.c.Head(ctx)
	if err != nil {
		return err
	}
	_, err = m.c.Submit(ctx, m.consumer, orchestrator.GrantAccess{Consumer: m.consumer.Account(), SLA: m.p.SLA, Grantee: m.app.Account(), Ops: orchestrator.OpAll,
		Expires: uint64(at.Unix()) + slaSeconds, Nonce: n})
	return err
}

func (m *demoMaker) keys(ctx context.Context) error {
	if m.p.AccessKey != "" {
		return nil
	}
	for {
		k, err := S3Keys(ctx, m.s3, m.app, m.p.SLA, m.p.Grant)
		if err == nil {
			m.p.AccessKey, m.p.SecretKey = k.AccessKey, k.SecretKey
			return nil
		}
		// The node follows the chain: it may not have seen the SLA or the grant yet.
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (m *demoMaker) bucket(ctx context.Context) error {
	c := s3.New(s3.Options{BaseEndpoint: aws.String(m.s3), Region: "us-east-1", UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(m.p.AccessKey, m.p.SecretKey, "")})
	if _, err := c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(demoBucket)}); err == nil {
		return nil
	}
	_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(demoBucket)})
	return err
}
