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
    "overheid.nl",
    "parliament.uk",
    "regeringen.se",
    "regjeringen.no",
    "rijksoverheid.nl",
    "rks-gov.net",
    "un.org",
];

/// Before the top of a country, what its public bodies share: `gov.uk`, `gouv.fr`. Ministries,
/// councils and prefectures have names below it, and speak for themselves.
const STATE: &[&str] = &["go", "gob", "gouv", "gov", "govt", "gub"];

/// Names below such a suffix under which the government speaks as a whole.
const CENTRAL: &[&str] = &["www", "service", "blog"];

/// Names of offices within one publisher's site.
const OFFICES: &[&str] = &["www", "news", "media", "press"];

/// Before the top of a country, what schools and municipalities share: each is named by all labels
/// below it, as `city.kobe.lg.jp`.
const LOCAL: &[&str] = &["bel", "herad", "k12", "kommune", "lg", "sch"];

/// Countries whose provinces and states have labels of two letters, and share them among all.
const WITH_PROVINCES: &[&str] = &["ca", "it", "us"];

/// Labels that stand between a name and the top of a country: `council.org.uk`, `x.co.nz`.
const SECOND_LEVELS: &[&str] =
    &["ac", "co", "com", "edu", "ltd", "net", "nhs", "nom", "or", "org", "police"];

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
pub fn publisher_of(url: &Url) -> Option<String> {
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
    let without_office = |labels: &[&str]| {
        let offices = labels.len().saturating_sub(2);
        let office = labels[..offices].iter().take_while(|label| OFFICES.contains(label)).count();
        labels[office..].join(".")
    };
    if before_country(STATE) {
        let is_central = CENTRAL.contains(&labels[labels.len() - 3]);
        let first = if is_central { labels.len() - 2 } else { 0 };
        return Some(without_office(&labels[first..]));
    }
    let is_province = country
        && labels[labels.len() - 2].len() == 2
        && WITH_PROVINCES.contains(&labels[labels.len() - 1]);
    if before_country(LOCAL) || is_province {
        return Some(without_office(&labels));
    }
    let second = before_country(SECOND_LEVELS);
    let shared = SHARED_HOSTS.iter().any(|shared| below(&shared));
    let count = if second || shared { 3 } else { 2 };
    Some(labels[labels.len().saturating_sub(count)..].join("."))
}

/// Whether two names are those of one government: `gov.uk` carries what all below it publish, and a
/// council what its offices do, but two councils are two.
pub fn are_one(one: &str, other: &str) -> bool {
    let is_state =
        |name: &str| name.rsplit('.').nth(1).is_some_and(|suffix| STATE.contains(&suffix));
    let holds = |whole: &str, part: &str| {
        part.strip_suffix(whole).is_some_and(|name| name.ends_with('.')) && is_state(whole)
    };
    one == other || holds(one, other) || holds(other, one)
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
            ("https://design-system.service.gov.uk/x", Some("gov.uk")),
            ("https://gov.ie/x", Some("gov.ie")),
            ("https://www.northshire.gov.uk/x", Some("northshire.gov.uk")),
            ("https://news.northshire.gov.uk/x", Some("northshire.gov.uk")),
            ("https://www.diplomatie.gouv.fr/fr/x", Some("diplomatie.gouv.fr")),
            ("https://mfa.gov.al/x", Some("mfa.gov.al")),
            ("https://www.northshire.police.uk/x", Some("northshire.police.uk")),
            ("https://www.casey.vic.gov.au/x", Some("casey.vic.gov.au")),
            ("https://news.monash.vic.gov.au/x", Some("monash.vic.gov.au")),
            ("https://www.health.nsw.gov.au/x", Some("health.nsw.gov.au")),
            ("https://www.vic.gov.au/x", Some("vic.gov.au")),
            ("https://santos.sp.gov.br/x", Some("santos.sp.gov.br")),
            ("https://www.gov.br/saude/x", Some("gov.br")),
            ("https://www.oslo.kommune.no/x", Some("oslo.kommune.no")),
            ("https://www.city.kobe.lg.jp/x", Some("city.kobe.lg.jp")),
            ("https://www.pref.osaka.lg.jp/x", Some("pref.osaka.lg.jp")),
            ("https://www.hill.northshire.sch.uk/x", Some("hill.northshire.sch.uk")),
            ("https://www.cityof.on.ca/x", Some("cityof.on.ca")),
            ("https://www.ci.salem.ma.us/x", Some("ci.salem.ma.us")),
            ("https://www.state.ma.us/x", Some("state.ma.us")),
            ("https://www.izmir.bel.tr/x", Some("izmir.bel.tr")),
            ("https://www.comune.orm.mi.it/x", Some("comune.orm.mi.it")),
            ("https://www.bmvg.bund.de/x", Some("bund.de")),
            ("https://ec.europa.eu/x", Some("europa.eu")),
            ("https://www.state.gov/x", Some("state.gov")),
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

    #[test]
    fn a_whole_government_and_its_parts_are_one_and_its_parts_are_several() {
        for (one, other, expected) in [
            ("gov.uk", "gov.uk", true),
            ("gov.uk", "dft.gov.uk", true),
            ("northshire.gov.uk", "gov.uk", true),
            ("northshire.gov.uk", "southmoor.gov.uk", false),
            ("nord.gouv.fr", "gironde.gouv.fr", false),
            ("state.gov", "boston.gov", false),
            ("casey.vic.gov.au", "monash.vic.gov.au", false),
            ("casey.vic.gov.au", "vic.gov.au", true),
            ("northshire.gov.uk", "planning.northshire.gov.uk", true),
            ("city.kobe.lg.jp", "city.osaka.lg.jp", false),
            ("example.org", "press.example.org", false),
            ("United Kingdom", "Canada", false),
        ] {
            assert_eq!(are_one(one, other), expected, "{one} {other}");
        }
    }
}
