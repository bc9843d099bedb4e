//! What a configuration must be.

use flashback_core::{error::Error, types::Config};

const VALIDATORS_MAX: u32 = 64;
/// The first byte of an uncompressed secp256k1 key.
const UNCOMPRESSED: u8 = 0x04;

/// Refuses with [`Error::ConfigInvalid`].
pub fn check(config: &Config) -> Result<(), Error> {
    let count = config.validators.len();
    let epochs_ok = config.epoch_seconds > 0
        && config.window_epochs > 0
        && config.slots_per_epoch > 0
        && config.epoch_seconds.is_multiple_of(config.slots_per_epoch);
    if !epochs_ok || config.version == 0 || !(1..=VALIDATORS_MAX).contains(&count) {
        return Err(Error::ConfigInvalid);
    }
    let mut total = 0u32;
    for (i, validator) in config.validators.iter().enumerate() {
        let distinct = config.validators.iter().skip(i + 1).all(|other| other.key != validator.key);
        if validator.weight == 0 || validator.key.get(0) != Some(UNCOMPRESSED) || !distinct {
            return Err(Error::ConfigInvalid);
        }
        total = total.checked_add(validator.weight).ok_or(Error::ConfigInvalid)?;
    }
    Ok(())
}

/// Whether `new` may follow `old`: one version later, and nothing that epochs are counted by has changed.
pub fn follows(old: &Config, new: &Config) -> Result<(), Error> {
    check(new)?;
    let same = new.genesis == old.genesis
        && new.epoch_seconds == old.epoch_seconds
        && new.slots_per_epoch == old.slots_per_epoch
        && new.window_epochs == old.window_epochs;
    if same && old.version.checked_add(1) == Some(new.version) {
        Ok(())
    } else {
        Err(Error::ConfigInvalid)
    }
}
