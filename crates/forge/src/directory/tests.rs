use std::path::Path;
use std::sync::Arc;

use refray_core::config::{Endpoint, Names, NamespaceKind, Provider, Site};
use refray_core::name::{BranchName, EndpointId, RepoName};
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Visibility};

use crate::api::{Deletion, Forge, Lookup, NewRepository, RepositoryPatch};
use crate::error::ErrorKind;
use crate::http::testing::{Variables, quick, site};

fn forge(root: &Path) -> Arc<dyn Forge> {
    let site =
        Site { path: Some(root.to_owned()), token: None, ..(*site(Provider::Directory, "file:///srv/git")).clone() };
    crate::connect(Arc::new(site), Variables::of(&[("USER", "me")]), quick()).unwrap()
}

fn endpoint(forge: &dyn Forge, namespace: &str) -> Endpoint {
    let site = Arc::clone(forge.site());
    let id = EndpointId::of(&site.name, namespace);
    Endpoint {
        id,
        site,
        kind: NamespaceKind::Folder,
        namespace: namespace.into(),
        include_subgroups: false,
        names: Names::default(),
    }
}

fn new(name: &str) -> NewRepository {
    NewRepository {
        name: RepoName::new(name).unwrap(),
        visibility: Visibility::Private,
        description: "a thing".into(),
        default_branch: Some(BranchName::new("trunk").unwrap()),
        format: ObjectFormat::Sha1,
    }
}

#[tokio::test]
async fn a_repository_is_made_seen_changed_renamed_and_deleted() {
    let root = tempfile::tempdir().unwrap();
    let forge = forge(root.path());
    let team = endpoint(&*forge, "team/a");
    assert!(forge.list(&team).await.unwrap().is_empty());
    let missing = forge.namespace(&team).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NoFolder);
    assert!(missing.to_string().contains("there is no such folder: "), "{missing}");
    let made = forge.create(&team, &new("one")).await.unwrap();
    assert_eq!((made.path.as_str(), made.description.as_str()), ("team/a/one", "a thing"));
    assert_eq!(made.default_branch, Some(BranchName::new("trunk").unwrap()));
    assert_eq!(made.visibility, None);
    assert!(forge.local_path("team/a/one").unwrap().join("objects").is_dir());
    assert_eq!(forge.create(&team, &new("one")).await.unwrap_err().kind, ErrorKind::AlreadyExists);
    assert_eq!(forge.list(&team).await.unwrap(), std::slice::from_ref(&made));
    assert!(forge.list(&endpoint(&*forge, "")).await.unwrap().is_empty(), "folders below are other namespaces");

    let patch = RepositoryPatch {
        default_branch: Some(BranchName::new("main").unwrap()),
        description: Some("another\nthing".into()),
        visibility: Some(Visibility::Public),
    };
    let changed = forge.update("team/a/one", &patch).await.unwrap();
    assert_eq!((changed.description.as_str(), changed.id.clone()), ("another thing", made.id.clone()));
    assert_eq!(changed.default_branch, patch.default_branch);

    let renamed = forge.rename("team/a/one", &made.id, &RepoName::new("two").unwrap()).await.unwrap();
    assert_eq!((renamed.path.as_str(), &renamed.id), ("team/a/two", &made.id));
    assert_eq!(forge.get("team/a/one").await.unwrap(), Lookup::NotFound);
    assert_eq!(forge.delete("team/a/two", &ForgeId("1".into())).await.unwrap_err().kind, ErrorKind::Invalid);
    assert_eq!(forge.delete("team/a/two", &made.id).await.unwrap(), Deletion::Done);
    assert_eq!(forge.delete("team/a/two", &made.id).await.unwrap_err().kind, ErrorKind::NoFolder);
    assert_eq!(std::fs::read_dir(root.path().join("team/a")).unwrap().count(), 0, "nothing is left behind");
}

#[tokio::test]
async fn sha256_repositories_are_made_as_such() {
    let root = tempfile::tempdir().unwrap();
    let forge = forge(root.path());
    let wanted = NewRepository { format: ObjectFormat::Sha256, default_branch: None, ..new("wide") };
    forge.create(&endpoint(&*forge, ""), &wanted).await.unwrap();
    let config = std::fs::read_to_string(root.path().join("wide.git/config")).unwrap();
    assert!(config.contains("objectformat = sha256") || config.contains("objectFormat = sha256"), "{config}");
}

#[tokio::test]
async fn what_is_called_a_repository_counts_as_one_also_when_it_is_damaged() {
    let root = tempfile::tempdir().unwrap();
    for folder in
        ["real.git/objects", "real.git/refs", "damaged.git/objects", "notes.git/pages", "plain/objects", ".git/objects"]
    {
        std::fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let forge = forge(root.path());
    let names: Vec<_> = forge.list(&endpoint(&*forge, "")).await.unwrap().into_iter().map(|found| found.path).collect();
    assert_eq!(names, ["damaged", "notes", "real"]);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_an_empty_one() {
    let root = tempfile::tempdir().unwrap();
    let forge = forge(&root.path().join("unmounted"));
    assert_eq!(forge.list(&endpoint(&*forge, "")).await.unwrap_err().kind, ErrorKind::Io);
    assert_eq!(forge.get("one").await.unwrap_err().kind, ErrorKind::Io);
}

#[tokio::test]
async fn nobody_is_told_of_tokens_or_status_codes() {
    let root = tempfile::tempdir().unwrap();
    let forge = forge(root.path());
    let top = endpoint(&*forge, "");
    let made = forge.create(&top, &new("one")).await.unwrap();
    let unmounted = self::forge(&root.path().join("unmounted"));
    let errors = [
        forge.namespace(&endpoint(&*forge, "nowhere")).await.unwrap_err(),
        forge.create(&top, &new("one")).await.unwrap_err(),
        forge.get("../x").await.unwrap_err(),
        forge.update("two", &RepositoryPatch::default()).await.unwrap_err(),
        forge.delete("two", &made.id).await.unwrap_err(),
        forge.delete("one", &ForgeId("1".into())).await.unwrap_err(),
        forge.hooks("one").await.unwrap_err(),
        unmounted.list(&endpoint(&*unmounted, "")).await.unwrap_err(),
    ];
    for error in errors {
        let said = format!("{error} {}", error.remedy());
        for word in ["token", "account", "forge", "(4", "base_url"] {
            assert!(!said.contains(word), "`{word}` in: {said}");
        }
    }
}

#[tokio::test]
async fn nothing_outside_the_folder_is_reached() {
    let root = tempfile::tempdir().unwrap();
    let forge = forge(root.path());
    for path in ["../x", "/etc", "a/../../x", ""] {
        assert_eq!(forge.get(path).await.unwrap_err().kind, ErrorKind::Invalid, "{path}");
        assert!(forge.local_path(path).is_none());
        assert!(forge.remote(path).is_err());
    }
    assert_eq!(forge.account().await.unwrap().login, "me");
    assert!(forge.rights(&endpoint(&*forge, "")).await.unwrap().iter().all(|right| right.granted == Some(true)));
    assert_eq!(forge.hooks("x").await.unwrap_err().kind, ErrorKind::Unsupported);
}
