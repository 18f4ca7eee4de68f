"""The route of an object: the router against the definition, and against the notifications of the bucket."""

from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.configuration.filters import merged
from capture_forwarder.configuration.route_settings import RouteSettings
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.route import Router

FOLDERS = st.lists(st.sampled_from(["a/", "b/", "ab/"]), max_size=3).map("".join)
SUFFIXES = st.sampled_from([".jsonl", ".gz", ".jsonl.gz", ".l"])
PLACES = st.tuples(FOLDERS, SUFFIXES)
KEYS = st.builds(
    lambda folder, name, suffix: folder + name + suffix, FOLDERS, st.sampled_from(["", "a", "b/x"]), SUFFIXES
)


def routes_at(places: list[tuple[str, str]], bucket: str = "captures") -> list[RouteSettings]:
    """Return a route for each prefix and suffix."""
    return [
        RouteSettings(
            name=f"{bucket}-{number}", bucket=bucket, prefix=prefix, suffix=suffix, destination="d", model_id="m"
        )
        for number, (prefix, suffix) in enumerate(places)
    ]


@given(st.lists(PLACES, unique=True, max_size=8), KEYS)
def test_the_longest_prefix_wins_and_then_the_longest_suffix(places: list[tuple[str, str]], key: str) -> None:
    """Of the routes that have both, none is longer than the chosen one; the order of the file changes nothing."""
    routes = tuple(one.route for one in [*routes_at(places), *routes_at(places, "other")])
    source = CaptureObject("captures", key)
    matching = [(p, s) for p, s in places if key[: len(p)] == p and key[len(key) - len(s) :] == s]
    for ordered in (routes, routes[::-1]):
        found = Router(ordered).route_for(source)
        if not matching:
            assert found is None
            continue
        assert found is not None
        assert (found.bucket, found.prefix, found.suffix) == (
            "captures",
            *max(matching, key=lambda place: (len(place[0]), len(place[1]))),
        )


@given(st.lists(PLACES, unique=True, min_size=1, max_size=8), KEYS)
def test_a_bucket_notifies_of_exactly_the_objects_that_have_a_route(places: list[tuple[str, str]], key: str) -> None:
    """Merging its filters neither adds nor loses objects."""
    settings = routes_at(places)
    notified = any(key.startswith(one.prefix) and key.endswith(one.suffix) for one in merged(settings))
    found = Router(tuple(one.route for one in settings)).route_for(CaptureObject("captures", key))
    assert notified is (found is not None)
