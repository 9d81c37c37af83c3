use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Commit, GitError, ObjectFormat, Signature, stored};
use crate::git::command;

/// A ref and what it points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefEntry {
    /// The full name.
    pub name: String,
    /// The id it holds.
    pub oid: String,
    /// What the id is of: `commit`, `tag`, ...
    pub kind: String,
    /// What an annotated tag points at in the end.
    pub peeled: Option<String>,
}

impl RefEntry {
    /// Returns the commit behind the ref.
    #[must_use]
    pub fn commit(&self) -> &str {
        self.peeled.as_deref().unwrap_or(&self.oid)
    }

    /// Returns the name without `refs/heads/` or `refs/tags/`.
    #[must_use]
    pub fn short(&self) -> &str {
        let name = self.name.as_str();
        name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")).unwrap_or(name)
    }
}

/// How a merge came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The tree that both sides agree on.
    Tree(String),
    /// Both sides changed the same lines.
    Conflict,
}

/// A bare repository on disk. Its methods block for as long as a git child runs.
#[derive(Clone, Debug)]
pub struct Bare {
    path: PathBuf,
}

/// Between the fields of a commit, and before and after all of them.
const FORMAT: &str = "--format=%x1e%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%at%x1f%cn%x1f%ce%x1f%ct%x1f%B%x1d";

impl Bare {
    /// Returns the repository in this folder.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes an empty repository without starting a process, as sites with thousands of them are made in tests.
    ///
    /// # Errors
    ///
    /// Fails when the files cannot be written.
    #[expect(clippy::disallowed_methods, reason = "a simulated forge's repositories live no longer than the simulator")]
    pub fn init(&self, format: ObjectFormat, branch: &str) -> Result<(), GitError> {
        let at = |path: PathBuf| move |source| GitError::File { path, source };
        for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags", "hooks", "info"] {
            let folder = self.path.join(folder);
            fs::create_dir_all(&folder).map_err(at(folder))?;
        }
        let config = match format {
            ObjectFormat::Sha1 => {
                "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n".to_owned()
            }
            ObjectFormat::Sha256 => "[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n\tbare = true\n\
                 [extensions]\n\tobjectformat = sha256\n"
                .to_owned(),
        };
        for (file, text) in [("config", config), ("HEAD", format!("ref: refs/heads/{branch}\n"))] {
            let file = self.path.join(file);
            fs::write(&file, text).map_err(at(file))?;
        }
        Ok(())
    }

    /// Lets HEAD name a branch.
    ///
    /// # Errors
    ///
    /// Fails when HEAD cannot be written.
    #[expect(clippy::disallowed_methods, reason = "git reads HEAD as a whole, and it is shorter than a block")]
    pub fn set_head(&self, branch: &str) -> Result<(), GitError> {
        let path = self.path.join("HEAD");
        fs::write(&path, format!("ref: refs/heads/{branch}\n")).map_err(|source| GitError::File { path, source })
    }

    /// Lists the refs under these prefixes, sorted by name.
    ///
    /// # Errors
    ///
    /// Fails when git does.
    pub fn refs(&self, prefixes: &[&str]) -> Result<Vec<RefEntry>, GitError> {
        let mut args = vec!["for-each-ref", "--format=%(refname) %(objectname) %(objecttype) %(*objectname)"];
        args.extend(prefixes);
        let listing = self.run(&args)?;
        Ok(listing.lines().filter_map(parse_ref).collect())
    }

    /// Returns the id that a ref or expression stands for.
    ///
    /// # Errors
    ///
    /// Fails when git cannot be started.
    pub fn resolve(&self, name: &str) -> Result<Option<String>, GitError> {
        if let Some(known) = stored::oid(&self.path, name) {
            return Ok(known);
        }
        let output = command::output(&self.path, &["rev-parse", "--verify", "--quiet", "--end-of-options", name], b"")?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        // The switch that ends the options is echoed by some versions of git.
        let oid = text.lines().last().unwrap_or_default().to_owned();
        Ok((output.status.success() && !oid.is_empty()).then_some(oid))
    }

    /// Returns the tip of a branch.
    ///
    /// # Errors
    ///
    /// Fails when git cannot be started.
    pub fn branch(&self, name: &str) -> Result<Option<String>, GitError> {
        self.resolve(&format!("refs/heads/{name}"))
    }

    /// Returns a commit with the files it changed.
    ///
    /// # Errors
    ///
    /// Fails when there is no such commit.
    pub fn commit(&self, oid: &str) -> Result<Commit, GitError> {
        let commit = self.log(&[oid], 1)?.pop();
        commit.ok_or_else(|| GitError::Answer { verb: "log".to_owned() })
    }

    /// Returns commits, newest first, for arguments such as `old..new` or `new --not --branches`.
    ///
    /// # Errors
    ///
    /// Fails when git does.
    pub fn log(&self, range: &[&str], most: usize) -> Result<Vec<Commit>, GitError> {
        let most = format!("--max-count={most}");
        let mut args = vec!["-c", "core.quotePath=false", "log", FORMAT, &most];
        args.extend(["--name-status", "--no-renames", "--root", "--diff-merges=first-parent"]);
        args.extend(range);
        args.push("--");
        let text = self.run(&args)?;
        text.split('\u{1e}')
            .skip(1)
            .map(|entry| parse_commit(entry).ok_or_else(|| GitError::Answer { verb: "log".to_owned() }))
            .collect()
    }

    /// Counts the commits of a range.
    ///
    /// # Errors
    ///
    /// Fails when git does.
    pub fn count(&self, range: &[&str]) -> Result<u64, GitError> {
        let mut args = vec!["rev-list", "--count"];
        args.extend(range);
        let text = self.run(&args)?;
        text.trim().parse().map_err(|_| GitError::Answer { verb: "rev-list".to_owned() })
    }

    /// Tells whether one commit is the other or comes before it.
    ///
    /// # Errors
    ///
    /// Fails when git cannot be started.
    pub fn is_ancestor(&self, ancestor: &str, descendant: &str) -> Result<bool, GitError> {
        let output = command::output(&self.path, &["merge-base", "--is-ancestor", ancestor, descendant], b"")?;
        Ok(output.status.success())
    }

    /// Returns the best common ancestor of two commits.
    ///
    /// # Errors
    ///
    /// Fails when git cannot be started.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<Option<String>, GitError> {
        let output = command::output(&self.path, &["merge-base", one, other], b"")?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(output.status.success().then_some(text))
    }

    /// Moves, makes (`old` of zeros) or deletes (`new` of zeros) refs, each only if it is where it is expected.
    ///
    /// # Errors
    ///
    /// Fails when one of them has moved; then none is changed.
    pub fn update_refs(&self, updates: &[(String, String, String)]) -> Result<(), GitError> {
        let mut input = String::new();
        for (name, old, new) in updates {
            let gone = new.bytes().all(|byte| byte == b'0');
            let line = if gone { format!("delete {name} {old}\n") } else { format!("update {name} {new} {old}\n") };
            input.push_str(&line);
        }
        command::checked(&self.path, &["update-ref", "--stdin"], input.as_bytes()).map(drop)
    }

    /// Sets a ref, whatever it held.
    ///
    /// # Errors
    ///
    /// Fails when git refuses.
    pub fn force_ref(&self, name: &str, oid: &str) -> Result<(), GitError> {
        self.run(&["update-ref", name, oid]).map(drop)
    }

    /// Deletes a ref, whatever it held.
    ///
    /// # Errors
    ///
    /// Fails when git refuses.
    pub fn delete_ref(&self, name: &str) -> Result<(), GitError> {
        self.run(&["update-ref", "-d", name]).map(drop)
    }

    /// Tries to merge two commits without touching any ref.
    ///
    /// # Errors
    ///
    /// Fails when git fails otherwise than by a conflict.
    pub fn merge_trees(&self, ours: &str, theirs: &str) -> Result<Merge, GitError> {
        let output = command::output(&self.path, &["merge-tree", "--write-tree", "--no-messages", ours, theirs], b"")?;
        let text = String::from_utf8_lossy(&output.stdout);
        match output.status.code() {
            Some(0) => Ok(Merge::Tree(text.trim().to_owned())),
            Some(1) => Ok(Merge::Conflict),
            _ => Err(command::failed("merge-tree", &output)),
        }
    }

    /// Makes a commit of a tree and returns its id. Author and committer are the same.
    ///
    /// # Errors
    ///
    /// Fails when git refuses.
    pub fn commit_tree(&self, tree: &str, parents: &[&str], message: &str, by: &Signature) -> Result<String, GitError> {
        let mut args = vec!["commit-tree", tree];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        let output = command::checked_as(&self.path, &args, message.as_bytes(), Some(by))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Adds a commit with these files to a branch, which is made when it is not there, and returns the commit's id.
    ///
    /// # Errors
    ///
    /// Fails when git refuses.
    pub fn commit_files(
        &self,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
        by: &Signature,
    ) -> Result<String, GitError> {
        let parent = self.branch(branch)?;
        let time = by.time.as_second();
        let who = format!("{} <{}> {time} +0000", by.name, by.email);
        let mut stream = Vec::new();
        let mut line = |text: String| {
            stream.extend_from_slice(text.as_bytes());
            stream.push(b'\n');
        };
        line(format!("commit refs/heads/{branch}"));
        line(format!("author {who}"));
        line(format!("committer {who}"));
        line(format!("data {}", message.len()));
        line(message.to_owned());
        if let Some(parent) = parent {
            line(format!("from {parent}"));
        }
        for (path, content) in files {
            line(format!("M 100644 inline {path}"));
            line(format!("data {}", content.len()));
            line((*content).to_owned());
        }
        line(String::new());
        self.import(&stream)?;
        self.branch(branch)?.ok_or_else(|| GitError::Answer { verb: "fast-import".to_owned() })
    }

    /// Feeds a stream to `git fast-import`, for histories of any shape.
    ///
    /// # Errors
    ///
    /// Fails when git refuses the stream.
    pub fn import(&self, stream: &[u8]) -> Result<(), GitError> {
        command::checked(&self.path, &["fast-import", "--quiet", "--force"], stream).map(drop)
    }

    /// Tells whether there is a branch or a tag.
    ///
    /// # Errors
    ///
    /// Fails when git does.
    pub fn has_refs(&self) -> Result<bool, GitError> {
        let text = self.run(&["for-each-ref", "--count=1", "--format=%(refname)", "refs/heads", "refs/tags"])?;
        Ok(!text.is_empty())
    }

    /// Returns the branch that HEAD names.
    ///
    /// # Errors
    ///
    /// Fails when HEAD is detached or unreadable.
    pub fn head(&self) -> Result<String, GitError> {
        match stored::head(&self.path) {
            Some(branch) => Ok(branch),
            None => Ok(self.run(&["symbolic-ref", "--short", "HEAD"])?.trim().to_owned()),
        }
    }

    fn run(&self, args: &[&str]) -> Result<String, GitError> {
        let output = command::checked(&self.path, args, b"")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn parse_ref(line: &str) -> Option<RefEntry> {
    let mut fields = line.split(' ');
    let (name, oid, kind) = (fields.next()?, fields.next()?, fields.next()?);
    let peeled = fields.next().filter(|oid| !oid.is_empty()).map(str::to_owned);
    Some(RefEntry { name: name.to_owned(), oid: oid.to_owned(), kind: kind.to_owned(), peeled })
}

fn parse_commit(entry: &str) -> Option<Commit> {
    let (head, files) = entry.split_once('\u{1d}')?;
    let fields: Vec<&str> = head.splitn(10, '\u{1f}').collect();
    let [oid, tree, parents, an, ae, at, cn, ce, ct, message] = fields.as_slice() else { return None };
    let signature = |name: &str, email: &str, time: &str| {
        let time = Timestamp::from_second(time.parse().ok()?).ok()?;
        Some(Signature { name: name.to_owned(), email: email.to_owned(), time })
    };
    let mut commit = Commit {
        oid: (*oid).to_owned(),
        tree: (*tree).to_owned(),
        parents: parents.split_whitespace().map(str::to_owned).collect(),
        author: signature(an, ae, at)?,
        committer: signature(cn, ce, ct)?,
        message: (*message).to_owned(),
        added: Vec::new(),
        removed: Vec::new(),
        modified: Vec::new(),
    };
    for line in files.lines() {
        let Some((status, path)) = line.split_once('\t') else { continue };
        let list = match status {
            "A" => &mut commit.added,
            "D" => &mut commit.removed,
            _ => &mut commit.modified,
        };
        list.push(path.to_owned());
    }
    Some(commit)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Bare, Merge};
    use crate::world::{ObjectFormat, Signature};

    fn somebody() -> Signature {
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        Signature { name: "A U Thor".to_owned(), email: "author@example.com".to_owned(), time }
    }

    #[test]
    fn commits_are_made_read_and_merged_in_both_formats() {
        for (format, length) in [(ObjectFormat::Sha1, 40), (ObjectFormat::Sha256, 64)] {
            let dir = tempfile::tempdir().unwrap();
            let bare = Bare::at(dir.path().join("r.git"));
            bare.init(format, "main").unwrap();
            assert!(!bare.has_refs().unwrap());
            let root = bare.commit_files("main", &[("a", "1\n"), ("b", "1\n")], "root\n\nbody\n", &somebody()).unwrap();
            assert_eq!(root.len(), length);
            bare.force_ref("refs/heads/side", &root).unwrap();
            let main = bare.commit_files("main", &[("a", "2\n")], "main", &somebody()).unwrap();
            let side = bare.commit_files("side", &[("b", "2\n"), ("ü x", "\n")], "side", &somebody()).unwrap();
            let read = bare.commit(&side).unwrap();
            assert_eq!(
                (read.added, read.modified, read.parents),
                (vec!["ü x".to_owned()], vec!["b".to_owned()], vec![root.clone()])
            );
            assert_eq!(bare.commit(&root).unwrap().message, "root\n\nbody\n");
            assert_eq!(bare.merge_base(&main, &side).unwrap().as_deref(), Some(root.as_str()));
            assert!(bare.is_ancestor(&root, &side).unwrap() && !bare.is_ancestor(&main, &side).unwrap());
            let Merge::Tree(tree) = bare.merge_trees(&main, &side).unwrap() else { panic!("these do not conflict") };
            let merged = bare.commit_tree(&tree, &[&main, &side], "merge", &somebody()).unwrap();
            assert_eq!(bare.commit(&merged).unwrap().parents, [main.clone(), side.clone()]);
            bare.force_ref("refs/heads/other", &root).unwrap();
            let other = bare.commit_files("other", &[("a", "3\n")], "other", &somebody()).unwrap();
            assert_eq!(bare.merge_trees(&main, &other).unwrap(), Merge::Conflict);
            let names: Vec<_> = bare.refs(&["refs/heads"]).unwrap().into_iter().map(|it| it.name).collect();
            assert_eq!(names, ["refs/heads/main", "refs/heads/other", "refs/heads/side"]);
            let tips = |bare: &Bare| ["main", "other", "side"].map(|name| bare.branch(name).unwrap());
            let loose = tips(&bare);
            assert_eq!(loose, [Some(main.clone()), Some(other), Some(side.clone())]);
            bare.run(&["pack-refs", "--all", "--prune"]).unwrap();
            assert_eq!(tips(&bare), loose);
            assert_eq!((bare.branch("none").unwrap(), bare.branch("../heads/main").unwrap()), (None, None));
            assert_eq!(bare.resolve("refs/heads/main^{commit}").unwrap().as_ref(), Some(&main));
            let stale = vec![("refs/heads/main".to_owned(), root.clone(), side.clone())];
            assert!(bare.update_refs(&stale).is_err());
        }
    }
}
