//! Why something is not taken, and what to do about it.

mod catalogue;
mod judge;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub(crate) use judge::{Meaning, is_about_whole_push, judge, known};
