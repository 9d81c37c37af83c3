use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::execute::{Execution, FieldError};
use crate::dialect::Fields;
use crate::github::scope::can_read;
use crate::github::view::node_id;
use crate::world::{Account, Found, RefEntry, Repository, Visibility};

/// The most that a connection gives at once.
const MOST: u64 = 100;

/// Something that fields are asked of.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Query,
    Repository(Box<Repository>),
    Owner(Box<Account>),
    Ref(Box<Repository>, RefEntry),
    /// What a ref points at.
    Target(RefEntry),
    RefConnection(Slice<Self>),
    RepositoryConnection(Slice<Self>),
    TopicConnection(Slice<Self>),
    RepositoryTopic(String),
    Topic(String),
    PageInfo(Bounds),
    RateLimit,
}

/// What a field comes to.
pub(super) enum Node {
    Scalar(Value),
    Object(Object),
    List(Vec<Object>),
}

/// A part of a longer list.
#[derive(Clone, Debug)]
pub(super) struct Slice<T> {
    nodes: Vec<T>,
    total: usize,
    bounds: Bounds,
}

/// Where a part lies in its list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    from: usize,
    to: usize,
    total: usize,
}

type Resolved = Result<Node, FieldError>;

impl Object {
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Repository(_) => "Repository",
            Self::Owner(account) if account.is_user() => "User",
            Self::Owner(_) => "Organization",
            Self::Ref(..) => "Ref",
            Self::Target(entry) if entry.kind == "tag" => "Tag",
            Self::Target(_) => "Commit",
            Self::RefConnection(_) => "RefConnection",
            Self::RepositoryConnection(_) => "RepositoryConnection",
            Self::TopicConnection(_) => "RepositoryTopicConnection",
            Self::RepositoryTopic(_) => "RepositoryTopic",
            Self::Topic(_) => "Topic",
            Self::PageInfo(_) => "PageInfo",
            Self::RateLimit => "RateLimit",
        }
    }

    /// Tells whether it is of a type or implements an interface.
    pub(super) fn is(&self, kind: &str) -> bool {
        let interface = match kind {
            "RepositoryOwner" => matches!(self, Self::Owner(_)),
            "GitObject" => matches!(self, Self::Target(_)),
            "Node" => matches!(
                self,
                Self::Repository(_)
                    | Self::Owner(_)
                    | Self::Ref(..)
                    | Self::Target(_)
                    | Self::RepositoryTopic(_)
                    | Self::Topic(_)
            ),
            _ => false,
        };
        interface || kind == self.type_name()
    }
}

/// Works out a field of an object.
pub(super) fn resolve(
    run: &mut Execution<'_>,
    object: &Object,
    field: &str,
    arguments: &Map<String, Value>,
) -> Resolved {
    match object {
        Object::Query => query(run, field, arguments),
        Object::Repository(it) => repository(run, it, field, arguments),
        Object::Owner(it) => owner(run, it, field, arguments),
        Object::Ref(of, it) => reference(of, it, field),
        Object::Target(it) => git_object(it, field),
        Object::RefConnection(it) | Object::RepositoryConnection(it) | Object::TopicConnection(it) => {
            connection(it, field)
        }
        Object::RepositoryTopic(name) => match field {
            "topic" => Ok(Node::Object(Object::Topic(name.clone()))),
            "id" => scalar(node_id("RepositoryTopic", name)),
            _ => Err(FieldError::Undefined),
        },
        Object::Topic(name) => match field {
            "name" => scalar(name.as_str()),
            "id" => scalar(node_id("Topic", name)),
            _ => Err(FieldError::Undefined),
        },
        Object::PageInfo(bounds) => page_info(*bounds, field),
        Object::RateLimit => rate_limit(run, field),
    }
}

fn query(run: &Execution<'_>, field: &str, arguments: &Map<String, Value>) -> Resolved {
    match field {
        "repository" => {
            let (owner, name) = (text(arguments, "owner"), text(arguments, "name"));
            find_repository(run, &format!("{owner}/{name}"), arguments)
        }
        "repositoryOwner" => Ok(find_owner(run, arguments, |_| true)),
        "user" | "organization" => {
            let (login, user) = (text(arguments, "login"), field == "user");
            let kind = if user { "a User" } else { "an Organization" };
            match find_owner(run, arguments, |it| it.is_user() == user) {
                Node::Object(it) => Ok(Node::Object(it)),
                _ => Err(FieldError::Typed(
                    "NOT_FOUND",
                    format!("Could not resolve to {kind} with the login of '{login}'."),
                )),
            }
        }
        "viewer" => {
            let me = run.site.world().user_of(run.viewer).cloned();
            Ok(me.map_or(Node::Scalar(Value::Null), |it| Node::Object(Object::Owner(Box::new(it)))))
        }
        "rateLimit" => Ok(Node::Object(Object::RateLimit)),
        _ => Err(FieldError::Undefined),
    }
}

fn find_owner(run: &Execution<'_>, arguments: &Map<String, Value>, fits: impl Fn(&Account) -> bool) -> Node {
    let found = run.site.world().account(text(arguments, "login")).filter(|it| fits(it)).cloned();
    found.map_or(Node::Scalar(Value::Null), |it| Node::Object(Object::Owner(Box::new(it))))
}

fn find_repository(run: &Execution<'_>, full_name: &str, arguments: &Map<String, Value>) -> Resolved {
    let world = run.site.world();
    let found = match world.find_repository(full_name) {
        Found::Here(it) => Some(it),
        Found::Moved(it) if arguments.flag("followRenames").unwrap_or(true) => Some(it),
        Found::Moved(_) | Found::Nowhere => None,
    };
    let found = found.filter(|it| can_read(&world, run.viewer, it)).cloned();
    found.map(|it| Node::Object(Object::Repository(Box::new(it)))).ok_or_else(|| {
        let message = format!("Could not resolve to a Repository with the name '{full_name}'.");
        FieldError::Typed("NOT_FOUND", message)
    })
}

fn repository(run: &mut Execution<'_>, it: &Repository, field: &str, arguments: &Map<String, Value>) -> Resolved {
    let full_name = || run.site.world().full_path(it);
    match field {
        "id" => scalar(node_id("Repository", it.id)),
        "databaseId" => scalar(it.id),
        "name" => scalar(it.path.as_str()),
        "nameWithOwner" => scalar(full_name()),
        "description" => scalar((!it.description.is_empty()).then_some(it.description.as_str())),
        "homepageUrl" => scalar((!it.homepage.is_empty()).then_some(it.homepage.as_str())),
        "createdAt" => scalar(it.created.to_string()),
        "updatedAt" => scalar(it.updated.to_string()),
        "pushedAt" => scalar(it.pushed.map(|it| it.to_string())),
        "diskUsage" => scalar(u64::from(!it.empty)),
        "isArchived" => scalar(it.archived),
        "isDisabled" => scalar(it.disabled),
        "isEmpty" => scalar(it.empty),
        "isFork" => scalar(it.fork_of.is_some()),
        "isLocked" | "isMirror" => scalar(false),
        "isTemplate" => scalar(it.settings.flag("is_template").unwrap_or(false)),
        "isPrivate" => scalar(it.visibility != Visibility::Public),
        "visibility" => scalar(it.visibility.as_str().to_ascii_uppercase()),
        "url" => scalar(format!("{}/{}", run.site.base_url(), full_name())),
        "sshUrl" => scalar(run.site.ssh_url(&full_name())),
        "owner" => Ok(Node::Object(Object::Owner(Box::new(run.site.world().owner(it).clone())))),
        "defaultBranchRef" => one_ref(run, it, &format!("refs/heads/{}", it.default_branch)),
        "ref" => one_ref(run, it, text(arguments, "qualifiedName")),
        "refs" => {
            let prefix = text(arguments, "refPrefix");
            if !prefix.starts_with("refs/") || !prefix.ends_with('/') {
                let message = format!("Invalid refPrefix '{prefix}': it must begin with refs/ and end with a slash.");
                return Err(FieldError::Typed("UNPROCESSABLE", message));
            }
            let mut refs = run.site.bare(it.id).refs(&[prefix.trim_end_matches('/')]).map_err(internal)?;
            if let Some(wanted) = arguments.text("query") {
                refs.retain(|it| it.name[prefix.len()..].contains(wanted));
            }
            if arguments.text("direction") == Some("DESC") {
                refs.reverse();
            }
            let nodes = refs.into_iter().map(|entry| Object::Ref(Box::new(it.clone()), entry)).collect();
            Ok(Node::Object(Object::RefConnection(slice(run, field, nodes, arguments)?)))
        }
        "repositoryTopics" => {
            let nodes = it.topics.iter().cloned().map(Object::RepositoryTopic).collect();
            Ok(Node::Object(Object::TopicConnection(slice(run, field, nodes, arguments)?)))
        }
        _ => Err(FieldError::Undefined),
    }
}

fn one_ref(run: &Execution<'_>, of: &Repository, name: &str) -> Resolved {
    let name = if name.starts_with("refs/") { name.to_owned() } else { format!("refs/heads/{name}") };
    let refs = run.site.bare(of.id).refs(&[&name]).map_err(internal)?;
    let found = refs.into_iter().find(|it| it.name == name);
    Ok(found.map_or(Node::Scalar(Value::Null), |it| Node::Object(Object::Ref(Box::new(of.clone()), it))))
}

fn owner(run: &mut Execution<'_>, it: &Account, field: &str, arguments: &Map<String, Value>) -> Resolved {
    match field {
        "id" => scalar(node_id(if it.is_user() { "User" } else { "Organization" }, it.id)),
        "databaseId" => scalar(it.id),
        "login" => scalar(it.path.as_str()),
        "repository" => {
            let name = format!("{}/{}", it.path, text(arguments, "name"));
            find_repository(run, &name, arguments)
        }
        "repositories" => {
            let privacy = arguments.text("privacy").or_else(|| arguments.text("visibility"));
            let archived = arguments.flag("isArchived");
            let affiliations = arguments.texts("ownerAffiliations");
            let affiliations = affiliations.unwrap_or_else(|| vec!["OWNER".to_owned(), "COLLABORATOR".to_owned()]);
            let world = run.site.world();
            let belongs = |repository: &Repository| {
                let by = |word: &str| affiliations.iter().any(|it| it == word);
                (by("OWNER") && repository.owner == it.id)
                    || (by("COLLABORATOR") && repository.members.contains_key(&it.id))
                    || (by("ORGANIZATION_MEMBER")
                        && repository.owner != it.id
                        && world.role_in_group(it.id, repository.owner).is_some())
            };
            let mut found: Vec<Repository> = world
                .repositories
                .values()
                .filter(|it| belongs(it) && can_read(&world, run.viewer, it))
                .filter(|it| privacy.is_none_or(|word| word.eq_ignore_ascii_case(it.visibility.as_str())))
                .filter(|it| archived.is_none_or(|archived| it.archived == archived))
                .cloned()
                .collect();
            drop(world);
            let order = arguments.get("orderBy").and_then(Value::as_object);
            match order.and_then(|it| it.text("field")) {
                Some("NAME") => found.sort_by_key(|it| it.path.to_ascii_lowercase()),
                Some("PUSHED_AT") => found.sort_by_key(|it| it.pushed),
                Some("UPDATED_AT") => found.sort_by_key(|it| it.updated),
                _ => {}
            }
            if order.and_then(|it| it.text("direction")) == Some("DESC") {
                found.reverse();
            }
            let nodes = found.into_iter().map(|it| Object::Repository(Box::new(it))).collect();
            Ok(Node::Object(Object::RepositoryConnection(slice(run, field, nodes, arguments)?)))
        }
        _ => Err(FieldError::Undefined),
    }
}

fn reference(of: &Repository, it: &RefEntry, field: &str) -> Resolved {
    let prefix = ["refs/heads/", "refs/tags/"].into_iter().find(|prefix| it.name.starts_with(*prefix));
    match field {
        "id" => scalar(node_id("Ref", format_args!("{}:{}", of.id, it.name))),
        "name" => scalar(it.short()),
        "prefix" => scalar(prefix.unwrap_or("refs/")),
        "target" => Ok(Node::Object(Object::Target(it.clone()))),
        _ => Err(FieldError::Undefined),
    }
}

fn git_object(it: &RefEntry, field: &str) -> Resolved {
    match field {
        "oid" => scalar(it.oid.as_str()),
        "id" => scalar(node_id("GitObject", &it.oid)),
        "name" if it.kind == "tag" => scalar(it.short()),
        "target" if it.kind == "tag" => {
            let oid = it.commit().to_owned();
            Ok(Node::Object(Object::Target(RefEntry {
                oid,
                kind: "commit".to_owned(),
                peeled: None,
                name: it.name.clone(),
            })))
        }
        _ => Err(FieldError::Undefined),
    }
}

fn connection(it: &Slice<Object>, field: &str) -> Resolved {
    match field {
        "nodes" => Ok(Node::List(it.nodes.clone())),
        "totalCount" => scalar(it.total),
        "pageInfo" => Ok(Node::Object(Object::PageInfo(it.bounds))),
        _ => Err(FieldError::Undefined),
    }
}

fn page_info(bounds: Bounds, field: &str) -> Resolved {
    let cursor = |index: usize| STANDARD.encode(format!("cursor:v1:{index}"));
    let some = bounds.to > bounds.from;
    match field {
        "hasNextPage" => scalar(bounds.to < bounds.total),
        "hasPreviousPage" => scalar(bounds.from > 0),
        "endCursor" => scalar(some.then(|| cursor(bounds.to))),
        "startCursor" => scalar(some.then(|| cursor(bounds.from + 1))),
        _ => Err(FieldError::Undefined),
    }
}

fn rate_limit(run: &Execution<'_>, field: &str) -> Resolved {
    let usual_reset = run.site.clock().now().as_second() + 3600;
    // The limits are kept by what stands in front, which counts a query as one point.
    let standing = run.site.faults().standing();
    let (limit, used, reset) =
        standing.map_or((5000, 1, usual_reset), |it| (it.limit, it.used.min(it.limit), it.reset));
    match field {
        "limit" => scalar(limit),
        "used" => scalar(used),
        "cost" => scalar(run.cost()),
        "nodeCount" => scalar(run.nodes),
        "remaining" => scalar(limit - used),
        "resetAt" => scalar(jiff::Timestamp::from_second(reset).map(|it| it.to_string()).ok()),
        _ => Err(FieldError::Undefined),
    }
}

/// Cuts out the part of a list that `first` and `after`, or `last` and `before`, name.
fn slice(
    run: &mut Execution<'_>,
    field: &str,
    mut nodes: Vec<Object>,
    arguments: &Map<String, Value>,
) -> Result<Slice<Object>, FieldError> {
    let (first, last) = (arguments.number("first"), arguments.number("last"));
    let (word, size) = match (first, last) {
        (Some(size), _) => ("first", size),
        (None, Some(size)) => ("last", size),
        (None, None) => {
            let message =
                format!("You must provide a `first` or `last` value to properly paginate the `{field}` connection.");
            return Err(FieldError::Typed("MISSING_PAGINATION_BOUNDARIES", message));
        }
    };
    if size > MOST {
        let message = format!(
            "Requesting {size} records on the `{field}` connection exceeds the `{word}` limit of {MOST} records."
        );
        return Err(FieldError::Typed("EXCESSIVE_PAGINATION", message));
    }
    run.connections += 1;
    run.nodes += size;
    let total = nodes.len();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let place = |name: &str| -> Result<Option<usize>, FieldError> {
        let Some(cursor) = arguments.text(name) else { return Ok(None) };
        let decoded = STANDARD.decode(cursor).ok().and_then(|it| String::from_utf8(it).ok());
        let index = decoded.and_then(|it| it.strip_prefix("cursor:v1:")?.parse::<usize>().ok());
        let wrong = || {
            FieldError::Typed("INVALID_CURSOR_ARGUMENTS", format!("`{cursor}` does not appear to be a valid cursor."))
        };
        index.map(Some).ok_or_else(wrong)
    };
    let mut from = place("after")?.unwrap_or(0).min(total);
    let mut to = place("before")?.map_or(total, |it| it.saturating_sub(1)).clamp(from, total);
    if word == "first" {
        to = to.min(from.saturating_add(size));
    } else {
        from = from.max(to.saturating_sub(size));
    }
    nodes.truncate(to);
    let nodes = nodes.split_off(from);
    Ok(Slice { nodes, total, bounds: Bounds { from, to, total } })
}

fn text<'a>(arguments: &'a Map<String, Value>, name: &str) -> &'a str {
    arguments.text(name).unwrap_or_default()
}

fn scalar(value: impl serde::Serialize) -> Resolved {
    Ok(Node::Scalar(json!(value)))
}

fn internal(error: crate::world::GitError) -> FieldError {
    FieldError::Typed("INTERNAL", error.to_string())
}
