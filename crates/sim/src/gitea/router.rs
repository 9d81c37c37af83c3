use axum::Router;
use axum::routing::{get, post, put};

use super::{accounts, branches, comments, general, hooks, protections, pulls, refs, repositories, topics};
use crate::Kind;
use crate::dialect::Shared;

/// Returns the routes of either forge.
pub(crate) fn router(kind: Kind) -> Router<Shared> {
    let api = Router::new()
        .route("/version", get(general::version))
        .route("/settings/api", get(general::settings_api))
        .route("/settings/repository", get(general::settings_repository))
        .merge(people())
        .merge(repository())
        .fallback(general::unknown);
    let router = Router::new().nest("/api/v1", api);
    if kind == Kind::Forgejo { router.route("/api/forgejo/v1/version", get(general::forgejo_version)) } else { router }
}

fn people() -> Router<Shared> {
    Router::new()
        .route("/user", get(accounts::me))
        .route("/user/orgs", get(accounts::my_orgs))
        .route("/user/repos", get(repositories::mine).post(repositories::create_mine))
        .route("/user/hooks", get(hooks::list_user).post(hooks::create_user))
        .route("/user/hooks/{id}", get(hooks::get_user).patch(hooks::edit_user).delete(hooks::delete_user))
        .route("/users/{name}", get(accounts::user))
        .route("/users/{name}/orgs", get(accounts::orgs_of))
        .route("/users/{name}/repos", get(repositories::of_user))
        .route("/users/{name}/orgs/{org}/permissions", get(accounts::permissions))
        .route("/notifications/new", get(general::notifications))
        .route("/repos/issues/search", get(general::issues))
        .route("/orgs", post(accounts::create_org))
        .route("/orgs/{org}", get(accounts::org))
        .route("/orgs/{org}/repos", get(repositories::of_org).post(repositories::create_in_org))
        .route("/org/{org}/repos", post(repositories::create_in_org))
        .route("/orgs/{org}/hooks", get(hooks::list_org).post(hooks::create_org))
        .route("/orgs/{org}/hooks/{id}", get(hooks::get_org).patch(hooks::edit_org).delete(hooks::delete_org))
}

fn repository() -> Router<Shared> {
    let below = Router::new()
        .route("/transfer", post(repositories::transfer))
        .route("/topics", get(topics::list).put(topics::replace))
        .route("/topics/{topic}", put(topics::add).delete(topics::remove))
        .route("/hooks", get(hooks::list).post(hooks::create))
        .route("/hooks/{id}", get(hooks::get).patch(hooks::edit).delete(hooks::delete))
        .route("/hooks/{id}/tests", post(hooks::test))
        .route("/branches", get(branches::list).post(branches::create))
        .route("/branches/{*branch}", get(branches::get).delete(branches::delete))
        .route("/branch_protections", get(protections::list).post(protections::create))
        .route("/branch_protections/{name}", get(protections::get).patch(protections::edit).delete(protections::delete))
        .route("/tag_protections", get(general::nothing))
        .route("/git/refs", get(refs::all))
        .route("/git/refs/{*name}", get(refs::some))
        .route("/tags", get(refs::tags))
        .route("/tags/{*tag}", get(refs::tag))
        .route("/releases", get(general::nothing))
        .route("/releases/latest", get(general::missing))
        .route("/pulls", get(pulls::list).post(pulls::create))
        .route("/pulls/{index}", get(pulls::get).patch(pulls::edit))
        .route("/pulls/{index}/merge", get(pulls::merged).post(pulls::merge))
        .route("/pulls/{index}/{*head}", get(pulls::between))
        .route("/issues/{index}/comments", get(comments::list).post(comments::create))
        .route("/issues/comments/{id}", get(comments::get).patch(comments::edit).delete(comments::delete));
    Router::new()
        .route("/repos/search", get(repositories::search))
        .route("/repositories/{id}", get(repositories::by_id))
        .route("/repos/{owner}/{repo}", get(repositories::get).patch(repositories::edit).delete(repositories::delete))
        .nest("/repos/{owner}/{repo}", below)
}
