//! Finds circles of imports between the modules of the crate.
//!
//! A module may use what its parents define themselves, and what its children offer. Any other
//! circle means that none of its files can be understood alone.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::Import;

/// A module's path: `["fetch", "http"]`.
type Module = Vec<String>;

/// The circles among modules, given what each of them imports. Modules without a circle are left
/// out.
pub fn circles(imports: &BTreeMap<Module, Vec<Import>>) -> Vec<BTreeSet<Module>> {
    let uses = |module: &Module| -> BTreeSet<Module> {
        let used = imports[module].iter().filter(|import| !import.is_reexport && !import.is_test);
        used.filter_map(|import| definer(imports, &import.path, 0))
            .filter(|used| used != module && !module.starts_with(used))
            .collect()
    };
    let graph: BTreeMap<&Module, BTreeSet<Module>> =
        imports.keys().map(|module| (module, uses(module))).collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        graph.keys().map(|module| (*module, reachable(&graph, module))).collect();
    let mut found = BTreeSet::new();
    for (module, reaches) in &reached {
        let circle = reaches.iter().filter(|other| reached[**other].contains(*module));
        let circle: BTreeSet<Module> = circle.map(|module| (*module).clone()).collect();
        found.extend((circle.len() > 1).then_some(circle));
    }
    found.into_iter().collect()
}

fn reachable<'a>(
    graph: &'a BTreeMap<&'a Module, BTreeSet<Module>>,
    from: &'a Module,
) -> BTreeSet<&'a Module> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        let next = graph.get(module).into_iter().flatten();
        open.extend(next.filter(|next| found.insert(*next)));
    }
    found
}

/// The module that defines what a path leads to, through the re-exports on the way.
fn definer(
    imports: &BTreeMap<Module, Vec<Import>>,
    path: &[String],
    depth: usize,
) -> Option<Module> {
    let length = (1..=path.len()).rev().find(|length| imports.contains_key(&path[..*length]))?;
    let module = path[..length].to_vec();
    let named = path.get(length).and_then(|name| {
        imports[&module].iter().find(|import| import.name.as_ref() == Some(name) && !import.is_test)
    });
    match named.filter(|import| depth < 8 && import.path != path) {
        Some(import) => {
            let further = [&import.path[..], &path[length + 1..]].concat();
            definer(imports, &further, depth + 1)
        }
        None => Some(module),
    }
}

#[test]
fn circles_are_found_through_reexports_and_parents_are_allowed() {
    let modules = [
        ("a", "mod one; mod two; mod three; pub use one::One; pub struct Shared;"),
        ("a/one", "use super::Two; use super::two::Two; use super::Shared; pub struct One;"),
        ("a/two", "use super::One; pub struct Two;"),
        ("a/three", "use super::{One, Shared}; mod tests { use crate::a::two::Two; }"),
    ];
    let imports = modules.map(|(path, source)| {
        let module: Module = path.split('/').map(String::from).collect();
        (module.clone(), super::imports::imports(source, &module))
    });
    let found = circles(&imports.into_iter().collect());
    let named: Vec<_> = found.iter().flatten().map(|module| module.join("/")).collect();
    assert_eq!(named, ["a/one", "a/two"]);
}
