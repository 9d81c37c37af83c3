//! Which column and row each piece of text stands at.

use unicode_width::UnicodeWidthChar;

use super::ansi::{Look, Span};

/// How far the rest of a wrapped line is indented.
const HANGING: usize = 2;

/// Text of one look at its column, without blanks around it or more than one at a time in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) column: usize,
    pub(crate) width: usize,
    pub(crate) look: Look,
    pub(crate) text: String,
}

/// A row of the picture and when it appears, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) at: f64,
    pub(crate) runs: Vec<Run>,
}

impl Row {
    pub(crate) fn is_blank(&self) -> bool {
        self.runs.is_empty()
    }

    /// Returns the first column after everything.
    pub(crate) fn end(&self) -> usize {
        self.runs.last().map_or(0, |run| run.column + run.width)
    }
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    character: char,
    width: usize,
    look: Look,
}

/// Lays out a line. One that is too long goes on in further rows, after a blank where there is one.
pub(crate) fn rows(at: f64, line: &[Span], columns: usize) -> Vec<Row> {
    let cells: Vec<Cell> = line
        .iter()
        .flat_map(|span| span.text.chars().map(|character| (character, span.look)))
        .map(|(character, look)| Cell { character, width: character.width().unwrap_or(0), look })
        .collect();
    let indent = cells.iter().take_while(|cell| cell.character == ' ').count();
    let mut rows = Vec::new();
    let (mut rest, mut start) = (cells.as_slice(), 0);
    loop {
        let fits = fitting(rest, columns.saturating_sub(start).max(1));
        if fits == rest.len() {
            rows.push(Row { at, runs: runs(rest, start) });
            return rows;
        }
        let blank = rest.iter().take(fits + 1).rposition(|cell| cell.character == ' ');
        let cut = blank.filter(|&blank| blank > indent).unwrap_or(fits);
        let (row, after) = rest.split_at(cut);
        rows.push(Row { at, runs: runs(row, start) });
        let blanks = after.iter().take_while(|cell| cell.character == ' ').count();
        rest = &after[blanks..];
        start = (indent + HANGING).min(columns / 2);
    }
}

/// Counts the cells that fit into `columns`: at least one.
fn fitting(cells: &[Cell], columns: usize) -> usize {
    let mut used = 0;
    let fits = cells.iter().take_while(|cell| {
        used += cell.width;
        used <= columns
    });
    fits.count().max(1).min(cells.len())
}

fn runs(cells: &[Cell], start: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = start;
    let mut blanks = 0;
    for cell in cells {
        if cell.character == ' ' {
            blanks += 1;
        } else {
            match runs.last_mut() {
                Some(run) if run.look == cell.look && blanks < 2 => {
                    run.text.extend(std::iter::repeat_n(' ', blanks));
                    run.text.push(cell.character);
                    run.width += blanks + cell.width;
                }
                _ => runs.push(Run { column, width: cell.width, look: cell.look, text: cell.character.into() }),
            }
            blanks = 0;
        }
        column += cell.width;
    }
    runs
}

/// Takes rows out of the middle until `most` are left, one of which says how many are not shown.
pub(crate) fn shorten(mut rows: Vec<Row>, most: usize) -> Vec<Row> {
    if rows.len() <= most {
        return rows;
    }
    let head = most * 2 / 3;
    let tail = most.saturating_sub(head + 1);
    let end = rows.len() - tail;
    let look = Look { dim: true, ..Look::default() };
    let note = Span { look, text: format!("  … {} more lines …", end - head) };
    let at = rows[head].at;
    rows.splice(head..end, self::rows(at, &[note], usize::MAX));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Span {
        Span { look: Look::default(), text: text.into() }
    }

    fn placed(rows: &[Row]) -> Vec<Vec<(usize, &str)>> {
        rows.iter().map(|row| row.runs.iter().map(|run| (run.column, run.text.as_str())).collect()).collect()
    }

    #[test]
    fn text_keeps_its_columns() {
        let bold = Look { bold: true, ..Look::default() };
        let line = [span("  a b   c"), Span { look: bold, text: " d".into() }];
        let rows = rows(0.0, &line, 80);
        assert_eq!(placed(&rows), [[(2, "a b"), (8, "c"), (10, "d")]]);
        assert_eq!(rows[0].end(), 11);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let rows = rows(0.0, &[span("漢字  x")], 80);
        assert_eq!(placed(&rows), [[(0, "漢字"), (6, "x")]]);
        assert_eq!(rows[0].runs[0].width, 4);
    }

    #[test]
    fn long_lines_go_on_below_at_a_blank() {
        assert_eq!(placed(&rows(0.0, &[span("one two three")], 8)), [[(0, "one two")], [(2, "three")]]);
        assert_eq!(placed(&rows(0.0, &[span("one two")], 7)), [[(0, "one two")]]);
        assert_eq!(placed(&rows(0.0, &[span("abcdefghij")], 6)), [[(0, "abcdef")], [(2, "ghij")]]);
        assert_eq!(placed(&rows(0.0, &[], 6)), [[]]);
    }

    #[test]
    fn only_the_middle_of_too_many_rows_is_left_out() {
        let many: Vec<Row> = (0..100).flat_map(|n| rows(f64::from(n), &[span(&n.to_string())], 80)).collect();
        let short = shorten(many.clone(), 10);
        let texts: Vec<&str> = short.iter().map(|row| row.runs[0].text.as_str()).collect();
        assert_eq!(texts, ["0", "1", "2", "3", "4", "5", "… 91 more lines …", "97", "98", "99"]);
        assert_eq!(shorten(many.clone(), 100), many);
    }
}
