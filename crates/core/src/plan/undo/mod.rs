//! The way back: from what was done and what stands now to what puts it back.
//!
//! A run is undone where it wrote, and where it took from what it wrote: when only the copies that followed went back,
//! the next run would follow again. What a person made before the run stays, though: it is not the run's to remove.

mod backup;
mod chain;
mod past;
mod planning;
mod settings;
mod whole;

pub use backup::{Kept, plan_restore};
pub use past::{Former, Past};
pub use planning::{Undo, plan};
