//! Pages that show how things stand, made on the server and complete without any script.
//!
//! [`router()`] is mounted on a listener of its own. Whoever may ask is decided in [`guard`](self) before any page is made:
//! by the name that the browser used, by a token when one is configured, and for whatever changes something by where the
//! request came from and by a token bound to the session.

mod access;
mod actions;
mod assets;
mod broadcast;
mod error;
mod forms;
mod guard;
mod key;
mod live;
mod login;
mod pages;
mod router;
mod session;
mod state;
mod time;
mod tries;

pub use access::Access;
pub use actions::{ActionError, Actions, EngineActions};
pub use broadcast::Broadcast;
pub use router::router;
pub use state::Dashboard;
