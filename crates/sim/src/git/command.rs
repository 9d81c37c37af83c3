//! Starting git with nothing of the machine's own configuration.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use crate::world::{GitError, Signature};

/// What every git child is given besides `PATH`. A simulated forge obeys no configuration of the machine it runs on.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("LC_ALL", "C"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_CONFIG_COUNT", "10"),
    ("GIT_CONFIG_KEY_0", "safe.directory"),
    ("GIT_CONFIG_VALUE_0", "*"),
    ("GIT_CONFIG_KEY_1", "gc.auto"),
    ("GIT_CONFIG_VALUE_1", "0"),
    ("GIT_CONFIG_KEY_2", "receive.autogc"),
    ("GIT_CONFIG_VALUE_2", "false"),
    // Forges serve any object that a ref of theirs once led to, which is what partial clones and LFS tools lean on.
    ("GIT_CONFIG_KEY_3", "uploadpack.allowAnySHA1InWant"),
    ("GIT_CONFIG_VALUE_3", "true"),
    ("GIT_CONFIG_KEY_4", "uploadpack.allowFilter"),
    ("GIT_CONFIG_VALUE_4", "true"),
    // Deleting what HEAD names is for the forge's own rules to refuse, in its own words.
    ("GIT_CONFIG_KEY_5", "receive.denyDeleteCurrent"),
    ("GIT_CONFIG_VALUE_5", "ignore"),
    ("GIT_CONFIG_KEY_6", "receive.advertiseAtomic"),
    ("GIT_CONFIG_VALUE_6", "true"),
    // What comes in stays the pack that it came in: one file, where each object would be a file and often a folder.
    ("GIT_CONFIG_KEY_7", "receive.unpackLimit"),
    ("GIT_CONFIG_VALUE_7", "1"),
    ("GIT_CONFIG_KEY_8", "fastimport.unpackLimit"),
    ("GIT_CONFIG_VALUE_8", "1"),
    // Nothing here is to survive the machine.
    ("GIT_CONFIG_KEY_9", "core.fsync"),
    ("GIT_CONFIG_VALUE_9", "none"),
];

/// Where git is. Started by its whole path, a child needs no copy of this process, which a search through `PATH` would
/// take: with many forges in one process that is most of what a child costs.
static GIT: LazyLock<PathBuf> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "git is looked for where a shell would")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Where there is none, the attempt to start it says so.
    std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file()).unwrap_or("git".into())
});

/// Returns git, to work in a folder.
pub(crate) fn git(folder: &Path) -> Command {
    program(&GIT, folder)
}

/// Returns a shell, to work in a folder.
pub(crate) fn shell(folder: &Path) -> Command {
    program(Path::new("/bin/sh"), folder)
}

/// Returns a command that works in a folder and that git, isolated from the machine's configuration, may run below.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator is a server of its own and shares no code with what it tests"
)]
fn program(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.env("HOME", folder).envs(ENVIRONMENT.iter().copied()).current_dir(folder);
    command
}

/// Runs git and returns what came of it, good or bad.
pub(crate) fn output(folder: &Path, args: &[&str], input: &[u8]) -> Result<Output, GitError> {
    output_as(folder, args, input, None)
}

fn output_as(folder: &Path, args: &[&str], input: &[u8], by: Option<&Signature>) -> Result<Output, GitError> {
    let start = |source| GitError::Start { verb: verb(args), source };
    let mut command = git(folder);
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    command.args(args).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(by) = by {
        let date = format!("{} +0000", by.time.as_second());
        command.envs([("GIT_AUTHOR_NAME", &by.name), ("GIT_COMMITTER_NAME", &by.name)]);
        command.envs([("GIT_AUTHOR_EMAIL", &by.email), ("GIT_COMMITTER_EMAIL", &by.email)]);
        command.envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)]);
    }
    let mut child = command.spawn().map_err(start)?;
    let mut stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // Fed from a thread of its own, as git may answer before it has read everything.
        scope.spawn(move || {
            if let Some(stdin) = stdin.as_mut() {
                // A child that has seen enough closes its input; its exit status tells whether that was right.
                drop(stdin.write_all(input));
            }
        });
        child.wait_with_output().map_err(start)
    })
}

/// Runs git and takes a bad exit status for an error.
pub(crate) fn checked(folder: &Path, args: &[&str], input: &[u8]) -> Result<Output, GitError> {
    checked_as(folder, args, input, None)
}

/// Runs git in somebody's name and takes a bad exit status for an error.
pub(crate) fn checked_as(
    folder: &Path,
    args: &[&str],
    input: &[u8],
    by: Option<&Signature>,
) -> Result<Output, GitError> {
    let output = output_as(folder, args, input, by)?;
    if output.status.success() { Ok(output) } else { Err(failed(&verb(args), &output)) }
}

/// Makes an error of a bad exit status.
pub(crate) fn failed(verb: &str, output: &Output) -> GitError {
    GitError::Failed { verb: verb.to_owned(), message: String::from_utf8_lossy(&output.stderr).trim().to_owned() }
}

fn verb(args: &[&str]) -> String {
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match *word {
            "-c" => drop(words.next()),
            word => return word.to_owned(),
        }
    }
    String::new()
}
