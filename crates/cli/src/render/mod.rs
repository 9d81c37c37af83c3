//! What people and programs see of a run. Readers of one stream of events.

mod alike;
mod backups;
mod block;
mod foot;
mod journal;
mod json;
mod layout;
mod line;
mod look;
mod pages;
mod progress;
mod standing;
mod style;
mod text;
mod webhook;
mod window;

pub(crate) use backups::{Backup, list, pruned, show};
pub(crate) use block::Level;
pub(crate) use journal::{Entry, entry_json, entry_text, run_line};
pub(crate) use json::JsonSink;
pub(crate) use layout::{clean, columns, fit, pad};
pub(crate) use line::{Line, Place};
pub(crate) use look::Look;
pub(crate) use progress::{AboveBar, Progress};
pub(crate) use standing::{Shape, standing};
pub(crate) use style::{Style, push};
pub(crate) use text::TextSink;
pub(crate) use webhook::{HookCommand, HookOutput};
pub(crate) use window::{Wake, Window};
