#!/usr/bin/env bash
# Builds the staged world and puts it where internal/orchestrator/dispute reads it: seconds beside a built dispute contract, minutes from nothing.
set -euo pipefail
cd "$(dirname "$0")"
. ../../env.sh
here=$(readlink -f ../..)
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(readlink -f "$("$RUSTC" --print sysroot)")
export RUSTFLAGS="-Zunstable-options -Cpanic=immediate-abort --remap-path-prefix=$here=/contracts --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$sysroot=/rust --remap-path-prefix=$(readlink -f "$sysroot/lib/rustlib/src")=/rust/src"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target}
"$WCARGO" build --locked --release --target wasm32v1-none -Zbuild-std=core,alloc
testdata=$(readlink -f ../../../../internal/orchestrator/dispute)/testdata
mkdir -p "$testdata"
install -m 644 "$CARGO_TARGET_DIR/wasm32v1-none/release/flashback_dispute_stage.wasm" "$testdata/stage.wasm"
ls -l "$testdata/stage.wasm"
