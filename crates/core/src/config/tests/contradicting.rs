use super::*;

#[test]
fn duplicates() {
    insta::assert_snapshot!(refused(&with_sites("[[sites]]\nname = \"disk\"\nprovider = \"directory\"\npath = \"/a\"")), @r#"
    duplicate: two sites are called `disk`
      "disk" <- the second
      "disk" <- the first
      = give each a name of its own
    "#);
    insta::assert_snapshot!(refused(&with_sites("[[mirrors]]\nname = \"m\"\nendpoints = [{ site = \"disk\" }]\n[[mirrors]]\nname = \"m\"\nendpoints = [{ site = \"disk\" }]")), @r#"
    duplicate: two mirror groups are called `m`
      "m" <- the second
      "m" <- the first
      = give each a name of its own
    "#);
    insta::assert_snapshot!(refused(&with_endpoint("site = \"disk\"\nnamespace = \"z\"")), @"
    duplicate: two endpoints of a mirror group are the same namespace
      [[mirrors.endpoints]] <- the second
      [[mirrors.endpoints]] <- the first
      = remove one of them
    ");
}

#[test]
fn the_same_namespace_under_two_names() {
    for (one, two) in [
        ("provider = 'github'", "provider = 'github'\nbase_url = 'https://github.com:443/'"),
        (
            "provider = 'gitea'\nbase_url = 'https://g.example/a/'",
            "provider = 'forgejo'\nbase_url = 'https://G.example/a'",
        ),
    ] {
        let text = format!(
            "[[sites]]\nname = 'a'\n{one}\ntoken.env = 'A'\n[[sites]]\nname = 'b'\n{two}\ntoken.env = 'B'\n\
             [[mirrors]]\nname = 'm'\n[[mirrors.endpoints]]\nsite = 'a'\nkind = 'user'\nnamespace = 'Me'\n\
             [[mirrors.endpoints]]\nsite = 'b'\nkind = 'user'\nnamespace = 'me'\n"
        );
        assert!(refused(&text).starts_with("duplicate: two endpoints"), "{text}");
        assert_eq!(refused(&text.replace("'me'", "'you'")), "nothing is wrong");
    }
    let folders = "sites = [{ name = 'a', provider = 'directory', path = '/srv' }, { name = 'b', provider = 'directory', path = '/srv/./x' }]\n\
                   mirrors = [{ name = 'm', endpoints = [{ site = 'a', namespace = 'x' }, { site = 'b' }] }]";
    assert!(refused(folders).starts_with("duplicate: two endpoints"));
}

#[test]
fn bad_regexes() {
    let group = |pattern: &str| {
        with_sites(&format!(
            "[[mirrors]]\nname = \"m\"\nrepo_blacklist = {pattern}\nendpoints = [{{ site = \"disk\" }}]"
        ))
    };
    insta::assert_snapshot!(refused(&group(r#""a(b""#)), @"
    bad_regex: `repo_blacklist` holds a regular expression that cannot be read
      ( <- unclosed group
    ");
    insta::assert_snapshot!(refused(&group(r#"["ok", 'x{2,1}y']"#)), @"
    bad_regex: `repo_blacklist` holds a regular expression that cannot be read
      {2,1} <- invalid repetition count range, the start must be <= the end
    ");
    insta::assert_snapshot!(refused(&group(r#""\\d[z-a]""#)), @"
    bad_regex: `repo_blacklist` holds a regular expression that cannot be read
      z-a <- invalid character class range, the start must be <= the end
      = in TOML, 'single quotes' leave backslashes as they are
    ");
    insta::assert_snapshot!(refused(&group(r#""(?<=a)b""#)), @"
    bad_regex: `repo_blacklist` holds a regular expression that cannot be read
      (?<= <- look-around, including look-ahead and look-behind, is not supported
    ");
    insta::assert_snapshot!(refused(&group(r#"'''*'''"#)), @"
    bad_regex: `repo_blacklist` holds a regular expression that cannot be read
      '''*''' <- repetition operator missing expression
    ");
    insta::assert_snapshot!(refused(&group(r#"'(\w{100}){1000}'"#)), @r"
    bad_regex: `repo_blacklist` holds a regular expression that cannot be read
      '(\w{100}){1000}' <- it would take too much memory
    ");
}

#[test]
fn bad_addresses() {
    let site = |url: &str| with_site(&format!("provider = \"gitea\"\nbase_url = \"{url}\"\ntoken.env = \"A\""));
    insta::assert_snapshot!(refused(&site("git.example.com")), @r#"
    bad_url: `base_url` is not a usable address
      "git.example.com" <- it does not start with `https://`
      = write `https://git.example.com`
    "#);
    insta::assert_snapshot!(refused(&site("git.example.com:3000")), @r#"
    bad_url: `base_url` is not a usable address
      "git.example.com:3000" <- it does not start with `https://`
      = write `https://git.example.com:3000`
    "#);
    insta::assert_snapshot!(refused(&site("ssh://git.example.com")), @r#"
    bad_url: `base_url` is not a usable address
      "ssh://git.example.com" <- `ssh` is not supported
      = write it with `https://`
    "#);
    insta::assert_snapshot!(refused(&site("https://")), @r#"
    bad_url: `base_url` is not a usable address
      "https://" <- empty host
    "#);
    insta::assert_snapshot!(refused(&site("https://a.example/?x=1")), @r#"
    bad_url: `base_url` is not a usable address
      "https://a.example/?x=1" <- it has a part after `?`
    "#);
    insta::assert_snapshot!(refused(&site("https://a.example/#x")), @r#"
    bad_url: `base_url` is not a usable address
      "https://a.example/#x" <- it has a part after `#`
    "#);
    insta::assert_snapshot!(refused(&site("http://a.example")), @r#"
    insecure_url: `base_url` is plain `http` to another machine
      "http://a.example" <- everybody in between could read the token
      = write `https://`, or allow it for this site with `allow_http = true`
    "#);
    insta::assert_snapshot!(drawn(&read(&site("https://me:hunter2@a.example/")).unwrap_err().problems[0]), @r#"
    refray::config::bad_url

      × `base_url` is not a usable address
       ╭─[config.toml:4:12]
     3 │ provider = "gitea"
     4 │ base_url = "https://**********@a.example/"
       ·            ───────────────┬───────────────
       ·                           ╰── it holds a user name or password
     5 │ token.env = "A"
       ╰────
      help: credentials belong in `token`, such as `token = { env = "NAME" }`
    "#);
}

#[test]
fn directories_are_no_forges_and_forges_no_directories() {
    insta::assert_snapshot!(refused(&with_site("provider = \"directory\"\npath = \"/a\"\ntoken = { env = \"A\" }\ntransport = \"ssh\"\nbase_url = \"https://a.example\"\nca_file = \"x\"\nallow_http = true")), @"
    unfit_key: a directory site has no `token`
      token <- does not belong here
      = a directory is reached by its `path` alone
    unfit_key: a directory site is not reached by `ssh`
      transport <- does not belong here
      = a directory is reached by its `path` alone
    unfit_key: a directory site has no `base_url`
      base_url <- does not belong here
      = a directory is reached by its `path` alone
    unfit_key: a directory site has no `ca_file`
      ca_file <- does not belong here
      = a directory is reached by its `path` alone
    unfit_key: a directory site has no `allow_http`
      allow_http <- does not belong here
      = a directory is reached by its `path` alone
    ");
    insta::assert_snapshot!(refused(&with_site("provider = \"github\"\npath = \"/a\"\ntoken.env = \"A\"")), @r#"
    unfit_key: a site of GitHub has no `path`
      path <- does not belong here
      = `path` is for `provider = "directory"`
    "#);
    assert_eq!(
        refused(&with_site("provider = \"directory\"\npath = \"/a\"\ntransport = \"https\"\nallow_http = false")),
        "nothing is wrong"
    );
}

#[test]
fn kinds_fit_their_site() {
    insta::assert_snapshot!(refused(&with_endpoint("site = \"github\"\nkind = \"group\"\nnamespace = \"a\"")), @r#"
    unfit_key: GitHub has no namespaces of kind `group`
      "group" <- does not fit the site
      = on GitHub, `kind` is `"user"` or `"org"`
    "#);
    insta::assert_snapshot!(refused(&with_endpoint("site = \"gitlab\"\nkind = \"folder\"\nnamespace = \"a\"")), @r#"
    unfit_key: GitLab has no namespaces of kind `folder`
      "folder" <- does not fit the site
      = on GitLab, `kind` is `"user"` or `"group"`
    "#);
    insta::assert_snapshot!(refused(&with_endpoint("site = \"github\"\nkind = \"org\"\nnamespace = \"a\"\ninclude_subgroups = true")), @"
    unfit_key: this endpoint has no subgroups
      include_subgroups <- does not belong here
      = `include_subgroups` is for endpoints on GitLab of kind `group`
    ");
}

#[test]
fn namespaces_that_cannot_be() {
    for (site, kind, namespace, expected) in [
        ("github", "user", "", "it is empty"),
        ("github", "user", "/me", "it must neither start nor end with a slash"),
        ("gitlab", "group", "a/b/", "it must neither start nor end with a slash"),
        ("github", "org", "a/b", "only groups of GitLab and folders have paths"),
        ("gitlab", "user", "a/b", "only groups of GitLab and folders have paths"),
        ("gitlab", "group", "a//b", "a part of it is empty, `.` or `..`"),
        ("disk", "folder", "../other", "a part of it is empty, `.` or `..`"),
        ("disk", "folder", "/srv", "it must neither start nor end with a slash"),
        ("github", "user", "my user", "it holds a space"),
        ("github", "user", "https://github.com/me", "only the name or path itself belongs here, not an address"),
    ] {
        let text = with_endpoint(&format!("site = \"{site}\"\nkind = \"{kind}\"\nnamespace = \"{namespace}\""));
        let problem = refused(&text);
        assert_eq!(problem, format!("bad_value: this cannot be a namespace\n  \"{namespace}\" <- {expected}"));
    }
}

#[test]
fn secrets_without_a_single_source() {
    let site = |token: &str| with_site(&format!("provider = \"github\"\ntoken = {token}"));
    insta::assert_snapshot!(refused(&site("\"hunter2\"")), @r#"
    wrong_type: `token` has the wrong type
      "hunter2" <- expected a table, found a text
      = write `token = { env = "NAME" }`, or `token = { value = "…" }` to keep it in this file
    "#);
    insta::assert_snapshot!(refused(&site("{}")), @"
    missing_key: `token` does not say where the secret is
      {} <- no source is named here
      = name one of `env`, `file`, `command`, `keyring` and `value`
    ");
    insta::assert_snapshot!(refused(&site("{ value = \"hunter2\", env = \"A\" }")), @"
    unfit_key: `token` names 2 sources
      env <- `env`
      value <- `value`
      = keep one of them
    ");
    insta::assert_snapshot!(refused(&site("{ env = \"\" }")), @r#"
    bad_value: `env` is empty
      "" <- a name belongs here
    "#);
    insta::assert_snapshot!(refused(&site("{ value = 3 }")), @"
    wrong_type: `value` has the wrong type
      3 <- expected a text, found a whole number
      = write it in quotes
    ");
    insta::assert_snapshot!(refused(&site("{ env = \"A B\" }")), @r#"
    bad_value: `env` is not the name of an environment variable
      "A B" <- a name has no `=` and no spaces
    "#);
    insta::assert_snapshot!(drawn(&read(&site("{ env = \"ghp_0123456789abcdefghij\" }")).unwrap_err().problems[0]), @r#"
    refray::config::bad_value

      × `env` seems to hold the secret itself
       ╭─[config.toml:4:17]
     3 │ provider = "github"
     4 │ token = { env = "************************" }
       ·                 ─────────────┬────────────
       ·                              ╰── this has the form of a token
       ╰────
      help: `token = { value = "…" }` is for a secret that stands in the file itself
    "#);
}

#[test]
fn paths_that_lead_nowhere() {
    let text = with_site("provider = \"directory\"\npath = \"~/git\"");
    let homeless = |base: &str, text: &str| {
        let errors = parse(text, "config.toml", Path::new(base), None).unwrap_err();
        brief(&errors.problems, text)
    };
    insta::assert_snapshot!(homeless("/etc", &text), @r#"
    bad_value: this path cannot be used
      "~/git" <- no home directory is known that `~` could stand for
    "#);
    insta::assert_snapshot!(homeless("etc", &text.replace('~', "a")), @r#"
    bad_value: this path cannot be used
      "a/git" <- it is not absolute, and neither is the folder of this file
    "#);
}

#[test]
fn a_single_endpoint_mirrors_nothing() {
    insta::assert_snapshot!(warned(&with_sites("[[mirrors]]\nname = \"m\"\nendpoints = [{ site = \"disk\" }]")), @r#"
    one_endpoint: a mirror group has only one endpoint
      "m" <- nothing will be mirrored
      = add another `[[mirrors.endpoints]]` below it
    "#);
    insta::assert_snapshot!(refused(&with_sites("[[mirrors]]\nname = \"m\"\nendpoints = []")), @r#"
    no_endpoints: a mirror group has no endpoints
      "m" <- this group
      = add `[[mirrors.endpoints]]` with `site`, `kind` and `namespace` below it, two of them or more
    "#);
}

#[test]
fn a_file_without_groups_syncs_nothing() {
    for text in ["", "jobs = 3\n", "[[sites]]\nname = \"disk\"\nprovider = \"directory\"\npath = \"/srv/git\"\n"] {
        let parsed = read(text).unwrap();
        let kinds: Vec<_> = parsed.warnings.iter().map(Problem::kind).collect();
        assert_eq!(kinds, [ProblemKind::NoGroups], "{text}");
        let help = miette::Diagnostic::help(&parsed.warnings[0]).unwrap().to_string();
        assert!(help.contains("[[mirrors]]") && help.contains("`refray config`"), "{help}");
    }
}

#[test]
fn webhooks_over_plain_http() {
    insta::assert_snapshot!(warned("[webhook]\nurl = \"http://mirror.example.com/\""), @r#"
    insecure_url: webhooks would be delivered over plain `http`
      "http://mirror.example.com/" <- everybody in between can read what was pushed where
      = put a proxy that speaks `https` in front
    "#);
    assert_eq!(warned("[webhook]\nurl = \"http://127.0.0.1:8787/\""), "");
}
