//! What can go wrong between refray and a forge.

use std::fmt;
use std::time::Duration;

/// A request to a forge that did not do what it was for.
#[derive(Debug, Clone)]
pub struct ForgeError {
    /// The site's name in the configuration.
    pub site: String,
    /// What was being done, as a phrase that fits "could not …": `list the repositories of group/sub`.
    pub doing: String,
    /// What kind of failure it is. Decided once, where the answer came in.
    pub kind: ErrorKind,
    /// What the forge said, shortened; empty when it said nothing. Never holds a secret.
    pub message: String,
}

/// Kinds of failure that callers tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// 401: the token is missing, wrong, expired or revoked.
    Unauthorized,
    /// 403 without a rate limit: signed in, but not allowed.
    Forbidden {
        /// The scope or permission that the forge says is missing.
        missing: Option<String>,
    },
    /// 403 that says so: the account is blocked, or has to do something in the browser first.
    AccountLocked,
    /// 404: not there, or not visible to this token.
    NotFound,
    /// A folder of a directory site is not there.
    NoFolder,
    /// A redirect in answer to a write, which is not followed: what was to be changed has another name now.
    Moved {
        /// Where it is now.
        to: String,
    },
    /// 409, or 422 that says so: the name is taken.
    AlreadyExists,
    /// 400 or 422: the forge refuses what was sent.
    Invalid,
    /// The forge does not take a repository's name, which is known before it is asked.
    BadName,
    /// The account has as many repositories, or takes as much space, as the forge allows it.
    Quota,
    /// The repository has as many webhooks as the forge allows.
    HookLimit,
    /// The forge's administrator has switched webhooks off.
    HooksDisabled,
    /// The forge does not deliver webhooks to that address: a local one, as a rule.
    HookAddress,
    /// 423 or 403 that says so: the repository is archived.
    Archived,
    /// 429, or 403 of GitHub's limits: all patience was used up.
    RateLimited {
        /// How long the forge wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// 5xx after retries.
    Server {
        /// The status code.
        status: u16,
    },
    /// No connection: name not found, refused, unreachable, proxy.
    Connect,
    /// The certificate is not trusted, or the TLS handshake failed.
    Tls,
    /// No answer in time.
    Timeout,
    /// The answer is not what the forge's API describes, or a listing could not be read to its end.
    Protocol,
    /// A listing changed whenever it was read, so that entries may have slipped from one page to another.
    Unsettled,
    /// The token could not be read from where the configuration says it is.
    Credential,
    /// A folder or file of a directory site could not be read or written.
    Io,
    /// The forge or provider has no such operation.
    Unsupported,
}

impl ForgeError {
    /// Says whether the same request may succeed later without anybody changing anything.
    pub const fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::RateLimited { .. }
                | ErrorKind::Server { .. }
                | ErrorKind::Connect
                | ErrorKind::Timeout
                | ErrorKind::Unsettled
        )
    }

    /// Says whether a write that ended like this may have been carried out all the same: look before doing it again.
    pub const fn may_have_happened(&self) -> bool {
        matches!(self.kind, ErrorKind::Server { .. } | ErrorKind::Connect | ErrorKind::Timeout)
    }

    /// Returns what the user can do about it, as a sentence.
    pub fn remedy(&self) -> String {
        match &self.kind {
            ErrorKind::Unauthorized => {
                format!("Check the token of site `{}`: it may be wrong, expired or revoked.", self.site)
            }
            ErrorKind::Forbidden { missing: Some(missing) } => {
                format!("Give the token of site `{}` the right `{missing}`.", self.site)
            }
            ErrorKind::Forbidden { missing: None } => {
                format!("Give the account or the token of site `{}` the right to do this.", self.site)
            }
            ErrorKind::AccountLocked => format!(
                "Sign in to site `{}` in a browser as the token's account and do what it asks for; if it does not let you \
                 in, ask its administrator.",
                self.site
            ),
            ErrorKind::NotFound => "Check the name, and that the token's account may see it.".into(),
            ErrorKind::NoFolder => {
                format!("Check the namespace and the `path` of site `{}`, and that the disk is mounted.", self.site)
            }
            ErrorKind::Moved { .. } => "Look at the repository: it was renamed or transferred.".into(),
            ErrorKind::AlreadyExists => {
                "Rename one of the two, give it another name there in the endpoint's `names`, or see to it that refray may \
                 read and write the existing one."
                    .into()
            }
            ErrorKind::BadName => {
                "Give it another name there in the endpoint's `names`, rename it, or leave it out with `repo_blacklist`."
                    .into()
            }
            ErrorKind::Invalid => {
                "Change what is objected to, or leave the repository out with `repo_blacklist`.".into()
            }
            ErrorKind::Quota => format!(
                "Delete what is not needed any more in the account, or ask the administrator of site `{}` to raise its \
                 limit.",
                self.site
            ),
            ErrorKind::HookLimit => {
                "Remove a webhook that is not needed any more in the repository's settings, and run again.".into()
            }
            ErrorKind::HooksDisabled => format!(
                "Ask the administrator of site `{}` to allow webhooks (`DISABLE_WEBHOOKS = false` in `app.ini`); without \
                 them, syncs go by the clock.",
                self.site
            ),
            ErrorKind::HookAddress => format!(
                "Give a public address with `--url` or `[webhook].url`. For a local one, the administrator of site `{}` \
                 must allow requests to the local network from webhooks (GitLab: Admin > Settings > Network > Outbound \
                 requests).",
                self.site
            ),
            ErrorKind::Archived => {
                "Unarchive the repository on the forge, or leave it out with `repo_blacklist`.".into()
            }
            ErrorKind::RateLimited { .. } => "Run again later, or lower `jobs`.".into(),
            ErrorKind::Server { .. } | ErrorKind::Timeout => {
                "Run again later; if it lasts, look at the forge's status page.".into()
            }
            ErrorKind::Connect => format!("Check the network, the proxy and the `base_url` of site `{}`.", self.site),
            ErrorKind::Tls => format!(
                "If site `{}` has a certificate of its own authority, name that authority in `ca_file`.",
                self.site
            ),
            ErrorKind::Protocol => {
                format!("Check that the `base_url` and `provider` of site `{}` fit together.", self.site)
            }
            ErrorKind::Unsettled => {
                "Run again when whatever makes and removes so much there has come to its end.".into()
            }
            ErrorKind::Credential => format!(
                "Check the `token` of site `{}` in the configuration, and that what it names is there for the process that \
                 runs refray; `refray config` chooses another place.",
                self.site
            ),
            ErrorKind::Io => "Check the path, its rights, and the space on the disk.".into(),
            ErrorKind::Unsupported => "Do it by hand there.".into(),
        }
    }
}

impl fmt::Display for ForgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {} on site `{}`: {}", self.doing, self.site, self.kind)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl std::error::Error for ForgeError {}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized => f.write_str("the forge does not accept the token (401)"),
            Self::Forbidden { missing: Some(missing) } => write!(f, "the token lacks the right `{missing}` (403)"),
            Self::Forbidden { missing: None } => f.write_str("the account or token may not do this (403)"),
            Self::AccountLocked => f.write_str("the account is locked out (403)"),
            Self::NotFound => f.write_str("not found, or not visible to this token (404)"),
            Self::NoFolder => f.write_str("there is no such folder"),
            Self::Moved { to } => write!(f, "it has moved to {to}"),
            Self::AlreadyExists => f.write_str("the name is taken"),
            Self::Invalid => f.write_str("it was refused"),
            Self::BadName => f.write_str("it cannot be called so there"),
            Self::Quota => f.write_str("the account has as much as the forge allows it"),
            Self::HookLimit => f.write_str("the repository has as many webhooks as the forge allows"),
            Self::HooksDisabled => f.write_str("the forge has webhooks switched off"),
            Self::HookAddress => f.write_str("the forge does not deliver to this address"),
            Self::Archived => f.write_str("the repository is archived"),
            Self::RateLimited { retry_after: Some(wait) } => {
                write!(f, "the rate limit is used up for another {} s", wait.as_secs())
            }
            Self::RateLimited { retry_after: None } => f.write_str("the rate limit is used up"),
            Self::Server { status } => write!(f, "the forge failed ({status})"),
            Self::Connect => f.write_str("no connection"),
            Self::Tls => f.write_str("no trusted connection"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Protocol => f.write_str("the answer is not what was expected"),
            Self::Unsettled => f.write_str("the listing changed each time it was read"),
            Self::Credential => f.write_str("the token could not be had"),
            Self::Io => f.write_str("the file system refused"),
            Self::Unsupported => f.write_str("it has no such operation"),
        }
    }
}
