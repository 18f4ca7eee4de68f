"""The field extraction rules of Sumo Logic's page, corrected. `fields` are the ones that a rule sets."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from integrations.observability.audit import EVENT_SOURCE
from integrations.observability.extraction import LOG_KINDS, Source
from integrations.observability.fields import NAMESPACE


class Rule(Struct, frozen=True, kw_only=True):
    """One rule, applied when a message arrives: messages of `scope` get `fields` by the expression `parse`.

    `fault` says what the page gets wrong, and how the rule differs.
    """

    id: str
    name: str
    scope: str
    parse: str
    fields: tuple[str, ...]
    fault: str = ""


CLOUDTRAIL = Rule(
    id="R.CloudTrail",
    name="AwsObservabilitySagemakerCloudTrailLogsFER",
    scope=f'account=* eventname eventsource "{EVENT_SOURCE}"',
    parse=f"""json "eventSource", "awsRegion", "recipientAccountId" as event_source, region, accountid nodrop
| where event_source = "{EVENT_SOURCE}"
| "{NAMESPACE}" as namespace
| json "requestParameters.endpointName", "requestParameters.endpointConfigName" as endpointname, config_name nodrop
| if (isBlank(endpointname), config_name, endpointname) as endpointname
| endpointname as modelId
| fields accountid, region, namespace, endpointname, modelId""",
    fields=("accountid", "region", "namespace", "endpointname", "modelId"),
    fault="the page reads modelId, which no event has, and in its later text endpointname; events have endpointName",
)
# The names that Sumo Logic gives to the parts of a line that came through Firehose.
_PARTS = {Source.GROUP: "_sourceHost", Source.STREAM: "_sourceName"}
_OF_LINES = tuple(dict.fromkeys(each.field for kind in LOG_KINDS for each in kind.extractions))


def _of_lines() -> Iterator[str]:
    """Yield the steps of the rule for log lines: fields begin blank, and the kind of the group sets its own."""
    yield f'"{NAMESPACE}" as namespace'
    yield from (f'"" as {field}' for field in _OF_LINES)
    place = 0
    for kind in LOG_KINDS:
        for each in kind.extractions:
            place += 1
            named = each.pattern.replace("(", f"(?<part{place}>", 1)
            yield f'parse regex field={_PARTS[each.source]} "{named}" nodrop'
            yield f'if (_sourceHost matches "{kind.prefix}*", part{place}, {each.field}) as {each.field}'
    yield f"fields namespace, {', '.join(_OF_LINES)}"


CLOUDWATCH = Rule(
    id="R.CloudWatch",
    name="AwsObservabilitySagemakerCloudWatchLogsFER",
    scope="account=* region=* _sourceHost=/aws/sagemaker/*",
    parse="\n| ".join(_of_lines()),
    fields=("namespace", *_OF_LINES),
    fault="the page reads modelId from the message, and its later text writes names in lower case, so that they no "
    "longer join with metrics; no rule of the page sets the fields of jobs",
)
RULES = (CLOUDTRAIL, CLOUDWATCH)
TRAIL_CATEGORY = "aws/observability/cloudtrail/logs"


def account_rule(accounts: Mapping[str, str], category: str = TRAIL_CATEGORY) -> Rule:
    """Return the rule that names accounts; `accounts` are names by id, as `observability.accounts` has them.

    `category` is the source category of CloudTrail's events.
    """
    names = "".join(
        f'\n| if (recipientAccountId = "{number}", "{name}", account) as account'
        for number, name in sorted(accounts.items())
    )
    return Rule(
        id="R.Accounts",
        name="AWS Accounts",
        scope=f"_sourceCategory={category}",
        parse=f'json "recipientAccountId" nodrop\n| "" as account{names}\n| fields account',
        fields=("account",),
        fault="the page's map is written by hand; this one is generated from observability.accounts",
    )


def rules(accounts: Mapping[str, str], category: str = TRAIL_CATEGORY) -> tuple[Rule, ...]:
    """Return all rules; that of the accounts only if there are some."""
    return (*RULES, account_rule(accounts, category)) if accounts else RULES
