//! The vectors of `contracts/vectors`, which the reference model writes and every implementation reads.

use std::path::Path;

pub use serde_json::Value;

/// The cases of a file.
pub fn cases(file: &str) -> Vec<Value> {
    let mut document = document(file);
    match document["cases"].take() {
        Value::Array(cases) => cases,
        other => panic!("{file}: cases are {other}"),
    }
}

pub fn document(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// Bytes in hexadecimal; nothing is no bytes.
pub fn bytes(v: &Value) -> Vec<u8> {
    let text = v.as_str().unwrap_or_default();
    assert!(text.len().is_multiple_of(2), "odd hexadecimal: {text}");
    let digit = |i| u8::from_str_radix(&text[i..i + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

pub fn array<const N: usize>(v: &Value) -> [u8; N] {
    bytes(v).try_into().unwrap_or_else(|_| panic!("{v} has not {N} bytes"))
}

/// A number, or a decimal string where it may exceed 2^53.
pub fn number<T: std::str::FromStr>(v: &Value) -> T {
    let text = v.as_str().map(str::to_owned).unwrap_or_else(|| v.to_string());
    text.parse().unwrap_or_else(|_| panic!("{v} is not such a number"))
}

pub fn name(case: &Value) -> &str {
    case["name"].as_str().unwrap()
}
