use super::accounts::{by_id, find_org};
use super::call::Call;
use super::refusal::{Answer, Refusal};
use super::view::{minimal_json, repository_json};
use crate::world::{Account, Repository, Visibility};

/// `GET /user/repos`: everything that the user owns or has a part in.
pub(super) fn own(call: &Call) -> Answer {
    let user = call.user()?;
    let query = &call.query;
    let kind = query.get("type");
    if kind.is_some() && (query.get("visibility").is_some() || query.get("affiliation").is_some()) {
        return Err(Refusal::unprocessable("If you specify visibility or affiliation, you cannot specify type."));
    }
    let affiliation = match kind {
        Some("owner") => "owner",
        Some("member") => "collaborator,organization_member",
        _ => query.get("affiliation").unwrap_or("owner,collaborator,organization_member"),
    };
    let visibility = match kind {
        Some(word @ ("public" | "private")) => word,
        _ => query.get("visibility").unwrap_or("all"),
    };
    if !matches!(visibility, "all" | "public" | "private") {
        return Err(Refusal::field("Repository", "visibility", "invalid"));
    }
    let world = call.site.world();
    let wanted = |repository: &&Repository| {
        let by = |word: &str| affiliation.split(',').any(|it| it.trim() == word);
        let own = repository.owner == user.id;
        let collaborator = repository.members.contains_key(&user.id);
        let member = !own && world.role_in_group(user.id, repository.owner).is_some();
        let public = repository.visibility == Visibility::Public;
        ((own && by("owner")) || (collaborator && by("collaborator")) || (member && by("organization_member")))
            && (visibility == "all" || (visibility == "public") == public)
            && call.can_read(&world, repository)
    };
    let found = world.repositories.values().filter(wanted).cloned().collect();
    drop(world);
    show(call, "/user/repos", found, "full_name")
}

/// `GET /users/{username}/repos`: public ones only, whoever asks.
pub(super) fn of_user(call: &Call, login: &str) -> Answer {
    let account = call.site.world().account(login).cloned().ok_or_else(Refusal::not_found)?;
    public_of(call, &account)
}

/// The pages of [`of_user`].
pub(super) fn of_user_id(call: &Call, id: &str) -> Answer {
    public_of(call, &by_id(call, id)?)
}

fn public_of(call: &Call, account: &Account) -> Answer {
    // What the user only works on is somebody else's.
    let owned = call.query.get("type") != Some("member");
    let wanted = |it: &&Repository| owned && it.visibility == Visibility::Public;
    let found = call.site.world().repositories_of(account.id).filter(wanted).cloned().collect();
    show(call, &format!("/user/{}/repos", account.id), found, "full_name")
}

/// `GET /orgs/{org}/repos`
pub(super) fn of_org(call: &Call, name: &str) -> Answer {
    of_account(call, &find_org(call, name)?)
}

/// The pages of [`of_org`].
pub(super) fn of_org_id(call: &Call, id: &str) -> Answer {
    of_account(call, &by_id(call, id)?)
}

fn of_account(call: &Call, account: &Account) -> Answer {
    let kind = call.query.get("type").unwrap_or("all");
    let world = call.site.world();
    let wanted = |it: &&Repository| {
        let fits = match kind {
            "public" => it.visibility == Visibility::Public,
            "private" => it.visibility != Visibility::Public,
            "internal" => it.visibility == Visibility::Internal,
            "forks" => it.fork_of.is_some(),
            "sources" => it.fork_of.is_none(),
            "member" => call.viewer.user().is_some_and(|user| world.role(user, it).is_some()),
            _ => true,
        };
        fits && call.can_read(&world, it)
    };
    let found = world.repositories_of(account.id).filter(wanted).cloned().collect();
    drop(world);
    show(call, &format!("/organizations/{}/repos", account.id), found, "created")
}

/// Sorts a list as it was asked for and answers with a page of it.
fn show(call: &Call, path: &str, mut found: Vec<Repository>, usual: &str) -> Answer {
    let sort = call.query.get("sort").unwrap_or(usual);
    let world = call.site.world();
    match sort {
        "created" => found.sort_by_key(|it| (it.created, it.id)),
        "updated" => found.sort_by_key(|it| (it.updated, it.id)),
        "pushed" => found.sort_by_key(|it| (it.pushed, it.id)),
        _ => found.sort_by_cached_key(|it| world.full_path(it).to_ascii_lowercase()),
    }
    let usual_direction = if sort == "full_name" { "asc" } else { "desc" };
    if call.query.get("direction").unwrap_or(usual_direction) == "desc" {
        found.reverse();
    }
    let view = if path == "/user/repos" { repository_json } else { minimal_json };
    call.list(path, found, |it| view(&call.site, &world, it, &call.viewer))
}
