//! Compares builds of gazetted that run without `[cluster]`.

use std::path::{Path, PathBuf};

use super::Outcome;
use super::cost::{self, Cost};
use super::node::{Node, PROGRAM, polling};

/// The builds take turns; the least of so many rounds counts.
const ROUNDS: usize = 3;

/// Measures these programs, or the one that this bench was built with.
pub fn measure(programs: &[String]) -> Outcome<()> {
    let own = [PROGRAM.to_owned()];
    let programs: Vec<PathBuf> =
        if programs.is_empty() { &own[..] } else { programs }.iter().map(PathBuf::from).collect();
    let origin = cost::origin()?;
    let config = polling(&origin.sources(), "2s");
    let mut found: Vec<Option<(Cost, u64)>> = vec![None; programs.len()];
    println!(
        "{:<50} {:>12} {:>12} {:>8} {:>7} {:>7}",
        "program", "unchanged ms", "changed ms", "threads", "files", "MiB"
    );
    for _ in 0..ROUNDS {
        for (program, least) in programs.iter().zip(&mut found) {
            let node = cost::begin(Node::of(program, &config)?, &origin)?;
            let (threads, files, memory) = (node.threads()?, node.files()?, node.memory()?);
            let cost = cost::of(&node, &origin)?;
            show(program, cost, threads, files, memory);
            *least = Some(match *least {
                Some((before, least)) => (before.least(cost), least.min(memory)),
                None => (cost, memory),
            });
        }
    }
    for (program, least) in programs.iter().zip(found) {
        if let Some((cost, memory)) = least {
            println!("the least of {}:", program.display());
            show(program, cost, 0, 0, memory);
        }
    }
    Ok(())
}

fn show(program: &Path, cost: Cost, threads: usize, files: usize, memory: u64) {
    println!(
        "{:<50} {:>12.4} {:>12.4} {threads:>8} {files:>7} {:>7.1}",
        program.display().to_string(),
        cost.unchanged,
        cost.changed,
        memory as f64 / 1024.0
    );
}
