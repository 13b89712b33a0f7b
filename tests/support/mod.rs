//! Support for the tests: sites, daemons, clocks, browsers and validators.

pub mod binary;

pub mod browser;

pub mod hostile;

pub mod http;

pub mod site;

pub mod validator;

pub mod watched_store;

pub mod world;
