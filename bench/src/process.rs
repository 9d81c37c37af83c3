//! Programs that are run and timed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::Error;

/// Runs programs with a home and an environment of their own.
#[derive(Debug, Clone)]
pub(crate) struct Runner {
    pub(crate) home: PathBuf,
}

impl Runner {
    #[expect(clippy::disallowed_methods, reason = "a benchmark runs what it measures")]
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("HOME", &self.home);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        for (key, value) in [("NAME", "Bench"), ("EMAIL", "bench@example.org"), ("DATE", "1700000000 +0000")] {
            command.env(format!("GIT_AUTHOR_{key}"), value).env(format!("GIT_COMMITTER_{key}"), value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs a program to its end.
    pub(crate) async fn run<S: AsRef<OsStr>>(&self, program: &Path, args: &[S]) -> Result<Duration, Error> {
        let started = Instant::now();
        let output = self
            .command(program)
            .args(args)
            .output()
            .await
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let took = started.elapsed();
        if output.status.success() {
            return Ok(took);
        }
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Err(format!("{} ended with {}: {said}", program.display(), output.status).into())
    }

    /// Runs a program to its end and returns the lines that it wrote, each with when it came.
    pub(crate) async fn lines(&self, program: &Path, args: &[String]) -> Result<Vec<(Duration, String)>, Error> {
        let started = Instant::now();
        let mut child =
            self.command(program).args(args).spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut stderr = child.stderr.take().ok_or("no standard error")?;
        let read = async {
            let mut lines = BufReader::new(stdout).lines();
            let mut all = Vec::new();
            while let Some(line) = lines.next_line().await? {
                all.push((started.elapsed(), line));
            }
            Ok::<_, std::io::Error>(all)
        };
        let mut said = String::new();
        let (lines, complaint) = tokio::join!(read, stderr.read_to_string(&mut said));
        complaint?;
        let status = child.wait().await?;
        if status.success() {
            return Ok(lines?);
        }
        Err(format!("{} ended with {status}: {said}", program.display()).into())
    }

    /// Runs git.
    pub(crate) async fn git<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Duration, Error> {
        self.run(Path::new("git"), args).await
    }

    /// Runs git with input and returns its output.
    pub(crate) async fn feed<S: AsRef<OsStr>>(&self, args: &[S], input: Vec<u8>) -> Result<(Vec<u8>, Duration), Error> {
        let started = Instant::now();
        let mut child = self.command("git").args(args).stdin(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take().ok_or("no standard input")?;
        let writer = tokio::spawn(async move {
            stdin.write_all(&input).await?;
            stdin.shutdown().await
        });
        let output = child.wait_with_output().await?;
        writer.await??;
        if !output.status.success() {
            return Err(format!("git ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok((output.stdout, started.elapsed()))
    }

    /// Runs git many times, some at once, and returns how long all took.
    pub(crate) async fn gits(&self, commands: Vec<Vec<String>>, at_once: usize) -> Result<Duration, Error> {
        let started = Instant::now();
        let runs = commands.into_iter().map(|args| async move { self.git(&args).await });
        stream::iter(runs).buffer_unordered(at_once).try_collect::<Vec<_>>().await?;
        Ok(started.elapsed())
    }

    /// Runs `PROGRAM sync` on a configuration.
    pub(crate) async fn sync(&self, program: &Path, config: &Path) -> Result<Duration, Error> {
        let config = config.to_string_lossy().into_owned();
        self.run(program, &["sync".to_owned(), "--config".to_owned(), config]).await
    }
}
