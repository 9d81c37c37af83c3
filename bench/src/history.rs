//! Made-up history, written by `git fast-import`.

use std::fmt::Write as _;

/// Returns a stream of `commits` commits on `main`, each of which changes one of many files, with branches and tags spread
/// over them.
pub(crate) fn stream(commits: usize, branches: usize, tags: usize) -> Vec<u8> {
    let mut text = String::with_capacity(commits * 400);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for number in 1..=commits {
        // A fixed sequence: every run measures the same history.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let body = format!("{state:016x} line {number}\n").repeat(4 + (state % 12) as usize);
        let message = format!("change {number}");
        let time = 1_600_000_000 + number * 60;
        push(
            &mut text,
            format_args!("commit refs/heads/main\nmark :{number}\ncommitter Bench <bench@example.org> {time} +0000\n"),
        );
        push(&mut text, format_args!("data {}\n{message}\n", message.len()));
        push(
            &mut text,
            format_args!(
                "M 100644 inline dir{}/file{}.txt\ndata {}\n{body}\n",
                state % 50,
                state / 50 % 40,
                body.len()
            ),
        );
    }
    for number in 0..branches {
        push(
            &mut text,
            format_args!("reset refs/heads/topic/{number:05}\nfrom :{}\n\n", 1 + number * commits / branches.max(1)),
        );
    }
    for number in 0..tags {
        push(&mut text, format_args!("reset refs/tags/v{number:05}\nfrom :{}\n\n", 1 + number * commits / tags.max(1)));
    }
    text.into_bytes()
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
}
