use super::*;

#[test]
fn reports_mark_the_place() {
    let text = r#"
jobs = "8"
[[sites]]
name = "github"
provder = "github"
token = { value = "hunter2", env = "X" }
[[mirrors]]
name = "personal"
repo_whitelist = ["^ok$", "a(b"]
[[mirrors.endpoints]]
site = "githib"
kind = "user"
namespace = "/me"
"#;
    insta::assert_snapshot!(drawn(&read(text).unwrap_err()), @r#"
      × config.toml: there are 7 problems

    Error: refray::config::wrong_type

      × `jobs` has the wrong type
       ╭─[config.toml:2:8]
     1 │
     2 │ jobs = "8"
       ·        ─┬─
       ·         ╰── expected a whole number, found a text
     3 │ [[sites]]
       ╰────
      help: write `8`, without quotes

    Error: refray::config::missing_key

      × a site has no `provider`
       ╭─[config.toml:3:1]
     2 │ jobs = "8"
     3 │ [[sites]]
       · ────┬────
       ·     ╰── `provider` is missing here
     4 │ name = "github"
       ╰────
      help: What the site runs. It takes `"github"`, `"gitlab"`, `"gitea"`, `"forgejo"`, `"directory"`.

    Error: refray::config::unknown_key

      × unknown key `provder`
       ╭─[config.toml:5:1]
     4 │ name = "github"
     5 │ provder = "******"
       · ───┬───
       ·    ╰── not a key of a site
     6 │ token = { value = "*******", env = "X" }
       ╰────
      help: did you mean `provider`?

    Error: refray::config::unfit_key

      × `token` names 2 sources
       ╭─[config.toml:6:11]
     5 │ provder = "******"
     6 │ token = { value = "*******", env = "X" }
       ·           ──┬──              ─┬─
       ·             │                 ╰── `env`
       ·             ╰── `value`
     7 │ [[mirrors]]
       ╰────
      help: keep one of them

    Error: refray::config::bad_regex

      × `repo_whitelist` holds a regular expression that cannot be read
        ╭─[config.toml:9:29]
      8 │ name = "personal"
      9 │ repo_whitelist = ["^ok$", "a(b"]
        ·                             ┬
        ·                             ╰── unclosed group
     10 │ [[mirrors.endpoints]]
        ╰────

    Error: refray::config::unknown_site

      × there is no site `githib`
        ╭─[config.toml:11:8]
     10 │ [[mirrors.endpoints]]
     11 │ site = "githib"
        ·        ────┬───
        ·            ╰── not the name of a `[[sites]]`
     12 │ kind = "user"
        ╰────
      help: did you mean `github`?

    Error: refray::config::bad_value

      × this cannot be a namespace
        ╭─[config.toml:13:13]
     12 │ kind = "user"
     13 │ namespace = "/me"
        ·             ──┬──
        ·               ╰── it must neither start nor end with a slash
        ╰────
    "#);
}

#[test]
fn what_is_not_toml_is_marked() {
    let text = "jobs = 8\n[[sites]]\nname = \"a\"\ntoken = { value = hunter2 }\n";
    insta::assert_snapshot!(drawn(&read(text).unwrap_err()), @r#"
      × config.toml: there is a problem

    Error: refray::config::syntax

      × the file is not valid TOML
       ╭─[config.toml:4:19]
     3 │ name = "a"
     4 │ token = { value = ******* }
       ·                   ───┬───
       ·                      ╰── string values must be quoted, expected literal string
       ╰────
      help: each key has a line of its own, as `key = value`; texts stand in quotes, numbers and `true` do not
    "#);
    for (word, meant) in [("yes", "write `true`"), ("off", "write `false`")] {
        let errors = read(&format!("[webhook]\ninstall = {word}\n")).unwrap_err();
        assert_eq!(errors.problems[0].help().unwrap().to_string(), meant);
    }
    for (text, marked) in [("jobs = = 1", "="), ("jobs = 1\njobs = 2", "jobs"), ("[a\n", "")] {
        let errors = read(text).unwrap_err();
        assert_eq!(errors.problems.len(), 1, "{text}");
        let label = errors.problems[0].labels().unwrap().next().unwrap();
        assert_eq!(&text[label.offset()..label.offset() + label.len()], marked, "{text}");
    }
}

#[test]
fn unknown_keys() {
    insta::assert_snapshot!(refused("job = 1"), @"
    unknown_key: unknown key `job`
      job <- not a key of the top of the file
      = did you mean `jobs`?
    ");
    insta::assert_snapshot!(refused("install = true"), @"
    unknown_key: unknown key `install`
      install <- not a key of the top of the file
      = it belongs in `[webhook]`
    ");
    insta::assert_snapshot!(refused("zebra = { x = 1 }"), @"
    unknown_key: unknown key `zebra`
      zebra <- not a key of the top of the file
      = keys here: `jobs`, `backup_keep_days`, `sites`, `mirrors`, `webhook`, `serve` and `dashboard`
    ");
    insta::assert_snapshot!(refused("[webhook]\njobs = 1\nfull_sync_interval = 3"), @"
    unknown_key: unknown key `jobs`
      jobs <- not a key of `[webhook]`
      = it belongs at the top of the file, before the first `[…]`
    unknown_key: unknown key `full_sync_interval`
      full_sync_interval <- not a key of `[webhook]`
      = did you mean `full_sync_interval_minutes`?
    ");
    insta::assert_snapshot!(refused("[serve]\n\"quo ted\".x = 3"), @r#"
    unknown_key: unknown key `quo ted`
      "quo ted" <- not a key of `[serve]`
      = keys here: `poll_interval_seconds`
    "#);
    insta::assert_snapshot!(refused(&with_site("provider = \"github\"\ntoken = { evn = \"A\" }")), @r#"
    missing_key: `token` does not say where the secret is
      { evn = "A" } <- no source is named here
      = name one of `env`, `file`, `command`, `keyring` and `value`
    unknown_key: unknown key `evn`
      evn <- not a key of a secret
      = did you mean `env`?
    "#);
}

#[test]
fn wrong_types() {
    insta::assert_snapshot!(refused("jobs = true"), @"
    wrong_type: `jobs` has the wrong type
      true <- expected a whole number, found `true` or `false`
      = write a whole number, without quotes
    ");
    insta::assert_snapshot!(refused("sites = 1"), @"
    wrong_type: `sites` has the wrong type
      1 <- expected a list of tables, found a whole number
      = write `[[sites]]`, with two brackets, once for each
    ");
    insta::assert_snapshot!(refused("sites = [1]"), @"
    wrong_type: `sites` holds something that is no table
      1 <- expected a table, found a whole number
    ");
    insta::assert_snapshot!(refused("[sites]\nname = \"a\""), @"
    wrong_type: `sites` has the wrong type
      [sites] <- expected a list of tables, found a table
      = write `[[sites]]`, with two brackets, once for each
    ");
    insta::assert_snapshot!(refused("[[webhook]]"), @"
    wrong_type: `webhook` has the wrong type
      [[webhook]] <- expected a table, found a list of tables
      = write it as `[webhook]`
    ");
    insta::assert_snapshot!(refused("[webhook]\ninstall = \"yes\"\nurl = 1\nfull_sync_interval_minutes = 1.5"), @r#"
    wrong_type: `install` has the wrong type
      "yes" <- expected `true` or `false`, found a text
      = write `true`, without quotes
    wrong_type: `url` has the wrong type
      1 <- expected a text, found a whole number
      = write it in quotes
    wrong_type: `full_sync_interval_minutes` has the wrong type
      1.5 <- expected a whole number, found a fraction
      = write a whole number, without quotes
    "#);
    insta::assert_snapshot!(refused(&with_sites("[[mirrors]]\nname = [1]\nendpoints = 3\nrepo_whitelist = 1979-05-27\nrepo_blacklist = [\"a\", {}]")), @"
    wrong_type: `name` has the wrong type
      [1] <- expected a text, found a list
      = write it in quotes
    wrong_type: `endpoints` has the wrong type
      3 <- expected a list of tables, found a whole number
      = write `[[mirrors.endpoints]]`, with two brackets, once for each
    wrong_type: `repo_whitelist` has the wrong type
      1979-05-27 <- expected a text or a list of texts, found a date or time
    wrong_type: `repo_blacklist` has the wrong type
      {} <- expected a list of texts, found a table
      = write each in quotes
    ");
}

#[test]
fn numbers_out_of_range() {
    insta::assert_snapshot!(refused("jobs = 0\nbackup_keep_days = -1"), @"
    bad_value: `jobs` is out of range
      0 <- it must be at least 1
      = leave it out to have the default
    bad_value: `backup_keep_days` is out of range
      -1 <- it must be at least 1
      = leave it out to have the default
    ");
    // As `--jobs` takes them.
    assert!(!refused("jobs = 256").contains("jobs"));
    insta::assert_snapshot!(refused("jobs = 257"), @"
    bad_value: `jobs` is out of range
      257 <- it must be at most 256
      = leave it out to have the default
    ");
    insta::assert_snapshot!(refused("[serve]\npoll_interval_seconds = 5000000000"), @"
    bad_value: `poll_interval_seconds` is out of range
      5000000000 <- it must be at most 4294967295
      = leave it out to have the default
    ");
}

#[test]
fn missing_keys() {
    insta::assert_snapshot!(refused("[[sites]]"), @r#"
    missing_key: a site has no `name`
      [[sites]] <- `name` is missing here
      = What endpoints call the site. It takes a name.
    missing_key: a site has no `provider`
      [[sites]] <- `provider` is missing here
      = What the site runs. It takes `"github"`, `"gitlab"`, `"gitea"`, `"forgejo"`, `"directory"`.
    "#);
    insta::assert_snapshot!(refused(&with_site("provider = \"github\"")), @r#"
    missing_key: a site has no `token`
      [[sites]] <- `token` is missing here
      = such as `token = { env = "NAME" }`
    "#);
    insta::assert_snapshot!(refused(&with_site("provider = \"gitea\"\ntoken.env = \"A\"")), @r#"
    missing_key: a site has no `base_url`
      [[sites]] <- `base_url` is missing here
      = Gitea runs in many places, so say where, such as `base_url = "https://git.example.com"`
    "#);
    insta::assert_snapshot!(refused(&with_site("provider = \"forgejo\"\ntoken.env = \"A\"")), @r#"
    missing_key: a site has no `base_url`
      [[sites]] <- `base_url` is missing here
      = Forgejo runs in many places, so say where, such as `base_url = "https://git.example.com"`
    "#);
    insta::assert_snapshot!(refused(&with_site("provider = \"directory\"")), @r#"
    missing_key: a site has no `path`
      [[sites]] <- `path` is missing here
      = a directory site needs the folder that holds its repositories, such as `path = "/srv/git"`
    "#);
    insta::assert_snapshot!(refused(&with_sites("[[mirrors]]")), @"
    missing_key: a mirror group has no `name`
      [[mirrors]] <- `name` is missing here
      = What the group is called. It takes a name.
    no_endpoints: a mirror group has no endpoints
      [[mirrors]] <- this group
      = add `[[mirrors.endpoints]]` with `site`, `kind` and `namespace` below it, two of them or more
    ");
    insta::assert_snapshot!(refused(&with_endpoint("")), @"
    missing_key: an endpoint has no `site`
      [[mirrors.endpoints]] <- `site` is missing here
      = The site that it is on. It takes the name of a site.
    ");
    insta::assert_snapshot!(refused(&with_endpoint("site = \"github\"")), @r#"
    missing_key: an endpoint has no `kind`
      [[mirrors.endpoints]] <- `kind` is missing here
      = on GitHub, `kind` is `"user"` or `"org"`
    missing_key: an endpoint has no `namespace`
      [[mirrors.endpoints]] <- `namespace` is missing here
      = the user, the organisation or the path of the group, such as `namespace = "my-user"`
    "#);
    insta::assert_snapshot!(refused("[webhook]\ninstall = true"), @r#"
    missing_key: `[webhook]` has no `url`
      [webhook] <- `url` is missing here
      = with `install = true`, forges must be told where to deliver to, such as `url = "https://mirror.example.com/webhook"`
    missing_key: `[webhook]` has no `secret`
      [webhook] <- `secret` is missing here
      = with `install = true`, deliveries must be signed, such as `secret = { env = "REFRAY_WEBHOOK_SECRET" }`
    "#);
}

#[test]
fn unknown_words() {
    insta::assert_snapshot!(refused(&with_site("provider = \"Github\"\ntoken.env = \"A\"")), @r#"
    unknown_value: `Github` is not a known `provider`
      "Github" <- not known
      = did you mean `github`?
    "#);
    insta::assert_snapshot!(refused(&with_site("provider = \"svn\"\ntoken.env = \"A\"")), @r#"
    unknown_value: `svn` is not a known `provider`
      "svn" <- not known
      = known are: `github`, `gitlab`, `gitea`, `forgejo` and `directory`
    "#);
    insta::assert_snapshot!(refused(&with_site("provider = \"github\"\ntransport = \"htps\"\ntoken.env = \"A\"")), @r#"
    unknown_value: `htps` is not a known `transport`
      "htps" <- not known
      = did you mean `https`?
    "#);
    insta::assert_snapshot!(refused(&with_endpoint("site = \"github\"\nkind = \"organization\"\nnamespace = \"a\"")), @r#"
    unknown_value: `organization` is not a known `kind`
      "organization" <- not known
      = did you mean `org`?
    "#);
    insta::assert_snapshot!(refused(&with_sites("[[mirrors]]\nname = \"m\"\nconflict_resolution = \"rebase\"\nrewrites = \"allways\"\nvisibility = \"secret\"\nsync_visibility = \"internal\"\nendpoints = [{ site = \"disk\" }]")), @r#"
    unknown_value: `rebase` is not a known `conflict_resolution`
      "rebase" <- not known
      = did you mean `auto_rebase`?
    unknown_value: `allways` is not a known `rewrites`
      "allways" <- not known
      = did you mean `always`?
    unknown_value: `secret` is not a known `visibility`
      "secret" <- not known
      = known are: `private`, `internal` and `public`
    unknown_value: `internal` is not a known `sync_visibility`
      "internal" <- not known
      = known are: `all`, `private` and `public`
    "#);
}

#[test]
fn unknown_sites() {
    insta::assert_snapshot!(refused(&with_endpoint("site = \"gitlap\"\nkind = \"user\"\nnamespace = \"a\"")), @r#"
    unknown_site: there is no site `gitlap`
      "gitlap" <- not the name of a `[[sites]]`
      = did you mean `gitlab`?
    "#);
    insta::assert_snapshot!(refused(&with_endpoint("site = \"bitbucket\"\nkind = \"user\"\nnamespace = \"a\"")), @r#"
    unknown_site: there is no site `bitbucket`
      "bitbucket" <- not the name of a `[[sites]]`
      = known sites: `github`, `gitlab` and `disk`
    "#);
    insta::assert_snapshot!(refused("[[mirrors]]\nname = \"m\"\nendpoints = [{ site = \"a\", kind = \"user\", namespace = \"b\" }]"), @r#"
    unknown_site: there is no site `a`
      "a" <- not the name of a `[[sites]]`
      = known sites: none
    "#);
    // What is wrong with a site is not told again at each of its endpoints.
    insta::assert_snapshot!(refused("[[sites]]\nname = \"a\"\nprovider = \"gitea\"\ntoken.env = \"A\"\n[[mirrors]]\nname = \"m\"\nendpoints = [{ site = \"a\", kind = \"user\", namespace = \"b\" }]"), @r#"
    missing_key: a site has no `base_url`
      [[sites]] <- `base_url` is missing here
      = Gitea runs in many places, so say where, such as `base_url = "https://git.example.com"`
    "#);
}

#[test]
fn names_that_cannot_be() {
    insta::assert_snapshot!(refused("[[sites]]\nname = \"a/b\"\nprovider = \"directory\"\npath = \"/a\""), @r#"
    bad_value: `a/b` cannot be the name of a site
      "a/b" <- only letters, digits, spaces, `-`, `_` and `.` are allowed
    "#);
    insta::assert_snapshot!(refused("[[sites]]\nname = \"\"\nprovider = \"directory\"\npath = \"/a\""), @r#"
    bad_value: `name` is empty
      "" <- a name belongs here
    "#);
    insta::assert_snapshot!(refused(&with_sites("[[mirrors]]\nname = \".x\"\nendpoints = [{ site = \"disk\" }]")), @r#"
    bad_value: `.x` cannot be the name of a mirror group
      ".x" <- it starts with a dot
    "#);
}
