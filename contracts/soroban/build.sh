#!/usr/bin/env bash
# Builds the three contracts and writes them to ../artifacts with their checksums (CONTRACTS.SHA256SUMS).
#   build.sh           build and replace ../artifacts/{oracle,provider,consumer}.wasm
#   build.sh --check   build and compare with the committed bytes; exit 1 if they differ
# Needs Debian's rust-web-src rustc-web cargo-web, a wasm linker (see env.sh) and crates.io. About 160 CPU-seconds from nothing.
set -euo pipefail
cd "$(dirname "$0")"
for p in rust-web-src rustc-web cargo-web; do
  dpkg -s "$p" >/dev/null 2>&1 || { echo "missing package: $p (apt-get install --no-install-recommends rust-web-src rustc-web cargo-web)" >&2; exit 1; }
done
. ./env.sh
here=$PWD
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(readlink -f "$("$RUSTC" --print sysroot)")
# No path of the machine that builds may reach the file: the same sources give the same bytes everywhere.
# A panic is one instruction: its message could not leave the contract anyway, and the code that formats it is a fifth of the file.
export RUSTFLAGS="-Zunstable-options -Cpanic=immediate-abort --remap-path-prefix=$here=/contracts --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$sysroot=/rust --remap-path-prefix=$(readlink -f "$sysroot/lib/rustlib/src")=/rust/src"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target}
"$WCARGO" build --locked --release --target wasm32v1-none -Zbuild-std=core,alloc -p flashback-oracle -p flashback-provider -p flashback-consumer
out=$CARGO_TARGET_DIR/wasm32v1-none/release
art=$(readlink -f ../artifacts)
names="oracle provider consumer"
if [ "${1:-}" = --check ]; then
  (cd "$art" && sha256sum --quiet -c CONTRACTS.SHA256SUMS)
  for n in $names; do
    cmp "$out/flashback_$n.wasm" "$art/$n.wasm" || { echo "$n.wasm: the rebuilt bytes differ from the committed ones" >&2; exit 1; }
  done
  echo "oracle, provider, consumer: the rebuilt bytes are the committed bytes"
  exit 0
fi
for n in $names; do install -m 644 "$out/flashback_$n.wasm" "$art/$n.wasm"; done
(cd "$art" && sha256sum oracle.wasm provider.wasm consumer.wasm > CONTRACTS.SHA256SUMS)
ls -l "$art"/*.wasm
