//! What a ledger close needs: enforcing execution, TTL operations, fees. Ledger entries are not written here: the
//! changes go back to the embedder, which keeps or drops them with the rest of the transaction.
use crate::{
    abi::{finish, from_xdr, to_xdrs, In, Out},
    error_parts,
    source::{begin, fetch},
};
use soroban_env_host::{
    budget::{AsBudget, Budget},
    e2e_invoke::{entry_size_for_rent, extract_rent_changes, invoke_host_function, TtlLedgerEntryMeta},
    fees::{compute_rent_fee, compute_transaction_resource_fee, LedgerEntryRentChange, TransactionResources},
    xdr::{ContractDataDurability, DiagnosticEvent, Hash, LedgerEntry, LedgerEntryData, LedgerKey, SorobanResources},
    CompilationContext, Error, ErrorHandler, HostError, ModuleCache, Val,
};
use soroban_simulation::NetworkConfig;
use std::{cell::RefCell, collections::HashMap};

/// Parsed modules are kept between transactions, as stellar-core does, and parsing is charged to the transaction that
/// uploads a module only. So the cache's budget is not the transaction's.
#[derive(Clone)]
pub struct Unmetered(Budget);

impl Unmetered {
    pub fn new(cfg: &NetworkConfig) -> Result<Unmetered, String> {
        Ok(Unmetered(budget(cfg, u64::MAX / 4, u64::MAX / 4)?))
    }
}

impl AsBudget for Unmetered {
    fn as_budget(&self) -> &Budget {
        &self.0
    }
}
impl ErrorHandler for Unmetered {
    fn map_err<T, E>(&self, res: Result<T, E>) -> Result<T, HostError>
    where
        Error: From<E>,
        E: std::fmt::Debug,
    {
        res.map_err(|e| HostError::from(Error::from(e)))
    }
    fn error(&self, error: Error, _msg: &str, _args: &[Val]) -> HostError {
        HostError::from(error)
    }
}
impl CompilationContext for Unmetered {}

thread_local! {
    static MODULES: RefCell<Option<ModuleCache>> = const { RefCell::new(None) };
}

pub fn module_cache(ctx: &Unmetered) -> Result<ModuleCache, String> {
    MODULES.with(|m| {
        let mut m = m.borrow_mut();
        if m.is_none() {
            *m = Some(ModuleCache::new(ctx).map_err(|e| format!("{e:?}"))?);
        }
        m.clone().ok_or_else(|| "no module cache".to_string())
    })
}

pub fn is_code(k: &LedgerKey) -> bool {
    matches!(k, LedgerKey::ContractCode(_))
}

/// Parses the contract under a key of the ledger into the cache, unless it is there: its hash is its name.
pub fn remember(cache: &ModuleCache, ctx: &Unmetered, protocol: u32, k: &LedgerKey) -> Result<(), String> {
    let LedgerKey::ContractCode(name) = k else { return Ok(()) };
    if cache.contains_module(&name.hash).map_err(|e| format!("{e:?}"))? {
        return Ok(());
    }
    let Some((b, _)) = fetch(k) else { return Ok(()) };
    let e: LedgerEntry = from_xdr(&b)?;
    if let LedgerEntryData::ContractCode(c) = &e.data {
        cache.parse_and_cache_module_simple(ctx, protocol, c.code.as_slice()).map_err(|e| format!("{e:?}"))?;
    }
    Ok(())
}

pub fn budget(cfg: &NetworkConfig, instructions: u64, memory: u64) -> Result<Budget, String> {
    Budget::try_from_configs(instructions, memory, cfg.cpu_cost_params.clone(), cfg.memory_cost_params.clone())
        .map_err(|e| format!("{e:?}"))
}

thread_local! {
    static CODE_SIZES: RefCell<HashMap<Hash, u32>> = RefCell::default();
}

/// The size that rent is computed for. Code never changes under its hash, and decoding it takes long: it is done once.
fn rent_size(free: &Budget, k: &LedgerKey, b: &[u8]) -> Result<u32, String> {
    let code = match k {
        LedgerKey::ContractCode(c) => Some(c.hash.clone()),
        _ => None,
    };
    if let Some(n) = code.as_ref().and_then(|h| CODE_SIZES.with(|m| m.borrow().get(h).copied())) {
        return Ok(n);
    }
    let e: LedgerEntry = from_xdr(b)?;
    let n = entry_size_for_rent(free, &e, b.len() as u32).map_err(|e| format!("{e:?}"))?;
    if let Some(h) = code {
        CODE_SIZES.with(|m| m.borrow_mut().insert(h, n));
    }
    Ok(n)
}

fn has_ttl(k: &LedgerKey) -> bool {
    matches!(k, LedgerKey::ContractData(_) | LedgerKey::ContractCode(_))
}

fn is_temporary(k: &LedgerKey) -> bool {
    matches!(k, LedgerKey::ContractData(d) if d.durability == ContractDataDurability::Temporary)
}

/// The resource fee of a transaction: (not refundable, refundable for `event_bytes` of events and return value).
fn resource_fee(cfg: &NetworkConfig, res: &SorobanResources, restored: u32, event_bytes: u32, tx_size: u32) -> (i64, i64) {
    let f = &res.footprint;
    let classic = f.read_only.iter().chain(f.read_write.iter()).filter(|k| !has_ttl(k)).count() as u32;
    compute_transaction_resource_fee(
        &TransactionResources {
            instructions: res.instructions,
            disk_read_entries: classic + restored,
            write_entries: f.read_write.len() as u32,
            disk_read_bytes: res.disk_read_bytes,
            write_bytes: res.write_bytes,
            contract_events_size_bytes: event_bytes,
            transaction_size_bytes: tx_size,
        },
        &cfg.fee_configuration,
    )
}

/// in: begin, resources, number of entries restored, transaction size; out: not refundable fee (events excluded)
/// # Safety
/// See `In::take`.
#[no_mangle]
pub unsafe extern "C" fn fee(p: *mut u8, len: usize) -> u64 {
    let mut i = In::take(p, len);
    finish((|| {
        let (cfg, _) = begin(&mut i)?;
        let res: SorobanResources = i.xdr()?;
        let (restored, size) = (i.u32()?, i.u32()?);
        let mut o = Out::default();
        o.i64(resource_fee(&cfg, &res, restored, 0, size).0);
        Ok(o)
    })())
}

const OK: u32 = 0;
const TRAPPED: u32 = 1;
const LIMIT: u32 = 2;
const ARCHIVED: u32 = 3;

/// in: begin, host function, resources, [restored read-write indices, u32], source account, [auth entries],
///     seed (32 bytes), transaction size
/// out: code (0 ok, 1 trapped, 2 resource limit, 3 archived entry), then for 3 nothing, else: result ScVal or ScError,
///      text, [events], [diagnostic events], instructions, memory, fees: not refundable, events, rent,
///      number of changes, each: key, read-only flag, new LedgerEntry or empty, (old, new) live-until or empty
/// # Safety
/// See `In::take`.
#[no_mangle]
pub unsafe extern "C" fn apply(p: *mut u8, len: usize) -> u64 {
    let mut i = In::take(p, len);
    finish((|| {
        let (cfg, li) = begin(&mut i)?;
        let function = i.bytes()?;
        let res_xdr = i.bytes()?;
        let res: SorobanResources = from_xdr(&res_xdr)?;
        let restored = i.list(|i| i.u32())?;
        let source = i.bytes()?;
        let auth = i.list(|i| i.bytes())?;
        let seed = i.bytes()?;
        let tx_size = i.u32()?;

        // As in stellar-core: the transaction's own instruction limit, the network's memory limit; sizes for rent and
        // module parsing are computed outside of the metered budget.
        let metered = budget(&cfg, res.instructions as u64, cfg.tx_memory_limit as u64)?;
        let free = budget(&cfg, u64::MAX / 4, u64::MAX / 4)?;
        let ctx = Unmetered(free.clone());
        let cache = module_cache(&ctx)?;

        let mut entries: Vec<(Option<Vec<u8>>, Option<TtlLedgerEntryMeta>)> = vec![];
        let ro = res.footprint.read_only.len();
        for (n, k) in res.footprint.read_only.iter().chain(res.footprint.read_write.iter()).enumerate() {
            let Some((b, live)) = fetch(k) else {
                entries.push((None, None));
                continue;
            };
            let Some(mut live_until) = live else {
                entries.push((Some(b), None));
                continue;
            };
            if live_until < li.sequence_number {
                if is_temporary(k) {
                    entries.push((None, None));
                    continue;
                }
                if n < ro || !restored.contains(&((n - ro) as u32)) {
                    let mut o = Out::default();
                    o.u32(ARCHIVED);
                    return Ok(o);
                }
                live_until = li.sequence_number + li.min_persistent_entry_ttl - 1;
            }
            remember(&cache, &ctx, li.protocol_version, k)?;
            let size = rent_size(&free, k, &b)?;
            entries.push((
                Some(b),
                Some(TtlLedgerEntryMeta { live_until_ledger: live_until, entry_size_for_rent: size }),
            ));
        }

        let mut diagnostics: Vec<DiagnosticEvent> = vec![];
        let r = invoke_host_function(
            &metered,
            true,
            function,
            res_xdr,
            &restored,
            source,
            auth.into_iter(),
            li.clone(),
            entries.into_iter(),
            seed,
            &mut diagnostics,
            None,
            Some(cache),
        );
        let cpu = metered.get_cpu_insns_consumed().unwrap_or(0);
        let mem = metered.get_mem_bytes_consumed().unwrap_or(0);
        let outcome = match &r {
            Ok(rr) => match &rr.encoded_invoke_result {
                Ok(v) => Ok((v, rr)),
                Err(e) => Err(e),
            },
            Err(e) => Err(e),
        };
        let mut o = Out::default();
        match outcome {
            Ok((value, rr)) => {
                o.u32(OK);
                o.blob(value);
                o.blob(b"");
                let bytes = rr.encoded_contract_events.iter().map(|e| e.len()).sum::<usize>() + value.len();
                let (fixed, events) = resource_fee(&cfg, &res, restored.len() as u32, bytes as u32, tx_size);
                let rent = compute_rent_fee(
                    &extract_rent_changes(&rr.ledger_changes),
                    &cfg.rent_fee_configuration,
                    li.sequence_number,
                );
                o.list(&rr.encoded_contract_events);
                tail(&mut o, &diagnostics, cpu, mem, fixed, events, rent);
                o.u32(rr.ledger_changes.len() as u32);
                for c in &rr.ledger_changes {
                    o.blob(&c.encoded_key);
                    o.u32(c.read_only as u32);
                    o.blob(c.encoded_new_value.as_deref().unwrap_or_default());
                    match &c.ttl_change {
                        None => o.blob(b""),
                        Some(t) => o.blob(&ttl_pair(t.old_live_until_ledger, t.new_live_until_ledger)),
                    }
                }
            }
            Err(e) => {
                let over = cpu > res.instructions as u64 || mem > cfg.tx_memory_limit as u64;
                let (code, text) = error_parts(e);
                o.u32(if over { LIMIT } else { TRAPPED });
                o.blob(&code);
                o.blob(text.as_bytes());
                o.list(&[]);
                let fixed = resource_fee(&cfg, &res, restored.len() as u32, 0, tx_size).0;
                tail(&mut o, &diagnostics, cpu, mem, fixed, 0, 0);
                o.u32(0);
            }
        }
        Ok(o)
    })())
}

fn tail(o: &mut Out, diagnostics: &[DiagnosticEvent], cpu: u64, mem: u64, fixed: i64, events: i64, rent: i64) {
    o.list(&to_xdrs(diagnostics));
    for v in [cpu as i64, mem as i64, fixed, events, rent] {
        o.i64(v);
    }
}

fn ttl_pair(old: u32, new: u32) -> [u8; 8] {
    let mut v = [0; 8];
    v[..4].copy_from_slice(&old.to_le_bytes());
    v[4..].copy_from_slice(&new.to_le_bytes());
    v
}

/// The two footprint operations. Extend works on the read-only set (absent and archived entries are passed over),
/// restore on the read-write set (live entries are passed over).
/// in: begin, 0 extend / 1 restore, extend-to, resources, transaction size
/// out: code (0 ok, 2 resource limit), fees: not refundable, rent, number of changes, each: key, (old, new) live-until
/// # Safety
/// See `In::take`.
#[no_mangle]
pub unsafe extern "C" fn apply_ttl(p: *mut u8, len: usize) -> u64 {
    let mut i = In::take(p, len);
    finish((|| {
        let (cfg, li) = begin(&mut i)?;
        let (restore, extend_to) = (i.u32()? != 0, i.u32()?);
        let res: SorobanResources = i.xdr()?;
        let tx_size = i.u32()?;
        let free = budget(&cfg, u64::MAX / 4, u64::MAX / 4)?;
        let keys = if restore { &res.footprint.read_write } else { &res.footprint.read_only };
        let (mut rent, mut changes) = (vec![], vec![]);
        let (mut code, mut bytes) = (OK, 0u32);
        for k in keys.iter() {
            let Some((b, Some(old))) = fetch(k) else { continue };
            let expired = old < li.sequence_number;
            let new = if restore {
                if !expired || is_temporary(k) {
                    continue;
                }
                bytes = bytes.saturating_add(b.len() as u32);
                li.sequence_number.saturating_add(li.min_persistent_entry_ttl - 1)
            } else {
                let new = li.sequence_number.saturating_add(extend_to);
                if expired || new <= old {
                    continue;
                }
                new
            };
            let e: LedgerEntry = from_xdr(&b)?;
            let size = entry_size_for_rent(&free, &e, b.len() as u32).map_err(|e| format!("{e:?}"))?;
            rent.push(LedgerEntryRentChange {
                is_persistent: !is_temporary(k),
                is_code_entry: matches!(k, LedgerKey::ContractCode(_)),
                old_size_bytes: if restore { 0 } else { size },
                new_size_bytes: size,
                old_live_until_ledger: if restore { 0 } else { old },
                new_live_until_ledger: new,
            });
            changes.push((crate::abi::to_xdr(k), ttl_pair(old, new)));
        }
        if restore && (bytes > res.disk_read_bytes || bytes > res.write_bytes) {
            code = LIMIT;
        }
        let mut o = Out::default();
        o.u32(code);
        o.i64(resource_fee(&cfg, &res, 0, 0, tx_size).0);
        o.i64(compute_rent_fee(&rent, &cfg.rent_fee_configuration, li.sequence_number));
        o.u32(changes.len() as u32);
        for (k, t) in &changes {
            o.blob(k);
            o.blob(t);
        }
        Ok(o)
    })())
}
