//! The configuration file as it is written, and every default; nothing is resolved here.
//!
//! An option is stated once: its field, its doc, its default. The names of
//! the fields are the keys of the file; `config/reference.toml` shows them
//! all, and a test compares the two. Where a stage has settings of its own,
//! their defaults are the stage's.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use toml::Spanned;

mod server;

pub(crate) use server::Server;

use super::value::{
    Access, BackupInterval, BaseUrl, EntryAddress, Filter, HeaderName, HeaderText, Id, Language,
    Network, Period, Proxy, Publisher, Size, Title, WebAddress,
};
use super::{LogFormat, Reload};
use crate::model::{Enrich, Revisions, Role};
use crate::{fetch, parse, publish};

/// Where the store is when neither the file nor systemd says so.
pub(super) const STORE: &str = "/var/lib/gazetted/store";

/// One configuration file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Further files, as paths or patterns relative to this one.
    pub(crate) include: Vec<Spanned<String>>,
    /// Whether a reload is refused where a topic's sample fails: `lenient` or `strict`.
    pub(crate) reload: Reload,
    /// The language of the sources: how words are reduced to stems.
    pub(crate) language: Language,
    /// Further languages: texts in one of them are read in it, and queries in all.
    pub(crate) other_languages: Vec<Language>,
    /// Whether British and American spellings are one word.
    pub(crate) join_spellings: bool,
    /// The store.
    pub(crate) store: Store,
    /// The server for readers and operators.
    pub(crate) server: Server,
    /// Who may read what is not for everybody.
    pub(crate) access: Keys,
    /// How sources are asked.
    pub(crate) polling: Polling,
    /// Bounds on what one document may hold.
    pub(crate) parsing: Parsing,
    /// Options of every source that does not state its own.
    pub(crate) defaults: Defaults,
    /// Files that are written beside the server.
    pub(crate) publish: Publish,
    /// Push by WebSub and rssCloud.
    pub(crate) hub: Hub,
    /// The filter and format of the log.
    pub(crate) logging: Logging,
    /// The feeds that are read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) source: Vec<Spanned<Source>>,
    /// The feeds that are published.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) topic: Vec<Spanned<Topic>>,
    /// Corrections of the judgement which entries are one story.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) story: Vec<Spanned<Story>>,
    /// Named lists of terms that queries share.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) vocabulary: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Store {
    /// The directory of the store.
    pub(crate) path: PathBuf,
    /// How much memory it may use to keep what it has read.
    pub(crate) cache: Size,
    /// How much of its disk stays free; a twentieth, up to 256 MiB, by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min_free: Option<Spanned<Size>>,
    /// How long stories are kept after they last changed; for ever, by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keep: Option<Period>,
    /// How many stories are kept, those that were first seen last; all, by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stories: Option<u64>,
    /// How long a story that went is still recognised.
    pub(crate) keep_keys: Period,
    /// How often a backup is written beside the store.
    pub(crate) backups: BackupInterval,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            path: STORE.into(),
            cache: Size::mebibytes(32),
            min_free: None,
            keep: None,
            stories: None,
            keep_keys: Period(Duration::from_secs(365 * 86_400)),
            backups: BackupInterval(Some(Duration::from_secs(86_400))),
        }
    }
}

/// `[access]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// The file of keys, one `name:key` a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keys_file: Option<Spanned<PathBuf>>,
}

/// `[polling]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Polling {
    /// How often a source is asked while nothing is known of its rhythm.
    pub(crate) interval: Spanned<Period>,
    /// No source is asked more often, unless it says itself that it may be (P20).
    pub(crate) floor: Spanned<Period>,
    /// Nor more often than this, whatever it says (P20).
    pub(crate) hard_floor: Spanned<Period>,
    /// Every source is asked at least this often.
    pub(crate) ceiling: Spanned<Period>,
    /// The price of a poll, in item-hours of delay: the higher, the rarer the polls.
    pub(crate) price: Spanned<f64>,
    /// Polls a source and day, on average, that the price is moved to bring about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<Spanned<f64>>,
    /// From 0, which serves the mean delay of entries, to 1, which asks all sources equally often.
    pub(crate) evenness: Spanned<f64>,
    /// Requests under way at once.
    pub(crate) concurrency: NonZeroUsize,
    /// Between the starts of two requests to one origin (P34).
    pub(crate) spacing: Period,
    /// Time to connect.
    pub(crate) connect_timeout: Spanned<Period>,
    /// Time for a whole poll.
    pub(crate) timeout: Spanned<Period>,
    /// The largest document as it travels.
    pub(crate) max_body: Size,
    /// The largest document once it is decompressed.
    pub(crate) max_document: Size,
    /// Private networks that may be asked.
    pub(crate) allow_private: Vec<Network>,
    /// How requests name this client; by default gazetted, its version and the base address (P60).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<HeaderText>,
    /// Whom its sources can write to (P61).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<HeaderText>,
    /// A proxy for every request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proxy: Option<Proxy>,
    /// New entries that a source may bring a day; the others wait.
    pub(crate) new_a_day: NonZeroUsize,
    /// Whether robots.txt counts also for sources that the operator named (P71).
    pub(crate) robots: bool,
    /// Whether robots.txt counts for what the sources' documents name (P71).
    pub(crate) robots_for_pages: bool,
    /// Whether to ask for what is new alone, of sources that can (P52).
    pub(crate) deltas: bool,
}

impl Default for Polling {
    fn default() -> Self {
        let settings = fetch::Settings::default();
        Self {
            interval: unwritten(Period(settings.interval)),
            floor: unwritten(Period(settings.floor)),
            hard_floor: unwritten(Period(settings.hard_floor)),
            ceiling: unwritten(Period(settings.ceiling)),
            price: unwritten(settings.price),
            budget: None,
            evenness: unwritten(settings.evenness),
            concurrency: at_least_one(settings.concurrency),
            spacing: Period(settings.spacing),
            connect_timeout: unwritten(Period(settings.connect_timeout)),
            timeout: unwritten(Period(settings.timeout)),
            max_body: Size(settings.max_body),
            max_document: Size(settings.max_document),
            allow_private: settings.allow_private.into_iter().map(Network).collect(),
            user_agent: None,
            from: None,
            proxy: None,
            new_a_day: at_least_one(settings.new_a_day),
            robots: settings.robots,
            robots_for_pages: settings.robots_for_pages,
            deltas: false,
        }
    }
}

/// `[parsing]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Parsing {
    /// Entries kept of one document, the first.
    pub(crate) entries: NonZeroUsize,
    /// The longest text of one field.
    pub(crate) field: Size,
    /// How deep elements may stand in each other.
    pub(crate) depth: NonZeroUsize,
    /// Elements of one document.
    pub(crate) elements: NonZeroUsize,
    /// Attributes of one element.
    pub(crate) attributes: NonZeroUsize,
}

impl Default for Parsing {
    fn default() -> Self {
        let limits = parse::Limits::default();
        Self {
            entries: at_least_one(limits.entries),
            field: Size::of_memory(limits.field),
            depth: at_least_one(limits.depth),
            elements: at_least_one(limits.elements),
            attributes: at_least_one(limits.attributes),
        }
    }
}

/// `[publish]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Publish {
    /// The longest document of a feed: longer texts are shortened in it.
    pub(crate) max_feed: Spanned<Size>,
    /// Where the site is kept as files, for another web server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) directory: Option<PathBuf>,
    /// Private topics that are written there all the same.
    pub(crate) private: Vec<Spanned<Id>>,
    /// Whether readers who ask for it get a feed's new entries alone (Q35).
    pub(crate) deltas: bool,
}

impl Default for Publish {
    fn default() -> Self {
        Self {
            max_feed: unwritten(Size::of_memory(publish::Site::MAX_FEED)),
            directory: None,
            private: Vec::new(),
            deltas: false,
        }
    }
}

/// `[hub]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Hub {
    /// Whether there is a WebSub hub here, for our own feeds, which name it (Q13).
    pub(crate) serve: bool,
    /// The WebSub hub elsewhere that our feeds name, and that is pinged at every change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<Spanned<WebAddress>>,
    /// Where sources' hubs reach this server; without it none is asked to push (W4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback_url: Option<Spanned<BaseUrl>>,
}

/// `[logging]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Logging {
    /// A level, or a level for each part: `info,gazetted::fetch=debug`.
    pub(crate) filter: Filter,
    /// `text` for people and journald, `json` for programs.
    pub(crate) format: LogFormat,
}

impl Default for Logging {
    fn default() -> Self {
        Self { filter: Filter("error,gazetted=info".into()), format: LogFormat::default() }
    }
}

/// `[defaults]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Defaults {
    /// Where the full text of entries comes from: `none`, `govuk` or `page`.
    pub(crate) enrich: Enrich,
    /// A fixed interval of sources on the web that state no `interval`, `min` or `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<Spanned<Period>>,
    /// Labels that every source has beside its own.
    pub(crate) tags: Vec<String>,
    /// Sent to the origin of every source, unless it states another value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<HeaderName, HeaderText>,
}

/// `[[source]]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Source {
    /// Its name in addresses and logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Spanned<Id>>,
    /// Its name for readers; by default the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<Title>,
    /// Its address, http or https, or `file:` and a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<Spanned<String>>,
    /// Its path, relative to this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<Spanned<PathBuf>>,
    /// Labels that queries can ask for: `tag:uk`.
    pub(crate) tags: Vec<String>,
    /// `department`, `listing` or `syndicator`: who leads a story.
    pub(crate) role: Role,
    /// Among sources of one role, the lower leads.
    pub(crate) rank: i32,
    /// The government or other publisher it speaks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publisher: Option<Publisher>,
    /// Where the full text of its entries comes from: `none`, `govuk` or `page`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enrich: Option<Enrich>,
    /// A fixed interval in place of the learned rhythm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<Spanned<Period>>,
    /// Never more often than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<Spanned<Period>>,
    /// Never less often than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<Spanned<Period>>,
    /// Do not warn when it goes unusually quiet.
    pub(crate) mute_silence: bool,
    /// New entries that it may bring a day, in place of what `[polling]` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new_a_day: Option<NonZeroUsize>,
    /// Sent to its origin and to no other (P70).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<HeaderName, HeaderText>,
    /// Basic authentication: the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<Spanned<String>>,
    /// Basic authentication: the file that holds the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_file: Option<Spanned<PathBuf>>,
    /// Bearer authentication: the file that holds the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<Spanned<PathBuf>>,
    /// Whether it may be at a private address.
    pub(crate) allow_private: bool,
    /// Whether its hub, if it names one, is asked to push.
    pub(crate) push: bool,
    /// CSS selectors of elements that are no part of its announcements.
    pub(crate) cut: Vec<Spanned<String>>,
    /// Text after which its announcements start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_after: Option<Spanned<String>>,
    /// Text before which they end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_before: Option<Spanned<String>>,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            id: None,
            title: None,
            url: None,
            file: None,
            tags: Vec::new(),
            role: Role::default(),
            rank: 0,
            publisher: None,
            enrich: None,
            interval: None,
            min: None,
            max: None,
            mute_silence: false,
            new_a_day: None,
            headers: BTreeMap::new(),
            username: None,
            password_file: None,
            token_file: None,
            allow_private: false,
            push: true,
            cut: Vec::new(),
            start_after: None,
            end_before: None,
        }
    }
}

/// `[[topic]]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Topic {
    /// Its name in addresses and logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Spanned<Id>>,
    /// Its name for readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<Title>,
    /// One or two sentences for readers.
    pub(crate) description: String,
    /// Which stories are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query: Option<Spanned<String>>,
    /// Texts or stored stories' addresses that must be in it: `check` tries them.
    pub(crate) must_match: Vec<Spanned<String>>,
    /// Texts or stored stories' addresses that must not be in it.
    pub(crate) must_not_match: Vec<Spanned<String>>,
    /// Which changes of a story date its entry anew: `quiet`, `major` or `all`.
    pub(crate) revisions: Revisions,
    /// How many stories its feed holds.
    pub(crate) entries: NonZeroUsize,
    /// How long stories stay in it after their date; as long as they are stored, by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keep: Option<Period>,
    /// How many stories stay in it, the newest; all, by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stories: Option<NonZeroUsize>,
    /// Names it had before, whose addresses lead here (Q33).
    pub(crate) formerly: Vec<Spanned<Id>>,
    /// Do not warn when it goes unusually quiet.
    pub(crate) mute_silence: bool,
    /// Who may read it: `public`, `key`, or the names of some keys.
    pub(crate) access: Spanned<Access>,
    /// Whether its feed says which words put a story in it.
    pub(crate) explain: bool,
}

impl Default for Topic {
    fn default() -> Self {
        Self {
            id: None,
            title: None,
            description: String::new(),
            query: None,
            must_match: Vec::new(),
            must_not_match: Vec::new(),
            revisions: Revisions::default(),
            entries: at_least_one(50),
            keep: None,
            stories: None,
            formerly: Vec::new(),
            mute_silence: false,
            access: unwritten(Access::Public),
            explain: false,
        }
    }
}

/// `[[story]]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Story {
    /// Addresses that are one story, whatever is judged.
    pub(crate) force: Vec<EntryAddress>,
    /// Addresses no two of which are one story, whatever is judged.
    pub(crate) never: Vec<EntryAddress>,
}

/// A default: it stands nowhere in the file.
fn unwritten<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

/// `number`, or one where it is zero.
fn at_least_one(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}
