//! Every fault test, by its number: what is done to the real thing, and where that is.
//!
//! Each has a short form, which runs here, and a long one, which takes minutes:
//! tests/soak/README.md says how it is run and what it showed.

pub(crate) mod apart;
mod backups;
mod clients;
mod clock;
mod commits;
mod damage;
mod deadly;
pub(crate) mod dice;
mod disk;
mod kills;
mod origins;
mod power;
pub(crate) mod preload;
mod requests;
mod salvage;
mod simulation;
mod stall;
mod steady;
pub(crate) mod support;

/// The faults, and the tests that hold against each.
const FAULTS: &[(u8, &str, &[&str])] = &[
    (
        1,
        "kill -9",
        &[
            "d01_kills_lose_nothing_repeat_nothing_and_ask_nobody_early",
            "what_was_answered_survives_kill_9",
            "d01_a_source_that_kills_the_daemon_is_set_aside_and_all_others_are_read",
            "d01_what_an_operator_kills_is_read_alone_once_and_pays_nothing",
        ],
    ),
    (
        2,
        "power cut",
        &["d02_a_power_cut_costs_nothing_that_was_answered", "long_records_never_make_a_blob_file"],
    ),
    (
        3,
        "kill while a snapshot is written",
        &["d03_a_kill_while_the_snapshot_is_written_is_mended_by_the_next_start"],
    ),
    (
        4,
        "damaged store",
        &[
            "d04_damage_is_noticed_named_and_mostly_saved",
            "d04_nearly_all_stories_are_saved_from_damaged_files",
            "an_emptied_store_is_never_taken_for_a_new_one",
            "a_damaged_store_names_the_last_backup_and_restore_takes_it",
        ],
    ),
    (
        5,
        "full disk",
        &[
            "d05_on_a_full_disk_it_serves_on_and_goes_on_by_itself",
            "d05_whichever_commit_a_full_disk_refuses_the_loop_loses_and_shows_nothing_else",
            "a_full_disk_costs_nothing_that_was_answered",
            "no_backup_is_tried_on_a_full_disk_and_the_last_one_stays",
        ],
    ),
    (
        6,
        "EIO on fdatasync",
        &[
            "d06_after_a_failed_sync_nothing_is_answered_and_all_before_is_there",
            "d06_whichever_commit_fails_the_loop_ends_and_the_next_start_goes_on",
            "after_a_failed_sync_nothing_is_answered_well_any_more",
        ],
    ),
    (7, "no file descriptors", &["d07_without_file_descriptors_it_waits_and_goes_on"]),
    (
        8,
        "slow clients",
        &[
            "d08_five_hundred_slow_clients_cost_nobody_else_anything",
            "a_client_that_does_not_take_its_answer_is_cut_off",
            "a_head_that_was_begun_must_be_finished_in_time",
        ],
    ),
    (
        9,
        "tarpits",
        &["d09_fifty_tarpits_hold_up_nobody_else", "an_answer_that_never_ends_is_a_timeout"],
    ),
    (
        10,
        "bombs",
        &[
            "d10_bombs_cost_little_and_their_source_alone",
            "a_bomb_is_stopped_at_the_limit_in_every_coding",
            "bases_within_bases_stay_small",
        ],
    ),
    (
        11,
        "ways inside",
        &[
            "d11_no_address_no_name_and_no_redirect_leads_inside",
            "of_a_mixed_answer_only_the_public_addresses_are_used",
        ],
    ),
    (
        12,
        "another's ids",
        &[
            "a_source_cannot_take_over_a_story_by_claiming_its_id",
            "no_two_stories_share_a_published_id",
        ],
    ),
    (13, "ids that change", &["ids_that_change_at_every_poll_do_not_make_an_entry_new"]),
    (
        14,
        "dates",
        &[
            "a_date_in_the_future_is_taken_once_and_never_moves",
            "the_future_is_kept_and_the_distant_past_is_left_out",
            "dates_are_read_as_feeds_write_them",
        ],
    ),
    (
        15,
        "ill-formed text",
        &[
            "q1_whatever_sources_say_the_feed_is_well_formed",
            "every_class_of_document_is_read_as_agreed",
            "control_characters_do_not_get_in",
        ],
    ),
    (
        16,
        "script",
        &[
            "nothing_that_a_source_sends_runs_in_a_browser",
            "nothing_that_runs_leaves",
            "an_injected_feed_cannot_run_a_script",
        ],
    ),
    (
        17,
        "clock jumps",
        &[
            "d17_a_clock_that_jumps_starts_no_storm_and_silences_nobody",
            "d17_a_clock_that_was_ahead_for_one_start_silences_nobody_after_it",
            "p40_a_clock_that_is_set_back_neither_hurries_nor_silences_a_source",
        ],
    ),
    (
        18,
        "any bytes at all",
        &[
            "no_document_makes_a_reading_break_its_promises",
            "no_bytes_make_reading_a_record_panic",
            "no_bytes_make_a_decoder_panic_or_exceed_the_limit",
        ],
    ),
    (
        19,
        "requests of two readings",
        &[
            "d19_no_request_has_two_readings_and_no_host_gets_into_an_answer",
            "requests_that_could_be_read_in_two_ways_are_refused",
        ],
    ),
    (
        20,
        "restarts under load",
        &[
            "d20_restarts_and_reloads_refuse_and_break_nothing",
            "the_service_manager_is_told_what_the_daemon_does",
        ],
    ),
    (
        21,
        "all of it for thirty days",
        &["d21_after_thirty_hostile_days_every_announcement_is_one_story"],
    ),
    (22, "time", &["d22_memory_and_open_files_stay_what_they_are"]),
];

#[test]
fn every_fault_has_a_test_that_is_there() {
    let mut text = String::new();
    let mut directories = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    directories.push(directories[0].with_file_name("tests"));
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                directories.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                text += &std::fs::read_to_string(entry).unwrap();
            }
        }
    }
    assert!((1..=22).eq(FAULTS.iter().map(|(number, ..)| *number)));
    for (number, fault, tests) in FAULTS {
        assert!(!tests.is_empty(), "D{number}, {fault}: no test");
        for test in *tests {
            assert!(
                text.contains(&format!("fn {test}(")),
                "D{number}, {fault}: there is no {test}"
            );
        }
    }
}
