//! What stands in a terminal's window after all that was sent to it.

use unicode_width::UnicodeWidthChar;

/// What stands in each place, row by row.
type Cells = Vec<Vec<char>>;

/// A window. It knows what refray sends, and fails on anything else.
pub(crate) struct Screen {
    columns: usize,
    rows: usize,
    cells: Cells,
    at: (usize, usize),
    /// Lines that were pushed out at the top.
    above: Vec<String>,
    /// What stood there before a screen of its own was asked for.
    before: Option<(Cells, (usize, usize))>,
    pub(crate) cursor: bool,
    folds: bool,
    /// The link that is open, and what was shown of it.
    link: Option<(String, String)>,
    /// All links: what leads where.
    pub(crate) links: Vec<(String, String)>,
    /// Lines were pushed out of a screen of its own.
    pub(crate) scrolled: bool,
}

impl Screen {
    /// Shows all of it in windows of these sizes, each from so many bytes on.
    pub(super) fn after(bytes: &[u8], sizes: &[(usize, (u16, u16))]) -> Self {
        let bytes = &bytes[..drawn(bytes)];
        let mut screen = Self {
            columns: 0,
            rows: 0,
            cells: Vec::new(),
            at: (0, 0),
            above: Vec::new(),
            before: None,
            cursor: true,
            folds: true,
            link: None,
            links: Vec::new(),
            scrolled: false,
        };
        for (index, (from, (columns, rows))) in sizes.iter().enumerate() {
            let to = sizes.get(index + 1).map_or(bytes.len(), |(next, _)| bytes.len().min(*next));
            (screen.columns, screen.rows) = (usize::from(*columns), usize::from(*rows));
            screen.cells = screen.blank();
            screen.at = (0, 0);
            screen.take(&String::from_utf8_lossy(&bytes[to.min(*from)..to]));
        }
        screen
    }

    /// The lines in the window, and before them those that were pushed out.
    pub(crate) fn text(&self) -> String {
        let mut text: String = self.above.iter().map(|line| format!("{line}\n")).collect();
        text.extend(self.cells.iter().map(|line| line_text(line) + "\n"));
        text.trim_end().to_owned() + "\n"
    }

    /// A screen of its own was asked for, and not given back.
    pub(crate) fn is_full(&self) -> bool {
        self.before.is_some()
    }

    fn blank(&self) -> Cells {
        vec![vec![' '; self.columns]; self.rows]
    }

    fn take(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            match char {
                '\r' => self.at.1 = 0,
                '\n' => self.down(),
                '\u{1b}' => match chars.next() {
                    Some('[') => {
                        let mut parameters = String::new();
                        let end = loop {
                            match chars.next() {
                                Some(char) if ('@'..='~').contains(&char) => break Some(char),
                                Some(char) => parameters.push(char),
                                None => break None,
                            }
                        };
                        // The end of a sequence may not have come yet.
                        if let Some(end) = end {
                            self.obey(&parameters, end);
                        }
                    }
                    Some(']') => {
                        let mut command = String::new();
                        for char in chars.by_ref().take_while(|char| *char != '\\') {
                            command.push(char);
                        }
                        self.follow(command.trim_end_matches('\u{1b}'));
                    }
                    Some(char) => panic!("ESC {char:?} in {text:?}"),
                    None => {}
                },
                char if char.is_control() => panic!("{char:?} in {text:?}"),
                char => self.put(char),
            }
        }
    }

    fn put(&mut self, char: char) {
        let width = char.width().unwrap_or(0);
        if self.at.1 + width > self.columns {
            if self.folds {
                self.at.1 = 0;
                self.down();
            } else {
                self.at.1 = self.columns - width;
            }
        }
        if let Some((_, shown)) = &mut self.link {
            shown.push(char);
        }
        let (row, column) = self.at;
        self.cells[row][column] = char;
        self.at.1 += width;
    }

    fn down(&mut self) {
        if self.at.0 + 1 < self.rows {
            self.at.0 += 1;
            return;
        }
        let first = self.cells.remove(0);
        self.cells.push(vec![' '; self.columns]);
        if self.is_full() {
            self.scrolled = true;
        } else {
            self.above.push(line_text(&first));
        }
    }

    fn obey(&mut self, parameters: &str, end: char) {
        let number = |default: usize| parameters.parse().unwrap_or(default);
        let (row, column) = (self.at.0, self.at.1.min(self.columns - 1));
        match (end, parameters) {
            ('m', _) | ('h' | 'l', "?2004" | "?2026") => {}
            ('A', _) => self.at.0 = row.saturating_sub(number(1)),
            ('B', _) => self.at.0 = (row + number(1)).min(self.rows - 1),
            ('C', _) => self.at.1 = (column + number(1)).min(self.columns - 1),
            ('D', _) => self.at.1 = column.saturating_sub(number(1)),
            ('H', "") => self.at = (0, 0),
            ('K', "" | "0") => self.cells[row][column..].fill(' '),
            ('K', "2") => self.cells[row].fill(' '),
            ('J', "" | "0") => {
                self.cells[row][column..].fill(' ');
                for line in &mut self.cells[row + 1..] {
                    line.fill(' ');
                }
            }
            ('h' | 'l', "?25") => self.cursor = end == 'h',
            ('h' | 'l', "?7") => self.folds = end == 'h',
            ('h', "?1049") => {
                let blank = self.blank();
                self.before = Some((std::mem::replace(&mut self.cells, blank), self.at));
                self.at = (0, 0);
            }
            ('l', "?1049") => {
                let (cells, at) = self.before.take().unwrap();
                // After a resize it is no matter what was where.
                (self.cells, self.at) = if cells.len() == self.rows { (cells, at) } else { (self.blank(), (0, 0)) };
            }
            _ => panic!("CSI {parameters:?} {end:?}"),
        }
    }

    fn follow(&mut self, command: &str) {
        let url = command.strip_prefix("8;;").unwrap_or_else(|| panic!("OSC {command:?}"));
        if let Some((text, url)) = self.link.take().map(|(url, text)| (text, url)) {
            self.links.push((text, url));
        }
        if !url.is_empty() {
            self.link = Some((url.to_owned(), String::new()));
        }
    }
}

/// How many of the bytes are shown: what is drawn at once is seen when all of it has come, however it was cut on its way.
fn drawn(bytes: &[u8]) -> usize {
    let last = |mark: &[u8]| bytes.windows(mark.len()).rposition(|window| window == mark);
    let begun = last(b"\x1b[?2026h");
    begun.filter(|begun| last(b"\x1b[?2026l").is_none_or(|ended| ended < *begun)).unwrap_or(bytes.len())
}

#[test]
fn half_of_a_frame_is_not_seen() {
    let bytes = b"\x1b[?2026h\x1b[Hone\r\ntwo\x1b[?2026l\x1b[?2026h\x1b[Hnew\r\nall\x1b[?2026l";
    let second = bytes.len() / 2;
    for end in 0..bytes.len() {
        let text = Screen::after(&bytes[..end], &[(0, (9, 2))]).text();
        assert_eq!(text, if end < second { "\n" } else { "one\ntwo\n" }, "{end}");
    }
    assert_eq!(Screen::after(bytes, &[(0, (9, 2))]).text(), "new\nall\n");
}

fn line_text(line: &[char]) -> String {
    line.iter().collect::<String>().trim_end().to_owned()
}
