#!/usr/bin/env bash
# Builds the hostile token and puts it where internal/orchestrator/attack reads it. About 160 CPU-seconds from nothing.
set -euo pipefail
cd "$(dirname "$0")"
. ../../env.sh
export RUSTFLAGS="--remap-path-prefix=$PWD=/hostile --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$(readlink -f "$("$RUSTC" --print sysroot)")=/rust"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
"$WCARGO" build --locked --release --target wasm32v1-none -Zbuild-std=core,alloc
cp "$CARGO_TARGET_DIR/wasm32v1-none/release/hostile_token.wasm" ../../../../internal/orchestrator/attack/testdata/hostile.wasm
ls -l ../../../../internal/orchestrator/attack/testdata/hostile.wasm
