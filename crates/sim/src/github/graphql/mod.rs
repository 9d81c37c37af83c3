//! As much of GitHub's GraphQL as reading the refs of many repositories takes: queries with variables, aliases and
//! fragments over repositories, owners, refs and the rate limit.

mod answer;
mod execute;
mod parse;
mod resolve;

pub(super) use answer::answer;
