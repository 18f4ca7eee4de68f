"""The reads of `register` before it writes: the endpoint, its captures, its model, and the existing entities."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from integrations.lineage.errors import Invalid, NotFound
from integrations.lineage.graph import Kind
from integrations.lineage.ports import Link, LinksListed, NewEntity
from integrations.lineage.registering.registration import Known
from integrations.lineage.registering.surveying import survey
from tests.lineage.in_memory import InMemory
from tests.lineage.registered import CONFIG, ENDPOINT_ARN, PACKAGE_ARN, SAGEMAKER, configured


def with_endpoint(
    name: str = "churn", destination: str | None = "s3://the-bucket/datacapture/", store: InMemory | None = None
) -> InMemory:
    """Return a lineage that knows one endpoint of SageMaker."""
    store = store or InMemory()
    captures = {"DataCaptureConfig": {"DestinationS3Uri": destination}} if destination else {}
    store.answers["endpoint", name] = {"EndpointArn": f"{SAGEMAKER}:endpoint/{name}", **captures}
    return store


def known(store: InMemory, prefix: str = "datacapture/churn/", endpoint: str | None = None) -> Known:
    """Return the known entities of the route with this prefix."""
    (registration,) = configured(CONFIG.replace("datacapture/churn/", prefix))
    return survey(store, registration, endpoint)[0]


@pytest.mark.parametrize(
    ("prefix", "endpoint", "uri"),
    [
        ("datacapture/churn/", None, "datacapture/churn/"),
        ("datacapture/churn/AllTraffic/", None, "datacapture/churn/AllTraffic/"),
        ("datacapture/", "churn", "datacapture/churn/"),
        ("", "churn", "datacapture/churn/"),
        ("datacapture/churn/AllTraffic/2026/", "churn", "datacapture/churn/AllTraffic/2026/"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_endpoint_and_the_captures_of_a_prefix(prefix: str, endpoint: str | None, uri: str, slash: str) -> None:
    """The endpoint is the folder below DestinationS3Uri. A route may cover more, or one variant only."""
    found = known(with_endpoint(destination=f"s3://the-bucket/datacapture{slash}"), prefix, endpoint)
    assert (found.endpoint, found.endpoint_arn) == ("churn", ENDPOINT_ARN)
    assert found.capture_uri == f"s3://the-bucket/{uri}"


@pytest.mark.parametrize(
    ("prefix", "endpoint", "uri"),
    [
        ("datacapture/churn/", None, "datacapture/churn/"),
        ("datacapture/churn/AllTraffic/", None, "datacapture/churn/AllTraffic/"),
        ("datacapture/", "churn", "datacapture/churn/"),
    ],
)
def test_an_endpoint_that_no_longer_captures(prefix: str, endpoint: str | None, uri: str) -> None:
    """SageMaker does not say where it captured to."""
    assert known(with_endpoint(destination=None), prefix, endpoint).capture_uri == f"s3://the-bucket/{uri}"


def test_an_endpoint_that_captures_to_another_place_is_refused() -> None:
    """It has the name of a folder by chance, or the prefix is wrong."""
    with pytest.raises(Invalid, match=r"captures to s3://other/x/churn/, and the route reads s3://the-bucket/datac"):
        known(with_endpoint(destination="s3://other/x"))


def test_a_missing_endpoint_says_which_were_tried() -> None:
    """The next step is in the sentence."""
    with pytest.raises(NotFound, match="there is no endpoint AllTraffic or fraud in this region; name the endpoint"):
        known(with_endpoint(), "datacapture/fraud/AllTraffic/")
    with pytest.raises(NotFound, match="there is no endpoint fraud in this region"):
        known(with_endpoint(), endpoint="fraud")
    with pytest.raises(NotFound, match="its prefix names none; name the endpoint of s3://the-bucket/ by --endpoint"):
        known(with_endpoint(), "")
    with pytest.raises(NotFound, match="its prefix names none"):
        known(with_endpoint(), "a folder/under_scored/")


def warnings(store: InMemory) -> list[str]:
    """Return the warnings of the route `churn`."""
    return survey(store, configured()[0])[1]


def test_sagemakers_context_wins_over_ours() -> None:
    """Ours was made when SageMaker's was not there yet."""
    store = with_endpoint()
    ours = store.add(Kind.CONTEXT, "Endpoint", "churn-capture-forwarder", ENDPOINT_ARN)
    assert known(store).context == ours
    theirs = store.add(Kind.CONTEXT, "Endpoint", "aws-endpoint", ENDPOINT_ARN)
    store.add(Kind.CONTEXT, "Another", "another", ENDPOINT_ARN)
    assert known(store).context == theirs


def test_an_endpoint_without_a_deployment_has_no_model_and_a_warning() -> None:
    """SageMaker's lineage comes minutes after the endpoint."""
    store = with_endpoint()
    assert known(store).model is None
    assert warnings(store) == ["lineage has no deployment of the endpoint churn yet; no model is associated"]
    context = store.add(Kind.CONTEXT, "Endpoint", "e", ENDPOINT_ARN)
    store.join(store.add(Kind.ACTION, "Approval", "a", PACKAGE_ARN), context)
    assert warnings(store) == ["lineage has no deployment of the endpoint churn yet; no model is associated"]


class Dated(InMemory):
    """A lineage whose associations have the times of their sources, and one of them none."""

    def links(self, listed: LinksListed) -> Iterator[Link]:
        """Yield the associations."""
        for link in super().links(listed):
            details = self.vertices[link.edge.source].details
            is_first = link.source_name == "d"
            yield replace(link, created=details.created if details and not is_first else None)


def deployed(*sources: str) -> tuple[InMemory, list[str]]:
    """Return a lineage whose deployment has models with these sources, and an image; and the ARNs of the models."""
    store = with_endpoint(store=Dated())
    deployment = store.add(Kind.ACTION, "ModelDeployment", "d", ENDPOINT_ARN)
    store.join(deployment, store.add(Kind.CONTEXT, "Endpoint", "e", ENDPOINT_ARN))
    models = [store.add(Kind.ARTIFACT, "Model", None, source) for source in sources]
    for source in (*models, store.add(Kind.ARTIFACT, "Image", None, "image:1")):
        store.join(source, deployment)
    return store, models


ARCHIVE, OTHER = "s3://b/model.tar.gz", "s3://b/other.tar.gz"


@pytest.mark.parametrize(
    ("sources", "index"), [([PACKAGE_ARN], 0), ([ARCHIVE], 0), ([ARCHIVE, PACKAGE_ARN], 1), ([PACKAGE_ARN, ARCHIVE], 0)]
)
def test_the_package_is_the_model_else_the_archive(sources: list[str], index: int) -> None:
    """The archive is upstream of the package."""
    store, models = deployed(*sources)
    assert known(store).model == models[index]
    assert warnings(store) == []


@pytest.mark.parametrize("sources", [[ARCHIVE, OTHER], [PACKAGE_ARN, f"{PACKAGE_ARN}1"]])
def test_none_of_several_models_is_guessed(sources: list[str]) -> None:
    """The warning names them."""
    store, models = deployed(*sources)
    assert known(store).model is None
    (warning,) = warnings(store)
    assert warning == (
        f"the deployment of the endpoint churn has several models: {', '.join(sorted(models))}; none is associated"
    )


def test_a_deployment_without_a_model_is_a_warning() -> None:
    """Such as one of an image only."""
    store, _ = deployed()
    assert warnings(store) == ["the deployment of the endpoint churn has no model; none is associated"]


def test_the_latest_deployment_is_in_force() -> None:
    """An update of the endpoint makes a new deployment."""
    store, (first,) = deployed(ARCHIVE)
    (context,) = (arn for arn, one in store.vertices.items() if one.kind is Kind.CONTEXT)
    later = store.add(Kind.ACTION, "ModelDeployment", "later", ENDPOINT_ARN)
    second = store.add(Kind.ARTIFACT, "Model", None, OTHER)
    store.join(second, later)
    store.join(later, context)
    assert known(store).model == second != first


def test_an_artifact_with_our_source_is_used_as_it_is() -> None:
    """A processing job reads the captures too, so SageMaker made the artifact; of several a data set is taken."""
    store = with_endpoint()
    store.create(
        NewEntity(
            kind=Kind.ARTIFACT,
            type="Other",
            source_uri="s3://the-bucket/datacapture/churn/",
            source_types=(("Custom", "1"),),
        )
    )
    theirs = store.add(Kind.ARTIFACT, "DataSet", None, "s3://the-bucket/datacapture/churn/")
    assert known(store).captures == theirs
