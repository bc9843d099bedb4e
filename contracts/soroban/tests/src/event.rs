//! The data of what a call tells.

use soroban_sdk::{
    testutils::Events as _,
    xdr::{ContractEvent, ContractEventBody, ScMap, ScVal},
};

use crate::world::World;

/// The last call's events: name, and the numbers of the data by field. Yes is 1 and no is 0; what is no number is left out.
pub struct Told(Vec<(String, Vec<(String, i128)>)>);

impl Told {
    /// Before any other call, since that has events of its own.
    pub fn of(w: &World) -> Self {
        let named = |event: &ContractEvent| {
            let ContractEventBody::V0(body) = &event.body;
            match (body.topics.first(), &body.data) {
                (Some(ScVal::Symbol(name)), ScVal::Map(Some(data))) => Some((name.to_utf8_string_lossy(), numbers(data))),
                _ => None,
            }
        };
        Told(w.env.events().all().events().iter().filter_map(named).collect())
    }

    /// Asserts that it was told once, with exactly these numbers, in the order of their names.
    #[track_caller]
    pub fn once(&self, name: &str, fields: &[(&str, i128)]) {
        let wanted: Vec<_> = fields.iter().map(|(name, n)| (name.to_string(), *n)).collect();
        assert_eq!(self.named(name), [&wanted], "{name}");
    }

    #[track_caller]
    pub fn never(&self, name: &str) {
        assert!(self.named(name).is_empty(), "{name}: {:?}", self.named(name));
    }

    fn named(&self, name: &str) -> Vec<&Vec<(String, i128)>> {
        self.0.iter().filter(|(own, _)| own == name).map(|(_, data)| data).collect()
    }
}

fn numbers(data: &ScMap) -> Vec<(String, i128)> {
    let field = |key: &ScVal, v: &ScVal| match key {
        ScVal::Symbol(key) => Some((key.to_utf8_string_lossy(), number(v)?)),
        _ => None,
    };
    data.iter().filter_map(|e| field(&e.key, &e.val)).collect()
}

fn number(v: &ScVal) -> Option<i128> {
    match v {
        ScVal::Bool(b) => Some((*b).into()),
        ScVal::U32(n) => Some((*n).into()),
        ScVal::U64(n) => Some((*n).into()),
        ScVal::I128(n) => Some(n.into()),
        _ => None,
    }
}
