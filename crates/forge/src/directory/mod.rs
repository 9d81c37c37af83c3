//! A folder of bare repositories on this machine, seen as a forge.

mod adapter;
mod folder;
mod store;
#[cfg(test)]
mod tests;

pub use adapter::Directory;
