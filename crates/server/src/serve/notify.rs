//! What a service manager is told: systemd's protocol of one datagram a message.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The service manager, if there is one that listens.
#[derive(Debug, Default)]
pub struct Supervisor {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// A sign of life is due this often.
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// Finds it by what stands in `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    pub fn new(socket: Option<&str>, watchdog_usec: Option<&str>, watchdog_pid: Option<&str>) -> Self {
        let address = socket.and_then(|name| match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None if name.starts_with('/') => SocketAddr::from_pathname(name).ok(),
            None => None,
        });
        let socket = address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address)));
        let own = std::process::id().to_string();
        let is_for_us = watchdog_pid.is_none_or(|pid| pid == own);
        let micros = watchdog_usec.and_then(|usec| usec.parse().ok()).filter(|usec| *usec > 0 && is_for_us);
        Self { watchdog: micros.map(Duration::from_micros).filter(|_| socket.is_some()), socket }
    }

    /// Returns how often a sign of life is to be given: twice in the time that was agreed.
    pub(super) fn watchdog(&self) -> Option<Duration> {
        self.watchdog.map(|time| time / 2)
    }

    /// Everything is up.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// The configuration is being read anew. [`ready`](Self::ready) ends it.
    pub(super) fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// The end has begun.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=finishing what is in hand");
    }

    /// A sign of life.
    pub(super) fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    fn tell(&self, message: &str) {
        let Some((socket, address)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), address) {
            tracing::warn!(%error, "the service manager could not be told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 200];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn it_is_told_by_path_and_by_abstract_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let by_path = UnixDatagram::bind(&path).unwrap();
        let name = format!("refray-test-{}", std::process::id());
        let by_name = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        for (socket, address) in [(by_path, path.display().to_string()), (by_name, format!("@{name}"))] {
            let supervisor = Supervisor::new(Some(&address), None, None);
            supervisor.ready("well");
            assert_eq!(heard(&socket), "READY=1\nSTATUS=well");
            supervisor.reloading();
            assert!(heard(&socket).starts_with("RELOADING=1\nMONOTONIC_USEC="));
            supervisor.stopping();
            assert!(heard(&socket).starts_with("STOPPING=1\n"));
        }
    }

    #[test]
    fn the_watchdog_is_ours_only_when_it_names_us() {
        let own = std::process::id().to_string();
        let every = |pid| Supervisor::new(Some("@nobody"), Some("4000000"), pid).watchdog();
        assert_eq!(every(None), Some(Duration::from_secs(2)));
        assert_eq!(every(Some(own.as_str())), Some(Duration::from_secs(2)));
        assert_eq!(every(Some("1")), None);
        assert_eq!(Supervisor::new(None, Some("4000000"), None).watchdog(), None);
        assert_eq!(Supervisor::new(Some("@nobody"), Some("soon"), None).watchdog(), None);
        // Nobody listens: that is nobody's trouble.
        Supervisor::default().ready("");
    }
}
