//! A recording run for embedders that apply the call themselves right after: what simulateTransaction finds out (who has
//! to authorise what, which entries are touched) without the resources, and with the cache of parsed contracts that
//! enforcing runs have. It charges as an enforcing run does.
use crate::{
    abi::{finish, to_xdr, to_xdrs, In, Out},
    apply::{budget, is_code, module_cache, remember, Unmetered},
    error_parts,
    source::{begin, Ledger},
};
use soroban_env_host::{
    auth::RecordedAuthPayload,
    storage::{EntryWithLiveUntil, SnapshotSource, Storage},
    xdr::{
        AccountId, ContractEventType, DiagnosticEvent, HostFunction, LedgerKey, ScVal, SorobanAddressCredentials,
        SorobanAuthorizationEntry, SorobanCredentials,
    },
    DiagnosticLevel, Host, HostError,
};
use std::{cell::RefCell, rc::Rc};

/// The ledger, and what was asked of it.
struct Watched {
    sequence: u32,
    asked: RefCell<Vec<(LedgerKey, bool)>>, // and whether it is archived
}

impl SnapshotSource for Watched {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<EntryWithLiveUntil>, HostError> {
        let found = Ledger.get(key)?;
        let expired = matches!(&found, Some((_, Some(live))) if *live < self.sequence);
        self.asked.borrow_mut().push((LedgerKey::clone(key), expired));
        Ok(found)
    }
}

fn entry(p: RecordedAuthPayload) -> SorobanAuthorizationEntry {
    let credentials = match (p.address, p.nonce) {
        (Some(address), Some(nonce)) => SorobanCredentials::Address(SorobanAddressCredentials {
            address,
            nonce,
            signature_expiration_ledger: 0,
            signature: ScVal::Void,
        }),
        _ => SorobanCredentials::SourceAccount,
    };
    SorobanAuthorizationEntry { credentials, root_invocation: p.invocation }
}

/// in: begin, host function, source account, auth mode (0 record, 2 enforce), [auth entries], seed (32 bytes)
/// out: ok flag, result ScVal or ScError, text, [auth], [diagnostic events, if it failed], instructions, memory, [events],
///      number of keys asked for, each: key, archived flag
/// # Safety
/// See `In::take`.
#[no_mangle]
pub unsafe extern "C" fn record(p: *mut u8, len: usize) -> u64 {
    let mut i = In::take(p, len);
    finish((|| {
        let (cfg, li) = begin(&mut i)?;
        let function: HostFunction = i.xdr()?;
        let source: AccountId = i.xdr()?;
        let enforce = i.u32()? != 0;
        let auth = i.list(|i| i.xdr::<SorobanAuthorizationEntry>())?;
        let seed: [u8; 32] = i.array()?;
        let words = |e: HostError| format!("{e:?}");
        let free = Unmetered::new(&cfg)?;
        let cache = module_cache(&free)?;
        let budget = budget(&cfg, cfg.tx_max_instructions as u64, cfg.tx_memory_limit as u64)?;
        let watched = Rc::new(Watched { sequence: li.sequence_number, asked: RefCell::default() });
        let host = Host::with_storage_and_budget(Storage::with_recording_footprint(watched.clone()), budget.clone());
        host.set_source_account(source).map_err(words)?;
        host.set_ledger_info(li.clone()).map_err(words)?;
        host.set_base_prng_seed(seed).map_err(words)?;
        if enforce {
            host.set_authorization_entries(auth).map_err(words)?;
        } else {
            host.switch_to_recording_auth(true).map_err(words)?;
        }
        host.set_diagnostic_level(DiagnosticLevel::Debug).map_err(words)?;
        host.set_module_cache(cache.clone()).map_err(words)?;
        let result = host.invoke_function(function);
        let recorded = if enforce { vec![] } else { host.get_recorded_auth_payloads().map_err(words)? };
        let (_, events) = host.try_finish().map_err(words)?;

        let asked = watched.asked.borrow();
        for (k, _) in asked.iter().filter(|(k, _)| is_code(k)) {
            remember(&cache, &free, li.protocol_version, k)?;
        }
        let mut o = Out::default();
        let mut diagnostics = vec![];
        match &result {
            Ok(v) => {
                o.u32(1);
                o.blob(&to_xdr(v));
                o.blob(b"");
            }
            Err(e) => {
                let (code, text) = error_parts(e);
                o.u32(0);
                o.blob(&code);
                o.blob(text.as_bytes());
                diagnostics = events
                    .0
                    .iter()
                    .map(|e| DiagnosticEvent { in_successful_contract_call: !e.failed_call, event: e.event.clone() })
                    .collect();
            }
        }
        o.list(&recorded.into_iter().map(|p| to_xdr(&entry(p))).collect::<Vec<_>>());
        o.list(&to_xdrs(&diagnostics));
        o.i64(budget.get_cpu_insns_consumed().unwrap_or(0) as i64);
        o.i64(budget.get_mem_bytes_consumed().unwrap_or(0) as i64);
        let kept = events.0.iter().filter(|e| !e.failed_call && e.event.type_ != ContractEventType::Diagnostic);
        o.list(&kept.map(|e| to_xdr(&e.event)).collect::<Vec<_>>());
        o.u32(asked.len() as u32);
        for (k, archived) in asked.iter() {
            o.blob(&to_xdr(k));
            o.u32(*archived as u32);
        }
        Ok(o)
    })())
}
