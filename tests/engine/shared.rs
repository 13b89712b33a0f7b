//! The state that all nodes of a cluster share: a node's own settings do not change it, and an older
//! update of one node does not undo what another has recorded.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gazetted::config::Plan;
use gazetted::engine::Turn;
use gazetted::model::{
    FailureKind, SourceId, Subscriber, SubscriberId, SubscriptionMode, SubscriptionTerms,
};
use gazetted::websub::outbound::SubscriptionRequest;

use super::generator::{Generator, start};
use super::replay::config;
use super::sequenced::{Log, Replica, assigned_to, failed, plan};

const MINUTE: Duration = Duration::from_secs(60);

/// Compiles the plan of node `a` in a directory, where `token` is in the file of one source. `own`
/// are replacements in its configuration.
fn plan_with_token(directory: &Path, token: &str, own: &[(&str, &str)]) -> Arc<Plan> {
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    write("token", token);
    write("secret", &"0123456789abcdef".repeat(4));
    let source = "[[source]]\nid = \"guarded\"\nurl = \"https://guarded.example/feed\"\ntoken_file = \"token\"\n";
    let cluster = "[cluster]\nservers = [\"nats://localhost:1\"]\nnode = \"a\"\ncluster_secret_file = \"secret\"\n";
    let mut text = config("", source) + cluster;
    for (from, to) in own {
        assert!(text.contains(from), "{text}");
        text = text.replacen(from, to, 1);
    }
    Arc::new(Plan::load(&write("gazetted.toml", &text)).unwrap().plan)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_differs_between_nodes_changes_no_state() {
    let directory = tempfile::tempdir().unwrap();
    let [old, new] = ["the token of before", "the token of now"]
        .map(|token| plan_with_token(directory.path(), token, &[]));
    assert_eq!(old.shared, new.shared);
    let guarded = SourceId::new("guarded");
    let token = |plan: &Plan| plan.sources[&guarded].headers[0].1.reveal().to_owned();
    assert_ne!(token(&old), token(&new));
    let (mut a, mut b) = (Replica::new(&old).await, Replica::new(&new).await);
    let (mut log, at) = (Log::new(), start().after(MINUTE));
    let refused = |at| Turn::Polls(vec![failed("guarded", at, FailureKind::Forbidden, &old)]);
    for turn in [log.by("a", at, assigned_to("a", 1)), log.by("a", at, refused(at))] {
        a.apply(&turn).await;
        b.apply(&turn).await;
    }
    assert_eq!(a.digest(), b.digest());
    // A restart finds another token in the file. No turn says so to the others.
    a = a.restart_by(new).await;
    let later = at.after(60 * MINUTE);
    let turn = log.by("a", later, refused(later));
    a.apply(&turn).await;
    b.apply(&turn).await;
    assert_eq!(a.digest(), b.digest());
    let due = |of: &Replica| of.engine.with_source_state(&guarded, |state| state.next_poll);
    assert_eq!(due(&a), due(&b));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_node_alone_change_no_state() {
    const LISTENS: &str = "listen = \"127.0.0.1:0\"\n";
    let [first, second] = [
        "listen = \"127.0.0.1:0\"\noperators = \"127.0.0.1:9001\"\n",
        "listen = \"[::1]:8080\"\noperators = \"127.0.0.1:9002\"\nsecurity_contact = \"mailto:security@b.example\"\nconnections = 99\nhead_timeout = \"3s\"\n",
    ];
    let own: [&[(&str, &str)]; 2] = [
        &[(LISTENS, first)],
        &[
            (LISTENS, second),
            ("path = \"store\"", "path = \"elsewhere\"\ncache = \"20MiB\"\nbackups = \"never\""),
            ("node = \"a\"", "node = \"b\"\npolls = false\nready_lag = \"5m\""),
            ("[[topic]]", "[logging]\nfilter = \"debug\"\n[publish]\ndeltas = true\n[[topic]]"),
        ],
    ];
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let plans: Vec<Arc<Plan>> = directories
        .iter()
        .zip(&own)
        .map(|(directory, own)| plan_with_token(directory.path(), "a token", own))
        .collect();
    // The files of both nodes have the same place on their machines.
    let text = plans[0].shared.as_deref().unwrap();
    let second = Arc::new(Plan::of_shared(text, &plans[1]).unwrap().plan);
    assert_ne!(plans[0].server.operators, second.server.operators);
    let (mut a, mut b) = (Replica::new(&plans[0]).await, Replica::new(&second).await);
    let (mut log, mut generator) = (Log::new(), Generator::new(3));
    let mut turns = vec![log.by("a", start(), assigned_to("a", 1))];
    for count in 0..60 {
        let poll = generator.poll();
        turns.push(log.by("a", poll.at, Turn::Polls(vec![poll.clone()])));
        if count == 30 {
            turns.push(log.by("a", poll.at, Turn::Plan { plan: plans[0].clone(), at: poll.at }));
        }
    }
    for turn in turns {
        a.apply(&turn).await;
        let turn = match turn.turn {
            Some(Turn::Plan { at, .. }) => {
                let plan = second.clone();
                gazetted::engine::Sequenced { turn: Some(Turn::Plan { plan, at }), ..turn }
            }
            _ => turn,
        };
        b.apply(&turn).await;
        assert_eq!(a.digest(), b.digest(), "{:?}", turn.turn);
    }
    // Whether there is a listener for operators decides what readers see: all nodes have one.
    let without = plan_with_token(directories[1].path(), "a token", &[]);
    let refused = Plan::of_shared(text, &without).unwrap_err().to_string();
    assert!(refused.contains("operators"), "{refused}");
}

fn request(mode: SubscriptionMode, days: u64) -> SubscriptionRequest {
    let lease = Duration::from_secs(days * 24 * 3600);
    SubscriptionRequest {
        topic: "https://feeds.example/topics/all.atom".to_owned(),
        callback: "https://reader.example/callback".parse().unwrap(),
        terms: SubscriptionTerms { mode, secret: None, lease },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_our_hub_outlasts_an_older_update_of_its_subscriber() {
    use SubscriptionMode::{Subscribe, Unsubscribe};
    let mut replica = Replica::new(&plan("entries = 5")).await;
    let (mut log, at) = (Log::new(), start().after(MINUTE));
    replica.apply(&log.by("a", at, assigned_to("a", 1))).await;
    let first = request(Subscribe, 1);
    let id = SubscriberId::of(&first.topic, &first.callback);
    let subscriber = |replica: &Replica| replica.engine.subscribers().get(&id).cloned();
    let asked = |request: &SubscriptionRequest| Turn::SubscriptionRequested {
        requests: vec![(request.clone(), 7)],
        at,
    };
    let updated =
        |updated: Option<Subscriber>, answered: &[&SubscriptionRequest]| Turn::SubscribersUpdated {
            removed: if updated.is_none() { vec![id] } else { Vec::new() },
            updated: updated.into_iter().collect(),
            answered: answered.iter().map(|one| (id, one.terms.clone())).collect(),
            at,
        };
    replica.apply(&log.by("b", at, asked(&first))).await;
    let confirmed = first.confirmed(&subscriber(&replica).unwrap(), at);

    // The leader has the first request confirmed, and meanwhile b records a renewal.
    let renewal = request(Subscribe, 9);
    replica.apply(&log.by("b", at, asked(&renewal))).await;
    replica.apply(&log.by("a", at, updated(Some(confirmed), &[&first]))).await;
    let known = subscriber(&replica).unwrap();
    assert!(known.is_confirmed());
    assert_eq!(known.asked, Some(renewal.terms.clone()), "it is still to be verified");

    // The same with a delivery that ends while an unsubscription comes.
    let leaving = request(Unsubscribe, 9);
    replica.apply(&log.by("b", at, asked(&leaving))).await;
    replica.apply(&log.by("a", at, updated(Some(known.clone()), &[]))).await;
    assert_eq!(subscriber(&replica).unwrap().asked, Some(leaving.terms.clone()));

    // A callback that answers 410 to a delivery while it subscribes anew.
    replica.apply(&log.by("b", at, asked(&first))).await;
    replica.apply(&log.by("a", at, updated(None, &[]))).await;
    let left = subscriber(&replica).unwrap();
    assert_eq!((left.is_confirmed(), left.asked.as_ref()), (false, Some(&first.terms)));

    // An answered request leaves nothing, and neither does an unsubscription of what has ended.
    replica.apply(&log.by("a", at, updated(None, &[&first]))).await;
    assert_eq!(subscriber(&replica), None);
    replica.apply(&log.by("b", at, asked(&leaving))).await;
    replica.apply(&log.by("a", at, updated(None, &[]))).await;
    assert_eq!(subscriber(&replica), None);
}
