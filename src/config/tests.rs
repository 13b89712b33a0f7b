//! Tests of whole configuration files: plans, and the problems that people read.

use std::path::{Path, PathBuf};

use super::compile::{Environment, compile};
use super::gather::gather;
use super::*;
use crate::model::{Location, Role, Secret, SourceId};

mod refused_values;

/// A directory of configuration files.
struct Files(tempfile::TempDir);

impl Files {
    fn of(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn compiled_in(&self, environment: &Environment) -> Result<Loaded, Problems> {
        let compiled = compile(gather(&self.path("gazetted.toml")), environment);
        let compiled =
            compiled.map(|loaded| Loaded { warnings: loaded.warnings.at_start(), ..loaded });
        compiled.map_err(Problems::at_start)
    }

    fn compiled(&self) -> Result<Loaded, Problems> {
        self.compiled_in(&Environment::default())
    }

    /// Every problem as `line:column message`, with the file before it where it is not the main one.
    fn problems(&self) -> Vec<String> {
        let problems = match self.compiled() {
            Ok(loaded) => loaded.warnings,
            Err(problems) => problems,
        };
        let main = self.path("gazetted.toml");
        let told = |problem: &Problem| {
            assert!(!problem.help.is_empty(), "no remedy: {problem}");
            let Position { file, line, column, .. } = &problem.position;
            let name = file.strip_prefix(self.0.path()).unwrap_or(file).display();
            let file = if *file == main { String::new() } else { format!("{name}:") };
            format!("{file}{line}:{column} {}", problem.message)
        };
        problems.0.iter().map(told).collect()
    }
}

fn problems_of(text: &str) -> Vec<String> {
    Files::of(&[("gazetted.toml", text)]).problems()
}

const SMALL: &str = r#"
[[source]]
id = "home-office"
url = "https://www.gov.uk/government/organisations/home-office.atom"

[[topic]]
id = "sanctions"
title = "Sanctions"
query = "sanctions"
"#;

#[test]
fn a_small_file_compiles_with_every_default() {
    let files = Files::of(&[("gazetted.toml", SMALL)]);
    let Loaded { plan, warnings } = files.compiled().unwrap();
    assert_eq!(warnings.0, []);
    assert_eq!(plan.store.path, Path::new("/var/lib/gazetted/store"));
    assert_eq!(plan.server.site.base_url.as_str(), "http://127.0.0.1:8484/");
    assert_eq!(plan.parsing, parse::Limits::default());
    assert_eq!(plan.server.limits, publish::Settings::default());
    let base_url = Some(plan.server.site.base_url.clone());
    assert_eq!(plan.polling, fetch::Settings { base_url, ..fetch::Settings::default() });
    let source = &plan.sources[&SourceId::new("home-office")];
    assert_eq!((&*source.title, source.role), ("home-office", Role::Department));
    assert_eq!((plan.topics.len(), plan.topics[0].entries), (1, 50));
    assert_eq!(plan.files, [files.path("gazetted.toml")]);
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let told = problems_of(
        r#"langage = "english"
listen = "x"
[server]
listen = "localhost:80"
[polling]
interval = 900
concurrency = 0
max_body = "10 Mbit"
[logging]
format = "jsno"
[[source]]
id = "Home Office"
url = "www.gov.uk/a.atom"
role = "departmnt"
tags = ["a", 3]
headers = { Cookie = "x" }
[[source]]
file = "here"
url = "https://example.org/"
[[topic]]
id = "t"
title = ""
"#,
    );
    let expected = [
        "1:1 unknown key `langage`",
        "2:1 unknown key `listen`",
        "4:10 `localhost:80` is not an address to listen on",
        "6:12 `interval` cannot be integer `900`",
        "7:15 `concurrency` cannot be integer `0`",
        "8:12 `10 Mbit` is not a valid size",
        "10:10 `jsno` is not a known `format`",
        "12:6 `Home Office` cannot be a name",
        "13:7 `www.gov.uk/a.atom` is not an absolute URL",
        "14:8 `departmnt` is not a known `role`",
        "15:14 `tags` cannot be integer `3`",
        "16:13 the header `Cookie` is not yours to set",
        "17:1 a source without `id`",
        "18:8 a source with both `url` and `file`",
        "20:1 a topic without `query`",
        "22:9 an empty title",
    ];
    assert_eq!(told, expected);
}

#[test]
fn remedies_name_what_was_likely_meant() {
    for (text, help) in [
        ("[polling]\nintervall = \"1h\"", "did you mean `interval`?"),
        ("[[source]]\nid = \"a\"\nurl = \"a.atom\"", "by `file = \"a.atom\"`"),
        ("[[source]]\nid = \"a\"\nurl = \"../feeds/a\"", "by `file = \"../feeds/a\"`"),
        ("[[source]]\nid = \"a\"\nurl = \"www.gov.uk/a.atom\"", "`\"https://www.gov.uk/a.atom\"`"),
        ("[polling]\nevry = \"1h\"", "did you mean `interval`?"),
        ("[[source]]\nname = \"a\"", "did you mean `id`?"),
        ("[server]\nport = 80", "did you mean `listen`?"),
        ("[store]\ninclude = []", "it belongs at the top of the file"),
        ("[polling]\nmax-body = \"1MiB\"", "did you mean `max_body`?"),
        ("[polling]\nlisten = \"127.0.0.1:1\"", "it belongs under [server]"),
        ("base_url = \"https://example.org/\"", "it belongs under [server]"),
        ("[[sources]]\nid = \"a\"", "did you mean `[[source]]`?"),
        ("[source]\nid = \"a\"", "write `[[source]]`"),
        ("[[source]]\nquery = \"a\"", "it belongs under [[topic]]"),
        ("[[topic]]\nrevisions = \"mayor\"", "did you mean `major`?"),
        ("[[topic]]\nmust_match = \"a\"", "a list such as"),
        ("[polling]\ntimeout = \"60\"", "`\"60s\"` is seconds"),
        ("[[source]]\nid = \"Home Office\"", "`home-office`"),
        ("[polling]\nfloor = 15m", "quotes"),
        ("[server\nlisten = \"127.0.0.1:1\"", "[name]"),
        ("[server]\n[server]", "keep one of the two"),
    ] {
        let problems = Files::of(&[("gazetted.toml", text)]).compiled().unwrap_err();
        assert!(problems.0.iter().any(|p| p.help.contains(help)), "{text}\n{problems}");
    }
}

#[test]
fn mistakes_of_spelling_are_told_line_by_line_and_nothing_is_guessed_behind_them() {
    let told = problems_of("[server\nlisten = 1\n[polling]\ninterval = 15m\nfloor = \"1h\n");
    let lines: Vec<_> = told.iter().filter_map(|told| told.split(':').next()).collect();
    assert_eq!(lines, ["1", "4", "5"], "{told:?}");
    let told = problems_of(&format!("include = [\"d/*.toml\"\n{SMALL}"));
    assert_eq!(told, ["1:11 a list without an end"]);
}

#[test]
fn a_name_that_stands_twice_is_told_with_both_places() {
    let sources = "[[source]]\nid = \"a\"\nurl = \"https://example.org/a\"\n";
    let files = Files::of(&[
        ("gazetted.toml", "include = [\"d/*.toml\"]\n"),
        ("d/1.toml", sources),
        ("d/2.toml", sources),
    ]);
    let problems = files.compiled().unwrap_err();
    let first = problems.0.iter().find(|p| p.message == "a second source named `a`").unwrap();
    assert!(first.position.file.ends_with("d/2.toml"), "{first}");
    assert!(first.also[0].position.file.ends_with("d/1.toml"), "{first}");
    let vocabulary = "[vocabulary]\nplaces = [\"Kosovo\"]\n";
    let files = Files::of(&[
        ("gazetted.toml", &format!("include = [\"a.toml\"]\n{vocabulary}")),
        ("a.toml", vocabulary),
    ]);
    assert!(files.problems().contains(&"a.toml:2:1 a second vocabulary named `places`".into()));
}

#[test]
fn included_files_are_read_once_in_the_order_of_their_names() {
    let source = |id| format!("[[source]]\nid = \"{id}\"\nurl = \"https://example.org/{id}\"\n");
    let files = Files::of(&[
        ("gazetted.toml", &format!("include = [\"d/*.toml\", \"d/b.toml\"]\n{SMALL}")),
        ("d/b.toml", &source("b")),
        ("d/a.toml", &format!("include = [\"../gazetted.toml\"]\n{}", source("a"))),
    ]);
    let plan = files.compiled().unwrap().plan;
    let position = |id: &str| plan.sources[&SourceId::new(id)].position;
    assert_eq!((position("home-office"), position("a"), position("b")), (0, 1, 2));
    assert_eq!(plan.files.len(), 3);
}

#[test]
fn an_included_file_holds_no_settings_and_must_be_there() {
    let files = Files::of(&[
        ("gazetted.toml", "include = [\"a.toml\", \"b.toml\", \"none/*.toml\"]\n"),
        ("a.toml", "[store]\npath = \"x\"\n"),
    ]);
    let told = files.problems();
    assert!(told[0].starts_with("1:22 there is no file"), "{told:?}");
    assert_eq!(told[1], "a.toml:1:2 `store` in an included file");
    assert_eq!(told.len(), 2);
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_with_a_remedy() {
    let problems = Plan::load(Path::new("/nonexistent/gazetted.toml")).unwrap_err();
    assert_eq!(problems.0.len(), 1);
    assert!(problems.to_string().contains("--config"), "{problems}");
}

#[test]
fn paths_are_relative_to_the_file_that_names_them() {
    let files = Files::of(&[
        (
            "gazetted.toml",
            "include = [\"d/s.toml\"]\n[store]\npath = \"data\"\n[[topic]]\nid = \"t\"\ntitle = \"T\"\nquery = \"a\"\n",
        ),
        (
            "d/s.toml",
            "[[source]]\nid = \"a\"\nfile = \"a.atom\"\n[[source]]\nid = \"b\"\nurl = \"file:b.atom\"\n",
        ),
        ("d/a.atom", ""),
        ("d/b.atom", ""),
    ]);
    let Loaded { plan, warnings } = files.compiled().unwrap();
    assert_eq!(warnings.0, []);
    assert_eq!(plan.store.path, files.path("data"));
    for (id, path) in [("a", "d/a.atom"), ("b", "d/b.atom")] {
        assert_eq!(plan.sources[&SourceId::new(id)].location, Location::File(files.path(path)));
    }
}

#[test]
fn the_store_stands_where_systemd_keeps_state_unless_the_file_says_otherwise() {
    let environment =
        Environment { state_directory: Some("/srv/state".into()), credentials_directory: None };
    let path = |text: &str| {
        let files = Files::of(&[("gazetted.toml", text)]);
        files.compiled_in(&environment).unwrap().plan.store.path
    };
    assert_eq!(path(SMALL), Path::new("/srv/state/store"));
    assert_eq!(path(&format!("[store]\npath = \"/data\"\n{SMALL}")), Path::new("/data"));
}

#[test]
fn credentials_become_one_header_and_are_never_quoted() {
    let source = |lines: &str| {
        format!(
            "[[source]]\nid = \"a\"\nurl = \"https://example.org/a\"\n{lines}\n[[topic]]\nid = \"t\"\ntitle = \"T\"\nquery = \"a\"\n"
        )
    };
    let environment = |files: &Files| Environment {
        state_directory: None,
        credentials_directory: Some(files.path("secrets")),
    };
    for (lines, header) in [
        ("token_file = \"token\"", "Bearer s3cret"),
        ("token_file = \"$CREDENTIALS_DIRECTORY/token\"", "Bearer t0ken"),
        ("username = \"reader\"\npassword_file = \"token\"", "Basic cmVhZGVyOnMzY3JldA=="),
    ] {
        let files = Files::of(&[
            ("gazetted.toml", &source(lines)),
            ("token", "s3cret\n"),
            ("secrets/token", "t0ken"),
        ]);
        let plan = files.compiled_in(&environment(&files)).unwrap().plan;
        let source = &plan.sources[&SourceId::new("a")];
        let secret = Secret::from(header.to_owned());
        assert_eq!(*source.headers, [("Authorization".into(), secret)], "{lines}");
        let shown = format!("{plan:?}");
        assert!(shown.contains("Authorization"), "{shown}");
        for secret in ["t0ken", "s3cret", "cmVhZGVy"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
    for lines in [
        "token_file = \"two-lines\"",
        "token_file = \"none\"",
        "username = \"reader\"",
        "username = \"reader\"\ntoken_file = \"token\"",
        "token_file = \"token\"\nheaders = { authorization = \"x\" }",
        "token_file = \"$CREDENTIALS_DIRECTORY/token\"",
    ] {
        let files = Files::of(&[
            ("gazetted.toml", &source(lines)),
            ("token", "s3cret"),
            ("two-lines", "s3cret\ns3cret"),
        ]);
        let problems = files.compiled().unwrap_err().to_string();
        assert!(!problems.contains("s3cret"), "{problems}");
    }
}

#[test]
fn what_may_not_be_meant_is_a_warning_and_the_plan_stands() {
    let text = format!(
        "[server]\nlisten = \"0.0.0.0:8484\"\n{SMALL}\n[[source]]\nid = \"again\"\nurl = \"https://www.gov.uk/government/organisations/home-office.atom\"\n"
    );
    let files = Files::of(&[("gazetted.toml", &text)]);
    let warnings = files.compiled().unwrap().warnings;
    assert!(!warnings.are_fatal());
    assert_eq!(warnings.0.len(), 2, "{warnings}");
    assert!(warnings.to_string().contains("warning: a second source at this address"));
    assert!(warnings.to_string().ends_with("2 warnings"));
}

#[test]
fn a_mistake_in_a_query_is_told_where_it_stands() {
    for (query, line, column) in [
        ("query = \"kosovo AND (serbia\"", 4, 21),
        ("query = '''\nkosovo\n  AND (serbia\n'''", 6, 7),
        ("query = \"\"\"\\\n  \\u0022peace talks\\u0022\n  AND (serbia\"\"\"", 6, 7),
    ] {
        let text = format!("[[topic]]\nid = \"t\"\ntitle = \"T\"\n{query}\n");
        let problems = Files::of(&[("gazetted.toml", &text)]).compiled().unwrap_err();
        let position = &problems.0[0].position;
        assert_eq!((position.line, position.column), (line, column), "{problems}");
    }
}

#[test]
fn hubs_call_over_https_at_an_address_that_they_can_reach() {
    let with = |url: &str| format!("[hub]\ncallback_url = \"{url}\"\n{SMALL}");
    for (url, callbacks) in [
        ("https://news.example.org", "https://news.example.org/push/"),
        ("https://example.org/news/", "https://example.org/news/push/"),
    ] {
        let files = Files::of(&[("gazetted.toml", &with(url))]);
        let Loaded { plan, warnings } = files.compiled().unwrap();
        assert_eq!(warnings.0, []);
        assert_eq!(plan.hub.callback_base.unwrap().as_str(), callbacks);
        assert!(plan.polling.push && plan.sources.values().all(|source| source.push));
    }
    for (url, problem) in [
        ("http://news.example.org/", "2:16 `callback_url` without https"),
        ("/push", "2:16 `/push` is not an absolute URL"),
        ("https://news.example.org/?a=b", "2:16 a base address with `?` or `#`"),
    ] {
        assert_eq!(problems_of(&with(url)), [problem]);
    }
    for inside in
        ["http://127.0.0.1:8484/", "http://localhost/", "https://10.0.0.1/", "https://us/"]
    {
        let files = Files::of(&[("gazetted.toml", &with(inside))]);
        let warnings = files.compiled().unwrap().warnings.to_string();
        assert!(warnings.contains("cannot be reached from outside"), "{inside}: {warnings}");
    }
    let two = format!("[hub]\nserve = true\nurl = \"https://hub.example.org/\"\n{SMALL}");
    assert_eq!(problems_of(&two), ["3:7 `url` and `serve`: feeds name one hub"]);
    let plan = Files::of(&[("gazetted.toml", SMALL)]).compiled().unwrap().plan;
    assert_eq!((plan.hub.callback_base, plan.polling.push), (None, false));
}

#[test]
fn samples_and_overrides_are_kept_with_their_places() {
    let text = format!(
        "{SMALL}must_match = [\"New sanctions\"]\nmust_not_match = [\n  \"No news\",\n]\n[[story]]\nforce = [\"https://a.example/1\", \"https://b.example/2\"]\n[[story]]\nnever = [\"https://a.example/1\", \"https://b.example/3\"]\n"
    );
    let plan = Files::of(&[("gazetted.toml", &text)]).compiled().unwrap().plan;
    let samples: Vec<_> = plan
        .samples
        .iter()
        .map(|sample| (sample.text.as_str(), sample.must_match, sample.at.rsplit('/').next()))
        .collect();
    let expected = [
        ("New sanctions", true, Some("gazetted.toml:10:15")),
        ("No news", false, Some("gazetted.toml:12:3")),
    ];
    assert_eq!(samples, expected);
    assert!(!plan.overrides.keys().is_empty());
}

#[test]
fn the_demonstration_and_the_example_compile_without_a_warning() {
    let config = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config"));
    let [demo, example] = ["demo.toml", "example.toml"].map(|name| {
        let Loaded { plan, warnings } = Plan::load(&config.join(name)).unwrap();
        assert_eq!(warnings.at_start().0, [], "{name}");
        plan
    });
    assert_eq!(demo.topics, example.topics);
    assert!(demo.sources.keys().all(|id| example.sources.contains_key(id)));
    assert_eq!(demo.server.listen, example.server.listen);
}

#[test]
fn ten_thousand_sources_and_topics_are_one_plan() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for number in 0..10_000 {
        write!(
            text,
            "[[source]]\nid = \"s{number}\"\nurl = \"https://example.org/{number}\"\n[[topic]]\nid = \"t{number}\"\ntitle = \"T\"\nquery = \"word{number}\"\nmust_match = [\"word{number}\"]\n"
        )
        .unwrap();
    }
    let plan = Files::of(&[("gazetted.toml", &text)]).compiled().unwrap().plan;
    assert_eq!((plan.sources.len(), plan.topics.len()), (10_000, 10_000));
    assert!(
        plan.samples[9_999].at.ends_with("gazetted.toml:80000:15"),
        "{}",
        plan.samples[9_999].at
    );
}

#[test]
fn keys_are_named_where_they_are_wrong_and_never_quoted() {
    let topic = |access: &str| {
        format!(
            "[access]\nkeys_file = \"keys\"\n{SMALL}[[topic]]\nid = \"p\"\ntitle = \"P\"\nquery = \"p\"\naccess = {access}\n"
        )
    };
    let good = "press:0123456789abcdef\n# prose\n\ndesk:fedcba9876543210\n";
    for (access, keys, told) in [
        ("\"press\"", good, "`press` is neither \"public\" nor \"key\""),
        ("7", good, "`access` cannot be integer `7`"),
        ("[\"Press\"]", good, "`Press`"),
        ("[\"pres\"]", good, "there is no key named `pres`"),
        ("[]", good, "a topic that nobody has a key to"),
        ("\"key\"", "", "a topic that nobody has a key to"),
        ("\"key\"", "press 0123456789abcdef\n", "keys, line 1: no key"),
        ("\"key\"", "\npress:\n", "keys, line 2: no key"),
        ("\"key\"", "Press:0123456789abcdef\n", "keys, line 1: no key"),
        ("\"key\"", "press:s3cret\n", "short enough to be guessed"),
    ] {
        let files = Files::of(&[("gazetted.toml", topic(access).as_str()), ("keys", keys)]);
        let problems = match files.compiled() {
            Ok(loaded) => format!("{}{:?}", loaded.warnings, loaded.plan),
            Err(problems) => problems.to_string(),
        };
        assert!(problems.contains(told), "{access} {keys}: {problems}");
        for secret in ["s3cret", "0123456789abcdef", "fedcba9876543210"] {
            assert!(!problems.contains(secret), "{access} {keys}: {problems}");
        }
    }
    let without = topic("\"key\"").replace("keys_file = \"keys\"", "");
    let problems = Files::of(&[("gazetted.toml", without.as_str())]).compiled().unwrap_err();
    assert!(problems.to_string().contains("there are no keys"), "{problems}");
    let files = Files::of(&[("gazetted.toml", topic("[\"press\"]").as_str()), ("keys", good)]);
    let plan = files.compiled().unwrap().plan;
    assert_eq!(format!("{:?}", plan.access_rules), "{\"p\": [\"press\"]}");
}
