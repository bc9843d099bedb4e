#!/usr/bin/env bash
# Builds the contracts and writes them to ../artifacts with their checksums (CONTRACTS.SHA256SUMS).
#   build.sh [NAME…]           build and replace ../artifacts/NAME.wasm; no name: all
#   build.sh --check [NAME…]   build and compare with the committed bytes; exit 1 if they differ
# Needs Debian's rust-web-src rustc-web cargo-web binaryen, a wasm linker (see env.sh) and crates.io.
set -euo pipefail
cd "$(dirname "$0")"
for p in rust-web-src rustc-web cargo-web binaryen; do
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
check=false
if [ "${1:-}" = --check ]; then check=true; shift; fi
names=("$@")
[ $# -gt 0 ] || names=(oracle provider consumer flash staking market registry governance score dispute)
"$WCARGO" build --locked --release --target wasm32v1-none -Zbuild-std=core,alloc "${names[@]/#/--package=flashback-}"
out=$CARGO_TARGET_DIR/wasm32v1-none/release
art=$(readlink -f ../artifacts)
# A seventh smaller, and an entry of the ledger holds 128 KiB. The custom section that describes the interface stays.
for n in "${names[@]}"; do wasm-opt -Oz --enable-mutable-globals --enable-sign-ext "$out/flashback_$n.wasm" -o "$out/$n.wasm"; done
if $check; then
  (cd "$art" && sha256sum --quiet -c CONTRACTS.SHA256SUMS)
  for n in "${names[@]}"; do
    cmp "$out/$n.wasm" "$art/$n.wasm" || { echo "$n.wasm: the rebuilt bytes differ from the committed ones" >&2; exit 1; }
  done
  echo "${names[*]}: the rebuilt bytes are the committed bytes"
  exit 0
fi
for n in "${names[@]}"; do install -m 644 "$out/$n.wasm" "$art/$n.wasm"; done
(cd "$art" && for f in *.wasm; do sha256sum "$f"; done > CONTRACTS.SHA256SUMS)
for n in "${names[@]}"; do ls -l "$art/$n.wasm"; done
