//! Tests that a daemon whose threads never come back reports it to its supervisors.

use std::fs;

use super::preload;
use super::support::{configured, source, until};
use crate::support::binary::{Gazetted, Launched};
use crate::support::http::get;
use crate::support::site::{Answer, Site};
use crate::support::world::atom;

/// More than there are threads that poll.
const SITES: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn when_polls_do_not_go_on_the_daemon_says_so() {
    let mut config = configured("timeout = \"1s\"\nconnect_timeout = \"1s\"", "");
    let mut sites = Vec::new();
    for n in 0..SITES {
        let (site, id) = (Site::start().await, format!("source-{n}"));
        site.document(
            &format!("/{id}"),
            atom(&[(&id, "https://a.example/", "Crime", "2025-04-02T11:05:00Z")]),
        );
        config += &source(&site, &id, "1s");
        sites.push(site);
    }
    let gazetted = Gazetted::with(&config);
    let stuck = gazetted.path().join("stuck");
    let mut command = gazetted.command(&["run"]);
    preload::on("stuck", &mut command);
    command.env("STUCK", &stuck);
    let mut daemon = Launched::by(command).listening();
    daemon.logged("\"news\"");
    assert_eq!(get(daemon.address, "/healthz").status, 200);

    fs::write(&stuck, "").unwrap();
    // What is connected already stays so; whoever hangs up has to be connected to anew.
    for (n, site) in sites.iter().enumerate() {
        site.answer(&format!("/source-{n}"), |_| Answer::hang_up());
    }
    let why = until("it says that polls do not go on", || {
        let health = get(daemon.address, "/healthz");
        (health.status == 503).then(|| health.text().to_owned())
    });
    assert!(why.contains("none has begun or ended"), "{why}");
    assert_eq!(get(daemon.address, "/readyz").status, 503);
    assert_eq!(get(daemon.address, "/topics/all.atom").status, 200, "readers are served on");
    daemon.logged("\"stalled\"");
    daemon.signal("KILL");
    daemon.ended();
}
