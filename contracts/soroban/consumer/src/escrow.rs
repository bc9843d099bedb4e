//! The buckets of an SLA. Every move keeps
//! `deposited = escrow + holdback + provider_claim + consumer_claim + fees + retention + bond + disputed + withdrawn` and no bucket negative.

use flashback_core::{
    error::Error,
    money::{add, bps_of, covered, reserve, sub, unused, Totals},
    terms::Terms,
};

use crate::types::Sla;

/// Money in; never above the total price and the bond. What is paid for rises with it.
pub fn deposit(sla: &mut Sla, terms: &Terms, amount: i128) -> Result<(), Error> {
    if amount > sub(add(sla.total, sla.bond_total)?, sla.deposited)? {
        return Err(Error::OverFunded);
    }
    sla.deposited = add(sla.deposited, amount)?;
    sla.covered_epochs = covered(terms, sla.deposited)?;
    sla.end_epochs = sla.covered_epochs;
    divide(sla, terms)
}

/// Divides what has not accrued between bond, reserve and escrow.
pub fn divide(sla: &mut Sla, terms: &Terms) -> Result<(), Error> {
    let bond = sla.bond_total.min(sla.deposited);
    sla.bond = sub(bond, sla.bond_taken)?;
    let unused = sub(sub(sla.deposited, bond)?, sla.gross)?;
    sla.retention = if sla.state.is_live() { reserve(terms, unused, sla.covered_epochs, sla.duration)? } else { 0 };
    sla.escrow = sub(unused, sla.retention)?;
    Ok(())
}

/// The price of an early end out of what is left of the bond, which is returned.
pub fn pay_early(sla: &mut Sla, terms: &Terms, epochs: u32) -> Result<i128, Error> {
    let price = unused(terms, epochs, sla.duration, terms.early_bps)?.min(sla.bond);
    sla.bond = sub(sla.bond, price)?;
    sla.provider_claim = add(sla.provider_claim, price)?;
    Ok(price)
}

/// Moves the rise from what was settled before to `totals`; [`Error::LeafBehind`] when an amount would fall.
pub fn settle(sla: &mut Sla, terms: &Terms, totals: &Totals) -> Result<(), Error> {
    let rise = |now: i128, before: i128| sub(now, before).map_err(|_| Error::LeafBehind);
    rise(totals.gross, sla.gross)?;
    let provider = rise(totals.provider()?, sub(sla.earned, sla.fee_total)?)?;
    let fee = rise(totals.fee, sla.fee_total)?;
    let credit = rise(totals.credit, sla.credited)?;
    sla.provider_claim = add(sla.provider_claim, provider)?;
    sla.fees = add(sla.fees, fee)?;
    sla.consumer_claim = add(sla.consumer_claim, credit)?;
    sla.holdback = totals.holdback()?;
    sla.gross = totals.gross;
    sla.earned = totals.earned;
    sla.fee_total = totals.fee;
    sla.credited = totals.credit;
    divide(sla, terms)
}

/// All that was used counts as judged without credit: the holdback is earned.
pub fn earn_holdback(sla: &mut Sla, terms: &Terms) -> Result<(), Error> {
    let earned = add(sla.earned, sla.holdback)?;
    let fee_total = bps_of(earned, terms.fee_bps.into())?;
    let fee = sub(fee_total, sla.fee_total)?;
    sla.provider_claim = add(sla.provider_claim, sub(sla.holdback, fee)?)?;
    sla.fees = add(sla.fees, fee)?;
    sla.holdback = 0;
    sla.earned = earned;
    sla.fee_total = fee_total;
    Ok(())
}

/// What is neither earned nor credited is the consumer's.
pub fn give_back(sla: &mut Sla) -> Result<(), Error> {
    for bucket in [&mut sla.escrow, &mut sla.holdback, &mut sla.retention, &mut sla.bond] {
        sla.consumer_claim = add(sla.consumer_claim, core::mem::take(bucket))?;
    }
    Ok(())
}

/// Holds up to `amount` of what the provider has not drawn, or of the consumer's bond; says how much.
pub fn freeze(sla: &mut Sla, amount: i128, bond: bool) -> Result<i128, Error> {
    let from = if bond { &mut sla.bond } else { &mut sla.provider_claim };
    let held = amount.min(*from);
    *from = sub(*from, held)?;
    if bond {
        sla.bond_taken = add(sla.bond_taken, held)?;
    }
    sla.disputed = held;
    Ok(held)
}

/// What was held: so much to the consumer, the rest back to the provider, which is returned.
pub fn rule(sla: &mut Sla, to_consumer: i128) -> Result<i128, Error> {
    let to_provider = sub(sla.disputed, to_consumer)?;
    sla.consumer_claim = add(sla.consumer_claim, to_consumer)?;
    sla.provider_claim = add(sla.provider_claim, to_provider)?;
    sla.disputed = 0;
    Ok(to_provider)
}

/// Empties the provider's bucket and says how much to pay; [`Error::NothingDue`] when it is empty.
pub fn take_provider_claim(sla: &mut Sla) -> Result<i128, Error> {
    let amount = core::mem::take(&mut sla.provider_claim);
    withdraw(sla, amount)
}

/// Empties the consumer's bucket and says how much to pay; [`Error::NothingDue`] when it is empty.
pub fn take_consumer_claim(sla: &mut Sla) -> Result<i128, Error> {
    let amount = core::mem::take(&mut sla.consumer_claim);
    withdraw(sla, amount)
}

/// Empties the fee bucket and says how much to pay; [`Error::NothingDue`] when it is empty.
pub fn take_fees(sla: &mut Sla) -> Result<i128, Error> {
    let amount = core::mem::take(&mut sla.fees);
    withdraw(sla, amount)
}

fn withdraw(sla: &mut Sla, amount: i128) -> Result<i128, Error> {
    if amount == 0 {
        return Err(Error::NothingDue);
    }
    sla.withdrawn = add(sla.withdrawn, amount)?;
    Ok(amount)
}
