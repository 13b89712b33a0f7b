//! Tests the pages of stories that private topics alone hold.

use std::sync::{Arc, Mutex};

use super::{ID, KEY, OTHER, world};

#[tokio::test(flavor = "multi_thread")]
async fn as_much_is_read_for_a_hidden_story_as_for_one_that_is_not_there() {
    let mut world = world().await;
    let reads: Arc<Mutex<Vec<&str>>> = Arc::default();
    let log = reads.clone();
    world.watch(move |read| log.lock().unwrap().push(read));
    world.restart().await;
    let path = |title: &str| {
        let story = world.stories().into_iter().find(|story| story.title.contains(title)).unwrap();
        format!("/stories/{}", story.id)
    };
    let (hidden, public, both) = (path("ministry"), path("on a bank"), path("Sanctions and"));
    let annex = path("Weather");
    let absent = format!("/stories/{}", "0123456789abcdef".repeat(2));
    let asked = async |path: &str| {
        reads.lock().unwrap().clear();
        let answer = world.get(path).await;
        (answer.status, reads.lock().unwrap().clone())
    };

    let nothing = asked(&absent).await;
    assert_eq!(nothing.0, 401);
    for path in [&hidden, &annex] {
        assert_eq!(asked(path).await, nothing, "{path}");
    }
    // Whoever has a key for something else learns as little.
    let with = |path: &str, key: &str| format!("{path}?key={key}");
    let nothing = asked(&with(&absent, OTHER)).await;
    assert_eq!(nothing.0, 404);
    assert_eq!(asked(&with(&hidden, OTHER)).await, nothing);
    assert_eq!(asked(&with(&annex, KEY)).await, asked(&with(&absent, KEY)).await);
    // What is shown is read.
    for path in [&public, &both, &with(&hidden, KEY), &with(&annex, OTHER)] {
        let (status, read) = asked(path).await;
        assert_eq!(status, 200, "{path}");
        assert!(read.contains(&"lookalikes") && read != nothing.1, "{path}: {read:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_story_forwards_where_others_are_private() {
    let mut world = world().await;
    let stories = world.stories();
    let of = |title: &str| stories.iter().find(|story| story.title.contains(title)).unwrap();
    let paths = ["on a bank", "Sanctions and"].map(|title| format!("/stories/{}", of(title).id));
    world
        .reconfigure(|config| {
            *config += "[[story]]\nforce = [\"https://a.example/4\", \"https://a.example/2\"]\n";
        })
        .await;
    let mut answers = Vec::new();
    for path in &paths {
        answers.push(world.get(path).await.status);
    }
    answers.sort_unstable();
    assert_eq!(answers, [200, 301]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_a_private_topic_has_dropped_keeps_its_page() {
    let mut world = world().await;
    let story = world.stories().into_iter().find(|story| story.title.contains("ministry")).unwrap();
    let path = format!("/stories/{}", story.id);
    world
        .reconfigure(|config| {
            let bound = format!("id = \"{ID}\"\nstories = 1");
            *config = config.replace(&format!("id = \"{ID}\""), &bound);
        })
        .await;
    assert_eq!(world.get(&format!("{path}?key={KEY}")).await.status, 200);
    assert_eq!(world.get(&path).await.status, 401);
}
