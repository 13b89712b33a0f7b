//! Compiles the `[cluster]` table: how this machine works together with others.

use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;

use super::{Diagnostics, FileSpan};
use crate::config::ClusterPlan;
use crate::config::file;
use crate::config::gather::beside;
use crate::config::read::Read;
use crate::model::{NodeName, RULES_VERSION, Secret, Seed};
use crate::options::value::Id;

/// A secret of fewer characters can be guessed.
const SHORT: usize = 32;

impl Diagnostics<'_> {
    /// The cluster that this machine belongs to; `None` if it is alone.
    pub(super) fn cluster(&mut self, main: &Read) -> Option<Arc<ClusterPlan>> {
        let table = &main.config.cluster;
        let Some(first) = table.servers.first() else {
            if let Some((key, _)) = table.written().first() {
                let place = (0, main.place(&format!("cluster.{key}")));
                let help = "name the NATS servers in `servers`, or take [cluster] out";
                self.error(place, "`[cluster]` without `servers`: this machine is alone", help);
            }
            return None;
        };
        let whole = (0, first.span());
        if cfg!(not(feature = "cluster")) {
            let help = "install a gazetted that was built with it, or take [cluster] out";
            self.error(whole, "this gazetted was built without the feature `cluster`", help);
            return None;
        }
        if main.config.server.base_url.is_none() {
            let help = "set the address that readers use: it is the same on all nodes";
            self.error(whole.clone(), "`[cluster]` without `[server] base_url`", help);
        }
        let servers: Vec<String> =
            table.servers.iter().filter_map(|server| self.server_of_cluster(server)).collect();
        let node = self.node(table, main);
        let secret = self.cluster_secret(table, &whole);
        let nkey = table.nkey_file.as_ref().and_then(|file| self.seed_of_nkey(file));
        let certificate = match (&table.cert_file, &table.key_file) {
            (Some(certificate), Some(key)) => {
                Some((self.beside_main(certificate), self.beside_main(key)))
            }
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => {
                let help = "write both `cert_file` and `key_file`, or neither";
                self.error((0, one.span()), "a certificate and its key go together", help);
                None
            }
        };
        let (keep, timeout) = (table.keep, table.node_timeout);
        if keep < timeout {
            let place = (0, main.place("cluster.keep"));
            let help = "write days: nodes that were away for longer need a snapshot";
            self.error(place, "`keep` is shorter than `node_timeout`", help);
        }
        if table.snapshots.0.is_some_and(|interval| interval >= keep) {
            let place = (0, main.place("cluster.snapshots"));
            let help =
                "write less than `keep`: a snapshot is of use while the turns after it are kept";
            self.error(place, "`snapshots` is not shorter than `keep`", help);
        }
        Some(Arc::new(ClusterPlan {
            name: table.name.0.clone(),
            node: node?,
            servers,
            nkey,
            ca_file: table.ca_file.as_ref().map(|file| self.beside_main(file)),
            certificate,
            secret: secret?,
            rules: RULES_VERSION,
            polls: table.polls,
            node_timeout: timeout,
            keep,
            snapshots: table.snapshots.0,
            ready_lag: table.ready_lag,
        }))
    }

    fn beside_main(&self, path: &Spanned<PathBuf>) -> PathBuf {
        beside(&self.files[0].path, path.get_ref())
    }

    fn server_of_cluster(&mut self, server: &Spanned<String>) -> Option<String> {
        let text = server.get_ref();
        let known = ["nats", "tls"];
        let parsed = url::Url::parse(text).ok().filter(|url| known.contains(&url.scheme()));
        match parsed {
            Some(url) if url.host_str().is_some_and(|host| !host.is_empty()) => Some(text.clone()),
            _ => {
                let message = format!("`{text}` is not the address of a NATS server");
                let help = "write `\"tls://nats-1.example:4222\"`";
                self.error((0, server.span()), message, help);
                None
            }
        }
    }

    /// This machine's name, by default the first label of its host name.
    fn node(&mut self, table: &file::Cluster, main: &Read) -> Option<NodeName> {
        if let Some(node) = &table.node {
            return Some(NodeName::new(node.0.as_str()));
        }
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let label = host.trim().split('.').next().unwrap_or_default().to_ascii_lowercase();
        if let Ok(Id(node)) = label.parse() {
            return Some(NodeName::new(node));
        }
        let place = (0, main.place("cluster.servers"));
        let help = "set `node` to a name that no other machine of the cluster has";
        self.error(place, "the host name of this machine cannot be its name in the cluster", help);
        None
    }

    fn cluster_secret(&mut self, table: &file::Cluster, whole: &FileSpan) -> Option<Seed> {
        let help = "make one with `openssl rand -hex 32`, and give all nodes the same file";
        let Some(file) = &table.cluster_secret_file else {
            self.error(whole.clone(), "`[cluster]` without `cluster_secret_file`", help);
            return None;
        };
        let (path, text) = self.secret_text(0, file, help)?;
        let secret = text.trim();
        if secret.chars().count() < SHORT {
            let message = format!("{} holds fewer than {SHORT} characters", path.display());
            self.error((0, file.span()), message, help);
            return None;
        }
        Some(Seed::of(*blake3::hash(secret.as_bytes()).as_bytes()))
    }

    fn seed_of_nkey(&mut self, file: &Spanned<PathBuf>) -> Option<Secret> {
        let help =
            "the file holds the seed of an NKey, as `nk -gen user` prints it, on its one line";
        let (path, text) = self.secret_text(0, file, help)?;
        let seed = text.trim();
        if !is_seed_of_user(seed) {
            let message = format!("{} does not hold the seed of an NKey", path.display());
            self.error((0, file.span()), message, help);
            return None;
        }
        Some(seed.to_owned().into())
    }
}

/// Whether a text is the seed of a user's NKey.
#[cfg(feature = "cluster")]
fn is_seed_of_user(text: &str) -> bool {
    text.starts_with("SU") && nkeys::KeyPair::from_seed(text).is_ok()
}

/// Without clusters there is nothing to log in to, and the table is refused.
#[cfg(not(feature = "cluster"))]
fn is_seed_of_user(_: &str) -> bool {
    true
}
