//! Times, for people.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

/// Renders a time as how long ago it is, with the time itself for whoever points at it.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    let exact = at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    html! { time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()) title=(exact) { (relative(at, now)) } }
}

/// Says how far a time is away.
pub(super) fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = now.duration_since(at);
    let (length, future) = (distance.unsigned_abs().as_secs(), distance.is_negative());
    if length < 5 {
        return "now".to_owned();
    }
    let text = length_of(length);
    if future { format!("in {text}") } else { format!("{text} ago") }
}

/// Says how long something took.
pub(super) fn took(duration: SignedDuration) -> String {
    match duration.as_secs() {
        0..10 => format!("{}.{} s", duration.as_secs(), duration.subsec_millis() / 100),
        seconds => length_of(seconds.unsigned_abs()),
    }
}

fn length_of(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ if seconds < 2 * DAY => "1 day".to_owned(),
        _ => format!("{} days", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_rounded_down() {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let cases = [
            (0, "now"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (7199, "1 h ago"),
            (86_400, "1 day ago"),
            (200_000, "2 days ago"),
            (-90, "in 1 min"),
        ];
        for (seconds, text) in cases {
            assert_eq!(relative(now - SignedDuration::from_secs(seconds), now), text);
        }
        assert_eq!(
            (took(SignedDuration::from_millis(1250)), took(SignedDuration::from_secs(75))),
            ("1.2 s".into(), "1 min".into())
        );
    }
}
