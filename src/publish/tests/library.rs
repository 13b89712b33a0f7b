//! Accounts in; feeds as the libraries alone write them, out.

/// As atom_syndication does.
pub(super) mod atom {
    use atom_syndication::{Content, Entry, Feed, Link, Source, Text};

    use crate::publish::account::{Account, Publisher};
    use crate::publish::atom::{category, date, frame, link, person, text};
    use crate::publish::legible::{numbered, to_be_numbered};
    use crate::publish::masthead::Masthead;
    use crate::publish::site::Site;

    pub(in crate::publish::tests) fn render(
        masthead: &Masthead,
        accounts: &[Account<'_>],
        site: &Site,
    ) -> Vec<u8> {
        let told = accounts.iter().filter(|told| told.withdrawn.is_none());
        let feed = Feed { entries: told.map(entry).collect(), ..frame(masthead, accounts, site) };
        numbered(feed.write_to(Vec::new()).expect("writing to memory cannot fail"))
    }

    fn entry(account: &Account<'_>) -> Entry {
        let language = account.language.map(str::to_owned);
        Entry {
            id: account.id.clone(),
            title: Text { lang: language.clone(), ..text(&account.title) },
            updated: date(account.updated),
            published: Some(date(account.published)),
            authors: account.authors.iter().map(|name| person(name)).collect(),
            categories: account.categories.iter().map(|label| category(label)).collect(),
            links: entry_links(account),
            rights: account.rights.as_deref().map(text),
            source: Some(source(&account.source)),
            summary: account
                .summary
                .as_ref()
                .map(|html| Text { lang: language.clone(), ..Text::html(html.clone()) }),
            content: account.content.as_ref().map(|html| Content {
                value: Some(html.clone()),
                content_type: Some("html".to_owned()),
                lang: language.clone(),
                ..Content::default()
            }),
            ..Entry::default()
        }
    }

    fn entry_links(account: &Account<'_>) -> Vec<Link> {
        let mut links = vec![link("alternate", account.url.as_str(), Some("text/html"))];
        if let Some(original) = &account.original {
            let title = original.host.clone();
            links.push(Link { title, ..link("via", original.url.as_str(), None) });
        }
        for copy in &account.copies {
            if let Some(url) = &copy.url {
                let title = Some(to_be_numbered(&copy.by));
                links.push(Link { title, ..link("via", url.as_str(), None) });
            }
        }
        for file in &account.enclosures {
            links.push(Link {
                length: file.length.map(|bytes| bytes.to_string()),
                ..link("enclosure", file.url.as_str(), Some(file.media_type))
            });
        }
        if account.page != account.url {
            let title = Some("Who published this, and why it is one story".to_owned());
            links.push(Link { title, ..link("related", account.page.as_str(), Some("text/html")) });
        }
        links
    }

    /// `atom:source`: who leads, in its own words (Q8).
    fn source(publisher: &Publisher) -> Source {
        let mut links = Vec::new();
        if let Some(feed) = &publisher.feed {
            links.push(link("self", feed.as_str(), None));
        }
        if let Some(page) = &publisher.page {
            links.push(link("alternate", page.as_str(), Some("text/html")));
        }
        Source {
            id: publisher.id.clone(),
            title: text(&publisher.title),
            updated: date(publisher.updated),
            authors: publisher.authors.iter().map(|name| person(name)).collect(),
            rights: publisher.rights.as_deref().map(text),
            links,
            ..Source::default()
        }
    }
}

/// As rss does.
pub(super) mod rss {
    use ::rss::extension::Extension;
    use ::rss::extension::dublincore::DublinCoreExtension;
    use ::rss::{Category, Channel, Enclosure, Guid, Item, Source};

    use crate::model::Timestamp;
    use crate::publish::account::Account;
    use crate::publish::dates::http_date;
    use crate::publish::legible::{numbered, to_be_numbered};
    use crate::publish::masthead::Masthead;
    use crate::publish::rss::{ATOM, atom, frame, link, source_url};
    use crate::publish::site::Site;

    pub(in crate::publish::tests) fn render(
        masthead: &Masthead,
        accounts: &[Account<'_>],
        site: &Site,
    ) -> Vec<u8> {
        let told = accounts.iter().filter(|told| told.withdrawn.is_none());
        let namespaces = [("atom".to_owned(), ATOM.to_owned())].into();
        let items = told.map(item).collect();
        let channel = Channel { namespaces, items, ..frame(masthead, accounts, site) };
        numbered(channel.write_to(Vec::new()).expect("writing to memory cannot fail"))
    }

    fn item(account: &Account<'_>) -> Item {
        // Without a full account the short one is the description; with one, the
        // description must come before it and may not be missing (Q41).
        let description = match (&account.content, &account.summary) {
            (_, Some(summary)) => summary.clone(),
            (Some(_), None) => crate::publish::legible::escape(&account.excerpt),
            (None, None) => String::new(),
        };
        Item {
            title: Some(to_be_numbered(&account.title)),
            link: Some(account.url.clone()),
            description: Some(description),
            content: account.content.clone(),
            guid: Some(Guid { value: account.id.clone(), permalink: account.id == account.url }),
            pub_date: Some(http_date(account.published)),
            categories: account.categories.iter().map(|label| category(label)).collect(),
            enclosure: account.enclosures.first().map(|file| Enclosure {
                url: file.url.clone(),
                // RSS wants a number; zero is its word for "not known".
                length: file.length.unwrap_or(0).to_string(),
                mime_type: file.media_type.to_owned(),
            }),
            source: Some(Source {
                url: source_url(account).to_owned(),
                title: Some(to_be_numbered(&account.source.name)),
            }),
            dublin_core_ext: Some(DublinCoreExtension {
                creators: account.authors.clone(),
                rights: account.rights.iter().map(|rights| to_be_numbered(rights)).collect(),
                ..DublinCoreExtension::default()
            }),
            extensions: atom([
                ("link", copies(account)),
                ("updated", vec![updated(account.updated)]),
            ]),
            ..Item::default()
        }
    }

    /// A link per copy, as in Atom.
    fn copies(account: &Account<'_>) -> Vec<Extension> {
        let linked = account.copies.iter().filter_map(|copy| Some((copy, copy.url.as_ref()?)));
        linked.map(|(copy, url)| link("via", url, ("title", &to_be_numbered(&copy.by)))).collect()
    }

    /// RSS has no word for a revision; Atom's is understood beside it.
    fn updated(moment: Timestamp) -> Extension {
        Extension {
            name: "atom:updated".to_owned(),
            value: Some(moment.to_string()),
            ..Extension::default()
        }
    }

    fn category(label: &str) -> Category {
        Category { name: to_be_numbered(label), domain: None }
    }
}
