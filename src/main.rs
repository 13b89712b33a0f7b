//! Runs the command line, and exits with its exit code.

use std::process::ExitCode;

/// Its settings are compiled in: `.cargo/config.toml`.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    gazetted::cli::main()
}
