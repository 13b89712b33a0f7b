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
