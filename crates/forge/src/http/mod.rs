//! The one HTTP client of a site, and the manners that all forges share: credentials, limits, retries, pages, statuses.

mod address;
mod again;
mod answer;
mod auth;
mod cache;
mod call;
mod client;
mod connection;
mod gate;
mod identify;
mod limits;
mod link;
mod lost;
mod once;
mod options;
mod pace;
mod paging;
mod patience;
mod probe;
#[cfg(test)]
mod proxy_tests;
mod redact;
mod redirect;
mod said;
#[cfg(test)]
pub(crate) mod scripted;
mod status;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
mod tls_tests;
mod token;

pub use address::{git_url, join, query_value, relative_path};
pub use answer::Answer;
pub use cache::{Cached, MemoryCache, ValidatorCache};
pub use call::Call;
pub use client::Client;
pub use identify::{Identified, identify};
pub use options::Options;
pub use paging::Paging;
pub use probe::{Reached, probe};
pub use text::{one_line, shorten};

pub(crate) use auth::basic;
pub(crate) use limits::Limit;
pub(crate) use lost::{Lost, Phase};
pub(crate) use patience::Patience;
pub(crate) use redact::clean;
pub(crate) use said::gitea_token_scopes;
pub(crate) use status::{Said, scopes};
