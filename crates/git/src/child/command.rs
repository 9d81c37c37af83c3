//! How a git process is set up.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::ChildError;
use super::git::Git;
use super::process::Child;

/// No command whose output is collected has a reason to write more.
const MAX_OUTPUT: usize = 256 << 20;

/// A git process that is about to be started.
pub(crate) struct Command {
    git: Git,
    verb: &'static str,
    repository: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(&'static str, OsString)>,
    serving: bool,
    limit: Option<Duration>,
}

impl Command {
    pub(crate) fn new(git: Git, verb: &'static str) -> Self {
        Self { git, verb, repository: None, args: Vec::new(), env: Vec::new(), serving: false, limit: None }
    }

    /// Works on the bare repository at `path`.
    pub(crate) fn repository(mut self, path: &Path) -> Self {
        self.repository = Some(path.to_owned());
        self
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.args.extend(args.into_iter().map(OsString::from));
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name, value.as_ref().to_owned()));
        self
    }

    /// Writes new objects to `objects` while reading those of `mirror` too.
    pub(crate) fn quarantine(self, objects: &Path, mirror: Option<&Path>) -> Self {
        let own = self.env("GIT_OBJECT_DIRECTORY", objects);
        match mirror {
            Some(path) => own.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quote_alternate(path)),
            None => own,
        }
    }

    /// Serves somebody's repository: its hooks and its configuration count, as they do for a push by a person, and git
    /// refuses a directory that belongs to somebody else.
    pub(crate) fn serving(mut self) -> Self {
        self.serving = true;
        self
    }

    #[cfg(test)]
    /// Ends the process when it takes longer than `limit`.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Starts the process with its stdout piped, and its stdin piped if `feed` is set, else closed.
    pub(crate) fn spawn(self, feed: bool) -> Result<Child, ChildError> {
        #[expect(clippy::disallowed_methods, reason = "this is the module that starts git")]
        let mut command = tokio::process::Command::new(self.git.binary());
        if let Some(repository) = &self.repository {
            command.arg("--git-dir").arg(repository);
        }
        command.arg(self.verb).args(&self.args);
        self.environment(&mut command);
        command
            .current_dir("/")
            .stdin(if feed { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        super::count();
        let child = command.spawn().map_err(|source| ChildError::Spawn { command: self.verb, source })?;
        Ok(Child::new(child, self.verb, self.limit.unwrap_or_else(|| self.git.time_limit())))
    }

    /// Runs the process to its end, feeding it `input`, and returns what it wrote to stdout.
    pub(crate) async fn run(self, input: Option<Vec<u8>>) -> Result<Vec<u8>, ChildError> {
        let verb = self.verb;
        let limit = self.limit.unwrap_or_else(|| self.git.time_limit());
        let mut child = self.spawn(input.is_some())?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take();
        let feed = async {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A process that does not read all of its input says why by its exit status.
                drop(stdin.write_all(&input).await);
                drop(stdin.shutdown().await);
            }
        };
        let collect = async {
            let mut output = Vec::new();
            if let Some(stdout) = stdout {
                stdout.take(MAX_OUTPUT as u64 + 1).read_to_end(&mut output).await?;
            }
            Ok::<_, std::io::Error>(output)
        };
        let both = async { tokio::join!(feed, collect).1 };
        let output = tokio::time::timeout(limit, both)
            .await
            .map_err(|_| ChildError::Timeout { command: verb, limit })?
            .map_err(|source| ChildError::Io { command: verb, source })?;
        if output.len() > MAX_OUTPUT {
            return Err(ChildError::TooMuch { command: verb, limit: MAX_OUTPUT });
        }
        child.succeed().await?;
        Ok(output)
    }

    fn environment(&self, command: &mut tokio::process::Command) {
        command.env_clear();
        command
            .env("PATH", self.git.path())
            .env("HOME", self.git.home())
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "/bin/false")
            .env("SSH_ASKPASS", "/bin/false");
        if !self.serving {
            // No child of refray's own has any business on the network.
            command.env("GIT_ALLOW_PROTOCOL", "none").env("GIT_NO_REPLACE_OBJECTS", "1");
            let safe = self.repository.as_ref().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
            let mut settings: Vec<(&str, OsString)> = vec![
                ("core.hooksPath", "/dev/null".into()),
                ("gc.auto", "0".into()),
                ("maintenance.auto", "false".into()),
                ("core.packedRefsTimeout", "60000".into()),
                ("core.filesRefLockTimeout", "10000".into()),
            ];
            if let Some(path) = safe {
                settings.push(("safe.directory", path.into_os_string()));
            }
            command.env("GIT_CONFIG_COUNT", settings.len().to_string());
            for (index, (key, value)) in settings.into_iter().enumerate() {
                command.env(format!("GIT_CONFIG_KEY_{index}"), key).env(format!("GIT_CONFIG_VALUE_{index}"), value);
            }
        }
        for (name, value) in &self.env {
            command.env(name, value);
        }
    }
}

/// Writes a path as an entry of `GIT_ALTERNATE_OBJECT_DIRECTORIES`, whose entries are separated by colons and may be quoted.
pub(crate) fn quote_alternate(path: &Path) -> OsString {
    let bytes = path.as_os_str().as_bytes();
    if !bytes.iter().any(|byte| matches!(byte, b':' | b'"' | b'\\' | b'\n')) {
        return path.as_os_str().to_owned();
    }
    let mut quoted = vec![b'"'];
    for byte in bytes {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', *byte]),
            b'\n' => quoted.extend(b"\\n"),
            _ => quoted.push(*byte),
        }
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_separators_are_quoted() {
        assert_eq!(quote_alternate(Path::new("/a b/c")), "/a b/c");
        assert_eq!(quote_alternate(Path::new("/a:b\"c\\")), "\"/a:b\\\"c\\\\\"");
    }

    #[tokio::test]
    async fn children_see_nothing_of_the_outside_and_are_counted() {
        let git = Git::discover().unwrap();
        let before = super::super::started();
        let output = git.command("config").args(["--list", "--show-origin"]).run(None).await.unwrap();
        assert!(super::super::started() > before);
        let text = String::from_utf8(output).unwrap();
        assert!(text.lines().all(|line| line.starts_with("command line:")), "{text}");
        assert!(text.contains("core.hookspath=/dev/null"), "{text}");
    }

    #[tokio::test]
    async fn a_failure_names_the_command_and_what_it_said() {
        let git = Git::discover().unwrap();
        let error = git.command("rev-parse").arg("--no-such").repository(Path::new("/nonexistent")).run(None).await;
        let Err(ChildError::Failed { command, status, stderr }) = error else { panic!("{error:?}") };
        assert_eq!((command, status.code()), ("rev-parse", Some(128)));
        assert!(stderr.contains("not a git repository"), "{stderr}");
    }

    #[tokio::test]
    async fn a_process_that_takes_too_long_is_ended() {
        let git = Git::discover().unwrap();
        // Waits for a stdin that stays open.
        let mut child =
            git.command("hash-object").arg("--stdin").limit(Duration::from_millis(100)).spawn(true).unwrap();
        let pid = child.id().unwrap();
        let _open = child.stdin.take();
        let error = child.succeed().await.unwrap_err();
        assert!(matches!(error, ChildError::Timeout { .. }), "{error}");
        drop(child);
        for _ in 0..100 {
            if !Path::new(&format!("/proc/{pid}")).exists() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the process is still there");
    }
}
