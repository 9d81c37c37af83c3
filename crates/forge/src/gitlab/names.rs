//! Which paths GitLab takes for a project, and how its shown name follows from the path.

/// Words that GitLab keeps for its own pages below a project's group.
const RESERVED: [&str; 18] = [
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

/// The longest path that GitLab takes, in characters.
const LONGEST: usize = 255;

/// Checks a project's path against the rules that hold in every version.
///
/// Newer versions also refuse special characters at the start, at the end or two in a row. Whether this instance does
/// is not known beforehand, so that rule is left to its answer.
pub(crate) fn check(path: &str) -> Result<(), &'static str> {
    if path.is_empty() || path.len() > LONGEST {
        return Err("GitLab takes paths of 1 to 255 characters");
    }
    if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err("GitLab takes only ASCII letters, digits, `-`, `_` and `.` in a path");
    }
    if path == "." || path == ".." {
        return Err("GitLab takes no path that means a folder");
    }
    let lower = path.to_ascii_lowercase();
    if RESERVED.contains(&lower.as_str()) {
        return Err("GitLab keeps this word for its own pages");
    }
    if path.starts_with('-') {
        return Err("GitLab takes no path that starts with `-`");
    }
    if lower.ends_with(".git") || lower.ends_with(".atom") {
        return Err("GitLab takes no path that ends in `.git` or `.atom`");
    }
    Ok(())
}

/// Returns the name to show for a path. It may not start with a dot, as a path of older versions may.
pub(crate) fn shown(path: &str) -> &str {
    let trimmed = path.trim_start_matches(['.', '-']);
    if trimmed.is_empty() { path } else { trimmed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_refused_with_the_rule_they_break() {
        let long = "a".repeat(256);
        for (path, word) in [
            ("", "1 to 255"),
            (long.as_str(), "1 to 255"),
            ("a b", "only ASCII"),
            ("naïve", "only ASCII"),
            ("a/b", "only ASCII"),
            ("a+b", "only ASCII"),
            (".", "folder"),
            ("..", "folder"),
            ("-", "own pages"),
            ("tree", "own pages"),
            ("Wikis", "own pages"),
            ("-x", "starts with"),
            ("x.git", "ends in"),
            ("x.GIT", "ends in"),
            ("feed.atom", "ends in"),
        ] {
            let rule = check(path).unwrap_err();
            assert!(rule.contains(word), "{path}: {rule}");
        }
    }

    #[test]
    fn paths_that_some_version_takes_pass() {
        let longest = "a".repeat(255);
        for path in [
            longest.as_str(),
            "a",
            "refray",
            "A-b_c.d",
            ".github",
            "_x",
            "x_",
            "a--b",
            "trees",
            "x.rss",
            "foo..bar",
            "x.wiki",
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn shown_names_start_with_a_letter_where_there_is_one() {
        for (path, expected) in
            [("refray", "refray"), (".github", "github"), ("..a", "a"), ("_x", "_x"), ("...", "...")]
        {
            assert_eq!(shown(path), expected);
        }
    }
}
