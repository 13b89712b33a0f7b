//! gazetted reads many departments' feeds, recognises when several of them
//! announce the same thing, and publishes a few trustworthy topic feeds.
//!
//! This page is the map. The `mod` lines below stand in the order of the flow.
//!
//! # The flow
//!
//! ```text
//!  agenda ──due──> poll: fetch ─> parse ─> enrich      (many at once; only read and compute)
//!                           │ a turn
//!                           ▼
//!  new plan, ──> engine: dedup ─> topics ─> retention ─> archive ─> commit ─> render ─> cache ──> server
//!  hub messages             (one at a time: the only writer)                    (readers never wait)
//! ```
//!
//! What answers readers runs on the server's threads; all else runs in the background,
//! on threads that give way to them ([`daemon::Background`]).
//!
//! A **source** is read as a **document** of **entries**. Entries about one
//! thing make a **story**; one leads it, the others are its **copies**. A
//! **topic** is a query over stories, and as published it is a **feed**. A
//! **poll** is one attempt to read a source; the **agenda** knows which is due;
//! the **shelf** holds everything being served. A configuration that compiled
//! is a **plan**. One word a concept, everywhere.
//!
//! # The modules
//!
//! | module | in | out |
//! |---|---|---|
//! | [`model`] | | the nouns that pass between stages |
//! | [`control_characters`] | text from anywhere | the same without what changes how other text is shown |
//! | [`cancel`], [`markup`], [`dom_cost`], [`tokenize`] | | leaves without I/O that several stages use |
//! | [`clock`] | the wall clock, or a test's hand | the one `now` |
//! | [`fair_queue`] | clients that ask for expensive work | turns at it, shared fairly |
//! | [`fetch`] | a source and what is remembered of it | a document; when to ask next |
//! | [`parse`] | a document | entries, cleaned, and warnings |
//! | [`enrich`] | an entry and its page | the entry with its full text |
//! | [`dedup`] | entries and stories that look like them | stories: founded, joined, revised |
//! | [`topics`] | a story | the topics it is in, and why |
//! | [`store`] | what a gathering of polls changed | the same, after a restart |
//! | [`publish`] | stories | feeds and pages on the shelf; answers to readers |
//! | [`config`] | the file | a plan, or all its problems |
//! | [`engine`] | a turn: polls, a plan, messages of hubs and subscribers | one commit, and the feeds it touched |
//! | [`pipeline`] | due sources, new plans | THE CORE LOOP: knows all stages |
//! | [`inquiry`] | a question about what is stored | an answer as data |
//! | [`daemon`] | a plan, a store, a listener | a running daemon |
//! | [`control`] | an operator's command | its answer, over a Unix socket |
//! | [`cli`] | arguments | one command a file |
//!
//! # Invariants, each held by a test
//!
//! 1. **One writer.** Polls run side by side and change nothing; one loop
//!    judges, commits and publishes.
//! 2. **Stages do not know each other.** `fetch`, `parse`, `enrich`, `dedup`, `topics`,
//!    `store` and `publish` share only `model` and the leaves, which do no I/O:
//!    [`cancel`], [`control_characters`], [`dom_cost`], [`markup`], [`tokenize`].
//! 3. **Deciding is pure.** The schedule, the judgement, the matching and the
//!    rendering take values, `now` among them, and return values. Nothing but
//!    [`clock::Clock`] reads the wall clock.
//! 4. **One commit a turn.** Validators, schedule, stories, keys, topic places, archive volumes
//!    and Last-Modified go in together or not at all; polls that end together share a turn.
//!    Judging a document twice changes nothing.
//! 5. **Configuration cannot fail after [`config::Plan`].** A reload compiles
//!    first and swaps afterwards; a bad file leaves the old plan.
//! 6. **Errors are never entries.** A failing source changes nothing that
//!    subscribers see.
//! 7. **A story's published id never changes**, whatever its sources do to theirs.
//! 8. **The engine is a deterministic state machine.** The same turns give the same records, feed
//!    bodies, archive volumes and Last-Modified, however often the daemon published or was
//!    restarted in between, and however polls were grouped into turns.
//!
//! # One poll, step by step
//!
//! [`fetch::Agenda::start`] names a source that is due and whose origin is free.
//! `pipeline/reading.rs` fetches and parses it in a task of its own and
//! ends, whatever happens, in one [`model::Poll`]. From when bytes have come until what came of them
//! is committed the source is marked beside the store (`pipeline/work.rs`): if the process dies
//! of them, the next one knows of whose. The loop gathers the polls that
//! have ended (at once where one brings something, else while others are under way, for
//! milliseconds) and gives them to the engine as one [`engine::Turn`]: it looks up every story that
//! shares a key with any of their entries, judges the polls in their order
//! ([`dedup::judge()`]), records each outcome and the next due time
//! ([`fetch::settle`]), finds the topics of every story that changed, closes the volumes of
//! archives that are due, and returns one commit. When that is durable, [`pipeline::Editor::publish`] renders what changed onto
//! the shelf: at once where nothing else is coming, else with what other polls change.
//!
//! The pages of entries are read on the way. What one poll leaves, and whether pages still stand, is
//! seen to in rounds ([`model::RecheckRound`]); where no document came, a poll brings what is stored of the
//! source with what its pages say now ([`model::Recheck`]).
//!
//! # One push, step by step
//!
//! Where the plan has hubs call, [`fetch::websub`] says which hub of which source is to be
//! asked when; `pipeline/push.rs` enters that on the same agenda, stores the subscription, and
//! asks. The hub calls back through [`publish`]'s server, which holds what comes and
//! answers at once; the loop has it checked and parsed, and it goes the way of a poll,
//! as an [`model::Outcome::Pushed`].
//!
//! # One subscriber, step by step
//!
//! A request to our own hub comes to the server, which reads it ([`publish::hub`]) and has
//! the loop see to it; `pipeline/hub.rs` has the callback's host looked up, keeps the
//! [`model::Subscriber`] in the store and has the callback asked whether it is meant. After every change of the shelf the loop
//! looks for whoever has another feed than stands there, and has them sent it.
//!
//! # One reload, step by step
//!
//! A signal or `gazetted reload` has [`config::Plan::load`] compile the file. With
//! problems, they are logged and nothing else happens. A plan goes through the
//! loop's request channel to the engine and is in force with its turn: the feeds are rendered
//! anew, and paths of topics that are gone answer 410. Topics whose
//! [`model::TopicVersion`] is new are filled from the stored stories, a slice between two
//! events, and published as they stood until then.

pub mod model;

pub mod cancel;

mod markup;

mod dom_cost;

mod tokenize;

pub mod clock;

pub mod fair_queue;

pub mod control_characters;

pub mod fetch;

pub mod parse;

pub mod enrich;

pub mod dedup;

pub mod topics;

pub mod store;

pub mod publish;

pub mod config;

pub mod engine;

pub mod pipeline;

pub mod inquiry;

pub mod daemon;

pub mod control;

pub mod cli;
