//! A source that renames its entries at every request, and its neighbour.

use super::world::{DAY, HOUR};
use crate::support::world::{World, atom};

/// Five announcements under names and titles of this turn: under equal ones they would be known.
fn renamed(turn: u32) -> String {
    let told: Vec<_> = (0..5)
        .map(|n| {
            let page = format!("https://dep.example/{turn}/{n}");
            (page, format!("Announcement {turn}/{n} about the harbour of district {}", n * 7))
        })
        .collect();
    let entries: Vec<_> = told
        .iter()
        .map(|(page, title)| (page.as_str(), page.as_str(), title.as_str(), "2025-04-03T08:00:00Z"))
        .collect();
    atom(&entries)
}

fn state(world: &World) -> String {
    let all = world.handle().records().status(world.clock.now());
    all.into_iter().find(|status| status.id == "dep").unwrap().state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_floods_is_held_back_told_once_and_taken_in_when_it_behaves() {
    let calm = [("urn:calm", "https://calm.example/1", "Calm", "2025-04-03T08:00:00Z")];
    let mut world = World::new().await.source("dep", renamed(0)).source("calm", atom(&calm));
    world.lines_first("[polling]\nnew_a_day = 12");
    let mut world = world.start().await;
    for turn in 1..40 {
        world.site.document("/dep", renamed(turn));
        world.pass(2 * HOUR).await;
    }
    // Its first document, a day's worth, and the neighbour's.
    assert_eq!(world.stories().len(), 5 + 12 + 1);
    assert_eq!(state(&world), "floods");
    world.restart().await;
    world.site.document("/dep", renamed(40));
    world.pass(DAY).await;
    assert_eq!(world.stories().len(), 18, "a restart forgets none of it");

    let more = [calm[0], ("urn:2", "https://calm.example/2", "More", "2025-04-03T08:00:00Z")];
    world.site.document("/calm", atom(&more));
    world.site.document("/dep", renamed(41));
    world.pass(2 * HOUR).await;
    assert_eq!(world.stories().len(), 19, "its neighbour brings its news");

    // The same document again is read though it has not changed.
    world.pass(2 * HOUR).await;
    assert_eq!((world.stories().len(), state(&world).as_str()), (24, "ok"));
    let feed = world.get("/sources.atom").await;
    for title in ["dep brings too much that is new", "dep is read in full again"] {
        assert_eq!(feed.text().matches(title).count(), 1, "{}", feed.text());
    }
}
