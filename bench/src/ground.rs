//! Forges to measure on.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refray_sim::world::{NewRepository, Visibility};
use refray_sim::{Kind, Sim, Site};
use tempfile::TempDir;

use crate::Error;
use crate::process::Runner;

/// Simulated forges, a folder for everything, and what runs programs in it.
pub(crate) struct Ground {
    pub(crate) sites: Vec<(Arc<Site>, String)>,
    pub(crate) runner: Runner,
    pub(crate) dir: TempDir,
    _sim: Sim,
}

/// The namespace on every forge.
pub(crate) const OWNER: &str = "bench";

impl Ground {
    /// Starts `count` forges.
    pub(crate) async fn new(count: usize) -> Result<Self, Error> {
        let dir = tempfile::tempdir()?;
        let mut builder = Sim::builder().dir(dir.path().join("forges"));
        for index in 0..count {
            builder = builder.site(&format!("forge{index}"), Kind::Gitea);
        }
        let sim = builder.start().await?;
        let mut sites = Vec::new();
        for index in 0..count {
            let site = sim.site(&format!("forge{index}"));
            site.user(OWNER)?;
            let token = site.token(OWNER, &["*"])?.secret;
            sites.push((site, token));
        }
        let home = dir.path().join("home");
        std::fs::create_dir_all(&home)?;
        Ok(Self { sites, runner: Runner { home }, dir, _sim: sim })
    }

    /// Makes an empty repository on a forge and returns where it is on the disk.
    pub(crate) fn repository(&self, site: usize, name: &str) -> Result<PathBuf, Error> {
        let options = NewRepository { visibility: Visibility::Private, ..NewRepository::default() };
        let (site, _) = &self.sites[site];
        site.create_repo(OWNER, name, options)?;
        Ok(site.bare_path(OWNER, name)?)
    }

    /// Fills a bare repository from a stream of `git fast-import`.
    pub(crate) async fn import(&self, bare: &Path, stream: Vec<u8>) -> Result<(), Error> {
        let bare = bare.to_string_lossy().into_owned();
        self.runner.feed(&["-C", bare.as_str(), "fast-import", "--quiet"], stream).await?;
        self.runner.git(&["-C", bare.as_str(), "pack-refs", "--all"]).await?;
        self.runner.git(&["-C", bare.as_str(), "repack", "-adq"]).await?;
        Ok(())
    }

    /// Returns an address with the credential in it, for plain git.
    pub(crate) fn url(&self, site: usize, name: &str) -> String {
        let (site, token) = &self.sites[site];
        format!("{}/{OWNER}/{name}.git", site.base_url().replacen("://", &format!("://{OWNER}:{token}@"), 1))
    }

    /// Writes a configuration that joins the forges `sites`.
    pub(crate) fn config(&self, name: &str, sites: std::ops::Range<usize>) -> Result<PathBuf, Error> {
        let mut text = String::new();
        for (index, (site, token)) in self.sites.iter().enumerate() {
            let url = site.base_url();
            write!(
                text,
                "[[sites]]\nname = \"forge{index}\"\nprovider = \"gitea\"\nbase_url = \"{url}\"\ntoken = {{ value = \"{token}\" }}\n\n"
            )?;
        }
        text.push_str("[[mirrors]]\nname = \"all\"\n\n");
        for index in sites {
            write!(
                text,
                "[[mirrors.endpoints]]\nsite = \"forge{index}\"\nkind = \"user\"\nnamespace = \"{OWNER}\"\n\n"
            )?;
        }
        let path = self.dir.path().join(name);
        #[expect(clippy::disallowed_methods, reason = "a file in a folder that nobody else knows")]
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Gives a program a home in which it has never run.
    pub(crate) fn fresh_home(&self, name: &str) -> Result<Runner, Error> {
        let home = self.dir.path().join("homes").join(name);
        std::fs::create_dir_all(&home)?;
        Ok(Runner { home })
    }
}
