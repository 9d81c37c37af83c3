//! Bodies, read within limits of size, time and memory.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::{Outcome, ReceiverOptions};

/// How long a body may come at any speed.
const GRACE: Duration = Duration::from_secs(2);

/// Memory is handed out in pieces of this size.
const PIECE: usize = 1024;

/// What a body may take from the part that is kept for small ones, in pieces.
const SMALL: usize = 256;

/// The memory that bodies may take. It is taken as bytes arrive, not as they are announced, so that announcing much and
/// sending little takes nothing from others.
#[derive(Debug)]
pub(super) struct Memory {
    small: Semaphore,
    large: Semaphore,
}

impl Memory {
    pub(super) fn new(bytes: usize) -> Self {
        let pieces = (bytes / PIECE).min(Semaphore::MAX_PERMITS);
        let small = pieces.div_ceil(4);
        Self { small: Semaphore::new(small), large: Semaphore::new(pieces - small) }
    }

    pub(super) fn room(&self) -> Room<'_> {
        Room { memory: self, small: None, large: None }
    }
}

/// The memory that one body takes, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Room<'a> {
    memory: &'a Memory,
    small: Option<SemaphorePermit<'a>>,
    large: Option<SemaphorePermit<'a>>,
}

impl<'a> Room<'a> {
    /// Makes it hold at least `bytes`. Nobody waits: those who wait for room would keep what they have from each other.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Outcome> {
        let pieces = bytes.div_ceil(PIECE);
        Self::take(&self.memory.small, &mut self.small, pieces.min(SMALL))?;
        Self::take(&self.memory.large, &mut self.large, pieces.saturating_sub(SMALL))
    }

    fn take(from: &'a Semaphore, held: &mut Option<SemaphorePermit<'a>>, pieces: usize) -> Result<(), Outcome> {
        let missing = pieces.saturating_sub(held.as_ref().map_or(0, SemaphorePermit::num_permits));
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).map_err(|_| Outcome::Busy)?;
        let more = from.try_acquire_many(missing).map_err(|_| Outcome::Busy)?;
        match held {
            Some(held) => held.merge(more),
            None => *held = Some(more),
        }
        Ok(())
    }
}

/// Reads a body.
pub(super) async fn read(
    mut body: Body,
    options: &ReceiverOptions,
    room: &mut Room<'_>,
    announced: Option<u64>,
) -> Result<Bytes, Outcome> {
    if announced.is_some_and(|bytes| bytes > options.body_limit as u64) {
        return Err(Outcome::TooLarge);
    }
    let start = Instant::now();
    let end = start + options.body_timeout;
    let mut whole = Whole::Empty;
    loop {
        let enough = start + lasts(whole.len(), options.body_rate);
        let frame = match timeout_at(enough.min(end), body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => return Ok(whole.into_bytes()),
            // It broke off: nobody reads the answer.
            Ok(Some(Err(_))) => return Err(Outcome::Malformed),
            Err(_) => return Err(Outcome::Slow),
        };
        let Ok(data) = frame.into_data() else { continue };
        let length = whole.len() + data.len();
        if length > options.body_limit {
            return Err(Outcome::TooLarge);
        }
        room.grow(length)?;
        whole.push(data);
    }
}

/// Returns for how long so many bytes are not too few.
fn lasts(bytes: usize, rate: NonZeroU32) -> Duration {
    GRACE + Duration::from_secs(bytes as u64) / rate.get()
}

/// What has been read. Most bodies come in one piece, which is not copied.
enum Whole {
    Empty,
    One(Bytes),
    Many(BytesMut),
}

impl Whole {
    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, data: Bytes) {
        match self {
            Self::Empty => *self = Self::One(data),
            Self::One(first) => {
                let mut bytes = BytesMut::with_capacity((first.len() + data.len()) * 2);
                bytes.extend_from_slice(first);
                bytes.extend_from_slice(&data);
                *self = Self::Many(bytes);
            }
            Self::Many(bytes) => bytes.extend_from_slice(&data),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt, stream};
    use refray_core::secret::Secret;

    use super::*;

    fn options() -> ReceiverOptions {
        let mut options = ReceiverOptions::new(Secret::new("s3cret".to_owned()));
        options.body_limit = 100_000;
        options
    }

    async fn read_all(body: Body, options: &ReceiverOptions) -> Result<usize, Outcome> {
        let memory = Memory::new(options.memory);
        let mut room = memory.room();
        read(body, options, &mut room, None).await.map(|bytes| bytes.len())
    }

    #[test]
    fn a_body_has_to_keep_its_pace() {
        let rate = NonZeroU32::new(1000).unwrap();
        assert_eq!([0, 999, 3000].map(|bytes| lasts(bytes, rate).as_millis()), [2000, 2999, 5000]);
    }

    #[tokio::test]
    async fn a_body_has_to_end() {
        let options = ReceiverOptions { body_timeout: Duration::from_millis(20), ..options() };
        let first = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{"))]);
        let body = Body::from_stream(first.chain(stream::pending()));
        assert_eq!(read_all(body, &options).await, Err(Outcome::Slow));
    }

    #[tokio::test]
    async fn a_body_may_be_as_large_as_the_limit() {
        let options = options();
        assert_eq!(read_all(Body::from(vec![b'x'; 100_000]), &options).await, Ok(100_000));
        assert_eq!(read_all(Body::from(vec![b'x'; 100_001]), &options).await, Err(Outcome::TooLarge));
        let memory = Memory::new(options.memory);
        let early = read(Body::from("{}"), &options, &mut memory.room(), Some(100_001)).await;
        assert_eq!(early, Err(Outcome::TooLarge));
    }

    #[tokio::test]
    async fn large_bodies_cannot_take_the_room_of_small_ones() {
        let memory = Memory::new(4 << 20);
        let mut large = memory.room();
        large.grow(3 << 20).unwrap();
        let mut other = memory.room();
        assert_eq!(other.grow(2 << 20), Err(Outcome::Busy));
        drop(other);
        let mut small: Vec<Room<'_>> = (0..3).map(|_| memory.room()).collect();
        small.iter_mut().for_each(|room| room.grow(256 << 10).unwrap());
        assert_eq!(memory.room().grow(1), Err(Outcome::Busy));
        drop((large, small));
        assert_eq!((memory.small.available_permits(), memory.large.available_permits()), (1024, 3072));
    }
}
