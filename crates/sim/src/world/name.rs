use super::WorldError;
use crate::Kind;

/// Path parts that GitLab keeps for itself.
const GITLAB_RESERVED: &[&str] = &[
    "-",
    "badges",
    "blame",
    "blob",
    "builds",
    "commits",
    "create",
    "create_dir",
    "edit",
    "files",
    "find_file",
    "new",
    "preview",
    "raw",
    "refs",
    "tree",
    "update",
    "wikis",
];

/// Returns the name that a forge would give to a repository asked for under this one.
///
/// # Errors
///
/// Fails with [`WorldError::NameInvalid`] when that forge refuses the name.
pub fn check_repository_name(kind: Kind, wanted: &str) -> Result<String, WorldError> {
    let invalid = |reason| Err(WorldError::NameInvalid { name: wanted.to_owned(), reason });
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let lower = wanted.to_ascii_lowercase();
    match kind {
        Kind::GitHub => {
            // GitHub mends what it does not like rather than refusing it.
            let mut name: String = wanted.chars().map(|c| if plain(c) { c } else { '-' }).collect();
            if lower.ends_with(".git") {
                name.truncate(name.len() - 4);
            }
            if name.is_empty() || name == "." || name == ".." {
                return invalid("name is reserved");
            }
            if name.len() > 100 {
                return invalid("name is too long (maximum is 100 characters)");
            }
            if lower.ends_with(".wiki") {
                return invalid("name cannot end with .wiki");
            }
            Ok(name)
        }
        Kind::GitLab => {
            if wanted.is_empty() || wanted.len() > 255 || !wanted.chars().all(plain) || wanted.starts_with('-') {
                return invalid(
                    "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-', end in '.git' or end in '.atom'",
                );
            }
            if lower.ends_with(".git") || lower.ends_with(".atom") {
                return invalid(
                    "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-', end in '.git' or end in '.atom'",
                );
            }
            let special = |c: char| !c.is_ascii_alphanumeric();
            let doubled = wanted.chars().zip(wanted.chars().skip(1)).any(|(a, b)| special(a) && special(b));
            if doubled || wanted.starts_with(special) || wanted.ends_with(special) {
                return invalid(
                    "must not start or end with a special character and must not contain consecutive special characters.",
                );
            }
            if GITLAB_RESERVED.contains(&lower.as_str()) {
                return invalid("is a reserved name");
            }
            Ok(wanted.to_owned())
        }
        Kind::Gitea | Kind::Forgejo => {
            if wanted.is_empty() || wanted.len() > 100 || !wanted.chars().all(plain) {
                return invalid("should be alphanumeric, dash ('-'), underscore ('_') or dot ('.')");
            }
            if kind == Kind::Gitea && wanted.contains("..") {
                return invalid("should be alphanumeric, dash ('-'), underscore ('_') or dot ('.')");
            }
            if matches!(wanted, "." | ".." | "-") {
                return invalid("name is reserved");
            }
            if [".git", ".wiki", ".rss", ".atom"].iter().any(|end| lower.ends_with(end)) {
                return invalid("name pattern is not allowed");
            }
            Ok(wanted.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check_repository_name;
    use crate::Kind;

    #[test]
    fn every_forge_has_its_own_idea_of_a_name() {
        let ask = |kind, name| check_repository_name(kind, name).ok();
        assert_eq!(ask(Kind::GitHub, "a b.git").as_deref(), Some("a-b"));
        assert_eq!(ask(Kind::GitHub, "x.wiki"), None);
        assert_eq!(ask(Kind::GitLab, "-x"), None);
        assert_eq!(ask(Kind::GitLab, "a--b"), None);
        assert_eq!(ask(Kind::GitLab, "tree"), None);
        assert_eq!(ask(Kind::GitLab, "a-b").as_deref(), Some("a-b"));
        assert_eq!(ask(Kind::Gitea, "a..b"), None);
        assert_eq!(ask(Kind::Forgejo, "a..b").as_deref(), Some("a..b"));
        assert_eq!(ask(Kind::Gitea, "a.rss"), None);
        assert_eq!(ask(Kind::Gitea, ".github").as_deref(), Some(".github"));
    }
}
