//! The reference of the exit codes.

use std::fmt::Write as _;

use super::declared::Sources;

/// Returns the page.
pub(super) fn page() -> String {
    let sources = Sources::read(&["crates/cli/src/exit.rs"]);
    let mut page = String::from("# Exit codes\n\n| code | meaning |\n|---|---|\n");
    for variant in &sources.enumeration("Exit").variants {
        let (code, meaning) = variant.doc.split_once(": ").unwrap();
        writeln!(page, "| {code} | {meaning} |").unwrap();
    }
    page
}
