//! Tests that the stories of one machine are the same stories, feeds and ids on another.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::binary::Gazetted;
use crate::support::http::get;

/// The demonstration under one name wherever it is served.
fn demo() -> Gazetted {
    let demo = Gazetted::demo();
    let config = fs::read_to_string(demo.config()).unwrap();
    let named = "[server]\nbase_url = \"https://feeds.example.org/\"";
    assert!(config.contains("[server]"));
    fs::write(demo.config(), config.replacen("[server]", named, 1)).unwrap();
    demo
}

/// The same after a poll, a revision and another poll.
fn with_a_history() -> Gazetted {
    let demo = demo();
    demo.succeed(&["poll"]);
    let later = "foreign-commonwealth-development-office.atom";
    let demos = demo.path().join("demo");
    fs::copy(demos.join("later").join(later), demos.join(later)).unwrap();
    demo.succeed(&["poll"]);
    demo
}

fn exported(from: &Gazetted, to: &Path) -> PathBuf {
    let file = to.join("stories.jsonl");
    from.succeed(&["export", "stories", "--lossless", "--output", file.to_str().unwrap()]);
    file
}

/// What a command that fails says.
fn refused(demo: &Gazetted, file: &Path) -> String {
    let output = demo.run(&["import", "stories", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The feeds that a daemon serves, each with what names its state.
fn served(demo: &Gazetted) -> Vec<(String, Vec<u8>)> {
    let daemon = demo.start();
    let paths = ["atom", "rss", "json"].map(|format| format!("/topics/western-balkans.{format}"));
    let feeds = paths.iter().map(String::as_str).chain(["/stories.atom", "/topics/sanctions.atom"]);
    let served = feeds
        .map(|path| {
            let answer = get(daemon.address, path);
            assert_eq!(answer.status, 200, "{path}");
            (answer.header("etag").unwrap_or_default().to_owned(), answer.body)
        })
        .collect();
    assert_eq!(daemon.end("TERM").0, Some(0));
    served
}

#[test]
fn stories_move_to_another_machine_with_their_ids_history_and_feeds() {
    let [here, there] = [with_a_history(), demo()];
    let file = exported(&here, here.path());
    let imported = there.succeed(&["import", "stories", file.to_str().unwrap()]);
    let count = here.succeed(&["export", "stories"]).lines().count();
    assert!(imported.contains(&format!("{count} stories taken over, 0 were")), "{imported}");
    let again = exported(&there, there.path());
    assert_eq!(fs::read_to_string(again).unwrap(), fs::read_to_string(&file).unwrap());
    assert_eq!(there.succeed(&["export", "stories"]), here.succeed(&["export", "stories"]));

    // Both see the same documents now.
    for source in fs::read_dir(here.path().join("demo")).unwrap() {
        let source = source.unwrap();
        if source.file_type().unwrap().is_file() {
            fs::copy(source.path(), there.path().join("demo").join(source.file_name())).unwrap();
        }
    }
    assert_eq!(served(&there), served(&here));
}

#[test]
fn an_import_may_be_begun_again_and_overwrites_nothing() {
    let [here, there] = [with_a_history(), demo()];
    let file = exported(&here, here.path());
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // Cut short after half of it.
    let half = there.path().join("half.jsonl");
    fs::write(&half, lines[..lines.len() / 2].join("\n")).unwrap();
    there.succeed(&["import", "stories", half.to_str().unwrap()]);
    there.succeed(&["import", "stories", file.to_str().unwrap()]);
    let again = there.succeed(&["import", "stories", file.to_str().unwrap()]);
    assert!(again.contains("0 stories taken over"), "{again}");
    let whole = exported(&there, there.path());
    assert_eq!(fs::read_to_string(whole).unwrap(), text);

    // Another story under an id that is taken, on a line of its own.
    let place = lines.iter().position(|line| line.contains("transit routes")).unwrap();
    let other = lines[place].replace("transit routes", "other routes");
    let bad = there.path().join("bad.jsonl");
    fs::write(&bad, [&lines[..place], &[&other], &lines[place + 1..]].concat().join("\n")).unwrap();
    let said = refused(&there, &bad);
    assert!(said.contains(&format!("bad.jsonl:{}: ", place + 1)), "{said}");
    assert!(said.contains("another story") && said.contains("nothing was imported"), "{said}");
    assert_eq!(fs::read_to_string(exported(&there, there.path())).unwrap(), text);
}

#[test]
fn a_file_that_is_no_export_makes_no_store() {
    let [here, there] = [with_a_history(), demo()];
    let file = there.path().join("stories.jsonl");
    fs::write(&file, here.succeed(&["export", "stories"])).unwrap();
    let said = refused(&there, &file);
    assert!(said.contains("stories.jsonl:1: ") && said.contains("--lossless"), "{said}");
    assert!(!there.path().join("store").exists());
}
