//! Merging the lines of a file.

use std::ops::Range;

use gix::diff::blob::{Algorithm, Diff, InternedInput};

/// How far git looks for a zero byte.
const BINARY_WITHIN: usize = 8000;

/// What became of two changes to one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Merged {
    Clean(Vec<u8>),
    Conflict,
    /// It depends on how the lines are matched.
    Unclear,
}

/// Says whether git would take a content for binary.
pub(super) fn is_binary(content: &[u8]) -> bool {
    content[..content.len().min(BINARY_WITHIN)].contains(&0)
}

/// Splits a content into its lines; the ends of the lines belong to them.
pub(super) fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split_inclusive(|byte| *byte == b'\n')
}

/// Applies both sides' changes to `base`. Two ways of matching lines must lead to the same result.
pub(super) fn merge(base: &[u8], ours: &[u8], theirs: &[u8]) -> Merged {
    let first = merge_by(Algorithm::Histogram, base, ours, theirs);
    let second = merge_by(Algorithm::Myers, base, ours, theirs);
    if first == second { first } else { Merged::Unclear }
}

/// A changed region of the base.
#[derive(Debug, Clone)]
struct Hunk {
    before: Range<usize>,
    after: Range<usize>,
    /// The lines of the base that the region could as well cover, because equal lines follow one another.
    wide: Range<usize>,
}

fn merge_by(algorithm: Algorithm, base: &[u8], ours: &[u8], theirs: &[u8]) -> Merged {
    let base_lines: Vec<_> = lines(base).collect();
    let sides = [ours, theirs].map(|side| (lines(side).collect::<Vec<_>>(), hunks(algorithm, base, side)));
    let mut merged = Vec::with_capacity(ours.len().max(theirs.len()));
    let mut done = 0;
    let mut next = [0, 0];
    loop {
        // The hunks of both sides that touch one another, however they slide, are looked at together.
        let mut group: [Range<usize>; 2] = [next[0]..next[0], next[1]..next[1]];
        let mut reach: Option<Range<usize>> = None;
        loop {
            let candidate = (0..2)
                .filter_map(|side| sides[side].1.get(group[side].end).map(|hunk| (side, hunk)))
                .min_by_key(|(side, hunk)| (hunk.wide.start, *side));
            let Some((side, hunk)) = candidate else { break };
            match &mut reach {
                Some(reach) if hunk.wide.start > reach.end => break,
                Some(reach) => reach.end = reach.end.max(hunk.wide.end),
                None => reach = Some(hunk.wide.clone()),
            }
            group[side].end += 1;
        }
        if reach.is_none() {
            merged.extend(base_lines[done..].iter().flat_map(|line| line.iter()));
            return Merged::Clean(merged);
        }
        next = [group[0].end, group[1].end];
        let members = [&sides[0].1[group[0].clone()], &sides[1].1[group[1].clone()]];
        let all = || members.iter().flat_map(|hunks| hunks.iter());
        let hull = all().map(|hunk| hunk.before.start).min().unwrap_or(done)
            ..all().map(|hunk| hunk.before.end).max().unwrap_or(done);
        let text = |side: usize| -> Vec<&[u8]> {
            let mut text = Vec::new();
            let mut at = hull.start;
            for hunk in members[side] {
                text.extend_from_slice(&base_lines[at..hunk.before.start]);
                text.extend_from_slice(&sides[side].0[hunk.after.clone()]);
                at = hunk.before.end;
            }
            text.extend_from_slice(&base_lines[at..hull.end]);
            text
        };
        let chosen = match (members[0].is_empty(), members[1].is_empty()) {
            (false, true) => text(0),
            (true, false) => text(1),
            _ => {
                let (ours, theirs) = (text(0), text(1));
                if ours != theirs {
                    return if touch(members) { Merged::Conflict } else { Merged::Unclear };
                }
                ours
            }
        };
        merged.extend(base_lines[done..hull.start].iter().flat_map(|line| line.iter()));
        merged.extend(chosen.iter().flat_map(|line| line.iter()));
        done = hull.end;
    }
}

/// Says whether hunks of both sides overlap or follow one another without a line between them, as they stand.
fn touch(members: [&[Hunk]; 2]) -> bool {
    members[0].iter().any(|ours| {
        members[1].iter().any(|theirs| ours.before.start <= theirs.before.end && theirs.before.start <= ours.before.end)
    })
}

fn hunks(algorithm: Algorithm, base: &[u8], side: &[u8]) -> Vec<Hunk> {
    let input = intern(base, side);
    let mut diff = Diff::compute(algorithm, &input);
    diff.postprocess_no_heuristic(&input);
    let plain: Vec<_> = diff
        .hunks()
        .map(|hunk| {
            (hunk.before.start as usize..hunk.before.end as usize, hunk.after.start as usize..hunk.after.end as usize)
        })
        .collect();
    let mut hunks = Vec::with_capacity(plain.len());
    for (index, (before, after)) in plain.iter().enumerate() {
        let floor = index.checked_sub(1).map_or(0, |index| plain[index].0.end);
        let ceiling = plain.get(index + 1).map_or(input.before.len(), |next| next.0.start);
        let up = slide(before.start - floor, |by| {
            let same = |tokens: &[_], range: &Range<usize>| {
                range.is_empty() || tokens[range.start - by] == tokens[range.end - by]
            };
            same(&input.before, before) && same(&input.after, after)
        });
        let down = slide(ceiling - before.end, |by| {
            let same = |tokens: &[_], range: &Range<usize>| {
                range.is_empty() || tokens[range.start + by - 1] == tokens[range.end + by - 1]
            };
            same(&input.before, before) && same(&input.after, after)
        });
        let wide = before.start - up..before.end + down;
        hunks.push(Hunk { before: before.clone(), after: after.clone(), wide });
    }
    hunks
}

/// Counts how far a hunk can be moved: by `1..=most` lines as long as `fits`.
fn slide(most: usize, fits: impl Fn(usize) -> bool) -> usize {
    (1..=most).take_while(|by| fits(*by)).count()
}

/// Prepares two contents for being compared line by line.
pub(super) fn intern<'a>(before: &'a [u8], after: &'a [u8]) -> InternedInput<&'a [u8]> {
    let mut input = InternedInput::default();
    input.update_before(lines(before));
    input.update_after(lines(after));
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_that_stand_apart_are_joined_and_others_are_not() {
        let clean = |text: &str| Merged::Clean(text.as_bytes().to_vec());
        for (name, base, ours, theirs, expected) in [
            ("apart", "1\n2\n3\n4\n", "a\n2\n3\n4\n", "1\n2\n3\nd\n", clean("a\n2\n3\nd\n")),
            ("a line between", "1\n2\n3\n", "a\n2\n3\n", "1\n2\nc\n", clean("a\n2\nc\n")),
            ("next to one another", "1\n2\n3\n", "a\n2\n3\n", "1\nb\n3\n", Merged::Conflict),
            ("the same line", "1\n2\n3\n", "1\na\n3\n", "1\nb\n3\n", Merged::Conflict),
            ("the same change", "1\n2\n3\n", "1\na\n3\n", "1\na\n3\n", clean("1\na\n3\n")),
            (
                "the same and one more",
                "1\n2\n3\n4\n5\n",
                "a\n2\n3\n4\n5\n",
                "a\n2\n3\n4\nb\n",
                clean("a\n2\n3\n4\nb\n"),
            ),
            ("both append", "1\n", "1\na\n", "1\nb\n", Merged::Conflict),
            ("no newline at the end", "1\n2\n3", "a\n2\n3", "1\n2\n3\n", clean("a\n2\n3\n")),
            ("carriage returns", "1\r\n2\r\n3\r\n", "1\n2\r\n3\r\n", "1\r\n2\r\n3\n", clean("1\n2\r\n3\n")),
            ("one side emptied it", "1\n2\n3\n", "", "1\n2\nc\n", Merged::Conflict),
            ("deleted and kept", "1\n2\n3\n4\n", "3\n4\n", "1\n2\n3\nd\n", clean("3\nd\n")),
        ] {
            let got = merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
            assert_eq!(got, expected, "{name}");
            assert_eq!(
                merge(base.as_bytes(), theirs.as_bytes(), ours.as_bytes()),
                expected,
                "{name}, the other way round"
            );
        }
    }

    #[test]
    fn a_change_that_could_stand_elsewhere_is_not_guessed_at() {
        // The inserted line may be any of three, and the other side changes what is beside one of them.
        let merged = merge(b"a\nx\nx\nb\n", b"a\nx\nx\nx\nb\n", b"A\nx\nx\nb\n");
        assert_eq!(merged, Merged::Unclear);
    }
}
