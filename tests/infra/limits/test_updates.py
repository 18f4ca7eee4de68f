"""Changes of a configuration that is deployed: no resource with data is replaced, and no route loses events."""

import tomllib
from typing import Any

from tests.infra.examples import resources
from tests.infra.limits.configurations import bucket, destination, route, sagemaker_bucket, sized
from tests.infra.limits.conftest import Made
from tests.infra.limits.matching import matches, new_object

STATEFUL = ("DynamoDB::Table", "S3::Bucket", "SQS::Queue", "Logs::LogGroup")
# From 47 routes on, their prefixes are too long for one pattern. Patterns of wildcards ended after 37 routes.
COUNTS = (1, 37, 46)


def rules(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the patterns of the rules by logical id and name."""
    found = resources(template, "Events::Rule")
    return {
        f"{name} {each['Properties'].get('Name')}": each["Properties"]["EventPattern"] for name, each in found.items()
    }


def matching(template: dict[str, Any], index: int) -> list[str]:
    """Return the rules that match a capture of a route."""
    event = new_object(sagemaker_bucket(0), f"datacapture/endpoint-{index:03}/AllTraffic/2026/01/15/10/a.jsonl")
    return [name for name, pattern in rules(template).items() if matches(pattern, event)]


def test_a_route_in_front_changes_nothing_for_the_others(synthesized: Made) -> None:
    """No route moves to another rule (a new rule gets no events until it is deployed), and no resource with data is replaced."""
    texts = {f"Before{count}": sized(count, 1, keyed=False) for count in COUNTS}
    texts |= {f"After{count}": in_front(texts[f"Before{count}"]) for count in COUNTS}
    found = synthesized(texts)
    for count in COUNTS:
        before, after = found[f"Before{count}"], found[f"After{count}"]
        for index in range(count):
            assert len(matching(before, index)) == 1
            assert matching(after, index) == matching(before, index)
        for kind in STATEFUL:
            assert resources(after, kind) == resources(before, kind) != {}


def in_front(text: str) -> str:
    """Return a configuration with one more route before the first."""
    first = text.index("\n[[route]]")
    return text[:first] + route(900, sagemaker_bucket(0), "datacapture/an-endpoint-in-front/") + text[first:]


def test_a_bucket_in_front_changes_no_other_rule(synthesized: Made) -> None:
    """Names of rules depend on their bucket only."""
    old = sized(10, 5, keyed=True)
    new = destination(1) + old + route(900, "a-bucket", "a/", target=1)
    found = synthesized({"Old": old, "New": new})
    assert rules(found["Old"]).items() < rules(found["New"]).items()
    for kind in STATEFUL:
        assert resources(found["New"], kind) == resources(found["Old"], kind)


def test_the_order_of_routes_changes_nothing(synthesized: Made) -> None:
    """Not the widened prefixes of rules and permissions either."""
    head, *tables = sized(500, 5, keyed=False, folder=f"{'x' * 60}/").split("\n[[route]]")
    backwards = "\n[[route]]".join([head, *reversed([f"{table.rstrip()}\n" for table in tables])])
    assert tomllib.loads(backwards)["route"] != tomllib.loads("\n[[route]]".join([head, *tables]))["route"]
    found = synthesized({"Forwards": "\n[[route]]".join([head, *tables]), "Backwards": backwards})
    for kind in ("Events::Rule", "IAM::ManagedPolicy"):
        assert resources(found["Forwards"], kind) == resources(found["Backwards"], kind)


def test_another_trigger_keeps_both_permissions(synthesized: Made) -> None:
    """Notifications go on until EventBridge is on, about five minutes later, and the other way round."""
    text = destination() + route(0, "b00", "a/")
    found = synthesized(
        {
            "Notified": text + bucket("b00", "create = true"),
            "Ruled": text + bucket("b00", "create = true", 'trigger = "eventbridge"'),
        }
    )
    policies = resources(found["Notified"], "SQS::QueuePolicy")
    assert policies == resources(found["Ruled"], "SQS::QueuePolicy")
    assert {service for each in policies.values() for service in _services(each)} == {
        "events.amazonaws.com",
        "s3.amazonaws.com",
    }


def _services(policy: dict[str, Any]) -> list[str]:
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    return [each["Principal"]["Service"] for each in statements if each["Effect"] == "Allow"]
