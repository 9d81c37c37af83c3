//! How what refray says of itself looks on standard error.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Lines without a time, which begin with their level and with no blank before it.
pub(crate) struct Flush(Format<Full, ()>);

impl Flush {
    pub(crate) fn new(colored: bool) -> Self {
        Self(tracing_subscriber::fmt::format().with_target(false).without_time().with_ansi(colored))
    }
}

impl<S, N> FormatEvent<S, N> for Flush
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        // Levels of four letters are padded to five.
        let level = event.metadata().level();
        writer.write_str(&line.replacen(&format!(" {level}"), level.as_str(), 1))
    }
}
