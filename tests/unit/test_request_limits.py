"""The size of requests, and the wait before the next request to a model."""

from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.forward.sending.request_limits import BatchSize, RetryTimes


def sizes_after_failures(rows: int) -> list[int]:
    """Return the sizes of 8 requests for one batch that are never answered."""
    size, sizes = BatchSize(rows), [rows]
    for failures in range(1, 8):
        sizes.append(size.unanswered(sizes[-1], failures, 8 - failures))
    return sizes


def test_the_second_request_without_an_answer_is_halved_and_later_ones_are_divided_by_four() -> None:
    """The last tries are for one row, whatever the size of the batch."""
    assert sizes_after_failures(1000) == [1000, 1000, 500, 125, 32, 1, 1, 1]
    assert sizes_after_failures(100_000)[4:] == [3125, 1, 1, 1]
    assert sizes_after_failures(7) == [7, 7, 4, 1, 1, 1, 1, 1]
    assert sizes_after_failures(1) == [1] * 8


def test_failures_of_different_batches_in_a_row_count_together() -> None:
    """Of 8 requests in flight the first two without an answer are enough."""
    size = BatchSize(100)
    assert [size.unanswered(100, 1, 7) for _ in range(3)] == [100, 50, 100]
    assert size.rows == 50


def test_an_answer_ends_the_row_of_failures() -> None:
    """Two failures of different batches with an answer between them do not change the size."""
    size = BatchSize(100)
    size.unanswered(100, 1, 7)
    size.answered(3)
    assert size.unanswered(100, 1, 7) == 100
    assert size.rows == 100


def test_failures_of_small_requests_do_not_count_for_large_ones() -> None:
    """A request of one row that fails once does not halve the others."""
    size = BatchSize(100)
    size.unanswered(100, 1, 7)
    size.unanswered(2, 1, 7)
    assert size.rows == 100


def test_a_request_that_is_too_large_halves_the_size_at_once() -> None:
    """An odd number is rounded up; a larger request that was in flight then does not raise it again."""
    size = BatchSize(1000)
    assert size.too_large(7) == 4
    assert size.rows == 4
    assert size.too_large(1000) == 500
    assert size.rows == 4


def sizes_of_answered(size: BatchSize, requests: int) -> list[int]:
    """Return the size after each of so many requests of the size that is allowed."""
    sizes = []
    for _ in range(requests):
        size.answered(size.rows)
        sizes.append(size.rows)
    return sizes


def test_the_size_grows_by_a_quarter_after_four_answers() -> None:
    """It never exceeds the limit."""
    size = BatchSize(100)
    size.too_large(100)
    assert sizes_of_answered(size, 4) == [50, 50, 50, 63]
    assert sizes_of_answered(size, 12)[3::4] == [79, 99, 100]
    assert sizes_of_answered(size, 100) == [100] * 100


def test_a_size_of_one_row_grows() -> None:
    """A quarter of few rows is rounded up."""
    size = BatchSize(3)
    size.too_large(2)
    assert sizes_of_answered(size, 8)[3::4] == [2, 3]


def test_small_requests_do_not_raise_the_size() -> None:
    """They do not change the size of larger ones."""
    size = BatchSize(100)
    size.too_large(100)
    for _ in range(50):
        size.answered(49)
    assert size.rows == 50


def test_each_time_that_it_grew_too_far_the_size_grows_more_slowly() -> None:
    """So a size that fails is tried ever less often; at most 256 answers are needed."""
    size, needed = BatchSize(2), []
    for _ in range(8):
        size.too_large(2)
        answers = 0
        while size.rows == 1:
            size.answered(1)
            answers += 1
        needed.append(answers)
    assert needed == [4, 8, 16, 32, 64, 128, 256, 256]


def test_the_size_is_restored_when_one_row_was_the_cause() -> None:
    """Failures and answers before that are forgotten."""
    size = BatchSize(100)
    size.too_large(100)
    size.too_large(50)
    size.restore(100)
    assert size.rows == 100
    size.restore(10)
    assert size.rows == 100
    size.unanswered(100, 1, 7)
    assert size.rows == 100


def test_a_change_is_announced_once() -> None:
    """The log has one line a run."""
    size = BatchSize(100)
    assert [size.announce() for _ in range(3)] == [True, False, False]


@given(events=st.lists(st.tuples(st.sampled_from("ustr"), st.integers(1, 99), st.integers(1, 8)), max_size=60))
def test_the_size_is_always_between_one_and_the_limit(events: list[tuple[str, int, int]]) -> None:
    """The next request is never larger than the one that failed."""
    size = BatchSize(99)
    for kind, rows, failures in events:
        if kind == "u":
            assert 1 <= size.unanswered(rows, failures, 8 - failures) <= rows
        elif kind == "s":
            size.answered(rows)
        elif kind == "t":
            assert 1 <= size.too_large(rows + 1) < rows + 1
        else:
            size.restore(rows)
        assert 1 <= size.rows <= 99


def test_a_model_is_not_asked_before_the_time_that_the_destination_named() -> None:
    """Another model is."""
    times = RetryTimes()
    times.remember("m", 60.0, 1000.0)
    assert [times.left_secs("m", now) for now in (1000.0, 1059.0, 1060.0, 2000.0)] == [60.0, 1.0, 0.0, 0.0]
    assert times.left_secs("n", 1000.0) == 0.0


def test_the_longest_wait_counts() -> None:
    """Answers of several requests come in any order."""
    times = RetryTimes()
    times.remember("m", 60.0, 1000.0)
    times.remember("m", 5.0, 1001.0)
    times.remember("m", None, 1001.0)
    assert times.left_secs("m", 1001.0) == 59.0


def test_a_wait_is_at_most_fifteen_minutes() -> None:
    """This holds also if the clock was set back."""
    times = RetryTimes()
    times.remember("m", 1e9, 1000.0)
    assert times.left_secs("m", 1000.0) == 900.0
    assert times.left_secs("m", 0.0) == 900.0
    assert times.left_secs("m", 1900.0) == 0.0
