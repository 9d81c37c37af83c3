use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinHandle;

use crate::recording::{self, Recording};
use crate::server::{Authority, Listener, TlsError, accept};
use crate::site::SiteParts;
use crate::world::Clock;
use crate::{Kind, Site, admin, git, hooks};

/// Why the simulator could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// Two sites have the same name.
    #[error("two sites are named {0}")]
    Twice(String),
    /// A folder or file could not be made.
    #[error("{path} could not be made")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An address could not be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// No certificates could be made.
    #[error("no TLS")]
    Tls(#[from] TlsError),
}

/// What a simulator is to be like.
#[derive(Clone, Debug)]
pub struct SimBuilder {
    sites: Vec<(String, Kind)>,
    tls: bool,
    dir: Option<PathBuf>,
    host: String,
    port_base: Option<u16>,
    clock: Option<Timestamp>,
    admin: bool,
    record: Option<PathBuf>,
}

/// Small forges that live as long as this does: dropped, it ends their tasks and git children and removes their folder.
#[derive(Debug)]
pub struct Sim {
    sites: BTreeMap<String, Arc<Site>>,
    tasks: Vec<JoinHandle<()>>,
    dir: PathBuf,
    ca_file: Option<PathBuf>,
    admin_url: Option<String>,
    temporary: Option<TempDir>,
}

impl Sim {
    /// Starts describing a simulator.
    #[must_use]
    pub fn builder() -> SimBuilder {
        SimBuilder {
            sites: Vec::new(),
            tls: false,
            dir: None,
            host: "127.0.0.1".to_owned(),
            port_base: None,
            clock: None,
            admin: false,
            record: None,
        }
    }

    /// Returns a site.
    ///
    /// # Panics
    ///
    /// Panics when no site has the name: the one who asks has made them.
    #[must_use]
    pub fn site(&self, name: &str) -> Arc<Site> {
        match self.sites.get(name) {
            Some(site) => Arc::clone(site),
            None => panic!("the simulator has no site named {name}"),
        }
    }

    /// Returns all sites, by name.
    pub fn sites(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.sites.values()
    }

    /// Returns the folder that holds everything.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the file with the certificate authority to trust, when the sites speak TLS.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// Returns the URL below which the switches can be reached over HTTP, when that was asked for.
    #[must_use]
    pub fn admin_url(&self) -> Option<&str> {
        self.admin_url.as_deref()
    }
}

impl SimBuilder {
    /// Adds a site.
    #[must_use]
    pub fn site(mut self, name: &str, kind: Kind) -> Self {
        self.sites.push((name.to_owned(), kind));
        self
    }

    /// Puts all sites behind TLS, with certificates of an authority made for the purpose.
    #[must_use]
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// Keeps everything in this folder, which stays; else it is a temporary one.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Listens on this address instead of 127.0.0.1.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    /// Gives the sites this port and those that follow, and the last one to the switches; else they get free ones.
    #[must_use]
    pub fn port_base(mut self, port: u16) -> Self {
        self.port_base = Some(port);
        self
    }

    /// Lets all sites go by a clock that starts here and moves on by a second with every change.
    #[must_use]
    pub fn clock(mut self, start: Timestamp) -> Self {
        self.clock = Some(start);
        self
    }

    /// Offers the switches over HTTP too, on a port of their own.
    #[must_use]
    pub fn admin(mut self, admin: bool) -> Self {
        self.admin = admin;
        self
    }

    /// Writes what is asked, answered and delivered into a file in this folder, one JSON object a line, each shape once.
    /// Else it is done where `REFRAY_SIM_RECORD` names a folder.
    #[must_use]
    pub fn record(mut self, folder: impl Into<PathBuf>) -> Self {
        self.record = Some(folder.into());
        self
    }

    /// Starts the sites.
    ///
    /// # Errors
    ///
    /// Fails when a folder, a certificate or a port cannot be had.
    pub async fn start(self) -> Result<Sim, StartError> {
        let made = |path: &Path| {
            let path = path.to_owned();
            move |source| StartError::Folder { path, source }
        };
        let temporary = match &self.dir {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("refray-sim-").tempdir().map_err(made(Path::new("folder")))?),
        };
        let dir = match (&self.dir, &temporary) {
            (Some(dir), _) => dir.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => PathBuf::from("."),
        };
        fs::create_dir_all(&dir).map_err(made(&dir))?;
        // Git children work in other folders.
        let dir = fs::canonicalize(&dir).map_err(made(&dir))?;
        let recording = match &self.record {
            Some(folder) => Some(Arc::new(Recording::open(folder).map_err(made(folder))?)),
            None => recording::of_process(),
        };
        let authority = if self.tls { Some(Authority::new(&dir)?) } else { None };
        let ca_file = authority.as_ref().map(|it| it.file().to_owned());
        let mut sim = Sim { sites: BTreeMap::new(), tasks: Vec::new(), dir, ca_file, admin_url: None, temporary };
        for (index, (name, kind)) in self.sites.iter().enumerate() {
            if sim.sites.contains_key(name) {
                return Err(StartError::Twice(name.clone()));
            }
            let tcp = self.listen(index).await?;
            let folder = sim.dir.join(name);
            for part in ["repositories", "tables"] {
                let part = folder.join(part);
                fs::create_dir_all(&part).map_err(made(&part))?;
            }
            let scripts = folder.join("hooks");
            git::write_scripts(*kind, &scripts).map_err(made(&scripts))?;
            let tls = match &authority {
                Some(authority) => Some(authority.acceptor(vec![self.host.clone(), "localhost".to_owned()])?),
                None => None,
            };
            let (events, told) = unbounded_channel();
            let site = Arc::new(Site::new(SiteParts {
                name: name.clone(),
                kind: *kind,
                base_url: self.url(if tls.is_some() { "https" } else { "http" }, &tcp)?,
                dir: folder,
                ca_file: sim.ca_file.clone(),
                clock: self.clock.map_or(Clock::Real, Clock::fixed),
                events,
                recording: recording.clone(),
            }));
            sim.tasks.push(tokio::spawn(hooks::run(Arc::clone(&site), told)));
            sim.tasks.push(tokio::spawn(accept(Arc::clone(&site), Listener { tcp, tls })));
            sim.sites.insert(name.clone(), site);
        }
        if self.admin {
            let tcp = self.listen(self.sites.len()).await?;
            sim.admin_url = Some(self.url("http", &tcp)?);
            sim.tasks.push(tokio::spawn(admin::serve(sim.sites.clone(), tcp)));
        }
        Ok(sim)
    }

    async fn listen(&self, index: usize) -> Result<TcpListener, StartError> {
        let offset = u16::try_from(index).unwrap_or(u16::MAX);
        let port = self.port_base.map_or(0, |base| base.saturating_add(offset));
        let address = format!("{}:{port}", self.host);
        TcpListener::bind(&address).await.map_err(|source| StartError::Listen { address, source })
    }

    fn url(&self, scheme: &str, tcp: &TcpListener) -> Result<String, StartError> {
        let address = tcp.local_addr();
        let address = address.map_err(|source| StartError::Listen { address: self.host.clone(), source })?;
        Ok(format!("{scheme}://{}:{}", self.host, address.port()))
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        for site in self.sites.values() {
            site.children().end();
        }
        let Some(temporary) = self.temporary.take() else { return };
        // A child that is being killed may still make a file or two.
        for _ in 0..20 {
            if fs::remove_dir_all(temporary.path()).is_ok() || !temporary.path().exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
