//! Tests the starter topics in `config/topics/`.

mod labelled;

use serde::Deserialize;

use super::*;

const NAMES: [&str; 6] = [
    "defence",
    "migration-and-organised-crime",
    "sanctions",
    "trade",
    "ukraine",
    "western-balkans",
];

/// A file of the repository, read when the test runs: who tunes a topic need not compile.
fn repository(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The starter topics' files with their names.
fn files() -> [(&'static str, String); 6] {
    NAMES.map(|name| (name, repository(&format!("config/topics/{name}.toml"))))
}

#[derive(Deserialize)]
struct File {
    vocabulary: Vocabulary,
    topic: Vec<Topic>,
}

#[derive(Deserialize)]
struct Topic {
    id: String,
    query: String,
    must_match: Vec<String>,
    must_not_match: Vec<String>,
}

fn read(text: &str) -> File {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// All files as one set, as `include = ["topics/*.toml"]` reads them.
fn all() -> (Vec<Topic>, TopicSet) {
    let mut vocabulary = Vocabulary::new();
    let mut topics = Vec::new();
    for (_, text) in files() {
        let file = read(&text);
        for (name, terms) in file.vocabulary {
            assert!(vocabulary.insert(name.clone(), terms).is_none(), "two files define {name}");
        }
        topics.extend(file.topic);
    }
    let queries: Vec<_> =
        topics.iter().map(|topic| (TopicId::new(topic.id.as_str()), topic.query.clone())).collect();
    let (set, warnings) = TopicSet::compile(&queries, &vocabulary, &Language::default())
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(warnings, []);
    (topics, set)
}

#[test]
fn each_file_stands_alone_under_its_own_name() {
    for (name, text) in files() {
        let file = read(&text);
        let [topic] = file.topic.as_slice() else { panic!("{name}: one topic a file") };
        assert_eq!(topic.id, name);
        let queries = [(TopicId::new(topic.id.as_str()), topic.query.clone())];
        let compiled = TopicSet::compile(&queries, &file.vocabulary, &Language::default());
        assert!(compiled.is_ok_and(|(_, warnings)| warnings.is_empty()), "{name}");
    }
}

#[test]
fn every_topic_matches_its_samples_and_no_counter_sample() {
    let (topics, set) = all();
    let mut wrong = Vec::new();
    for (place, topic) in topics.iter().enumerate() {
        assert!(topic.must_match.len() >= 5 && topic.must_not_match.len() >= 5, "{}", topic.id);
        let wanted = topic.must_match.iter().map(|text| (text, true));
        for (text, wanted) in wanted.chain(topic.must_not_match.iter().map(|text| (text, false))) {
            let explanation = set.explain_text(text, place);
            if explanation.matched != wanted {
                wrong.push(format!("{}: {text}\n    {}", topic.id, explanation.summary));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Real titles, with a first sentence where the title does not say it, and
/// all the topics of the starter set that they belong to.
const ANNOUNCEMENTS: [(&str, &[&str]); 34] = [
    (
        "UK to tackle Western Balkan migrant transit routes and serious organised crime with closer ties in the region\nThe Foreign Secretary travels to Kosovo and Serbia.",
        &["migration-and-organised-crime", "western-balkans"],
    ),
    (
        "UK sanctions for human rights violations and abuses during the Sri Lankan civil war",
        &["sanctions"],
    ),
    (
        "UK brings forward world’s first sanctions regime to smash the gangs responsible for irregular migration",
        &["migration-and-organised-crime", "sanctions"],
    ),
    ("UK sanctions hit West Bank violence network", &["sanctions"]),
    ("Campaign to tackle dirty money steps up with new sanctions", &["sanctions"]),
    ("General Licence INT/2025/5787748: arbitration costs", &["sanctions"]),
    ("OFSI imposes £465,000 monetary penalty on HSF Moscow", &["sanctions"]),
    (
        "Report of the Head of the OSCE Mission to Bosnia and Herzegovina, March 2025: UK response",
        &["western-balkans"],
    ),
    (
        "Coalition of the Willing Military Chiefs in Ukraine ahead of crucial meetings next week",
        &["defence", "ukraine"],
    ),
    (
        "Ukraine Donor Platform confirms support for Ukraine’s recovery and reconstruction",
        &["ukraine"],
    ),
    ("PM meeting with President Zelenskyy of Ukraine: 26 April 2025", &["ukraine"]),
    (
        "The Kremlin’s actions reflect no desire for peace that I can detect: UK statement at the UN Security Council",
        &["ukraine"],
    ),
    ("NATO must be ‘stronger, fairer, and more lethal’ Foreign Secretary to say", &["defence"]),
    ("Homes fit for heroes: Raft of new measures to improve military family housing", &["defence"]),
    ("Joint statement on UK-Germany Trinity House Agreement progress", &["defence"]),
    (
        "Landmark summit agrees new measures against organised immigration crime",
        &["migration-and-organised-crime"],
    ),
    (
        "UK and Vietnam sign agreement to tackle human trafficking",
        &["migration-and-organised-crime"],
    ),
    ("Record year of drug seizures made by Border Force", &["migration-and-organised-crime"]),
    (
        "Prime Minister announces massive surge in immigration enforcement as returns reach 24,000 since the election",
        &["migration-and-organised-crime"],
    ),
    ("Update on Free Trade Agreement negotiations with South Korea", &["trade"]),
    (
        "Government cuts price of everyday items and summer essentials\nImport tariffs on 89 products are suspended.",
        &["trade"],
    ),
    ("Border Force seizes over 250 endangered species", &[]),
    ("Universal Periodic Review 49: UK Statement on Guinea", &[]),
    ("UK researchers access more quantum and space Horizon funding", &[]),
    ("PM call with Prime Minister Modi of India: 25 April 2025", &[]),
    ("New funding to support Windrush compensation scheme applications", &[]),
    ("Joint Statement from the United Kingdom and France on Haiti", &[]),
    ("UK boosts support for a blue economy in the Philippines", &[]),
    ("Changes to passport application fees", &[]),
    ("Wait times slashed for 80,000 thanks to boost in cancer detection", &[]),
    ("Almost two million people on Universal Credit not supported to look for work", &[]),
    ("UK sends life-saving aid to the people of Myanmar following devastating earthquake", &[]),
    ("Armenia and Azerbaijan peace agreement: UK statement to the OSCE", &[]),
    ("Spring Statement 2025 speech", &[]),
];

#[test]
fn real_announcements_are_in_their_topics_and_in_no_other() {
    let (topics, set) = all();
    let mut wrong = Vec::new();
    for (text, expected) in ANNOUNCEMENTS {
        let subject = subject_of(text, &Language::default());
        let found: Vec<_> =
            set.matches(&subject).into_iter().map(|place| topics[place].id.as_str()).collect();
        if found != expected {
            wrong.push(format!("{text}\n    is in {found:?}, not in {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
