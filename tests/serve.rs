//! The publishing rules, each tested by its number through the real server.
//!
//! | rule | test |
//! |---|---|
//! | Q1 | `content::q1_whatever_sources_say_the_feed_is_well_formed` |
//! | Q2 | `content::q2_the_published_id_is_the_entry_s_id_byte_for_byte` |
//! | Q3 | `whole::q3_an_item_keeps_its_id_whatever_else_of_it_changes` |
//! | Q4 | `content::q4_every_id_is_absolute`, `whole::q4_an_id_that_is_relative_or_broken_does_not_get_out` |
//! | Q5 | `content::q5_an_id_stands_once_in_a_feed`, `whole::q5_of_two_entries_with_one_id_the_newer_is_told` |
//! | Q6 | `content::q6_dates_are_the_story_s_own`, `whole::q6_a_date_is_the_source_s_or_that_of_the_first_sight_and_stays` |
//! | Q7 | `content::q7_the_feed_is_dated_by_its_latest_change` |
//! | Q8 | `content::q8_an_entry_names_the_source_that_leads_it` |
//! | Q9 | `whole::q9_every_address_is_absolute_whatever_it_was_relative_to` |
//! | Q13 | `content::q13_links_are_absolute_and_say_what_they_are` |
//! | Q10 | `content::q10_a_title_is_never_undeclared_markup` |
//! | Q11 | `content::q11_html_is_carried_escaped`, `whole::q11_nothing_that_runs_or_hides_gets_into_a_feed` |
//! | Q12 | `content::q12_an_entry_without_text_gets_a_summary` |
//! | Q14, Q17 | `whole::q14_q17_what_a_source_adds_of_its_own_is_left_out_whole` |
//! | Q15 | `content::q15_a_withdrawn_story_leaves_a_tombstone` |
//! | Q16 | `archive::q16_walking_the_archive_meets_every_story_once` |
//! | Q20 | `http::q20_the_same_state_gives_the_same_bytes`, `whole::q20_a_thousand_answers_of_a_day_without_news_are_one_and_a_restart_changes_none` |
//! | Q21, Q27 | `http::q27_every_coding_is_served_to_who_prefers_it` |
//! | Q22 | `http::q22_the_tag_of_any_coding_is_enough` |
//! | Q23 | `http::q23_a_date_counts_only_without_a_tag` |
//! | Q24 | `http::q24_two_changes_in_one_second_have_two_dates` |
//! | Q25 | `http::q25_a_304_has_its_headers_and_nothing_else` |
//! | Q26 | `http::q26_head_is_get_without_the_body` |
//! | Q28 | `http::q28_answers_hold_until_the_next_poll` |
//! | Q29 | `http::q29_types_are_those_that_validators_expect` |
//! | Q30 | `http::q30_any_site_s_scripts_may_read_feeds` |
//! | Q31 | `http::q31_link_headers_name_self_hub_and_the_other_formats` |
//! | Q32 | `http::q32_ranges_are_not_offered` |
//! | Q33 | `http::q33_moved_gone_and_unknown_differ`, `pages::a_story_that_was_joined_with_another_leads_there` |
//! | Q34 | `limits::q34_too_many_connections_are_told_to_come_back`, `limits::q34_one_address_is_told_that_it_has_enough`, `limits::q34_supervisors_are_answered_while_all_connections_are_taken`, `limits::q34_who_reads_json_is_told_of_an_error_in_json` |
//! | Q35 | `http::q35_instance_manipulation_is_ignored`, `http::q35_who_asks_for_it_is_sent_the_new_entries_alone_where_that_is_configured` |
//! | Q36 | `pages::q36_pages_offer_their_feeds` |
//! | Q40 | `formats::q40_json_feed`, `archive::q40_further_pages_of_json_end_and_never_repeat` |
//! | Q41 | `formats::q41_rss` |
//! | Q42 | `formats::q42_opml`, `formats::q42_opml_of_sources` |
//! | H1-H10 | `hub::h01_…` to `hub::h08_…`, `hub_bounds::h09_…` and `h10_…` |
//!
//! Q14 and Q17 let extensions be carried over with their namespaces or dropped whole;
//! they are dropped, replies among them: no announcement of the sources at hand is one.

mod archive;

mod callbacks;

mod content;

mod formats;

mod http;

mod hub;

mod hub_bounds;

mod limits;

mod pages;

mod search;

mod whole;

mod world;
