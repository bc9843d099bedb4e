#!/usr/bin/env bash
# Builds the real soroban-env-host as one wasm file for internal/devnet/host and writes it, compressed, to contracts/artifacts.
#   build.sh           build and replace ../artifacts/soroban_host.wasm.zst and its line in SHA256SUMS
#   build.sh --check   build and compare the wasm's SHA-256 with the committed one; exit 1 if they differ
# Needs Debian's rust-web-src rustc-web cargo-web zstd, a wasm linker (see env.sh) and crates.io. About 400 CPU-seconds from nothing.
set -euo pipefail
cd "$(dirname "$0")"
for p in rust-web-src rustc-web cargo-web zstd; do
  dpkg -s "$p" >/dev/null 2>&1 || { echo "missing package: $p (apt-get install --no-install-recommends rust-web-src rustc-web cargo-web zstd)" >&2; exit 1; }
done
. ./env.sh
here=$PWD
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$("$RUSTC" --print sysroot)
# No path of the machine that builds may reach the file: the same sources give the same bytes everywhere.
export RUSTFLAGS="--remap-path-prefix=$here=/host --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$(readlink -f "$sysroot")=/rust --remap-path-prefix=$(readlink -f "$sysroot/lib/rustlib/src")=/rust/src"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target}
"$WCARGO" build --locked --release --target wasm32-unknown-unknown -Zbuild-std=std,panic_abort
wasm=$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/soroban_host.wasm
sum=$(sha256sum "$wasm" | cut -d' ' -f1)
art=../artifacts
if [ "${1:-}" = --check ]; then
  want=$(awk '$2 == "soroban_host.wasm" {print $1}' $art/SHA256SUMS)
  got=$(zstd -dcq $art/soroban_host.wasm.zst | sha256sum | cut -d' ' -f1)
  [ "$got" = "$want" ] || { echo "committed file is $got, SHA256SUMS says $want" >&2; exit 1; }
  [ "$sum" = "$want" ] || { echo "rebuilt host is $sum, committed is $want" >&2; exit 1; }
  echo "soroban_host.wasm $sum: the rebuilt bytes are the committed bytes"
  exit 0
fi
mkdir -p $art
zstd -19 -q -f "$wasm" -o $art/soroban_host.wasm.zst
touch $art/SHA256SUMS
grep -v ' soroban_host\.wasm$' $art/SHA256SUMS > $art/SHA256SUMS.new || true
echo "$sum  soroban_host.wasm" >> $art/SHA256SUMS.new
sort -k2 $art/SHA256SUMS.new > $art/SHA256SUMS && rm $art/SHA256SUMS.new
ls -l "$wasm" $art/soroban_host.wasm.zst
