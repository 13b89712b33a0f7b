//! What the tests stand on.

pub mod binary;

pub mod browser;

pub mod hostile;

pub mod http;

pub mod site;

pub mod validator;

pub mod world;
