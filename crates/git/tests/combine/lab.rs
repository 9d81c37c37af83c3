//! A repository in which histories are made, and a mirror that borrows its objects.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use refray_core::{ObjectFormat, Oid};
use refray_git::Mirror;
use refray_git::combine::{self, Combined, MergeMessage, Obstacle};

use crate::common::{Repo, World};

/// A path, and the mode and content of what is there.
pub(crate) type Files = BTreeMap<String, (u32, Vec<u8>)>;

pub(crate) struct Lab {
    pub(crate) world: World,
    pub(crate) repo: Repo,
    pub(crate) mirror: Arc<Mirror>,
    format: ObjectFormat,
}

/// Makes a tree of plain files.
pub(crate) fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, content)| ((*path).to_owned(), (0o100_644, content.as_bytes().to_vec()))).collect()
}

/// Returns `count` lines that differ from those of any other `name`.
pub(crate) fn text(name: &str, count: usize) -> String {
    (0..count).map(|line| format!("line {line} of {name}\n")).collect()
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with(ObjectFormat::Sha1)
    }

    pub(crate) fn with(format: ObjectFormat) -> Self {
        let world = World::new();
        let repo = world.bare("work.git", format);
        let mirror = world.mirror("mirror", format);
        let borrowed = format!("{}\n", repo.path.join("objects").display());
        #[expect(clippy::disallowed_methods, reason = "a file in a folder that nobody else knows")]
        fs::write(mirror.path().join("objects/info/alternates"), borrowed).unwrap();
        let mirror = Arc::new(Mirror::open(mirror.path()).unwrap());
        Self { world, repo, mirror, format }
    }

    /// Runs git on the mirror.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        Repo { path: self.mirror.path().to_owned() }.git(args)
    }

    pub(crate) fn tree(&self, files: &Files) -> String {
        let mut script =
            b"commit refs/heads/scratch\ncommitter C <c@example.com> 1 +0000\ndata 0\ndeleteall\n".to_vec();
        write_files(&mut script, files);
        self.repo.try_git(["fast-import", "--quiet", "--force"], &script).unwrap();
        self.repo.git(["rev-parse", "refs/heads/scratch^{tree}"])
    }

    /// Makes a commit that says `what`; its dates follow from that.
    pub(crate) fn commit(&self, what: &str, parents: &[Oid], files: &Files) -> Oid {
        let date = 1_700_000_000 + what.bytes().fold(0_u64, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte));
        let rest = format!(
            "author Au Thor <{what}@example.com> {date} +0130\ncommitter Com Mitter <c@example.com> {} -0500\n\n{what}\n",
            date + 5
        );
        self.raw(parents, files, rest.as_bytes())
    }

    /// Makes a commit of which all but tree and parents is given.
    pub(crate) fn raw(&self, parents: &[Oid], files: &Files, rest: &[u8]) -> Oid {
        let mut data = format!("tree {}\n", self.tree(files)).into_bytes();
        for parent in parents {
            data.extend_from_slice(format!("parent {parent}\n").as_bytes());
        }
        data.extend_from_slice(rest);
        self.repo.try_git(["hash-object", "-t", "commit", "-w", "--stdin"], &data).unwrap().parse().unwrap()
    }

    pub(crate) fn rebase(&self, tips: &[Oid]) -> Result<Oid, Obstacle> {
        let once = self.outcome(combine::rebase(&self.mirror, tips).unwrap());
        assert_eq!(once, self.outcome(combine::rebase(&self.mirror, tips).unwrap()), "the same again");
        once
    }

    pub(crate) fn merge(&self, tips: &[Oid]) -> Result<Oid, Obstacle> {
        self.outcome(combine::merge(&self.mirror, tips, &MergeMessage::new("Join them")).unwrap())
    }

    fn outcome(&self, combined: Combined) -> Result<Oid, Obstacle> {
        match combined {
            Combined::Tip(oid) => {
                assert_eq!(oid.format(), self.format);
                Ok(oid)
            }
            Combined::NotPossible(obstacle) => Err(obstacle),
        }
    }

    /// Says what a commit's files hold.
    pub(crate) fn show(&self, oid: Oid) -> BTreeMap<String, String> {
        let list = self.git(&["ls-tree", "-r", &oid.to_string()]);
        list.lines()
            .map(|line| {
                let (meta, path) = line.split_once('\t').unwrap();
                let words: Vec<_> = meta.split(' ').collect();
                let content =
                    if words[1] == "blob" { self.git(&["cat-file", "blob", words[2]]) } else { words[2].to_owned() };
                (path.to_owned(), format!("{} {content}", words[0]))
            })
            .collect()
    }

    /// Lists the messages of what `tip` has beyond `base`, oldest first.
    pub(crate) fn subjects(&self, tip: Oid, base: Oid) -> Vec<String> {
        let log = self.git(&["log", "--reverse", "--topo-order", "--format=%s", &format!("{base}..{tip}")]);
        log.lines().map(str::to_owned).collect()
    }
}

/// Writes files as `git fast-import` takes them.
pub(crate) fn write_files(script: &mut Vec<u8>, files: &Files) {
    for (path, (mode, content)) in files {
        if *mode == 0o160_000 {
            script.extend_from_slice(format!("M 160000 {} {path}\n", String::from_utf8_lossy(content)).as_bytes());
            continue;
        }
        script.extend_from_slice(format!("M {mode:o} inline {path}\ndata {}\n", content.len()).as_bytes());
        script.extend_from_slice(content);
        script.push(b'\n');
    }
    script.push(b'\n');
}
