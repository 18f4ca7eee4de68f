"""Content types: their families, as SageMaker, its containers and callers write them."""

import pytest

from capture_forwarder.domain.capture import Media, media_of


@pytest.mark.parametrize(
    ("content_type", "media"),
    [
        ("text/csv", Media.CSV),
        (" Text/CSV ; header=present", Media.CSV),
        ("application/json; charset=utf-8", Media.JSON),
        ("application/vnd.api+json", Media.JSON),
        ("APPLICATION/LD+JSON;q=1", Media.JSON),
        ("application/x-ndjson", Media.JSON_LINES),
        ("text/plain", Media.TEXT),
        ("application/json-seq", None),
        ("", None),
    ],
)
def test_case_white_space_and_parameters_do_not_matter(content_type: str, media: Media | None) -> None:
    """Only the type itself does, and the suffix +json: https://www.rfc-editor.org/rfc/rfc6839#section-3.1."""
    assert media_of(content_type) is media
