//! Tests that need a program which not every machine has.

/// Says whether a test can go on; if not, it says that it is skipped, and fails where the variable asks for that.
#[track_caller]
pub(crate) fn needed(is_there: bool, what: &str, variable: &str) -> bool {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says whether one may be skipped")]
    let must = std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0");
    assert!(is_there || !must, "{what} is not here, and {variable} is set");
    if !is_there {
        println!("skipped: no {what}");
    }
    is_there
}
