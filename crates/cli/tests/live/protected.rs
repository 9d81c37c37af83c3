//! What a forge does not take stops itself alone, and is named.

use crate::world::{HERE, Kind, Lab, Place, Rule, has};

#[test]
#[ignore = "needs named forges"]
fn a_branch_that_nobody_may_push_to_is_named_and_the_rest_goes_through() {
    Lab::each("", |lab| {
        let name = lab.name("closed");
        let work = lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        lab.here().protect(&name, "main", Rule::Pushed);
        let tip = work.commit("second");
        work.git(&["branch", "free"]);
        work.git(&["tag", "v1"]);
        work.push(lab.there(), &["main", "free", "v1"]);
        let said = lab.refray(&["sync"]).exits(1);
        has(&said, &["forward branch main on", "refused (protected_branch)", "remedy: "]);
        let refs = lab.refs(HERE, &name);
        has(&refs, &[&format!("{tip}\trefs/heads/free"), &format!("{tip}\trefs/tags/v1")]);
        assert!(!refs.contains(&format!("{tip}\trefs/heads/main")), "{refs}");
        has(&lab.refray(&["doctor"]).exits(1), &["`main` cannot be pushed to"]);
        lab.here().unprotect(&name, "main");
        lab.refray(&["sync", "--retry-failed"]).exits(0);
        lab.agree(&name);
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_rewrite_and_a_deletion_that_are_not_taken_are_named() {
    Lab::each("", |lab| {
        let name = lab.name("unforced");
        let work = lab.seed(HERE, &name);
        for branch in ["topic", "kept"] {
            work.on(branch, "main");
            work.commit(branch);
        }
        work.push(HERE, &["topic", "kept"]);
        lab.refray(&["sync"]).exits(0);
        lab.here().protect(&name, "topic", Rule::Forced);
        lab.here().protect(&name, "kept", Rule::Forced);
        work.git(&["checkout", "-q", "topic"]);
        work.git(&["commit", "-q", "--amend", "-m", "in other words"]);
        work.git(&["checkout", "-q", "main"]);
        let fine = work.commit("second");
        work.push(lab.there(), &["main", "topic", ":kept"]);
        let said = lab.refray(&["sync"]).exits(1);
        let endpoint = lab.spelled();
        has(&said, &[&format!("rewrite branch topic on {endpoint}"), &format!("delete branch kept on {endpoint}")]);
        has(&said, &["refused (protected_branch)", "remedy: "]);
        assert!(!said.contains("refused (unknown)"), "{said}");
        let refs = lab.refs(HERE, &name);
        has(&refs, &[&format!("{fine}\trefs/heads/main"), "refs/heads/kept"]);
        assert!(!refs.contains(&work.tip("topic")), "{refs}");
    });
}

#[test]
#[ignore = "needs named forges"]
fn an_archived_repository_is_named_and_its_changes_still_go_out() {
    Lab::each("", |lab| {
        let name = lab.name("archived");
        let work = lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        lab.here().archive(&name, true);
        lab.refray(&["sync"]).exits(0);
        let tip = work.commit("second");
        work.push(lab.there(), &["main"]);
        let said = lab.refray(&["sync"]).exits(1);
        has(&said, &["archived", &lab.spelled(), "remedy: "]);
        assert!(!said.contains("refused (unknown)"), "{said}");
        assert!(!lab.refs(HERE, &name).contains(&tip));
        has(&lab.refs(Place::Folder, &name), &[&tip]);
        lab.here().archive(&name, false);
        lab.refray(&["sync"]).exits(0);
        lab.agree(&name);
    });
}

#[test]
#[ignore = "needs named forges"]
fn names_that_a_forge_keeps_for_itself_stop_themselves_alone() {
    Lab::each("", |lab| {
        let name = lab.name("refs");
        let work = lab.seed(Place::Folder, &name);
        lab.refray(&["sync"]).exits(0);
        let tip = work.commit("second");
        // GitHub and GitLab take no branch that looks like an object id.
        work.push(Place::Folder, &["main", &format!("main:refs/heads/{}", "c".repeat(40))]);
        let run = lab.refray(&["sync"]);
        if matches!(lab.here().kind, Kind::Gitea | Kind::Forgejo) && lab.forges.len() == 1 {
            run.exits(0);
        } else {
            assert!(!run.stdout.contains("refused (unknown)"), "{}", run.stdout);
        }
        has(&lab.refs(HERE, &name), &[&format!("{tip}\trefs/heads/main")]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_name_that_is_the_folder_of_another_stops_itself_alone() {
    Lab::each("", |lab| {
        let name = lab.name("folders");
        let work = lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        work.push(HERE, &["main:refs/heads/topic"]);
        let tip = work.commit("second");
        work.push(lab.there(), &["main", "main:refs/heads/topic/deep"]);
        let said = lab.refray(&["sync"]).exits(1);
        has(&said, &["topic/deep", "remedy: "]);
        assert!(!said.contains("refused (unknown)"), "{said}");
        has(&lab.refs(HERE, &name), &[&format!("{tip}\trefs/heads/main")]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn each_rule_that_is_broken_is_called_by_its_name() {
    Lab::each("", |lab| {
        if !matches!(lab.here().kind, Kind::Gitea | Kind::Forgejo) {
            println!("left out: {:?} has other rules", lab.here().kind);
            return;
        }
        let name = lab.name("rules");
        let work = lab.seed(HERE, &name);
        work.push(HERE, &["main:signed", "main:files"]);
        lab.refray(&["sync"]).exits(0);
        lab.here().protect(&name, "signed", Rule::Unsigned);
        lab.here().protect(&name, "files", Rule::Files);
        let are_tags_kept = lab.here().protect_tags(&name);
        let fine = work.commit("second");
        crate::world::put(&lab.path(&format!("work/{name}/ci.yml")), "on: push\n");
        work.commit("with a file");
        let all = ["main", "main:files", &format!("{fine}:refs/heads/signed"), &format!("{fine}:refs/tags/v1")];
        work.push(lab.there(), &all);
        let said = lab.refray(&["sync"]).exits(1);
        has(&said, &["refused (unsigned_commit)", "refused (protected_file)"]);
        assert!(!said.contains("refused (unknown)"), "{said}");
        let refs = lab.refs(HERE, &name);
        has(&refs, &[&format!("{}\trefs/heads/main", work.tip("main"))]);
        if are_tags_kept {
            has(&said, &["refused (protected_tag)"]);
            assert!(!refs.contains("refs/tags/v1"), "{refs}");
        }
    });
}
