//! Reads where secrets come from. No text of a secret goes into a problem.

use super::context::Marked;
use super::table::Table;
use crate::config::keys::{Key, Nested, secret};
use crate::config::mask;
use crate::config::model::SecretSource;
use crate::config::problem::ProblemKind;
use crate::config::spell::listed;
use crate::secret::Secret;

/// Reads the secret behind a key: a table with one of the sources.
pub(crate) fn read(table: &Table<'_>, key: &Key<Nested>) -> Option<SecretSource> {
    if let Some((item, span)) = table.item(key).filter(|(item, _)| item.is_str()) {
        let name = key.name;
        table.wrong_type(name, item, &span, "a table").help(format!(
            "write `{name} = {{ env = \"NAME\" }}`, or `{name} = {{ value = \"…\" }}` to keep it in this file"
        ));
        return None;
    }
    let table = table.table(key)?;
    let texts = [
        (&secret::ENV, table.text(&secret::ENV)),
        (&secret::FILE, table.text(&secret::FILE)),
        (&secret::COMMAND, table.text(&secret::COMMAND)),
        (&secret::KEYRING, table.text(&secret::KEYRING)),
        (&secret::VALUE, table.text(&secret::VALUE)),
    ];
    let written: Vec<_> = texts.iter().filter_map(|(source, _)| Some((source.name, table.key_span(source)?))).collect();
    let sink = table.context.sink;
    if written.is_empty() {
        sink.error(ProblemKind::MissingKey, format!("`{}` does not say where the secret is", key.name))
            .at(table.span(), "no source is named here")
            .help(format!("name one of {}", listed(&secret::TABLE.names())));
    } else if written.len() > 1 {
        let mut draft = sink
            .error(ProblemKind::UnfitKey, format!("`{}` names {} sources", key.name, written.len()))
            .help("keep one of them");
        for (name, span) in &written {
            draft = draft.at(span, format!("`{name}`"));
        }
        drop(draft);
    }
    let mut found = texts.into_iter().filter_map(|(source, text)| Some((source.name, text?)));
    let source = found.next().and_then(|(name, text)| build(&table, key.name, name, text));
    table.finish();
    // With several, which one was meant is not known, and a problem has been noted.
    source
}

fn build(table: &Table<'_>, key: &str, source: &str, text: Marked<String>) -> Option<SecretSource> {
    let sink = table.context.sink;
    if source == secret::VALUE.name {
        sink.warning(ProblemKind::LiteralSecret, format!("`{key}` stands in the file itself"))
            .at(&text.span, "everybody who can read the file can read it")
            .help(format!("`{key} = {{ env = \"NAME\" }}` or one of the other sources keeps it out of the file"));
        return Some(SecretSource::Value(Secret::new(text.value)));
    }
    if mask::looks_like_token(&text.value) {
        sink.error(ProblemKind::BadValue, format!("`{source}` seems to hold the secret itself"))
            .at(&text.span, "this has the form of a token")
            .help(format!("`{key} = {{ value = \"…\" }}` is for a secret that stands in the file itself"));
        return None;
    }
    Some(match source {
        "env" => {
            if text.value.contains(['=', '\0']) || text.value.contains(char::is_whitespace) {
                sink.error(ProblemKind::BadValue, "`env` is not the name of an environment variable")
                    .at(&text.span, "a name has no `=` and no spaces");
                return None;
            }
            SecretSource::Env(text.value)
        }
        "file" => SecretSource::File(table.context.path(&text)?),
        "command" => SecretSource::Command(text.value),
        _ => SecretSource::Keyring(text.value),
    })
}
