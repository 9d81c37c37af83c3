//! The catalogue of known refusals: what forges and git say in words when they do not take a reference or a push, and
//! what a person can do about each.

/// A known refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Its name, stable in machine-readable output.
    pub(crate) code: &'static str,
    /// What the user can do.
    pub(crate) remedy: &'static str,
}

/// One known text.
pub(super) struct Known {
    /// Lower-case parts, all of which must occur, in order.
    pub(super) parts: &'static [&'static str],
    pub(super) refusal: Refusal,
}

const fn known(parts: &'static [&'static str], code: &'static str, remedy: &'static str) -> Known {
    Known { parts, refusal: Refusal { code, remedy } }
}

/// The more telling texts come first: a forge may say several things about one reference.
pub(super) const CATALOGUE: &[Known] = &[
    known(
        &["refusing to allow", "workflow"],
        "workflow_scope",
        "Give the token the `workflow` scope (classic) or the Workflows permission: the commits change a workflow file.",
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
        &["blobs which exceed the ", "limit"],
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
        &["fsck error in packed object"],
        "bad_object",
        "The history has an object that the receiving side checks for and does not take (`receive.fsckObjects`): have its \
         administrator allow that kind (`receive.fsck.*`), or leave the repository out with `repo_blacklist`.",
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
        &["protected branch"],
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
    known(
        &["archived"],
        "archived",
        "Unarchive the repository on this forge, leave it out with `repo_blacklist`, or take the endpoint out of the group if \
         the forge is being left.",
    ),
    // An account goes before a repository: both may be disabled.
    known(
        &["your account has been "],
        "account_locked",
        "Sign in on the forge in a browser as the token's account and do what it asks for; if it does not let you in, ask \
         its administrator.",
    ),
    known(
        &["your account is "],
        "account_locked",
        "Sign in on the forge in a browser as the token's account and do what it asks for; if it does not let you in, ask \
         its administrator.",
    ),
    known(
        &["your account was suspended"],
        "account_locked",
        "Sign in on the forge in a browser as the token's account and do what it asks for; if it does not let you in, ask \
         its administrator.",
    ),
    known(
        &["update your password"],
        "account_locked",
        "Sign in on the forge in a browser as the token's account and do what it asks for; if it does not let you in, ask \
         its administrator.",
    ),
    known(
        &["repository cannot be accessed. you cannot push"],
        "account_locked",
        "Sign in on the forge in a browser as the token's account and do what it asks for; if it does not let you in, ask \
         its administrator.",
    ),
    known(
        &["push to create is not enabled"],
        "repository_gone",
        "There is no such repository any more, or the token's account does not see it: run again, and look at it there.",
    ),
    known(&["disabled"], "disabled", "Ask the forge's support why the repository is disabled."),
    known(
        &["mirror repository ", "is read-only"],
        "forge_mirror",
        "The forge itself fills this repository from elsewhere: turn it into an ordinary one there, or leave it out with \
         `repo_blacklist`.",
    ),
    known(&["quota exceeded"], "quota", "Free space in the account, or raise its quota."),
    known(
        &["this repository has exceeded its size limit of "],
        "quota",
        "Free space in the account, or raise its quota.",
    ),
    known(&["would cause it to exceed the size limit of "], "quota", "Free space in the account, or raise its quota."),
    known(&["no space left on device"], "disk_full", "Free space on the disk of the receiving side."),
    known(&["unable to write"], "disk_full", "Check the space and the rights on the disk of the receiving side."),
    known(
        &["unable to create temporary object directory"],
        "not_writable",
        "Give the server's own user the right to write in the folder of the receiving repository, and look at its disk.",
    ),
    known(
        &["unable to migrate objects to permanent storage"],
        "not_writable",
        "Give the server's own user the right to write in the folder of the receiving repository, and look at its disk.",
    ),
    known(
        &["cannot lock ref", "unable to create "],
        "not_writable",
        "Give the server's own user the right to write in the folder of the receiving repository, and look at its disk.",
    ),
    known(
        &["you are not allowed to push code to this project"],
        "no_permission",
        "Give the token's account write access to the repository.",
    ),
    known(
        &["permission to ", " denied to "],
        "no_permission",
        "Give the token's account write access to the repository.",
    ),
    known(&["permission denied"], "no_permission", "Give the token's account write access to the repository."),
    known(
        &["branch is currently checked out"],
        "checked_out",
        "Make the receiving repository a bare one: a push cannot change the branch that somebody works on there.",
    ),
    known(
        &["directory/file conflict"],
        "name_conflict",
        "A reference's name is the folder of another's: delete one of the two on this side.",
    ),
];
