//go:build deps

// Package deps pins modules while the first packages that import them are being written.
package deps

import (
	_ "charm.land/lipgloss/v2"
	_ "github.com/aws/aws-sdk-go-v2/aws"
	_ "github.com/aws/aws-sdk-go-v2/credentials"
	_ "github.com/aws/aws-sdk-go-v2/service/s3"
	_ "github.com/cometbft/cometbft-db"
	_ "github.com/cometbft/cometbft/node"
	_ "github.com/cometbft/cometbft/privval"
	_ "github.com/cometbft/cometbft/rpc/client/local"
	_ "github.com/danielgtaylor/huma/v2"
	_ "github.com/danielgtaylor/huma/v2/adapters/humago"
	_ "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/klauspost/compress/zstd"
	_ "github.com/lmittmann/tint"
	_ "github.com/minio/crc64nvme"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/spf13/cobra"
	_ "github.com/stellar/go-stellar-sdk/clients/rpcclient"
	_ "github.com/stellar/go-stellar-sdk/keypair"
	_ "github.com/stellar/go-stellar-sdk/protocols/rpc"
	_ "github.com/stellar/go-stellar-sdk/strkey"
	_ "github.com/stellar/go-stellar-sdk/txnbuild"
	_ "github.com/stellar/go-stellar-sdk/xdr"
	_ "github.com/tetratelabs/wazero"
	_ "github.com/vbauerster/mpb/v8"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/term"
	_ "modernc.org/sqlite"
	_ "pgregory.net/rapid"
)
