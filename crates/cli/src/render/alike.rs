//! What is the same for many, said once.

pub(super) use refray_engine::standing::{grouped, pattern};

use crate::render::block::Level;

/// How many single things are listed before the rest is only counted.
const LISTED: usize = 12;

/// Up to how many repositories are named in one command line.
const NAMED: usize = 4;

/// Returns a text about a repository with a gap where it says how to run refray for it.
pub(super) fn pattern_of(text: &str, repository: &str) -> String {
    named(text, repository, str::to_owned)
}

/// Returns a text about a repository that says how to run refray for it and for the `others` of which the same is said.
pub(super) fn for_all(text: &str, repository: &str, others: &[&str]) -> String {
    named(text, repository, |flag| {
        if others.len() >= NAMED {
            return format!("{flag} REPO");
        }
        let all = std::iter::once(&repository).chain(others);
        all.map(|name| format!("{flag} {name}")).collect::<Vec<_>>().join(" ")
    })
}

/// Puts something else where a text names a repository after a flag.
fn named(text: &str, repository: &str, with: impl Fn(&str) -> String) -> String {
    ["--repo", "--join"].iter().fold(text.to_owned(), |text, flag| {
        let with = with(flag);
        let named = format!("{flag} {repository}");
        let ends = |after: &str| !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let mut parts = text.split(&named);
        let first = parts.next().unwrap_or_default().to_owned();
        // A longer name that begins alike is another one.
        parts.fold(first, |text, after| if ends(after) { text + &with + after } else { text + &named + after })
    })
}

/// Says of which others the same is to be said: `likewise b2, b3 and 4 more`.
pub(super) fn likewise<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let (shown, more) = cut(names.len(), Level::Normal);
    let names: Vec<&str> = names.take(shown).collect();
    let more = if more > 0 { format!(" and {more} more (-v lists them all)") } else { String::new() };
    format!("likewise {}{more}", names.join(", "))
}

/// Says how many of so many are listed, and how many are not.
pub(super) fn cut(count: usize, level: Level) -> (usize, usize) {
    let shown = if level >= Level::Verbose || count <= LISTED + 1 { count } else { LISTED };
    (shown, count - shown)
}

/// Says that there is more.
pub(super) fn rest(more: usize) -> String {
    format!("… and {more} more (-v lists them all)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_by_its_repository_alone_is_alike() {
        let text = |name: &str| format!("release it with `refray sync --confirm-deletions --repo {name}`; if not");
        assert_eq!(pattern_of(&text("one"), "one"), pattern_of(&text("two-2"), "two-2"));
        assert_ne!(pattern_of(&text("one"), "one"), pattern_of(&text("one-2"), "one"));
        assert_ne!(pattern_of("on disk/a", "a"), pattern_of("on disk/b", "b"));
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (1..=20).map(|number| format!("b{number}")).collect();
        assert_eq!(likewise(names[..2].iter().map(String::as_str)), "likewise b1, b2");
        let all = likewise(names.iter().map(String::as_str));
        assert!(all.ends_with("b11, b12 and 8 more (-v lists them all)"), "{all}");
        assert_eq!(cut(13, Level::Normal), (13, 0), "a line that says that there is one more could be that one");
        assert_eq!(cut(20, Level::Verbose), (20, 0));
    }
}
