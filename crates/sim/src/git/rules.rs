use super::access::Grant;
use super::receive::Command;
use crate::world::Role;
use crate::{Kind, Site};

/// When a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// In any case.
    Always,
    /// When the new value does not descend from the old one, which only shows once the objects are there.
    Forced,
    /// When it brings a change to GitHub's workflows.
    Workflow,
}

impl When {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Forced => "forced",
            Self::Workflow => "workflow",
        }
    }
}

/// A command that may be refused, in the forge's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) when: When,
    /// The ref, or `*` for all of them.
    pub(super) name: String,
    /// What the pusher reads after `remote:`, line by line.
    pub(super) lines: Vec<String>,
    /// What GitHub puts in the place of git's `hook declined`.
    pub(super) reason: &'static str,
}

/// Returns the refs that nobody may push to.
pub(super) fn hidden_refs(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::GitLab => &["refs/merge-requests", "refs/pipelines", "refs/keep-around", "refs/environments"],
        Kind::GitHub | Kind::Gitea | Kind::Forgejo => &["refs/pull"],
    }
}

/// Looks through the commands of a push for those that the forge's rules are about.
pub(super) fn refusals(site: &Site, grant: &Grant, commands: &[Command]) -> Vec<Refusal> {
    let role = site.world().viewer_role(&grant.viewer, &grant.repository).unwrap_or(Role::Guest);
    let rules = Rules { grant, user: grant.viewer.user().unwrap_or_default(), role };
    let mut found: Vec<Refusal> = commands
        .iter()
        .flat_map(|command| match site.kind() {
            Kind::GitHub => rules.github(command),
            Kind::GitLab => rules.gitlab(command),
            Kind::Gitea => rules.gitea(command, "Gitea"),
            Kind::Forgejo => rules.gitea(command, "Forgejo"),
        })
        .collect();
    let workflows = grant.viewer.has_any(&["workflow", "workflows:write"]);
    if site.kind() == Kind::GitHub && !workflows && commands.iter().any(|command| !command.deletes()) {
        // One line for all refs, as there may be thousands.
        found.push(Refusal { when: When::Workflow, name: "*".to_owned(), lines: Vec::new(), reason: "" });
    }
    found
}

struct Rules<'a> {
    grant: &'a Grant,
    user: u64,
    role: Role,
}

impl Rules<'_> {
    fn github(&self, command: &Command) -> Vec<Refusal> {
        const CLASSIC: &str = "protected branch hook declined";
        const RULESET: &str = "push declined due to repository rule violations";
        let name = &command.name;
        let mut found = Vec::new();
        let Some(branch) = name.strip_prefix("refs/heads/") else { return found };
        if command.deletes() && branch == self.grant.repository.default_branch {
            let lines = vec![format!("error: refusing to delete the current branch: {name}")];
            let reason = "refusing to delete the current branch";
            return vec![Refusal { when: When::Always, name: name.clone(), lines, reason }];
        }
        let Some(rule) = self.grant.repository.protection(branch) else { return found };
        let mut refuse = |when, why: &str| {
            let (lines, reason) = if rule.ruleset {
                let head = format!("error: GH013: Repository rule violations found for {name}.");
                (vec![head, String::new(), format!("- {why}"), String::new()], RULESET)
            } else {
                (vec![format!("error: GH006: Protected branch update failed for {name}."), format!("- {why}")], CLASSIC)
            };
            found.push(Refusal { when, name: name.clone(), lines, reason });
        };
        let exempt = !rule.admins_included && self.role >= Role::Maintainer;
        if command.deletes() {
            if !rule.deletion {
                refuse(When::Always, "Cannot delete this branch");
            }
            return found;
        }
        if rule.pull_request_required && !exempt && !command.creates() {
            refuse(When::Always, "Changes must be made through a pull request.");
        } else if !rule.push.allows(self.user, self.role) && !exempt {
            refuse(When::Always, "You're not authorized to push to this branch.");
        }
        if !rule.force_push && !command.creates() {
            refuse(When::Forced, "Cannot force-push to this branch");
        }
        found
    }

    fn gitlab(&self, command: &Command) -> Vec<Refusal> {
        let name = &command.name;
        let refuse = |when, text: &str| {
            vec![Refusal { when, name: name.clone(), lines: vec![format!("GitLab: {text}")], reason: "" }]
        };
        let Some(branch) = name.strip_prefix("refs/heads/") else { return Vec::new() };
        if command.deletes() && branch == self.grant.repository.default_branch {
            return refuse(When::Always, "The default branch of a project cannot be deleted.");
        }
        if command.creates() && branch.len() == 40 && branch.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let text = "You cannot create a branch with a 40-character hexadecimal branch name.";
            return refuse(When::Always, text);
        }
        let Some(rule) = self.grant.repository.protection(branch) else { return Vec::new() };
        let allowed = rule.push.allows(self.user, self.role);
        if command.deletes() {
            if rule.deletion {
                return Vec::new();
            }
            return refuse(When::Always, "You can only delete protected branches using the web interface.");
        }
        if !allowed {
            let text = if command.creates() {
                "You are not allowed to create protected branches on this project."
            } else {
                "You are not allowed to push code to protected branches on this project."
            };
            return refuse(When::Always, text);
        }
        if !rule.force_push && !command.creates() {
            let text = "You are not allowed to force push code to a protected branch on this project.";
            return refuse(When::Forced, text);
        }
        Vec::new()
    }

    fn gitea(&self, command: &Command, forge: &str) -> Vec<Refusal> {
        let name = &command.name;
        let refuse = |when, text: &str| {
            // An empty line goes before, as the forge's hook writes one to its standard output.
            let lines = if forge == "Gitea" {
                vec![String::new(), "error:".to_owned(), format!("error: {text}"), "error:".to_owned()]
            } else {
                vec![String::new(), format!("{forge}: {text}")]
            };
            vec![Refusal { when, name: name.clone(), lines, reason: "" }]
        };
        if !self.grant.access.write {
            return refuse(When::Always, "User permission denied for writing.");
        }
        let Some(branch) = name.strip_prefix("refs/heads/") else { return Vec::new() };
        if command.deletes() && branch == self.grant.repository.default_branch {
            return refuse(When::Always, &format!("branch {branch} is the default branch and cannot be deleted"));
        }
        let Some(rule) = self.grant.repository.protection(branch) else { return Vec::new() };
        if command.deletes() {
            return refuse(When::Always, &format!("branch {branch} is protected from deletion"));
        }
        let mut found = Vec::new();
        if !rule.force_push && !command.creates() {
            found.extend(refuse(When::Forced, &format!("branch {branch} is protected from force push")));
        }
        if !rule.push.allows(self.user, self.role) {
            found.extend(refuse(When::Always, &format!("Not allowed to push to protected branch {branch}")));
        }
        found
    }
}
