//! The framing of git's protocol: length-prefixed packets, and the three bands inside them.

mod codec;
mod messages;
mod reader;
mod sideband;

pub use codec::{DELIMITER, FLUSH, InvalidPacket, Packet, decode, encode, text};
pub(crate) use messages::Messages;
pub(crate) use reader::PacketReader;
pub use sideband::{Band, demultiplex};
