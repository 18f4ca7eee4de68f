"""Texts that no call can accept: each command refuses them before the first call, all at once, and shows them safely."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.lineage.test_commands import fake, run, trained
from tests.lineage_fake.plugin import Fake

__all__ = ["fake", "run", "trained"]  # fixtures

Run = Callable[..., Result]
LONG = "x" * 3000


@pytest.mark.parametrize(
    ("arguments", "titles"),
    [
        (("get", ""), ["ARN|NAME|URI"]),
        (("query", "a", " "), ["ARN|NAME|URI"]),
        (("query", "a", "--type", "", "--property", ""), ["--type", "--property"]),
        (("create", "artifact", "--type", "", "--name", "", "--source-uri", ""), ["--type", "--name", "--source-uri"]),
        (("list", "artifact", "--source-uri", "", "--name", ""), ["--source-uri", "--name"]),
        (("link", "", ""), ["SOURCE", "DESTINATION"]),
        (("record", "", "--in", "", "--out", ""), ["ACTION", "--in", "--out"]),
        (("add-to", "", "a"), ["CONTEXT"]),
        (("delete", ""), ["ARN|NAME|URI"]),
        (("update", "a", "--remove", ""), ["--remove"]),
        (("tag", "a", "--remove", ""), ["--remove"]),
        (("export", ""), ["ARN|NAME|URI"]),
        (("ask", "models-of", ""), ["ARN|NAME|URI"]),
        (("endpoint", ""), ["NAME"]),
        (("versions", ""), ["ARN|NAME|URI"]),
        (("provenance", ""), ["ARN|NAME|URI"]),
        (("approve", "", "--by", " ", "--status", "", "--note", ""), ["ARN|NAME|URI", "--by", "--status", "--note"]),
        (("reproduce", "", "--name", ""), ["ARN|NAME|URI", "--name"]),
        (("report", "--since", ""), ["--since"]),
        (("table", "--endpoint", ""), ["--endpoint"]),
        (("who-served", "", "--endpoint", "", "--variant", "", "--at", ""), ["ID", "--endpoint", "--variant", "--at"]),
        (("register", "--endpoint", "", "--route", ""), ["--endpoint", "--route"]),
        (("unregister", "--route", ""), ["--route"]),
        (("clean", "--route", "", "--older-than", ""), ["--route", "--older-than"]),
        (("get", "a", "--region", "", "--profile", "", "--endpoint-url", ""), ["--region", "--profile"]),
    ],
)
def test_empty_texts_are_named_all_at_once(run: Run, fake: Fake, arguments: tuple[str, ...], titles: list[str]) -> None:
    """No call is made."""
    lines = run(*arguments, code=2).stderr.splitlines()
    assert set(lines) >= {f"{title} is empty; give a text" for title in titles}
    assert fake.calls == []


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (("get", LONG), ["is no ARN, name or URI; a name has 1 to 120 letters, digits, - and _"]),
        (("get", f"s3://{LONG}"), ["has 3005 characters; a URI has at most 2048"]),
        (("query", "a b", "s3://b/\n", LONG), ["'a b' is no ARN", "has the end of a line in it", "xxx...' is no ARN"]),
        (("link", "a b", "c d"), ["'a b' is no ARN", "'c d' is no ARN"]),
        (("record", "a b", "--in", "c d"), ["'a b' is no ARN", "'c d' is no ARN"]),
        (("add-to", "a b", "c d"), ["'a b' is no ARN", "'c d' is no ARN"]),
        (("delete", "a b", "c d"), ["'a b' is no ARN", "'c d' is no ARN"]),
        (("export", "a b", "c d"), ["'a b' is no ARN", "'c d' is no ARN"]),
        (("endpoint", "a b"), ["'a b' is no ARN"]),
        (("table", "--training-job", "a b"), ["'a b' is no ARN"]),
        (("list", "action", "--type", "t" * 300), ["the type has 300 characters; at most 256"]),
        (("list", "artifact", "--source-uri", LONG), ["the source URI has 3000 characters"]),
        (("reproduce", "a", "--name", "a_b"), ["the name a_b is not valid; a training job has 1 to 63"]),
        (
            ("approve", "a", "--by", "j\n", "--status", "approved", "--note", "n" * 5000),
            ["--note has 5000 characters; at most 4096", "--by has the end of a line"],
        ),
        (("ask", "models\x1b[31m", "a"), [r"models\x1b[31m is no question"]),
        (("clean", "--older-than", "1\nd"), [r"1\nd is no age"]),
        (("approve", "a", "--by", "j", "--status", "a\nb"), [r"a\nb is no status"]),
    ],
)
def test_texts_that_name_no_entity_are_refused(
    run: Run, fake: Fake, arguments: tuple[str, ...], sentences: list[str]
) -> None:
    """Each is shown on one line, without a call."""
    if arguments[0] == "approve" and "j\n" in arguments:
        arguments = tuple("j\nk" if each == "j\n" else each for each in arguments)
    done = run(*arguments, code=2)
    assert [sentence for sentence in sentences if sentence not in done.stderr] == []
    assert len(done.stderr.splitlines()) == len(sentences)
    assert fake.calls == []


def test_tags_are_counted_with_those_that_exist(trained: Run, fake: Fake) -> None:
    """By `tag` and by `create`. A tag that is so already is not written again."""
    many = [each for number in range(50) for each in ("--set", f"k{number}=v")]
    assert "51 tags; at most 50 are allowed" in trained("tag", "pipe", *many, code=2).stderr
    tags = [each.replace("--set", "--tag") for each in many]
    pipe = ("create", "context", "--type", "Pipeline", "--name", "pipe")
    assert "51 tags" in trained(*pipe, *tags, code=2).stderr
    trained("tag", "pipe", *many, "--remove", "team")
    before = fake.counts
    assert trained("tag", "pipe", *many, "--remove", "team").stdout == "nothing to do: all is so already\n"
    assert fake.counts["AddTags"] == before["AddTags"]
    assert "both set and removed: a" in trained("tag", "pipe", "--set", "a=1", "--remove", "a", code=2).stderr


@pytest.mark.parametrize(
    ("options", "sentence", "code"),
    [
        (("--profile", "nope"), "the AWS profile does not exist; correct --profile, or add the profile", 2),
        (("--region", "no region"), "the AWS region is no region; correct --region, or the AWS profile", 2),
        (("--endpoint-url", "nope"), "--endpoint-url is no URL; correct it, or remove it", 2),
        (("--endpoint-url", "http://127.0.0.1:1"), "check that a server runs there, and --endpoint-url", 4),
    ],
)
def test_errors_name_the_option_that_was_given(
    monkeypatch: pytest.MonkeyPatch, run: Run, options: tuple[str, ...], sentence: str, code: int
) -> None:
    """Not the variable of the environment. A wrong value is a wrong call."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    done = run("get", "arn:aws:sagemaker:eu-west-1:123456789012:artifact/x", *options, code=code)
    assert sentence in done.stderr
    assert "AWS_" not in done.stderr


def test_errors_without_these_options_name_the_environment(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """As those of the other commands."""
    monkeypatch.setenv("AWS_PROFILE", "nope")
    done = run("get", "a", code=4)
    assert "the AWS profile does not exist; correct AWS_PROFILE" in done.stderr
    assert "correct AWS_PROFILE" in run("get", "a", "--region", "eu-west-1", code=4).stderr


HOSTILE = "s3://b/\x1b[31m\t\u202e"


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", HOSTILE),
        ("ask", "models-of", HOSTILE),
        ("versions", HOSTILE),
        ("table", "--arn", HOSTILE),
        ("table", "--training-job", HOSTILE),
        ("table", "--pipeline-step", HOSTILE),
        ("delete", HOSTILE),
        ("reproduce", HOSTILE),
        ("list", "artifact", "--after", HOSTILE),
        ("list", HOSTILE),
        ("update", "data", "--set", f"a={HOSTILE}", "--remove", "a"),
        ("create", "action", "--type", "T", "--name", "train", "--source-uri", HOSTILE),
        ("create", "artifact", "--type", f"\n{HOSTILE}", "--source-uri", "s3://b/train.csv"),
        ("create", "artifact", "--type", "T", "--source-uri", f"{HOSTILE}\n"),
        ("import", f"{HOSTILE}\n.json"),
        ("register", "--route", f"{HOSTILE}\n"),
    ],
)
def test_hostile_arguments_are_escaped_in_errors(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """A terminal executes nothing of them."""
    config = tmp_path / "forwarder.toml"
    config.write_text(
        '[[destination]]\nname = "d"\nkind = "webhook"\nurl = "https://x.example"\nsigning_secret = "env:T"\n'
        '[[route]]\nname = "r"\nbucket = "bucket"\nprefix = "data/"\ndestination = "d"\nmodel_id = "m"\n'
    )
    monkeypatch.chdir(tmp_path)
    done = trained(*arguments, code=2)
    assert all(letter.isprintable() or letter == "\n" for letter in done.stderr)
    assert "\x1b" not in done.output
