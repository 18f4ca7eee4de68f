"""Configurations of many routes: the sizes that the issue names, and random ones that repeat themselves."""

from collections.abc import Iterator
from random import Random

KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-{:012}"
DESTINATION = """
[[destination]]
name = "monitor-{0}"
kind = "arthur"
url = "https://arthur.example.com"
secret = "secretsmanager:capture-forwarder/arthur-{0}"
"""


def destination(index: int = 0) -> str:
    """Return a destination."""
    return DESTINATION.format(index)


def route(index: int, bucket: str, prefix: str, suffix: str = ".jsonl", target: int = 0) -> str:
    """Return a route."""
    return (
        f'\n[[route]]\nname = "route-{index}"\nbucket = "{bucket}"\nprefix = "{prefix}"\nsuffix = "{suffix}"\n'
        f'destination = "monitor-{target}"\nmodel_id = "m"\n'
    )


def bucket(name: str, *options: str) -> str:
    """Return a table of a bucket."""
    return "\n".join(["\n[[bucket]]", f'name = "{name}"', *options, ""])


def keys(*numbers: int) -> str:
    """Return the option with these keys."""
    arns = ", ".join(f'"{KEY.format(number)}"' for number in numbers)
    return f"kms_key_arns = [{arns}]"


def sagemaker_bucket(index: int) -> str:
    """Return the name that SageMaker gives its bucket, with one more part."""
    return f"sagemaker-ap-southeast-1-123456789012-{index:02}"


def sized(routes: int, buckets: int, *, keyed: bool, folder: str = "datacapture/") -> str:
    """Return a configuration of `routes` spread over `buckets`, with names as SageMaker gives them."""
    text = '[stack]\nname = "capture-forwarder"\n' + destination()
    for index in range(routes):
        text += route(index, sagemaker_bucket(index % buckets), f"{folder}endpoint-{index:03}/")
    if keyed:
        text += "".join(bucket(sagemaker_bucket(each), keys(2 * each, 2 * each + 1)) for each in range(buckets))
    return text


def generated(seed: int) -> str:
    """Return a random configuration that AWS must accept."""
    random = Random(seed)
    stack = ["[stack]", f'name = "{random.choice(["capture-forwarder", "c", "x" * 40])}"']
    if random.random() < 0.3:
        stack.append(f'kms_key_arn = "{KEY.format(0)}"')
    if random.random() < 0.3:
        stack += ["[stack.vpc]", 'subnet_ids = ["subnet-0a1b2c3d4e5f60718"]', 'security_group_ids = ["sg-0a1b2c3d"]']
    destinations = random.randint(1, 3)
    text = "\n".join([*stack, *map(destination, range(destinations))])
    number = 0
    for index in range(random.choice([1, 1, 2, 3, 8])):
        name = random.choice([sagemaker_bucket(index), f"b{index:02}", f"{'captures-' * 6}{index:02}"])
        suffix = random.choice([".jsonl", ".jsonl.gz"])
        for prefix in _prefixes(random):
            text += route(number, name, prefix, suffix, random.randrange(destinations))
            number += 1
        text += bucket(name, *_options(random))
    return text


def _options(random: Random) -> Iterator[str]:
    yield from random.choice(
        [(), (), ("create = true",), ("create = true", 'trigger = "eventbridge"'), ('account = "210987654321"',)]
    )
    if random.random() < 0.5:
        yield keys(*range(random.randint(1, 4)))


def _prefixes(random: Random) -> list[str]:
    """Return prefixes, some of them nested, long, or with characters that patterns and policies treat specially."""
    folders = ["datacapture/", "team a/", "größe/", "data*/", "a+b=c/", "$x/", "deep/er/", f"{'long-' * 24}/"]
    found = {"" if random.random() < 0.05 else "datacapture/churn/"}
    for _ in range(random.choice([0, 3, 10, 40, 90])):
        parent = random.choice([*folders, *found]) if random.random() < 0.5 else folders[0]
        found.add(f"{parent}endpoint-{random.randrange(1000):03}/"[-700:])
    return sorted(found)
