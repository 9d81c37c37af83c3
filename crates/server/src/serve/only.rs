//! One `serve` a state directory.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::ServeError;

/// The right to serve from a state directory, until it is dropped or the process ends. Whoever has it knows that nobody
/// else works on the queue.
#[derive(Debug)]
pub struct OnlyOne {
    _file: File,
}

impl OnlyOne {
    /// Takes it.
    ///
    /// # Errors
    /// Another process has it, or it cannot be had.
    pub fn take(state_dir: &Path) -> Result<Self, ServeError> {
        let path = state_dir.join("serve.lock");
        let failed = |source| ServeError::Lock { path: path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(failed)?;
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = opened.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                // Who it is only helps to find it.
                let read = file.read_to_string(&mut process).is_ok();
                let process = Some(process.trim().to_owned()).filter(|text| read && !text.is_empty());
                return Err(ServeError::Another { path: state_dir.to_owned(), process });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let first = OnlyOne::take(dir.path()).unwrap();
        let error = OnlyOne::take(dir.path()).unwrap_err();
        assert!(error.to_string().ends_with(&format!("as process {}", std::process::id())), "{error}");
        drop(first);
        assert!(OnlyOne::take(dir.path()).is_ok());
    }
}
