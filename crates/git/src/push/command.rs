//! One change of one reference.

use refray_core::name::RefName;
use refray_core::{ObjectFormat, Oid};

use crate::pktline::{FLUSH, encode};

/// A change of one reference at a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushCommand {
    /// The reference.
    pub name: RefName,
    /// The value that was seen, and that it must still have; `None`: it must not exist.
    pub old: Option<Oid>,
    /// The value that it is to have; `None` deletes it.
    pub new: Option<Oid>,
}

impl PushCommand {
    /// Says whether it deletes.
    pub const fn is_deletion(&self) -> bool {
        self.new.is_none()
    }
}

/// Writes commands as the protocol wants them, `capabilities` behind the first.
pub(super) fn encode_commands(commands: &[&PushCommand], capabilities: &str, format: ObjectFormat) -> Vec<u8> {
    let zeros = format.zeros();
    let hex = |oid: Option<Oid>| oid.map_or_else(|| zeros.clone(), |oid| oid.to_string());
    let mut body = Vec::with_capacity(commands.len() * 150 + 256);
    for (index, command) in commands.iter().enumerate() {
        let mut line = format!("{} {} {}", hex(command.old), hex(command.new), command.name.full());
        if index == 0 {
            line.push('\0');
            line.push_str(capabilities);
        }
        encode(&mut body, line.as_bytes());
    }
    body.extend_from_slice(FLUSH);
    body
}
