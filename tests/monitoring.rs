//! Tests that the files for Prometheus and Grafana fit the metrics of the daemon.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;

use serde_json::Value;

use crate::support::binary::Gazetted;
use crate::support::http::get;

const DASHBOARD: &str = include_str!("../config/monitoring/grafana-dashboard.json");
const ALERTS: &str = include_str!("../config/monitoring/alerts.yml");

/// The names of the samples that a daemon exposes which has polled and been read.
fn exposed() -> BTreeSet<String> {
    let demo = Gazetted::demo();
    let daemon = demo.start();
    demo.succeed(&["poll"]);
    get(daemon.address, "/topics/sanctions.atom");
    let metrics = String::from_utf8(get(daemon.address, "/metrics").body).unwrap();
    let samples = metrics.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

/// The names of the samples that a node of a cluster exposes beside these.
pub const OF_A_NODE: [&str; 10] = [
    "gazetted_node_diverged",
    "gazetted_node_is_leader",
    "gazetted_node_partitions",
    "gazetted_stream_append_seconds_bucket",
    "gazetted_stream_append_seconds_count",
    "gazetted_stream_append_seconds_sum",
    "gazetted_stream_dropped_polls_total",
    "gazetted_stream_lag_seconds",
    "gazetted_stream_lag_turns",
    "gazetted_stream_sequence",
];

/// The names of our metrics that a text speaks of.
fn named(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_name(c));
    words.filter(|word| word.starts_with("gazetted_")).map(str::to_owned).collect()
}

/// Every expression of the dashboard, with the panel it is of.
fn expressions(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| {
        let title = panel["title"].as_str().unwrap();
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(move |target| (title.to_owned(), target["expr"].as_str().unwrap().to_owned()))
    });
    targets.collect()
}

#[test]
fn the_dashboard_and_the_alerts_speak_of_metrics_that_exist() {
    let mut exposed = exposed();
    let of_a_node = OF_A_NODE.map(str::to_owned);
    assert!(of_a_node.iter().all(|name| !exposed.contains(name)), "a machine alone shows none");
    exposed.extend(of_a_node);
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let shown: String = expressions(&dashboard).into_iter().map(|(_, expr)| expr + "\n").collect();
    for (file, text) in [("grafana-dashboard.json", &*shown), ("alerts.yml", ALERTS)] {
        let named = named(text);
        assert!(named.len() > 5, "{file}: {named:?}");
        let unknown: Vec<_> = named.difference(&exposed).collect();
        assert!(unknown.is_empty(), "{file} speaks of {unknown:?}; there are {exposed:#?}");
    }
    // A histogram is three samples to a name, and is shown by its buckets.
    let is_part = |name: &str| name.ends_with("_sum") || name.ends_with("_count");
    let unseen: Vec<_> =
        exposed.iter().filter(|name| !is_part(name) && !shown.contains(&**name)).collect();
    assert!(unseen.is_empty(), "no panel shows {unseen:?}");
}

#[test]
fn no_two_panels_of_the_dashboard_lie_upon_each_other() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let (mut cells, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel:#}");
        let [x, y, w, h] =
            ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24, "{panel:#}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(cells.insert(cell), "{panel:#}");
        }
    }
}

/// promtool's word on a file of rules.
fn promtool(rules: &str) {
    let mut file = tempfile::Builder::new().suffix(".yml").tempfile().unwrap();
    file.write_all(rules.as_bytes()).unwrap();
    let output = Command::new("promtool").args(["check", "rules"]).arg(file.path()).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}\n{rules}");
}

#[test]
#[ignore = "needs promtool (Debian package prometheus)"]
fn prometheus_takes_the_alerts_and_every_expression_of_the_dashboard() {
    promtool(ALERTS);
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let rules: Vec<Value> = expressions(&dashboard)
        .into_iter()
        .enumerate()
        .map(|(number, (_, expression))| {
            // Grafana puts the interval in; it has nothing to do with what is asked.
            let expression = expression.replace("$__rate_interval", "5m");
            serde_json::json!({ "record": format!("panel:{number}"), "expr": expression })
        })
        .collect();
    // JSON is YAML.
    let groups = serde_json::json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    promtool(&groups.to_string());
}
