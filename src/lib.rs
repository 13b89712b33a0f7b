//! gazetted reads many departments' feeds, recognises when several of them announce the same
//! thing, and publishes a few trustworthy topic feeds.
//!
//! This page is the map. The `mod` lines below follow the order of the flow.
//!
//! # The flow
//!
//! ```text
//!  agenda ──due──> poll: fetch ─> parse ─> enrich        (many at once; read and compute only)
//!                           │ a turn
//!                           ▼
//!  new plan, ──> engine: dedup ─> topics ─> retention ─> archive ─> commit ─> render ─> cache ──> server
//!  hub messages             (one at a time: the only writer)                     (readers never wait)
//! ```
//!
//! The server answers readers on its own threads. Everything else runs on background threads,
//! which give way to them ([`daemon::Background`]).
//!
//! A **source** is read as a **document** of **entries**. Entries about one thing make a
//! **story**: one entry leads it, the others are its **copies**. A **topic** is a query over
//! stories; as published it is a **feed**. A **poll** is one attempt to read a source, and the
//! **agenda** is the schedule of polls. A compiled configuration is a **plan**. A **turn** is
//! anything from outside that changes the store.
//!
//! # The modules
//!
//! | module | does |
//! |---|---|
//! | [`model`] | the plain data that passes between stages |
//! | [`announcement`] | separates an announcement's text from what surrounds it |
//! | [`cancel`], [`charset`], [`control_characters`], [`dom_cost`], [`marked_line`], [`markup`], [`options`], [`tokenize`], [`websub`] | leaf libraries without I/O that several stages share |
//! | [`clock`] | the one clock |
//! | [`fair_queue`] | shares expensive work fairly between clients |
//! | [`fetch`] | fetches documents and decides when to ask next |
//! | [`parse`] | reads a document into clean entries |
//! | [`enrich`] | adds an entry's full text from its page |
//! | [`dedup`] | decides which story an entry belongs to |
//! | [`topics`] | decides which topics a story is in, and why |
//! | [`store`] | keeps everything through restarts |
//! | [`publish`] | renders feeds and pages, and serves them |
//! | [`config`] | compiles the configuration into a plan |
//! | [`engine`] | applies a turn: the one commit, and the feeds it touched |
//! | [`stream`] | the one order of all turns: in memory, or shared by the nodes of a cluster |
//! | [`pipeline`] | the core loop, which connects all stages |
//! | [`inquiry`] | answers questions about the stored data |
//! | [`daemon`] | starts and stops the daemon's parts |
//! | [`control`] | commands of an operator over a Unix socket |
//! | [`cli`] | the command line, one command a file |
//!
//! # Invariants, each held by a test
//!
//! 1. **One writer.** Polls run side by side and change nothing; one loop applies turns, commits
//!    and publishes.
//! 2. **Stages do not know each other.** `fetch`, `parse`, `enrich`, `dedup`, `topics`,
//!    `store` and `publish` share only `model` and the leaves, which do no I/O.
//! 3. **Deciding is pure.** Schedule, identity, matching and rendering take values, `now` among
//!    them, and return values. Only [`clock::Clock`] reads the wall clock.
//! 4. **One commit a turn.** Validators, schedule, stories, keys, topic places, archive volumes
//!    and Last-Modified go in together or not at all; polls that end together share a turn.
//!    Applying a document twice changes nothing.
//! 5. **Configuration cannot fail after [`config::Plan`].** A reload compiles first and swaps
//!    afterwards; a bad file leaves the old plan in force.
//! 6. **Errors are never entries.** A failing source changes nothing that subscribers see.
//! 7. **A story's published ID never changes**, whatever its sources do to theirs.
//! 8. **The engine is a deterministic state machine.** The same turns give the same records, feed
//!    bodies, archive volumes and Last-Modified, however often the daemon published or was
//!    restarted in between, and however polls were grouped into turns.
//!
//! # One poll, step by step
//!
//! [`fetch::Agenda::start`] names a source that is due and whose origin is free.
//! `pipeline/read_source.rs` fetches and parses it in a task of its own. Whatever happens, the
//! task ends in one [`model::Poll`]. While its bytes are read, the source is marked beside the
//! store (`pipeline/crash_marks.rs`): if the process dies of them, the next start knows the
//! source. The loop collects the polls that have ended and gives them to the engine as one
//! [`engine::Turn`]. The engine looks up every story that shares a key with an entry, decides
//! where the entries belong ([`dedup::judge()`]), records each outcome and the next due time
//! ([`fetch::record_poll`]), finds the topics of every changed story, closes the archive volumes that
//! are due, and returns one commit. Once that is durable,
//! [`pipeline::EngineDriver::publish`] renders the changed feeds: at once if nothing else is
//! coming, else together with the changes of other polls.
//!
//! The pages of entries are fetched on the way. Pages that were left over, and pages that are to be
//! checked again, are visited in rounds ([`model::RecheckRound`]). Without a new document, a poll
//! brings the source's stored entries with the text of their pages ([`model::Recheck`]).
//!
//! # One push, step by step
//!
//! Where the plan lets hubs call, [`websub::inbound`] decides which source's hub is asked and
//! when. `pipeline/websub/inbound.rs` enters the request on the agenda, stores the subscription
//! and asks. The hub calls back through the server, which queues a delivery and answers at once.
//! The loop has it checked and parsed, and it is applied like a poll, as a
//! [`model::Outcome::Pushed`].
//!
//! # One subscriber, step by step
//!
//! The server reads a request to our own hub ([`websub::outbound`]) and passes it to the loop.
//! `pipeline/websub/verification.rs` looks the callback's host up, stores the
//! [`model::Subscriber`] and asks the callback to confirm. After every change of the published
//! feeds the loop sends them to the subscribers whose last delivery differs.
//!
//! # One reload, step by step
//!
//! A signal or `gazetted reload` has [`config::Plan::load`] compile the file. Problems are logged,
//! and nothing else happens. A plan goes through the loop's request channel to the engine and is
//! in force with its turn: the feeds are rendered anew, and paths of removed topics answer 410.
//! Topics with a new [`model::TopicVersion`] are filled from the stored stories in slices, and
//! are served unchanged until then.

//!
//! # One turn in a cluster, step by step
//!
//! On one machine, [`stream::Stream`] is a queue that moves a turn. With `[cluster]`, the loop
//! appends it to a stream on NATS servers and applies everything up to it, other nodes' turns among
//! them ([`engine::Engine::apply_sequenced`]). The commit holds the sequence, so a restart goes on
//! behind it. [`stream::membership`] finds the leader, which assigns the sources to nodes with a
//! turn. Polls by a node that does not own their source change nothing, and a node gives its polls
//! up before another may begin: [`stream::polling_right`] has the times.

pub mod model;

pub mod cancel;

pub mod websub;

mod charset;

mod marked_line;

mod markup;

mod dom_cost;

mod tokenize;

pub mod options;

pub mod clock;

pub mod fair_queue;

pub mod control_characters;

pub mod announcement;

pub mod fetch;

pub mod parse;

pub mod enrich;

pub mod dedup;

pub mod topics;

pub mod store;

pub mod publish;

pub mod config;

pub mod engine;

pub mod stream;

pub mod pipeline;

pub mod inquiry;

pub mod daemon;

pub mod control;

pub mod cli;
