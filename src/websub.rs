//! WebSub and rssCloud without I/O: our subscriptions at sources' hubs, and our own hub.
//!
//! [`inbound`] is the subscriber's half: it decides which hub is asked to push which source, and
//! checks what hubs send. [`outbound`] is the publisher's half: it reads requests to our hub and
//! decides whose callback is verified, who receives which feed, and when.
//!
//! The state is in the model ([`Subscription`](crate::model::Subscription),
//! [`Subscriber`](crate::model::Subscriber)). The engine changes it, `fetch` and the server do the
//! I/O, and `pipeline/websub` connects them.

pub mod inbound;

pub mod outbound;

mod signature;

pub use signature::Signature;
