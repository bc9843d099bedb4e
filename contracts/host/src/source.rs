//! Where ledger entries come from: the embedder, one key at a time.
use crate::abi::{from_xdr, to_xdr, In};
use soroban_env_host::{
    storage::{EntryWithLiveUntil, SnapshotSource},
    xdr::{LedgerEntry, LedgerKey, ScErrorCode, ScErrorType},
    HostError, LedgerInfo,
};
use soroban_simulation::NetworkConfig;
use std::rc::Rc;

#[cfg(target_family = "wasm")]
#[link(wasm_import_module = "ledger")]
extern "C" {
    /// Key XDR in; 0 if the entry is absent, else (ptr<<32|len) of a buffer made with `alloc`
    /// that holds u32le live-until (0 = the entry has none) followed by LedgerEntry XDR.
    #[link_name = "get"]
    fn ledger_get(ptr: *const u8, len: usize) -> u64;
}
#[cfg(not(target_family = "wasm"))]
unsafe fn ledger_get(_ptr: *const u8, _len: usize) -> u64 {
    0
}

/// An entry as the embedder stores it: its XDR and its live-until ledger, if it has one. Archived and expired entries
/// are delivered too: their fate is decided here.
pub fn fetch(key: &LedgerKey) -> Option<(Vec<u8>, Option<u32>)> {
    let k = to_xdr(key);
    let r = unsafe { ledger_get(k.as_ptr(), k.len()) };
    if r == 0 {
        return None;
    }
    let (p, n) = ((r >> 32) as usize as *mut u8, (r & 0xffff_ffff) as usize);
    let mut v = unsafe { Vec::from_raw_parts(p, n, n) };
    let live = u32::from_le_bytes([v[0], v[1], v[2], v[3]]);
    v.drain(..4);
    Some((v, (live != 0).then_some(live)))
}

pub struct Ledger;

impl SnapshotSource for Ledger {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<EntryWithLiveUntil>, HostError> {
        let Some((b, live)) = fetch(key) else { return Ok(None) };
        let e: LedgerEntry =
            from_xdr(&b).map_err(|_| HostError::from((ScErrorType::Storage, ScErrorCode::InternalError)))?;
        Ok(Some((Rc::new(e), live)))
    }
}

/// Reads the five blobs every request begins with (protocol, sequence, close time, network id, base reserve) and the
/// network's settings from the ledger.
pub fn begin(i: &mut In) -> Result<(NetworkConfig, LedgerInfo), String> {
    let cfg = NetworkConfig::load_from_snapshot(&Ledger).map_err(|e| format!("{e:#}"))?;
    let mut li = LedgerInfo {
        protocol_version: i.u32()?,
        sequence_number: i.u32()?,
        timestamp: i.u64()?,
        network_id: i.array()?,
        base_reserve: i.u32()?,
        ..Default::default()
    };
    cfg.fill_config_fields_in_ledger_info(&mut li);
    Ok((cfg, li))
}
