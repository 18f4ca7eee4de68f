"""The rest of the page: samples, queries, alerts and steps of collection. Fields and rules are values already."""

from integrations.observability.page.items import Item

_BY_FIREHOSE = 'With `[observability.sumo]` and `mode = "firehose"`'

_OF_ALL_CORES = "80 % of all cores, not of one. Off until `job_vcpus` or `job_gpus` is set"

SAMPLES = (
    Item("S1", "Sample of a CloudTrail event"),
    Item("S2", "Sample of an endpoint's access line"),
    Item("S3", "Sample of a line of a processing job"),
    Item("S4", "Sample of a line of a training job"),
    Item("S5", "Sample of a line of a transform job"),
)

QUERIES = (
    Item("Q1", "Successful events by place", "CloudWatch has no table of places: by address"),
    Item("Q2", "Ten commonest errors", "The page forgets the limit; its later text counts addresses"),
    Item("Q3", "Twenty commonest events that change something", "The page forgets Describe"),
    Item("Q4", "Events by account, region, operation and user", "The page overwrites the type of the user"),
    Item("Q5", "Operations an hour"),
    Item("Q6", "Models an hour", "Events name endpoints, not models"),
    Item("Q7", "Access lines by endpoint and status"),
    Item("Q8", "Recent lines of jobs"),
    Item("Q9", "Latency by model", "The metric is ModelLatency, in microseconds; InvocationLatency is Bedrock's"),
    Item("Q10", "Sum of invocations by model", "By endpoint and variant, as SageMaker publishes it"),
    Item("Q11", "Sum of invocations of the feature store"),
    Item("Q12", "Average CPU by endpoint"),
)

ALERTS = (
    Item("A1", "A Delete call", "Also a message at once, with the user and the resource"),
    Item("A2", "Average latency above 5,000 ms", "ModelLatency is in microseconds: above 5,000,000, by variant"),
    Item("A3", "More than 5 AccessDenied errors"),
    Item("A4", "More than 5 server errors", "By variant"),
    Item("B1", "An execution of a pipeline takes more than 300,000 ms"),
    Item("B2", "CPU of a processing job above 80 %", _OF_ALL_CORES),
    Item("B3", "GPU of a processing job above 80 %", _OF_ALL_CORES),
    Item("B4", "CPU of a training job above 80 %", _OF_ALL_CORES),
    Item("B5", "GPU of a training job above 80 %", _OF_ALL_CORES),
    Item("B6", "CPU of a transform job above 80 %", _OF_ALL_CORES),
    Item("B7", "GPU of a transform job above 80 %", _OF_ALL_CORES),
)

COLLECTION = (
    Item("C1", "Metrics by Firehose", _BY_FIREHOSE),
    Item("C2", "Metrics by polling", 'With `mode = "polling"`'),
    Item("C3", "Namespaces of metrics", "The page misspells them, and CloudWatch is case-sensitive"),
    Item("C4", "Field `account` of metrics", "From `observability.sumo.account`"),
    Item("C5", "CloudTrail source: name, description, region, bucket, path expression"),
    Item("C6", "CloudTrail source: category"),
    Item("C7", "CloudTrail source: keys or a role", "A role only, because keys would be one more secret"),
    Item("C8", "CloudTrail source: interval, time zone, lines of a message"),
    Item("C9", "Logs by Firehose", _BY_FIREHOSE),
    Item("C10", "Logs by a Lambda function of Sumo Logic", "Firehose takes its place: no function to update"),
    Item("C11", "Names of log groups, `/aws/sagemaker/*`"),
    Item("C12", "Fields account, region and accountId of logs"),
    Item("C13", "Create the field in the schema"),
    Item("C14", "Install the app", "`cdk deploy --all`"),
    Item("C15", "Upgrade the app", "`cdk deploy --all` again"),
    Item("C16", "Uninstall the app", "`capture-forwarder sumo setup --remove`, then `cdk destroy Observability`"),
    Item("C17", "Create the monitors", "`capture-forwarder sumo setup` makes them"),
)
