//! Which government an entry speaks for: what the operator says, else what its address shows.

use url::Url;

/// Names that one government keeps for itself: everything below one is one publisher.
const GOVERNMENTS: &[&str] = &[
    "admin.ch",
    "belgium.be",
    "bund.de",
    "canada.ca",
    "europa.eu",
    "fgov.be",
    "gc.ca",
    "gov",
    "gov.scot",
    "gov.wales",
    "governo.it",
    "government.nl",
    "govern.cat",
    "gv.at",
    "llyw.cymru",
    "mil",
    "mod.uk",
    "nato.int",
    "nhs.uk",
    "overheid.nl",
    "parliament.uk",
    "police.uk",
    "regeringen.se",
    "regjeringen.no",
    "rijksoverheid.nl",
    "rks-gov.net",
    "un.org",
];

/// Before the top of a country, what its government keeps for itself: `gov.uk`, `gouv.fr`.
const STATE: &[&str] = &["go", "gob", "gouv", "gov", "govt", "gub"];

/// Labels that stand between a name and the top of a country: `council.org.uk`, `x.co.nz`.
const SECOND_LEVELS: &[&str] = &["ac", "co", "com", "edu", "ltd", "net", "nom", "or", "org"];

/// Names below which anybody has pages: what stands before them names who speaks.
const SHARED_HOSTS: &[&str] = &[
    "blogspot.com",
    "wordpress.com",
    "github.io",
    "medium.com",
    "substack.com",
    "tumblr.com",
    "azurewebsites.net",
    "cloudfront.net",
    "netlify.app",
    "pages.dev",
    "herokuapp.com",
];

/// The government, or whoever else publishes at this address; nothing where a number stands for
/// a name, since anybody may publish on a machine.
pub(super) fn publisher_of(url: &Url) -> Option<String> {
    let host = url.domain()?.trim_end_matches('.').to_ascii_lowercase();
    if host == "localhost" {
        return None;
    }
    let below = |suffix: &&&str| {
        host.strip_suffix(**suffix).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    if let Some(government) = GOVERNMENTS.iter().filter(below).max_by_key(|suffix| suffix.len()) {
        return Some((*government).to_owned());
    }
    let labels: Vec<&str> = host.split('.').collect();
    let country = labels.len() > 2 && labels.last().is_some_and(|last| last.len() == 2);
    let before_country = |known: &[&str]| country && known.contains(&labels[labels.len() - 2]);
    if before_country(STATE) {
        return Some(labels[labels.len() - 2..].join("."));
    }
    let second = before_country(SECOND_LEVELS);
    let shared = SHARED_HOSTS.iter().any(|shared| below(&shared));
    let count = if second || shared { 3 } else { 2 };
    Some(labels[labels.len().saturating_sub(count)..].join("."))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_government_is_known_by_its_suffix_and_others_by_the_name_they_registered() {
        for (url, expected) in [
            ("https://www.gov.uk/government/news/x", Some("gov.uk")),
            ("https://questions-statements.parliament.uk/x", Some("parliament.uk")),
            ("https://www.dft.gov.uk/x", Some("gov.uk")),
            ("https://www.diplomatie.gouv.fr/fr/x", Some("gouv.fr")),
            ("https://mfa.gov.al/x", Some("gov.al")),
            ("https://www.bmvg.bund.de/x", Some("bund.de")),
            ("https://ec.europa.eu/x", Some("europa.eu")),
            ("https://www.state.gov/x", Some("gov")),
            ("https://www.canada.ca/en/news", Some("canada.ca")),
            ("https://news.northshire.org.uk/x", Some("northshire.org.uk")),
            ("https://press.example.org/x", Some("example.org")),
            ("https://ports.example/x", Some("ports.example")),
            ("https://someone.wordpress.com/x", Some("someone.wordpress.com")),
            ("http://127.0.0.1:8080/x", None),
            ("http://localhost/x", None),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(publisher_of(&url).as_deref(), expected, "{url}");
        }
    }
}
