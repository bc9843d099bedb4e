//! What simulateTransaction needs: the same code as a public RPC server runs.
use crate::{
    abi::{finish, to_xdr, to_xdrs, In, Out},
    error_parts,
    source::{begin, Ledger},
};
use soroban_env_host::{
    e2e_invoke::RecordingInvocationAuthMode,
    xdr::{AccountId, HostFunction, LedgerKey, SorobanAuthorizationEntry},
};
use soroban_simulation::simulation::{
    simulate_extend_ttl_op, simulate_invoke_host_function_op, simulate_restore_op, SimulationAdjustmentConfig,
};
use std::rc::Rc;

/// in: begin, host function, source account, auth mode (0 record, 1 record and allow non-root, 2 enforce),
///     address-v2 credentials wanted (0, 1), [auth entries], seed (32 bytes)
/// out: ok flag, result ScVal or ScError, text, [auth], [diagnostic events], transaction data, instructions, memory,
///      [before, after]*
/// # Safety
/// See `In::take`.
#[no_mangle]
pub unsafe extern "C" fn simulate(p: *mut u8, len: usize) -> u64 {
    let mut i = In::take(p, len);
    finish((|| {
        let (cfg, li) = begin(&mut i)?;
        let function: HostFunction = i.xdr()?;
        let source: AccountId = i.xdr()?;
        let mode = i.u32()?;
        let v2 = i.u32()? != 0;
        let auth = i.list(|i| i.xdr::<SorobanAuthorizationEntry>())?;
        let seed: [u8; 32] = i.array()?;
        let r = simulate_invoke_host_function_op(
            Rc::new(Ledger),
            &cfg,
            &SimulationAdjustmentConfig::default_adjustment(),
            &li,
            function,
            match mode {
                0 => RecordingInvocationAuthMode::recording(true, v2),
                1 => RecordingInvocationAuthMode::recording(false, v2),
                _ => RecordingInvocationAuthMode::Enforcing(auth),
            },
            &source,
            seed,
            true,
        )
        .map_err(|e| format!("{e:#}"))?;
        let mut o = Out::default();
        match &r.invoke_result {
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
            }
        }
        o.list(&to_xdrs(&r.auth));
        o.list(&to_xdrs(&r.diagnostic_events));
        o.blob(&r.transaction_data.as_ref().map(to_xdr).unwrap_or_default());
        o.u32(r.simulated_instructions);
        o.u32(r.simulated_memory);
        let mut d = vec![];
        for m in &r.modified_entries {
            d.push(m.state_before.as_ref().map(to_xdr).unwrap_or_default());
            d.push(m.state_after.as_ref().map(to_xdr).unwrap_or_default());
        }
        o.list(&d);
        Ok(o)
    })())
}

/// in: begin, 0 extend / 1 restore, extend-to, [keys]; out: transaction data
/// # Safety
/// See `In::take`.
#[no_mangle]
pub unsafe extern "C" fn simulate_ttl(p: *mut u8, len: usize) -> u64 {
    let mut i = In::take(p, len);
    finish((|| {
        let (cfg, li) = begin(&mut i)?;
        let (restore, extend_to) = (i.u32()? != 0, i.u32()?);
        let keys = i.list(|i| i.xdr::<LedgerKey>())?;
        let adjust = SimulationAdjustmentConfig::default_adjustment();
        let data = if restore {
            simulate_restore_op(&Ledger, &cfg, &adjust, &li, &keys).map(|r| r.transaction_data)
        } else {
            simulate_extend_ttl_op(&Ledger, &cfg, &adjust, &li, &keys, extend_to).map(|r| r.transaction_data)
        }
        .map_err(|e| format!("{e:#}"))?;
        let mut o = Out::default();
        o.blob(&to_xdr(&data));
        Ok(o)
    })())
}
