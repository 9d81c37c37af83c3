//! One lock per repository, across the processes of this machine and the tasks of this one.
//!
//! The lock is on an open file, so it ends with its holder however that ends. The files stay: they are empty, and
//! removing them would only invite races. Should somebody else remove one (a cleaner of old files), a lock on a file
//! that is no longer at its path counts as not taken.

use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use refray_core::name::GroupName;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The first and the longest pause between two attempts while another process has the lock.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(250));

/// A lock cannot be taken, for another reason than that somebody has it.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The folder for locks cannot be made.
    #[error("cannot make the folder `{}` for locks", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be opened or looked at.
    #[error("cannot open the lock `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file system does not lock it.
    #[error("cannot lock `{}`", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl LockError {
    /// Returns what the user can do, as sentences.
    pub fn remedy(&self) -> String {
        match self {
            Self::Folder { .. } | Self::Open { .. } => {
                "Check the rights of the state directory and the space on its disk."
            }
            Self::Lock { .. } => "Choose a state directory on a disk whose file system has locks, with `--state-dir`.",
        }
        .to_owned()
    }
}

/// The locks of one state directory. Clones share them.
#[derive(Debug, Clone)]
pub struct Locks {
    folder: PathBuf,
    held: Arc<std::sync::Mutex<Held>>,
}

/// The locks of this process that somebody has or waits for.
type Held = HashMap<String, Arc<Mutex<()>>>;

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct RepoLock {
    // Declared before the task's turn: closing the file lets other processes in, and then comes the next task's turn.
    file: Option<File>,
    turn: Option<OwnedMutexGuard<()>>,
    name: String,
    held: Arc<std::sync::Mutex<Held>>,
}

impl Locks {
    /// Prepares locks in a state directory.
    ///
    /// # Errors
    /// The folder for them cannot be made.
    pub fn new(state_dir: &Path) -> Result<Self, LockError> {
        let folder = state_dir.join("locks");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|source| LockError::Folder { path: folder.clone(), source })?;
        Ok(Self { folder, held: Arc::default() })
    }

    /// Takes the lock of a repository, and waits as long as somebody else has it. `notice` is called once if that is
    /// so. Dropping the future ends the wait.
    ///
    /// # Errors
    /// The lock cannot be taken for another reason.
    pub async fn acquire(
        &self,
        group: &GroupName,
        key: &str,
        notice: &(dyn Fn() + Send + Sync),
    ) -> Result<RepoLock, LockError> {
        let name = file_name(group, key);
        // From here on, dropping this tidies up.
        let mut lock = RepoLock { file: None, turn: None, name, held: self.held.clone() };
        let mut told = false;
        let mut tell = || {
            if !std::mem::replace(&mut told, true) {
                notice();
            }
        };
        let mutex = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.entry(lock.name.clone()).or_default().clone()
        };
        lock.turn = Some(match mutex.clone().try_lock_owned() {
            Ok(turn) => turn,
            Err(_) => {
                tell();
                mutex.lock_owned().await
            }
        });
        let path = self.folder.join(&lock.name);
        let (mut pause, longest) = PAUSES;
        loop {
            if let Some(file) = attempt(&path)? {
                lock.file = Some(file);
                return Ok(lock);
            }
            tell();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Says whether anybody, here or in another process, has the lock of a repository or waits for it. In doubt somebody
    /// has.
    pub fn is_held(&self, group: &GroupName, key: &str) -> bool {
        let name = file_name(group, key);
        if self.held.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&name) {
            return true;
        }
        match OpenOptions::new().write(true).open(self.folder.join(&name)) {
            // Whoever wants it at this very moment tries again in a few milliseconds.
            Ok(file) => file.try_lock().is_err(),
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        }
    }
}

impl Drop for RepoLock {
    fn drop(&mut self) {
        self.file = None;
        self.turn = None;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits for it or has it holds another reference, and took it with the map locked.
        if held.get(&self.name).is_some_and(|mutex| Arc::strong_count(mutex) == 1) {
            held.remove(&self.name);
        }
    }
}

/// Tries to lock the file at `path`, which is made if it is not there.
fn attempt(path: &Path) -> Result<Option<File>, LockError> {
    let at_open = |source| LockError::Open { path: path.to_owned(), source };
    loop {
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = opened.map_err(at_open)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(LockError::Lock { path: path.to_owned(), source }),
        }
        let own = file.metadata().map_err(at_open)?;
        match std::fs::metadata(path) {
            Ok(there) if (there.dev(), there.ino()) == (own.dev(), own.ino()) => return Ok(Some(file)),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(at_open(source)),
        }
    }
}

/// Returns the name of a repository's lock file: what a person recognises, and a hash that tells apart what that alone
/// does not. Should two hashes ever be equal, two repositories wait for one another, and nothing worse.
fn file_name(group: &GroupName, key: &str) -> String {
    let full = format!("{group}\0{key}");
    // FNV-1a: the name must be the same in every version of refray, and no secret depends on it.
    let hash = full
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let readable = |text: &str| -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
        text.chars().take(60).map(plain).collect()
    };
    format!("{}--{}--{hash:016x}.lock", readable(group.as_str()), readable(key))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn group() -> GroupName {
        GroupName::new("personal").unwrap()
    }

    fn silent() {}

    async fn within<T>(future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(Duration::from_millis(150), future).await.ok()
    }

    #[test]
    fn names_are_files_of_one_folder() {
        let long = "é".repeat(300);
        for key in ["a", "a--b", "..", "a b", "café", long.as_str()] {
            let name = file_name(&group(), key);
            assert!(!name.contains('/') && !name.starts_with('.') && name.len() < 200, "{name}");
        }
        assert_ne!(file_name(&group(), "a b"), file_name(&group(), "a_b"));
        assert_ne!(file_name(&GroupName::new("x").unwrap(), "y--z"), file_name(&GroupName::new("x--y").unwrap(), "z"),);
        // Another version of refray must find the same file.
        assert_eq!(file_name(&group(), "alpha"), "personal--alpha--a23916164a64f569.lock");
    }

    #[tokio::test]
    async fn it_can_be_seen_from_outside_whether_it_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let (own, other) = (Locks::new(dir.path()).unwrap(), Locks::new(dir.path()).unwrap());
        assert!(!own.is_held(&group(), "a"));
        let lock = own.acquire(&group(), "a", &silent).await.unwrap();
        assert!(own.is_held(&group(), "a") && other.is_held(&group(), "a") && !other.is_held(&group(), "b"));
        drop(lock);
        assert!(!own.is_held(&group(), "a") && !other.is_held(&group(), "a"));
    }

    #[tokio::test]
    async fn one_task_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let locks = Locks::new(dir.path()).unwrap();
        let (inside, notices, turns) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let notice = || {
            notices.fetch_add(1, Ordering::SeqCst);
        };
        let tasks = (0..8).map(|_| async {
            let lock = locks.acquire(&group(), "alpha", &notice).await.unwrap();
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
            tokio::task::yield_now().await;
            turns.fetch_add(1, Ordering::SeqCst);
            inside.fetch_sub(1, Ordering::SeqCst);
            drop(lock);
        });
        futures_util::future::join_all(tasks).await;
        assert_eq!((turns.into_inner(), notices.into_inner()), (8, 7));
        assert!(locks.held.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn other_processes_are_waited_for() {
        // Two sets of locks know nothing of each other but by the files, as two processes do.
        let dir = tempfile::tempdir().unwrap();
        let (here, there) = (Locks::new(dir.path()).unwrap(), Locks::new(dir.path()).unwrap());
        let theirs = there.acquire(&group(), "alpha", &silent).await.unwrap();
        let notices = AtomicUsize::new(0);
        let notice = || {
            notices.fetch_add(1, Ordering::SeqCst);
        };
        assert!(within(here.acquire(&group(), "alpha", &notice)).await.is_none());
        assert_eq!(notices.load(Ordering::SeqCst), 1);
        assert!(here.held.lock().unwrap().is_empty(), "the wait that was given up left something behind");
        assert!(within(here.acquire(&group(), "beta", &silent)).await.is_some());
        let group = group();
        let (lock, ()) = tokio::join!(here.acquire(&group, "alpha", &notice), async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            drop(theirs);
        });
        lock.unwrap();
    }

    #[tokio::test]
    async fn a_removed_file_holds_nobody_up_and_lets_no_two_in() {
        let dir = tempfile::tempdir().unwrap();
        let (here, there) = (Locks::new(dir.path()).unwrap(), Locks::new(dir.path()).unwrap());
        let path = dir.path().join("locks").join(file_name(&group(), "alpha"));
        let stale = File::open({
            drop(here.acquire(&group(), "alpha", &silent).await.unwrap());
            &path
        })
        .unwrap();
        stale.lock().unwrap();
        std::fs::remove_file(&path).unwrap();
        // The lock on the removed file means nothing any more; the new one excludes.
        let lock = within(here.acquire(&group(), "alpha", &silent)).await.unwrap().unwrap();
        assert!(within(there.acquire(&group(), "alpha", &silent)).await.is_none());
        drop(lock);
        assert!(within(there.acquire(&group(), "alpha", &silent)).await.is_some());
    }

    #[test]
    fn a_file_removed_between_opening_and_locking_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alpha.lock");
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut turns = 0;
                    while turns < 300 {
                        let Some(file) = attempt(&path).unwrap() else {
                            std::thread::yield_now();
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        std::fs::remove_file(&path).unwrap();
                        drop(file);
                        turns += 1;
                    }
                });
            }
        });
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("file");
        drop(File::create(&blocked).unwrap());
        let error = Locks::new(&blocked).unwrap_err();
        assert!(matches!(error, LockError::Folder { .. }), "{error}");
        assert!(!error.remedy().is_empty());
    }
}
