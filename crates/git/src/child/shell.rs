//! The user's own command lines.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::ChildStdout;

use super::error::ChildError;
use super::process::Child;

/// How long a command line may take: enough to touch a security key.
pub const SHELL_TIME_LIMIT: Duration = Duration::from_secs(60);

/// Nothing that a command line is run for is longer.
const MAX_OUTPUT: usize = 64 << 10;

/// How long the rest of the output is waited for when the command line has ended. Something that it left running, such as
/// an agent, may hold its stdout open.
const LINGER: Duration = Duration::from_millis(500);

/// A command line that did not do its work. Never holds what it wrote to stdout, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// There is no shell.
    #[error("`sh` could not be started")]
    Spawn(#[source] io::Error),
    /// It ended with a failure.
    #[error("it ended with {status}{}", said(stderr))]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The end of what it wrote to stderr; empty when a part of that was in its stdout too.
        stderr: String,
    },
    /// It did not end in time, and was ended.
    #[error("it was ended because it took longer than {} s; it must not ask for anything on the terminal", limit.as_secs_f32())]
    Timeout {
        /// The limit that it exceeded.
        limit: Duration,
    },
    /// Its output could not be read.
    #[error("its output could not be read")]
    Io(#[source] io::Error),
    /// It wrote more than it has any reason to, and was ended.
    #[error("it wrote more than {limit} bytes")]
    TooMuch {
        /// The limit.
        limit: usize,
    },
    /// Its output is not UTF-8.
    #[error("its output is not UTF-8")]
    NotText,
}

fn said(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(": {stderr}") }
}

/// Runs a command line of the user's by `sh -c` and returns what it wrote to stdout.
///
/// It has the environment and the working directory of this process, because it is a program of the user's own, but no
/// stdin and not the terminal's process group: it cannot wait for anybody to type. When it takes longer than `limit`, or
/// nobody waits for it any more, it is ended with everything that it started.
///
/// # Errors
/// It could not be started, failed, took too long, or wrote too much or no text.
pub async fn shell(line: &str, limit: Duration) -> Result<String, ShellError> {
    #[expect(clippy::disallowed_methods, reason = "this is the module that starts processes")]
    let mut command = tokio::process::Command::new("sh");
    command
        .arg("-c")
        .arg(line)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = Child::new(command.spawn().map_err(ShellError::Spawn)?, "sh", limit);
    // Leaving this drops the child, and that ends its whole group.
    let (output, status, stderr) =
        tokio::time::timeout(limit, finish(&mut child)).await.map_err(|_| ShellError::Timeout { limit })??;
    if !status.success() {
        let stderr = if shares_a_line(&output, &stderr) { String::new() } else { stderr };
        return Err(ShellError::Failed { status, stderr });
    }
    String::from_utf8(output).map_err(|_| ShellError::NotText)
}

/// Waits for the end, reading all the while.
async fn finish(child: &mut Child) -> Result<(Vec<u8>, ExitStatus, String), ShellError> {
    let mut output = Vec::new();
    let mut stdout = child.stdout.take();
    let ended = {
        let reading = read(&mut stdout, &mut output);
        let ending = child.finish();
        tokio::pin!(reading, ending);
        tokio::select! {
            read = &mut reading => {
                read?;
                ending.await
            }
            ended = &mut ending => {
                tokio::time::timeout(LINGER, reading).await.unwrap_or(Ok(()))?;
                ended
            }
        }
    };
    let (status, stderr) = ended.map_err(|error| match error {
        ChildError::Timeout { limit, .. } => ShellError::Timeout { limit },
        ChildError::Spawn { source, .. } | ChildError::Io { source, .. } => ShellError::Io(source),
        ChildError::TooMuch { limit, .. } => ShellError::TooMuch { limit },
        ChildError::Failed { status, stderr, .. } => ShellError::Failed { status, stderr },
    })?;
    Ok((output, status, stderr))
}

/// Reads to the end. What was read stays when nobody waits for the rest.
async fn read(stdout: &mut Option<ChildStdout>, output: &mut Vec<u8>) -> Result<(), ShellError> {
    let Some(stdout) = stdout else { return Ok(()) };
    while stdout.read_buf(output).await.map_err(ShellError::Io)? > 0 {
        if output.len() > MAX_OUTPUT {
            return Err(ShellError::TooMuch { limit: MAX_OUTPUT });
        }
    }
    Ok(())
}

/// Says whether a line of the output is repeated in what was said, as `set -x` would do.
fn shares_a_line(output: &[u8], said: &str) -> bool {
    let output = String::from_utf8_lossy(output);
    output.lines().map(str::trim).any(|line| !line.is_empty() && said.contains(line))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use super::*;

    async fn run(line: &str) -> Result<String, ShellError> {
        shell(line, Duration::from_secs(20)).await
    }

    async fn is_gone(pid: &str) -> bool {
        for _ in 0..200 {
            // A process that has ended and that nobody has waited for yet is gone too.
            let state = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
            if state.rsplit(')').next().is_none_or(|rest| rest.trim().is_empty() || rest.trim().starts_with('Z')) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    #[tokio::test]
    async fn a_command_line_is_the_shells_and_has_the_users_environment() {
        assert_eq!(run("printf 'a b\\n' | tr a-z A-Z; echo second").await.unwrap(), "A B\nsecond\n");
        #[expect(clippy::disallowed_methods, reason = "what the command line must see as well")]
        let path = std::env::var("PATH").unwrap();
        assert_eq!(run("echo \"$PATH\"").await.unwrap(), format!("{path}\n"));
        assert_eq!(run("cat; echo no input").await.unwrap(), "no input\n");
        assert_eq!(run("echo aside >&2").await.unwrap(), "");
    }

    #[tokio::test]
    async fn it_is_a_process_group_of_its_own() {
        let said = run("echo $$; cut -d ' ' -f 5 /proc/$$/stat").await.unwrap();
        let (own, group) = said.trim().split_once('\n').unwrap();
        assert_eq!(own, group);
    }

    #[tokio::test]
    async fn a_failure_tells_stderr_and_never_stdout() {
        let error = run("echo s3cret; echo 'not signed in' >&2; exit 4").await.unwrap_err();
        assert_eq!(error.to_string(), "it ended with exit status: 4: not signed in");
        let error = run("echo s3cret; exit 1").await.unwrap_err();
        assert_eq!(error.to_string(), "it ended with exit status: 1");
        let error = run("set -x; echo s3cret; exit 1").await.unwrap_err();
        assert_eq!(error.to_string(), "it ended with exit status: 1");
        let error = run("no-such-program-anywhere").await.unwrap_err();
        assert!(matches!(&error, ShellError::Failed { status, .. } if status.code() == Some(127)), "{error}");
        assert!(error.to_string().contains("no-such-program-anywhere"), "{error}");
    }

    #[tokio::test]
    async fn too_much_and_what_is_no_text_are_refused_without_being_shown() {
        let error = run("yes s3cret").await.unwrap_err();
        assert!(matches!(error, ShellError::TooMuch { .. }) && !format!("{error:?}").contains("s3cret"), "{error}");
        let error = run("printf 's3cret\\377\\n'").await.unwrap_err();
        assert!(matches!(error, ShellError::NotText) && !format!("{error:?}").contains("s3cret"), "{error}");
        let most = run("head -c 60000 /dev/zero | tr '\\0' x").await.unwrap();
        assert_eq!(most.len(), 60_000);
    }

    #[tokio::test]
    async fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let line = format!("sleep 300 & echo $! >'{0}'; echo $$ >>'{0}'; echo s3cret; wait", pids.display());
        let error = shell(&line, Duration::from_millis(500)).await.unwrap_err();
        assert!(matches!(error, ShellError::Timeout { .. }) && error.to_string().contains("0.5 s"), "{error}");
        let pids = std::fs::read_to_string(&pids).unwrap();
        assert_eq!(pids.lines().count(), 2);
        for pid in pids.lines() {
            assert!(is_gone(pid).await, "{pid} is still there");
        }
    }

    #[tokio::test]
    async fn an_agent_that_stays_behind_holds_nobody_up() {
        let started = Instant::now();
        let said = run("sleep 300 & echo $!").await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(10));
        // It is left running, as an agent must be; this one is the test's to end.
        let pid = said.trim();
        assert!(Path::new("/proc").join(pid).exists());
        run(&format!("kill {pid}")).await.unwrap();
        assert!(is_gone(pid).await);
    }
}
