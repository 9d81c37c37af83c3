//! The catalogue of known refusals: what forges and git say in words when they do not take a reference, and what a
//! person can do about each. The only file of this crate that looks at such texts.

/// A known refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Its name, stable in machine-readable output.
    pub(crate) code: &'static str,
    /// What the user can do.
    pub(crate) remedy: &'static str,
}

/// What a refusal means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The reference is not where it was seen: look again.
    Moved,
    /// It does not take this reference.
    Refused(Refusal),
}

/// One known text.
struct Known {
    /// Lower-case parts, all of which must occur, in order.
    parts: &'static [&'static str],
    refusal: Refusal,
}

const fn known(parts: &'static [&'static str], code: &'static str, remedy: &'static str) -> Known {
    Known { parts, refusal: Refusal { code, remedy } }
}

/// Texts of git's own receive-pack that mean that somebody else was faster.
const MOVED: &[&str] = &[
    "incorrect old value provided",
    "reference already exists",
    "cannot lock ref",
    "failed to lock",
    "failed to update ref",
    "fetch first",
    "stale info",
];

/// The more telling texts come first: a forge may say several things about one reference.
const CATALOGUE: &[Known] = &[
    known(
        &["refusing to allow", "workflow"],
        "workflow_scope",
        "Give the token the `workflow` scope (classic) or the Workflows permission: the commits change a workflow file.",
    ),
    known(
        &["gh013", "push cannot contain secrets"],
        "secret_scan",
        "The forge found a secret in the commits: revoke it there, then allow the push on the page that the forge names.",
    ),
    known(
        &["push cannot contain secrets"],
        "secret_scan",
        "The forge found a secret in the commits: revoke it there, then allow the push on the page that the forge names.",
    ),
    known(
        &["gh013"],
        "ruleset",
        "Let the token's account bypass the ruleset of this branch, or take the branch out of the ruleset.",
    ),
    known(
        &["repository rule violations"],
        "ruleset",
        "Let the token's account bypass the ruleset of this branch, or take the branch out of the ruleset.",
    ),
    known(
        &["gh007"],
        "email_privacy",
        "The account blocks pushes that show its e-mail address: allow them in the account's e-mail settings.",
    ),
    known(
        &["gh001"],
        "file_too_large",
        "A file is larger than the forge takes: keep it in LFS, or leave the repository out with `repo_blacklist`.",
    ),
    known(
        &["exceeds", "file size limit"],
        "file_too_large",
        "A file is larger than the forge takes: keep it in LFS, or leave the repository out with `repo_blacklist`.",
    ),
    known(
        &["pack exceeds maximum allowed size"],
        "push_too_large",
        "It is more at once than the receiving side takes: raise its limit (`receive.maxInputSize`), or push the history \
         there by hand, in parts.",
    ),
    known(
        &["gh008"],
        "lfs_object_missing",
        "The commits point to LFS objects that this forge does not have: push them there with `git lfs push --all`.",
    ),
    known(
        &["lfs objects are missing"],
        "lfs_object_missing",
        "The commits point to LFS objects that this forge does not have: push them there with `git lfs push --all`.",
    ),
    known(
        &["gh006"],
        "protected_branch",
        "Let the token's account push to the protected branch, or lift its protection on this forge.",
    ),
    known(
        &["default branch", "cannot be deleted"],
        "default_branch",
        "Choose another default branch on this forge first.",
    ),
    known(
        &["refusing to delete the current branch"],
        "default_branch",
        "Choose another default branch on this forge first.",
    ),
    known(
        &["deletion of the current branch prohibited"],
        "default_branch",
        "Choose another default branch there first.",
    ),
    // Branches come before tags: a branch's name may have the letters of `tag` in it.
    known(
        &["branch ", " is protected from unverified commit "],
        "unsigned_commit",
        "The branch takes only signed commits whose key the forge knows: tell it the key, or lift that rule on this forge.",
    ),
    known(
        &["branch ", " is protected from changing file "],
        "protected_file",
        "The branch keeps a file from being changed: take it out of the protected files of the branch's rule on this forge.",
    ),
    known(
        &["branch ", " is protected from "],
        "protected_branch",
        "Let the token's account push to the protected branch, or lift its protection on this forge.",
    ),
    known(
        &["to protected branch "],
        "protected_branch",
        "Let the token's account push to the protected branch, or lift its protection on this forge.",
    ),
    known(
        &["tag ", " is protected"],
        "protected_tag",
        "Let the token's account write the protected tag, or lift its protection on this forge.",
    ),
    known(
        &["protected tag"],
        "protected_tag",
        "Let the token's account write the protected tag, or lift its protection on this forge.",
    ),
    known(
        &["protected"],
        "protected_branch",
        "Let the token's account push to the protected branch, or lift its protection on this forge.",
    ),
    known(
        &["40-character hexadecimal"],
        "name_refused",
        "Rename the branch: the forge takes no name that looks like an object id.",
    ),
    known(&["hidden ref"], "hidden_ref", "The forge keeps this reference for itself; leave it out."),
    known(
        &["non-fast-forward"],
        "non_fast_forward",
        "The receiving repository denies rewriting: allow it there (`receive.denyNonFastForwards`), or set `rewrites = \"never\"`.",
    ),
    known(
        &["deletion prohibited"],
        "deletion_denied",
        "The receiving repository denies deletions (`receive.denyDeletes`): allow them there.",
    ),
    known(&["archived"], "archived", "Unarchive the repository on this forge, or leave it out with `repo_blacklist`."),
    known(&["disabled"], "disabled", "Ask the forge's support why the repository is disabled."),
    known(&["quota exceeded"], "quota", "Free space in the account, or raise its quota."),
    known(&["repository size", "limit"], "quota", "Free space in the account, or raise its quota."),
    known(&["over the limit"], "quota", "Free space in the account, or raise its quota."),
    known(&["no space left on device"], "disk_full", "Free space on the disk of the receiving side."),
    known(&["unable to write"], "disk_full", "Check the space and the rights on the disk of the receiving side."),
    known(
        &["insufficient permission"],
        "no_permission",
        "Give refray's user the right to write in the receiving repository.",
    ),
    known(&["permission denied"], "no_permission", "Give the token's account write access to the repository."),
    known(
        &["directory/file conflict"],
        "name_conflict",
        "A reference's name is the folder of another's: delete one of the two on this side.",
    ),
];

/// Judges why the reference of that full name was not taken: `reason` is the word in git's report, `remote` what the
/// server printed, possibly of other references too.
pub(crate) fn judge(name: &str, reason: &str, remote: &str) -> Meaning {
    // In the report such a name looks like one that somebody else was faster with.
    let in_the_way = format!("' exists; cannot create '{name}'");
    let is_in_the_way = remote.lines().any(|line| line.trim_end().ends_with(&in_the_way));
    if !is_in_the_way && MOVED.iter().any(|moved| reason.to_lowercase().contains(moved)) {
        return Meaning::Moved;
    }
    let text = if is_in_the_way { "directory/file conflict" } else { &format!("{reason}\n{remote}").to_lowercase() };
    if let Some(known) = CATALOGUE.iter().find(|known| holds_in_order(text, known.parts)) {
        return Meaning::Refused(known.refusal);
    }
    Meaning::Refused(Refusal { code: "unknown", remedy: "Look at what the forge says, and try the same push by hand." })
}

/// Says whether a hook judged the push as a whole, so that one bad reference took all others with it.
pub(crate) fn is_about_whole_push(reason: &str) -> bool {
    reason.contains("pre-receive hook declined")
}

fn holds_in_order(text: &str, parts: &[&str]) -> bool {
    let mut rest = text;
    parts.iter().all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What forges and git print, one sample each.
    const SAMPLES: &[(&str, &str, &str)] = &[
        (
            "protected branch hook declined",
            "error: GH006: Protected branch update failed for refs/heads/main.\n- Changes must be made through a pull request.",
            "protected_branch",
        ),
        (
            "push declined due to repository rule violations",
            "error: GH013: Repository rule violations found for refs/heads/main.",
            "ruleset",
        ),
        (
            "push declined due to repository rule violations",
            "error: GH013: Repository rule violations found for refs/heads/main.\n- GITHUB PUSH PROTECTION\n- Push cannot contain secrets",
            "secret_scan",
        ),
        (
            "refusing to allow a Personal Access Token to create or update workflow `.github/workflows/ci.yml` without `workflow` scope",
            "",
            "workflow_scope",
        ),
        (
            "pre-receive hook declined",
            "GitLab: You are not allowed to force push code to a protected branch on this project.",
            "protected_branch",
        ),
        ("pre-receive hook declined", "GitLab: The default branch of a project cannot be deleted.", "default_branch"),
        (
            "pre-receive hook declined",
            "error:\nerror: branch main is protected from force push\nerror:",
            "protected_branch",
        ),
        (
            "pre-receive hook declined",
            "error:\nerror: branch staging is protected from deletion\nerror:",
            "protected_branch",
        ),
        (
            "pre-receive hook declined",
            "error:\nerror: Not allowed to force-push to protected branch staging\nerror:",
            "protected_branch",
        ),
        (
            "pre-receive hook declined",
            "Forgejo: Not allowed to push to protected branch protected-tag",
            "protected_branch",
        ),
        (
            "pre-receive hook declined",
            "error:\nerror: branch main is protected from unverified commit 1f2e3d4c5b6a79880716253443526170f1e2d3c4\nerror:",
            "unsigned_commit",
        ),
        (
            "pre-receive hook declined",
            "error:\nerror: branch main is protected from changing file ci.yml\nerror:",
            "protected_file",
        ),
        (
            "pre-receive hook declined",
            "error:\nerror: branch main is the default branch and cannot be deleted\nerror:",
            "default_branch",
        ),
        ("pre-receive hook declined", "error:\nerror: User permission denied for writing.\nerror:", "no_permission"),
        ("pre-receive hook declined", "error:\nerror: Tag v1 is protected\nerror:", "protected_tag"),
        ("pre-receive hook declined", "error: GH001: Large files detected.", "file_too_large"),
        (
            "pre-receive hook declined",
            "GitLab: LFS objects are missing. Ensure LFS is properly set up",
            "lfs_object_missing",
        ),
        (
            "push declined due to email privacy restrictions",
            "error: GH007: Your push would publish a private email address.",
            "email_privacy",
        ),
        ("deny updating a hidden ref", "", "hidden_ref"),
        ("deletion of the current branch prohibited", "", "default_branch"),
        (
            "non-fast-forward",
            "error: denying non-fast-forward refs/heads/x (you should pull first)",
            "non_fast_forward",
        ),
        ("unpacker error", "unpack-objects abnormal exit\nfatal: pack exceeds maximum allowed size", "push_too_large"),
        ("hook declined", "no idea", "unknown"),
        ("pre-receive hook declined", "Forgejo: Quota exceeded", "quota"),
    ];

    #[test]
    fn every_sample_is_known_by_its_name() {
        for (reason, remote, code) in SAMPLES {
            match judge("refs/heads/x", reason, remote) {
                Meaning::Refused(refusal) => assert_eq!(refusal.code, *code, "{reason} / {remote}"),
                other => panic!("{reason}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_lost_race_is_no_refusal() {
        for reason in [
            "incorrect old value provided",
            "reference already exists",
            "failed to update ref",
            "cannot lock ref 'refs/heads/x'",
        ] {
            assert_eq!(judge("refs/heads/x", reason, ""), Meaning::Moved, "{reason}");
        }
    }

    #[test]
    fn a_name_that_is_the_folder_of_another_is_no_lost_race() {
        let said =
            "error: cannot lock ref 'refs/heads/a': 'refs/heads/a/b' exists; cannot create 'refs/heads/a'        ";
        let judged = |name| judge(name, "failed to update ref", said);
        let Meaning::Refused(refusal) = judged("refs/heads/a") else { panic!("taken for a lost race") };
        assert_eq!(refusal.code, "name_conflict");
        // It says nothing of another one that was sent along.
        assert_eq!(judged("refs/heads/x"), Meaning::Moved);
    }

    #[test]
    fn a_hook_that_judges_the_whole_push_is_told_apart() {
        assert!(is_about_whole_push("pre-receive hook declined"));
        assert!(!is_about_whole_push("hook declined"));
        assert!(!is_about_whole_push("protected branch hook declined"));
    }
}
