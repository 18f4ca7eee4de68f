"""The declaration of a payload: its format, its charset, and whether it can be read at all.

The route's content type wins, then the declared type if it names a format, then SageMaker's encoding. If none of them
names a format, the look of the text decides.
"""

from codecs import lookup
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache

from msgspec import Struct

from capture_forwarder.domain.capture import Encoding, Media, media_of
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.payloads.media import BodyForm

# Content types are captured data: a limit keeps hostile ones from filling the memory.
_MAX_DECLARATIONS = 256
_ENCODED = {Encoding.CSV: Media.CSV, Encoding.JSON: Media.JSON}
_ARRAYS = frozenset({"application/x-npy", "application/x-npz"})
_ONE_CALL = "application/list-text"
_BINARY_FAMILIES = ("image/", "audio/", "video/", "font/", "model/", "multipart/")
_BINARY = frozenset(
    {
        "application/x-image",
        "application/x-recordio",
        "application/x-recordio-protobuf",
        "application/x-protobuf",
        "application/protobuf",
        "application/x-parquet",
        "application/parquet",
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.file",
        "application/vnd.apache.arrow.stream",
        "application/avro",
        "application/x-avro",
        "application/msgpack",
        "application/x-msgpack",
        "application/cbor",
        "application/x-pickle",
        "application/x-tfexample",
        "application/zip",
        "application/gzip",
        "application/x-gzip",
        "application/pdf",
        "application/vnd.ms-excel",
    }
)
_TAB = "\t"
_TAB_SEPARATED = frozenset({"text/tab-separated-values", "text/tsv", "text/x-tsv", "application/tsv"})
# Text that holds values in another way, by the name for the sentence of the rejection.
_OTHER_TEXT = {
    "text/event-stream": "an event stream",
    "application/vnd.amazon.eventstream": "an event stream",
    "text/libsvm": "libsvm",
    "text/x-libsvm": "libsvm",
    "application/libsvm": "libsvm",
    "application/x-libsvm": "libsvm",
    "application/json-seq": "a JSON text sequence",
    "application/x-www-form-urlencoded": "a web form",
    "application/yaml": "YAML",
    "application/x-yaml": "YAML",
    "text/yaml": "YAML",
    "application/xml": "XML",
    "text/xml": "XML",
}
# The text encodings of Python that are charsets of the web or of an operating system, by the names of their modules.
# Captured headers choose from these only: Python has codecs that give bytes, or text that JSON cannot hold.
_CHARSETS = frozenset(
    {"ascii", "utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be"}
    | {"latin_1", *(f"iso8859_{part}" for part in range(2, 17) if part != 12)}  # noqa: PLR2004 - ISO 8859-12 does not exist
    | {"cp437", "cp850", "cp852", "cp855", "cp858", "cp866", "cp874", *(f"cp125{part}" for part in range(9))}
    | {"koi8_r", "koi8_u", "mac_roman", "mac_cyrillic", "tis_620", "big5", "big5hkscs", "gb2312", "gbk", "gb18030"}
    | {"hz", "shift_jis", "cp932", "euc_jp", "iso2022_jp", "euc_kr", "cp949", "iso2022_kr"}
)
_MAX_CHARSET_CHARS = 40
_PRESENT = {"present": True, "absent": False}


class Declared(Struct, frozen=True):
    """The facts about a payload that are known before its text is read.

    `media` is `None` where the look of the text decides; for `Media.TEXT` it decides first. A payload with a `refusal`
    is not read.
    """

    media: Media | None = None
    base64: bool = False
    charset: str = "utf-8"
    refusal: Reason | None = None
    is_array: bool = False
    is_one_call: bool = False
    header: bool | None = None
    form: BodyForm = BodyForm(Media.TEXT)


@lru_cache(_MAX_DECLARATIONS)
def declared(
    encoding: Encoding, content_type: str | None, override: str | None, delimiter: str | None, side: str
) -> Declared:
    """Return the facts about every payload that is declared like this.

    `override` and `delimiter` are options of the route; `side` begins the names of its options: `input` or `output`.
    """
    captured = _split_content_type(content_type or "")
    essence, parameters = _split_content_type(override) if override else captured
    base64 = encoding is Encoding.BASE64
    named_charset = parameters.get("charset") or captured[1].get("charset") or "utf-8"
    charset = charset_of(named_charset) if base64 else "utf-8"
    is_tab_separated = essence in _TAB_SEPARATED
    named = Media.CSV if is_tab_separated and delimiter == _TAB else media_of(essence)
    media = named or _ENCODED.get(encoding)
    refusal = None if is_tab_separated and named else _refusal(essence, side)
    if not refusal and charset is None:
        refusal = Reason(RejectionCode.BAD_TEXT, "the declared charset is not known; the caller must send UTF-8")
    return Declared(
        media,
        base64,
        charset or "utf-8",
        refusal,
        is_array=essence in _ARRAYS,
        is_one_call=essence == _ONE_CALL,
        header=_PRESENT.get(parameters.get("header", "")),
        form=BodyForm(media or Media.TEXT, base64, charset or "utf-8", delimiter=delimiter or ","),
    )


def _split_content_type(content_type: str) -> tuple[str, dict[str, str]]:
    """Return the type without parameters, and the parameters, in lower case."""
    essence, *parts = (part.strip().lower() for part in content_type.split(";"))
    pairs = (part.partition("=") for part in parts)
    return essence, {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def charset_of(name: str) -> str | None:
    """Return Python's name of a charset with one of its names (`latin1`, `windows-1252`); `None` if it is not known."""
    if len(name) > _MAX_CHARSET_CHARS or not name.isascii():
        return None
    module = normalize_encoding(name).lower()
    module = aliases.get(module, module)
    return lookup(module).name.removesuffix("-sig") if module in _CHARSETS else None


def _refusal(essence: str, side: str) -> Reason | None:
    """Return why a type that is no format of rows is rejected whatever its encoding is; `None` for an unknown type."""
    family = essence.partition("/")[0]
    if essence in _BINARY or f"{family}/" in _BINARY_FAMILIES:
        name = essence if essence in _BINARY else family
        return Reason(RejectionCode.BINARY_PAYLOAD, f"a binary body ({name}) holds no named values")
    if essence in _TAB_SEPARATED:
        why = f'tab-separated values are no CSV; set the route\'s {side}_csv_delimiter = "\\t"'
        return Reason(RejectionCode.UNKNOWN_CONTENT_TYPE, why)
    if other := _OTHER_TEXT.get(essence):
        why = f"the declared type says {other}, which is not read; set {side}_content_type if it is another format"
        return Reason(RejectionCode.UNKNOWN_CONTENT_TYPE, why)
    return None
