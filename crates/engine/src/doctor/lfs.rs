//! Repositories whose files are kept by Git LFS: git carries pointers to them, and so does refray.

use refray_core::config::{MirrorGroup, Provider};
use refray_core::name::RepoName;
use refray_git::Mirror;

use super::access::some;
use super::examination::Examination;
use super::report::Check;
use crate::mirror;

const CHECK: &str = "git lfs";

/// How many tips of a repository are looked at.
const TIPS: usize = 500;

/// Looks into the mirrors that are there. `None` when there is none yet.
pub(super) async fn check(examined: &Examination, group: &MirrorGroup, names: Vec<RepoName>) -> Option<Check> {
    let paths: Vec<_> = names.iter().map(|name| mirror::place(&examined.dirs, &group.name, name)).collect();
    let look = move || paths.iter().map(|path| path.exists().then(|| uses_it(path))).collect::<Vec<_>>();
    let looked = tokio::task::spawn_blocking(look).await.ok()?;
    let known = looked.iter().flatten().count();
    let using = names.iter().zip(&looked).filter(|(_, uses)| **uses == Some(true));
    let using: Vec<String> = using.map(|(name, _)| name.to_string()).collect();
    if known == 0 {
        return None;
    }
    if using.is_empty() {
        return Some(Check::pass(
            &group.name,
            CHECK,
            format!("not used, as far as {known} local {}", if known == 1 { "mirror tells" } else { "mirrors tell" }),
        ));
    }
    let forges = group.endpoints.iter().any(|endpoint| endpoint.site.provider != Provider::Directory);
    let remedy = if forges {
        "Only pointers travel by git: in a clone, `git lfs fetch --all` and `git lfs push --all URL` bring the files to the other sides."
    } else {
        "Only pointers travel by git: keep a copy of the LFS files by other means."
    };
    Some(Check::warn(&group.name, CHECK, format!("files are kept outside of git in {}", some(&using)), remedy))
}

fn uses_it(path: &std::path::Path) -> bool {
    let Ok(mirror) = Mirror::look(path) else { return false };
    let tips = mirror.refs("refs/").unwrap_or_default();
    mirror.points_to_lfs(tips.into_values().take(TIPS))
}
