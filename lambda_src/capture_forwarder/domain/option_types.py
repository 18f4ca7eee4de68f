"""The types of single options, which the check, the reference page and the JSON Schema describe."""

from typing import Annotated

from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", title="letters, digits, . _ -; at most 63")]
# `addresses.py` checks the rest of a URL, and `secret_reference.py` that of a reference.
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+", title="https://host")]
ProxyUrl = Annotated[str, Meta(pattern=r"^https?://[^/\s]+", title="http://host:port")]
Secret = Annotated[
    str,
    Meta(
        pattern=r"^(secretsmanager|ssm|env):.+$",
        title='"secretsmanager:NAME", "ssm:/NAME" or, outside AWS, "env:VARIABLE", perhaps with "#KEY" at the end; '
        "never the token itself",
    ),
]
Prefix = Annotated[
    str,
    Meta(
        pattern="^(|(?!/|s3://).*/)$",
        title='a prefix of keys, such as "datacapture/churn/": it ends with "/" ("churn" would match churn-v2/ too), '
        "and begins neither with / nor with s3://",
    ),
]
Suffix = Annotated[str, Meta(pattern=r"^\.[A-Za-z0-9.]{1,30}$", title='the end of a key, such as ".jsonl"')]
Text = Annotated[str, Meta(min_length=1)]
# Characters of a URI: https://www.rfc-editor.org/rfc/rfc3986#section-2
SourcePrefix = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9:/?#@!$&'()*+,;=._~%-]{0,1024}$", title="the beginning of a URI")
]
HeaderText = Annotated[str, Meta(pattern="^[!-~]+$", title="letters, digits and punctuation of ASCII")]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, title="seconds, more than 0")]
# `rows` of a body: keys that lead down to one list.
KeyPath = Annotated[
    str,
    Meta(pattern=r"^[^.]+(\.[^.]+)*$", title='the keys that lead to the list, joined by ".", such as "body.instances"'),
]
Keys = Annotated[tuple[Text, ...], Meta(title='a list of keys, such as ["labels"]')]
MetadataKeys = Annotated[tuple[Text, ...], Meta(title='a list of keys, such as ["targetModel", "customAttributes"]')]
# A character of a number, a name or a quote cannot stand between cells.
Delimiter = Annotated[
    str,
    Meta(
        pattern=r'^[^"\r\n\\A-Za-z0-9.+_-]$',
        title='the one character between cells, such as ";" or "\\t"; no letter, digit, quote, "." or sign',
    ),
]
_KEY_ID = "(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
KeyArn = Annotated[
    str, Meta(pattern=rf"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{{12}}:key/{_KEY_ID}$", title="the ARN of a KMS key")
]
