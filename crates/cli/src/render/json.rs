//! One JSON object a line.

use std::io::Write;
use std::sync::Mutex;

use refray_core::event::{Event, EventSink};

/// Writes every event but transfers, as they come.
pub(crate) struct JsonSink<W: Write + Send> {
    out: Mutex<W>,
}

impl<W: Write + Send> JsonSink<W> {
    /// Writes to `out`.
    pub(crate) const fn new(out: W) -> Self {
        Self { out: Mutex::new(out) }
    }
}

impl<W: Write + Send> EventSink for JsonSink<W> {
    fn emit(&self, event: Event) {
        // How many bytes have passed at some moment is for eyes; what has passed in the end is in the actions.
        if matches!(event, Event::Transfer { .. }) {
            return;
        }
        let (Ok(mut line), Ok(mut out)) = (serde_json::to_vec(&event), self.out.lock()) else { return };
        line.push(b'\n');
        // A reader that went away is no reason to stop a run in the middle.
        drop(out.write_all(&line).and_then(|()| out.flush()));
    }
}

#[cfg(test)]
mod tests {
    use refray_core::outcome::Summary;

    use super::*;

    #[test]
    fn an_event_is_a_line_with_its_kind() {
        let sink = JsonSink::new(Vec::new());
        sink.emit(Event::RunFinished { run: "r1".into(), summary: Summary::default() });
        let text = String::from_utf8(sink.out.into_inner().unwrap()).unwrap();
        assert!(text.starts_with("{\"event\":\"run_finished\",\"run\":\"r1\""), "{text}");
        assert!(text.ends_with("}\n"));
    }
}
