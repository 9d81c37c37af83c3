//! A rebase in memory against one in a working tree.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use refray_git::Mirror;
use refray_git::combine::{Combined, rebase};

use crate::process::Runner;
use crate::report::Report;
use crate::{Common, Error};

/// What is rebased on what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) files: usize,
    pub(crate) commits: usize,
    pub(crate) upstream: usize,
}

pub(crate) async fn run(common: &Common, shape: Shape, memory: &Path) -> Result<(), Error> {
    let Shape { files, commits, upstream } = shape;
    let dir = tempfile::tempdir()?;
    let runner = Runner { home: dir.path().to_owned() };
    let bare = dir.path().join("origin.git");
    let at = bare.to_string_lossy().into_owned();
    runner.git(&["init", "-q", "--bare", "--initial-branch=main", &at]).await?;
    runner.feed(&["-C", &at, "fast-import", "--quiet"], stream(shape).into_bytes()).await?;
    runner.git(&["-C", &at, "repack", "-adq"]).await?;
    let mut tips = Vec::new();
    for branch in ["refs/heads/main", "refs/heads/topic"] {
        let (said, _) = runner.feed(&["-C", &at, "rev-parse", branch], Vec::new()).await?;
        tips.push(String::from_utf8(said)?.trim().parse()?);
    }

    let mut report = Report::new(format!("A rebase of {commits} commits on {upstream} others, among {files} files"));
    report.row("git rebase", in_worktrees(&runner, common.runs, dir.path(), &at).await?, "in a working tree");
    let volatile = tempfile::Builder::new().prefix("refray-bench-").tempdir_in(memory);
    match &volatile {
        Ok(folder) => {
            let times = in_worktrees(&runner, common.runs, folder.path(), &at).await?;
            report.row("git rebase, in memory", times, format!("in a working tree in {}", memory.display()));
        }
        Err(error) => report.row("git rebase, in memory", Vec::new(), format!("{}: {error}", memory.display())),
    }
    let mut times = Vec::new();
    let mut result = None;
    for run in 0..common.runs {
        // A mirror of its own for each run: nothing that an earlier one wrote may help.
        let path = dir.path().join(format!("mirror-{run}"));
        runner.git(&["clone", "-q", "--mirror", "--no-local", &at, &path.to_string_lossy()]).await?;
        let started = Instant::now();
        let mirror = Mirror::open(&path)?;
        let Combined::Tip(tip) = rebase(&mirror, &tips)? else {
            return Err("the commits could not be replayed".into());
        };
        times.push(started.elapsed());
        let tree = format!("{tip}^{{tree}}");
        let (tree, _) = runner.feed(&["-C", &path.to_string_lossy(), "rev-parse", &tree], Vec::new()).await?;
        result = Some(String::from_utf8(tree)?);
    }
    let (own, _) = runner
        .feed(&["-C", &dir.path().join("work-0").to_string_lossy(), "rev-parse", "HEAD^{tree}"], Vec::new())
        .await?;
    if result.is_some_and(|result| result.as_bytes() != own) {
        return Err("refray and git do not come to the same tree".into());
    }
    report.row("refray", times, "in a bare mirror, written out");
    report.print();
    Ok(())
}

async fn in_worktrees(runner: &Runner, runs: usize, folder: &Path, origin: &str) -> Result<Vec<Duration>, Error> {
    let mut times = Vec::new();
    for run in 0..runs {
        let work = folder.join(format!("work-{run}")).to_string_lossy().into_owned();
        runner.git(&["clone", "-q", "--branch=topic", origin, &work]).await?;
        times.push(runner.git(&["-C", &work, "rebase", "-q", "origin/main"]).await?);
    }
    Ok(times)
}

/// Returns a stream of a ground of many files, and of two branches that change other lines of them, some in the same
/// files.
fn stream(Shape { files, commits, upstream }: Shape) -> String {
    let lines = |number: usize, head: &str, tail: &str| {
        let middle = (0..20).fold(String::new(), |mut text, line| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "line {line} of file {number}");
            text
        });
        format!("{head}\n{middle}{tail}\n")
    };
    let path = |number: usize| format!("part{}/dir{}/file{number}.txt", number % 20, number % 400);
    let mut text = String::new();
    let mut put = |arguments: std::fmt::Arguments<'_>| {
        let _ = text.write_fmt(arguments);
    };
    let file = |put: &mut dyn FnMut(std::fmt::Arguments<'_>), number: usize, content: &str| {
        put(format_args!("M 100644 inline {}\ndata {}\n{content}\n", path(number), content.len()));
    };
    let who = "committer Bench <bench@example.org>";
    put(format_args!("commit refs/heads/main\nmark :1\n{who} 1600000000 +0000\ndata 7\nground\n"));
    for number in 0..files {
        file(&mut put, number, &lines(number, "head", "tail"));
    }
    for number in 0..upstream {
        let time = 1_600_001_000 + number;
        put(format_args!("commit refs/heads/main\n{who} {time} +0000\ndata 9\nupstream\n\n"));
        // Every third one changes a file that the other branch changes too.
        let target = if number % 3 == 0 { number * 7 % files } else { (number * 13 + 5) % files };
        file(&mut put, target, &lines(target, "upstream", "tail"));
    }
    for number in 0..commits {
        let time = 1_600_002_000 + number;
        let from = if number == 0 { "from :1\n" } else { "" };
        put(format_args!("commit refs/heads/topic\n{who} {time} +0000\ndata 6\ntopic\n{from}"));
        let target = number * 7 % files;
        file(&mut put, target, &lines(target, "head", &format!("topic {number}")));
    }
    text
}
