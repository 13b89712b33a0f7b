//! Snapshots on the NATS servers: backups of nodes, sealed, from which new nodes begin.
//!
//! A snapshot is an object of the bucket `gz-NAME-snapshots`. It consists of parts of one length, each
//! sealed for its place, so that it can be written and read part by part, and neither be altered nor cut
//! short. The servers remove it when the turns after it are gone, too.

use std::io;
use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::object_store::{self, ObjectInfo, ObjectMetadata, ObjectStore};
use async_nats::jetstream::stream::StorageType;
use bytes::Bytes;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::io::StreamReader;

use super::connection::Connection;
use crate::model::{NodeName, Timestamp};
use crate::stream::codec::Codec;

/// How many snapshots are kept.
const KEPT: usize = 3;

/// Bytes of a part before it is sealed.
const PART: usize = 1 << 20;

/// The most bytes of a part as it is stored.
const MOST_OF_A_PART: u32 = PART as u32 + 256;

/// How long a transfer may stand still.
const STALLED: Duration = Duration::from_secs(30);

/// The key of an object's metadata that holds the [`Snapshot`].
const METADATA: &str = "gazetted";

/// A snapshot on the servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The last sequence that is applied in it.
    pub sequence: u64,
    /// The ID of the stream.
    pub genesis: String,
    /// The rules version in force.
    pub rules: u32,
    /// The node that wrote it.
    pub node: NodeName,
    /// When it was written, by that node's clock.
    pub made: Timestamp,
    /// Its stories.
    pub stories: u64,
}

/// The bucket of a cluster's snapshots.
#[derive(Clone)]
pub struct Snapshots {
    bucket: ObjectStore,
    codec: Codec,
    genesis: String,
}

impl Snapshots {
    /// The bucket of the stream that begins with `genesis`; `None` if there is none yet.
    ///
    /// # Errors
    /// The servers do not answer, or refuse.
    pub async fn find(connection: &Connection, genesis: &str) -> Result<Option<Self>, String> {
        let name = bucket_name(connection);
        let found = timeout(super::ANSWER, connection.context().get_object_store(&name));
        match found.await.map_err(|_| "no answer in time".to_owned())? {
            Ok(bucket) => Ok(Some(Self::of(connection, genesis, bucket))),
            Err(_) if is_missing(connection, &name).await => Ok(None),
            Err(error) => Err(format!("the bucket {name} cannot be read: {error}")),
        }
    }

    /// The same, made if there is none yet.
    ///
    /// # Errors
    /// The servers do not answer, or refuse.
    pub async fn open(connection: &Connection, genesis: &str) -> Result<Self, String> {
        if let Some(found) = Self::find(connection, genesis).await? {
            return Ok(found);
        }
        let plan = connection.plan();
        let config = object_store::Config {
            bucket: bucket_name(connection),
            description: Some(format!("snapshots of the cluster {}", plan.name)),
            max_age: plan.keep,
            storage: StorageType::File,
            num_replicas: connection.replicas(),
            ..object_store::Config::default()
        };
        let created = timeout(super::ANSWER, connection.context().create_object_store(config));
        let bucket = created.await.map_err(|_| "no answer in time".to_owned())?;
        let bucket = bucket.map_err(|error| {
            format!("the bucket {} cannot be made: {error}", bucket_name(connection))
        })?;
        Ok(Self::of(connection, genesis, bucket))
    }

    fn of(connection: &Connection, genesis: &str, bucket: ObjectStore) -> Self {
        let codec = connection.of_stream(genesis).codec().clone();
        Self { bucket, codec, genesis: genesis.to_owned() }
    }

    /// All snapshots of this stream, the oldest first.
    ///
    /// # Errors
    /// The servers do not answer.
    pub async fn list(&self) -> Result<Vec<Snapshot>, String> {
        let list = async {
            let found: Vec<ObjectInfo> =
                self.bucket.list().await.map_err(show)?.try_collect().await.map_err(show)?;
            Ok::<_, String>(found)
        };
        let found = timeout(STALLED, list).await.map_err(|_| "no answer in time".to_owned())??;
        let mut snapshots: Vec<Snapshot> = found
            .iter()
            .filter(|object| !object.deleted)
            .filter_map(|object| serde_json::from_str(object.metadata.get(METADATA)?).ok())
            .filter(|snapshot: &Snapshot| snapshot.genesis == self.genesis)
            .collect();
        snapshots.sort_by_key(|snapshot| snapshot.sequence);
        Ok(snapshots)
    }

    /// Stores a backup as a snapshot, and then removes what is superfluous.
    ///
    /// # Errors
    /// The file cannot be read, or the servers do not take it.
    pub async fn put(&self, snapshot: &Snapshot, backup: &Path) -> Result<(), String> {
        let (parts, mut read) = mpsc::channel::<io::Result<Bytes>>(2);
        let (codec, name) = (self.codec.clone(), name_of(snapshot));
        let file = backup.to_owned();
        let place = name.clone();
        let sealing = tokio::task::spawn_blocking(move || {
            if let Err(error) = seal_parts(&codec, &place, &file, |part| {
                parts.blocking_send(Ok(part)).map_err(|_| io::ErrorKind::BrokenPipe.into())
            }) {
                let _ = parts.blocking_send(Err(error));
            }
        });
        let stream = futures_util::stream::poll_fn(|context| read.poll_recv(context));
        let mut reader = StreamReader::new(stream);
        let metadata = serde_json::to_string(snapshot).map_err(show)?;
        let object = ObjectMetadata {
            name,
            metadata: [(METADATA.to_owned(), metadata)].into(),
            ..ObjectMetadata::default()
        };
        // Each part of it has its own time limit.
        let put = self.bucket.put(object, &mut reader).await.map_err(show);
        drop(reader);
        drop(read);
        let _ = sealing.await;
        put?;
        let all = self.list().await?;
        for superfluous in &all[..all.len().saturating_sub(KEPT)] {
            self.bucket.delete(name_of(superfluous)).await.map_err(show)?;
        }
        Ok(())
    }

    /// Writes the backup of a snapshot to a file.
    ///
    /// # Errors
    /// The servers do not give it, it is not sealed with this cluster's secret, or the file cannot be written.
    pub async fn fetch(&self, snapshot: &Snapshot, file: &mut File) -> Result<(), String> {
        let name = name_of(snapshot);
        let mut object = self.bucket.get(&name).await.map_err(show)?;
        let mut number = 0;
        loop {
            let part = timeout(STALLED, read_part(&mut object));
            let sealed = part.await.map_err(|_| "no answer in time".to_owned())??;
            let (bytes, is_last) = open_part(&self.codec, &name, number, &sealed)?;
            file.write_all(&bytes).await.map_err(show)?;
            number += 1;
            if is_last {
                return file.sync_all().await.map_err(show);
            }
        }
    }
}

fn show(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn bucket_name(connection: &Connection) -> String {
    format!("{}-snapshots", connection.stream_name())
}

/// Whether the servers answer that there is no such bucket.
async fn is_missing(connection: &Connection, bucket: &str) -> bool {
    use async_nats::jetstream::ErrorCode;
    use async_nats::jetstream::context::GetStreamErrorKind;
    let found = connection.context().get_stream(format!("OBJ_{bucket}")).await;
    found.is_err_and(|error| match error.kind() {
        GetStreamErrorKind::JetStream(error) => error.error_code() == ErrorCode::STREAM_NOT_FOUND,
        _ => false,
    })
}

/// An object's name, by which snapshots of one stream are in their order.
fn name_of(snapshot: &Snapshot) -> String {
    format!("{}-{:020}", snapshot.genesis, snapshot.sequence)
}

/// Where a part belongs. Nothing but the last part of a snapshot can end it.
fn seal_place<'a>(name: &'a str, number: &'a [u8; 8], is_last: bool) -> [&'a [u8]; 4] {
    let end: &[u8] = if is_last { b"last" } else { b"more" };
    [b"snapshot", name.as_bytes(), number, end]
}

/// Seals a file in parts, each with its length before it.
fn seal_parts(
    codec: &Codec,
    name: &str,
    file: &Path,
    mut take: impl FnMut(Bytes) -> io::Result<()>,
) -> io::Result<()> {
    use std::io::Read;
    let file = std::fs::File::open(file)?;
    let length = file.metadata()?.len();
    let mut file = file.take(length);
    let parts = length.div_ceil(PART as u64).max(1);
    for number in 0..parts {
        let mut part = Vec::with_capacity(PART);
        Read::by_ref(&mut file).take(PART as u64).read_to_end(&mut part)?;
        let sealed = codec
            .seal(part, &seal_place(name, &number.to_le_bytes(), number + 1 == parts))
            .map_err(io::Error::other)?;
        let mut framed = Vec::with_capacity(4 + sealed.len());
        framed.extend(u32::try_from(sealed.len()).map_err(io::Error::other)?.to_le_bytes());
        framed.extend(sealed);
        take(framed.into())?;
    }
    Ok(())
}

/// Reads a sealed part.
async fn read_part(object: &mut (impl tokio::io::AsyncRead + Unpin)) -> Result<Vec<u8>, String> {
    let length = object.read_u32_le().await.map_err(cut_short)?;
    if length > MOST_OF_A_PART {
        return Err("the snapshot is damaged".to_owned());
    }
    let mut sealed = vec![0; length as usize];
    object.read_exact(&mut sealed).await.map_err(cut_short)?;
    Ok(sealed)
}

fn cut_short(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the snapshot is cut short".to_owned(),
        _ => error.to_string(),
    }
}

/// Opens a part; also whether it is the last one.
fn open_part(
    codec: &Codec,
    name: &str,
    number: u64,
    sealed: &[u8],
) -> Result<(Vec<u8>, bool), String> {
    let number = number.to_le_bytes();
    if let Ok(bytes) = codec.open(sealed, &seal_place(name, &number, false)) {
        return Ok((bytes, false));
    }
    let bytes = codec.open(sealed, &seal_place(name, &number, true)).map_err(show)?;
    Ok((bytes, true))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::Seed;

    fn parts_of(codec: &Codec, name: &str, bytes: &[u8]) -> Vec<Bytes> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut parts = Vec::new();
        let took = seal_parts(codec, name, file.path(), |part| {
            parts.push(part);
            Ok(())
        });
        took.unwrap();
        parts
    }

    async fn opened(codec: &Codec, name: &str, stored: &[u8]) -> Result<Vec<u8>, String> {
        let (mut stored, mut bytes, mut number) = (stored, Vec::new(), 0);
        loop {
            let sealed = read_part(&mut stored).await?;
            let (part, is_last) = open_part(codec, name, number, &sealed)?;
            bytes.extend(part);
            number += 1;
            if is_last {
                return Ok(bytes);
            }
        }
    }

    #[tokio::test]
    async fn a_snapshot_is_read_as_it_was_sealed_or_not_at_all() {
        let codec = Codec::new(&Seed::of([7; 32]), "g");
        let of_length = |length: usize| (0..length).map(|n| (n % 251) as u8).collect::<Vec<_>>();
        for length in [0, 1, PART - 1, PART, PART + 1, 2 * PART] {
            let bytes = of_length(length);
            let parts = parts_of(&codec, "s", &bytes);
            assert_eq!(opened(&codec, "s", &parts.concat()).await.as_ref(), Ok(&bytes), "{length}");
        }
        let parts = parts_of(&codec, "s", &of_length(3 * PART));
        let [one, two, three] = [0, 1, 2].map(|n| parts[n].to_vec());
        for (what, stored) in [
            ("cut between parts", [&one[..], &two].concat()),
            ("cut within one", [&one[..], &two, &three[..100]].concat()),
            ("exchanged", [&two[..], &one, &three].concat()),
            ("left out", [&one[..], &three].concat()),
            ("repeated", [&one[..], &one, &two, &three].concat()),
            ("altered", [&one[..200], &[one[200] ^ 1], &one[201..], &two, &three].concat()),
            ("endless", u32::MAX.to_le_bytes().to_vec()),
        ] {
            assert!(opened(&codec, "s", &stored).await.is_err(), "{what}");
        }
        assert!(opened(&codec, "another", &parts.concat()).await.is_err());
        let other = Codec::new(&Seed::of([7; 32]), "former");
        assert!(opened(&other, "s", &parts.concat()).await.is_err());
    }
}
