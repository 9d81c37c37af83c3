//! A first sync under the forges' rate limits.

use std::path::Path;
use std::time::{Duration, Instant};

use refray_sim::{Kind, Sim};

use crate::ground::OWNER;
use crate::process::Runner;
use crate::report::say;
use crate::{Common, Error, history};

/// Syncs `repos` repositories from GitHub to GitLab, and then once more, while each of the two answers no more than
/// `limit` requests of its API in every `window`.
pub(crate) async fn run(common: &Common, repos: usize, limit: u64, window: Duration) -> Result<(), Error> {
    let dir = tempfile::tempdir()?;
    let builder = Sim::builder().dir(dir.path().join("forges"));
    let sim = builder.site("github", Kind::GitHub).site("gitlab", Kind::GitLab).start().await?;
    let home = dir.path().join("home");
    std::fs::create_dir_all(&home)?;
    let runner = Runner { home };
    let sites = [(Kind::GitHub, sim.site("github")), (Kind::GitLab, sim.site("gitlab"))];
    let mut parts = Vec::new();
    for (kind, site) in &sites {
        site.user(OWNER)?;
        let scopes: &[&str] = if *kind == Kind::GitHub { &["repo", "read:org"] } else { &["api"] };
        let (token, url) = (site.token(OWNER, scopes)?.secret, site.base_url());
        parts.push(format!(
            "[[sites]]\nname = \"{kind}\"\nprovider = \"{kind}\"\nbase_url = \"{url}\"\ntoken = {{ value = \"{token}\" }}\n\n"
        ));
    }
    parts.push("[[mirrors]]\nname = \"all\"\n\n".to_owned());
    for (kind, _) in &sites {
        let namespace = format!("site = \"{kind}\"\nkind = \"user\"\nnamespace = \"{OWNER}\"\n\n");
        parts.push(format!("[[mirrors.endpoints]]\n{namespace}"));
    }
    let pattern = dir.path().join("pattern.git");
    runner.git(&["init", "-q", "--bare", &*pattern.to_string_lossy()]).await?;
    let stream = history::stream(3, 2, 1);
    runner.feed(&["-C", &*pattern.to_string_lossy(), "fast-import", "--quiet"], stream).await?;
    runner.git(&["-C", &*pattern.to_string_lossy(), "pack-refs", "--all"]).await?;
    runner.git(&["-C", &*pattern.to_string_lossy(), "repack", "-adq"]).await?;
    for index in 0..repos {
        let name = format!("repository-{index:05}");
        sites[0].1.create_repo(OWNER, &name, Default::default())?;
        crate::memory::fill(&pattern, &sites[0].1.bare_path(OWNER, &name)?)?;
    }
    let path = dir.path().join("config.toml");
    #[expect(clippy::disallowed_methods, reason = "a file in a folder that nobody else knows")]
    std::fs::write(&path, parts.concat())?;

    say(&format!(
        "\nRate limits: {repos} repositories from GitHub to GitLab, {limit} requests in {} s",
        window.as_secs()
    ));
    for title in ["the first sync", "the second, with nothing to do"] {
        for (_, site) in &sites {
            site.requests().clear();
            site.faults().rate_limit(limit, window);
        }
        let took = sync(&runner, &common.refray, &path).await?;
        say(&format!("  {title}: {:.1} s", took.as_secs_f64()));
        for (kind, site) in &sites {
            let all = site.requests().all();
            let api = all.iter().filter(|request| request.rest).count();
            let git = all.len() - api;
            let refused = all.iter().filter(|request| matches!(request.status, 403 | 429)).count();
            // So many windows have to begin before the last request may be answered.
            let least = (api.saturating_sub(1)) as u64 / limit.max(1) * window.as_secs();
            say(&format!(
                "    {kind:8} {api:6} requests of the API, {git:6} of git, {refused:4} refused; the limit takes {least} s"
            ));
        }
    }
    Ok(())
}

async fn sync(runner: &Runner, program: &Path, config: &Path) -> Result<Duration, Error> {
    let started = Instant::now();
    runner.sync(program, config).await?;
    Ok(started.elapsed())
}
