use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use refray_sim::{Effect, Kind, ReceiveFault, Sim};

use crate::support::{Forge, send};

#[tokio::test]
async fn requests_fail_are_delayed_and_break() {
    let forge = Forge::new(Kind::Gitea).await;
    forge.repository("r");
    let faults = forge.site.faults();
    faults.add("^/api/v1/repos", Some(2), Effect::Status(503, "busy".to_owned())).unwrap();
    for expected in [503, 503, 200] {
        assert_eq!(forge.api(Method::GET, "/repos/octo/r", None).await.status.as_u16(), expected);
    }
    faults.latency(Duration::from_millis(80));
    let before = Instant::now();
    forge.api(Method::GET, "/version", None).await;
    assert!(before.elapsed() >= Duration::from_millis(80));
    faults.clear();
    for effect in [Effect::Reset(5), Effect::Drop] {
        faults.add("/version", Some(1), effect).unwrap();
        let request = http::Request::get(format!("{}/version", forge.site.api_url()));
        assert!(send(request.body(Default::default()).unwrap()).await.is_err());
    }
    assert_eq!(forge.api(Method::GET, "/version", None).await.status, StatusCode::OK);
    let statuses: Vec<u16> = forge.site.requests().all().iter().map(|it| it.status).collect();
    assert_eq!(statuses, [503, 503, 200, 200, 200, 0, 200]);
}

#[tokio::test]
async fn a_listing_loses_a_page_its_links_or_its_end() {
    let forge = Forge::new(Kind::Forgejo).await;
    for index in 0..5 {
        forge.repository(&format!("r{index}"));
    }
    let faults = forge.site.faults();
    let list = async |page: u64| forge.api(Method::GET, &format!("/user/repos?limit=2&page={page}"), None).await;
    faults.add("/user/repos", None, Effect::NoNextPage).unwrap();
    assert_eq!(list(1).await.header("link"), "");
    faults.clear();
    faults.add("/user/repos", None, Effect::EmptyPage(2)).unwrap();
    assert_eq!((list(1).await.json().as_array().unwrap().len(), list(2).await.text.as_str()), (2, "[]"));
    faults.clear();
    faults.add("/user/repos", None, Effect::LessItems(1)).unwrap();
    assert_eq!(list(1).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn limits_are_told_and_kept() {
    let forge = Forge::new(Kind::GitHub).await;
    let faults = forge.site.faults();
    faults.rate_limit(1, Duration::from_secs(60));
    let first = forge.api(Method::GET, "/user", None).await;
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("1", "0"));
    let second = forge.api(Method::GET, "/user", None).await;
    assert_eq!((second.status, second.header("x-ratelimit-remaining")), (StatusCode::FORBIDDEN, "0"));
    assert!(second.text.contains("API rate limit exceeded for user ID"));
    faults.clear();
    faults.secondary_limit(1, 7);
    let third = forge.api(Method::GET, "/user", None).await;
    assert_eq!((third.status, third.header("retry-after")), (StatusCode::FORBIDDEN, "7"));
    assert!(third.text.contains("secondary rate limit"));
    let lab = Forge::new(Kind::GitLab).await;
    lab.site.faults().rate_limit(0, Duration::from_secs(9));
    let refused = lab.api(Method::GET, "/user", None).await;
    assert_eq!((refused.status, refused.text.as_str()), (StatusCode::TOO_MANY_REQUESTS, "Retry later\n"));
    assert!(!refused.header("retry-after").is_empty() && !refused.header("ratelimit-resettime").is_empty());
}

#[tokio::test]
async fn another_pusher_can_win_the_race() {
    let forge = Forge::new(Kind::GitHub).await;
    let id = forge.repository("r");
    let work = forge.working_copy("r").await;
    assert!(forge.git(&work, &["push", "origin", "main"]).await.ok);
    assert!(forge.git(&work, &["commit", "-q", "--allow-empty", "-m", "two"]).await.ok);
    forge.site.faults().before_receive(id, |site| {
        site.commit("octo", "r", "main", &[("x", "1\n")], "won").unwrap();
    });
    let said = forge.git(&work, &["push", "origin", "main"]).await;
    assert!(!said.ok && said.text.contains("remote rejected"), "{}", said.text);
    let tip = forge.site.bare(id).branch("main").unwrap().unwrap();
    assert_eq!(forge.site.bare(id).commit(&tip).unwrap().title(), "won");
}

#[tokio::test]
async fn a_full_disk_takes_nothing() {
    let forge = Forge::new(Kind::Gitea).await;
    let id = forge.repository("r");
    let work = forge.working_copy("r").await;
    forge.site.faults().break_receive(ReceiveFault::DiskFull);
    let said = forge.git(&work, &["push", "origin", "main"]).await;
    assert!(!said.ok, "{}", said.text);
    assert!(!forge.site.bare(id).has_refs().unwrap());
    assert!(forge.git(&work, &["push", "origin", "main"]).await.ok, "only the next push was to fail");
}

#[tokio::test]
async fn the_newer_protocol_can_be_missing_or_broken() {
    let forge = Forge::new(Kind::Gitea).await;
    forge.repository("r");
    forge.site.commit("octo", "r", "main", &[("a", "1\n")], "one").unwrap();
    let url = forge.url("octo/r");
    forge.site.faults().refuse_ls_refs(true);
    assert!(!forge.git(forge.work.path(), &["ls-remote", &url]).await.ok);
    forge.site.faults().v2_off(true);
    let said = forge.git(forge.work.path(), &["-c", "protocol.version=2", "ls-remote", &url]).await;
    assert!(said.ok && said.text.contains("refs/heads/main"), "{}", said.text);
}

#[tokio::test]
async fn a_site_is_put_back_to_where_it_was() {
    let forge = Forge::new(Kind::GitLab).await;
    let id = forge.repository("r");
    let before = forge.site.commit("octo", "r", "main", &[("a", "1\n")], "one").unwrap();
    let snapshot = forge.site.snapshot().unwrap();
    forge.site.commit("octo", "r", "main", &[("a", "2\n")], "two").unwrap();
    forge.repository("later");
    forge.site.restore(&snapshot).unwrap();
    assert_eq!(forge.site.bare(id).branch("main").unwrap(), Some(before));
    assert!(forge.site.repository("octo", "later").is_err());
    assert_ne!(forge.repository("later"), id);
}

#[tokio::test]
async fn nothing_is_left_when_the_simulator_is_dropped() {
    let sim = Sim::builder().site("one", Kind::Gitea).admin(true).start().await.unwrap();
    let (dir, address) = (sim.dir().to_owned(), sim.site("one").authority().to_owned());
    let switches = format!("{}/-/sim/sites", sim.admin_url().unwrap());
    let sites = send(http::Request::get(switches).body(Default::default()).unwrap()).await.unwrap().json();
    assert_eq!(sites[0]["kind"], "gitea");
    assert!(dir.exists());
    drop(sim);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!dir.exists());
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
