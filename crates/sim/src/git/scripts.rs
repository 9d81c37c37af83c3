//! The hooks by which a push is refused: shell scripts that read, for the one push, a table of what is refused and when.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::rules::Refusal;
use crate::Kind;

/// The table's columns: when, ref, what to print (with `\n`), and the reason that takes the place of git's own.
/// What was refused is written beside it, for the report to be mended.
const COMMON: &str = r#"#!/bin/sh
tab=$(printf '\t')
judge() { # old new ref
    while IFS="$tab" read -r when ref text reason; do
        [ "$ref" = "$3" ] || [ "$ref" = '*' ] || continue
        case $when in
        forced)
            git merge-base --is-ancestor "$1" "$2" 2>/dev/null && continue
            ;;
        workflow)
            commit=$(git rev-list -1 "$2" --not --all -- .github/workflows 2>/dev/null)
            [ -n "$commit" ] || continue
            file=$(git diff-tree --root --no-commit-id --name-only -r "$commit" -- .github/workflows | head -n 1)
            reason="refusing to allow a Personal Access Token to create or update workflow \`$file\` without \`workflow\` scope"
            ;;
        esac
        printf '%b' "$text" >&2
        printf '%s\t%s\n' "$3" "$reason" >>"$SIM_TABLE.refused"
        return 1
    done <"$SIM_TABLE"
    return 0
}
"#;

/// GitHub judges each ref by itself.
const UPDATE: &str = "judge \"$2\" \"$3\" \"$1\"\n";

/// The others judge the push as a whole and stop at the first ref that they do not like.
const PRE_RECEIVE: &str = "while read -r old new ref; do\n    judge \"$old\" \"$new\" \"$ref\" || exit 1\ndone\n";

/// Writes the scripts of a kind of forge into a folder that git is then told to take its hooks from.
#[expect(clippy::disallowed_methods, reason = "a simulated forge's files live no longer than the simulator")]
pub(crate) fn write_scripts(kind: Kind, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let (name, body) = match kind {
        Kind::GitHub => ("update", UPDATE),
        Kind::GitLab | Kind::Gitea | Kind::Forgejo => ("pre-receive", PRE_RECEIVE),
    };
    let file = folder.join(name);
    fs::write(&file, format!("{COMMON}{body}"))?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))
}

/// Writes the table for one push.
#[expect(clippy::disallowed_methods, reason = "a simulated forge's files live no longer than the simulator")]
pub(super) fn write_table(file: &Path, refusals: &[Refusal]) -> io::Result<()> {
    let mut table = String::new();
    for refusal in refusals {
        let text: String = refusal.lines.iter().map(|line| format!("{line}\\n")).collect();
        // The shell's `read` takes two tabs in a row for one.
        let reason = if refusal.reason.is_empty() { "-" } else { refusal.reason };
        let text = if text.is_empty() { "\\c".to_owned() } else { text };
        let line = format!("{}\t{}\t{text}\t{reason}\n", refusal.when.as_str(), refusal.name);
        table.push_str(&line);
    }
    fs::write(file, table)
}

/// Returns the refs that the scripts refused, with the reasons to give, and removes the table.
pub(super) fn read_refused(table: &Path) -> Vec<(String, String)> {
    let refused = PathBuf::from(format!("{}.refused", table.display()));
    let text = fs::read_to_string(&refused).unwrap_or_default();
    for file in [table, &refused] {
        // The second is not there when nothing was refused.
        drop(fs::remove_file(file));
    }
    let pairs = text.lines().filter_map(|line| line.split_once('\t'));
    pairs.filter(|(_, reason)| *reason != "-").map(|(name, reason)| (name.to_owned(), reason.to_owned())).collect()
}
