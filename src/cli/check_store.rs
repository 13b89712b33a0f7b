//! `gazetted check --store`: checks a store, and repairs it if asked.

use std::process::ExitCode;

use serde::Serialize;

use super::progress::HumanBytes;
use super::{CliError, CommandResult, STORE_FAILED, print_json, print_line, show};
use crate::clock::Clock;
use crate::config::Plan;
use crate::inquiry::status::BackupStatus;
use crate::store::{self, IntegrityCheck, Repair, StoreError};

/// The output of `check --store --json`.
#[derive(Serialize)]
struct Report {
    sound: bool,
    wasteful: bool,
    /// `None` if the store does not even open.
    survey: Option<IntegrityCheck>,
    repair: Option<Repair>,
    /// The last automatic backup, if there is one.
    backup: Option<BackupStatus>,
}

/// Reads every record. With `repair`, replaces a damaged store by one of the readable records.
pub(super) fn run(plan: &Plan, repair: bool, json: bool) -> CommandResult {
    if repair && plan.cluster.is_some() {
        return Err(CliError::because(NODE));
    }
    let plan = &plan.store;
    let (survey, damage) = match store::check(&plan.path, plan.cache) {
        Ok(survey) => (Some(survey), None),
        Err(error @ StoreError::Damaged { .. }) if repair => (None, Some(error)),
        Err(error @ StoreError::Damaged { .. }) => {
            let CliError { code, message } = error.into();
            return Err(CliError { code, message: format!("{message}\n{HOW_TO_REPAIR}") });
        }
        Err(error) => return Err(error.into()),
    };
    let sound = survey.as_ref().is_some_and(IntegrityCheck::is_sound);
    let repair = match repair && !sound {
        true => Some(store::repair(&plan.path, plan.cache)?),
        false => None,
    };
    let backup = BackupStatus::newest(&plan.path, Clock::wall().now());
    let code = if sound || repair.is_some() { ExitCode::SUCCESS } else { STORE_FAILED.into() };
    if json {
        let wasteful = survey.as_ref().is_some_and(IntegrityCheck::is_wasteful);
        let report = Report { sound, wasteful, survey, repair, backup };
        print_json(&report);
        return Ok(code);
    }
    show::print_last_backup(backup.as_ref(), plan);
    if let Some(damage) = damage {
        print_line(damage);
    }
    if let Some(survey) = &survey {
        print_check(survey, repair.is_some());
    }
    if let Some(repair) = &repair {
        print_repair(repair);
    }
    Ok(code)
}

const NODE: &str = "this machine is a node of a cluster, and a repaired store differs from those of the other nodes: `gazetted restore --snapshot --replace` takes the newest snapshot of the cluster. Where all nodes are damaged, take [cluster] out, repair, and begin a new stream with `gazetted cluster init`";

const HOW_TO_REPAIR: &str =
    "`gazetted check --store --repair` saves what can be read and keeps the store as it was";

fn print_check(survey: &IntegrityCheck, repaired: bool) {
    let IntegrityCheck {
        stories, retired, sources, places, records, live_bytes, file_bytes, ..
    } = survey;
    for (count, kind) in [
        (stories, "stories"),
        (retired, "retired stories, whose keys are kept"),
        (sources, "sources remembered"),
        (places, "places in topics"),
        (records, "records in all"),
    ] {
        print_line(format_args!("{count:>10} {kind}"));
    }
    print_line(format_args!(
        "{:>10} of records, {} on disk",
        HumanBytes(*live_bytes).to_string(),
        HumanBytes(*file_bytes)
    ));
    for problem in &survey.problems {
        print_line(format_args!("damaged: {problem}"));
    }
    match (survey.problem_count, repaired) {
        (0, _) => print_line("nothing is wrong"),
        (count, false) => print_line(format_args!("{count} wrong; {HOW_TO_REPAIR}")),
        (count, true) => print_line(format_args!("{count} wrong")),
    };
    if survey.is_wasteful() {
        print_line("most of the file is room that is not used; `gazetted compact` gives it back");
    }
}

fn print_repair(Repair { stories, expected, restored, losses, kept }: &Repair) {
    if *restored > 0 {
        print_line(format_args!("restored from checksums: {restored} wrong bytes"));
    }
    for loss in losses {
        print_line(format_args!("lost: {loss}"));
    }
    let of = expected.map_or(String::new(), |expected| format!(" of {expected}"));
    print_line(format_args!(
        "repaired: {stories}{of} stories saved; the store as it was is kept in {}",
        kept.display()
    ));
}
