use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::limits::Limit;
use super::said;
use crate::error::ErrorKind;

/// What a forge says of a failure: the text, and the JSON that it stood in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) message: String,
    pub(crate) body: Value,
}

impl Said {
    /// Reads the body of a failure, whatever it is.
    pub(crate) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        match serde_json::from_str::<Value>(&text) {
            Ok(body) => Self { message: message(&body), body },
            // A page for browsers says nothing that fits a line.
            Err(_) if text.trim_start().starts_with('<') => Self::default(),
            Err(_) => Self { message: text.trim().to_owned(), body: Value::Null },
        }
    }

    /// Reads the body of a failure of this status. What a proxy says is for browsers, and is said here in its place.
    pub(crate) fn of(status: StatusCode, body: &[u8]) -> Self {
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let message = "the proxy does not accept the name and password in its address (407)".to_owned();
            return Self { message, ..Self::default() };
        }
        Self::read(body)
    }

    /// Returns the message together with the details that stand beside it.
    pub(crate) fn full(&self) -> String {
        let details: Vec<String> = self.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| {
                let text = error["message"].as_str().or_else(|| error.as_str()).map(str::to_owned);
                text.or_else(|| {
                    let (field, code) = (error["field"].as_str()?, error["code"].as_str()?);
                    Some(format!("{field}: {code}"))
                })
            })
            .collect();
        match (self.message.is_empty(), details.is_empty()) {
            (_, true) => self.message.clone(),
            (true, false) => details.join("; "),
            (false, false) => format!("{} ({})", self.message.trim_end_matches('.'), details.join("; ")),
        }
    }
}

/// Finds the sentence in a forge's error body. GitLab puts lists of sentences under field names.
fn message(body: &Value) -> String {
    match &body["message"] {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let parts: Vec<String> = fields.iter().map(|(field, texts)| format!("{field} {}", flat(texts))).collect();
            parts.join("; ")
        }
        Value::Array(_) => flat(&body["message"]),
        _ => {
            let texts = [&body["error_description"], &body["error"]];
            texts.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned()
        }
    }
}

fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Makes a kind of a failure's status: the one place where that is decided.
pub(crate) fn kind(status: StatusCode, headers: &HeaderMap, said: &Said, limit: Limit) -> ErrorKind {
    if limit.limited {
        return ErrorKind::RateLimited { retry_after: limit.wait };
    }
    match status.as_u16() {
        401 => ErrorKind::Unauthorized,
        403 if said::is_archived(&said.message) => ErrorKind::Archived,
        403 if said::is_account_locked(&said.message) => ErrorKind::AccountLocked,
        403 if said::are_hooks_disabled(&said.message) => ErrorKind::HooksDisabled,
        400 | 403 | 413 if said::is_quota(&said.message, &said.body) => ErrorKind::Quota,
        403 | 451 => ErrorKind::Forbidden { missing: missing(headers, said) },
        // GitHub hides behind 404 what a classic token's scopes do not reach. Taking that for "not there" would be
        // wrong: the headers tell the two apart.
        404 | 410 => match missing_classic_scope(headers) {
            Some(missing) => ErrorKind::Forbidden { missing: Some(missing) },
            None => ErrorKind::NotFound,
        },
        409 => ErrorKind::AlreadyExists,
        400 | 422 if said::is_name_taken(&said.message, &said.body) => ErrorKind::AlreadyExists,
        400 | 422 if said::is_pull_open_already(&said.message, &said.body) => ErrorKind::AlreadyExists,
        400 | 422 if said::is_hook_there_already(&said.body) => ErrorKind::AlreadyExists,
        400 | 422 if said::is_hook_limit(&said.message, &said.body) => ErrorKind::HookLimit,
        400 | 422 if said::is_hook_address_refused(&said.message, &said.body) => ErrorKind::HookAddress,
        423 => ErrorKind::Archived,
        407 => ErrorKind::Connect,
        408 => ErrorKind::Timeout,
        code @ 500..=599 => ErrorKind::Server { status: code },
        400..=499 => ErrorKind::Invalid,
        _ => ErrorKind::Protocol,
    }
}

fn missing(headers: &HeaderMap, said: &Said) -> Option<String> {
    said::gitea_required_scope(&said.message)
        .or_else(|| said::gitlab_required_scope(&said.body))
        .or_else(|| missing_classic_scope(headers))
        .or_else(|| missing_permission(headers, said))
}

/// Names the scope that a classic token of GitHub's lacks: one of the accepted ones, when it has none of them.
fn missing_classic_scope(headers: &HeaderMap) -> Option<String> {
    let held = scopes(headers, "x-oauth-scopes")?;
    let accepted = scopes(headers, "x-accepted-oauth-scopes")?;
    let enough = accepted.is_empty() || accepted.iter().any(|scope| held.contains(scope));
    if enough { None } else { accepted.into_iter().next() }
}

fn missing_permission(headers: &HeaderMap, said: &Said) -> Option<String> {
    if !said::is_permission_missing(&said.message) {
        return None;
    }
    headers.get("x-accepted-github-permissions")?.to_str().ok().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Reads a header with a list of scopes.
pub(crate) fn scopes(headers: &HeaderMap, name: &str) -> Option<Vec<String>> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> (ErrorKind, String) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let said = Said::read(body.as_bytes());
        let status = StatusCode::from_u16(status).unwrap();
        let limit = Limit::read(status, &map, &said);
        (kind(status, &map, &said, limit), said.full())
    }

    fn forbidden(missing: &str) -> ErrorKind {
        ErrorKind::Forbidden { missing: Some(missing.to_owned()) }
    }

    #[test]
    fn statuses_become_kinds() {
        for (status, headers, body, expected, text) in [
            (401, &[][..], r#"{"message":"401 Unauthorized"}"#, ErrorKind::Unauthorized, "401 Unauthorized"),
            (
                403,
                &[("x-oauth-scopes", "repo, gist"), ("x-accepted-oauth-scopes", "delete_repo")],
                r#"{"message":"Must have admin rights to Repository."}"#,
                forbidden("delete_repo"),
                "Must have admin rights to Repository.",
            ),
            (
                403,
                &[("x-accepted-github-permissions", "administration=write")],
                r#"{"message":"Resource not accessible by personal access token"}"#,
                forbidden("administration=write"),
                "Resource not accessible by personal access token",
            ),
            (
                403,
                &[],
                r#"{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"api"}"#,
                forbidden("api"),
                "The request requires higher privileges than provided by the access token.",
            ),
            (
                403,
                &[],
                r#"{"message":"token does not have at least one of required scope(s), required=[write:user], token scope=read:user"}"#,
                forbidden("write:user"),
                "token does not have at least one of required scope(s), required=[write:user], token scope=read:user",
            ),
            (403, &[], "<html>no</html>", ErrorKind::Forbidden { missing: None }, ""),
            (
                403,
                &[],
                r#"{"message":"Repository was archived so is read-only."}"#,
                ErrorKind::Archived,
                "Repository was archived so is read-only.",
            ),
            (
                403,
                &[],
                r#"{"message":"user has reached maximum limit of repositories [limit: 5]","url":"https://gitea.example.com/api/swagger"}"#,
                ErrorKind::Quota,
                "user has reached maximum limit of repositories [limit: 5]",
            ),
            (
                413,
                &[],
                r#"{"message":"quota exceeded","user_id":2,"username":"bob"}"#,
                ErrorKind::Quota,
                "quota exceeded",
            ),
            (
                400,
                &[],
                r#"{"message":{"limit_reached":["Your project limit is 2 projects! Please contact your administrator to increase it"]}}"#,
                ErrorKind::Quota,
                "limit_reached Your project limit is 2 projects! Please contact your administrator to increase it",
            ),
            (
                403,
                &[],
                r#"{"message":"This account is prohibited from signing in, please contact your site administrator."}"#,
                ErrorKind::AccountLocked,
                "This account is prohibited from signing in, please contact your site administrator.",
            ),
            (404, &[], r#"{"message":"Not Found"}"#, ErrorKind::NotFound, "Not Found"),
            (
                404,
                &[("x-oauth-scopes", "public_repo"), ("x-accepted-oauth-scopes", "repo")],
                "{}",
                forbidden("repo"),
                "",
            ),
            (404, &[("x-oauth-scopes", "repo"), ("x-accepted-oauth-scopes", "repo")], "{}", ErrorKind::NotFound, ""),
            (
                409,
                &[],
                r#"{"message":"The repository with the same name already exists."}"#,
                ErrorKind::AlreadyExists,
                "The repository with the same name already exists.",
            ),
            (
                400,
                &[],
                r#"{"message":{"path":["has already been taken"]}}"#,
                ErrorKind::AlreadyExists,
                "path has already been taken",
            ),
            (
                422,
                &[],
                r#"{"message":"Repository creation failed.","errors":[{"field":"name","message":"name already exists on this account"}]}"#,
                ErrorKind::AlreadyExists,
                "Repository creation failed (name already exists on this account)",
            ),
            (
                422,
                &[],
                r#"{"message":"Validation Failed","errors":[{"field":"head","code":"invalid"}]}"#,
                ErrorKind::Invalid,
                "Validation Failed (head: invalid)",
            ),
            (423, &[], "", ErrorKind::Archived, ""),
            (
                403,
                &[],
                r#"{"message":"webhooks disabled by administrator"}"#,
                ErrorKind::HooksDisabled,
                "webhooks disabled by administrator",
            ),
            (
                422,
                &[],
                r#"{"message":"Validation Failed","errors":[{"resource":"Hook","code":"custom","message":"The \"push\" event cannot have more than 20 hooks"}]}"#,
                ErrorKind::HookLimit,
                "Validation Failed (The \"push\" event cannot have more than 20 hooks)",
            ),
            (422, &[], r#"{"error":"Invalid url given"}"#, ErrorKind::HookAddress, "Invalid url given"),
            (503, &[], "down", ErrorKind::Server { status: 503 }, "down"),
        ] {
            assert_eq!(judge(status, headers, body), (expected, text.to_owned()), "{status} {body}");
        }
    }
}
