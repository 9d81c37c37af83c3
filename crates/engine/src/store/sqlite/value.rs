//! From columns to types.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use refray_core::oid::Oid;
use refray_core::snapshot::Fingerprint;
use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};

use super::fault::Fault;

fn not_a(what: &'static str, text: impl Display) -> Fault {
    Fault::Value { what, text: text.to_string() }
}

/// Reads a checked name.
pub(super) fn name<T: FromStr>(what: &'static str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|_| not_a(what, text))
}

/// Reads one of an enumeration's words.
pub(super) fn word<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, Fault> {
    T::deserialize(StrDeserializer::<Error>::new(text)).map_err(|_| not_a(what, text))
}

/// Reads JSON.
pub(super) fn json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|_| not_a(what, text))
}

/// Writes JSON.
pub(super) fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| not_a(what, error))
}

/// Reads a time.
pub(super) fn time(milliseconds: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| not_a("time", milliseconds))
}

/// Reads an object id.
pub(super) fn oid(bytes: &[u8]) -> Result<Oid, Fault> {
    Oid::from_bytes(bytes).map_err(|_| not_a("object id", format_args!("{} bytes", bytes.len())))
}

/// Reads text that was written as bytes.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, Fault> {
    String::from_utf8(bytes).map_err(|error| not_a("text", String::from_utf8_lossy(error.as_bytes())))
}

/// Reads a snapshot's hash.
pub(super) fn fingerprint(bytes: Vec<u8>) -> Result<Fingerprint, Fault> {
    bytes
        .try_into()
        .map(Fingerprint)
        .map_err(|bytes: Vec<u8>| not_a("fingerprint", format_args!("{} bytes", bytes.len())))
}

/// Reads a number that is never negative.
pub(super) fn count<T: TryFrom<i64>>(what: &'static str, number: i64) -> Result<T, Fault> {
    T::try_from(number).map_err(|_| not_a(what, number))
}
