//! Feeds in every state in; what a validator finds in them out: nothing, or what is meant so.

mod rules;

mod states;
