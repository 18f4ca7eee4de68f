"""botocore's descriptions of the AWS services, read faster and held in less memory."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader

_READERS: dict[str, Callable[[bytes], bytes]] = {".json": bytes, ".json.gz": gzip.decompress}


class DescriptionLoader(JSONFileLoader):
    """Reads files as botocore does, but into ordinary dicts. They keep the order, too, and take half of the memory."""

    def load_file(self, file_path: str) -> Any:
        """Return the content of a file, which is named without its ending; `None` if there is none."""
        for ending, read in _READERS.items():
            path = Path(file_path + ending)
            if path.is_file():
                return msgspec.json.decode(read(path.read_bytes()))
        return None
