"""Without a schema the compiled path learns names and types, and makes exactly the bytes of the plain path."""

import os

from hypothesis import given, settings

from capture_forwarder.domain.route import DecodingOptions
from tests.properties.compiled_paths import Paths
from tests.properties.generated_files import OPTIONS, files

# The long form of these tests draws as many cases as this variable says.
_EXAMPLES = int(os.environ.get("COMPILED_EXAMPLES", "100"))


@given(files(), OPTIONS)
@settings(max_examples=_EXAMPLES)
def test_both_paths_make_the_same_of_a_file(lines: list[bytes], options: DecodingOptions) -> None:
    """Also of rows that do not fit the learned columns, of types that widen, and of tenants with other shapes."""
    paths = Paths(None, options)
    for line in lines:
        if paths.compiled_rows(line) is None:
            paths.learn(line)
    for line in lines * 3:
        paths.compiled_rows(line)
