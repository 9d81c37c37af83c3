//! A terminal that the binary runs in, and somebody who types.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::World;
use super::screen::Screen;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const ENTER: &str = "\r";
pub(crate) const DOWN: &str = "\u{1b}[B";
pub(crate) const ESCAPE: &str = "\u{1b}";
pub(crate) const CTRL_C: &str = "\u{3}";

/// What was shown so far, and how much of it was waited for.
#[derive(Default)]
struct Shown {
    bytes: Vec<u8>,
    seen: usize,
    ended: bool,
    /// The sizes of the window, each with how much was shown before it had that size.
    sizes: Vec<(usize, (u16, u16))>,
}

pub(crate) struct Terminal {
    keys: File,
    /// Kept open, so that the terminal stays when the binary has ended.
    line: Option<OwnedFd>,
    child: Child,
    screen: Arc<(Mutex<Shown>, Condvar)>,
}

impl Terminal {
    /// Starts the binary in a terminal of so many columns.
    pub(crate) fn start(world: &World, columns: u16, args: &[&str]) -> Self {
        let mut command = world.bare_command(args);
        if !world.env.contains_key("DBUS_SESSION_BUS_ADDRESS") {
            // Never the keyring of whoever runs the tests.
            command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", world.path("no-bus").display()));
        }
        command.env("TERM", "xterm");
        Self::run(command, (columns, 50))
    }

    /// Starts a command in a window of so many columns and rows.
    pub(crate) fn run(mut command: Command, (columns, rows): (u16, u16)) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap();
        let line: OwnedFd = File::options().read(true).write(true).open(path.to_str().unwrap()).unwrap().into();
        tcsetwinsize(&line, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let end = || Stdio::from(line.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().unwrap();
        // The command keeps its ends of the terminal open for as long as it lives.
        drop(command);
        let shown = Shown { sizes: vec![(0, (columns, rows))], ..Shown::default() };
        let screen = Arc::new((Mutex::new(shown), Condvar::new()));
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
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until a text has been shown since the last one that was waited for.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) {
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
    pub(crate) fn answer(&mut self, question: &str, keys: &str) {
        self.sees(&format!("? {question}"));
        // The line of help below it is the last thing that is drawn.
        self.sees("]");
        self.keys(keys);
    }

    /// Says whether keys are taken one by one, and not shown: what a program that was left must take back.
    pub(crate) fn is_raw(&self) -> bool {
        let line = self.line.as_ref().unwrap();
        !tcgetattr(line).unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Sends a signal to the binary, as somebody else would.
    pub(crate) fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// The same, with any signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the binary stands still.
    pub(crate) fn pauses(&self) {
        let process = Some(Pid::from_child(&self.child));
        let wait = || rustix::process::waitpid(process, WaitOptions::UNTRACED).unwrap();
        tokio::task::block_in_place(|| assert!(wait().is_some_and(|(_, status)| status.stopped())));
    }

    /// Gives the window another size. What was in it before is taken for gone: it is to be drawn anew.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let mut shown = self.screen.0.lock().unwrap();
        let at = shown.bytes.len();
        shown.sizes.push((at, (columns, rows)));
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(self.line.as_ref().unwrap(), size).unwrap();
        drop(shown);
        self.signal(Signal::WINCH);
    }

    /// Waits until what stands in the window is as wanted, and returns it.
    #[track_caller]
    pub(crate) fn until(&self, wanted: impl Fn(&Screen) -> bool) -> Screen {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.screen.0.lock().unwrap();
        loop {
            let screen = Screen::after(&shown.bytes, &shown.sizes);
            if wanted(&screen) {
                return screen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.ended, "that was not shown, but\n{}", screen.text());
            shown = self.screen.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits for the end, and returns the exit code and how the window looks then.
    pub(crate) fn leaves(mut self) -> (Option<i32>, Screen) {
        let code = tokio::task::block_in_place(|| self.child.wait().unwrap().code());
        assert!(!self.is_raw(), "the terminal is left as it was");
        drop(self.line.take());
        let shown = self.screen.0.lock().unwrap();
        let shown = self.screen.1.wait_while(shown, |shown| !shown.ended).unwrap();
        (code, Screen::after(&shown.bytes, &shown.sizes))
    }

    /// Waits for the end, and returns the exit code and all that was shown.
    pub(crate) fn ends(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        assert!(!self.is_raw(), "the terminal is left as it was");
        // With its last end closed, the reader comes to the end of what was written.
        drop(self.line.take());
        let screen = self.screen.0.lock().unwrap();
        let screen = self.screen.1.wait_while(screen, |screen| !screen.ended).unwrap();
        (code, plain(&screen.bytes))
    }

    /// Waits for the end, and returns all that was sent to the terminal, as it was sent.
    pub(crate) fn ends_raw(mut self) -> String {
        tokio::task::block_in_place(|| self.child.wait().unwrap());
        drop(self.line.take());
        let shown = self.screen.0.lock().unwrap();
        let shown = self.screen.1.wait_while(shown, |shown| !shown.ended).unwrap();
        String::from_utf8_lossy(&shown.bytes).into_owned()
    }

    /// All that was sent to the terminal, as it was sent.
    pub(crate) fn raw(&self) -> String {
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
