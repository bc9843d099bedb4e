//! Market: what consumers want, what providers answer, openly or sealed, and the SLA that comes of one answer. `docs/spec/market.md` is the specification.
#![no_std]
