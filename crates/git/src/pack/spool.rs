//! Where the bytes of a growing pack are kept.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

/// A pack up to this size stays in memory.
const MEMORY: u64 = 8 << 20;

/// How much is read from a file at once.
const READ: usize = 256 << 10;

/// Bytes that are appended at the end and read anywhere.
pub(super) struct Spool {
    folder: PathBuf,
    written: u64,
    place: Place,
}

enum Place {
    /// Pieces with the position at which each begins.
    Memory(Vec<(u64, Bytes)>),
    /// A file without a name: it is gone as soon as nobody uses it.
    File(Arc<File>),
}

/// How to get at the next bytes.
pub(super) enum Next {
    /// Here they are.
    Bytes(Bytes),
    /// They are in a file, which is to be read where blocking does no harm.
    File(Arc<File>, usize),
}

impl Spool {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, written: 0, place: Place::Memory(Vec::new()) }
    }

    /// Takes a file that is already complete.
    pub(super) fn of_file(file: File, length: u64) -> Self {
        Self { folder: PathBuf::new(), written: length, place: Place::File(Arc::new(file)) }
    }

    /// Appends a piece and returns the new length.
    pub(super) fn append(&mut self, piece: Bytes) -> io::Result<u64> {
        if let Place::Memory(pieces) = &mut self.place
            && self.written + piece.len() as u64 > MEMORY
        {
            let file = tempfile::tempfile_in(&self.folder)?;
            for (position, piece) in pieces.drain(..) {
                file.write_all_at(&piece, position)?;
            }
            self.place = Place::File(Arc::new(file));
        }
        let length = piece.len() as u64;
        match &mut self.place {
            Place::Memory(pieces) => pieces.push((self.written, piece)),
            Place::File(file) => file.write_all_at(&piece, self.written)?,
        }
        self.written += length;
        Ok(self.written)
    }

    /// Says where the bytes from `position` on are. There must be some.
    pub(super) fn next(&self, position: u64) -> Next {
        match &self.place {
            Place::Memory(pieces) => {
                let index = pieces.partition_point(|(start, _)| *start <= position).saturating_sub(1);
                let (start, piece) = &pieces[index];
                let skip = usize::try_from(position - start).unwrap_or(usize::MAX).min(piece.len());
                Next::Bytes(piece.slice(skip..))
            }
            Place::File(file) => {
                let left = usize::try_from(self.written - position).unwrap_or(READ);
                Next::File(file.clone(), left.min(READ))
            }
        }
    }

    /// Returns everything, if it is in memory.
    pub(super) fn in_memory(&self) -> Option<Vec<Bytes>> {
        match &self.place {
            Place::Memory(pieces) => Some(pieces.iter().map(|(_, piece)| piece.clone()).collect()),
            Place::File(_) => None,
        }
    }
}
