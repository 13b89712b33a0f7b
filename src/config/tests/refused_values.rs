//! Tests that values which cannot work are refused.

use super::{Files, problems_of};

#[test]
fn a_former_name_leads_to_one_topic() {
    let topic = |id: &str, formerly: &str| {
        format!(
            "[[topic]]\nid = \"{id}\"\ntitle = \"{id}\"\nquery = \"x\"\nformerly = [\"{formerly}\"]\n"
        )
    };
    for (text, name) in [
        (topic("a", "a"), "a"),
        (topic("a", "b") + &topic("b", "c"), "b"),
        (topic("a", "old") + &topic("b", "old"), "old"),
    ] {
        let problems = problems_of(&text);
        let expected = format!("a second topic named `{name}`");
        assert!(problems.iter().any(|problem| problem.contains(&expected)), "{text}{problems:?}");
    }
    let fine = problems_of(&(topic("a", "old") + &topic("b", "older")));
    assert!(!fine.iter().any(|problem| problem.contains("a second topic")), "{fine:?}");
}

#[test]
fn no_amount_is_zero_with_which_nothing_would_work() {
    for text in [
        "[server]\nidle_timeout = \"0s\"",
        "[server]\nhead_timeout = \"0s\"",
        "[server]\nwrite_timeout = \"0s\"",
        "[polling]\ntimeout = \"0s\"",
        "[polling]\nmax_body = \"0B\"",
        "[store]\nstories = 0",
        "[store]\nkeep = \"0s\"",
        "[[topic]]\nkeep = \"0s\"",
    ] {
        let problems = Files::of(&[("gazetted.toml", text)]).compiled().unwrap_err();
        assert!(problems.0.iter().any(|p| p.help.contains("more than zero")), "{text}\n{problems}");
    }
}

#[test]
fn a_cluster_that_cannot_work_is_refused_with_a_remedy() {
    let secret = "0123456789abcdef".repeat(4);
    let whole = "[server]\nbase_url = \"https://news.example/\"\n[cluster]\nservers = [\"tls://a.example:4222\"]\nnode = \"a\"\ncluster_secret_file = \"secret\"\n";
    let problems =
        |text: &str, secret: &str| match Files::of(&[("gazetted.toml", text), ("secret", secret)])
            .compiled()
        {
            Ok(_) => Vec::new(),
            Err(problems) => problems.0.iter().map(ToString::to_string).collect::<Vec<_>>(),
        };
    if cfg!(not(feature = "cluster")) {
        assert!(problems(whole, &secret)[0].contains("without the feature"));
        return;
    }
    assert_eq!(problems(whole, &secret), Vec::<String>::new());
    for (from, to, expected) in [
        ("servers = [\"tls://a.example:4222\"]\n", "", "without `servers`"),
        ("tls://a.example:4222", "https://a.example", "not the address of a NATS server"),
        ("base_url", "#base_url", "without `[server] base_url`"),
        ("cluster_secret_file = \"secret\"", "", "without `cluster_secret_file`"),
        ("node = \"a\"", "node = \"A b\"", "cannot be a name"),
        ("node = \"a\"", "node = \"a\"\nnode_timeout = \"5s\"", "from \"20s\" to \"10m\""),
        ("node = \"a\"", "node = \"a\"\ncert_file = \"x.pem\"", "go together"),
        ("node = \"a\"", "node = \"a\"\nkeep = \"10s\"", "shorter than `node_timeout`"),
    ] {
        let found = problems(&whole.replace(from, to), &secret);
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}: {found:?}");
    }
    let short = problems(whole, "short");
    assert!(short.iter().any(|problem| problem.contains("fewer than 32")), "{short:?}");
    // The seed of an NKey, the same with a mistyped letter, that of an account, a public key.
    let nkey = whole.replace("node = ", "nkey_file = \"secret\"\nnode = ");
    for (text, is_seed) in [
        ("SUACH75SWCM5D2JMJM6EKLR2WDARVGZT4QC6LX3AGHSWOMVAKERABBBRWM\n", true),
        ("SUACH75SWCM5D2JMJM6EKLR2WDARVGZT4QC6LX3AGHSWOMVAKERABBBRWN\n", false),
        ("SAAPN4W3EG6KCJGUQTKTJ5GSB5NHK5CHAJL4DBGFUM3HHROI4XUEP4OBK4\n", false),
        ("UAFHG6FUD2UU4SDFVAFUL5LDFO2XM4WYM76UNXTPJYJK7EEMYRBHT2VE\n", false),
    ] {
        let found = problems(&nkey, text);
        let refused = found.iter().any(|found| found.contains("does not hold the seed of an NKey"));
        assert_eq!(found.is_empty(), is_seed, "{text}: {found:?}");
        assert_eq!(refused, !is_seed, "{text}: {found:?}");
    }
}

/// A plan that nodes share means the same as the files it was written from.
#[cfg(feature = "cluster")]
#[test]
fn a_shared_plan_means_what_its_files_mean() {
    let main = "include = [\"sources.d/*.toml\"]\n[server]\nlisten = \"127.0.0.1:9999\"\nbase_url = \"https://news.example/\"\ntitle = \"A \\\"quoted\\\" name\"\n[polling]\nfloor = \"7m\"\n[cluster]\nservers = [\"tls://a.example:4222\"]\nnode = \"a\"\ncluster_secret_file = \"secret\"\n[vocabulary]\ncapitals = [\"Tirana\", \"Skopje\"]\n[[topic]]\nid = \"t\"\ntitle = \"T\"\nquery = '@capitals OR \"a b\"'\n";
    let more = "[[source]]\nid = \"s\"\nurl = \"https://a.example/feed?x=1&y=2\"\ntags = [\"uk\"]\nheaders = { X-Key = \"k\" }\n[[source]]\nid = \"f\"\nfile = \"feed.atom\"\n";
    let secret = "0123456789abcdef".repeat(4);
    let files =
        Files::of(&[("gazetted.toml", main), ("sources.d/a.toml", more), ("secret", &secret)]);
    let plan = files.compiled().unwrap().plan;
    let text = plan.shared.clone().unwrap();
    assert!(!text.contains("9999") && !text.contains("4222"), "{text}");
    let shared = crate::config::Plan::of_shared(&text, &plan).unwrap().plan;
    assert_eq!(shared.shared.as_deref(), Some(&*text), "written again, it is the same");
    assert_eq!(format!("{:?}", shared.sources), format!("{:?}", plan.sources));
    assert_eq!(format!("{:?}", shared.topics), format!("{:?}", plan.topics));
    assert_eq!(shared.topic_version(0), plan.topic_version(0));
    assert_eq!(shared.server, plan.server);
    assert_eq!(format!("{:?}", shared.polling), format!("{:?}", plan.polling));
    assert_eq!(shared.store, plan.store);
}

#[test]
fn times_that_contradict_each_other_are_told_where_they_are_written() {
    for (text, told) in [
        ("[polling]\nceiling = \"10m\"", "2:11 `floor`, 1h, is longer than `ceiling`, 10m"),
        ("[polling]\nhard_floor = \"2h\"", "2:14 `hard_floor`, 2h, is longer than `floor`, 1h"),
        (
            "[polling]\ntimeout = \"5s\"",
            "2:11 `connect_timeout`, 10s, is longer than `timeout`, 5s",
        ),
        (
            "[[source]]\nid = \"a\"\nurl = \"https://e.org/\"\nmin = \"5h\"\nmax = \"1h\"",
            "4:7 `min`, 5h, is longer than `max`, 1h",
        ),
        (
            "[[source]]\nid = \"a\"\nurl = \"https://e.org/\"\ninterval = \"1m\"",
            "4:12 `interval` is below `[polling] hard_floor`, 5m",
        ),
        (
            "[[source]]\nid = \"a\"\nurl = \"https://e.org/\"\ninterval = \"30m\"",
            "4:12 `interval` is below `[polling] floor`, 1h",
        ),
        (
            "[[source]]\nid = \"a\"\nurl = \"https://e.org/\"\nmax = \"30m\"",
            "4:7 `max` is below `[polling] floor`, 1h",
        ),
        (
            "[[source]]\nid = \"a\"\nurl = \"https://e.org/\"\ninterval = \"30d\"",
            "4:12 `interval`, 30d, is longer than `[polling] ceiling`, 7d",
        ),
        (
            "[[source]]\nid = \"a\"\nurl = \"https://e.org/\"\ninterval = \"5M\"",
            "4:12 `5M` would be five months",
        ),
        ("[publish]\nmax_feed = \"999kB\"", "2:12 `max_feed` cannot be 999kB"),
        ("[publish]\nmax_feed = \"4\"", "2:12 `4` is not a valid size"),
        (
            "[publish]\nmax_feed = \"1MB\"\n[[topic]]\nid = \"t\"\nentries = 501",
            "3:1 501 entries do not fit in a feed of 1MB",
        ),
    ] {
        assert!(problems_of(text).contains(&told.into()), "{:?}", problems_of(text));
    }
}
