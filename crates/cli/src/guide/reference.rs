//! The pages of the guide that are made from the code.

use std::fmt::Write as _;

use super::{commands, exits, lines, pages, refusals};

/// The variable that, when it is set, has the pages written instead of compared.
const UPDATE: &str = "REFRAY_UPDATE_REFERENCE";

fn made() -> Vec<(&'static str, String)> {
    vec![
        ("configuration.md", configuration()),
        ("commands.md", commands::page()),
        ("exit-codes.md", exits::page()),
        ("json.md", lines::page()),
        ("findings.md", lines::findings_page()),
        ("refusals.md", refusals::page()),
    ]
}

fn configuration() -> String {
    let mut page = String::from(
        "# Every key of the configuration\n\n\
         The file is TOML. An unknown key, a wrong type or an unknown word is an error that shows its place, and nothing \
         is started. `refray config show` prints what holds, with every default; `refray config schema` prints this page \
         as a JSON Schema, for editors.\n\n",
    );
    page.push_str(&refray_core::config::reference_markdown());
    page
}

#[test]
fn the_reference_is_what_the_code_gives() {
    let folder = pages::guide_dir().join("reference");
    let mut stale = String::new();
    for (name, text) in made() {
        let path = folder.join(name);
        let text =
            format!("<!-- Made from the code. {UPDATE}=1 cargo test -p refray guide writes it anew. -->\n\n{text}");
        if std::fs::read_to_string(&path).is_ok_and(|committed| committed == text) {
            continue;
        }
        if crate::environment::var(UPDATE).is_some() {
            write(&path, &text);
        } else {
            writeln!(stale, "{}", path.display()).unwrap();
        }
    }
    assert!(stale.is_empty(), "not what the code gives; {UPDATE}=1 cargo test -p refray guide writes anew:\n{stale}");
}

#[expect(clippy::disallowed_methods, reason = "a page in the working tree, which git has in its former state")]
fn write(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).unwrap();
}
