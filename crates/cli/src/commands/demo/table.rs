//! What is where, side by side.

use unicode_width::UnicodeWidthStr;

use crate::render::{Style, columns};

/// The repositories of the demo on every forge.
pub(crate) struct Table {
    pub(crate) forges: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// One repository: what each forge has of it.
pub(crate) struct Row {
    pub(crate) repository: String,
    /// How many branches and tags there are, and the tip of the default branch, in the order of the forges.
    pub(crate) cells: Vec<String>,
    /// A hash over everything that is synced, in the order of the forges.
    pub(crate) states: Vec<String>,
}

impl Row {
    /// Says whether every forge has the same.
    pub(crate) fn agrees(&self) -> bool {
        self.states.windows(2).all(|pair| pair[0] == pair[1])
    }
}

/// Renders the table, aligned. Where there is no room for the tips, it does without.
pub(crate) fn render(table: &Table, style: Style, room: Option<usize>) -> String {
    let whole = draw(table, style, str::to_owned);
    let widest = whole.lines().map(columns).max().unwrap_or(0);
    if room.is_none_or(|room| widest <= room) {
        return whole;
    }
    draw(table, style, |cell| cell.split(' ').next().unwrap_or_default().to_owned())
}

fn draw(table: &Table, style: Style, cell: impl Fn(&str) -> String) -> String {
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut head = vec!["repository".to_owned()];
    head.extend(table.forges.iter().cloned());
    lines.push(head);
    lines.extend(table.rows.iter().map(|row| {
        let mut line = vec![row.repository.clone()];
        line.extend(row.cells.iter().map(|text| cell(text)));
        line
    }));
    let count = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        let line = cells.collect::<Vec<_>>().join("  ");
        let mark = match index.checked_sub(1).map(|row| table.rows[row].agrees()) {
            None => String::new(),
            Some(true) => style.good("agrees"),
            Some(false) => style.bad("differs"),
        };
        let line = if index == 0 { style.dim(&line) } else { line };
        text.push_str(format!("  {line}  {mark}").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_aligned_and_judged() {
        let row = |name: &str, states: [&str; 2]| Row {
            repository: name.into(),
            cells: states.iter().map(|state| format!("main {state}")).collect(),
            states: states.map(str::to_owned).to_vec(),
        };
        let table =
            Table { forges: vec!["a".into(), "b".into()], rows: vec![row("alpha", ["1", "1"]), row("be", ["1", "2"])] };
        let expected =
            "  repository  a       b\n  alpha       main 1  main 1  agrees\n  be          main 1  main 2  differs\n";
        assert_eq!(render(&table, Style::plain(), None), expected);
        assert_eq!(render(&table, Style::plain(), Some(37)), expected);
        let narrow = "  repository  a     b\n  alpha       main  main  agrees\n  be          main  main  differs\n";
        assert_eq!(render(&table, Style::plain(), Some(36)), narrow);
    }
}
