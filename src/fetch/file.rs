//! Reads a source from a file, again only when the file changed.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::UNIX_EPOCH;

use rustix::fs::OFlags;
use tokio::io::AsyncReadExt;
use xxhash_rust::xxh3::xxh3_64;

use super::Fetched;
use crate::model::{
    Document, Failure, FailureKind, Freshness, Source, SourceState, Timestamp, Unchanged,
    Validators,
};

/// Reads the file unless its time and size are the remembered ones. They are
/// kept where an ETag would be, so that a file is remembered like a web source.
pub(super) async fn read(
    source: &Source,
    path: &Path,
    source_state: &SourceState,
    most: u64,
    now: Timestamp,
) -> Result<Fetched, Failure> {
    let failed = |error: io::Error| {
        Failure::new(FailureKind::File, format!("{} cannot be read: {error}", path.display()))
    };
    let opened = {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || open_regular(&path)).await
    };
    let (file, metadata) = opened.map_err(io::Error::other).flatten().map_err(failed)?;
    let mut file = tokio::fs::File::from_std(file);
    let state = state_of(&metadata).map_err(failed)?;
    if source_state.validators.etag.as_deref() == Some(&state) {
        return Ok(Fetched::Unchanged(Unchanged { not_modified: true, ..Unchanged::default() }));
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
    if source_state.hash == Some(hash) {
        return Ok(Fetched::Unchanged(Unchanged {
            validators: Some(validators),
            bytes,
            ..Unchanged::default()
        }));
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
        is_damaged: false,
    })
}

/// The metadata of a regular file, which is not opened.
///
/// # Errors
/// It is not there, or it is something else. Opening that could wait for another program for ever,
/// or change what a device does.
pub fn regular(path: &Path) -> io::Result<Metadata> {
    let found = std::fs::metadata(path)?;
    let kind = found.file_type();
    let what = if kind.is_file() {
        return Ok(found);
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_fifo() {
        "named pipe"
    } else if kind.is_socket() {
        "socket"
    } else {
        "device"
    };
    Err(io::Error::other(format!("it is a {what}, not a regular file")))
}

/// Opens a regular file and nothing else, and never waits for one that writes to it.
///
/// # Errors
/// As [`regular`], or it cannot be opened.
pub fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    regular(path)?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = File::options();
    let file = options.read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    // Another may have taken its place meanwhile.
    let opened = file.metadata()?;
    match opened.is_file() {
        true => Ok((file, opened)),
        false => Err(io::Error::other("it is not a regular file any more")),
    }
}

/// The file's time in nanoseconds and its size: what changes when it is written.
fn state_of(metadata: &Metadata) -> io::Result<Vec<u8>> {
    let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{}-{}", written.as_nanos(), metadata.len()).into_bytes())
}
