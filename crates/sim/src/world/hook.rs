use std::collections::BTreeSet;

use jiff::Timestamp;

/// What a webhook is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookTarget {
    /// A repository, by id.
    Repository(u64),
    /// All repositories of an account, by the account's id.
    Account(u64),
    /// The whole site.
    System,
}

/// How the payload is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// The JSON itself.
    Json,
    /// A form whose field `payload` holds the JSON.
    Form,
}

/// A webhook.
#[derive(Clone, Debug)]
pub struct Hook {
    /// The forge's id.
    pub id: u64,
    /// GitLab's second id.
    pub uuid: String,
    /// What it is attached to.
    pub target: HookTarget,
    /// Where deliveries go.
    pub url: String,
    /// How the payload is packed.
    pub content_type: ContentType,
    /// The shared secret (GitLab: the token that is sent as it is).
    pub secret: Option<String>,
    /// GitLab's signing token, `whsec_` and base64.
    pub signing_token: Option<String>,
    /// The events it wants, in the forge's own words: `push`, `create`; at GitLab `push_events`, `tag_push_events`.
    /// `*` means all of them.
    pub events: BTreeSet<String>,
    /// Whether deliveries are made.
    pub active: bool,
    /// Gitea's and Forgejo's type: `gitea`, `forgejo`, `gogs`. GitHub's `name`: `web`.
    pub flavour: String,
    /// The branches it is about; empty means all.
    pub branch_filter: String,
    /// Gitea's own `Authorization` header for deliveries.
    pub authorization_header: Option<String>,
    /// GitLab's own headers for deliveries.
    pub custom_headers: Vec<(String, String)>,
    /// Skips the check of the receiver's certificate.
    pub insecure_tls: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it changed.
    pub updated: Timestamp,
}

impl Hook {
    /// Returns an active hook that wants nothing yet. Its id is given when it is added.
    #[must_use]
    pub fn new(target: HookTarget, url: impl Into<String>) -> Self {
        Self {
            id: 0,
            uuid: String::new(),
            target,
            url: url.into(),
            content_type: ContentType::Json,
            secret: None,
            signing_token: None,
            events: BTreeSet::new(),
            active: true,
            flavour: "web".to_owned(),
            branch_filter: String::new(),
            authorization_header: None,
            custom_headers: Vec::new(),
            insecure_tls: false,
            created: Timestamp::UNIX_EPOCH,
            updated: Timestamp::UNIX_EPOCH,
        }
    }

    /// Tells whether it asked for an event.
    #[must_use]
    pub fn wants(&self, event: &str) -> bool {
        self.active && (self.events.contains(event) || self.events.contains("*"))
    }
}
