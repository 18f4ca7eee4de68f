"""Capture lines changed at random: single bytes, fields and documents."""

import base64
import json
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

CAPTURES = Path(__file__).parents[2] / "events" / "captures" / "datacapture"

_BYTES = (
    *(b"\x00", b"\n", b"\r\n", b"\xe2\x80\xa8", b"\xc2\x85", b"\xef\xbb\xbf", b"\xff", b"\xed\xa0\x80", b"\x1f\x8b"),
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\\u0000", b"\\ud800", b'\\"', b"1e999", b"NaN", b"-Infinity"),
    *(b"null", b"true", b"\\n", b"\\r", b'""', b"0" * 40, b"9" * 400, b"[" * 1200, b'{"a":' * 1200, b"groundTruthData"),
)
_SCALARS: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        2**31,
        2**63,
        2**64,
        -(2**63) - 1,
        10**400,
        5e-324,
        1.7e308,
        400,
        599,
        "",
        " ",
        "0",
    ),
    *(
        "007",
        "1e5",
        "1e999",
        "nan",
        "-inf",
        "1,2",
        "1\n2",
        '"',
        "\u2028",
        "\x85",
        "\0",
        "\ud800",
        "ß",
        "🙂",
        "x" * 5000,
    ),
    *("2026-01-15T10:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "not a time", "1_0", "٣"),
)
_NAMES = (
    *("instances", "predictions", "features", "probabilities", "scores", "projections", "inputs", "outputs", "data"),
    *("values", "keys", "shape", "datatype", "name", "columns", "index", "dataframe_split", "dataframe_records"),
    *("code", "message", "error", "ErrorCode", "Message", "a", "a.b", "a_0", "", "prob", "n" * 1100),
)
_CONTENT_TYPES = (
    *(
        None,
        "",
        "text/csv",
        "TEXT/CSV; charset=utf-8",
        "application/json",
        "application/jsonlines",
        "application/x-npy",
    ),
    *("application/json; charset=utf-16", "text/csv; charset=idna", "text/html", "image/png", "application/vnd.x+json"),
    *("text/csv; charset=", ";;;", "application/octet-stream", "application/x-ndjson", 'text/csv; charset="latin-1"'),
)
_DOCUMENTS: tuple[Any, ...] = (
    *(
        {"a": {"b": 1}, "a.b": 2},
        {"a": [1], "a_0": 2},
        {"feature_0": 1},
        {"features": [1, 2]},
        {"probabilities": [[0.5]]},
    ),
    *([[1, 2], [3, 4]], [1, 2], ["a", "b"], {"a": [1, 2], "prob": [3, 4]}, {"predictions": [{"label": 1}, 2, [3]]}),
    {"instances": [{"data": {"features": {"keys": [0, 3], "shape": [4], "values": [1, 2]}}}, {"features": [1]}]},
    {"outputs": [{"name": "a", "datatype": "FP32", "shape": [2, 2], "data": [[1, 2], [3, 4]]}]},
    {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}},
    *({"code": 500, "type": "x", "message": "y"}, {"error": "x"}, {"ErrorCode": "x", "Message": "y", "n": 1}),
)
_MAX_BYTES = 64 * 1024


class Mutator:
    """Draws lines from `seeds`; the same seeds and the same `random` give the same lines."""

    def __init__(self, seeds: Iterable[bytes], random: Random) -> None:
        self._seeds = list(seeds)
        self._random = random
        self._ways: tuple[Callable[[bytes], bytes], ...] = (
            *(self._spoiled_bytes, self._spliced, self._noise, self._swapped, self._other_envelope),
            *(self._spoiled_payload, self._spoiled_payload, self._other_payload, self._other_payload),
            *(self._other_payload, self._other_payload),
        )

    def line(self) -> bytes:
        """Return one more line; about half are still JSON, and half of those still captures."""
        line = self._random.choice(self._seeds)
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            line = self._random.choice(self._ways)(line)
        return line[:_MAX_BYTES].replace(b"\n", b" ")

    def _spoiled_bytes(self, data: bytes) -> bytes:
        spoiled = bytearray(data)
        for _ in range(self._random.choice((1, 1, 2, 4, 16))):
            at, length = self._random.randint(0, len(spoiled)), self._random.choice((0, 0, 1, 1, 2, 8, 64))
            match self._random.randrange(4):
                case 0:
                    spoiled[at : at + length] = self._random.choice(_BYTES)
                case 1:
                    spoiled[at : at + 1] = self._random.randbytes(1)
                case 2:
                    del spoiled[at : at + length]
                case _:
                    spoiled[at:at] = spoiled[at : at + length]
        return bytes(spoiled)

    def _spliced(self, data: bytes) -> bytes:
        other = self._random.choice(self._seeds)
        return data[: self._random.randint(0, len(data))] + other[self._random.randint(0, len(other)) :]

    def _noise(self, data: bytes) -> bytes:
        del data
        return self._random.randbytes(self._random.randrange(40))

    def _other_envelope(self, data: bytes) -> bytes:
        """Put something else in the place of one of the record's values, leave one out, or add one."""
        return self._edited(data, self._altered)

    def _other_payload(self, data: bytes) -> bytes:
        """Change a payload: a new document, or one value of the present document."""

        def change(record: Any) -> Any:
            side = self._side(record)
            text = self._payload_text(side.get("data", ""))
            side["encoding"] = self._random.choice(("CSV", "JSON", "JSON", "BASE64", side.get("encoding")))
            if self._random.random() < 0.5:
                side["observedContentType"] = self._random.choice(_CONTENT_TYPES)
            side["data"] = base64.b64encode(_utf8(text)).decode() if side["encoding"] == "BASE64" else text
            return record

        return self._edited(data, change)

    def _spoiled_payload(self, data: bytes) -> bytes:
        """Change bytes of a payload and leave the record around it whole."""

        def change(record: Any) -> Any:
            side = self._side(record)
            side["data"] = self._spoiled_bytes(_utf8(str(side.get("data")))).decode("utf-8", "replace")
            return record

        return self._edited(data, change)

    def _swapped(self, data: bytes) -> bytes:
        """Give a call the answer of another call."""

        def change(record: Any) -> Any:
            record["captureData"]["endpointOutput"] = self._side(json.loads(self._random.choice(self._seeds)))
            return record

        return self._edited(data, change)

    def _edited(self, data: bytes, change: Callable[[Any], Any]) -> bytes:
        try:
            return json.dumps(change(json.loads(data))).encode()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return self._spoiled_bytes(data)  # one that an earlier change, or its source, has left without a payload

    def _side(self, record: Any) -> dict[str, Any]:
        side: dict[str, Any] = record["captureData"][self._random.choice(("endpointInput", "endpointOutput"))]
        return side

    def _payload_text(self, text: str) -> str:
        try:
            document = self._altered(json.loads(text)) if self._random.randrange(3) else self._document()
        except (ValueError, TypeError, RecursionError):
            document = self._document()
        if self._random.randrange(6) == 0:
            return "\n".join(",".join(str(self._random.choice(_SCALARS)) for _ in range(3)) for _ in range(2))
        return json.dumps(document, ensure_ascii=bool(self._random.randrange(2)))

    def _document(self, depth: int = 3) -> Any:
        kind = self._random.randrange(5) if depth else 0
        some = range(self._random.randrange(4))
        if kind == 0:
            return self._random.choice(_SCALARS)
        if kind == 4:
            return self._altered(deepcopy(self._random.choice(_DOCUMENTS)))
        if kind == 1:
            return {self._random.choice(_NAMES): self._document(depth - 1) for _ in some}
        return [self._document(depth - 1) for _ in some]

    def _altered(self, document: Any) -> Any:
        """Replace a random part of `document`."""
        if not isinstance(document, dict | list) or not document or self._random.randrange(4) == 0:
            return self._document()
        keys = list(document) if isinstance(document, dict) else list(range(len(document)))
        key = self._random.choice(keys)
        match self._random.randrange(8):
            case 0:
                del document[key]
            case 1 if isinstance(document, dict):
                document[self._random.choice(_NAMES)] = self._document()
            case 2 if isinstance(document, list):
                document.insert(key, self._document())
            case _:
                document[key] = self._altered(document[key])
        return document


def seeds() -> list[bytes]:
    """Return every line of the capture files that are kept as the seed corpus."""
    return [line for file in sorted(CAPTURES.rglob("*.jsonl")) for line in file.read_bytes().split(b"\n") if line]


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
