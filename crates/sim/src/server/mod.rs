//! The network side of a site: connections, TLS, and what is done around every request.

mod answer;
mod limit;
mod listen;
mod page;
mod tls;

pub(crate) use listen::{Listener, accept};
pub(crate) use tls::Authority;
pub use tls::TlsError;
