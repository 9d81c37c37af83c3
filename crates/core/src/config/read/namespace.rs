//! Checks an endpoint's kind and namespace against what its site runs.

use super::context::Marked;
use super::table::Table;
use crate::config::keys::endpoint as keys;
use crate::config::model::{NamespaceKind, Provider};
use crate::config::problem::ProblemKind;

/// Returns what kind of namespace it is there.
pub(crate) fn kind(
    table: &Table<'_>,
    provider: Provider,
    written: Option<Marked<NamespaceKind>>,
) -> Option<NamespaceKind> {
    let Some(Marked { value: kind, span }) = written else {
        if provider == Provider::Directory && table.key_span(&keys::KIND).is_none() {
            return Some(NamespaceKind::Folder);
        }
        if table.key_span(&keys::KIND).is_none() {
            table.missing(&keys::KIND, &format!("on {}, {}", provider.title(), choices(provider)));
        }
        return None;
    };
    match (provider, kind) {
        // A directory has but folders, so that whatever is written there means one.
        (Provider::Directory, _) => Some(NamespaceKind::Folder),
        (Provider::Gitlab, NamespaceKind::Org) => Some(NamespaceKind::Group),
        (_, NamespaceKind::User)
        | (Provider::Gitlab, NamespaceKind::Group)
        | (Provider::Github | Provider::Gitea | Provider::Forgejo, NamespaceKind::Org) => Some(kind),
        (Provider::Github | Provider::Gitea | Provider::Forgejo, NamespaceKind::Group) | (_, NamespaceKind::Folder) => {
            let word = keys::KIND.shape.word(kind);
            table
                .context
                .sink
                .error(ProblemKind::UnfitKey, format!("{} has no namespaces of kind `{word}`", provider.title()))
                .at(&span, "does not fit the site")
                .help(format!("on {}, {}", provider.title(), choices(provider)));
            None
        }
    }
}

fn choices(provider: Provider) -> &'static str {
    match provider {
        Provider::Gitlab => "`kind` is `\"user\"` or `\"group\"`",
        Provider::Directory => "`kind` can be left out",
        Provider::Github | Provider::Gitea | Provider::Forgejo => "`kind` is `\"user\"` or `\"org\"`",
    }
}

/// Returns the namespace, when it can be one there. Where the site is not known, only what is wrong anywhere is wrong.
pub(crate) fn path(
    table: &Table<'_>,
    provider: Option<Provider>,
    kind: Option<NamespaceKind>,
    written: Option<Marked<String>>,
) -> Option<String> {
    let is_directory = provider.is_none_or(|provider| provider == Provider::Directory);
    let Some(Marked { value: namespace, span }) = written else {
        if table.key_span(&keys::NAMESPACE).is_some() {
            return None;
        }
        if is_directory {
            return Some(String::new());
        }
        table.missing(
            &keys::NAMESPACE,
            "the user, the organisation or the path of the group, such as `namespace = \"my-user\"`",
        );
        return None;
    };
    let nested = is_directory || (provider == Some(Provider::Gitlab) && kind != Some(NamespaceKind::User));
    let why = if namespace.is_empty() {
        if is_directory { None } else { Some("it is empty") }
    } else if namespace.starts_with('/') || namespace.ends_with('/') {
        Some("it must neither start nor end with a slash")
    } else if namespace.contains('\\') || namespace.contains(char::is_control) {
        Some("it holds a backslash or control character")
    } else if !is_directory && namespace.contains([':', '?', '#', '%', '@']) {
        Some("only the name or path itself belongs here, not an address")
    } else if !is_directory && namespace.contains(char::is_whitespace) {
        Some("it holds a space")
    } else if namespace.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Some("a part of it is empty, `.` or `..`")
    } else if !nested && namespace.contains('/') {
        Some("only groups of GitLab and folders have paths")
    } else {
        None
    };
    if let Some(why) = why {
        table.context.sink.error(ProblemKind::BadValue, "this cannot be a namespace").at(&span, why);
        return None;
    }
    Some(namespace)
}

/// Notes it when subgroups are asked for where there are none.
pub(crate) fn subgroups(
    table: &Table<'_>,
    provider: Provider,
    kind: Option<NamespaceKind>,
    include_subgroups: &Marked<bool>,
) {
    let has_subgroups = provider == Provider::Gitlab && kind != Some(NamespaceKind::User);
    if include_subgroups.value && !has_subgroups {
        table.unfit(
            &keys::INCLUDE_SUBGROUPS,
            "this endpoint has no subgroups",
            "`include_subgroups` is for endpoints on GitLab of kind `group`",
        );
    }
}
