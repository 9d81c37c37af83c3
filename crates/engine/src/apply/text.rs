//! The words of a pull request that shows a conflict.

use std::fmt::Write as _;

use refray_core::name::EndpointId;
use refray_core::plan::{Pair, RequestAction};
use refray_git::mirror::LogEntry;

/// How many commits of a side are listed.
pub(super) const LISTED: usize = 20;

/// What is said where a request is closed.
pub(super) const SETTLED: &str = "This is settled: refray found that the branch holds what this request would bring, or that \
                                  the other side has moved on. Its conflict branch is removed.";

/// Both sides' own commits, newest first.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) own: Vec<LogEntry>,
    pub(super) other: Vec<LogEntry>,
}

/// Returns a request's title.
pub(super) fn title(action: &RequestAction, sources: &[&EndpointId]) -> String {
    format!("Bring `{}` together with {}", action.branch, places(sources))
}

/// Returns a request's text, in Markdown, with the marker by which it is found again.
pub(super) fn body(action: &RequestAction, sources: &[&EndpointId], sides: &Sides) -> String {
    let (branch, here, there) = (&action.branch, &action.endpoint, places(sources));
    let mut text = format!(
        "The branch `{branch}` has diverged: {here} and {there} both have commits that the other lacks, and they could not be \
         brought together without a person. Until this is settled, refray leaves `{branch}` as it is on every side; all else \
         stays in sync.\n"
    );
    list(&mut text, &format!("Only on {there}"), &sides.other);
    list(&mut text, &format!("Only on {here}"), &sides.own);
    let head = &action.head;
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n### How to settle it\n\n\
         * Merge this request **with a merge commit**. Squashing or rebasing would make new commits, and the sides would stay \
         apart.\n\
         * If it conflicts, resolve it in the editor of this page, where there is one, and merge; or by hand, and push the \
         result to any side:\n\n\
         ```sh\ngit fetch origin\ngit switch {branch}\ngit merge origin/{head}\n# resolve, commit\ngit push origin {branch}\n```\n\n\
         * Or close it, if the sides are to stay as they are. It is not opened again until one of them moves on.\n\n\
         The next run of refray brings the result everywhere, closes the other requests about this branch and removes their \
         conflict branches. `{head}` shows what {there} has. What is added to it stays for as long as this request is open; \
         when it is closed without merging, it is kept in a backup.\n"
    );
    if let (Some(own), Some(other)) = (action.own, action.other) {
        let _ = write!(text, "\n{}\n", Pair { own, other }.marker());
    }
    text
}

fn places(sources: &[&EndpointId]) -> String {
    match sources {
        [] => "another side".to_owned(),
        [one] => one.to_string(),
        [rest @ .., last] => {
            format!("{} and {last}", rest.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
    }
}

fn list(text: &mut String, title: &str, commits: &[LogEntry]) {
    if commits.is_empty() {
        return;
    }
    let _ = write!(text, "\n### {title}\n\n");
    for entry in commits.iter().take(LISTED) {
        let _ = writeln!(text, "* `{}` {} ({})", entry.oid.short(), plain(&entry.subject), plain(&entry.author));
    }
    if commits.len() > LISTED {
        text.push_str("* … and more\n");
    }
}

/// Takes from a commit's words what a forge would make into links, mentions or markup of its own.
fn plain(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars().take(200) {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' => text.extend(['\\', c]),
            // A zero-width space after it keeps whoever is named from being notified, and numbers from becoming links.
            '@' | '#' | '!' => text.extend([c, '\u{200b}']),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use refray_core::name::BranchName;
    use refray_core::oid::Oid;
    use refray_core::plan::RequestStep;

    use super::*;

    #[test]
    fn a_text_names_both_sides_and_is_found_again() {
        let oid = |n: u8| Oid::from_bytes(&[n; 20]).unwrap();
        let (here, there) = (EndpointId::new("github/ada").unwrap(), EndpointId::new("gitlab/ada").unwrap());
        let action = RequestAction {
            endpoint: here,
            step: RequestStep::Open,
            branch: BranchName::new("main").unwrap(),
            head: BranchName::new("refray/conflicts/main/gitlab=2Fada").unwrap(),
            number: None,
            own: Some(oid(1)),
            other: Some(oid(2)),
        };
        let entry = |n, subject: &str| LogEntry {
            oid: oid(n),
            subject: subject.to_owned(),
            author: "Ada".to_owned(),
            date: 1_700_000_000,
        };
        let sides =
            Sides { own: vec![entry(1, "ours")], other: vec![entry(2, "see @bob, #12 <!-- x -->"); LISTED + 1] };
        let text = body(&action, &[&there], &sides);
        assert_eq!(Pair::find(&text), Some(Pair { own: oid(1), other: oid(2) }));
        assert!(text.contains(
            "### Only on gitlab/ada\n\n* `0202020202` see @\u{200b}bob, #\u{200b}12 \\<!\u{200b}-- x --\\> (Ada)\n"
        ));
        assert!(text.contains("* … and more\n\n### Only on github/ada\n\n* `0101010101` ours (Ada)\n"));
        assert_eq!(title(&action, &[&there]), "Bring `main` together with gitlab/ada");
    }
}
