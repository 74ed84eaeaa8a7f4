"""The fault matrix, row by row: which tests prove the expected end of each fault, and that those tests are there.

What a row expects is written beside it. Not here: F20 (X's keys here are OAuth 1.0a, which has no refresh tokens), F29
and F30 (timetables over years), F34 to F36 (sources that change their minds).
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from faults.behaviours import BY_NAME, SHORTLY

TESTS = Path(__file__).parent
MATRIX = (
    "test_faults_matrix::test_whatever_the_platforms_do_wherever_a_process_dies_nothing_is_lost_doubled_or_misreported"
)
KILL = "test_kill::test_a_process_killed_at_any_place_never_posts_twice_and_loses_nothing"


def when(*behaviours: str) -> list[str]:
    """The subset of `make faults`, in which the platform behaves so as well."""
    return [f"{MATRIX}[{behaviour}]" for behaviour in behaviours]


ROWS: dict[str, tuple[str, list[str]]] = {
    "F01 kill before the claim's commit": ("queued, posted once after restart", [KILL]),
    "F02 kill after the intent, before the connection": ("read back, not found: a person", [KILL]),
    "F03 kill with the request sent, before the reply": (
        "read back: published, one post",
        when("ok"),
    ),
    "F04 kill after the reply, before the outcome's commit": ("read back: published, with its id", [KILL]),
    "F05 kill after the outcome's commit": ("published once; the log has it", [KILL]),
    "F06 kill at every write to the disk": (
        "the file is whole, nothing lost or doubled",
        ["test_faults_storage::test_whatever_disk_call_kills_the_process_or_fails_nothing_is_lost_or_doubled"],
    ),
    "F07 kill while reconciling": ("published once", [KILL]),
    "F08 accepts, then resets": ("read back: published", when("accepts, then resets")),
    "F09 accepts, then hangs": (
        "the worker is free within the deadline; published",
        [
            "test_faults_nights::test_a_call_that_hangs_keeps_its_worker_no_longer_than_the_deadline",
            *when("accepts, then hangs past the deadline"),
        ],
    ),
    "F10 accepts, the answer is cut, has no type, is a page or {}": (
        "unknown, never failed; published",
        when(
            "accepts, answer cut in the middle",
            "accepts, no content type",
            "accepts, answers with a web page",
            "accepts, answers {}",
        ),
    ),
    "F11 accepts and answers 5xx": ("published", when(*(f"accepts, answers {n}" for n in (500, 502, 503, 504)))),
    "F12 late commit": (
        "one post; the settle time is kept; beyond it a person, never a second post",
        [
            "test_reconcile::test_a_late_commit_is_found_because_the_settle_time_is_kept",
            *when("late commit within the settle time", "late commit beyond the settle time", "late commit, no answer"),
        ],
    ),
    "F13 the timeline lags, is old, or has many pages": (
        "unknown until the settle time; read to the attempt",
        [
            "test_reconcile::test_a_long_timeline_is_read_to_the_attempt",
            *when("timeline lags", "timeline lags beyond the settle time", "timeline lists an older page only"),
        ],
    ),
    "F14 near-matches on the timeline": (
        "never falsely published; a person",
        [
            "test_reconcile::test_what_a_person_posted_by_hand_is_never_taken_for_ours",
            "test_reconcile::test_the_same_headline_of_yesterday_is_not_it",
            "test_reconcile::test_an_id_that_another_delivery_claimed_is_not_matched_again",
            "test_reconcile::test_one_post_for_two_unclear_deliveries_is_left_to_a_person",
            "test_matching::test_a_lookalike_is_left_to_a_person",
        ],
    ),
    "F15 the read-back fails itself": (
        "stays unconfirmed, is tried again, no second post",
        [
            "test_reconcile::test_a_timeline_that_cannot_be_read_keeps_the_account_closed_and_is_tried_again",
            *when("read-back answers 503", "read-back answers 429", "read-back hangs", "read-back is a web page"),
        ],
    ),
    "F16 403 for duplicate content": (
        "first try: a person; after an unknown: read back",
        [
            "test_reconcile::test_a_repetition_refused_at_the_first_try_is_left_to_a_person",
            "test_reconcile::test_a_duplicate_after_a_retry_is_found_as_the_first_calls_post",
            *when("duplicate on the first try", "accepts, says duplicate"),
        ],
    ),
    "F17 429 with every kind of reset": (
        "queued until the bounded reset; no call sleeps; others go on",
        [
            "test_faults_nights::test_a_limit_of_one_account_keeps_nobody_else_waiting_and_no_call_sleeps",
            *when(f"429, reset in {SHORTLY} s", "429, no reset", "429, reset in the past", "429, reset in 15 days"),
        ],
    ),
    "F18 refused, no such name, no TLS": (
        "not sent: queued with a growing pause",
        [
            "test_platforms_transport::test_connection_refused",
            "test_platforms_transport::test_name_not_found",
            "test_platforms_transport::test_no_tls_on_the_other_side",
            "test_way::test_after_not_reaching_the_platform_the_lane_waits_before_it_tries_again",
            *when("connection refused"),
        ],
    ),
    "F19 401 in the middle of the queue": (
        "the account closes, no further call, the queue is kept",
        ["test_faults_nights::test_a_revoked_key_closes_the_account_after_one_call_and_keeps_the_queue", *when("401")],
    ),
    "F21 the disk is full": (
        "before: no call; after: nothing more is begun, and the outcome is written or read back",
        [
            "test_faults_storage::test_on_a_full_disk_no_call_is_made_and_with_room_again_everything_goes_out",
            "test_faults_storage::test_a_disk_that_fills_up_while_the_platform_takes_the_post_never_makes_a_second",
            "test_faults_storage::test_a_process_killed_while_the_disk_is_full_leaves_a_post_to_be_read_back",
        ],
    ),
    "F22 EIO": (
        "as F21",
        ["test_faults_storage::test_whatever_disk_call_kills_the_process_or_fails_nothing_is_lost_or_doubled"],
    ),
    "F23 the database only reads": (
        "no calls; an outcome waits until it can be written",
        [
            "test_faults_storage::test_a_database_on_a_disk_that_only_reads_makes_no_call",
            "test_faults_storage::test_a_server_that_only_reads_from_the_middle_of_a_call_on_gets_the_outcome_later",
        ],
    ),
    "F24 busy at the outcome": (
        "the outcome is tried again, never the call",
        [
            "test_faults_storage::test_an_outcome_waits_for_a_writer_who_takes_longer_than_our_patience",
            "test_trouble::test_the_outcome_is_written_when_a_busy_database_is_free_again",
        ],
    ),
    "F25 PostgreSQL restarts, or ends a session in COMMIT": (
        "our own attempt is read again before anything is done",
        [
            "test_faults_storage::test_sessions_that_the_server_ends_at_any_moment_lose_and_double_nothing",
            "test_faults_storage::test_a_server_that_crashes_and_comes_back_finds_everything_as_it_was",
            "test_store_postgresql::test_a_commit_that_is_cut_off_is_told",
            "test_trouble::test_an_intent_whose_commit_got_no_answer_is_called_off",
        ],
    ),
    "F26 two workers, 1,000 posts": (
        "1,000 posts, none twice, both made progress",
        [
            "test_faults_workers::test_two_workers_send_hundreds_of_posts_once_and_both_make_progress",
            "test_faults_workers::test_ten_workers_started_and_killed_at_random_lose_and_double_nothing",
        ],
    ),
    "F27 a worker stands still past its lease": (
        "no call without its lease; late answers correct",
        [
            "test_faults_workers::test_a_worker_frozen_before_its_intent_posts_nothing_when_another_has_taken_over",
            "test_faults_workers::test_a_worker_frozen_past_its_lease_and_thawed_just_before_its_post_makes_no_call",
            "test_faults_workers::test_an_acceptance_that_a_frozen_worker_held_back_publishes_in_the_end",
        ],
    ),
    "F28 the clock jumps": (
        "no burst, no second post, no settle time shortened",
        [
            "test_faults_nights::"
            "test_a_clock_that_jumps_while_a_post_is_unclear_floods_nothing_and_posts_nothing_again",
            "test_reconcile::test_a_wall_clock_that_jumps_ahead_shortens_nothing",
            "test_reconcile::test_a_wall_clock_set_back_by_a_day_does_not_keep_the_account_closed_for_a_day",
            "test_trouble::test_a_clock_that_was_a_year_ahead_blocks_nothing",
        ],
    ),
    "F31 a backup is restored": (
        "starts paused, reads back, none twice",
        ["test_restored::test_what_was_posted_after_the_backup_is_found_and_never_posted_again"],
    ),
    "F32 settings, template or account edited while a post is on its way": (
        "what was written down is sent; only new claims change",
        [
            "test_faults_workers::test_a_template_edited_between_claim_and_call_never_changes_what_was_written_down",
            "test_faults_workers::test_an_account_removed_while_its_post_is_on_the_way_keeps_the_posts_end",
        ],
    ),
    "F33 bad settings or a bad template": (
        "the last good ones stay; nothing goes out with half of them",
        [
            "test_daemon::test_changed_settings_are_taken_up_and_broken_ones_are_not",
            "test_way::test_a_broken_template_stops_its_account_alone_and_mending_it_is_enough",
        ],
    ),
    "F37 a pause between claim and call, and while one hangs": (
        "at most the call under way is finished",
        [
            "test_trouble::test_a_pause_between_claim_and_intent_stops_the_call",
            "test_faults_workers::test_a_pause_while_a_call_hangs_lets_only_that_call_finish",
        ],
    ),
    "F38 SIGTERM during a call, and twice": (
        "the call is finished and recorded; nothing new is begun",
        [
            "test_daemon::test_a_post_in_flight_is_finished_before_it_ends",
            "test_faults_workers::test_a_second_SIGTERM_changes_nothing",
        ],
    ),
    "F39 no memory in renderer or parser": (
        "the article is held or the feed given up; the worker lives",
        [
            "test_faults_nights::test_an_article_whose_writing_needs_too_much_memory_is_held_and_the_others_go_out",
            "test_templating_safety::test_each_limit_holds",
            "test_sources_feeds::test_a_feed_that_takes_too_much_of_anything_is_given_up_and_its_process_is_gone",
        ],
    ),
    "F40 the log is full": (
        "posting is not affected",
        [
            "test_faults_nights::test_where_nothing_can_be_said_any_more_posts_go_out_and_are_written_down",
            "test_faults_nights::test_a_daemon_whose_log_is_full_goes_on",
        ],
    ),
    "F41 an upgrade is killed; an older Nightdesk meets a newer database": (
        "done by the next one; refused",
        [
            "test_faults_storage::test_a_database_is_upgraded_by_whoever_comes_after_a_killed_upgrade",
            "test_store_sqlite::test_an_upgrade_killed_half_way_is_undone_and_succeeds_the_next_time",
            "test_store_database::test_a_newer_database_is_refused_and_left_alone",
        ],
    ),
    "F42 no free file descriptor": (
        "no call that is not written down",
        ["test_faults_nights::test_without_a_free_file_descriptor_no_call_is_made_that_is_not_written_down"],
    ),
    "more: a 503 storm of two hours": (
        "one question, no second post, the rest goes out",
        [
            "test_faults_nights::test_a_storm_of_two_hours_over_a_full_queue_costs_one_question_and_no_second_post",
            "test_faults_nights::test_a_storm_that_only_posts_suffer_from_asks_a_person_for_each_and_loses_none",
        ],
    ),
    "more: one lost reply at 02:00 and nobody awake": (
        "the rest of the night goes out, the one waits",
        ["test_faults_nights::test_one_lost_reply_at_two_and_nobody_awake_the_rest_of_the_night_goes_out"],
    ),
}

ELSEWHERE = {"F20", "F29", "F30", "F34", "F35", "F36"}


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / f"{file}.py").read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS)
def test_the_row_is_proved_by_tests_that_are_there(row: str) -> None:
    expected, proofs = ROWS[row]
    assert expected
    assert proofs
    for proof in proofs:
        file, _, name = proof.partition("::")
        name, _, case = name.partition("[")
        assert name in names_in(file), proof
        assert not case or case.removesuffix("]") in BY_NAME, proof


def test_no_row_is_missing() -> None:
    mapped = {row.split()[0] for row in ROWS if row.startswith("F")}
    assert mapped | ELSEWHERE == {f"F{number:02}" for number in range(1, 43)}
