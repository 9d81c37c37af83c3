//! Every link within the project leads somewhere.

use std::fmt::Write as _;

use regex::Regex;

use super::pages::{self, Page};

#[test]
fn every_link_leads_somewhere() {
    let link = Regex::new(r"!?\[[^\]]*\]\(([^)\s]+)\)").unwrap();
    let mut broken = String::new();
    for page in pages::all() {
        for (number, line) in page.prose() {
            // What stands in backticks is text.
            let line: String = line.split('`').step_by(2).collect::<Vec<_>>().join("x");
            for target in link.captures_iter(&line).filter_map(|found| found.get(1)) {
                if let Err(why) = follow(&page, target.as_str()) {
                    writeln!(broken, "{}:{number}: {}: {why}", page.name(), target.as_str()).unwrap();
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

fn follow(page: &Page, target: &str) -> Result<(), String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    let (path, fragment) = target.split_once('#').map_or((target, None), |(path, fragment)| (path, Some(fragment)));
    let to = if path.is_empty() { page.path.clone() } else { page.path.parent().unwrap().join(path) };
    if !to.exists() {
        return Err("there is no such file".to_owned());
    }
    if page.path.starts_with(pages::guide_dir()) && !to.canonicalize().unwrap().starts_with(pages::guide_dir()) {
        return Err("it leads out of the book".to_owned());
    }
    match fragment {
        Some(fragment) if !Page::read(to).anchors().iter().any(|anchor| anchor == fragment) => {
            Err("there is no such heading".to_owned())
        }
        _ => Ok(()),
    }
}

#[test]
fn every_page_is_in_the_summary_once() {
    let summary = Page::read(pages::guide_dir().join("SUMMARY.md"));
    for page in pages::all().iter().filter(|page| page.path.starts_with(pages::guide_dir())) {
        let name = page.path.strip_prefix(pages::guide_dir()).unwrap().display().to_string();
        let times = summary.text.matches(&format!("({name})")).count();
        assert_eq!(times, usize::from(name != "SUMMARY.md"), "{name}");
    }
}

#[test]
fn a_heading_makes_the_anchor_that_readers_link_to() {
    let text = "# A `refray sync`!\n\n```\n# no heading\n```\n## It's\n## It's\n".to_owned();
    let page = Page { path: "x.md".into(), text };
    assert_eq!(page.anchors(), ["a-refray-sync", "its", "its-1"]);
}
