//! A provider's collateral: deposited and withdrawn free, locked by reservations, taken by settlements. `free` and `locked` are
//! what this contract holds for the provider in the asset, neither is ever negative.

use flashback_core::{
    error::Error,
    money::{add, sub},
};
use soroban_sdk::{Address, Env};

use crate::{event, storage, types::Collateral};

pub fn deposit(env: &Env, provider: &Address, asset: &Address, amount: i128) -> Result<(), Error> {
    change(env, provider, asset, |c| {
        c.free = add(c.free, amount)?;
        Ok(())
    })
}

pub fn withdraw(env: &Env, provider: &Address, asset: &Address, amount: i128) -> Result<(), Error> {
    change(env, provider, asset, |c| {
        c.free = sub(c.free, amount).map_err(|_| Error::CollateralMissing)?;
        Ok(())
    })
}

/// Free → locked; [`Error::CollateralMissing`] when there is less.
pub fn lock(env: &Env, provider: &Address, asset: &Address, amount: i128) -> Result<(), Error> {
    change(env, provider, asset, |c| {
        c.free = sub(c.free, amount).map_err(|_| Error::CollateralMissing)?;
        c.locked = add(c.locked, amount)?;
        Ok(())
    })
}

/// Locked → free, and `taken` out of what was locked.
pub fn unlock(env: &Env, provider: &Address, asset: &Address, freed: i128, taken: i128) -> Result<(), Error> {
    if freed == 0 && taken == 0 {
        return Ok(());
    }
    change(env, provider, asset, |c| {
        c.locked = sub(sub(c.locked, freed)?, taken)?;
        c.free = add(c.free, freed)?;
        Ok(())
    })
}

fn change(env: &Env, provider: &Address, asset: &Address, f: impl FnOnce(&mut Collateral) -> Result<(), Error>) -> Result<(), Error> {
    let mut collateral = storage::collateral(env, provider, asset);
    f(&mut collateral)?;
    storage::set_collateral(env, provider, asset, &collateral);
    let Collateral { free, locked } = collateral;
    event::CollateralChanged { provider: provider.clone(), asset: asset.clone(), free, locked }.publish(env);
    Ok(())
}
