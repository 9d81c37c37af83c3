//! A running git process.

use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;

use super::error::ChildError;

/// How much of the end of stderr is kept.
const STDERR_KEPT: usize = 8 << 10;

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(3);

/// A git process. Dropping it ends its whole process group.
pub(crate) struct Child {
    inner: Option<tokio::process::Child>,
    group: Option<Pid>,
    command: &'static str,
    limit: Duration,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl Child {
    pub(crate) fn new(mut inner: tokio::process::Child, command: &'static str, limit: Duration) -> Self {
        let group = inner.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let stdin = inner.stdin.take();
        let stdout = inner.stdout.take();
        let stderr = inner.stderr.take().map(|stderr| tokio::spawn(collect_tail(stderr)));
        Self { inner: Some(inner), group, command, limit, stdin, stdout, stderr }
    }

    pub(crate) fn command(&self) -> &'static str {
        self.command
    }

    #[cfg(test)]
    pub(crate) fn id(&self) -> Option<u32> {
        self.inner.as_ref().and_then(tokio::process::Child::id)
    }

    /// Waits for the end and returns how the process ended, with the end of what it wrote to stderr.
    pub(crate) async fn finish(&mut self) -> Result<(ExitStatus, String), ChildError> {
        let command = self.command;
        self.stdin = None;
        let Some(inner) = self.inner.as_mut() else {
            return Err(ChildError::Io { command, source: std::io::ErrorKind::BrokenPipe.into() });
        };
        let status = tokio::time::timeout(self.limit, inner.wait())
            .await
            .map_err(|_| ChildError::Timeout { command, limit: self.limit })?
            .map_err(|source| ChildError::Io { command, source })?;
        // The group's id may be used anew from here on, so it must not be signalled any more.
        self.inner = None;
        let said = match self.stderr.take() {
            // A process left behind by a hook may hold stderr open for as long as it likes.
            Some(mut task) => match tokio::time::timeout(Duration::from_secs(1), &mut task).await {
                Ok(bytes) => bytes.unwrap_or_default(),
                Err(_) => {
                    task.abort();
                    Vec::new()
                }
            },
            None => Vec::new(),
        };
        Ok((status, bounded_text(&said)))
    }

    /// Waits for the end, which must be a success.
    pub(crate) async fn succeed(&mut self) -> Result<(), ChildError> {
        let command = self.command;
        let (status, stderr) = self.finish().await?;
        if status.success() { Ok(()) } else { Err(ChildError::Failed { command, status, stderr }) }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let (Some(mut inner), Some(group)) = (self.inner.take(), self.group) else { return };
        // The leader has not been waited for, so its id, and with it the group's, cannot belong to anybody else.
        let _ = kill_process_group(group, Signal::TERM);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            let _ = kill_process_group(group, Signal::KILL);
            return;
        };
        runtime.spawn(async move {
            if tokio::time::timeout(GRACE, inner.wait()).await.is_err() {
                let _ = kill_process_group(group, Signal::KILL);
                drop(inner.wait().await);
            }
        });
    }
}

/// Reads everything and keeps the end.
async fn collect_tail(mut stderr: ChildStderr) -> Vec<u8> {
    let mut tail = Vec::new();
    let mut chunk = vec![0; 4096];
    while let Ok(count) = stderr.read(&mut chunk).await {
        if count == 0 {
            break;
        }
        tail.extend_from_slice(&chunk[..count]);
        if tail.len() > 2 * STDERR_KEPT {
            tail.drain(..tail.len() - STDERR_KEPT);
        }
    }
    tail
}

/// Makes a line of text, without control characters and not too long, of what a program wrote.
pub(crate) fn bounded_text(bytes: &[u8]) -> String {
    const MOST: usize = 1000;
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    let mut joined = String::new();
    for line in lines {
        if !joined.is_empty() {
            joined.push_str("; ");
        }
        joined.extend(line.chars().filter(|c| !c.is_control()));
    }
    let count = joined.chars().count();
    if count > MOST {
        let end: String = joined.chars().skip(count - MOST).collect();
        return format!("…{end}");
    }
    joined
}
