//! What is right on the forges, though their descriptions do not have it. Each with the reason; one that nothing needs any
//! more makes the test fail.

use std::collections::BTreeSet;

/// Requests that are not described: the forges that take them, the method, the path with `*` for any part, and why.
const PATHS: &[(&[&str], &str, &str, &str)] = &[
    (&["github"], "GET", "/repositories/*", "where redirects after a rename lead; the description leaves it out"),
    (&["github"], "GET", "/organizations/*/repos", "where the pages of an organisation's list lead"),
    (&["gitlab"], "GET", "/api/v4/groups/*/members/all/*", "what somebody may do in a group; not among the operations"),
    (
        &["gitea", "forgejo"],
        "GET",
        "/notifications/new",
        "asks for a scope of a token; not among the operations of the description",
    ),
    (
        &["gitea", "forgejo"],
        "GET",
        "/repos/issues/search",
        "asks for a scope of a token; not among the operations of the description",
    ),
    (
        &["gitea", "forgejo"],
        "GET",
        "/packages/*",
        "asks for a scope of a token; not among the operations of the description",
    ),
    (
        &["gitea", "forgejo"],
        "GET",
        "/admin/cron",
        "asks for a scope of a token; not among the operations of the description",
    ),
    (&["gitea"], "GET", "/nothing/is/here", "an address for webhooks that leads elsewhere, tried as a browser would"),
    (
        &["gitlab"],
        "GET",
        "/api/v4/personal_access_tokens/self",
        "what a token may do; not among the operations of the description",
    ),
];

/// Answers that are not described: the forges, the operation (`*` for all), the status, and why.
const STATUSES: &[(&[&str], &str, u64, &str)] = &[
    (&["github"], "*", 304, "every read answers a conditional request, described or not"),
    (&["github"], "*", 401, "what is answered to a bad token, on any operation"),
    (&["github"], "*", 404, "what is not there, or not for whoever asks, on any operation"),
    (&["gitea", "forgejo"], "POST /orgs/{org}/repos", 409, "the name is taken, as it is described for users"),
    (&["gitlab"], "*", 301, "the old path of what was renamed or moved"),
    (&["gitea"], "*", 301, "the old path of what was renamed"),
    (&["gitlab"], "*", 401, "no operation of the description has what is answered to a bad token"),
    (&["gitlab"], "*", 403, "what the token or the account may not do, and what an archived project does not take"),
    (&["gitlab"], "*", 404, "what is not there, or not for whoever asks"),
    (&["gitea"], "*", 401, "no operation of the description has what is answered to a bad token"),
    (&["forgejo"], "*", 401, "few operations of the description have what is answered to a bad token"),
    (&["gitea", "forgejo"], "*", 403, "a scope that the token lacks, on any operation"),
    (
        &["gitea", "forgejo", "gitlab"],
        "*",
        429,
        "a limit, on any operation; for Gitea and Forgejo set by a proxy in front",
    ),
    (&["forgejo"], "*", 307, "the old path of what was renamed, in Forgejo 11"),
    (&["forgejo"], "POST /user/repos", 500, "what Forgejo says of an account that has as many repositories as it may"),
];

/// Other things: the forges, the operation (`*` for all), the finding's beginning, and why.
const FINDINGS: &[(&[&str], &str, &str, &str)] = &[
    (&["github"], "*", "the answer with 422: `status` is not described", "errors carry their status since 2024"),
    (&["github"], "*", "the answer with 403: `status` is not described", "errors carry their status since 2024"),
    (
        &["gitlab"],
        "GET /api/v4/user",
        "the answer with 200: `namespace_id` is not described",
        "for administrators, whose form of the answer the description leaves out",
    ),
    (
        &["gitlab"],
        "GET /api/v4/user",
        "the answer with 200: `is_admin` is not described",
        "for administrators, whose form of the answer the description leaves out",
    ),
    (
        &["gitlab"],
        "DELETE /api/v4/projects/{id}",
        "the answer with 202 has a body",
        "what was accepted is said in words as well",
    ),
    (
        &["gitlab"],
        "GET /api/v4/projects/{id}/repository/branches/{branch}",
        "`branch` in the path: it is a string and not integer",
        "a slip in the description: branches have names and no numbers",
    ),
    (
        &["gitlab"],
        "GET /api/v4/users",
        "the answer with 200: `[].public_email` is not described",
        "the description of users is an older one",
    ),
];

/// What ends a finding about a field that stands in many answers, and why.
const FIELDS: &[(&[&str], &str, &str)] = &[
    (
        &["gitea", "forgejo"],
        "username` is not described",
        "written beside `login` when a user is turned into JSON, for old clients",
    ),
    (
        &["github"],
        "the payload: `repository.has_pull_requests` is not described",
        "recorded deliveries have it, and the description of the REST API has it too",
    ),
    (
        &["gitea", "forgejo"],
        "merge_commit_sha` is null",
        "a pointer in the forges' own code: there is nothing until the request is merged",
    ),
    (
        &["gitlab"],
        "token_present` is not described",
        "whether a hook has a token, or one that signs: newer than the description",
    ),
];

/// Answers that are described by the wrong schema: the forges, the operation, the schema that is right, and why.
const INSTEAD: &[(&[&str], &str, &str, &str)] = &[
    (
        &["gitlab"],
        "GET /api/v4/projects",
        "API_Entities_ProjectWithAccess",
        "described is what those see who are not signed in, or ask for `simple`",
    ),
    (
        &["gitlab"],
        "GET /api/v4/users/{user_id}/projects",
        "API_Entities_ProjectWithAccess",
        "described is what those see who are not signed in, or ask for `simple`",
    ),
];

/// How the end of a path looks that a server is asked for to find out what it is: whatever answers, is not held against
/// anything.
const PROBES: [&str; 4] = ["/api/v3/meta", "/api/v4/version", "/api/v1/version", "/api/forgejo/v1/version"];

/// Says whether a server was asked what it is.
pub(crate) fn is_probe(method: &str, path: &str) -> bool {
    method == "GET" && PROBES.iter().any(|probe| path.ends_with(probe))
}

/// Which of them were needed.
#[derive(Default)]
pub(crate) struct Exceptions {
    used: BTreeSet<(&'static str, usize, String)>,
}

impl Exceptions {
    /// Says whether this very path is left out of the description, where a described pattern would take it for another's.
    pub(crate) fn allows_exactly(&mut self, kind: &str, method: &str, path: &str) -> bool {
        let found =
            PATHS.iter().position(|(kinds, own, exact, _)| kinds.contains(&kind) && *own == method && *exact == path);
        self.note("path", found, kind)
    }

    pub(crate) fn allows_path(&mut self, kind: &str, method: &str, path: &str) -> bool {
        let fits = |pattern: &str| {
            let (own, given): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
            own.len() == given.len() && own.iter().zip(&given).all(|(own, given)| *own == "*" || own == given)
        };
        let found =
            PATHS.iter().position(|(kinds, own, pattern, _)| kinds.contains(&kind) && *own == method && fits(pattern));
        self.note("path", found, kind)
    }

    pub(crate) fn allows_status(&mut self, kind: &str, operation: &str, status: u64) -> bool {
        let found = STATUSES.iter().position(|(kinds, own, code, _)| {
            kinds.contains(&kind) && (*own == "*" || *own == operation) && *code == status
        });
        self.note("status", found, kind)
    }

    pub(crate) fn allows_finding(&mut self, kind: &str, operation: &str, finding: &str) -> bool {
        let found = FINDINGS.iter().position(|(kinds, own, start, _)| {
            kinds.contains(&kind) && (*own == "*" || *own == operation) && finding.starts_with(start)
        });
        let field = FIELDS.iter().position(|(kinds, end, _)| kinds.contains(&kind) && finding.ends_with(end));
        self.note("finding", found, kind) || self.note("field", field, kind)
    }

    /// Returns the schema that an answer, or each element of one that is a list, is held against instead of the described one.
    pub(crate) fn schema(&mut self, kind: &str, operation: &str) -> Option<&'static str> {
        let found = INSTEAD.iter().position(|(kinds, own, ..)| kinds.contains(&kind) && *own == operation);
        self.note("schema", found, kind);
        found.map(|index| INSTEAD[index].2)
    }

    fn note(&mut self, list: &'static str, found: Option<usize>, kind: &str) -> bool {
        if let Some(index) = found {
            self.used.insert((list, index, kind.to_owned()));
        }
        found.is_some()
    }

    /// Returns how many were needed, once for each forge.
    pub(crate) fn used(&self) -> usize {
        self.used.len()
    }

    /// Returns those that were not needed for a forge that they name.
    pub(crate) fn idle(&self) -> Vec<String> {
        let mut idle = Vec::new();
        let mut look = |list: &'static str, index: usize, kinds: &[&str], what: String| {
            for kind in kinds.iter().filter(|kind| !self.used.contains(&(list, index, (**kind).to_owned()))) {
                idle.push(format!("{kind}: {what}"));
            }
        };
        for (index, (kinds, method, path, _)) in PATHS.iter().enumerate() {
            look("path", index, kinds, format!("{method} {path}"));
        }
        for (index, (kinds, operation, status, _)) in STATUSES.iter().enumerate() {
            look("status", index, kinds, format!("{operation} with {status}"));
        }
        for (index, (kinds, operation, start, _)) in FINDINGS.iter().enumerate() {
            look("finding", index, kinds, format!("{operation}: {start}"));
        }
        for (index, (kinds, end, _)) in FIELDS.iter().enumerate() {
            look("field", index, kinds, (*end).to_owned());
        }
        for (index, (kinds, operation, schema, _)) in INSTEAD.iter().enumerate() {
            look("schema", index, kinds, format!("{operation}: {schema}"));
        }
        idle
    }
}
