//! What people and programs see of a run. Readers of one stream of events.

mod block;
mod json;
mod progress;
mod style;
mod text;

pub(crate) use json::JsonSink;
pub(crate) use style::Style;
pub(crate) use text::TextSink;
