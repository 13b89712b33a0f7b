//! Writes the part of a configuration that the nodes of a cluster share, and adds a node's own part.
//!
//! The shared part is everything that decides what is in the store and what is published. A node
//! adds its own part: where it listens, where its store is, its keys and its logging.

use std::path::{Path, PathBuf};

use toml::Spanned;

use super::file::{self, Config};
use super::gather::beside;
use super::read::Read;
use super::text::File;
use crate::options::Table;
use crate::publish::{self, Address};

/// Stands for the address of an operators' listener: all nodes have one, or none.
const OPERATORS: ([u8; 4], u16) = ([127, 0, 0, 1], 1);

/// The options that all nodes share, as a configuration file.
pub(super) fn text_of(files: &[File], parts: &[Read]) -> String {
    let mut shared = Config::default();
    for (file, part) in files.iter().zip(parts) {
        let config = part.config.clone();
        let at = |path: &PathBuf| absolute(&file.path, path);
        let sources = config.source.into_iter().map(|mut source| {
            let inner = source.get_mut();
            for path in [&mut inner.file, &mut inner.password_file, &mut inner.token_file] {
                *path = path.as_ref().map(|path| Spanned::new(path.span(), at(path.get_ref())));
            }
            // As the compiler resolves it: a relative file is beside the file that names it.
            if let Some(url) = &mut inner.url
                && let Some(path) = url.get_ref().strip_prefix("file:")
                && !path.starts_with('/')
            {
                let path = at(&PathBuf::from(path));
                *url = Spanned::new(url.span(), format!("file:{}", path.display()));
            }
            source
        });
        shared.source.extend(sources);
        shared.topic.extend(config.topic);
        shared.story.extend(config.story);
        shared.vocabulary.extend(config.vocabulary);
    }
    if let Some(main) = parts.first() {
        let config = &main.config;
        shared.language = config.language.clone();
        shared.other_languages = config.other_languages.clone();
        shared.join_spellings = config.join_spellings;
        shared.defaults = config.defaults.clone();
        shared.polling = config.polling.clone();
        shared.parsing = config.parsing.clone();
        shared.hub = config.hub.clone();
        shared.reload = config.reload;
        shared.store.keep = config.store.keep;
        shared.store.stories = config.store.stories;
        shared.store.keep_keys = config.store.keep_keys;
        shared.server.base_url = config.server.base_url.clone();
        shared.server.title = config.server.title.clone();
        shared.server.authority = config.server.authority.clone();
        shared.server.operators =
            config.server.operators.as_ref().map(|_| Address::Net(OPERATORS.into()));
        shared.publish.max_feed = config.publish.max_feed;
    }
    let defaults = Config::default().write_options().into_iter();
    let written = shared.write_options().into_iter().zip(defaults);
    let differing =
        written.filter(|((_, value), (_, default))| value != default && !value.is_empty());
    differing.map(|((name, value), _)| format!("{name} = {value}\n")).collect()
}

/// The tables of the main file that hold what belongs to this node.
#[derive(Debug, Clone)]
pub(super) struct Local {
    store: file::Store,
    pub(super) server: publish::Settings,
    access: file::Keys,
    logging: file::Logging,
    publish: file::Publish,
    cluster: file::Cluster,
}

impl Local {
    pub(super) fn of(main: &Config) -> Self {
        let Config { store, server, access, logging, publish, cluster, .. } = main;
        Self {
            store: store.clone(),
            server: server.clone(),
            access: access.clone(),
            logging: logging.clone(),
            publish: publish.clone(),
            cluster: cluster.clone(),
        }
    }
}

/// Fills a shared configuration with what belongs to this node. Places in the node's file mean
/// nothing in the shared text, so they are left out.
pub(super) fn add_local(shared: &mut Config, local: Local) {
    let Local { store, server, access, logging, publish, cluster } = local;
    shared.store.path = store.path;
    shared.store.cache = store.cache;
    shared.store.min_free = store.min_free;
    shared.store.backups = store.backups;
    shared.server.listen = server.listen;
    // Whether there is such a listener decides what readers are shown.
    shared.server.operators = shared.server.operators.as_ref().and(server.operators);
    shared.server.security_contact = server.security_contact;
    shared.server.connections = server.connections;
    shared.server.connections_per_address = server.connections_per_address;
    shared.server.proxies = server.proxies;
    shared.server.head_timeout = server.head_timeout;
    shared.server.idle_timeout = server.idle_timeout;
    shared.server.write_timeout = server.write_timeout;
    shared.server.drain_timeout = server.drain_timeout;
    let nowhere = |path: Spanned<PathBuf>| Spanned::new(0..0, path.into_inner());
    shared.access.keys_file = access.keys_file.map(nowhere);
    shared.logging = logging;
    shared.publish.directory = publish.directory;
    shared.publish.private =
        publish.private.into_iter().map(|id| Spanned::new(0..0, id.into_inner())).collect();
    shared.publish.deltas = publish.deltas;
    shared.cluster = cluster;
    shared.cluster.forget_places();
}

/// A path that means the same beside any file.
fn absolute(file: &Path, path: &Path) -> PathBuf {
    if path.starts_with("$CREDENTIALS_DIRECTORY") {
        return path.to_owned();
    }
    let path = beside(file, path);
    std::path::absolute(&path).unwrap_or(path)
}
