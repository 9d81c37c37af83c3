//! What GitHub takes for a repository's name.
//!
//! GitHub refuses few names: it quietly makes another one of what it does not like. A repository of another name than
//! was asked for would be taken for a new one on the next run, so refray refuses such names before anything is made.

/// How long a name may be.
const LONGEST: usize = 100;

/// Checks that GitHub would keep a name as it is.
///
/// # Errors
/// What GitHub would do to it.
pub fn check(name: &str) -> Result<(), &'static str> {
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || matches!(name, "." | "..") {
        Err("GitHub has no such names")
    } else if name.len() > LONGEST {
        Err("GitHub takes at most 100 characters")
    } else if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
        Err("GitHub would turn all but letters, digits, `.`, `-` and `_` into `-`")
    } else if lower.ends_with(".git") {
        Err("GitHub would drop the ending `.git`")
    } else if lower.ends_with(".wiki") {
        Err("GitHub keeps the ending `.wiki` for its own use")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_github_would_alter_are_refused() {
        for name in ["a", "A-b_c.d", ".github", "-x", "_x_", "foo..bar", "a.rss", "git", "wiki", &"n".repeat(100)] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", ".", "..", "a b", "größe", "a/b", "a+b", "a.git", "a.GIT", "a.wiki", &"n".repeat(101)] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
