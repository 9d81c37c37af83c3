//! What forges only say in words. Every pattern is anchored and has a recorded sample; nothing else inspects a text.

use serde_json::Value;

/// GitHub's secondary limit, which is told from a missing right only by its text when no header comes along.
pub(crate) fn is_secondary_limit(message: &str) -> bool {
    message.starts_with("You have exceeded a secondary rate limit")
        || message.starts_with("You have triggered an abuse detection mechanism")
}

/// GitHub's primary limit.
pub(crate) fn is_primary_limit(message: &str) -> bool {
    message.starts_with("API rate limit exceeded for ")
}

/// A repository that may not be written because it is archived.
pub(crate) fn is_archived(message: &str) -> bool {
    message.starts_with("Repository was archived so is read-only")
        || message.starts_with("This repository was archived so it is read-only")
        || message.starts_with("This repo is archived.")
}

/// An account that has as many repositories as it may (Gitea, GitLab), or takes as much space (Forgejo).
pub(crate) fn is_quota(message: &str, body: &Value) -> bool {
    message.starts_with("user has reached maximum limit of repositories")
        || message == "quota exceeded"
        || in_field(&body["message"]["limit_reached"], |_| true)
}

/// An account that is blocked, or that has to do something in the browser before it may go on.
pub(crate) fn is_account_locked(message: &str) -> bool {
    const BEGINNINGS: [&str; 9] = [
        // Gitea, Forgejo.
        "This account is prohibited from signing in",
        "You must change your password",
        // GitHub.
        "Sorry. Your account was suspended",
        "Your account is suspended",
        // GitLab.
        "403 Forbidden - Your account has been ",
        "403 Forbidden - Your account is pending approval",
        "403 Forbidden - Your password expired",
        "403 Forbidden - Your primary email address is not confirmed",
        "403 Forbidden - You (@",
    ];
    BEGINNINGS.iter().any(|beginning| message.starts_with(beginning))
}

/// A name that is taken, in an answer whose status says no more than that the input is bad.
pub(crate) fn is_name_taken(message: &str, body: &Value) -> bool {
    let github = |text: &str| text == "name already exists on this account";
    let in_errors = body["errors"].as_array().is_some_and(|errors| {
        errors.iter().any(|error| error["message"].as_str().or_else(|| error.as_str()).is_some_and(github))
    });
    let gitlab = |texts: &Value| {
        texts.as_array().is_some_and(|texts| texts.iter().any(|text| text.as_str() == Some("has already been taken")))
    };
    let fields = &body["message"];
    in_errors
        || github(message)
        || message.starts_with("repo name is already taken")
        || message.starts_with("repository already exists [uname: ")
        || ["path", "name", "base", "project_namespace.path"].iter().any(|field| gitlab(&fields[*field]))
}

/// A pull request that is open already.
pub(crate) fn is_pull_open_already(message: &str, body: &Value) -> bool {
    let github = |text: &str| text.starts_with("A pull request already exists for ");
    github(message)
        || body["errors"]
            .as_array()
            .is_some_and(|errors| errors.iter().any(|error| error["message"].as_str().is_some_and(github)))
        || message.starts_with("Another open merge request already exists for this source branch")
        || message.starts_with("pull request already exists for these targets")
}

/// A hook that is there already (GitHub).
pub(crate) fn is_hook_there_already(body: &Value) -> bool {
    body["errors"].as_array().is_some_and(|errors| {
        errors.iter().any(|error| error["message"].as_str() == Some("Hook already exists on this repository"))
    })
}

/// Webhooks that the administrator has switched off (Gitea, Forgejo).
pub(crate) fn are_hooks_disabled(message: &str) -> bool {
    message.starts_with("webhooks disabled by administrator")
}

/// A repository with as many webhooks as are allowed: for one event (GitHub), or in all (GitLab).
pub(crate) fn is_hook_limit(message: &str, body: &Value) -> bool {
    let github = |text: &str| text.starts_with("The \"") && text.contains("\" event cannot have more than ");
    let gitlab = |text: &str| text.starts_with("Maximum number of project hooks (");
    in_errors(body, github) || gitlab(message) || in_field(&body["message"]["base"], gitlab)
}

/// An address that webhooks are not delivered to (GitHub: not public; GitLab: in the local network).
pub(crate) fn is_hook_address_refused(message: &str, body: &Value) -> bool {
    let github =
        |text: &str| text.starts_with("url is not supported because it isn't reachable over the public Internet");
    let gitlab = |text: &str| text.starts_with("is blocked: ");
    in_errors(body, github) || message.starts_with("Invalid url given") || in_field(&body["message"]["url"], gitlab)
}

/// Looks through the details that GitHub puts beside its message.
fn in_errors(body: &Value, fits: impl Fn(&str) -> bool) -> bool {
    let errors = body["errors"].as_array();
    errors.is_some_and(|errors| errors.iter().any(|error| error["message"].as_str().is_some_and(&fits)))
}

/// Looks through the list of sentences that GitLab puts under a field's name.
fn in_field(texts: &Value, fits: impl Fn(&str) -> bool) -> bool {
    texts.as_array().into_iter().flatten().filter_map(Value::as_str).any(fits)
}

/// The right that a Gitea or Forgejo token lacks.
pub(crate) fn gitea_required_scope(message: &str) -> Option<String> {
    let rest = message.strip_prefix("token does not have at least one of required scope(s)")?;
    // Forgejo tells only what is wanted, and not what the token has.
    let rest = rest.strip_prefix(", required=[").or_else(|| rest.strip_prefix(": ["))?;
    let (scopes, _) = rest.split_once(']')?;
    Some(scopes.split([' ', ',']).filter(|scope| !scope.is_empty()).collect::<Vec<_>>().join(" or "))
        .filter(|text| !text.is_empty())
}

/// The rights that a token has, which Gitea tells when one is lacking; Forgejo does not.
pub(crate) fn gitea_token_scopes(message: &str) -> Option<Vec<String>> {
    let rest = message.strip_prefix("token does not have at least one of required scope(s), required=[")?;
    let (_, scopes) = rest.split_once("], token scope=")?;
    Some(scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect())
}

/// The right that a GitLab token lacks.
pub(crate) fn gitlab_required_scope(body: &Value) -> Option<String> {
    if body["error"] != "insufficient_scope" {
        return None;
    }
    let scopes = body["scope"].as_str().map_or("api", str::trim);
    Some(scopes.split_ascii_whitespace().collect::<Vec<_>>().join(" or "))
}

/// A fine-grained token, or an app's, that was not given a permission (GitHub).
pub(crate) fn is_permission_missing(message: &str) -> bool {
    message.starts_with("Resource not accessible by personal access token")
        || message.starts_with("Resource not accessible by integration")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECONDARY: &str = "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.";
    const PRIMARY: &str = "API rate limit exceeded for user ID 1.";
    const GITEA_SCOPE: &str = "token does not have at least one of required scope(s), required=[write:repository], token scope=read:repository";

    #[test]
    fn limits_are_told_from_missing_rights() {
        assert!(is_secondary_limit(SECONDARY) && !is_primary_limit(SECONDARY));
        assert!(is_primary_limit(PRIMARY) && !is_secondary_limit(PRIMARY));
        assert!(!is_secondary_limit("Must have admin rights to Repository."));
        assert!(is_permission_missing("Resource not accessible by personal access token"));
    }

    #[test]
    fn taken_names_are_known() {
        // A repository that is to be renamed to a name that is taken (Gitea, Forgejo).
        assert!(is_name_taken("repository already exists [uname: bob, name: tools]", &Value::Null));
        let github = json!({"message": "Repository creation failed.", "errors": [{"resource": "Repository", "code": "custom", "field": "name", "message": "name already exists on this account"}]});
        assert!(is_name_taken("Repository creation failed.", &github));
        let gitlab = json!({"message": {"path": ["has already been taken"], "name": ["has already been taken"]}});
        assert!(is_name_taken("", &gitlab));
        assert!(is_name_taken("repo name is already taken [name: widget]", &Value::Null));
        let other = json!({"message": "Repository creation failed.", "errors": [{"message": "name is reserved"}]});
        assert!(!is_name_taken("Repository creation failed.", &other));
        assert!(is_pull_open_already(
            "Validation Failed",
            &json!({"errors": [{"resource": "PullRequest", "code": "custom", "message": "A pull request already exists for o:b."}]})
        ));
        assert!(is_hook_there_already(
            &json!({"errors": [{"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}]})
        ));
    }

    #[test]
    fn what_stands_in_the_way_of_webhooks_is_known() {
        let errors = |text: &str| json!({"message": "Validation Failed", "errors": [{"resource": "Hook", "code": "custom", "message": text}]});
        let full = errors("The \"create\" event cannot have more than 20 hooks");
        assert!(is_hook_limit("Validation Failed", &full) && !is_hook_address_refused("Validation Failed", &full));
        let gitlab = "Maximum number of project hooks (100) exceeded";
        assert!(is_hook_limit(gitlab, &Value::Null));
        assert!(is_hook_limit("", &json!({"message": {"base": [gitlab]}})));
        let local = errors("url is not supported because it isn't reachable over the public Internet (localhost)");
        assert!(is_hook_address_refused("Validation Failed", &local) && !is_hook_limit("Validation Failed", &local));
        assert!(is_hook_address_refused("Invalid url given", &Value::Null));
        let blocked = json!({"message": {"url": ["is blocked: Requests to the local network are not allowed"]}});
        assert!(is_hook_address_refused("", &blocked) && !is_hook_limit("", &blocked));
        assert!(are_hooks_disabled("webhooks disabled by administrator") && !are_hooks_disabled("Forbidden"));
    }

    #[test]
    fn accounts_that_are_locked_out_are_known() {
        for said in [
            "This account is prohibited from signing in, please contact your site administrator.",
            "You must change your password. Change it at: https://gitea.example.com/user/change_password",
            "Sorry. Your account was suspended.",
            "Your account is suspended. Please visit https://support.github.com for more information.",
            "403 Forbidden - Your account has been blocked.",
            "403 Forbidden - Your account has been deactivated by your administrator. Please log back in from a web browser to reactivate your account at https://gitlab.example.com",
            "403 Forbidden - Your account is pending approval from your administrator and hence blocked.",
            "403 Forbidden - Your password expired. Please access GitLab from a web browser to update your password.",
            "403 Forbidden - Your primary email address is not confirmed. Please check your inbox for the confirmation instructions.",
            "403 Forbidden - You (@ada) must accept the Terms of Service in order to perform this action.",
        ] {
            assert!(is_account_locked(said), "{said}");
        }
        assert!(!is_account_locked("403 Forbidden") && !is_account_locked("You must be an owner"));
    }

    #[test]
    fn missing_scopes_are_read() {
        assert_eq!(gitea_required_scope(GITEA_SCOPE).as_deref(), Some("write:repository"));
        let forgejo = "token does not have at least one of required scope(s): [write:repository]";
        assert_eq!(gitea_required_scope(forgejo).as_deref(), Some("write:repository"));
        assert_eq!(gitea_token_scopes(forgejo), None);
        assert_eq!(gitea_required_scope("user should be an owner"), None);
        assert_eq!(gitea_token_scopes(GITEA_SCOPE), Some(vec!["read:repository".to_owned()]));
        assert_eq!(gitea_token_scopes("user should be an owner"), None);
        let body = json!({"error": "insufficient_scope", "error_description": "The request requires higher privileges than provided by the access token.", "scope": "api read_api"});
        assert_eq!(gitlab_required_scope(&body).as_deref(), Some("api or read_api"));
        assert_eq!(gitlab_required_scope(&json!({"message": "403 Forbidden"})), None);
        assert!(is_archived("Repository was archived so is read-only."));
        assert!(is_archived(
            "This repo is archived. You can view files and clone it, but cannot push or open issues/pull-requests."
        ));
    }
}
