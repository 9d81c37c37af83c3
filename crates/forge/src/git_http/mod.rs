//! Git's smart protocol over the site's HTTP client: the same connections, credential and manners as the API.

mod activity;
mod failure;
mod remote;
#[cfg(test)]
mod tests;

pub use remote::HttpRemote;
