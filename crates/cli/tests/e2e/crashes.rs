//! What a crash leaves behind.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use crate::world::{World, files_below, program};

#[test]
fn no_crash_writes_the_memory_to_disk() {
    let world = World::of_folders(&["a", "b"]);
    for (signal, number) in [("ABRT", 6), ("SEGV", 11), ("QUIT", 3)] {
        let folder = world.path(&format!("crash-{signal}"));
        std::fs::create_dir_all(&folder).unwrap();
        let args = ["serve", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--format", "json"];
        let refray = world.command(&args);
        // As large as this user may have them.
        let mut shell = program("sh");
        shell.args(["-c", "ulimit -c unlimited || ulimit -c \"$(ulimit -H -c)\"; exec \"$@\"", "sh"]);
        shell.arg(refray.get_program()).args(refray.get_args()).current_dir(&folder).env_clear();
        shell.envs(refray.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut daemon = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.contains("\"serving\""), "{first}");
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", daemon.id())).unwrap();
        let limit = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
        assert_eq!(limit.split_whitespace().next(), Some("0"), "{limits}");
        // What a shell starts in the background is born deaf to some.
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
        if u64::from_str_radix(ignored.trim(), 16).unwrap() & (1 << (number - 1)) != 0 {
            daemon.kill().unwrap();
            daemon.wait().unwrap();
            continue;
        }
        // A fault that is sent rather than met is let go once by Rust's own handler.
        let status = loop {
            program("kill").args(["-s", signal, &daemon.id().to_string()]).status().unwrap();
            std::thread::sleep(Duration::from_millis(20));
            if let Some(status) = daemon.try_wait().unwrap() {
                break status;
            }
        };
        assert!(status.signal().is_some() && !status.core_dumped(), "{signal}: {status}");
        assert_eq!(files_below(&folder), Vec::<PathBuf>::new());
    }
}
