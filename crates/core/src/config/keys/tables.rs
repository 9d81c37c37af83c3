//! Every table of the file, with every key.

use super::shape::{Address, Choice, Flag, Interval, Key, Nested, Number, Pairs, Patterns, TableSpec, Text, Word};

/// All tables, in the order of the reference.
pub(crate) static ALL: [&TableSpec; 8] = [
    &root::TABLE,
    &site::TABLE,
    &secret::TABLE,
    &mirror::TABLE,
    &endpoint::TABLE,
    &webhook::TABLE,
    &serve::TABLE,
    &dashboard::TABLE,
];

const fn text(words: &'static str) -> Text {
    Text { may_be_empty: false, words }
}

const fn option<T>(word: &'static str, value: T, doc: &'static str) -> Word<T> {
    Word { word, value, doc }
}

macro_rules! keys {
    ($($(#[$required:ident])? $name:ident: $shape:ty = $word:literal, $value:expr, $doc:literal;)*) => {
        $(
            pub(crate) static $name: Key<$shape> = Key {
                name: $word,
                required: keys!(@required $($required)?),
                shape: $value,
                doc: $doc,
            };
        )*
        static KEYS: &[&dyn super::super::shape::Entry] = &[$(&$name),*];
    };
    (@required required) => { true };
    (@required) => { false };
}

/// The top of the file.
pub(crate) mod root {
    use super::*;

    keys! {
        JOBS: Number = "jobs", Number { default: 8, most: 256 },
            "How many repositories are worked on at a time.";
        BACKUP_KEEP_DAYS: Number = "backup_keep_days", Number { default: 90, most: u32::MAX },
            "How many days a backup is kept before it may be pruned.";
        SITES: Nested = "sites", Nested { table: &site::TABLE, list: true },
            "The forge installations.";
        MIRRORS: Nested = "mirrors", Nested { table: &mirror::TABLE, list: true },
            "The mirror groups.";
        WEBHOOK: Nested = "webhook", Nested { table: &webhook::TABLE, list: false },
            "How forges tell refray of pushes.";
        SERVE: Nested = "serve", Nested { table: &serve::TABLE, list: false },
            "The daemon.";
        DASHBOARD: Nested = "dashboard", Nested { table: &dashboard::TABLE, list: false },
            "The dashboard.";
    }

    pub(crate) static TABLE: TableSpec = TableSpec {
        header: "top of the file",
        what: "the top of the file",
        doc: "What stands before the first `[…]`.",
        keys: KEYS,
    };
}

/// `[[sites]]`
pub(crate) mod site {
    use super::*;
    use crate::config::model::{GitTransport, Provider};

    keys! {
        #[required] NAME: Text = "name", text("a name"),
            "What endpoints call the site.";
        #[required] PROVIDER: Choice<Provider> = "provider", Choice {
            options: &[
                option("github", Provider::Github, "github.com or GitHub Enterprise Server."),
                option("gitlab", Provider::Gitlab, "gitlab.com or a GitLab of one's own."),
                option("gitea", Provider::Gitea, "Gitea."),
                option("forgejo", Provider::Forgejo, "Forgejo, such as codeberg.org."),
                option("directory", Provider::Directory, "A folder of bare repositories on this machine."),
            ],
            default: None,
        }, "What the site runs.";
        BASE_URL: Address = "base_url", Address,
            "Where a person opens the site. When missing: `https://github.com` or `https://gitlab.com`; needed for Gitea and Forgejo.";
        API_URL: Address = "api_url", Address,
            "Where the API is, when it is not where the provider has it by default.";
        GIT_USERNAME: Text = "git_username", text("a user name"),
            "The user name that goes with the token when git talks to the site.";
        TRANSPORT: Choice<GitTransport> = "transport", Choice {
            options: &[
                option("https", GitTransport::Https, "Over HTTPS, with the token."),
                option("ssh", GitTransport::Ssh, "Through your own `ssh` and keys."),
            ],
            default: Some(GitTransport::Https),
        }, "How git's objects travel.";
        CA_FILE: Text = "ca_file", text("a file"),
            "A PEM file with further certificate authorities to trust.";
        ALLOW_HTTP: Flag = "allow_http", Flag { default: false },
            "Accepts an `http` address of another machine. Everybody in between can then read the token.";
        TOKEN: Nested = "token", Nested { table: &secret::TABLE, list: false },
            "The credential. Needed on every site but a directory.";
        PATH: Text = "path", text("a folder"),
            "The folder of a directory site. Needed there.";
    }

    pub(crate) static TABLE: TableSpec = TableSpec {
        header: "[[sites]]",
        what: "a site",
        doc: "A forge installation and the credential used there. Paths are relative to the folder of this file; `~/` is your home.",
        keys: KEYS,
    };
}

/// `{ env = … }` and its kin.
pub(crate) mod secret {
    use super::*;

    keys! {
        ENV: Text = "env", text("a name"),
            "The environment variable that holds the secret.";
        FILE: Text = "file", text("a file"),
            "The file that holds the secret. A newline at its end is dropped.";
        COMMAND: Text = "command", text("a command"),
            "The command whose first line of output is the secret, such as `gh auth token`.";
        KEYRING: Text = "keyring", text("a name"),
            "The entry of the system's keyring that holds the secret.";
        VALUE: Text = "value", text("a text"),
            "The secret itself. Everybody who can read the file can read it.";
    }

    pub(crate) static TABLE: TableSpec = TableSpec {
        header: "{ env = … }",
        what: "a secret",
        doc: "Where a secret comes from. One of these keys, such as `token = { env = \"GITHUB_TOKEN\" }`.",
        keys: KEYS,
    };
}

/// `[[mirrors]]`
pub(crate) mod mirror {
    use super::*;
    use crate::config::model::{ConflictResolution, Rewrites, SyncVisibility};
    use crate::repository::Visibility;

    keys! {
        #[required] NAME: Text = "name", text("a name"),
            "What the group is called.";
        SYNC_VISIBILITY: Choice<SyncVisibility> = "sync_visibility", Choice {
            options: &[
                option("all", SyncVisibility::All, "All repositories."),
                option("private", SyncVisibility::Private, "Only those that are not public."),
                option("public", SyncVisibility::Public, "Only public ones."),
            ],
            default: Some(SyncVisibility::All),
        }, "Which repositories are synced by who may see them.";
        REPO_WHITELIST: Patterns = "repo_whitelist", Patterns,
            "When there are any, only repositories whose name matches one of these are synced.";
        REPO_BLACKLIST: Patterns = "repo_blacklist", Patterns,
            "Repositories whose name matches one of these are not synced.";
        CREATE_MISSING: Flag = "create_missing", Flag { default: true },
            "Creates repositories where they are missing.";
        DELETE_MISSING: Flag = "delete_missing", Flag { default: false },
            "Deletes a repository that vanished from one endpoint on the others too, after a backup.";
        VISIBILITY: Choice<Visibility> = "visibility", Choice {
            options: &[
                option("private", Visibility::Private, "Only those who were given access."),
                option("internal", Visibility::Internal, "Every signed-in user, where the forge has such a level."),
                option("public", Visibility::Public, "Everybody."),
            ],
            default: Some(Visibility::Private),
        }, "Who may see a new repository, when that cannot be taken from where it comes from.";
        ALLOW_FORCE: Flag = "allow_force", Flag { default: false },
            "Forces the newest tip of a diverged branch on the others, after a backup.";
        CONFLICT_RESOLUTION: Choice<ConflictResolution> = "conflict_resolution", Choice {
            options: &[
                option("fail", ConflictResolution::Fail, "Report it and leave the branch alone."),
                option("auto_rebase", ConflictResolution::AutoRebase, "Replay the others' commits on the first endpoint's."),
                option("auto_merge", ConflictResolution::AutoMerge, "Make a merge commit."),
                option("pull_request", ConflictResolution::PullRequest, "Open pull requests that show the conflict."),
                option(
                    "auto_rebase_pull_request",
                    ConflictResolution::AutoRebasePullRequest,
                    "Rebase, or open pull requests where that is not possible.",
                ),
                option(
                    "auto_merge_pull_request",
                    ConflictResolution::AutoMergePullRequest,
                    "Merge, or open pull requests where that is not possible.",
                ),
            ],
            default: Some(ConflictResolution::Fail),
        }, "What is done when the tips of a branch have diverged.";
        REWRITES: Choice<Rewrites> = "rewrites", Choice {
            options: &[
                option("non_default", Rewrites::NonDefault, "On every branch but the default one."),
                option("always", Rewrites::Always, "On every branch."),
                option("never", Rewrites::Never, "On none: a rewrite counts as a divergence."),
            ],
            default: Some(Rewrites::NonDefault),
        }, "Where a forced push on one endpoint is followed on the others, after a backup.";
        #[required] ENDPOINTS: Nested = "endpoints", Nested { table: &endpoint::TABLE, list: true },
            "The namespaces that are to hold the same repositories. The order decides who is first where one must be.";
    }

    pub(crate) static TABLE: TableSpec = TableSpec {
        header: "[[mirrors]]",
        what: "a mirror group",
        doc: "Endpoints that are to hold the same repositories.",
        keys: KEYS,
    };
}

/// `[[mirrors.endpoints]]`
pub(crate) mod endpoint {
    use super::*;
    use crate::config::model::NamespaceKind;

    keys! {
        #[required] SITE: Text = "site", text("the name of a site"),
            "The site that it is on.";
        KIND: Choice<NamespaceKind> = "kind", Choice {
            options: &[
                option("user", NamespaceKind::User, "A person's own repositories."),
                option("org", NamespaceKind::Org, "An organisation. On GitLab, the same as `group`."),
                option("group", NamespaceKind::Group, "A group of GitLab, possibly nested."),
                option("folder", NamespaceKind::Folder, "A folder of a directory site."),
            ],
            default: None,
        }, "What the namespace is. Needed on every site but a directory, where it is `folder`.";
        NAMESPACE: Text = "namespace", Text { may_be_empty: true, words: "a name or path" },
            "The user, the organisation or the path of the group. On a directory site, the folder below `path` that holds \
             the bare repositories; `path` itself when missing.";
        INCLUDE_SUBGROUPS: Flag = "include_subgroups", Flag { default: false },
            "Syncs the repositories of groups below this one too (GitLab).";
        NAMES: Pairs = "names", Pairs,
            "What repositories are called at this endpoint, where its forge does not take the name that they have in the \
             group: `{ files = \"files-repo\" }`.";
    }

    pub(crate) static TABLE: TableSpec =
        TableSpec { header: "[[mirrors.endpoints]]", what: "an endpoint", doc: "A namespace on a site.", keys: KEYS };
}

/// `[webhook]`
pub(crate) mod webhook {
    use super::*;

    keys! {
        INSTALL: Flag = "install", Flag { default: false },
            "`refray sync` installs webhooks where they are missing.";
        URL: Address = "url", Address,
            "The public address that forges deliver to. Needed with `install`.";
        SECRET: Nested = "secret", Nested { table: &secret::TABLE, list: false },
            "What deliveries are signed with. Needed with `install`.";
        SIGNING_TOKEN: Nested = "signing_token", Nested { table: &secret::TABLE, list: false },
            "The token, `whsec_` and base64, of webhooks that GitLab signs and that were made by hand.";
        FULL_SYNC_INTERVAL_MINUTES: Interval = "full_sync_interval_minutes", Interval,
            "Minutes between full syncs under `refray serve`, apart from the one at its start.";
        REACHABILITY_CHECK_INTERVAL_MINUTES: Interval = "reachability_check_interval_minutes", Interval,
            "Minutes between looks at whether `url` answers.";
    }

    pub(crate) static TABLE: TableSpec =
        TableSpec { header: "[webhook]", what: "`[webhook]`", doc: "How forges tell refray of pushes.", keys: KEYS };
}

/// `[serve]`
pub(crate) mod serve {
    use super::*;

    keys! {
        POLL_INTERVAL_SECONDS: Interval = "poll_interval_seconds", Interval,
            "Seconds between looks at repositories that no webhook covers.";
    }

    pub(crate) static TABLE: TableSpec =
        TableSpec { header: "[serve]", what: "`[serve]`", doc: "What `refray serve` does.", keys: KEYS };
}

/// `[dashboard]`
pub(crate) mod dashboard {
    use super::*;

    keys! {
        TOKEN: Nested = "token", Nested { table: &secret::TABLE, list: false },
            "What a browser must show. Needed when the dashboard listens on anything but loopback.";
    }

    pub(crate) static TABLE: TableSpec = TableSpec {
        header: "[dashboard]",
        what: "`[dashboard]`",
        doc: "The page that `refray serve` shows on its second address.",
        keys: KEYS,
    };
}
