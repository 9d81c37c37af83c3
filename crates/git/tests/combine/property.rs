//! Made-up histories: what git makes of them is what refray makes of them, or refray leaves them alone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use refray_core::Oid;
use refray_git::combine::Obstacle;

use crate::lab::Lab;
use crate::story::{Story, story};

/// How often something came out, by name.
#[derive(Default)]
struct Tally(RefCell<BTreeMap<String, usize>>);

impl Tally {
    fn count(&self, what: &str) {
        *self.0.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }

    fn of(&self, what: &str) -> usize {
        self.0.borrow().iter().filter(|(name, _)| name.starts_with(what)).map(|(_, count)| count).sum()
    }
}

struct Ground {
    lab: Lab,
    worktree: PathBuf,
}

impl Ground {
    fn new() -> Self {
        let lab = Lab::new();
        let worktree = lab.world.path("worktree");
        std::fs::create_dir(&worktree).unwrap();
        // Nothing but time is saved by these.
        for (key, value) in [("core.fsync", "none"), ("gc.auto", "0"), ("index.threads", "1"), ("core.bare", "false")] {
            lab.repo.git(["config", key, value]);
        }
        Self { lab, worktree }
    }

    fn work(&self, args: &[&str]) -> Result<String, String> {
        let worktree = self.worktree.to_str().unwrap();
        let place = ["-C", worktree, "--work-tree", worktree];
        self.lab.repo.try_git(place.iter().chain(args), b"")
    }

    fn play(&self, story: &Story) -> (Oid, Oid) {
        self.lab.repo.try_git(["fast-import", "--quiet", "--force"], &story.stream()).unwrap();
        (self.lab.repo.oid("refs/heads/ours"), self.lab.repo.oid("refs/heads/theirs"))
    }

    /// Replays `tip` on `base` with git, and lists what it has made.
    fn rebase(&self, base: Oid, tip: Oid) -> Option<String> {
        let (base, tip) = (base.to_string(), tip.to_string());
        self.work(&["checkout", "-q", "-f", "--detach", &tip]).unwrap();
        match self.work(&["rebase", "-q", &base]) {
            Ok(_) => Some(self.lab.repo.git(["log", "--reverse", FORMAT, &format!("{base}..HEAD")])),
            Err(_) => {
                self.work(&["rebase", "--abort"]).unwrap();
                self.work(&["clean", "-f", "-f", "-d", "-x", "-q"]).unwrap();
                None
            }
        }
    }
}

/// All but the committer, whom git replaces.
const FORMAT: &str = "--format=%T %an %ae %ad %B";

/// Says whether it is no mistake to leave alone what git combines. Git follows no renamed directory into one that the other
/// side has renamed too.
fn is_careful(obstacle: &Obstacle) -> bool {
    matches!(obstacle, Obstacle::Unclear { .. } | Obstacle::AlmostPresent(_) | Obstacle::DirectoryRename { .. })
}

fn compare(tally: &Tally, what: &str, git: Option<&str>, own: Result<String, Obstacle>) -> Result<(), TestCaseError> {
    match (git, own) {
        (Some(git), Ok(own)) if git == own => tally.count(&format!("{what} done")),
        (None, Err(_)) => tally.count(&format!("{what} refused by both")),
        (Some(_), Err(obstacle)) if is_careful(&obstacle) => {
            let name = format!("{obstacle:?}");
            let name = name.split([' ', '(']).next().unwrap_or_default();
            tally.count(&format!("{what} left alone: {name}"));
        }
        (git, own) => return Err(TestCaseError::fail(format!("{what}\ngit: {git:#?}\nrefray: {own:#?}"))),
    }
    Ok(())
}

/// How many cases proptest makes where nothing else is said.
const UNASKED: u32 = 256;

fn run(cases: u32, test: impl Fn(&Ground, &Tally, &Story) -> Result<(), TestCaseError>) -> Tally {
    let ground = Ground::new();
    let tally = Tally::default();
    let config = Config { failure_persistence: None, ..Config::default() };
    // Always the same histories, unless the environment asks for another number of them.
    let mut runner = if config.cases == UNASKED {
        TestRunner::new_with_rng(Config { cases, ..config }, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
    } else {
        TestRunner::new(config)
    };
    if let Err(error) = runner.run(&story(), |story| test(&ground, &tally, &story)) {
        panic!("{error}");
    }
    tally
}

/// Checks that hardly anything is left alone that git combines.
fn check_share(tally: &Tally, what: &str) {
    let (done, alone) = (tally.of(&format!("{what} done")), tally.of(&format!("{what} left alone")));
    assert!(alone * 10 <= done, "{:#?}", tally.0.borrow());
}

#[test]
fn a_rebase_is_what_git_makes_of_it() {
    let tally = run(30, |ground, tally, story| {
        let (ours, theirs) = ground.play(story);
        let git = ground.rebase(ours, theirs);
        let own = ground
            .lab
            .rebase(&[ours, theirs])
            .map(|tip| ground.lab.git(&["log", "--reverse", FORMAT, &format!("{ours}..{tip}")]));
        compare(tally, "rebase", git.as_deref(), own)
    });
    println!("{:#?}", tally.0.borrow());
    check_share(&tally, "rebase");
}

#[test]
fn a_merge_is_what_git_makes_of_it() {
    let tally = run(120, |ground, tally, story| {
        let (ours, theirs) = ground.play(story);
        let merged =
            ground.lab.repo.try_git(["merge-tree", "--write-tree", &ours.to_string(), &theirs.to_string()], b"");
        let own = ground.lab.merge(&[ours, theirs]);
        let own = own.map(|tip| ground.lab.git(&["rev-parse", &format!("{tip}^{{tree}}")]));
        compare(tally, "merge", merged.ok().as_deref(), own)
    });
    println!("{:#?}", tally.0.borrow());
    check_share(&tally, "merge");
}
