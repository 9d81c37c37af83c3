//! Which names Gitea and Forgejo take for a repository.

use super::dialect::Dialect;

/// The longest name, in characters.
const LONGEST: usize = 100;

/// Endings that mean something else in an address, compared without regard to case.
const ENDINGS: [&str; 4] = [".git", ".wiki", ".rss", ".atom"];

/// Checks a repository's name.
pub(crate) fn check(dialect: Dialect, name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > LONGEST {
        return Err("Gitea and Forgejo take names of 1 to 100 characters");
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err("Gitea and Forgejo take only ASCII letters, digits, `-`, `_` and `.` in a name");
    }
    if matches!(name, "." | ".." | "-") {
        return Err("Gitea and Forgejo keep the names `.`, `..` and `-` for themselves");
    }
    let lower = name.to_ascii_lowercase();
    if ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
        return Err("Gitea and Forgejo take no name that ends in `.git`, `.wiki`, `.rss` or `.atom`");
    }
    if dialect == Dialect::Gitea && name.contains("..") {
        return Err("Gitea takes no name with two dots in a row");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_with_the_rule_they_break() {
        let long = "a".repeat(101);
        for (name, word) in [
            ("", "1 to 100"),
            (long.as_str(), "1 to 100"),
            ("a b", "only ASCII"),
            ("é", "only ASCII"),
            ("a/b", "only ASCII"),
            (".", "for themselves"),
            ("..", "for themselves"),
            ("-", "for themselves"),
            ("x.git", "ends in"),
            ("x.WIKI", "ends in"),
            ("x.rss", "ends in"),
            (".atom", "ends in"),
        ] {
            for dialect in [Dialect::Gitea, Dialect::Forgejo] {
                let rule = check(dialect, name).unwrap_err();
                assert!(rule.contains(word), "{name}: {rule}");
            }
        }
    }

    #[test]
    fn two_dots_are_for_forgejo_alone() {
        assert!(check(Dialect::Gitea, "foo..bar").unwrap_err().contains("two dots"));
        assert_eq!(check(Dialect::Forgejo, "foo..bar"), Ok(()));
    }

    #[test]
    fn usual_names_pass() {
        let longest = "a".repeat(100);
        for name in [longest.as_str(), "a", "A-b_c.d", ".github", "-x", "_x_", "a--b", "tree", "x.gitx"] {
            for dialect in [Dialect::Gitea, Dialect::Forgejo] {
                assert_eq!(check(dialect, name), Ok(()), "{name}");
            }
        }
    }
}
