//! The page about the network says the numbers that hold.

use std::time::Duration;

use refray_forge::http::Options;

use super::pages;
use crate::render::push;

fn time(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}

#[test]
fn its_numbers_are_those_of_the_program() {
    let options = Options::default();
    let rows = [
        ("a connection may take to come up", time(options.connect_timeout)),
        ("an API request may take, answer included", time(options.api_timeout)),
        ("git's data may stand still", time(options.idle_timeout)),
        ("API requests to one site at once", options.api_concurrency.to_string()),
        ("git requests to one site at once", options.git_concurrency.to_string()),
        ("tries of a request that fails and may pass", options.attempts.to_string()),
        ("the first wait between two tries", time(options.backoff)),
        ("one request waits in all for limits and between tries", time(options.patience)),
    ];
    let mut table = String::from("| what | how much |\n|---|---|\n");
    for (what, how_much) in rows {
        push(&mut table, format_args!("| {what} | {how_much} |\n"));
    }
    let text = std::fs::read_to_string(pages::guide_dir().join("network.md")).unwrap();
    assert!(text.contains(&table), "the table should be:\n{table}");
}
