"""The field extraction rules of Sumo Logic's page, corrected. `fields` are the ones that a rule sets."""

from collections.abc import Mapping

from msgspec import Struct

from integrations.observability.audit import EVENT_SOURCE
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
CLOUDWATCH = Rule(
    id="R.CloudWatch",
    name="AwsObservabilitySagemakerCloudWatchLogsFER",
    scope="account=* region=* _sourceHost=/aws/sagemaker/*",
    parse=f"""if (isEmpty(namespace), "unknown", namespace) as namespace
| if (_sourceHost matches "/aws/sagemaker/*", "{NAMESPACE}", namespace) as namespace
| parse field=_sourceHost "/aws/sagemaker/Endpoints/*" as endpointname nodrop
| endpointname as modelId
| fields namespace, endpointname, modelId""",
    fields=("namespace", "endpointname", "modelId"),
    fault="the page writes names in lower case, which no longer join with metrics; they keep their case",
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
