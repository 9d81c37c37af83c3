//! `refray config`, answered key by key in a terminal.

mod questions;
mod refused;

use crate::world::terminal;
