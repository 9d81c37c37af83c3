//! A D-Bus session of a test's own, with a keyring in it that is open.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The session. Dropped, it ends.
pub(crate) struct Session {
    bus: Child,
    keyring: Option<Child>,
    pub(crate) address: String,
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in self.keyring.iter_mut().chain([&mut self.bus]) {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Session {
    /// Starts a session whose keyring is open and empty; `None`, and a word, where the programs for it are missing.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let mut session = Self::without_keyring(folder)?;
        let home = folder.join("keyring-home");
        std::fs::create_dir_all(home.join("run")).unwrap();
        std::fs::set_permissions(home.join("run"), std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut keyring = program("gnome-keyring-daemon");
        keyring.args(["--foreground", "--unlock", "--components=secrets"]);
        keyring.env("HOME", &home).env("XDG_RUNTIME_DIR", home.join("run"));
        keyring.env("DBUS_SESSION_BUS_ADDRESS", &session.address).stdin(Stdio::piped());
        let mut child = keyring.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The password that it makes its first collection with.
        child.stdin.take().unwrap().write_all(b"a password").unwrap();
        session.keyring = Some(child);
        session.wait_for_a_collection();
        Some(session)
    }

    /// Starts a session in which nothing offers a keyring.
    pub(crate) fn without_keyring(folder: &Path) -> Option<Self> {
        let programs = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon"];
        let missing: Vec<&str> = programs.into_iter().filter(|name| find(name).is_none()).collect();
        #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says whether one may be skipped")]
        let must = std::env::var_os("REFRAY_NEED_KEYRING").is_some_and(|value| !value.is_empty() && value != "0");
        assert!(missing.is_empty() || !must, "{missing:?} are not here, and REFRAY_NEED_KEYRING is set");
        if !missing.is_empty() {
            println!("skipped: no {}", missing.join(", "));
            return None;
        }
        let text = format!(
            "<busconfig><type>session</type><listen>unix:path={}/bus</listen><auth>EXTERNAL</auth><policy \
             context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow \
             own=\"*\"/></policy></busconfig>\n",
            folder.display()
        );
        let settings = folder.join("bus.conf");
        #[expect(clippy::disallowed_methods, reason = "a file in the test's own folder")]
        std::fs::write(&settings, text).unwrap();
        let mut bus = program("dbus-daemon");
        bus.arg("--config-file").arg(&settings).args(["--nofork", "--print-address=1"]);
        let mut bus = bus.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { bus, keyring: None, address: address.trim().to_owned() })
    }

    fn wait_for_a_collection(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            let mut ask = program("dbus-send");
            ask.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
            ask.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"]);
            ask.args(["org.freedesktop.Secret.Service.ReadAlias", "string:default"]);
            let output = ask.stdin(Stdio::null()).output().unwrap();
            if String::from_utf8_lossy(&output.stdout).contains("/collection/") {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the keyring does not come up");
    }
}

#[expect(clippy::disallowed_methods, reason = "the programs that the test needs, with an environment of their own")]
fn program(name: &str) -> Command {
    let mut command = Command::new(find(name).unwrap());
    command.env_clear();
    command
}

#[expect(clippy::disallowed_methods, reason = "where programs are found")]
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.exists())
}
