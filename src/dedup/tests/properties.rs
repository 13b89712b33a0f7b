//! Properties of any set of documents, in any order.

use proptest::prelude::*;

use super::*;

/// A telling of one of a few pages by one of a few sources: by its link, as
/// somebody's original, or under another link by its title.
fn telling() -> impl Strategy<Value = Entry> {
    let source =
        prop::sample::select(vec!["fcdo", "home-office", "treasury", "finder", "wired", "mirror"]);
    (source, 0..6_u8, 0..3_u8, 0..18_i64).prop_map(|(source, page, how, hours)| {
        let link = format!("https://www.gov.uk/government/news/harbour-{page}");
        let title =
            format!("The announcement of the Carrow harbourmaster about subject number {page}");
        let own = format!("https://{source}.example/{page}-{how}");
        let told = match how {
            0 => {
                entry(source, &format!("{link}#{page}"), &link, &format!("Press release: {title}"))
            }
            1 => original(
                entry(source, "-", &own, "A title that the syndicator made up itself"),
                &link,
            ),
            _ => entry(source, &own, &own, &title),
        };
        // All are of one day, so that a title alone joins.
        let date = at("2025-03-31T00:00:00Z")
            .after(std::time::Duration::from_secs(3600 * hours.unsigned_abs()));
        Entry { updated: Some(date), ..told }
    })
}

/// Of each source, one wording per telling: what a set of documents states at one time.
fn tellings() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec(telling(), 1..40).prop_map(|mut entries| {
        let mut seen = BTreeSet::new();
        entries.retain(|entry| seen.insert((entry.source.clone(), entry.url.clone())));
        entries
    })
}

/// The clusters after reading each entry as a document of its own.
fn clusters_of(entries: &[Entry]) -> BTreeSet<BTreeSet<String>> {
    let mut desk = Desk::new();
    for entry in entries {
        desk.read(std::slice::from_ref(entry));
    }
    desk.clusters()
}

/// Each case reads up to forty documents four times: a minute of processor time for 256 cases, the usual number.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn the_order_of_arrival_does_not_change_the_clusters(
        (entries, shuffled) in tellings().prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle()))
    ) {
        // T1 needs its title borne by one story: where a page is told only by
        // made-up titles and by links, the two meet through neither.
        let pages_with_links: BTreeSet<_> = entries.iter()
            .filter(|entry| entry.title.starts_with("Press release"))
            .map(|entry| entry.title.trim_start_matches("Press release: ").to_owned())
            .collect();
        let comparable = |entries: &[Entry]| -> Vec<Entry> {
            let meets = |entry: &Entry| entry.original.is_some()
                || entry.title.starts_with("Press release")
                || pages_with_links.contains(&entry.title);
            entries.iter().filter(|entry| meets(entry)).cloned().collect()
        };
        // A title-only telling before any story bears the title founds one that the page then joins,
        // unless an original-only telling founded the page's story first: then there are two. So T0 alone is
        // compared for those, and T0 with T1 where no original is told.
        let by_address: Vec<Entry> = entries.iter().filter(|entry| !is_title_only(entry)).cloned().collect();
        let by_address_shuffled: Vec<Entry> = shuffled.iter().filter(|entry| !is_title_only(entry)).cloned().collect();
        prop_assert_eq!(clusters_of(&by_address), clusters_of(&by_address_shuffled));
        // Of a source that lists one title at two addresses nobody knows which of the two a copy repeats
        // until both are there, and stories that stand are not merged for a title: so each source uses a title once.
        let mut stated = BTreeSet::new();
        let mut titled: Vec<Entry> = comparable(&entries).into_iter().filter(|entry| entry.original.is_none()).collect();
        titled.retain(|entry| stated.insert((entry.source.clone(), entry.title.trim_start_matches("Press release: ").to_owned())));
        let titled_shuffled: Vec<Entry> = shuffled.iter().filter(|entry| titled.contains(entry)).cloned().collect();
        prop_assert_eq!(clusters_of(&titled), clusters_of(&titled_shuffled));
    }

    #[test]
    fn judging_a_document_twice_changes_nothing(entries in prop::collection::vec(telling(), 1..40)) {
        let mut desk = Desk::new();
        let mut documents: BTreeMap<SourceId, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            documents.entry(entry.source.clone()).or_default().push(entry);
        }
        for document in documents.values() {
            desk.read(document);
        }
        let once = (desk.known.stories.clone(), desk.known.by_key.clone());
        desk.now = desk.now.after(std::time::Duration::from_secs(3600));
        for document in documents.values() {
            prop_assert_eq!(desk.read(document).admitted, vec![]);
        }
        prop_assert_eq!(once, (desk.known.stories, desk.known.by_key));
    }

    #[test]
    fn no_two_stories_share_a_published_id(entries in tellings()) {
        let mut desk = Desk::new();
        for mut entry in entries {
            // Every source claims ids of one small set.
            entry.guid = Some(format!("tag:example.org,2025:{}", entry.title.len() % 3));
            desk.read(&[entry]);
        }
        let ids: BTreeSet<_> = desk.known.stories.values().map(|story| &story.published_id).collect();
        prop_assert_eq!(ids.len(), desk.known.stories.len());
    }
}

fn is_title_only(entry: &Entry) -> bool {
    entry.original.is_none() && !entry.title.starts_with("Press release")
}
