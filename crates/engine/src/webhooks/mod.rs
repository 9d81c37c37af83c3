//! The webhooks that wake refray: what is to be done about them, and doing it.
//!
//! [`plan()`] decides from what the forge says, what is remembered and what is wanted; nothing else does. The rest finds
//! the repositories, carries out and tells.

mod address;
mod after;
mod carry;
mod earlier;
mod fingerprint;
mod manage;
mod plan;
mod remedy;
mod report;
mod request;
mod target;

pub use address::{is_local, same};
pub use after::Webhooks;
pub(crate) use after::after;
pub use plan::{Goal, HookPlan, State, Step, Wanted, plan};
pub use report::{Change, ChangeKind, HookReport, HookSink, HookSummary};
pub use request::{HookJob, HookRequest};
