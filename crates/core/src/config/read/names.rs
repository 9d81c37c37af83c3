//! Reads the names that repositories have at one endpoint.

use super::context::Marked;
use super::table::Table;
use crate::config::keys::{Key, Pairs};
use crate::config::model::Endpoint;
use crate::config::names::{NameClash, Names};
use crate::config::problem::{ProblemKind, Sink, Span};
use crate::config::spell::shown;
use crate::name::{EndpointId, RepoName};

/// Reads a table of names. What cannot be used is reported, and left out.
pub(crate) fn read(table: &Table<'_>, key: &Key<Pairs>) -> Names {
    let mut names = Names::default();
    let Some((item, span)) = table.item(key) else { return names };
    let Some(pairs) = item.as_table_like() else {
        table
            .wrong_type(key.name, item, &span, "a table")
            .help(format!("write it as `{} = {{ files = \"files-repo\" }}`", key.name));
        return names;
    };
    let mut seen: Vec<(Marked<RepoName>, Marked<RepoName>)> = Vec::new();
    for (written, item) in pairs.iter() {
        let key_span = pairs.key(written).and_then(toml_edit::Key::span).unwrap_or_else(|| span.clone());
        let value_span = item.span().unwrap_or_else(|| key_span.clone());
        let Some(text) = item.as_str() else {
            table.wrong_type(written, item, &value_span, "a text").help("write the name there, in quotes");
            continue;
        };
        let (Some(here), Some(there)) = (name(table, written, &key_span), name(table, text, &value_span)) else {
            continue;
        };
        match names.add(here.value.clone(), there.value.clone()) {
            Ok(()) => seen.push((here, there)),
            Err(clash) => report(table, &clash, (&here, &there), &seen),
        }
    }
    names
}

/// The names that an endpoint was given in one group.
pub(crate) struct Given {
    endpoint: EndpointId,
    names: Names,
    span: Span,
}

/// Reports an endpoint that has other names in another group. What is remembered of a namespace, its webhooks for one, is
/// so for all groups: a repository can have only one name of the group's there.
pub(crate) fn compare(sink: &Sink, endpoint: &Endpoint, span: Span, given: &mut Vec<Given>) {
    match given.iter().find(|other| other.endpoint == endpoint.id) {
        Some(first) if first.names != endpoint.names => drop(
            sink.error(ProblemKind::Duplicate, format!("`{}` has other `names` in another group", endpoint.id))
                .at(&span, "the second")
                .at(&first.span, "the first")
                .help("write the same `names` for it in each group"),
        ),
        Some(_) => {}
        None => given.push(Given { endpoint: endpoint.id.clone(), names: endpoint.names.clone(), span }),
    }
}

fn name(table: &Table<'_>, text: &str, span: &Span) -> Option<Marked<RepoName>> {
    let why = match RepoName::new(text) {
        Ok(value) => return Some(Marked { value, span: span.clone() }),
        Err(why) => why.why,
    };
    let message = format!("`{}` cannot be the name of a repository", shown(text));
    let help = "write the last part of the repository's path, without `.git`";
    drop(table.context.sink.error(ProblemKind::BadValue, message).at(span, why).help(help));
    None
}

fn report(
    table: &Table<'_>,
    clash: &NameClash,
    (here, there): (&Marked<RepoName>, &Marked<RepoName>),
    seen: &[(Marked<RepoName>, Marked<RepoName>)],
) {
    let sink = table.context.sink;
    let first = |of: &RepoName| seen.iter().find(|(here, _)| here.value.key() == of.key());
    let draft = match clash {
        NameClash::Same => sink
            .error(ProblemKind::BadValue, format!("`{}` is given the name that it has", here.value))
            .at(&there.span, "this is the same name: case makes no difference")
            .help("leave it out: what is not named here has one name everywhere"),
        NameClash::Again(of) => {
            let draft = sink
                .error(ProblemKind::Duplicate, format!("`{of}` is given two names at one endpoint"))
                .at(&here.span, "the second");
            let draft = match first(of) {
                Some((first, _)) => draft.at(&first.span, "the first"),
                None => draft,
            };
            draft.help("remove one of them: case makes no difference")
        }
        NameClash::Taken(of) => {
            let draft = sink
                .error(ProblemKind::Duplicate, "two repositories are given one name at an endpoint")
                .at(&there.span, "the second");
            let draft = match first(of) {
                Some((_, first)) => draft.at(&first.span, "the first"),
                None => draft,
            };
            draft.help("give one of them another name")
        }
        NameClash::BothSides(both) => {
            let place = if both.key() == here.value.key() { here } else { there };
            sink.error(
                ProblemKind::Duplicate,
                format!("`{both}` is both a repository of the group and what another one is called there"),
            )
            .at(&place.span, "which repository this is could not be told")
            .help("give the other repository a name that no repository of the group has")
        }
    };
    drop(draft);
}
