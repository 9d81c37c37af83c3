//! Every sample that stands in the guide and the README is one that refray takes.

use std::fmt::Write as _;
use std::path::Path;

use clap::Parser;

use super::pages;
use crate::args::Cli;

/// Sites of the names that parts of a configuration speak of, for samples that show a part alone.
const SITES: &str = "\
    [[sites]]\nname = \"github\"\nprovider = \"github\"\ntoken = { env = \"T\" }\n\
    [[sites]]\nname = \"codeberg\"\nprovider = \"forgejo\"\nbase_url = \"https://codeberg.org\"\ntoken = { env = \"T\" }\n";

#[test]
fn every_configuration_is_one_that_refray_reads() {
    let mut bad = String::new();
    let mut seen = 0;
    for page in pages::all() {
        for block in page.blocks().into_iter().filter(|block| block.language == "toml") {
            seen += 1;
            let part = !block.text.contains("[[sites]]") && block.text.contains("[[mirrors");
            let text = if part { format!("{}\n{SITES}", block.text) } else { block.text.clone() };
            if let Err(errors) = refray_core::config::parse(&text, "sample", Path::new("/"), Some(Path::new("/home"))) {
                let why: Vec<_> = errors.problems.iter().map(ToString::to_string).collect();
                writeln!(bad, "{}:{}: {}", page.name(), block.line, why.join("; ")).unwrap();
            }
        }
    }
    assert!(seen > 10, "only {seen} samples of a configuration were found");
    assert!(bad.is_empty(), "{bad}");
}

#[test]
fn every_command_line_is_one_that_refray_takes() {
    let mut bad = String::new();
    let mut seen = 0;
    for page in pages::all() {
        for (number, line) in command_lines(&page) {
            seen += 1;
            if let Err(why) = take(&line) {
                writeln!(bad, "{}:{number}: `{line}`: {why}", page.name()).unwrap();
            }
        }
    }
    assert!(seen > 50, "only {seen} command lines were found");
    assert!(bad.is_empty(), "{bad}");
}

/// Returns the calls of refray on a page: lines of shell blocks, and what stands in backticks.
fn command_lines(page: &pages::Page) -> Vec<(usize, String)> {
    let shell = |language: &str| matches!(language, "" | "sh" | "console");
    let mut found = Vec::new();
    for block in page.blocks().into_iter().filter(|block| shell(block.language)) {
        let joined = block.text.replace("\\\n", " ");
        let lines = joined.lines().enumerate().map(|(index, line)| (block.line + index, line));
        // With prompts, only what follows one was typed.
        let prompted = block.language == "console";
        found.extend(lines.filter_map(|(number, line)| {
            let line = if prompted { line.strip_prefix("$ ")? } else { line };
            line.trim().starts_with("refray ").then(|| (number, line.trim().to_owned()))
        }));
    }
    for (number, line) in page.prose() {
        let code = line.split('`').skip(1).step_by(2).filter(|code| code.starts_with("refray "));
        found.extend(code.map(|code| (number, code.to_owned())));
    }
    found
}

/// Parses a command line as a shell and refray would, up to where the shell does something else with it.
fn take(line: &str) -> Result<(), String> {
    let words = words(line);
    // The name of a command, as it stands in a sentence, may lack what the command needs.
    let bare = words.len() <= 3 && !words.iter().any(|word| word.starts_with('-'));
    match Cli::try_parse_from(&words) {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion => Ok(()),
            clap::error::ErrorKind::MissingRequiredArgument
            | clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | clap::error::ErrorKind::MissingSubcommand
                if bare =>
            {
                Ok(())
            }
            _ => Err(error.to_string().lines().next().unwrap_or_default().to_owned()),
        },
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(mark), _) if mark == letter => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '>' | ';' | '&' | '<') => break,
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn a_command_line_is_read_as_a_shell_reads_it() {
    assert_eq!(
        words("refray sync --repo-pattern '^a b' -n | jq . # all"),
        ["refray", "sync", "--repo-pattern", "^a b", "-n"]
    );
    assert!(take("refray undo").is_ok());
    assert!(take("refray sync --nothing").is_err());
    assert!(take("refray sink").is_err());
}
