"""The nodes and edges of the catalog, without DataHub: building makes them, and `datahub/` makes aspects of them."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from capture_forwarder.domain.schema import Attribute

SAGEMAKER = "sagemaker"
S3 = "s3"
FORWARDER = "capture-forwarder"


class Entity(StrEnum):
    """The entity types of DataHub that the catalog uses, in the names of its URNs."""

    DATA_FLOW = "dataFlow"
    DATA_JOB = "dataJob"
    DATASET = "dataset"
    MODEL = "mlModel"
    MODEL_GROUP = "mlModelGroup"
    DEPLOYMENT = "mlModelDeployment"
    FEATURE_TABLE = "mlFeatureTable"


class Subtype(StrEnum):
    """The kind of an entity, as DataHub shows it beside the name."""

    ENDPOINT = "Endpoint"
    VARIANT = "Endpoint Variant"
    SHADOW_VARIANT = "Shadow Variant"
    COMPONENT = "Inference Component"
    CAPTURE = "SageMaker Data Capture"
    FORWARDER = "Capture Forwarder"
    FORWARDING_JOB = "Forwarding Job"
    MONITORED_MODEL = "Monitored Model"
    MODEL_PACKAGE = "Model Package"
    PIPELINE = "Pipeline"
    STEP = "Pipeline Step"
    SCHEDULE = "Monitoring Schedule"


class Key(Struct, frozen=True, order=True):
    """The parts of a URN. The environment and the platform instance are added where the URN is made.

    `flow` is the name of a data job's flow, whose platform is the job's.
    """

    entity: Entity
    platform: str
    name: str
    flow: str = ""

    @property
    def flow_key(self) -> "Key":
        """The flow of a data job."""
        return Key(Entity.DATA_FLOW, self.platform, self.flow)


class EdgeKind(StrEnum):
    """The meaning of an edge, with the field of DataHub that holds it. Data flow from source to target."""

    SERVED_BY = "served by"  # model -> variant or component (mlModelProperties.downstreamJobs)
    DEPLOYED_ON = "deployed on"  # model -> endpoint (mlModelProperties.deployments)
    MEMBER_OF = "member of"  # model or package -> group (mlModelProperties.groups)
    PACKAGE_OF = "package of"  # package -> model that names it by ModelPackageName
    READ_BY = "read by"  # data set -> job (dataJobInputOutput.inputDatasets)
    WRITES = "writes"  # job -> data set (dataJobInputOutput.outputDatasets)
    PRECEDES = "precedes"  # job -> job (dataJobInputOutput.inputDatajobs)


class Edge(Struct, frozen=True, order=True):
    """Data flow from `source` to `target`."""

    source: Key
    target: Key
    kind: EdgeKind


class Node(Struct, frozen=True, kw_only=True):
    """An entity of the catalog.

    With `extends` the wrapped source makes the entity too: only tags and owners of this node are added to it. Entities
    that belong to others, such as S3 data sets, have no node. `attributes` are the schema of a monitored model,
    `version` and `approval` are those of a model package.
    """

    key: Key
    label: str
    extends: bool = False
    subtype: Subtype | None = None
    description: str = ""
    url: str = ""
    created: datetime | None = None
    properties: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    version: str = ""
    approval: str = ""


class Severity(StrEnum):
    """A failure keeps the run from removing stale entities; a warning does not."""

    FAILURE = "failure"
    WARNING = "warning"


class Problem(Struct, frozen=True, order=True):
    """Something that could not be read or used: `place` names the entity or the call, `advice` the next step.

    `detail` is the reason in the words of AWS. It may name the entity, so it stays out of the title and the advice: a
    report groups problems by these two.
    """

    severity: Severity
    title: str
    place: str
    advice: str
    detail: str = ""


class Graph(Struct, frozen=True, kw_only=True):
    """All nodes and edges, each once, in a fixed order, and the problems that building found."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    problems: tuple[Problem, ...] = ()
