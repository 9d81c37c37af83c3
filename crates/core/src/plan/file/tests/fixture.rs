//! A plan to begin with.

use std::collections::BTreeMap;

use crate::config::{self, Config};
use crate::name::{BranchName, EndpointId, RefName, RepoName};
use crate::oid::Oid;
use crate::plan::file::{Asked, PlanFile, PlannedGroup, PlannedRepository};
use crate::plan::group::{Copy, RepoTask};
use crate::plan::{
    Cause, CreateRepository, DefaultSwitch, RefUpdate, RepoPlan, RequestAction, RequestStep, View, Views,
};
use crate::repository::{ForgeId, Repository, Visibility};
use crate::snapshot::Snapshot;

pub(super) const CONFIG: &str = r#"
[[sites]]
name = "disk"
provider = "directory"
path = "/srv/git"
[[mirrors]]
name = "all"
[[mirrors.endpoints]]
site = "disk"
namespace = "a"
[[mirrors.endpoints]]
site = "disk"
namespace = "b"
[[mirrors.endpoints]]
site = "disk"
namespace = "c"
"#;

pub(super) fn config(text: &str) -> Config {
    config::parse(text, "config.toml", std::path::Path::new("/"), None).unwrap().config
}

pub(super) fn at(name: &str) -> EndpointId {
    EndpointId::new(format!("disk/{name}")).unwrap()
}

pub(super) fn oid(n: u8) -> Oid {
    Oid::from_bytes(&[n; 20]).unwrap()
}

pub(super) fn branch(name: &str) -> RefName {
    RefName::Branch(BranchName::new(name).unwrap())
}

pub(super) fn repository(endpoint: &str) -> Repository {
    Repository {
        id: ForgeId(format!("id-{endpoint}")),
        name: RepoName::new("one").unwrap(),
        path: format!("{endpoint}/one"),
        visibility: None,
        description: String::new(),
        default_branch: None,
        archived: false,
        mirror: false,
        disabled: false,
        fork: false,
        web_url: None,
        access: None,
        updated: None,
    }
}

pub(super) fn view(refs: &[(&str, u8)]) -> View {
    let refs = refs.iter().map(|(name, n)| (RefName::from_full(name).unwrap(), oid(*n))).collect();
    let default_branch = BranchName::new("main").ok();
    View::Present { snapshot: Snapshot { refs, default_branch, ..Snapshot::default() }, read_only: None }
}

pub(super) fn update(endpoint: &str, name: &str, old: Option<u8>, new: Option<u8>, cause: Cause) -> RefUpdate {
    let name = RefName::from_full(name).unwrap();
    RefUpdate { endpoint: at(endpoint), name, old: old.map(oid), new: new.map(oid), cause }
}

pub(super) fn create(endpoint: &str) -> CreateRepository {
    let (name, visibility) = (RepoName::new("one").unwrap(), Visibility::Private);
    CreateRepository {
        endpoint: at(endpoint),
        name,
        called: None,
        visibility,
        description: "about one".into(),
        former: None,
    }
}

pub(super) fn request(endpoint: &str) -> RequestAction {
    RequestAction {
        endpoint: at(endpoint),
        step: RequestStep::Open,
        branch: BranchName::new("main").unwrap(),
        head: BranchName::new("refray/conflicts/main/x").unwrap(),
        number: None,
        own: Some(oid(1)),
        other: Some(oid(2)),
    }
}

/// What was there: `a` is ahead on `main`, has a tag more and dropped `old`; `b` follows; `c` is to be created.
pub(super) struct Scene {
    pub(super) task: RepoTask,
    pub(super) views: Views,
    pub(super) plan: RepoPlan,
}

pub(super) fn scene() -> Scene {
    let present = |endpoint: &str| Copy::Present { repository: repository(endpoint), recreated: false };
    let copies =
        BTreeMap::from([(at("a"), present("a")), (at("b"), present("b")), (at("c"), Copy::Create(create("c")))]);
    let name = RepoName::new("one").unwrap();
    let views = Views::from([
        (at("a"), view(&[("refs/heads/main", 2), ("refs/heads/same", 9), ("refs/tags/v1", 1)])),
        (at("b"), view(&[("refs/heads/main", 1), ("refs/heads/old", 1), ("refs/heads/same", 9)])),
        (at("c"), View::ToCreate),
    ]);
    let mut plan = RepoPlan::nothing(name.clone());
    plan.creates = vec![create("c")];
    plan.updates = vec![
        update("b", "refs/heads/main", Some(1), Some(2), Cause::FastForward),
        update("b", "refs/heads/old", Some(1), None, Cause::Delete),
        update("b", "refs/tags/v1", None, Some(1), Cause::Create),
        update("c", "refs/heads/main", None, Some(2), Cause::Create),
        update("c", "refs/heads/same", None, Some(9), Cause::Create),
        update("c", "refs/tags/v1", None, Some(1), Cause::Create),
    ];
    plan.default_branches = vec![DefaultSwitch { endpoint: at("c"), old: None, new: BranchName::new("main").unwrap() }];
    Scene { task: RepoTask { name, copies, findings: Vec::new() }, views, plan }
}

impl Scene {
    pub(super) fn planned(&self) -> PlannedRepository {
        PlannedRepository::new(self.plan.clone(), &self.task, &self.views)
    }

    pub(super) fn file(&self) -> PlanFile {
        let config = config(CONFIG);
        let group = PlannedGroup::new(&config.mirrors[0], vec![self.planned()]);
        PlanFile::new("0.2.0", "2026-01-02T03:04:05.678Z".parse().unwrap(), Asked::default(), vec![group])
    }
}
