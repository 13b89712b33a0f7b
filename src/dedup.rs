//! Entries and lookalikes in; stories out. Pure.
