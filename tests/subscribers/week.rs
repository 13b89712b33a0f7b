//! A week of news, and what subscribers are to be shown of it day by day.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::support::site::Answer;
use crate::support::world::{World, atom};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The days before it: April ends in the midst of this week, and April's archive closes.
const BEFORE: u32 = 24;

/// A feed as a reader subscribes to it.
pub(super) struct Feed {
    /// How its address ends.
    pub(super) format: &'static str,
    pub(super) url: String,
}

/// The date of a day of the week, of which the first is 28 April.
fn date(day: u32) -> String {
    match day {
        1..=3 => format!("2025-04-{:02}", 27 + day),
        _ => format!("2025-05-{:02}", day - 3),
    }
}

/// What a department lists on a day: its last four announcements, of which the first was
/// revised on the third day and got a better title, undated, on the fourth.
fn department(day: u32, stem: &str) -> Vec<[String; 4]> {
    let told = |number: u32| {
        let page = format!("https://www.gov.uk/government/news/{stem}-{number}");
        let revised = number == 1 && day >= 3;
        let updated = format!("{}T09:00:00Z", date(if revised { 3 } else { number }));
        let better = if number == 1 && day >= 4 { " (corrected)" } else { "" };
        let title = format!("Crime report {number} of the {stem} in {PLACE}{better}");
        // As GOV.UK does: a revision has an id of its own.
        [format!("{page}#{updated}"), page, title, updated]
    };
    (1..=day).rev().take(4).map(told).collect()
}

/// The ministry tells on the fourth day what the syndicator had on the third, and leads it.
fn ministry(day: u32) -> String {
    let mut entries = department(day, "ministry");
    if day >= 4 {
        let page = "https://www.gov.uk/government/news/ring";
        // Late in the evening before: a title alone joins what is dated on one day.
        let at = format!("{}T22:00:00Z", date(3));
        entries.insert(0, [format!("{page}#{at}"), page.to_owned(), RING.to_owned(), at]);
    }
    listing(&entries)
}

/// Titles alone join what has names.
const PLACE: &str = "Carrow on the Marigold";

const RING: &str = "Crime ring that smuggled people through Carrow, Tarn and Orm is broken up";

/// The office takes an announcement back on the last day.
fn office(day: u32) -> String {
    let entries = department(day, "office");
    if day < 7 {
        return listing(&entries);
    }
    let taken_back = format!(
        "<at:deleted-entry xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" ref=\"{}\" \
         when=\"{}T06:00:00Z\"/></feed>",
        entries[2][0],
        date(7)
    );
    let others: Vec<_> = entries.iter().filter(|entry| **entry != entries[2]).cloned().collect();
    listing(&others).replace("</feed>", &taken_back)
}

/// What a syndicator lists: what the ministry told the day before, and once something that
/// nobody has yet, under ids which it makes anew on the sixth day.
fn syndicator(day: u32) -> String {
    let id = |name: &str| format!("urn:{}:{name}", if day < 6 { "wire" } else { "anew" });
    let entry = |name: &str, title: String, day: u32| {
        let page = format!("https://wire.example/{name}");
        [id(name), page, title, format!("{}T10:00:00Z", date(day))]
    };
    let told = |number: u32| {
        entry(
            &number.to_string(),
            format!("Crime report {number} of the ministry in {PLACE}"),
            number,
        )
    };
    let mut entries: Vec<_> = (1..day).rev().map(told).collect();
    if day >= 3 {
        entries.push(entry("ring", RING.to_owned(), 3));
    }
    listing(&entries)
}

fn listing(entries: &[[String; 4]]) -> String {
    let parts = entries.iter().map(|[id, page, title, at]| (&**id, &**page, &**title, &**at));
    atom(&parts.collect::<Vec<_>>())
}

/// An address that stays while the daemon behind it is restarted.
struct Front {
    address: SocketAddr,
    behind: Arc<Mutex<Option<SocketAddr>>>,
    _connections: JoinSet<()>,
}

impl Front {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let behind = Arc::new(Mutex::new(None));
        let mut connections = JoinSet::new();
        connections.spawn(pass_on(listener, behind.clone()));
        Self { address, behind, _connections: connections }
    }
}

async fn pass_on(listener: TcpListener, behind: Arc<Mutex<Option<SocketAddr>>>) {
    let mut connections = JoinSet::new();
    while let Ok((mut reader, _)) = listener.accept().await {
        let daemon = *behind.lock().unwrap();
        connections.spawn(async move {
            let mut daemon = TcpStream::connect(daemon.unwrap()).await.unwrap();
            // Whichever of the two hangs up, there is nobody to tell.
            let _ = tokio::io::copy_bidirectional(&mut reader, &mut daemon).await;
        });
    }
}

/// What happens on a day beside the news, before the sources are polled.
async fn beside_the_news(day: u32, world: &mut World) {
    match day {
        // A bad day: whoever asks now learns nothing, and nothing is lost.
        4 => world.site.script("/ministry", [Answer::status(500), Answer::ok("<html></html>")]),
        5 => world.reconfigure(|config| *config = config.replace("crime'''", "crimes'''")).await,
        // The topic gets another name; readers keep the address that they know.
        6 => {
            let renamed = "id = \"reports\"\nformerly = [\"crime\"]\ntitle = \"Reports\"";
            let from = "id = \"crime\"\ntitle = \"crime\"";
            world.reconfigure(|config| *config = config.replace(from, renamed)).await;
        }
        _ => {}
    }
}

/// Lets a week pass. `shown` polls feeds with a program and returns, for each, the ids of what
/// that program shows as new: on each day what is new, never anything again, and nothing is lost.
pub(super) async fn a_week(
    formats: &[&'static str],
    mut shown: impl FnMut(&[Feed]) -> Vec<Vec<String>>,
) {
    let front = Front::open().await;
    let mut world = World::new().await;
    world.rebase(&format!("http://{}/", front.address));
    let sources = ["ministry", "office", "wire"];
    let world = sources.iter().fold(world, |world, source| world.source(source, listing(&[])));
    // The title alone joins what a department and its syndicator say, not what two governments say.
    let world = world.lines("role = \"syndicator\"");
    let world = world.topic("crime", "crime").lines("entries = 6");
    let mut world = world.start().await;
    let feed =
        |format| Feed { format, url: format!("http://{}/topics/crime.{format}", front.address) };
    let feeds: Vec<Feed> = formats.iter().map(|format| feed(format)).collect();
    world.pass(BEFORE * DAY).await;
    let mut known = BTreeSet::new();
    for day in 1..=7 {
        world.site.document("/ministry", ministry(day));
        world.site.document("/office", office(day));
        world.site.document("/wire", syndicator(day));
        beside_the_news(day, &mut world).await;
        for quarter in 0..4 {
            world.pass(DAY / 4).await;
            if quarter == day % 4 {
                world.restart().await;
            }
        }
        *front.behind.lock().unwrap() = Some(world.address());
        let stories: BTreeSet<_> =
            world.stories().into_iter().map(|story| story.published_id).collect();
        let news: BTreeSet<_> = stories.difference(&known).cloned().collect();
        // A report of each department; what is missed on a bad day comes on the next.
        assert!((1..=3).contains(&news.len()), "day {day}, and copies are no news: {news:?}");
        let listed = tokio::task::block_in_place(|| shown(&feeds));
        assert_eq!(listed.len(), feeds.len());
        for (Feed { format, .. }, listed) in feeds.iter().zip(listed) {
            let once: BTreeSet<_> = listed.iter().cloned().collect();
            assert_eq!(once.len(), listed.len(), "day {day}, {format}: {listed:?}");
            assert_eq!(once, news, "day {day}, {format}");
        }
        known = stories;
    }
    assert_eq!(known.len(), 15, "two reports a day, and what the syndicator had first");
    let archive = world.get("/topics/reports/archive/2025-04.atom").await;
    assert_eq!(archive.status, 200, "April's archive has closed");
}
