//! A terminal that the binary runs in, and somebody who types.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::world::World;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) const ENTER: &str = "\r";
pub(super) const DOWN: &str = "\u{1b}[B";
pub(super) const ESCAPE: &str = "\u{1b}";
pub(super) const CTRL_C: &str = "\u{3}";

/// What was shown so far, and how much of it was waited for.
#[derive(Default)]
struct Screen {
    bytes: Vec<u8>,
    seen: usize,
    ended: bool,
}

pub(super) struct Terminal {
    keys: File,
    /// Kept open, so that the terminal stays when the binary has ended.
    line: Option<OwnedFd>,
    child: Child,
    screen: Arc<(Mutex<Screen>, Condvar)>,
}

impl Terminal {
    /// Starts the binary in a terminal of so many columns.
    pub(super) fn start(world: &World, columns: u16, args: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap();
        let line: OwnedFd = File::options().read(true).write(true).open(path.to_str().unwrap()).unwrap().into();
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&line, size).unwrap();
        let end = || Stdio::from(line.try_clone().unwrap());
        let mut command = world.bare_command(args);
        if !world.env.contains_key("DBUS_SESSION_BUS_ADDRESS") {
            // Never the keyring of whoever runs the tests.
            command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", world.path("no-bus").display()));
        }
        command.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().unwrap();
        // The command keeps its ends of the terminal open for as long as it lives.
        drop(command);
        let screen = Arc::new((Mutex::new(Screen::default()), Condvar::new()));
        let mut output = File::from(master.try_clone().unwrap());
        let shared = screen.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let read = output.read(&mut buffer).unwrap_or(0);
                let mut screen = shared.0.lock().unwrap();
                screen.bytes.extend_from_slice(&buffer[..read]);
                screen.ended = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Self { keys: File::from(master), line: Some(line), child, screen }
    }

    /// Types keys.
    pub(super) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until a text has been shown since the last one that was waited for.
    #[track_caller]
    pub(super) fn sees(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut screen = self.screen.0.lock().unwrap();
        loop {
            let shown = plain(&screen.bytes);
            let seen = screen.seen.min(shown.len());
            if let Some(at) = shown[seen..].find(text) {
                screen.seen = seen + at + text.len();
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !screen.ended, "`{text}` was not shown after\n{shown}");
            screen = self.screen.1.wait_timeout(screen, left).unwrap().0;
        }
    }

    /// Waits for a question and answers it.
    #[track_caller]
    pub(super) fn answer(&mut self, question: &str, keys: &str) {
        self.sees(&format!("? {question}"));
        // The line of help below it is the last thing that is drawn.
        self.sees("]");
        self.keys(keys);
    }

    /// Says whether keys are taken one by one, and not shown: what a program that was left must take back.
    pub(super) fn is_raw(&self) -> bool {
        let line = self.line.as_ref().unwrap();
        !tcgetattr(line).unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Sends a signal to the binary, as somebody else would.
    pub(super) fn interrupt(&self) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    }

    /// Waits for the end, and returns the exit code and all that was shown.
    pub(super) fn ends(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        assert!(!self.is_raw(), "the terminal is left as it was");
        // With its last end closed, the reader comes to the end of what was written.
        drop(self.line.take());
        let screen = self.screen.0.lock().unwrap();
        let screen = self.screen.1.wait_while(screen, |screen| !screen.ended).unwrap();
        (code, plain(&screen.bytes))
    }

    /// All that was sent to the terminal, as it was sent.
    pub(super) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.screen.0.lock().unwrap().bytes).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Takes out what moves the cursor and colours.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                chars.by_ref().find(|c| ('@'..='~').contains(c));
            }
            '\u{1b}' | '\r' => {}
            _ => plain.push(char),
        }
    }
    plain
}
