"""The tests that prove the items of the page."""

_BOARDS = "tests/observability/test_boards.py"
_AUDIT_SQL = "tests/observability/test_audit_sql.py"
_LOG_SQL = "tests/observability/test_log_sql.py"
_FIELDS = "tests/observability/test_extraction.py"
_ALARMS = "tests/infra/observability/test_alarms_go_off.py"
_DELIVERY = "tests/infra/observability/test_sumo_delivery.py"
_SETTINGS = "tests/observability/sumo/test_sumo_settings.py"
_SETUP = "tests/observability/sumo/test_setup.py"

_OF_PANELS = (f"{_BOARDS}::test_every_item_of_the_page_has_a_panel", f"{_BOARDS}::test_every_metric_is_published")
_OF_LOG_PANELS = (f"{_LOG_SQL}::test_every_saved_query_and_log_panel_runs",)
_OF_AUDIT_PANELS = (f"{_AUDIT_SQL}::test_the_rows_are_the_expected_ones", *_OF_LOG_PANELS)
_ROWS = f"{_AUDIT_SQL}::test_the_rows_are_the_expected_ones"
_JOBS = f"{_ALARMS}::test_b2_to_b7_go_off_above_eighty_percent_of_all"
_SOURCES = f"{_SETTINGS}::test_sources_have_the_settings_of_the_page"
_SAMPLE = f"{_FIELDS}::test_a_sample_has_the_fields_of_the_page"

_ONE_BY_ONE: dict[str, tuple[str, ...]] = {
    "S1": (f"{_FIELDS}::test_the_sample_event_has_its_place", _ROWS),
    "S2": (_SAMPLE, f"{_LOG_SQL}::test_q7_counts_access_lines_by_status"),
    **dict.fromkeys(("S3", "S4", "S5"), (_SAMPLE, f"{_LOG_SQL}::test_q8_shows_the_newest_lines_of_jobs")),
    **dict.fromkeys(("Q1", "Q3", "Q5", "Q6"), (_ROWS,)),
    "Q2": (_ROWS, f"{_AUDIT_SQL}::test_q2_keeps_the_ten_commonest_errors"),
    "Q4": (f"{_AUDIT_SQL}::test_q4_shows_events_by_account_and_user",),
    "Q7": (f"{_LOG_SQL}::test_q7_counts_access_lines_by_status",),
    "Q8": (f"{_LOG_SQL}::test_q8_shows_the_newest_lines_of_jobs",),
    "Q9": (f"{_BOARDS}::test_times_are_drawn_in_the_unit_of_the_axis",),
    **dict.fromkeys(("Q10", "Q11", "Q12"), _OF_PANELS),
    "A1": (f"{_ALARMS}::test_a1_goes_off_at_one_delete_call",),
    "A2": (f"{_ALARMS}::test_a2_goes_off_above_five_seconds",),
    "A3": (f"{_ALARMS}::test_a3_goes_off_above_five_denied_calls",),
    "A4": (f"{_ALARMS}::test_a4_goes_off_above_five_server_errors",),
    "B1": (f"{_ALARMS}::test_b1_goes_off_above_five_minutes",),
    **dict.fromkeys(("B2", "B3", "B4", "B5", "B6", "B7"), (_JOBS,)),
    "C1": (f"{_DELIVERY}::test_metrics_arrive_with_the_attributes",),
    "C2": (f"{_SETTINGS}::test_polling_takes_the_place_of_the_metric_stream",),
    "C3": (f"{_DELIVERY}::test_the_metric_stream_names_namespaces_and_metrics",),
    "C4": (f"{_DELIVERY}::test_metrics_arrive_with_the_attributes",),
    **dict.fromkeys(("C5", "C6", "C7", "C8"), (_SOURCES,)),
    **dict.fromkeys(("C9", "C10"), (f"{_DELIVERY}::test_logs_arrive_after_the_control_message",)),
    "C11": (f"{_DELIVERY}::test_each_chosen_group_has_a_subscription",),
    "C12": (f"{_DELIVERY}::test_logs_arrive_after_the_control_message", _SOURCES),
    **dict.fromkeys(("C13", "C17"), (f"{_SETUP}::test_everything_is_made",)),
    "C14": ("tests/e2e/test_observability.py::test_the_stack_deploys_alarms_and_is_destroyed",),
    "C15": (f"{_SETUP}::test_a_second_run_changes_nothing",),
    "C16": ("tests/observability/sumo/test_remove.py::test_nothing_is_left",),
}
_OF_GROUPS = {
    "F.": (f"{_FIELDS}::test_all_fields_of_the_page_are_there", f"{_SETUP}::test_everything_is_made"),
    "R.": (f"{_FIELDS}::test_rules_set_known_fields_from_known_paths", f"{_SETUP}::test_everything_is_made"),
    "P1": _OF_AUDIT_PANELS,
    "P2": _OF_AUDIT_PANELS,
    "P3": _OF_LOG_PANELS,
    "P4": _OF_PANELS,
    "L2": _OF_AUDIT_PANELS,
    "L4.7": _OF_LOG_PANELS,
    "L4.8": _OF_LOG_PANELS,
    "L8.7": _OF_LOG_PANELS,
    "L9.7": _OF_LOG_PANELS,
    "L10.7": _OF_LOG_PANELS,
    "L": _OF_PANELS,
}


def tests_of(item: str) -> tuple[str, ...]:
    """Return the tests of one item: its own, or those of its group."""
    if item in _ONE_BY_ONE:
        return _ONE_BY_ONE[item]
    return next((tests for group, tests in _OF_GROUPS.items() if item.startswith(group)), ())
