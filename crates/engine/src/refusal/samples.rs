//! What forges and git print, word by word.

/// A recorded refusal.
pub(super) struct Sample {
    /// The word in git's report; for a request that is refused as a whole, nothing.
    pub(super) reason: &'static str,
    /// What comes along.
    pub(super) remote: &'static str,
    /// How it is to be called.
    pub(super) code: &'static str,
}

const fn said(reason: &'static str, remote: &'static str, code: &'static str) -> Sample {
    Sample { reason, remote, code }
}

const HOOK: &str = "pre-receive hook declined";
const RULES: &str = "push declined due to repository rule violations";
const UNPACK: &str = "unpacker error\nunpack-objects abnormal exit";

pub(super) const SAMPLES: &[&[Sample]] = &[GITEA, FORGEJO, GIT, GITHUB, GITLAB];

/// Printed by a development version of Gitea of November 2025. Only the refused force-push and the disabled account are from
/// its source.
const GITEA: &[Sample] = &[
    said(HOOK, "error:\nerror: Not allowed to push to protected branch main\nerror:", "protected_branch"),
    said(HOOK, "error:\nerror: Not allowed to force-push to protected branch staging\nerror:", "protected_branch"),
    said(HOOK, "error:\nerror: branch staging is protected from force push\nerror:", "protected_branch"),
    said(HOOK, "error:\nerror: branch staging is protected from deletion\nerror:", "protected_branch"),
    said(HOOK, "error:\nerror: branch main is the default branch and cannot be deleted\nerror:", "default_branch"),
    said(
        HOOK,
        "error:\nerror: branch signed is protected from unverified commit 76a66af35b4b27e410c8347c9522e722d037ee9e\nerror:",
        "unsigned_commit",
    ),
    said(HOOK, "error:\nerror: branch files is protected from changing file ci.yml\nerror:", "protected_file"),
    said(HOOK, "error:\nerror: Tag v1 is protected\nerror:", "protected_tag"),
    said(HOOK, "error:\nerror: User permission denied for writing.\nerror:", "no_permission"),
    said("hook declined", "error: hook declined to update refs/pull/9/head", "unknown"),
    said("hook declined", "policy: no such names here\nerror: hook declined to update refs/heads/nono", "unknown"),
    said(
        "",
        "This repo is archived. You can view files and clone it, but cannot push or open issues/pull-requests.",
        "archived",
    ),
    said("", "mirror repository is read-only", "forge_mirror"),
    said("", "Repository cannot be accessed. You cannot push or open issues/pull-requests.", "account_locked"),
    said("", "Your account is disabled.", "account_locked"),
    said("", "Update your password", "account_locked"),
    said("", "Push to create is not enabled for users.", "repository_gone"),
    said("", "Forbidden", "unknown"),
];

/// Printed by a Forgejo 8 and a Forgejo 11.
const FORGEJO: &[Sample] = &[
    said(HOOK, "Forgejo: Not allowed to push to protected branch protected-tag", "protected_branch"),
    said(HOOK, "Forgejo: branch staging is protected from force push", "protected_branch"),
    said(HOOK, "Forgejo: branch staging is protected from deletion", "protected_branch"),
    said(HOOK, "Forgejo: branch main is the default branch and cannot be deleted", "default_branch"),
    said(
        HOOK,
        "Forgejo: branch signed is protected from unverified commit 76a66af35b4b27e410c8347c9522e722d037ee9e",
        "unsigned_commit",
    ),
    said(HOOK, "Forgejo: branch files is protected from changing file ci.yml", "protected_file"),
    said(HOOK, "Forgejo: Tag v1 is protected", "protected_tag"),
    said(HOOK, "Forgejo: User permission denied for writing.", "no_permission"),
    said(HOOK, "Forgejo: Quota exceeded", "quota"),
    said("", "Push to create is not enabled for users.", "repository_gone"),
];

/// Printed by git 2.39 below a Gitea and a Forgejo, or below a folder.
const GIT: &[Sample] = &[
    said("deny updating a hidden ref", "", "hidden_ref"),
    said("deletion of the current branch prohibited", "", "default_branch"),
    said("branch is currently checked out", "", "checked_out"),
    said(
        "non-fast-forward",
        "error: denying non-fast-forward refs/heads/x (you should pull first)",
        "non_fast_forward",
    ),
    said("deletion prohibited", "error: denying ref deletion for refs/heads/x", "deletion_denied"),
    said(UNPACK, "fatal: pack exceeds maximum allowed size", "push_too_large"),
    said(
        UNPACK,
        "error: object 1f2e3d4c5b6a79880716253443526170f1e2d3c4: missingEmail: invalid author/committer line - missing \
         email\nfatal: fsck error in packed object",
        "bad_object",
    ),
    said(UNPACK, "fatal: unable to write loose object file: No space left on device", "disk_full"),
    said(UNPACK, "fatal: unable to write loose object file: File too large", "disk_full"),
    said("unpacker error\nunable to create temporary object directory", "", "not_writable"),
    said("unable to migrate objects to permanent storage", "", "not_writable"),
    said(
        "failed to update ref",
        "error: cannot lock ref 'refs/heads/x': Unable to create '/srv/git/ada/one.git/./refs/heads/x.lock': \
         Permission denied",
        "not_writable",
    ),
    said(
        "failed to update ref",
        "error: cannot lock ref 'refs/heads/x': 'refs/heads/x/deep' exists; cannot create 'refs/heads/x'        ",
        "name_conflict",
    ),
];

/// As GitHub's users report it.
const GITHUB: &[Sample] = &[
    said(
        "protected branch hook declined",
        "error: GH006: Protected branch update failed for refs/heads/main.\n- Changes must be made through a pull request.",
        "protected_branch",
    ),
    said(RULES, "error: GH013: Repository rule violations found for refs/heads/main.", "ruleset"),
    said(RULES, "", "ruleset"),
    said(
        RULES,
        "error: GH013: Repository rule violations found for refs/heads/main.\n- GITHUB PUSH PROTECTION\n- Push cannot \
         contain secrets",
        "secret_scan",
    ),
    said(
        "refusing to allow a Personal Access Token to create or update workflow `.github/workflows/ci.yml` without \
         `workflow` scope",
        "",
        "workflow_scope",
    ),
    said(
        "push declined due to email privacy restrictions",
        "error: GH007: Your push would publish a private email address.",
        "email_privacy",
    ),
    said(
        HOOK,
        "error: Trace: 83e8ea79de23baec9c518a4d315dd573d674408018cc5f3819c790d19f05bdb0\nerror: See \
         https://gh.io/lfs for more information.\nerror: File a.pdf is 122.92 MB; this exceeds GitHub's file size limit of \
         100.00 MB\nerror: GH001: Large files detected. You may want to try Git Large File Storage.",
        "file_too_large",
    ),
    said(HOOK, "error: File a.pdf is 122.92 MB; this exceeds GitHub's file size limit of 100.00 MB", "file_too_large"),
    said(
        HOOK,
        "error: GH008: Your push referenced at least 1 unknown Git LFS object:\n    \
         cd0e6edf7a48b6b12ca737319acdc0ec1e4ff8918a264499d7e60bfc558c4341\nTry to push them with 'git lfs push --all'.",
        "lfs_object_missing",
    ),
    said("refusing to delete the current branch: refs/heads/main", "", "default_branch"),
    said("", "This repository was archived so it is read-only.", "archived"),
    said("", "Access to this repository has been disabled by GitHub staff.", "disabled"),
    said(
        "",
        "Your account is suspended. Please visit https://support.github.com for more information.",
        "account_locked",
    ),
    said("", "Sorry. Your account was suspended.", "account_locked"),
    said("", "Permission to octo/tools.git denied to ada.", "no_permission"),
];

/// As GitLab's source has it.
const GITLAB: &[Sample] = &[
    said(
        HOOK,
        "GitLab: You are not allowed to force push code to a protected branch on this project.",
        "protected_branch",
    ),
    said(HOOK, "GitLab: You are not allowed to push code to protected branches on this project.", "protected_branch"),
    said(HOOK, "GitLab: You are not allowed to create protected branches on this project.", "protected_branch"),
    said(HOOK, "GitLab: You can only delete protected branches using the web interface.", "protected_branch"),
    said(HOOK, "GitLab: The default branch of a project cannot be deleted.", "default_branch"),
    said(HOOK, "GitLab: You are not allowed to create this tag as it is protected.", "protected_tag"),
    said(HOOK, "GitLab: Protected tags cannot be updated.", "protected_tag"),
    said(HOOK, "GitLab: You cannot create a branch with a 40-character hexadecimal branch name.", "name_refused"),
    said(HOOK, "GitLab: LFS objects are missing. Ensure LFS is properly set up", "lfs_object_missing"),
    said(
        HOOK,
        "GitLab: You are attempting to check in one or more blobs which exceed the 100MiB limit:",
        "file_too_large",
    ),
    said(
        HOOK,
        "GitLab: Your push has been rejected, because this repository has exceeded its size limit of 10 GB by 1 MB. \
         Please contact your GitLab administrator for more information.",
        "quota",
    ),
    said(
        HOOK,
        "GitLab: Your push to this repository would cause it to exceed the size limit of 10 GB so it has been rejected.",
        "quota",
    ),
    said("", "You are not allowed to push code to this project.", "no_permission"),
    said("", "Your account has been blocked.", "account_locked"),
];
