//! Declares the configuration file: its tables, and the options that no stage declares.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;

use super::{LogFormat, Reload};
use crate::model::{Enrich, Revisions, Role};
use crate::options::read::Lists;
use crate::options::value::{
    Access, BackupInterval, BaseUrl, EntryAddress, Filter, HeaderName, HeaderText, Id, Language,
    Period, Publisher, Size, Title, WebAddress,
};
use crate::options::{Table, option, options, table, unset};
use crate::{fetch, parse, publish};

/// Where the store is when neither the file nor systemd says so.
pub(super) const STORE: &str = "/var/lib/gazetted/store";

/// The store writes when it is opened: with less it could not start again.
const LEAST_FREE: Size = Size::mebibytes(24);

/// The smallest `max_feed`: the longest document of a feed.
const LEAST_MAX_FEED: Size = Size(1_000_000);

options! {
    /// One configuration file.
    pub(crate) struct Config {
        /// Further files, as paths or patterns, relative to this file. An included file
        /// holds `[[source]]`, `[[topic]]`, `[[story]]`, `[vocabulary]` and `include` alone;
        /// settings are in one place. For example: `["sources.d/*.toml", "topics.d/*.toml"]`
        include: Vec<Spanned<String>> = option(Vec::new()),
        /// Whether a reload is refused ("strict") where a topic's `must_match` or
        /// `must_not_match` fails, or where a lower `[store] keep` or `stories` would remove
        /// stories, or puts the plan in force and warns ("lenient").
        reload: Reload = option(Reload::default()),
        /// The language of the sources, which decides how words are reduced to their
        /// stems: arabic, danish, dutch, english, finnish, french, german, greek,
        /// hungarian, italian, norwegian, portuguese, romanian, russian, spanish,
        /// swedish, tamil, turkish.
        language: Language = option(Language::default()),
        /// Further languages of that list. A text that states one of them, or whose
        /// letters betray it, is read in it; a query's word matches in all of them.
        other_languages: Vec<Language> = option(Vec::new()),
        /// Whether British and American spellings are one word: defence and defense,
        /// organisation and organization, labour and labor.
        join_spellings: bool = option(false),
        /// The data that survives a restart.
        store: Store = table(),
        /// The server for readers and operators.
        server: publish::Settings = table(),
        /// The keys of private topics.
        access: Keys = table(),
        /// How sources are polled.
        polling: fetch::Settings = table(),
        /// Bounds on what one document may hold.
        parsing: parse::Limits = table(),
        /// Feeds, and files that are written beside the server.
        publish: Publish = table(),
        /// Push by WebSub and rssCloud.
        hub: Hub = table(),
        /// The log.
        logging: Logging = table(),
        /// Several machines that work as one. Without `servers`, this machine is alone.
        cluster: Cluster = table(),
        /// Options of every `[[source]]` that does not say otherwise, in included files too.
        defaults: Defaults = table(),
        /// The feeds that are read: one `[[source]]` for each.
        source: Vec<Spanned<Source>> = table(),
        /// The feeds that are published: one `[[topic]]` for each. TOPICS.md shows the language of
        /// queries.
        topic: Vec<Spanned<Topic>> = table(),
        /// Corrections of the judgement which entries are one story, by their addresses.
        story: Vec<Spanned<Story>> = table(),
        /// Lists of terms that queries share; `@capitals` in a query is any of them.
        vocabulary: Lists = unset("capitals = [\"Pristina\", \"Belgrade\", \"Skopje\", \"Sarajevo\"]"),
    }
}

options! {
    /// `[store]`
    pub(crate) struct Store {
        /// The directory of what survives a restart. Where systemd sets
        /// $STATE_DIRECTORY and nothing is written here, it is `store` in that one.
        path: PathBuf = option(STORE.into()).at_restart(),
        /// Memory for what was read from it lately, counted as it is written: in memory
        /// it is a third more. With less, importing very many sources takes longer.
        cache: Size = option(Size::mebibytes(32)).at_restart(),
        /// How much of its disk stays free. With less, polling stops, and everything stays
        /// served. At least 24MiB. By default a twentieth of the disk, at most 256MiB.
        min_free: Option<Size> = unset("\"256MiB\"").checked(|free: &Option<Size>| {
            free.is_some_and(|free| free < LEAST_FREE)
                .then(|| format!("write at least \"{LEAST_FREE}\": the store needs that to be opened"))
        }),
        /// How long stories are kept after they last changed. Without it, permanently.
        keep: Option<Duration> = unset("\"730d\"").above_zero(),
        /// How many stories are kept: those that were first seen last. Without it, all.
        stories: Option<u64> = unset("1000000").above_zero(),
        /// How long a story that was removed is still recognised, so that an entry which a
        /// source lists again is not news; longer, as long as the source lists it.
        keep_keys: Duration = option(Duration::from_secs(365 * 86_400)).above_zero(),
        /// How often a backup is written beside the store, into the directory of its name
        /// with "-backups" behind it: "1h", "7d", or "never". The last three are kept.
        backups: BackupInterval = option(BackupInterval(Some(Duration::from_secs(86_400)))),
    }
}

options! {
    /// `[access]`
    pub(crate) struct Keys {
        /// The file of the keys that open private topics, one `name:key` a line; lines
        /// that begin with # are comments. A reader writes the key behind the address, as
        /// in `/topics/ID.atom?key=KEY`, or gives name and key as user and password. A key
        /// is revoked by taking its line out and reloading. Under systemd it can be
        /// "$CREDENTIALS_DIRECTORY/keys" with LoadCredential=keys:/path in the unit.
        keys_file: Option<Spanned<PathBuf>> = unset("\"secrets/keys\""),
    }
}

options! {
    /// `[publish]`
    pub(crate) struct Publish {
        /// The longest document of a feed. In a longer one the longest texts are shortened,
        /// with a link to the story's page; a volume of an archive holds fewer stories instead.
        /// At least "1MB", and 2 kB for each of a topic's `entries`.
        max_feed: Size = option(Size::of_memory(publish::Site::MAX_FEED)).checked(|most: &Size| {
            (*most < LEAST_MAX_FEED).then(|| {
                "write `\"1MB\"` or more: a feed needs room for the texts of its entries".to_owned()
            })
        }),
        /// Where the whole site is kept as files while the daemon runs, with siblings in
        /// gzip, brotli and zstd, for another web server: an empty directory.
        /// `gazetted export site` writes the same once.
        directory: Option<PathBuf> = unset("\"/srv/feeds\"").at_restart(),
        /// Private topics that are written there all the same: whoever reaches that web
        /// server reads them without a key.
        private: Vec<Spanned<Id>> = option(Vec::new()).at_restart(),
        /// Whether a reader who asks for it (RFC 3229: A-IM: feed) is sent the new
        /// entries of an Atom feed alone.
        deltas: bool = option(false).at_restart(),
    }
}

options! {
    /// `[hub]`
    pub(crate) struct Hub {
        /// Whether there is a WebSub hub here, at /hub under `base_url`: subscribers of the
        /// published feeds are then sent every change, instead of asking.
        serve: bool = option(false),
        /// Or a WebSub hub elsewhere, which the published feeds name and which is notified of
        /// every change; private topics have nothing to do with it.
        url: Option<Spanned<WebAddress>> = unset("\"https://hub.example.org/\""),
        /// The address under which hubs of the sources reach this server, behind whatever
        /// proxy. With it, hubs that sources name (WebSub, rssCloud) are asked to push; the
        /// proxy has to let GET and POST through to /push/. Without it, every source is polled.
        callback_url: Option<Spanned<BaseUrl>> = unset("\"https://news.example.org/\""),
    }
}

options! {
    /// `[logging]`
    pub(crate) struct Logging {
        /// error, warn, info, debug or trace; or a level for each part, as in
        /// "info,gazetted::fetch=debug". A level alone is for libraries, too; of them the
        /// default logs errors only.
        filter: Filter = option(Filter("error,gazetted=info".into())),
        /// "text" for people and journald, "json" for programs.
        format: LogFormat = option(LogFormat::default()).at_restart(),
    }
}

options! {
    /// `[cluster]`
    pub(crate) struct Cluster {
        /// The NATS servers, three or more, which hold the order of all changes.
        servers: Vec<Spanned<String>> = unset("[\"tls://nats-1.example:4222\", \"tls://nats-2.example:4222\", \"tls://nats-3.example:4222\"]").at_restart(),
        /// The name of the cluster: small letters, digits and hyphens. Several clusters may share
        /// the servers.
        name: Id = option(Id("gazette".into())).at_restart(),
        /// This machine's name, which no other machine of the cluster has. Without it, the first
        /// part of the host name.
        node: Option<Id> = unset("\"a\"").at_restart(),
        /// The file of the secret that all nodes share, at least 32 characters on one line, as
        /// `openssl rand -hex 32` makes them. Everything in the stream is encrypted with it.
        cluster_secret_file: Option<Spanned<PathBuf>> = unset("\"secrets/cluster\"").at_restart(),
        /// The file of the seed of an NKey, by which the servers know this machine.
        nkey_file: Option<Spanned<PathBuf>> = unset("\"secrets/nkey\"").at_restart(),
        /// The certificate authority of the servers, in a PEM file. With it, TLS is required.
        ca_file: Option<Spanned<PathBuf>> = unset("\"/etc/gazetted/ca.pem\"").at_restart(),
        /// A certificate of this machine, in a PEM file, where the servers ask for one.
        cert_file: Option<Spanned<PathBuf>> = unset("\"/etc/gazetted/node.pem\"").at_restart(),
        /// Its key, in a PEM file.
        key_file: Option<Spanned<PathBuf>> = unset("\"secrets/node-key.pem\"").at_restart(),
        /// Whether this machine polls sources. One that does not serves readers all the same.
        polls: bool = option(true).at_restart(),
        /// How long a node may be silent or behind before others poll its sources.
        node_timeout: Duration = option(Duration::from_secs(20)).checked(|timeout: &Duration| {
            (*timeout < Duration::from_secs(20) || *timeout > Duration::from_secs(600))
                .then(|| "write a time from \"20s\" to \"10m\": a node stops polling 15 s after its last answered heartbeat".to_owned())
        }).at_restart(),
        /// How long changes stay on the servers. A node that was away for longer needs a snapshot.
        /// It is fixed when the stream is made, by `gazetted cluster init`.
        keep: Duration = option(Duration::from_secs(14 * 86_400)).above_zero().at_restart(),
        /// How often a backup is put on the servers, from which new nodes begin: "1d", or "never".
        /// The last three are kept, for as long as `keep` says.
        snapshots: BackupInterval = option(BackupInterval(Some(Duration::from_secs(86_400)))).at_restart(),
        /// A node that is further behind than this is not ready: `/readyz` answers 503.
        ready_lag: Duration = option(Duration::from_secs(30)).above_zero().at_restart(),
    }
}

impl Cluster {
    /// The options that differ from their defaults.
    pub(super) fn written(&self) -> Vec<(&'static str, String)> {
        let defaults = Self::default().write_options();
        let own = self.write_options().into_iter().zip(defaults);
        own.filter(|(own, default)| own != default).map(|(own, _)| own).collect()
    }

    /// Has the places of all values be forgotten: they are of another file.
    pub(super) fn forget_places(&mut self) {
        let files = [
            &mut self.cluster_secret_file,
            &mut self.nkey_file,
            &mut self.ca_file,
            &mut self.cert_file,
            &mut self.key_file,
        ];
        for file in files {
            *file = file.take().map(|file| Spanned::new(0..0, file.into_inner()));
        }
        for server in &mut self.servers {
            *server = Spanned::new(0..0, server.get_ref().clone());
        }
    }
}

options! {
    /// `[defaults]`
    pub(crate) struct Defaults {
        /// Where the full text of entries comes from: "none", the document itself;
        /// "govuk", GOV.UK's content API, for entries whose page is there; "page", the
        /// entry's page.
        enrich: Enrich = option(Enrich::default()),
        /// A fixed interval for sources on the web that state no `interval`, `min` or `max`.
        interval: Option<Spanned<Period>> = unset("\"2h\""),
        /// Labels that every source has beside its own.
        tags: Vec<String> = option(Vec::new()),
        /// Headers, sent to each source's own origin; a source may state another value.
        headers: BTreeMap<HeaderName, HeaderText> = unset("{ \"X-Client\" = \"gazetted\" }"),
    }
}

options! {
    /// `[[source]]`
    pub(crate) struct Source {
        /// Its name in addresses, logs and queries: small letters, digits and hyphens.
        id: Option<Spanned<Id>> = unset("\"home-office\""),
        /// Its name for readers; without it, the ID.
        title: Option<Title> = unset("\"Home Office\""),
        /// Its place: an http or https address, which is sent as it is written here; or
        /// a file, as "file:feeds/a.atom". Where it redirects permanently, the new address is
        /// polled, and this one is looked at once a day.
        url: Option<Spanned<String>> =
            unset("\"https://www.gov.uk/government/organisations/home-office.atom\""),
        /// Or the path of a file.
        file: Option<Spanned<PathBuf>> = unset("\"feeds/home-office.atom\""),
        /// Labels that queries can ask for: `tag:uk`.
        tags: Vec<String> = option(Vec::new()),
        /// Its role in the stories it carries: "department", the publisher itself;
        /// "listing", its own list of several departments' news; "syndicator", somebody
        /// else who carries it. The earlier leads a story: its title, link and text stand for it.
        role: Role = option(Role::default()),
        /// Among sources of one role, the lower leads.
        rank: i32 = option(0),
        /// The government, or other publisher, it speaks for. Two sources with one name here are
        /// one publisher; two governments need more than an equal title to be one story. Without
        /// this the address of an entry decides: gov.uk, gouv.fr, else the registered domain.
        publisher: Option<Publisher> = unset("\"United Kingdom\""),
        /// Where the full text of its entries comes from, in place of what `[defaults]` says.
        enrich: Option<Enrich> = unset("\"govuk\""),
        /// An interval of its own in place of what is learned from its rhythm. A file is
        /// looked at every minute, or so often.
        interval: Option<Spanned<Period>> = unset("\"2h\""),
        /// The shortest interval that may be learned.
        min: Option<Spanned<Period>> = unset("\"1h\""),
        /// The longest interval that may be learned.
        max: Option<Spanned<Period>> = unset("\"1d\""),
        /// Do not warn when it goes unusually quiet.
        mute_silence: bool = option(false),
        /// New entries that it may bring a day, in place of what `[polling]` says.
        new_a_day: Option<NonZeroUsize> = unset("2000"),
        /// Headers, sent to this source's origin and to no other.
        headers: BTreeMap<HeaderName, HeaderText> = unset("{ \"X-Api-Key\" = \"key\" }"),
        /// Credentials, likewise: a name, with a password in a file.
        username: Option<Spanned<String>> = unset("\"reader\""),
        /// The file holds one line; under systemd it can be "$CREDENTIALS_DIRECTORY/name" with
        /// LoadCredential=name:/path in the unit.
        password_file: Option<Spanned<PathBuf>> = unset("\"secrets/home-office\""),
        /// Or a token in a file of one line.
        token_file: Option<Spanned<PathBuf>> = unset("\"secrets/home-office-token\""),
        /// Whether it may be at a private address: a site of your own.
        allow_private: bool = option(false),
        /// Whether its hub, if it names one, is asked to push; see `[hub]`.
        push: bool = option(true),
        /// Elements that are not part of its announcements, as CSS selectors, where that is
        /// not recognised automatically. `gazetted parse --source ID` shows the effect.
        cut: Vec<Spanned<String>> = option(Vec::new()),
        /// Its announcements start after this text.
        start_after: Option<Spanned<String>> = unset("\"Press release\""),
        /// And end before this one.
        end_before: Option<Spanned<String>> = unset("\"About the ministry\""),
    }
}

options! {
    /// `[[topic]]`
    pub(crate) struct Topic {
        /// Its name in addresses, logs and feeds: `/topics/ID`, `/topics/ID.atom`.
        id: Option<Spanned<Id>> = unset("\"sanctions\""),
        /// Its name for readers.
        title: Option<Title> = unset("\"Sanctions\""),
        /// A sentence or two for readers.
        description: String = option(String::new()),
        /// Which stories are in it.
        query: Option<Spanned<String>> =
            unset("'''sanctions OR \"asset freeze\"'''").fills_topic(),
        /// Texts, or addresses of stored stories, that must be in it.
        /// `gazetted check` tries them; the first line of a text is its title.
        must_match: Vec<Spanned<String>> = option(Vec::new()),
        /// Texts, or addresses of stored stories, that must not be in it.
        must_not_match: Vec<Spanned<String>> = option(Vec::new()),
        /// Which changes of a story give its entry a new date: "quiet", none; "major",
        /// those that the source dates anew itself; "all", every change of the text.
        revisions: Revisions = option(Revisions::default()),
        /// How many stories its feed holds; the archive holds the others.
        entries: NonZeroUsize = option(FIFTY),
        /// How long stories stay in it after the date that its feed gives them. Without it, all
        /// stay that are stored. A story that leaves a topic stays stored, and does not come
        /// back as news.
        keep: Option<Duration> = unset("\"365d\"").above_zero().fills_topic(),
        /// How many stories stay in it: the newest, of the last day those of each source first. Without it, all that are stored.
        stories: Option<NonZeroUsize> = unset("5000").fills_topic(),
        /// Names it had before: their addresses permanently lead to the present one.
        formerly: Vec<Spanned<Id>> = option(Vec::new()),
        /// Do not warn when it goes unusually quiet.
        mute_silence: bool = option(false),
        /// Who may read it: "public", everybody; "key", whoever has a key of `[access]`;
        /// or the names of some keys, as `["press", "desk"]`. A private topic, and a story
        /// that private topics alone hold, appears nowhere else.
        access: Spanned<Access> = option(Spanned::new(0..0, Access::Public)),
        /// Whether each entry names the query terms that matched.
        explain: bool = option(false),
    }
}

const FIFTY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(49);

options! {
    /// `[[story]]`
    pub(crate) struct Story {
        /// These are one story.
        force: Vec<EntryAddress> = option(Vec::new()),
        /// No two of these are one story.
        never: Vec<EntryAddress> = option(Vec::new()),
    }
}
