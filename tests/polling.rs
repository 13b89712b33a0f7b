//! Every polling rule of the protocol, by its number, against a scripted site.
//!
//! HTTP is real, time is not: [`World`](world::World) runs the fetcher, the settling
//! and the agenda over a clock of its own, so that a month passes in milliseconds.

mod clouds;
mod floods;
mod headers;
mod hubs;
mod pages;
mod push;
mod redirects;
mod timing;
mod tls;
mod transfers;
mod turnovers;
mod validators;
mod watching;
mod weeks;
mod world;

/// The rules, and where each is tested.
const RULES: &[(u8, &[&str])] = &[
    (1, &["validators::p01_first_contact_carries_no_condition"]),
    (2, &["validators::p02_last_modified_is_returned_byte_for_byte"]),
    (3, &["validators::p03_an_etag_is_returned_byte_for_byte"]),
    (4, &["validators::p04_both_conditions_are_sent_where_both_are_known"]),
    (5, &["validators::p05_a_validator_the_server_never_sent_is_never_sent"]),
    (6, &["validators::p06_an_answer_replaces_both_validators_as_a_set"]),
    (7, &["validators::p07_one_changed_half_updates_that_half"]),
    (8, &["validators::p08_validators_are_kept_though_the_bytes_are_the_same"]),
    (9, &["validators::p09_a_304_updates_what_it_names_and_keeps_the_rest"]),
    (10, &["validators::p10_failures_leave_the_validators_alone"]),
    (
        11,
        &[
            "validators::p11_a_bad_body_does_not_bring_its_validators",
            "validators::p11_a_document_that_breaks_off_twice_does_not_bring_its_validators",
            "transfers::p11_a_document_that_came_whole_is_read_though_its_transfer_broke_off",
        ],
    ),
    (12, &["validators::p12_after_a_kill_the_first_request_is_conditional_and_not_early"]),
    (
        13,
        &[
            "validators::p13_true_304s_are_believed_for_ever_and_a_stuck_server_is_tested_now_and_then",
        ],
    ),
    (14, &["validators::p14_a_refresh_by_hand_is_conditional_and_obeys_floor_and_hold"]),
    (15, &["validators::p15_validators_go_to_the_address_that_sent_them_and_to_no_other"]),
    (16, &["validators::p16_and_p17_a_new_source_costs_one_get"]),
    (17, &["validators::p16_and_p17_a_new_source_costs_one_get"]),
    (20, &["timing::p20_a_source_is_asked_once_an_hour_unless_it_invites_more"]),
    (21, &["timing::p21_jitter_is_only_added"]),
    (22, &["timing::p22_without_validators_a_source_is_asked_less_often"]),
    (23, &["timing::p23_explicit_freshness_is_a_lower_bound"]),
    (24, &["timing::p24_freshness_counts_on_a_304_and_on_failures"]),
    (25, &["timing::p25_freshness_is_believed_for_a_week"]),
    (
        26,
        &[
            "timing::p26_retry_after_is_honoured_in_full",
            "redirects::p26_a_redirect_that_asks_to_wait_is_followed_after_the_wait",
            "pages::p26_p28_a_429_for_the_page_of_an_entry_holds_its_origin",
            "pages::p26_a_robots_txt_that_asks_to_wait_is_left_alone_for_that_long",
        ],
    ),
    (27, &["timing::p27_a_bare_429_holds_longer_each_time"]),
    (
        28,
        &[
            "timing::p28_a_429_holds_the_whole_origin",
            "timing::p28_three_503s_in_ten_minutes_hold_the_origin_and_fewer_do_not",
            "timing::p28_on_the_operators_own_site_a_429_holds_its_source_alone",
            "pages::p26_p28_a_429_for_the_page_of_an_entry_holds_its_origin",
            "pages::p26_p28_a_429_of_another_origin_holds_its_pages_alone",
            "pages::p28_a_503_for_a_page_holds_neither_its_source_nor_the_neighbours",
        ],
    ),
    (29, &["timing::p29_p30_p31_what_the_document_asks_for_is_kept_to"]),
    (30, &["timing::p29_p30_p31_what_the_document_asks_for_is_kept_to"]),
    (31, &["timing::p29_p30_p31_what_the_document_asks_for_is_kept_to"]),
    (32, &["timing::p32_a_source_that_has_ended_is_asked_once_more_after_a_week"]),
    (33, &["timing::p33_a_source_that_rarely_changes_is_asked_rarely"]),
    (
        34,
        &[
            "timing::p34_one_request_at_a_time_and_a_second_apart_at_each_origin",
            "timing::p34_a_slow_origin_is_not_asked_a_second_thing_meanwhile",
        ],
    ),
    (35, &["timing::p35_sources_that_were_added_together_spread_out"]),
    (
        36,
        &[
            "headers::p36_a_poll_that_fails_is_one_request",
            "headers::p36_only_a_kept_connection_that_was_closed_meanwhile_is_replaced",
        ],
    ),
    (
        37,
        &[
            "timing::p37_a_failing_source_is_asked_less_and_less_and_never_dropped",
            "timing::p37_a_closed_port_is_no_different",
        ],
    ),
    (38, &["timing::p38_not_found_becomes_weekly_and_denied_starts_at_four_hours"]),
    (39, &["timing::p39_a_source_that_is_gone_is_asked_once_more_and_then_by_hand_alone"]),
    (40, &["timing::p40_a_clock_that_is_set_back_neither_hurries_nor_silences_a_source"]),
    (
        45,
        &[
            "redirects::p45_after_a_permanent_redirect_only_the_new_address_is_asked",
            "redirects::p45_good_answers_of_the_new_address_are_counted",
            "redirects::p45_the_old_address_is_left_alone_until_the_new_one_has_proved_itself",
        ],
    ),
    (46, &["redirects::p46_only_the_leading_permanent_part_of_a_chain_is_adopted"]),
    (
        47,
        &[
            "redirects::p47_a_permanent_redirect_to_no_feed_is_not_adopted",
            "redirects::p47_an_adopted_address_that_goes_away_gives_the_old_one_another_chance",
        ],
    ),
    (
        48,
        &[
            "redirects::p48_redirects_are_bounded_and_lead_to_the_web_alone",
            "redirects::p48_five_hops_are_followed_and_no_sixth",
            "redirects::p48_relative_locations_are_resolved_and_fragments_dropped",
            "redirects::p48_a_redirect_to_a_private_address_is_refused",
        ],
    ),
    (
        49,
        &[
            "redirects::p49_a_source_that_moved_to_anothers_address_is_not_asked_beside_it",
            "redirects::p49_of_sources_that_moved_to_each_others_addresses_one_is_polled",
            "redirects::p49_a_source_is_polled_itself_once_the_one_it_moved_to_is_not",
            "redirects::p49_a_source_is_polled_itself_once_it_turns_out_not_to_have_moved",
        ],
    ),
    (50, &["redirects::p50_a_page_is_a_failure_and_nothing_further_is_asked_for"]),
    (51, &["headers::p51_what_an_error_says_is_in_the_failure"]),
    (52, &["headers::p52_new_entries_alone_are_asked_for_only_where_that_is_wished"]),
    (53, &["headers::p53_a_success_that_is_no_document_is_a_failure"]),
    (60, &["headers::p60_every_request_names_the_client_and_its_subscribers"]),
    (61, &["headers::p61_from_is_sent_where_a_contact_is_set"]),
    (
        62,
        &[
            "headers::p62_every_coding_is_asked_for_and_undone",
            "transfers::p62_a_coding_that_the_headers_do_not_name_is_undone",
        ],
    ),
    (63, &["headers::p63_the_formats_that_are_read_are_asked_for"]),
    (
        64,
        &[
            "headers::p64_p65_p67_no_cookie_no_referer_no_cache_control",
            "transfers::p64_a_site_that_wants_its_cookie_back_is_named_and_gets_none",
        ],
    ),
    (65, &["headers::p64_p65_p67_no_cookie_no_referer_no_cache_control"]),
    (66, &["headers::p66_the_address_is_sent_as_subscribed"]),
    (67, &["headers::p64_p65_p67_no_cookie_no_referer_no_cache_control"]),
    (68, &["headers::p68_nothing_but_the_source_is_fetched"]),
    (
        69,
        &[
            "headers::p69_fifty_sources_of_one_origin_share_a_connection",
            "tls::p69_a_site_that_is_asked_again_over_a_new_connection_resumes_its_session",
        ],
    ),
    (70, &["headers::p70_credentials_go_to_their_own_origin_alone"]),
    (
        71,
        &[
            "headers::p71_robots_txt_is_not_consulted_for_what_the_operator_named",
            "headers::p71_where_robots_txt_counts_it_is_read_once_a_day_and_obeyed",
            "headers::p71_robots_txt_counts_for_pages_that_documents_name",
            "pages::p71_a_robots_txt_that_is_long_is_read_as_far_as_the_limit",
            "pages::p71_a_robots_txt_that_cannot_be_read_forbids_all_for_an_hour",
            "pages::p71_a_robots_txt_that_never_ends_is_not_asked_for_before_every_page",
        ],
    ),
    (72, &["validators::p72_the_same_bytes_again_are_unchanged"]),
];

/// The rules of hubs, likewise.
const HUB_RULES: &[(u8, &[&str])] = &[
    (
        1,
        &[
            "hubs::w01_a_link_header_comes_before_the_document_and_rss_is_read_too",
            "push::w01_link_headers_are_read_and_kept_over_a_304",
        ],
    ),
    (2, &["hubs::w02_the_topic_is_what_the_source_calls_itself_wherever_it_was_fetched"]),
    (3, &["hubs::w03_w05_a_hub_is_asked_once_by_a_form_with_a_secret"]),
    (4, &["hubs::w04_every_renewal_has_a_path_of_its_own_and_ends_the_one_before"]),
    (5, &["hubs::w03_w05_a_hub_is_asked_once_by_a_form_with_a_secret"]),
    (
        6,
        &[
            "hubs::w06_a_hub_that_has_moved_gets_the_same_again",
            "push::w03_w06_the_hub_gets_a_form_and_its_redirects_the_same_again",
        ],
    ),
    (7, &["hubs::w07_only_what_was_asked_for_is_confirmed"]),
    (
        8,
        &[
            "hubs::w08_a_lease_is_renewed_before_it_ends_and_a_silent_hub_asked_hourly_while_polls_go_on",
            "hubs::w08_a_hub_that_cannot_be_asked_is_told_of_and_left_alone_as_it_says",
        ],
    ),
    (9, &["hubs::w09_a_hub_that_denies_is_left_alone_and_the_source_is_polled"]),
    (10, &["hubs::w10_what_is_not_signed_by_the_hub_is_thanked_for_and_left_alone"]),
    (11, &["hubs::w11_a_delivery_is_answered_unread_and_a_callback_that_nobody_knows_is_gone"]),
    (12, &["hubs::w12_a_push_is_a_partial_document_and_no_answer_of_the_source"]),
    (13, &["hubs::w13_a_pushed_source_is_polled_daily_and_as_ever_once_its_hub_let_news_pass"]),
    (14, &["hubs::w14_a_source_that_has_been_silent_for_a_month_is_not_worth_a_subscription"]),
    (
        15,
        &[
            "clouds::w15_a_cloud_is_registered_with_daily_and_its_challenge_answered",
            "clouds::w15_a_flood_of_pings_polls_no_source_more_often_than_every_five_minutes",
            "clouds::w15_a_ping_does_not_break_a_hold",
        ],
    ),
];

/// The rules' numbers as PROTOCOL §1 counts them.
fn numbers() -> impl Iterator<Item = u8> {
    (1..=17).chain(20..=40).chain(45..=53).chain(60..=72)
}

#[test]
fn every_rule_has_a_test_that_bears_its_number() {
    let modules = [
        ("clouds", include_str!("polling/clouds.rs")),
        ("headers", include_str!("polling/headers.rs")),
        ("hubs", include_str!("polling/hubs.rs")),
        ("pages", include_str!("polling/pages.rs")),
        ("push", include_str!("polling/push.rs")),
        ("redirects", include_str!("polling/redirects.rs")),
        ("timing", include_str!("polling/timing.rs")),
        ("tls", include_str!("polling/tls.rs")),
        ("transfers", include_str!("polling/transfers.rs")),
        ("validators", include_str!("polling/validators.rs")),
    ];
    assert!(numbers().eq(RULES.iter().map(|(rule, _)| *rule)));
    assert!((1..=15).eq(HUB_RULES.iter().map(|(rule, _)| *rule)));
    let all = RULES.iter().map(|rule| ('p', rule));
    for (kind, (rule, tests)) in all.chain(HUB_RULES.iter().map(|rule| ('w', rule))) {
        assert!(!tests.is_empty(), "{kind}{rule} has no test");
        for test in *tests {
            let (module, name) = test.split_once("::").unwrap();
            let (_, text) = modules.iter().find(|(known, _)| *known == module).unwrap();
            assert!(text.contains(&format!("fn {name}()")), "{kind}{rule}: there is no {test}");
            let number = format!("{kind}{rule:02}_");
            assert!(name.contains(&number), "{kind}{rule}: {test} bears another number");
        }
    }
}
