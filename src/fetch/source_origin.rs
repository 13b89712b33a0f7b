//! The origin that a poll of a source asks.

use url::Url;

use crate::model::{Failure, FailureKind, Source, SourceState};

/// Begins the name of a file's "origin"; no scheme has a blank.
pub(super) const FILE: &str = "file ";

/// The origin that a poll of this source will ask: the one that it has moved to, if it has.
pub(crate) fn origin_of(source: &Source, state: &SourceState) -> String {
    let Some(url) = source.location.url() else {
        return format!("{FILE}{}", source.id);
    };
    moved_to(url, state).unwrap_or(url).origin().ascii_serialization()
}

/// The address that replaces this one for good, as far as is known.
pub(super) fn moved_to<'a>(url: &Url, state: &'a SourceState) -> Option<&'a Url> {
    state.moved.as_ref().filter(|moved| moved.from.as_ref() == Some(url)).map(|moved| &moved.to)
}

/// Whether a failure means that there is no feed at the address, so that a source that moved there
/// is asked at its old address again (P47).
pub(super) fn undoes_a_move(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::NotFound | FailureKind::Gone | FailureKind::NotAFeed | FailureKind::Redirect
    ) && failure.retry_after.is_none()
}
