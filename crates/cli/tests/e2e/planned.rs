//! Plans as files: what `plan --out` writes, and what `apply` makes of it.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use refray_sim::Kind;
use refray_sim::world::Visibility;
use serde_json::Value;

use crate::world::{OWNER, Place, World, files_below, has, program, put, users};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");

/// Two folders that agree on `one` with two branches, and then differ in every way that is settled without asking.
fn scene() -> World {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    work.push(&A, "one", &["main:refs/heads/old", "main:refs/heads/keep"]);
    world.refray(&["sync"]).exits(0);
    work.commit("second");
    work.push(&A, "one", &["main", ":refs/heads/old", "main:refs/tags/v1"]);
    work.push(&B, "one", &["main:refs/heads/topic"]);
    world.init("b", "two", "sha1");
    world.work("two").push(&B, "two", &["main"]);
    world
}

/// Everything that the folders hold.
fn everything(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for place in [&A, &B] {
        for name in ["one", "two"] {
            let there = world.bare(place, name).exists();
            all.push(if there { world.refs(place, name) } else { "absent".to_owned() });
        }
    }
    all
}

/// How many backups there are.
fn bundles(world: &World) -> usize {
    let files = files_below(&world.state().join("backups"));
    files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "bundle")).count()
}

/// Plans into a file, and returns its text.
#[track_caller]
fn plan(world: &World, code: i32) -> String {
    world.refray(&["plan", "--out", "plan.json"]).exits(code);
    std::fs::read_to_string(world.path("plan.json")).unwrap()
}

/// Replaces a text in the plan, which must be there.
#[track_caller]
fn edit(world: &World, old: &str, new: &str) {
    let path = world.path("plan.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "`{old}` is not in:\n{text}");
    put(&path, &text.replace(old, new));
}

/// Changes the plan as data.
fn change(world: &World, change: impl FnOnce(&mut Value)) {
    let path = world.path("plan.json");
    let mut plan: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut plan);
    put(&path, &plan.to_string());
}

fn first<'a>(plan: &'a mut Value, list: &str) -> &'a mut Vec<Value> {
    plan["groups"][0]["repositories"][0]["plan"][list].as_array_mut().unwrap()
}

#[test]
fn a_plan_and_its_carrying_out_are_a_sync() {
    let planned = scene();
    let before = everything(&planned);
    let said = planned.refray(&["plan", "--out", "plan.json"]).exits(0);
    has(&said, &["~ one", "~ two", "delete branch old on disk/b", "create repository two on disk/a", "2 to change"]);
    has(&said, &["Nothing was written", "The plan is in plan.json; `refray apply plan.json` carries it out."]);
    assert_eq!(everything(&planned), before);
    let said = planned.refray(&["apply", "plan.json"]).exits(0);
    has(&said, &["+ one", "+ two: created on disk/a with 1 branch", "2 repositories: 2 synced"]);
    let synced = scene();
    synced.refray(&["sync"]).exits(0);
    assert_eq!(everything(&planned), everything(&synced));
    // The deletion left a backup, and what all hold now is known.
    assert_eq!(bundles(&planned), 1);
    planned.git_calls();
    has(&planned.refray(&["sync"]).exits(0), &["2 agreed already", "0 changes"]);
    assert_eq!(planned.git_calls(), "");
}

#[test]
fn the_file_is_the_same_but_for_its_time() {
    let world = scene();
    let lines = |text: &str| text.lines().filter(|line| !line.contains("\"made\": ")).map(str::to_owned).collect();
    let first: Vec<String> = lines(&plan(&world, 0));
    let second: Vec<String> = lines(&plan(&world, 0));
    assert_eq!(first, second);
    let mode = std::fs::metadata(world.path("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let others: Vec<_> = std::fs::read_dir(world.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(others.iter().all(|name| !name.to_string_lossy().starts_with(".refray")), "{others:?}");
}

#[test]
fn the_file_to_the_letter() {
    let world = scene();
    let text = plan(&world, 0);
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(&regex::escape(&world.dir.path().display().to_string()), "[WORLD]");
    settings.add_filter(r#""refray": "[^"]+""#, r#""refray": "[VERSION]""#);
    settings.add_filter(r#""made": "[^"]+""#, r#""made": "[TIME]""#);
    settings.add_filter(r#""id": "[^"]+""#, r#""id": "[ID]""#);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("plan_file", text));
}

#[test]
fn standard_output_is_the_plan_alone_and_standard_input_will_do() {
    let world = scene();
    let run = world.refray(&["plan", "--out", "-"]);
    has(&run.stderr, &["~ one", "2 to change"]);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(value["format"], 1);
    run.exits(0);
    let text = plan(&world, 0);
    let mut command = world.command(&["apply", "-"]);
    put(&world.path("in"), &text);
    command.stdin(std::fs::File::open(world.path("in")).unwrap());
    let run: crate::world::Run = command.output().unwrap().into();
    has(&run.exits(0), &["2 synced"]);
    world.agree(&[A, B], "one");
}

#[test]
fn what_is_no_file_is_written_to_and_what_a_link_leads_to_is_replaced() {
    let world = World::of_folders(&["a", "b"]);
    drop(world.seeded("a", "one"));
    assert!(program("mkfifo").arg(world.path("pipe")).status().unwrap().success());
    let pipe = world.path("pipe");
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap());
    let said = world.refray(&["plan", "--out", "pipe"]).exits(0);
    assert!(!said.contains("The plan is in"), "it cannot be carried out from there: {said}");
    let text = reader.join().unwrap();
    assert!(std::fs::symlink_metadata(world.path("pipe")).unwrap().file_type().is_fifo());
    put(&world.path("elsewhere/old.json"), "old");
    std::os::unix::fs::symlink("elsewhere/old.json", world.path("plan.json")).unwrap();
    has(&world.refray(&["plan", "--out", "plan.json"]).exits(0), &["The plan is in plan.json"]);
    assert!(world.path("plan.json").is_symlink());
    assert_eq!(
        std::fs::read_to_string(world.path("elsewhere/old.json")).unwrap().lines().count(),
        text.lines().count()
    );
    world.refray(&["apply", "plan.json"]).exits(0);
}

#[test]
fn without_a_file_it_is_a_dry_run() {
    let world = scene();
    let timeless = |text: String| regex::Regex::new(r"\d+\.\d s").unwrap().replace_all(&text, "").into_owned();
    let plan = timeless(world.refray(&["plan"]).exits(0));
    assert_eq!(plan, timeless(world.refray(&["sync", "--dry-run"]).exits(0)));
    let said = world.refray(&["plan", "--repo", "two", "--out", "plan.json"]).exits(0);
    has(&said, &["1 repository: 1 to change"]);
    has(&world.refray(&["apply", "plan.json"]).exits(0), &["1 repository: 1 synced"]);
    world.agree(&[A, B], "two");
    assert!(world.refs(&B, "one").contains("refs/heads/old"));
}

#[test]
fn a_reference_that_moved_stops_everything() {
    let world = scene();
    plan(&world, 0);
    let work = world.work("moved");
    work.push(&A, "one", &["main:refs/tags/v1"]);
    let tag = work.tip("main");
    let before = everything(&world);
    let run = world.refray(&["apply", "plan.json", "--format", "json"]);
    assert_eq!(run.findings(), [("one".to_owned(), "plan_moved".to_owned())]);
    let finding = run.events().into_iter().find(|event| event["event"] == "finding").unwrap();
    assert_eq!(finding["group"], "all");
    assert_eq!(finding["finding"]["ref"], "refs/tags/v1");
    assert_eq!(finding["finding"]["sides"]["disk/a"], tag);
    let statuses: Vec<_> =
        run.events().iter().filter_map(|event| event["status"].as_str().map(str::to_owned)).collect();
    assert_eq!(statuses, ["failed", "pending"]);
    run.exits(1);
    assert_eq!(everything(&world), before);
    let said = world.refray(&["apply", "plan.json"]).exits(1);
    has(&said, &["! one", "the tag `v1` on disk/a is not as the plan saw it: planned ", &format!("found {tag}")]);
    has(&said, &["Nothing was written anywhere.", "refray plan", "1 to change, 1 failed", "0 changes"]);
    assert_eq!(everything(&world), before);
    // What the plan is not about may move.
    work.push(&A, "one", &[":refs/tags/v1"]);
    world.git("work/one", &["push", "-q", &world.bare(&A, "one").display().to_string(), "main:refs/tags/v1"]);
    work.commit("elsewhere");
    work.push(&A, "one", &["main:refs/heads/keep"]);
    world.refray(&["apply", "plan.json"]).exits(0);
    assert!(world.refs(&B, "one").contains("refs/tags/v1"));
    assert!(!world.refs(&B, "one").contains(&work.tip("main")), "that is for another plan");
}

#[test]
fn a_default_branch_or_a_repository_that_is_another_stops_everything() {
    let world = scene();
    plan(&world, 0);
    let before = everything(&world);
    world.git("disk/a/one.git", &["symbolic-ref", "HEAD", "refs/heads/keep"]);
    let said = world.refray(&["apply", "plan.json"]).exits(1);
    has(&said, &["the default branch on disk/a is not as the plan saw it: planned main, found keep"]);
    world.git("disk/a/one.git", &["symbolic-ref", "HEAD", "refs/heads/main"]);
    // The same content in a new folder is another repository.
    std::fs::rename(world.path("disk/b/one.git"), world.path("aside.git")).unwrap();
    world.git(".", &["clone", "-q", "--mirror", "aside.git", "disk/b/one.git"]);
    has(&world.refray(&["apply", "plan.json"]).exits(1), &["the repository on disk/b", "with the id"]);
    std::fs::remove_dir_all(world.path("disk/b/one.git")).unwrap();
    has(&world.refray(&["apply", "plan.json"]).exits(1), &["the repository on disk/b", "planned b/one, found nothing"]);
    std::fs::rename(world.path("aside.git"), world.path("disk/b/one.git")).unwrap();
    world.init("a", "two", "sha1");
    has(&world.refray(&["apply", "plan.json"]).exits(1), &["the repository on disk/a", "planned absent, found a/two"]);
    std::fs::remove_dir_all(world.path("disk/a/two.git")).unwrap();
    std::fs::rename(world.path("disk/b"), world.path("unplugged")).unwrap();
    has(&world.refray(&["apply", "plan.json"]).exits(1), &["disk/b, on which the plan rests, could not be read"]);
    std::fs::rename(world.path("unplugged"), world.path("disk/b")).unwrap();
    assert_eq!(everything(&world), before);
    world.refray(&["apply", "plan.json"]).exits(0);
    world.agree(&[A, B], "one");
    world.agree(&[A, B], "two");
}

#[test]
fn a_plan_that_was_carried_out_is_no_plan_any_more() {
    let world = scene();
    plan(&world, 0);
    world.refray(&["apply", "plan.json"]).exits(0);
    let before = everything(&world);
    has(&world.refray(&["apply", "plan.json"]).exits(1), &["! one", "! two", "0 changes"]);
    assert_eq!(everything(&world), before);
    plan(&world, 0);
    has(&world.refray(&["apply", "plan.json"]).exits(0), &["0 repositories"]);
}

#[test]
fn actions_that_a_person_took_out_are_not_done() {
    let world = scene();
    plan(&world, 0);
    change(&world, |plan| first(plan, "updates").retain(|update| update["cause"] != "delete"));
    let said = world.refray(&["apply", "plan.json"]).exits(0);
    has(&said, &["~ one", "+ two", "1 synced, 1 to change"]);
    has(&world.refs(&B, "one"), &["refs/heads/old", "refs/tags/v1"]);
    assert!(!world.refs(&A, "one").contains("refs/heads/old"));
    has(&world.refray(&["sync", "--retry-failed"]).exits(0), &["branch old deleted on disk/b"]);
    world.agree(&[A, B], "one");

    // A whole repository, by its lines: each action is one.
    let world = scene();
    let text = plan(&world, 0);
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.contains("refs/heads/old") && line.contains("delete")).unwrap();
    assert!(lines[at].trim_start().starts_with("{ ") && lines[at].ends_with(" },"), "{}", lines[at]);
    let kept: Vec<&str> = lines.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, line)| *line).collect();
    put(&world.path("plan.json"), &kept.join("\n"));
    change(&world, |plan| {
        plan["groups"][0]["repositories"].as_array_mut().unwrap().truncate(1);
    });
    has(&world.refray(&["apply", "plan.json"]).exits(0), &["1 repository: 1 to change"]);
    assert!(!world.bare(&A, "two").exists());
}

#[test]
fn a_hold_is_not_released_by_shortening_the_file() {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    for name in ["x1", "x2", "x3", "x4", "x5", "x6", "x7"] {
        work.push(&A, "one", &[&format!("main:refs/heads/{name}")]);
    }
    world.refray(&["sync"]).exits(0);
    let gone: Vec<String> = (1..8).map(|n| format!(":refs/heads/x{n}")).collect();
    work.push(&A, "one", &gone.iter().map(String::as_str).collect::<Vec<_>>());
    work.push(&B, "one", &["main:refs/heads/topic"]);
    plan(&world, 1);
    change(&world, |plan| {
        let one = plan["groups"][0]["repositories"][0]["plan"].as_object_mut().unwrap();
        one.remove("held").unwrap();
        one.remove("findings").unwrap();
    });
    has(&world.refray(&["apply", "plan.json"]).exits(1), &["? one: branch topic new on disk/a", "held: "]);
    has(&world.refray(&["sync"]).exits(1), &["held: "]);
    assert!(world.refs(&B, "one").contains("refs/heads/x7"));
}

#[test]
fn a_release_is_part_of_the_plan() {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    let names: Vec<String> = (0..7).map(|n| format!("x{n}")).collect();
    for name in &names {
        work.push(&A, "one", &[&format!("main:refs/heads/{name}")]);
    }
    world.refray(&["sync"]).exits(0);
    let gone: Vec<String> = names.iter().map(|name| format!(":refs/heads/{name}")).collect();
    work.push(&A, "one", &gone.iter().map(String::as_str).collect::<Vec<_>>());
    world.refray(&["plan", "--repo", "one", "--confirm-deletions", "-o", "plan.json"]).exits(0);
    edit(&world, "\"confirm_deletions\": true", "\"confirm_deletions\": false");
    has(&world.refray(&["apply", "plan.json"]).exits(1), &["would not be written to disk/b any more: the deletion"]);
    assert!(world.refs(&B, "one").contains("x3"));
    edit(&world, "\"confirm_deletions\": false", "\"confirm_deletions\": true");
    world.refray(&["apply", "plan.json"]).exits(0);
    world.agree(&[A, B], "one");
}

#[test]
fn values_that_cannot_be_written_are_named_before_anything_is() {
    let world = scene();
    let work = world.work("stray");
    let stray = work.amend("another root");
    for place in [A, B] {
        work.push(&place, "one", &["main:refs/heads/stray"]);
    }
    plan(&world, 0);
    let before = everything(&world);
    let nowhere = "ab".repeat(20);
    let main = |plan: &mut Value, new: &str, cause: &str| {
        let update = first(plan, "updates").iter_mut().find(|update| update["ref"] == "refs/heads/main").unwrap();
        update["new"] = new.into();
        update["cause"] = cause.into();
    };
    change(&world, |plan| main(plan, &nowhere, "fast_forward"));
    let said = world.refray(&["apply", "plan.json"]).exits(1);
    has(
        &said,
        &[&nowhere, "which refs/heads/main on disk/b is to get", "neither on an endpoint nor in the local mirror"],
    );
    assert_eq!(everything(&world), before);
    // A commit that does not contain what is there.
    change(&world, |plan| main(plan, &stray, "fast_forward"));
    let said = world.refray(&["apply", "plan.json"]).exits(1);
    has(&said, &[&stray, "does not contain", "so it is no `fast_forward`", "Nothing was written anywhere."]);
    assert_eq!(everything(&world), before);
    // As a rewrite it is what a person may want: there is a backup of what it takes away.
    change(&world, |plan| main(plan, &stray, "rewrite"));
    world.refray(&["apply", "plan.json"]).exits(0);
    has(&world.refs(&B, "one"), &[&format!("{stray} refs/heads/main")]);
    assert_eq!(bundles(&world), 1);
}

#[test]
fn files_that_are_no_plan_are_refused() {
    let world = scene();
    let text = plan(&world, 0);
    let before = everything(&world);
    let refused = |text: &str, words: &[&str]| {
        put(&world.path("plan.json"), text);
        let said = world.refray(&["apply", "plan.json"]).exits(2);
        has(&said, words);
        has(&said, &["plan.json:", "help: "]);
        assert_eq!(everything(&world), before);
    };
    refused(&text.replace("\"format\": 1", "\"format\": 2"), &["format 2", "up to 1", "plan.json:2:13"]);
    refused(&text[..text.len() / 2], &["it is damaged, or no plan", "EOF"]);
    refused("{}", &["it names no format"]);
    refused(&text.replace("\"cause\": \"delete\"", "\"cause\": \"destroy\""), &["unknown variant `destroy`"]);
    refused(&text.replace("\"updates\"", "\"update\""), &["unknown key `update` in groups[0].repositories[0].plan"]);
    refused(&text.replace("\"new\": null", "\"new\": \"abc\""), &["`abc` is not an object id"]);
    let moved = text.replacen("\"cause\": \"create\"", "\"cause\": \"rewrite\"", 1);
    refused(&moved, &["repository `one`", "do not go with the cause `rewrite`"]);
    let run = world.refray(&["apply", "plan.json", "--format", "json"]);
    let error: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    has(error["message"].as_str().unwrap(), &["plan.json: group `all`, repository `one`: "]);
    run.exits(2);
    has(&world.refray(&["apply", "nowhere.json"]).exits(2), &["the plan nowhere.json cannot be read"]);
    has(&world.refray(&["plan", "--out", "no/where"]).exits(2), &["the plan cannot be written to no/where"]);
    has(&world.refray(&["plan", "--out", "disk"]).exits(2), &["the plan cannot be written to disk"]);
    has(&world.refray(&["apply"]).exits(2), &["<FILE>"]);
}

#[test]
fn a_plan_for_another_configuration_is_refused() {
    let mut world = scene();
    plan(&world, 0);
    let before = everything(&world);
    world.config.set("rewrites = \"always\"");
    has(&world.refray(&["apply", "plan.json"]).exits(2), &["`rewrites` was \"non_default\" and is \"always\""]);
    world.config.unset();
    std::fs::create_dir(world.path("disk/c")).unwrap();
    world.config.replace("namespace = \"b\"", "namespace = \"c\"");
    has(&world.refray(&["apply", "plan.json"]).exits(2), &["has no endpoint `disk/b` any more", "plan.json:"]);
    world.config.replace("namespace = \"c\"", "namespace = \"b\"");
    world.config.endpoint("disk", "namespace = \"c\"");
    has(&world.refray(&["apply", "plan.json"]).exits(2), &["has got the endpoint `disk/c` since"]);
    assert_eq!(everything(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_are_created_and_deleted_by_a_plan() {
    let kinds = [Kind::GitHub, Kind::GitLab, Kind::Gitea];
    let mut world = World::of_forges(&kinds).await;
    world.config.set("delete_missing = true");
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.seed(Kind::GitHub, "two", Visibility::Private);
    world.refray(&["plan", "--out", "plan.json"]).exits(0);
    has(&world.refray(&["apply", "plan.json"]).exits(0), &["+ one: created on", "+ two: created on", "2 synced"]);
    world.agree(&users(&kinds), "one");
    world.agree(&users(&kinds), "two");
    world.delete(Kind::GitLab, "one");
    let said = world.refray(&["plan", "--out", "plan.json"]).exits(0);
    has(&said, &["delete repository ada/one on github/ada", "delete repository ada/one on gitea/ada"]);
    // Somebody works there after all.
    let head = world.site(Kind::Gitea).commit(OWNER, "one", "work", &[("f", "1")], "work\n").unwrap();
    let said = world.refray(&["apply", "plan.json"]).exits(1);
    has(&said, &["the branch `work` on gitea/ada is not as the plan saw it: planned absent, found", &head]);
    let there = world.site(Kind::Gitea).repository(OWNER, "one").unwrap();
    let zeros = there.object_format.zeros();
    world.site(Kind::Gitea).move_ref(there.id, "refs/heads/work", zeros).unwrap();
    let run = world.refray(&["apply", "plan.json", "--format", "json"]);
    let done: Vec<_> = run.events().into_iter().filter(|event| event["event"] == "action").collect();
    assert_eq!(done.len(), 2, "{done:?}");
    assert!(done.iter().all(|event| event["action"]["kind"] == "delete_repository"));
    run.exits(0);
    for kind in kinds {
        assert!(world.site(kind).repository(OWNER, "one").is_err(), "{kind}");
        assert!(world.site(kind).repository(OWNER, "two").is_ok(), "{kind}");
    }
    assert_eq!(bundles(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_while_it_is_written_is_not_overwritten() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = World::of_forges(&kinds).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "1")], "ours\n").unwrap();
    world.refray(&["plan", "--out", "plan.json"]).exits(0);
    let tea = world.site(Kind::Gitea);
    tea.faults().before_receive(tea.repository(OWNER, "one").unwrap().id, |site| {
        site.commit(OWNER, "one", "main", &[("g", "1")], "theirs\n").unwrap();
    });
    let said = world.refray(&["apply", "plan.json"]).exits(1);
    has(&said, &["! one", "something changed while the plan was carried out, and was not overwritten", "refray plan"]);
    let there = world.bare(&Place::Forge(Kind::Gitea, OWNER), "one").display().to_string();
    assert_eq!(world.git(".", &["-C", &there, "log", "-1", "--format=%s", "main"]), "theirs");
}

/// Two folders with a commit of their own each on `main`.
fn diverged(line: &str) -> World {
    let mut world = World::of_folders(&["a", "b"]);
    world.config.set(line);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let first = work.tip("main");
    work.commit("here");
    work.push(&A, "one", &["main"]);
    work.git(&["reset", "-q", "--hard", &first]);
    work.commit("there");
    work.push(&B, "one", &["main"]);
    world
}

#[test]
fn what_is_made_of_diverged_branches_is_made_again_when_it_is_applied() {
    for strategy in ["auto_merge", "auto_rebase"] {
        let line = format!("conflict_resolution = \"{strategy}\"");
        let (planned, synced) = (diverged(&line), diverged(&line));
        plan(&planned, 0);
        // Whether the results are still there or not.
        std::fs::remove_dir_all(planned.cache()).unwrap();
        planned.refray(&["apply", "plan.json"]).exits(0);
        synced.refray(&["sync"]).exits(0);
        assert_eq!(planned.agree(&[A, B], "one"), synced.agree(&[A, B], "one"), "{strategy}");
    }
    let world = diverged("conflict_resolution = \"fail\"");
    world.refray(&["plan", "--force", "--out", "plan.json"]).exits(0);
    has(&world.refray(&["apply", "plan.json"]).exits(0), &["1 synced"]);
    world.agree(&[A, B], "one");
    assert_eq!(bundles(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pull_requests_are_opened_by_a_plan_and_only_as_planned() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let mut world = World::of_forges(&kinds).await;
    world.config.set("conflict_resolution = \"pull_request\"");
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    for kind in kinds {
        world.site(kind).commit(OWNER, "one", "main", &[(kind.as_str(), "1")], "own\n").unwrap();
    }
    let pulls = |world: &World| -> usize {
        world.sim.iter().flat_map(|sim| sim.sites()).map(|site| site.world().pulls.len()).sum()
    };
    world.refray(&["plan", "--out", "plan.json"]).exits(1);
    let text = std::fs::read_to_string(world.path("plan.json")).unwrap();
    has(&text, &["\"step\": \"open\"", "\"cause\": \"conflict\""]);
    assert_eq!(pulls(&world), 0);
    put(&world.path("plan.json"), &text.replace("\"cause\": \"conflict\"", "\"cause\": \"rewrite\""));
    has(&world.refray(&["apply", "plan.json"]).exits(2), &["do not go with the cause `rewrite`"]);
    put(&world.path("plan.json"), &text);
    has(&world.refray(&["apply", "plan.json"]).exits(1), &["? one", "held: ", "http://"]);
    assert_eq!(pulls(&world), 2);
    // They are there now.
    has(&world.refray(&["apply", "plan.json"]).exits(1), &["refray/conflicts/main/", "planned absent, found"]);
    assert_eq!(pulls(&world), 2);
    world.refray(&["plan", "--out", "plan.json"]).exits(1);
    has(&world.refray(&["apply", "plan.json"]).exits(0), &["0 repositories"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_not_carried_out_when_its_side_looks_restored_by_then() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let mut world = World::of_forges(&kinds).await;
    world.config.set("delete_missing = true");
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let first = world.seed(Kind::GitHub, "two", Visibility::Private);
    world.site(Kind::GitHub).commit(OWNER, "two", "main", &[("f", "1")], "second\n").unwrap();
    world.refray(&["sync"]).exits(0);
    world.delete(Kind::Gitea, "one");
    world.refray(&["plan", "--repo", "one", "--out", "plan.json"]).exits(0);
    // The other repository there goes back to what it was, as when an old backup is restored.
    let tea = world.site(Kind::Gitea);
    let two = tea.repository(OWNER, "two").unwrap().id;
    tea.move_ref(two, "refs/heads/main", &first).unwrap();
    let said = world.refray(&["apply", "plan.json"]).exits(1);
    has(&said, &["! one", "planned to be deleted, found ", "Nothing was written anywhere."]);
    assert!(world.site(Kind::GitHub).repository(OWNER, "one").is_ok());
}
