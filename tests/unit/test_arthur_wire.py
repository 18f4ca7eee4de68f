"""The paths of Arthur's API."""

from capture_forwarder.destinations.arthur import wire


def test_a_model_id_is_one_step_of_the_path() -> None:
    """A model id from the configuration cannot address another resource."""
    assert wire.inferences_path("a/b?c") == "/api/v3/models/a%2Fb%3Fc/inferences"
    assert wire.model_path("a/b?c") == "/api/v3/models/a%2Fb%3Fc?id_type=id&expand=attributes"
