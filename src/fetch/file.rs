//! A path and what is remembered of it in; the file, read again only when it changed, out.

use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use tokio::io::AsyncReadExt;
use xxhash_rust::xxh3::xxh3_64;

use super::Fetched;
use crate::model::{
    Document, Failure, FailureKind, Freshness, Memory, Source, Timestamp, Validators,
};

/// Reads the file unless its time and size are the remembered ones. They are
/// kept where an ETag would be, so that a file is remembered like a web source.
pub(super) async fn read(
    source: &Source,
    path: &Path,
    memory: &Memory,
    most: u64,
    now: Timestamp,
) -> Result<Fetched, Failure> {
    let failed = |error: io::Error| {
        Failure::new(FailureKind::File, format!("{} cannot be read: {error}", path.display()))
    };
    let mut file = tokio::fs::File::open(path).await.map_err(failed)?;
    let metadata = file.metadata().await.map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::Error::other("it is a directory")));
    }
    let state = state_of(&metadata).map_err(failed)?;
    if memory.validators.etag.as_deref() == Some(&state) {
        return Ok(Fetched::Unchanged {
            validators: None,
            freshness: Freshness::default(),
            bytes: 0,
            moved: None,
            not_modified: true,
        });
    }

    let mut body = Vec::new();
    (&mut file).take(most.saturating_add(1)).read_to_end(&mut body).await.map_err(failed)?;
    if body.len() as u64 > most {
        let message = format!("{} has more than {most} bytes", path.display());
        return Err(Failure::new(FailureKind::TooLarge, message));
    }
    let validators = Validators { etag: Some(state), ..Validators::default() };
    let bytes = body.len() as u64;
    let hash = xxh3_64(&body);
    if memory.hash == Some(hash) {
        return Ok(Fetched::Unchanged {
            validators: Some(validators),
            freshness: Freshness::default(),
            bytes,
            moved: None,
            not_modified: false,
        });
    }
    Ok(Fetched::Document {
        document: Document {
            source: source.id.clone(),
            url: None,
            content_type: None,
            body: body.into(),
            at: now,
        },
        validators,
        freshness: Freshness::default(),
        bytes,
        hash,
        moved: None,
    })
}

/// The file's time in nanoseconds and its size: what changes when it is written.
fn state_of(metadata: &std::fs::Metadata) -> io::Result<Vec<u8>> {
    let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{}-{}", written.as_nanos(), metadata.len()).into_bytes())
}
