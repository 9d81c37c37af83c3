//! A terminal's window, drawn.

use std::fmt::Write as _;

use super::ansi::{Color, Look};
use super::layout::{Row, Run};

const FONT_SIZE: usize = 14;
/// Every common monospace font is close to this wide; `textLength` takes care of the difference.
const CELL: f64 = 8.4;
const LINE: usize = 21;
const MARGIN: usize = 22;
const BAR: usize = 40;
/// A window narrower than this looks odd.
const LEAST_COLUMNS: usize = 60;

const STYLE: &str = "\
text{font-family:ui-monospace,SFMono-Regular,'SF Mono',Menlo,'Cascadia Mono',Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;\
fill:#c9d1d9}\
.b{font-weight:700}.p{fill:#f0f6fc}.d{fill-opacity:.62}.i{font-style:italic}.u{text-decoration:underline}\
@media (prefers-reduced-motion:no-preference){\
@keyframes show{from{opacity:.45}}\
.l{animation:show .25s ease-out backwards}}";

/// The palette's first sixteen.
const PALETTE: [&str; 16] = [
    "#6e7681", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#c9d1d9", "#8b949e", "#ffa198",
    "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc",
];

/// Draws rows into a window. Before its turn a row is dim and can be read: the first frame is all that some ever show.
pub(crate) fn draw(title: &str, rows: &[Row]) -> String {
    let columns = rows.iter().map(Row::end).max().unwrap_or(0).max(LEAST_COLUMNS);
    let width = 2.0f64.mul_add(MARGIN as f64, columns as f64 * CELL).ceil();
    let height = BAR + MARGIN + rows.len() * LINE + MARGIN - 8;
    let title = escape(title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-labelledby=\"title\" font-size=\"{FONT_SIZE}\">\n\
         <title id=\"title\">A terminal in which `{title}` runs</title>\n\
         <style>{STYLE}</style>\n"
    );
    let middle = BAR / 2;
    let parts = [
        format!(
            "<rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"10\" fill=\"#0d1117\" stroke=\"#30363d\"/>\n",
            width - 1.0,
            height - 1
        ),
        format!(
            "<path d=\"M1 {BAR}V11A10 10 0 0 1 11 1H{}a10 10 0 0 1 10 10V{BAR}z\" fill=\"#161b22\"/>\n",
            width - 11.0
        ),
        format!("<path d=\"M1 {BAR}.5H{}\" stroke=\"#30363d\"/>\n", width - 1.0),
        dot(MARGIN, middle, "#ff5f57"),
        dot(MARGIN + 20, middle, "#febc2e"),
        dot(MARGIN + 40, middle, "#28c840"),
        format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"13\" fill-opacity=\".7\">{title}</text>\n",
            number(width / 2.0),
            middle + 5
        ),
    ];
    out.extend(parts);
    let mut shown: Option<String> = None;
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| !row.is_blank()) {
        let delay = number(row.at);
        if shown.as_ref() != Some(&delay) {
            if shown.is_some() {
                out.push_str("</g>\n");
            }
            // Writing to a string cannot fail.
            let _ = writeln!(out, "<g class=\"l\" style=\"animation-delay:{delay}s\">");
            shown = Some(delay);
        }
        let y = BAR + MARGIN + index * LINE + FONT_SIZE - 4;
        let _ = write!(out, "<text y=\"{y}\">");
        out.extend(row.runs.iter().map(piece));
        out.push_str("</text>\n");
    }
    if shown.is_some() {
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn dot(x: usize, y: usize, color: &str) -> String {
    format!("<circle cx=\"{}\" cy=\"{y}\" r=\"6\" fill=\"{color}\"/>\n", x + 6)
}

/// Draws a run, exactly as wide as its columns whatever the font.
fn piece(run: &Run) -> String {
    let x = number(run.column as f64 * CELL + MARGIN as f64);
    let mut attributes = format!("x=\"{x}\"");
    if run.width > 1 {
        let length = number(run.width as f64 * CELL);
        let _ = write!(attributes, " textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"");
    }
    let classes = classes(run.look);
    if !classes.is_empty() {
        let _ = write!(attributes, " class=\"{classes}\"");
    }
    if let Some(color) = run.look.color {
        // A property, because the style sheet's fill outranks an attribute.
        let _ = write!(attributes, " style=\"fill:{}\"", hex(color));
    }
    format!("<tspan {attributes}>{}</tspan>", escape(&run.text))
}

fn classes(look: Look) -> String {
    let bright = look.bold && look.color.is_none();
    let all = [(look.bold, "b"), (bright, "p"), (look.dim, "d"), (look.italic, "i"), (look.underline, "u")];
    let names: Vec<&str> = all.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
    names.join(" ")
}

/// Returns a colour as SVG writes it.
fn hex(color: Color) -> String {
    let (red, green, blue) = match color {
        Color::Rgb(red, green, blue) => (red, green, blue),
        Color::Palette(index @ 0..=15) => return PALETTE[usize::from(index)].to_owned(),
        // A cube of six steps a side.
        Color::Palette(index @ 16..=231) => {
            let step = |value: u8| if value == 0 { 0 } else { 55 + value * 40 };
            let index = index - 16;
            (step(index / 36), step(index / 6 % 6), step(index % 6))
        }
        Color::Palette(index) => {
            let grey = 8 + (index - 232) * 10;
            (grey, grey, grey)
        }
    };
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Makes text safe to stand in XML, in content and in attributes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // No XML document may hold these, not even escaped.
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                safe.push('\u{fffd}');
            }
            character => safe.push(character),
        }
    }
    safe
}

/// Writes a number with as few digits as two after the point need.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::ansi::{Parser, Span};
    use crate::picture::layout;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
        assert_eq!(escape("\u{1b}x\u{0}"), "\u{fffd}x\u{fffd}");
        assert_eq!(escape("…→é"), "…→é");
        let rows = layout::rows(0.0, &[Span { look: Look::default(), text: "</text><script>".into() }], 80);
        let picture = draw("<&>", &rows);
        assert!(!picture.contains("<script>") && picture.contains("&lt;/text&gt;&lt;script&gt;"), "{picture}");
        assert!(picture.contains("<title id=\"title\">A terminal in which `&lt;&amp;&gt;` runs</title>"), "{picture}");
    }

    #[test]
    fn columns_looks_and_times_are_drawn() {
        let spans = Parser::default().line("  \u{1b}[31;1mno\u{1b}[0m  \u{1b}[2mfaint\u{1b}[0m");
        let picture = draw("x", &layout::rows(1.25, &spans, 80));
        for expected in [
            "<g class=\"l\" style=\"animation-delay:1.25s\">",
            "<tspan x=\"38.8\" textLength=\"16.8\" lengthAdjust=\"spacingAndGlyphs\" class=\"b\" style=\"fill:#ff7b72\">no</tspan>",
            "<tspan x=\"72.4\" textLength=\"42\" lengthAdjust=\"spacingAndGlyphs\" class=\"d\">faint</tspan>",
            "@media (prefers-reduced-motion:no-preference)",
        ] {
            assert!(picture.contains(expected), "{expected}\n{picture}");
        }
        assert_eq!(picture.matches("<g ").count(), picture.matches("</g>").count());
    }

    #[test]
    fn the_window_grows_with_its_lines() {
        let height = |count: usize| {
            let line = layout::rows(0.0, &Parser::default().line("x"), 80);
            let picture = draw("x", &vec![line[0].clone(); count]);
            let (_, rest) = picture.split_once(" height=\"").unwrap();
            rest.split_once('"').unwrap().0.parse::<usize>().unwrap()
        };
        assert_eq!(height(5) - height(3), 2 * LINE);
    }

    #[test]
    fn the_whole_palette_has_colours() {
        for (index, expected) in [(2, "#3fb950"), (16, "#000000"), (208, "#ff8700"), (231, "#ffffff"), (244, "#808080")]
        {
            assert_eq!(hex(Color::Palette(index)), expected);
        }
        assert_eq!(hex(Color::Rgb(1, 2, 255)), "#0102ff");
        assert!((0..=255).all(|index| hex(Color::Palette(index)).len() == 7));
    }
}
