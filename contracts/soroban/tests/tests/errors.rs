//! The error table and the enum say the same.

use flashback_core::error::Error;
use flashback_tests::vectors::Value;
use soroban_sdk::InvokeError;

#[test]
fn the_table_is_the_enum() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../errors.json");
    let table: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let table = table.as_object().unwrap();
    for (name, number) in table {
        let number = number.as_u64().unwrap() as u32;
        let error = Error::try_from(InvokeError::Contract(number)).unwrap_or_else(|_| panic!("no error has number {number}"));
        assert_eq!(&format!("{error:?}"), name);
    }
    let known = (0..1_000).filter(|n| Error::try_from(InvokeError::Contract(*n)).is_ok()).count();
    assert_eq!(known, table.len(), "errors that the table does not name");
}
