//! Sources whose documents break off within an entry, and come whole at the next poll.

use gazetted::inquiry::export::ExportedStory;

use super::HOUR;
use crate::support::world::World;

/// Documents of one entry as far as they came, and whole.
fn cut_off() -> Vec<(String, String)> {
    let (title, link) = ("{title}", "https://{host}/news/notice-of-spring-{number}");
    let rss = |item: String| {
        (
            format!("<rss version=\"2.0\"><channel><title>D</title><item>{item}"),
            "</item></channel></rss>",
        )
    };
    let atom = |entry: String| {
        (
            format!(
                "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>f</id><title>D</title><entry>{entry}"
            ),
            "</entry></feed>",
        )
    };
    let rdf = |item: String| {
        (
            format!(
                "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\"><channel><title>D</title></channel><item rdf:about=\"{link}\">{item}"
            ),
            "</item></rdf:RDF>",
        )
    };
    let json = |item: String| {
        (
            format!(
                "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"D\",\"items\":[{{{item}"
            ),
            "}]}",
        )
    };
    // The mark stands where the document breaks off.
    [
        rss(format!("<title>{title}</title>¶<link>{link}</link><guid>{link}</guid>")),
        rss(format!("<link>{link}</link><title>{title} &am¶p; more</title>")),
        rss(format!("<guid>{link}</guid><title><![CDATA[{title}]]></title><description><![CDATA[<p>Words ¶of it</p>]]></description>")),
        rss(format!("<title>{title}</title><enclosure url=\"https://¶x.example/1.pdf\" type=\"application/pdf\"/><link>{link}</link>")),
        atom(format!("<title>{title}</title><id>urn:{{number}}</id><link href=\"{link}\" re¶l=\"alternate\"/><summary>Words</summary>")),
        atom(format!("<id>{link}</id><link href=\"{link}\"/><title>{title}</ti¶tle>")),
        atom(format!("<title>{title}</title><content type=\"xhtml\"><div><p>Wor¶ds</p></div></content><id>{link}</id><link href=\"{link}\"/>")),
        rdf(format!("<title>{title}</title><link>https://¶{{host}}/news/notice-of-spring-{{number}}</link>")),
        rdf(format!("<link>{link}</link><title>{title}<¶/title><description>Words</description>")),
        json(format!("\"id\":\"{link}\",\"title\":\"{title}\",\"url\":\"htt¶ps://{{host}}/news/notice-of-spring-{{number}}\"")),
        json(format!("\"url\":\"{link}\",\"id\":\"{{number}}\",\"ti¶tle\":\"{title}\"")),
        json(format!("\"title\":\"{title}\",¶\"url\":\"{link}\",\"id\":\"{{number}}\",\"content_text\":\"Words\"")),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, (marked, end))| {
        let marked = marked
            .replace("{title}", ANNOUNCED[number])
            .replace("{number}", &number.to_string())
            .replace("{host}", &format!("dep{number}.example"));
        let (half, rest) = marked.split_once('¶').unwrap();
        (half.to_owned(), format!("{half}{rest}{end}"))
    })
    .collect()
}

const ANNOUNCED: [&str; 12] = [
    "Harbour walls are raised against the storms of winter",
    "School meals for every pupil in the valley",
    "Patients see a doctor within the week",
    "Lorries leave the old town for good",
    "Bees return to the railway embankments",
    "Grants for theatres that play outdoors",
    "Ferries run on electricity by spring",
    "Court fees fall for tenants",
    "Libraries lend tools and instruments",
    "Salmon pass the weir once more",
    "Apprentices ride free on trams",
    "Lighthouses get their keepers back",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_was_cut_off_is_the_same_entry_when_the_whole_of_it_comes() {
    let documents = cut_off();
    let mut world = World::new().await;
    for (number, (half, _)) in documents.iter().enumerate() {
        world = world.source(&format!("s{number}"), half.as_bytes());
    }
    let world = world.topic("all", "words").start().await;
    let halves = world.stories();
    assert_eq!(halves.len(), documents.len(), "{halves:#?}");
    for (number, (_, whole)) in documents.iter().enumerate() {
        world.site.document(&format!("/s{number}"), whole.as_bytes());
    }
    world.pass(2 * HOUR).await;
    let stories = world.stories();
    let ids = |stories: &[ExportedStory]| {
        let mut ids: Vec<_> = stories.iter().map(|story| story.id.clone()).collect();
        ids.sort();
        ids
    };
    let brief: Vec<_> = stories
        .iter()
        .map(|s| (&s.entries[0].source, &s.title, &s.url, &s.entries[0].id))
        .collect();
    assert_eq!(ids(&stories), ids(&halves), "{brief:#?}");
    // Part of an entry takes nothing from the whole of it.
    let wholes = stories;
    for (number, (half, _)) in documents.iter().enumerate() {
        world.site.document(&format!("/s{number}"), half.as_bytes());
    }
    world.pass(2 * HOUR).await;
    let stories = world.stories();
    assert_eq!(ids(&stories), ids(&wholes));
    for (number, title) in ANNOUNCED.iter().enumerate() {
        let story = stories.iter().find(|story| story.title.starts_with(title));
        let url = story.and_then(|story| story.url.clone());
        assert_eq!(
            url,
            Some(format!("https://dep{number}.example/news/notice-of-spring-{number}")),
            "{title}"
        );
    }
}
