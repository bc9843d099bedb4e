# Sourced by build.sh: a Rust that can build for wasm32v1-none. Debian's rustc-web / cargo-web / rust-web-src (1.96) bring the
# compiler and the library source; only the linker comes from elsewhere (rustup's rust-lld, or any wasm-ld on the PATH).
export RUSTC=/usr/bin/rustc
export RUSTC_BOOTSTRAP=1
export SOROBAN_SDK_BUILD_SYSTEM_SUPPORTS_SPEC_SHAKING_V2=1
WCARGO=/usr/bin/cargo
WASM_LINKER=${WASM_LINKER:-$(ls -d "$HOME"/.rustup/toolchains/*/lib/rustlib/*/bin/rust-lld 2>/dev/null | head -1)}
WASM_LINKER=${WASM_LINKER:-$(command -v wasm-ld || command -v wasm-ld-19 || true)}
[ -n "$WASM_LINKER" ] || { echo "no wasm linker: install rustup's toolchain (rust-lld) or lld (wasm-ld)" >&2; exit 1; }
export CARGO_TARGET_WASM32V1_NONE_LINKER=$WASM_LINKER
