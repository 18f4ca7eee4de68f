"""The arrays in a `.npz` archive: a zip file of `.npy` files."""

import zlib
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

# What the arrays of an archive may take together: more than a body of SageMaker, which has 25 MB.
_MAX_BYTES = 32 * 1024 * 1024
_MAX_MEMBERS = 1000
_SUFFIX = ".npy"
_ENCRYPTED = 1


class Unreadable(ValueError):
    """A binary body that is not read; the message says why, without any value of it."""


def members_of(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every array. Raises `Unreadable`.

    The sizes that the archive claims are checked first: no more than these are inflated.
    """
    try:
        with ZipFile(BytesIO(raw)) as archive:
            members = archive.infolist()
            _check(members)
            for member in members:
                yield member.filename.removesuffix(_SUFFIX), archive.read(member)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, UnicodeDecodeError) as error:
        raise Unreadable("the zip archive is damaged") from error


def _check(members: list[ZipInfo]) -> None:
    if not 0 < len(members) <= _MAX_MEMBERS:
        raise Unreadable(f"the zip archive holds no array, or more than {_MAX_MEMBERS}")
    if any(
        not member.filename.endswith(_SUFFIX)
        or member.compress_type not in (ZIP_STORED, ZIP_DEFLATED)
        or member.flag_bits & _ENCRYPTED
        for member in members
    ):
        raise Unreadable("the zip archive holds something else than arrays of numpy.savez")
    if len({member.filename for member in members}) < len(members):
        raise Unreadable("the zip archive holds two arrays of one name")
    if sum(member.file_size for member in members) > _MAX_BYTES:
        raise Unreadable(f"the arrays of the zip archive have more than {_MAX_BYTES} bytes")
