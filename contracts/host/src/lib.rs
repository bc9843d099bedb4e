//! The real soroban-env-host for an embedder that has no Rust (Go under wazero). Nothing here decides anything: it
//! decodes a request, calls the code that stellar-core and stellar-rpc call, and encodes the answer. The module's only
//! imports are `ledger.get` and `env.log`: it has no clock and no entropy, so equal requests give equal answers.
mod abi;
mod apply;
mod record;
mod simulate;
mod source;

use abi::{finish, Out};
use soroban_env_host::{
    budget::Budget,
    xdr::{ScError, ScErrorCode},
    HostError,
};

#[cfg(target_family = "wasm")]
#[link(wasm_import_module = "env")]
extern "C" {
    #[link_name = "log"]
    fn embed_log(ptr: *const u8, len: usize);
}
#[cfg(not(target_family = "wasm"))]
unsafe fn embed_log(_ptr: *const u8, _len: usize) {}

/// Makes a panic's text visible to the embedder before the module traps. Call it once, first. An instance that has
/// trapped must be thrown away.
#[no_mangle]
pub extern "C" fn init() {
    std::panic::set_hook(Box::new(|i| {
        let s = i.to_string();
        unsafe { embed_log(s.as_ptr(), s.len()) }
    }));
}

/// The cost model this host version was calibrated with, as debug text. A public network has it in its ledger; the
/// embedder makes its genesis entries from this. (The host offers no other public access to it.)
#[no_mangle]
pub extern "C" fn default_cost_models() -> u64 {
    let mut o = Out::default();
    o.blob(format!("{:?}", Budget::default()).as_bytes());
    finish(Ok(o))
}

fn error_parts(e: &HostError) -> (Vec<u8>, String) {
    let v: ScError = e.error.try_into().unwrap_or(ScError::Context(ScErrorCode::InternalError));
    (abi::to_xdr(&v), format!("{e:?}"))
}
