//! The questions.

/// A question that can be put, and gone back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// What to do with the groups that there are.
    Menu,
    /// Whether this group is really to go.
    Delete(usize),
    /// Which site is to be looked at.
    Sites,
    /// What to do with this site.
    Site(usize),
    /// Where an account is.
    Address,
    /// Whether a folder is to be made.
    MakeFolder,
    /// Whether plain http is meant.
    PlainHttp,
    /// Which authority to trust.
    CaFile,
    /// What runs there, where it does not say.
    Provider,
    /// Which token is to be used.
    Token,
    /// A token.
    Paste,
    /// What to do with a token that lacks rights.
    Lacking,
    /// Where a token is to be kept.
    Keep,
    /// The command that prints a token.
    Command,
    /// Whether all is as it should be.
    Review,
    /// Which setting is to be changed.
    Settings,
    /// What happens with diverged branches.
    Conflicts,
    /// What happens when a repository is deleted.
    Deletions,
    /// Whether repositories are made.
    Creation,
    /// Which repositories are synced.
    Selection,
    /// Where webhooks are delivered.
    Webhook,
    /// Whether subgroups count.
    Subgroups,
    /// What the group is called.
    Name,
    /// Which account leaves the group.
    RemoveAccount,
}

/// Where it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// To the next question; this one was answered.
    To(Step),
    /// To the next question; this one had only one answer and was not put.
    Through(Step),
    /// The same question once more: the answer was of no use.
    Again,
    /// To a question that was answered before, or this very one: that answer turned out to be of no use.
    Back(Step),
    /// To the end.
    End(End),
}

/// How the questions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// What was found out is written.
    Save {
        /// A sync follows.
        sync: bool,
    },
    /// All stays as it is.
    Leave,
}
