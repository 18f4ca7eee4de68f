"""Arrays of NumPy in BASE64: those of `tests/arrays`, written by NumPy, and damaged or hostile ones."""

import base64
import json
import struct
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from capture_forwarder.domain.capture import Encoding, Media, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import PayloadOptions
from capture_forwarder.payloads.arrays import read_array
from capture_forwarder.payloads.bodies import Body, read_body
from capture_forwarder.payloads.lazy import Lazy

FOLDER = Path(__file__).parents[1] / "arrays"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
REFUSED = {
    "complex.npy": "complex numbers",
    "dates.npy": "dates",
    "durations.npy": "durations",
    "objects.npy": "objects (pickles)",
    "objects.npz": "objects (pickles)",
    "quadruple.npy": "this type",
    "rows_without_values.npy": "rows without values",
    "structured.npy": "structured types",
    "three_dimensions.npy": "more than two dimensions",
}


def exact(value: Any) -> str:
    """Return text that tells equal values of different types apart."""
    return json.dumps(value)


def npy(header: object, data: bytes = b"", version: int = 1) -> bytes:
    """Return a `.npy` file."""
    text = repr(header).encode() if isinstance(header, dict) else str(header).encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def header(descr: object = "<f8", shape: object = (2,), *, order: object = False) -> dict[str, object]:
    """Return a header."""
    return {"descr": descr, "fortran_order": order, "shape": shape}


def why(raw: bytes) -> str:
    """Return why an array is refused; the code is always the same."""
    found = read_array(raw)
    assert isinstance(found, Reason), found
    assert found.code is RejectionCode.BINARY_PAYLOAD
    return found.why


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip file."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", compression) as written:
        for name, data in members.items():
            written.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize("name", EXPECTED)
def test_an_array_is_what_it_would_be_in_json(name: str) -> None:
    """Any type, byte order, order of dimensions and version that NumPy writes; -0.0 keeps its sign."""
    content_type = "application/x-npz" if name.endswith(".npz") else "application/x-npy"
    data = base64.b64encode((FOLDER / name).read_bytes()).decode()
    body = read_body(Payload(data, Encoding.BASE64, content_type), PayloadOptions(), is_answer=True)
    assert isinstance(body, Body)
    assert exact(body.content) == exact(EXPECTED[name])
    assert (body.form.media, body.form.base64) == (Media.JSON, True)


def test_every_file_is_read_or_refused() -> None:
    """A new file needs a result."""
    assert {path.name for path in FOLDER.glob("*.np[yz]")} == EXPECTED.keys()
    assert {path.name for path in (FOLDER / "refused").iterdir()} == REFUSED.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_an_array_of_another_type_is_refused_by_name(name: str) -> None:
    """Objects are pickles, and these can run code; the others are no values of a row."""
    assert REFUSED[name] in why((FOLDER / "refused" / name).read_bytes())


@pytest.mark.parametrize("name", ["f8_little.npy", "version_2.npy", "texts_big.npy", "bytes.npy", "several.npz"])
def test_a_truncated_array_is_refused(name: str) -> None:
    """Wherever it is cut."""
    raw = (FOLDER / name).read_bytes()
    for end in range(len(raw)):
        why(raw[:end])


MALFORMED: dict[str, bytes] = {
    "no array": b"setosa",
    "nothing": b"",
    "version 4": npy(header(), bytes(16), version=4),
    "the magic only": b"\x93NUMPY",
    "no dictionary": npy("(1, 2)"),
    "no literal": npy("{'descr': open('/etc/passwd')}"),
    "deep nesting": npy("[" * 1000),
    "many signs": npy("-" * 1000 + "1"),
    "another key": npy({**header(), "more": 1}),
    "a missing key": npy({"descr": "<f8", "shape": (1,)}),
    "unhashable keys": npy("{[]: 1}"),
    "a shape of texts": npy(header(shape=("2",)), bytes(16)),
    "a shape of truth": npy(header(shape=(True,)), bytes(8)),
    "a list as shape": npy(header(shape=[2]), bytes(16)),
    "a negative shape": npy(header(shape=(-2, -1)), bytes(16)),
    "terabytes": npy(header(shape=(10**15,))),
    "terabytes of nothing": npy(header(descr="|S0", shape=(10**15,))),
    "empty texts": npy(header(descr="<U0", shape=(10**15,))),
    "many rows of nothing": npy(header(shape=(10**12, 0))),
    "a long header": npy(header(), bytes(16)).replace(b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00\xff\xff"),
    "more data than its shape": npy(header(), bytes(24)),
    "a type that is no text": npy(header(descr=8), bytes(16)),
    "an unknown type": npy(header(descr="<q9"), bytes(16)),
    "a type of many digits": npy(header(descr="<f" + "8" * 99), bytes(16)),
    "bytes that are no UTF-8": npy(header(descr="|S1", shape=(1,)), b"\xff"),
    "U+0000 in bytes": npy(header(descr="|S3", shape=(1,)), b"a\0b"),
    "U+0000 in text": npy(header(descr="<U3", shape=(1,)), "a\0b".encode("utf-32-le")),
    "an empty archive": archive({}),
    "a damaged archive": archive({"a.npy": npy(header(), bytes(16))})[:-30],
    "another file in the archive": archive({"a.txt": b"x"}),
    "no array in the archive": archive({"a.npy": b"x"}),
    "another compression": archive({"a.npy": npy(header(), bytes(16))}, zipfile.ZIP_LZMA),
    "a bomb": archive({"a.npy": npy(header(descr="|u1", shape=(2**26,)), bytes(2**26))}),
    "many arrays": archive({f"{at}.npy": b"" for at in range(1001)}),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_or_hostile_array_is_refused(name: str) -> None:
    """It takes no memory that it does not have, and runs no code."""
    why(MALFORMED[name])


def test_an_archive_with_two_arrays_of_one_name_is_refused() -> None:
    """One of them would be lost."""
    one = npy(header(), bytes(16))
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("a.npy", one)
        with pytest.warns(UserWarning, match="Duplicate name"):
            written.writestr("a.npy", one)
    assert "two arrays of one name" in why(file.getvalue())


@pytest.mark.parametrize("change", [(6, b"\x01"), (8, b"\x63")])
def test_an_archive_that_is_encrypted_or_compressed_in_another_way_is_refused(change: tuple[int, bytes]) -> None:
    """The flags and the method stand in the central directory."""
    raw = bytearray(archive({"a.npy": npy(header(), bytes(16))}))
    at = raw.index(b"PK\x01\x02") + change[0] + 2
    raw[at : at + 1] = change[1]
    why(bytes(raw))


def test_an_archive_with_a_wrong_checksum_is_refused() -> None:
    """Its data differ from the written ones."""
    raw = bytearray(archive({"a.npy": npy(header(), bytes(16))}, zipfile.ZIP_STORED))
    raw[raw.index(b"NUMPY")] ^= 1
    assert why(bytes(raw)) == "the zip archive is damaged"


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    """As in any other text."""
    assert read_array(npy(header(descr="<U2", shape=(1,)), struct.pack("<2I", 0xD800, 0x61))) == ["\ufffda"]


@pytest.mark.parametrize("is_fortran", [False, True])
def test_large_arrays_are_read_lazily(is_fortran: bool) -> None:  # noqa: FBT001 - the two orders
    """Rows and values are made when they are read, and are those of a small array."""
    values = list(range(30_000))
    data = struct.pack("<30000i", *values)
    vector = read_array(npy(header(descr="<i4", shape=(30_000,)), data))
    matrix = read_array(npy(header(descr="<i4", shape=(10_000, 3), order=is_fortran), data))
    assert isinstance(vector, Lazy)
    assert isinstance(matrix, Lazy)
    rows = (
        [values[at::10_000] for at in range(10_000)]
        if is_fortran
        else [values[at : at + 3] for at in range(0, 30_000, 3)]
    )
    assert (list(vector), vector[12_345], len(vector)) == (values, 12_345, 30_000)
    assert (list(matrix), matrix[-1], len(matrix)) == (rows, rows[-1], 10_000)


@pytest.mark.parametrize("encoding", [Encoding.CSV, Encoding.JSON])
def test_an_array_that_was_captured_as_text_is_refused(encoding: Encoding) -> None:
    """SageMaker replaced its bytes."""
    payload = Payload("\ufffdNUMPY\x01\0v", encoding, "application/x-npy")
    found = read_body(payload, PayloadOptions(), is_answer=True)
    assert isinstance(found, Reason)
    assert found.code is RejectionCode.BINARY_PAYLOAD


def test_an_array_must_be_base64() -> None:
    """Other text is damaged."""
    found = read_body(Payload("?", Encoding.BASE64, "application/x-npy"), PayloadOptions(), is_answer=True)
    assert isinstance(found, Reason)
    assert found.code is RejectionCode.BAD_BASE64
