//! Asks a source that has moved: at its new address, and once a day at the configured one.
//!
//! A permanent redirect may have been a mistake. So the configured address is asked again once the
//! redirect has proved itself (P45), and while another source is polled at the new address (P49).

use super::{Fetched, Fetcher};
use crate::model::{Document, Failure, FailureKind, Source, SourceState, Timestamp};

/// Which address of a source that has moved to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressToAsk {
    /// The new one; when a look is due, the configured one first.
    Current,
    /// The configured one first.
    ConfiguredFirst,
    /// The configured one only: another source is polled at the new one.
    ConfiguredOnly,
}

impl Fetcher {
    /// Asks a source at the address where it is now. An answer of its configured address counts if
    /// it `is_feed`; then the source has moved back.
    pub async fn fetch_current(
        &self,
        source: &Source,
        state: &SourceState,
        address: AddressToAsk,
        now: Timestamp,
        is_feed: impl Fn(&Document) -> bool,
    ) -> Result<Fetched, Failure> {
        let configured = source.location.url();
        let moved = state.moved.as_ref().filter(|moved| moved.from.as_ref() == configured);
        let looks = |to_be_checked| address != AddressToAsk::Current || to_be_checked;
        let Some((url, moved)) =
            configured.zip(moved).filter(|(_, moved)| looks(moved.is_to_be_checked(now)))
        else {
            return self.fetch(source, state, now).await;
        };
        let found = self.counted(self.http.look(source, url, &moved.to, state, now).await);
        match found {
            Ok(Some(fetched)) if fetched.may_be(is_feed) => {
                let to = fetched.moved().unwrap_or(url).clone();
                Ok(fetched.moved_to(to))
            }
            // The host asks all to wait.
            Err(failure)
                if address == AddressToAsk::ConfiguredOnly
                    && failure.kind == FailureKind::TooMany =>
            {
                Err(failure)
            }
            // It still redirects, or there is nothing to read any more: the redirect was meant.
            _ if address == AddressToAsk::ConfiguredOnly => Ok(Fetched::still_at(&moved.to)),
            _ => self.fetch(source, state, now).await,
        }
    }
}
