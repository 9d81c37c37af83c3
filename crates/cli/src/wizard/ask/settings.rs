//! The group's settings, each explained in a line.

use refray_core::config::{ConflictResolution, Endpoint, MirrorGroup, NamespaceKind, Provider, SyncVisibility};
use refray_core::name::GroupName;
use refray_core::repository::Visibility;

use crate::render::{Style, push};
use crate::wizard::flow::Wizard;
use crate::wizard::layout;
use crate::wizard::prompt::{Leave, Line};
use crate::wizard::step::{Step, Turn};

/// What may be done with diverged branches: the word, and what it does.
const CONFLICTS: [(ConflictResolution, &str, &str); 6] = [
    (ConflictResolution::PullRequest, "pull requests", "they show both sides, and you decide"),
    (ConflictResolution::AutoMergePullRequest, "merge, else pull requests", "adds a merge commit, rewrites nothing"),
    (ConflictResolution::AutoRebasePullRequest, "rebase, else pull requests", "the first account's commits come first"),
    (ConflictResolution::AutoMerge, "merge, else report", "adds a merge commit, rewrites nothing"),
    (ConflictResolution::AutoRebase, "rebase, else report", "the first account's commits come first"),
    (ConflictResolution::Fail, "report", "the branch is left alone until you settle it"),
];

/// What is done when a repository is deleted in one place. What is missing and to be made is made there too.
const fn deletion_of(delete_missing: bool, create_missing: bool) -> (&'static str, &'static str) {
    match (delete_missing, create_missing) {
        (true, _) => ("delete the others", "after a backup; held when in doubt"),
        (false, true) => ("make it anew", "on that side, from the others"),
        (false, false) => ("keep the others", "left deleted; each run tells of it"),
    }
}

/// What may be done with repositories that are missing.
const CREATION: [(bool, Visibility, &str, &str); 3] = [
    (true, Visibility::Private, "make it", "as private or public as the one it comes from"),
    (true, Visibility::Public, "make it, from a folder public", "else as private or public as the one it comes from"),
    (false, Visibility::Private, "do not make it", "only what is in several places is synced"),
];

/// Which repositories are synced.
const SELECTION: [(SyncVisibility, &str, &str); 3] = [
    (SyncVisibility::All, "all", "public and private ones"),
    (SyncVisibility::Public, "public ones only", "what is private anywhere stays where it is"),
    (SyncVisibility::Private, "private ones only", "what is public everywhere stays where it is"),
];

/// Whether what is in subgroups counts too.
const SUBGROUPS: [(&str, &str); 2] =
    [("left out", "only what is in the group itself is synced"), ("taken in", "what is in them is synced as well")];

/// Says whether subgroups count; `None` where there can be none.
fn subgroups(group: &MirrorGroup) -> Option<bool> {
    let mut nested = group.endpoints.iter().filter(|endpoint| can_nest(endpoint)).peekable();
    nested.peek()?;
    Some(nested.all(|endpoint| endpoint.include_subgroups))
}

fn can_nest(endpoint: &Endpoint) -> bool {
    endpoint.site.provider == Provider::Gitlab && endpoint.kind == NamespaceKind::Group
}

fn conflict(group: &MirrorGroup) -> (&'static str, &'static str) {
    let found = CONFLICTS.iter().find(|(value, ..)| *value == group.conflict_resolution);
    found.map_or(("", ""), |(_, word, what)| (*word, *what))
}

fn deletion(group: &MirrorGroup) -> (&'static str, &'static str) {
    deletion_of(group.delete_missing, group.create_missing)
}

fn deletion_options(create_missing: bool) -> [String; 2] {
    [false, true].map(|delete_missing| {
        let (word, what) = deletion_of(delete_missing, create_missing);
        format!("{}  {what}", capital(word))
    })
}

fn creation_index(group: &MirrorGroup) -> usize {
    match (group.create_missing, group.visibility) {
        (false, _) => 2,
        (true, Visibility::Public) => 1,
        (true, _) => 0,
    }
}

fn selected(group: &MirrorGroup) -> (&'static str, &'static str) {
    let found = SELECTION.iter().find(|(value, ..)| *value == group.sync_visibility);
    found.map_or(("", ""), |(_, word, what)| (*word, *what))
}

/// Returns the settings, a line each.
pub(in crate::wizard) fn summary(group: &MirrorGroup, webhook: Option<&str>, style: Style, width: usize) -> String {
    let (_, _, made, how) = CREATION[creation_index(group)];
    let hooks = webhook.map_or(("off", "a sync sees what has changed when it runs"), |url| ("on", url));
    let mut rows = vec![
        ("diverged branches", conflict(group)),
        ("deleted repository", deletion(group)),
        ("missing repository", (made, how)),
        ("selection", selected(group)),
        ("webhooks", hooks),
    ];
    if let Some(included) = subgroups(group) {
        rows.push(("subgroups", SUBGROUPS[usize::from(included)]));
    }
    if group.allow_force {
        rows.push(("force", ("the newest wins", "whatever else is said here, after a backup")));
    }
    let column = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, (word, what)) in rows {
        let line = format!("  {name:column$}  {}: {}", style.strong(word), what);
        push(&mut text, format_args!("{}\n", layout::wrap(&line, width, column + 4)));
    }
    text
}

impl Wizard {
    pub(in crate::wizard) async fn settings(&mut self) -> Result<Turn, Leave> {
        let group = self.draft.whole_group();
        let (_, _, made, _) = CREATION[creation_index(&group)];
        let hooks = self.webhook_shown();
        let mut options = vec![
            format!("Diverged branches  {}", conflict(&group).0),
            format!("Deleted repository  {}", deletion(&group).0),
            format!("Missing repository  {made}"),
            format!("Selection  {}", selected(&group).0),
            format!("Webhooks  {}", hooks.as_deref().unwrap_or("off")),
            format!("Name of the group  {}", group.name),
        ];
        if let Some(included) = subgroups(&group) {
            options.push(format!("Subgroups  {}", SUBGROUPS[usize::from(included)].0));
        }
        Ok(Turn::To(match self.choose("Which setting?", &options, 0).await? {
            0 => Step::Conflicts,
            1 => Step::Deletions,
            2 => Step::Creation,
            3 => Step::Selection,
            4 => Step::Webhook,
            5 => Step::Name,
            _ => Step::Subgroups,
        }))
    }

    pub(in crate::wizard) async fn conflicts(&mut self) -> Result<Turn, Leave> {
        let options = CONFLICTS.map(|(_, word, what)| format!("{}  {what}", capital(word)));
        let now = CONFLICTS.iter().position(|(value, ..)| *value == self.draft.group.conflict_resolution);
        self.say("Diverged: both sides of a branch have commits that the other lacks.");
        let chosen = self.choose("What is done then?", &options, now.unwrap_or(0)).await?;
        if let Some((value, ..)) = CONFLICTS.get(chosen) {
            self.draft.group.conflict_resolution = *value;
        }
        Ok(Turn::To(Step::Review))
    }

    pub(in crate::wizard) async fn deletions(&mut self) -> Result<Turn, Leave> {
        let options = deletion_options(self.draft.group.create_missing);
        let now = usize::from(self.draft.group.delete_missing);
        self.say("This is about whole repositories: deleted branches and tags follow in any case.");
        let chosen = self.choose("When a repository is deleted in one place:", &options, now).await?;
        self.draft.group.delete_missing = chosen == 1;
        Ok(Turn::To(Step::Review))
    }

    pub(in crate::wizard) async fn creation(&mut self) -> Result<Turn, Leave> {
        let options = CREATION.map(|(_, _, word, what)| format!("{}  {what}", capital(word)));
        let now = creation_index(&self.draft.group);
        let chosen = self.choose("When a repository is missing somewhere:", &options, now).await?;
        if let Some((create, visibility, ..)) = CREATION.get(chosen) {
            self.draft.group.create_missing = *create;
            self.draft.group.visibility = *visibility;
        }
        Ok(Turn::To(Step::Review))
    }

    pub(in crate::wizard) async fn selection(&mut self) -> Result<Turn, Leave> {
        let options = SELECTION.map(|(_, word, what)| format!("{}  {what}", capital(word)));
        let now = SELECTION.iter().position(|(value, ..)| *value == self.draft.group.sync_visibility);
        let chosen = self.choose("Which repositories are synced?", &options, now.unwrap_or(0)).await?;
        if let Some((value, ..)) = SELECTION.get(chosen) {
            self.draft.group.sync_visibility = *value;
        }
        Ok(Turn::To(Step::Review))
    }

    pub(in crate::wizard) async fn subgroups(&mut self) -> Result<Turn, Leave> {
        let now = usize::from(subgroups(&self.draft.whole_group()).unwrap_or_default());
        let options = SUBGROUPS.map(|(word, what)| format!("{}  {what}", capital(word)));
        self.say("Two repositories of one name in different subgroups cannot be told apart elsewhere, and are held.");
        let chosen = self.choose("Subgroups on GitLab:", &options, now).await?;
        for account in self.draft.accounts.iter_mut().filter(|account| can_nest(&account.endpoint)) {
            account.endpoint.include_subgroups = chosen == 1;
        }
        Ok(Turn::To(Step::Review))
    }

    pub(in crate::wizard) async fn name(&mut self) -> Result<Turn, Leave> {
        if self.draft.changing.is_some() {
            self.say(
                "What is remembered goes by this name: under another one all is compared afresh, and nothing counts as \
                 deleted before all have agreed once more.",
            );
        }
        let initial = self.draft.group.name.to_string();
        let line = Line { message: "Name of the group:", initial: &initial, ..Line::default() };
        let typed = self.line(line).await?;
        let name = match GroupName::new(typed.trim()) {
            Ok(name) => name,
            Err(error) => {
                self.bad(&format!("this cannot be its name: {}", error.why), "");
                return Ok(Turn::Again);
            }
        };
        let taken = self.config.iter().flat_map(|config| &config.mirrors).any(|group| group.name == name);
        if taken && self.draft.changing.as_ref() != Some(&name) {
            self.bad(&format!("there is a group `{name}` already"), "");
            return Ok(Turn::Again);
        }
        self.draft.group.name = name;
        self.draft.named = true;
        Ok(Turn::To(Step::Review))
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wizard::draft::Draft;

    #[test]
    fn every_setting_has_a_line_that_fits() {
        let group = Draft::new(GroupName::new("g").unwrap()).whole_group();
        insta::assert_snapshot!(summary(&group, None, Style::plain(), 60), @r#"
        diverged branches   pull requests: they show both sides,
                            and you decide
        deleted repository  make it anew: on that side, from the
                            others
        missing repository  make it: as private or public as the
                            one it comes from
        selection           all: public and private ones
        webhooks            off: a sync sees what has changed when
                            it runs
        "#);
        for (delete_missing, create_missing, expected) in [
            (false, true, "make it anew: on that side, from the others"),
            (false, false, "keep the others: left deleted; each run tells of it"),
            (true, true, "delete the others: after a backup; held when in doubt"),
            (true, false, "delete the others: after a backup; held when in doubt"),
        ] {
            let group = MirrorGroup { delete_missing, create_missing, ..group.clone() };
            let text = summary(&group, None, Style::plain(), 200);
            assert!(text.contains(&format!("deleted repository  {expected}\n")), "{text}");
            // The choice is not cut off in sixty columns, the mark in front included.
            let options = layout::columns(&deletion_options(create_missing));
            assert!(options.iter().all(|option| option.len() <= 57), "{options:?}");
        }
        for (value, ..) in CONFLICTS {
            let group = MirrorGroup { conflict_resolution: value, ..group.clone() };
            assert!(!conflict(&group).0.is_empty());
        }
        for (value, ..) in SELECTION {
            let group = MirrorGroup { sync_visibility: value, ..group.clone() };
            assert!(!selected(&group).0.is_empty());
        }
    }
}
