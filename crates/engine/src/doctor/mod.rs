//! Whether all that a configuration needs is there: rights, names, rules, room. Nothing is changed anywhere, here or on a
//! forge, and what is amiss in one place does not keep the others from being looked at.

mod access;
mod endpoint;
mod examination;
mod lfs;
mod machine;
mod report;
mod repository;
mod right;
mod site;
mod state;
mod webhook;

pub use examination::{Examination, Problem};
pub use report::{Check, Level, Report};
pub use right::{Wanted, judge};
pub use webhook::amiss;
