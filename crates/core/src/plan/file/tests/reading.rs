//! What is wrong with a file, and where.

use miette::Diagnostic;

use super::fixture::*;
use crate::plan::file::{PlanFileErrorKind, read};

#[track_caller]
fn refused(text: &str, kind: PlanFileErrorKind, words: &str, marked: &str) {
    let error = read("plan.json", text, &config(CONFIG)).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let message = error.to_string();
    assert!(message.starts_with("plan.json: ") && message.contains(words), "{message}");
    assert!(error.help().is_some() && error.code().is_some());
    if !marked.is_empty() {
        let at = error.offset().unwrap();
        assert!(text[at..].starts_with(marked), "marked is: {}", &text[at..text.len().min(at + 60)]);
    }
}

fn good() -> String {
    scene().file().to_text().unwrap()
}

/// The file with a text replaced, which must be there once.
#[track_caller]
fn with(old: &str, new: &str) -> String {
    let text = good();
    assert_eq!(text.matches(old).count(), 1, "`{old}` in:\n{text}");
    text.replace(old, new)
}

#[test]
fn the_layout() {
    insta::assert_snapshot!(good());
}

#[test]
fn what_was_written_is_read() {
    assert_eq!(read("plan.json", &good(), &config(CONFIG)).unwrap(), scene().file());
    // Laid out in another way, it is the same.
    let value: serde_json::Value = serde_json::from_str(&good()).unwrap();
    assert_eq!(read("plan.json", &value.to_string(), &config(CONFIG)).unwrap(), scene().file());
}

#[test]
fn only_one_line_tells_the_time() {
    let (mut early, mut late) = (scene().file(), scene().file());
    early.made = "2026-01-02T03:04:05Z".parse().unwrap();
    late.made = "2027-01-02T03:04:05Z".parse().unwrap();
    let (early, late) = (early.to_text().unwrap(), late.to_text().unwrap());
    let differ: Vec<_> = early.lines().zip(late.lines()).filter(|(one, other)| one != other).collect();
    assert_eq!(differ, [("  \"made\": \"2026-01-02T03:04:05Z\",", "  \"made\": \"2027-01-02T03:04:05Z\",")]);
}

#[test]
fn what_is_no_plan() {
    use PlanFileErrorKind::*;
    let cut = &good()[..300];
    refused("", Damaged, "it is damaged, or no plan: EOF while parsing", "");
    refused(cut, Damaged, "EOF while parsing", "");
    refused("{\"format\": 1,}", Damaged, "key must be a string", "}");
    refused("[[sites]]\n", Damaged, "expected value at line 1 column 3", "sites");
    refused("{}", NotAPlan, "it names no format", "");
    refused("[]", NotAPlan, "it names no format", "");
    refused("{\"format\": \"one\"}", NotAPlan, "no format of a plan", "\"one\"");
    refused("{\"format\": 0}", NotAPlan, "no format of a plan", "0");
    refused(&"[".repeat(100_000), Damaged, "EOF while parsing", "");
    let deep = format!("{{\"format\": 1, \"x\": {}{}}}", "[".repeat(110), "]".repeat(110));
    refused(&deep, Damaged, "nested too deep", "");
}

#[test]
fn a_newer_format_is_not_guessed_at() {
    let text = with("\"format\": 1", "\"format\": 2");
    refused(&text, PlanFileErrorKind::Newer, "format 2, and this refray knows formats up to 1", "2");
    refused("{\"format\": 7, \"and\": \"so on\"}", PlanFileErrorKind::Newer, "format 7", "7");
}

#[test]
fn values_that_are_none() {
    use PlanFileErrorKind::*;
    let name = "\"ref\": \"refs/heads/old\"";
    refused(&with(name, "\"ref\": \"refs/pull/1\""), WrongValue, "neither a branch nor a tag", "\"");
    refused(&with("\"cause\": \"delete\"", "\"cause\": \"remove\""), WrongValue, "unknown variant `remove`", "\"");
    refused(&with("\"group\": \"all\",", ""), WrongValue, "missing field `group`", "}");
    let hex = format!("\"old\": \"{}\", \"new\": null", oid(1));
    refused(&with(&hex, "\"old\": \"0101\", \"new\": null"), WrongValue, "`0101` is not an object id", "\"");
}

#[test]
fn keys_that_mean_nothing() {
    use PlanFileErrorKind::UnknownKey;
    let place = "unknown key `udpates` in groups[0].repositories[0].plan";
    refused(&with("\"updates\": [", "\"udpates\": ["), UnknownKey, place, "[");
    let create = "\"visibility\": \"private\", \"description\"";
    let place = "unknown key `secret` in groups[0].repositories[0].plan.creates[0]";
    refused(&with(create, &format!("\"secret\": 1, {create}")), UnknownKey, place, "1");
    // What is left of a list from which all was taken means nothing either, and does no harm.
    let text = with("\"default_branches\": [", "\"deletes\": [], \"default_branches\": [");
    assert!(read("plan.json", &text, &config(CONFIG)).is_ok());
}

#[test]
fn plans_that_contradict_themselves() {
    use PlanFileErrorKind::Impossible;
    let (one, two) = (oid(1).to_string(), oid(2).to_string());
    let line = format!("\"old\": \"{one}\", \"new\": \"{two}\", \"cause\": \"fast_forward\"");
    let main = |new: &str| with(&line, new);
    let of = "group `all`, repository `one`: ";
    let values = format!("\"old\": \"{two}\", \"new\": \"{one}\", \"cause\": \"fast_forward\"");
    refused(
        &main(&values),
        Impossible,
        &format!("{of}`old` of refs/heads/main on disk/b is not what was seen there"),
        &format!("\"{two}\""),
    );
    let causes = [
        format!("\"old\": \"{one}\", \"new\": \"{one}\", \"cause\": \"fast_forward\""),
        format!("\"old\": \"{one}\", \"new\": \"{two}\", \"cause\": \"create\""),
        format!("\"old\": \"{one}\", \"new\": \"{two}\", \"cause\": \"delete\""),
        format!("\"old\": \"{one}\", \"new\": null, \"cause\": \"rewrite\""),
    ];
    for cause in causes {
        refused(&main(&cause), Impossible, "do not go with the cause `", "{ \"endpoint\": \"disk/b\"");
    }
    let wide = format!("\"old\": \"{one}\", \"new\": \"{}\", \"cause\": \"fast_forward\"", "ab".repeat(32));
    refused(&main(&wide), Impossible, "is an id of another hash function", "\"ab");

    let create = "{ \"endpoint\": \"disk/c\", \"name\"";
    refused(
        &with(create, "{ \"endpoint\": \"disk/d\", \"name\""),
        Impossible,
        "`disk/d` is not among the group's endpoints",
        "{ \"endpoint\": \"disk/d\"",
    );
    refused(&with(create, "{ \"endpoint\": \"disk/b\", \"name\""), Impossible, "created on disk/b, where it is", "{");
    let renamed = with("\"name\": \"one\"", "\"name\": \"uno\"");
    refused(&renamed, Impossible, "`uno` is to be created under another name", "{ \"endpoint\": \"disk/c\"");

    let called = with("\"name\": \"one\"", "\"name\": \"one\", \"called\": \"uno\"");
    refused(&called, Impossible, "it is not called so on disk/c, by `names`", "{ \"endpoint\": \"disk/c\"");

    let mut file = scene().file();
    let all = file.groups[0].clone();
    file.groups.push(all.clone());
    refused(&file.to_text().unwrap(), Impossible, "the group `all` is in the plan twice", "\"all\"");
    file.groups = vec![all];
    let one = file.groups[0].repositories[0].clone();
    file.groups[0].repositories.push(one);
    refused(&file.to_text().unwrap(), Impossible, "the repository `one` is in the group `all` twice", "\"one\"");
}

#[test]
fn changes_of_actions_that_cannot_be() {
    use crate::plan::{Cause, DeleteRepository};
    use crate::repository::ForgeId;
    type Change = fn(&mut crate::plan::file::PlannedRepository);
    let cases: [(Change, &str); 13] = [
        (|one| one.plan.creates.clear(), "where the repository was neither seen nor is created"),
        (|one| one.plan.updates.insert(1, one.plan.updates[0].clone()), "refs/heads/main on disk/b is written twice"),
        (
            |one| one.plan.updates[2] = update("b", "refs/tags/v1", Some(2), Some(1), Cause::Rewrite),
            "tags are only created",
        ),
        (|one| one.plan.updates[3] = update("c", "refs/heads/x", Some(2), None, Cause::Delete), "is only created"),
        (
            |one| one.plan.updates[1] = update("b", "refs/heads/else", Some(9), None, Cause::Delete),
            "`old` of refs/heads/else on disk/b is not what was seen there",
        ),
        (|one| one.plan.updates[0].cause = Cause::Conflict, "is none of the branches that show a conflict"),
        (
            |one| one.plan.requests = vec![request("c")],
            "the pull request on disk/c is where the repository was not seen",
        ),
        (
            |one| {
                one.plan.requests = vec![request("b")];
                one.plan.requests[0].head = one.plan.requests[0].branch.clone();
            },
            "the pull request on disk/b is from a branch that shows no conflict",
        ),
        (
            |one| {
                one.plan.requests = vec![request("b")];
                one.plan.requests[0].number = Some(1);
            },
            "the pull request on disk/b has a number that does not go with its step",
        ),
        (|one| one.plan.apart = [at("b")].into(), "though it is held apart"),
        (|one| one.plan.apart = [at("z")].into(), "`disk/z` is not among the group's endpoints"),
        (
            |one| one.plan.default_branches[0].endpoint = at("b"),
            "the default branch on disk/b has an old value that is not what was seen there",
        ),
        (
            |one| {
                let id = ForgeId("id-a".into());
                one.plan.deletes = vec![DeleteRepository { endpoint: at("b"), path: "b/one".into(), id }];
            },
            "`b/one` on disk/b is not the repository that was seen there",
        ),
    ];
    for (change, words) in cases {
        let mut file = scene().file();
        change(&mut file.groups[0].repositories[0]);
        refused(&file.to_text().unwrap(), PlanFileErrorKind::Impossible, words, "");
    }
}

#[test]
fn any_action_may_be_taken_out() {
    let all = scene().plan.updates.len();
    for index in 0..all {
        let mut file = scene().file();
        file.groups[0].repositories[0].plan.updates.remove(index);
        assert!(read("plan.json", &file.to_text().unwrap(), &config(CONFIG)).is_ok(), "{index}");
    }
    let mut file = scene().file();
    file.groups[0].repositories[0].plan.default_branches.clear();
    assert!(read("plan.json", &file.to_text().unwrap(), &config(CONFIG)).is_ok());
}

#[test]
fn another_configuration() {
    let other = |old: &str, new: &str| {
        assert!(CONFIG.contains(old));
        let error = read("plan.json", &good(), &config(&CONFIG.replace(old, new))).unwrap_err();
        assert_eq!(error.kind(), PlanFileErrorKind::OtherConfig);
        let at = error.offset().unwrap();
        (error.to_string(), good()[at..].lines().next().unwrap().to_owned())
    };
    let (message, marked) = other("name = \"all\"", "name = \"some\"");
    assert_eq!(message, "plan.json: the configuration has no group `all` any more");
    assert!(marked.starts_with("\"all\""), "{marked}");
    let (message, marked) = other("namespace = \"b\"", "namespace = \"d\"");
    assert_eq!(message, "plan.json: the group `all` has no endpoint `disk/b` any more");
    assert!(marked.starts_with("{ \"endpoint\": \"disk/b\""), "{marked}");
    let (message, _) = other("/srv/git", "/mnt/git");
    assert_eq!(
        message,
        "plan.json: the endpoint `disk/a` of the group `all` is another one now: \
         `url` was \"file:///srv/git\" and is \"file:///mnt/git\""
    );
    let (message, _) = other("namespace = \"b\"", "namespace = \"b\"\nnames = { one = \"first\" }");
    assert_eq!(
        message,
        "plan.json: the endpoint `disk/b` of the group `all` is another one now: \
         `names` was {} and is {\"one\":\"first\"}"
    );
    let (message, marked) = other("name = \"all\"", "name = \"all\"\nrewrites = \"always\"\ndelete_missing = true");
    assert_eq!(
        message,
        "plan.json: the rules of the group `all` are others now: `delete_missing` was false and is true, \
         `rewrites` was \"non_default\" and is \"always\""
    );
    assert!(marked.starts_with('{'), "{marked}");
    let more = format!("{CONFIG}[[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"e\"\n");
    let error = read("plan.json", &good(), &config(&more)).unwrap_err();
    assert_eq!(error.to_string(), "plan.json: the group `all` has got the endpoint `disk/e` since the plan was made");
    // A group that the plan does nothing to may be any.
    let mut file = scene().file();
    file.groups[0].repositories.clear();
    let text = file.to_text().unwrap();
    assert!(read("plan.json", &text, &config(&CONFIG.replace("\"all\"", "\"some\""))).is_ok());
}
