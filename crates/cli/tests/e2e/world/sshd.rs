//! A real ssh server on loopback, which serves the bare repositories of simulated forges.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use refray_sim::{Kind, RefChange, Site};

use super::{OWNER, World, needed, program, put};

const SERVER: &str = "/usr/sbin/sshd";

/// The server. Dropped, it ends.
pub(crate) struct Sshd {
    child: Child,
    folder: PathBuf,
    pub(crate) port: u16,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Sshd {
    /// Every line that the server logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }

    /// How git's programs were asked for since the last time, one a line with path and protocol.
    pub(crate) fn asked(&self) -> String {
        let log = self.folder.join("asked");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        drop(std::fs::remove_file(log));
        text
    }

    /// Lets the server refuse these references, as a protected one is.
    pub(crate) fn protect(&self, references: &[&str]) {
        put(&self.folder.join("protected"), &format!("{}\n", references.join("\n")));
    }

    /// Lets the server say that it has no such repository, whatever the forge's API says.
    pub(crate) fn hide(&self, path: &str) {
        put(&self.folder.join("hidden"), &format!("{path}\n"));
    }

    /// What the client knows of hosts.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.folder.join("known_hosts")
    }

    /// A public key that is not the server's.
    pub(crate) fn other_host_key(&self) -> String {
        self.public("other")
    }

    /// The server's public key.
    pub(crate) fn host_key(&self) -> String {
        self.public("host")
    }

    fn public(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.folder.join(format!("{name}.pub"))).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// Lets the client know this key of the server's.
    pub(crate) fn know(&self, key: &str) {
        put(&self.known_hosts(), &format!("[127.0.0.1]:{} {key}\n", self.port));
    }

    /// Takes the client's key away from the account.
    pub(crate) fn forget_the_client(&self) {
        put(&self.folder.join("authorized"), "");
    }
}

impl World {
    /// Starts a server for some forges, and has the configuration reach them by it. `None`, and a word, where there is no
    /// sshd.
    pub(crate) fn over_ssh(&mut self, kinds: &[Kind]) -> Option<Sshd> {
        self.over_ssh_with(kinds, "AcceptEnv GIT_PROTOCOL\n")
    }

    /// The same with settings of the server's.
    pub(crate) fn over_ssh_with(&mut self, kinds: &[Kind], settings: &str) -> Option<Sshd> {
        if !needed(Path::new(SERVER).exists(), "sshd", "REFRAY_NEED_SSHD") {
            return None;
        }
        let sites: Vec<Arc<Site>> = kinds.iter().map(|kind| self.site(*kind)).collect();
        let user = run("id", &["-un"]);
        let sshd = self.start(answer(sites.clone()), settings);
        let folder = sshd.folder.display();
        put(
            &sshd.folder.join("config"),
            &format!(
                "Host *\nUserKnownHostsFile {folder}/known_hosts\nGlobalKnownHostsFile /dev/null\nIdentityFile \
                 {folder}/client\nIdentitiesOnly yes\n"
            ),
        );
        sshd.know(&sshd.host_key());
        self.env.insert("GIT_SSH_COMMAND".into(), format!("ssh -F '{folder}/config'"));
        self.put_ssh_in_front();
        for site in sites {
            site.set_ssh(format!("ssh://{user}@127.0.0.1:{}/{}", sshd.port, site.name()));
            let line = format!("base_url = \"{}\"", site.base_url());
            self.config.replace(&line, &format!("{line}\ntransport = \"ssh\""));
        }
        Some(sshd)
    }

    fn start(&self, helper: u16, settings: &str) -> Sshd {
        let folder = self.path("sshd");
        std::fs::create_dir_all(&folder).unwrap();
        for key in ["host", "other", "client"] {
            let file = folder.join(key).display().to_string();
            run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", &file]);
        }
        std::fs::copy(folder.join("client.pub"), folder.join("authorized")).unwrap();
        let own = folder.display();
        let path = super::process::path().into_string().unwrap();
        let script = format!(
            r#"#!/bin/bash
export PATH='{path}' HOME='{own}' GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
read -r verb path <<<"$SSH_ORIGINAL_COMMAND"
path=${{path#\'}} path=${{path%\'}}
echo "$verb $path ${{GIT_PROTOCOL:-version=0}}" >>'{own}/asked'
exec 3<>/dev/tcp/127.0.0.1/{helper}
printf 'where %s\n' "$path" >&3
IFS= read -r bare <&3
if [ -z "$bare" ] || grep -qxF "$path" '{own}/hidden' 2>/dev/null; then
    echo 'ERROR: Repository not found.' >&2
    exit 1
fi
set -- -c safe.directory='*' -c gc.auto=0 -c receive.autogc=false
case $verb in
git-upload-pack) exec git "$@" -c uploadpack.allowAnySHA1InWant=true upload-pack "$bare" 3>&- ;;
git-receive-pack)
    export SERVED_PATH=$path
    exec git "$@" -c core.hooksPath='{own}/hooks' -c receive.denyDeleteCurrent=ignore receive-pack "$bare" 3>&-
    ;;
esac
"#
        );
        executable(&folder.join("serve"), &script);
        let told = format!(
            "#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/{helper}\n{{ printf 'pushed %s\\n' \"$SERVED_PATH\"; cat; echo end; }} >&3\nread -r done <&3\n"
        );
        executable(&folder.join("hooks/post-receive"), &told);
        let refuse = format!(
            "#!/bin/bash\nif grep -qxF \"$1\" '{own}/protected' 2>/dev/null; then\n    echo \"error: GH006: Protected branch update failed for $1.\" >&2\n    exit 1\nfi\n"
        );
        executable(&folder.join("hooks/update"), &refuse);
        // Another program may take the port before the server does.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let text = format!(
                "ListenAddress 127.0.0.1\nPort {port}\nHostKey {own}/host\nPidFile none\nAuthorizedKeysFile \
                 {own}/authorized\nStrictModes no\nUsePAM no\nPasswordAuthentication \
                 no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nLogLevel \
                 VERBOSE\n{settings}ForceCommand {own}/serve\n"
            );
            put(&folder.join("settings"), &text);
            let mut server = program(SERVER);
            server.arg("-D").arg("-f").arg(folder.join("settings")).arg("-E").arg(folder.join("log"));
            let child = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let mut sshd = Sshd { child, folder: folder.clone(), port };
            let end = Instant::now() + Duration::from_secs(20);
            while sshd.child.try_wait().unwrap().is_none() && Instant::now() < end {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return sshd;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("sshd does not start (as root, it needs the folder /run/sshd): {log}");
    }

    /// Notes arguments and environment of ssh beside those of git.
    fn put_ssh_in_front(&self) {
        let real = run("sh", &["-c", "command -v ssh"]);
        let script = format!(
            "#!/bin/sh\n{{ echo \"ssh $*\"; export -p; tr '\\0' ' ' </proc/$$/cmdline; echo; }} >>'{}'\nexec '{real}' \"$@\"\n",
            self.path("git.log").display()
        );
        executable(&self.path("bin/ssh"), &script);
    }
}

fn executable(path: &Path, text: &str) {
    put(path, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn run(name: &str, args: &[&str]) -> String {
    let output = program(name).args(args).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Answers the server's script: where a path's repository is, and what to do when it was pushed to. Returns the port.
fn answer(sites: Vec<Arc<Site>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sites = sites.clone();
            std::thread::spawn(move || answer_one(&sites, &stream));
        }
    });
    port
}

fn answer_one(sites: &[Arc<Site>], stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let Some((verb, path)) = first.split_once(' ') else { return };
    let parts: Vec<&str> = path.trim_matches('/').trim_end_matches(".git").split('/').collect();
    let [site, owner, name] = parts[..] else { return };
    let Some(site) = sites.iter().find(|it| it.name() == site) else { return };
    let answer = if verb == "where" {
        site.bare_path(owner, name).map(|path| path.display().to_string()).unwrap_or_default()
    } else {
        let change = |line: String| {
            let mut words = line.split(' ').map(str::to_owned);
            RefChange { old: words.next().unwrap(), new: words.next().unwrap(), name: words.next().unwrap() }
        };
        let changes = lines.take_while(|line| line != "end").map(change).collect();
        let there = site.repository(owner, name).unwrap();
        let by = site.repository(OWNER, name).map_or(there.owner, |own| own.owner);
        site.refs_changed(there.id, by, changes).unwrap();
        "ok".to_owned()
    };
    let mut stream = stream;
    drop(writeln!(stream, "{answer}"));
}
