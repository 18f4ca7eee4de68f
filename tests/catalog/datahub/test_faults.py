"""The faults of DataHub's source, F1 to F16 of docs/catalog.md, each corrected. F1 to F3 are in the golden tests too."""

from pathlib import Path
from typing import Any

import pytest
from datahub.ingestion.run.pipeline import Pipeline

from tests.catalog.accounts import ACCOUNT, MADE, endpoint, model, processing_job, training_job
from tests.catalog.datahub.original import KEYS
from tests.catalog.datahub.records import Records, dangling, records_of, run
from tests.catalog.table import Table
from tests.catalog.table_server import serving

MODEL = "urn:li:mlModel:(urn:li:dataPlatform:sagemaker,{},PROD)"
DEPLOYMENT = "urn:li:mlModelDeployment:(urn:li:dataPlatform:sagemaker,{},PROD)"


def job_urn(kind: str, name: str) -> str:
    """Return the URN of a job."""
    return f"urn:li:dataJob:(urn:li:dataFlow:(sagemaker,{kind}:{name},PROD),{ACCOUNT}:{kind}-job/{name})"


def s3(name: str) -> str:
    """Return the URN of an S3 data set."""
    return f"urn:li:dataset:(urn:li:dataPlatform:s3,{name},PROD)"


class Ran:
    """A run of our source on a table."""

    def __init__(self, table: Table, folder: Path, failing: dict[str, str] | None = None, **config: Any) -> None:
        with serving(table) as server:
            for operation, code in (failing or {}).items():
                server.fail(operation, code)
            connection = {"aws_region": "eu-west-1", "aws_endpoint_url": server.url, **KEYS}
            self.pipeline: Pipeline = run("sagemaker-capture", connection | config, folder / "records.json")
            self.counts = server.counts
        self.records: Records = records_of(folder / "records.json")
        report = self.pipeline.source.get_report()
        self.failures = [(each.title, list(each.context)) for each in report.failures]
        self.warnings = [(each.title, list(each.context)) for each in report.warnings]
        assert dangling(self.records) == set()


def test_f1_f2_a_model_names_its_own_endpoints_by_name(tmp_path: Path) -> None:
    table = Table()
    for name in ("a", "b"):
        model(table, name)
        endpoint(table, f"serves-{name}", name)
    ran = Ran(table, tmp_path)
    assert ran.records[MODEL.format("a"), "mlModelProperties"]["deployments"] == [DEPLOYMENT.format("serves-a")]


def test_f3_a_processing_job_has_its_outputs_and_the_store_of_a_feature_group(tmp_path: Path) -> None:
    table = Table()
    feature_group(table, {"S3StorageConfig": {"S3Uri": "s3://store/features/"}})
    processing_job(table, "job")
    table.entities["ProcessingJob"]["job"]["ProcessingOutputConfig"] = {
        "Outputs": [
            {"OutputName": "report", "S3Output": {"S3Uri": "s3://out/report.json"}},
            {"OutputName": "features", "FeatureStoreOutput": {"FeatureGroupName": "group"}},
        ]
    }
    ran = Ran(table, tmp_path)
    outputs = ran.records[job_urn("processing", "job"), "dataJobInputOutput"]["outputDatasets"]
    assert outputs == [s3("out/report_json"), s3("store/features")]


def test_f4_a_tuning_job_is_the_input_of_its_training_jobs(tmp_path: Path) -> None:
    table = Table()
    tuning = f"{ACCOUNT}:hyper-parameter-tuning-job/tuning"
    named = {"HyperParameterTuningJobName": "tuning", "HyperParameterTuningJobArn": tuning, "CreationTime": MADE}
    definitions = {"TrainingJobDefinitions": [{"DefinitionName": "other"}]}
    table.add("HyperParameterTuningJob", {**named, **definitions, "HyperParameterTuningJobStatus": "Completed"})
    training_job(table, "tuned", TuningJobArn=tuning)
    training_job(table, "other")
    ran = Ran(table, tmp_path)
    inputs = {
        name: ran.records[job_urn("training", name), "dataJobInputOutput"]["inputDatajobs"]
        for name in ("tuned", "other")
    }
    flow = "urn:li:dataFlow:(sagemaker,hyper_parameter_tuning:tuning,PROD)"
    assert inputs == {"tuned": [f"urn:li:dataJob:({flow},{tuning})"], "other": []}


def test_f5_a_feature_group_of_20_pages_takes_20_calls(tmp_path: Path) -> None:
    table = Table()
    table.feature_page_size = 5
    feature_group(table, None, features=100)
    ran = Ran(table, tmp_path)
    assert ran.counts["DescribeFeatureGroup"] == 20
    assert sum(urn.startswith("urn:li:mlFeature:") for urn, name in ran.records if name == "mlFeatureProperties") == 99


@pytest.mark.parametrize(
    ("chosen", "extracted"),
    [
        (True, True),
        (False, False),
        (None, True),
        ({"training": True}, True),
        ({"training": "true"}, True),
        ({"training": False}, False),
        ({"training": "false"}, False),
        ({"labeling": False}, True),
    ],
)
def test_f6_job_types_are_switched_by_booleans(chosen: Any, *, extracted: bool, tmp_path: Path) -> None:
    table = Table()
    training_job(table, "a")
    ran = Ran(table, tmp_path, extract_jobs=chosen)
    assert ((job_urn("training", "a"), "dataJobInfo") in ran.records) is extracted


@pytest.mark.parametrize(
    ("patterns", "sources"),
    [
        ({}, [s3("store"), "urn:li:dataset:(urn:li:dataPlatform:glue,db.table,PROD)"]),
        ({"database_pattern": {"deny": ["d.*"]}}, [s3("store")]),
        ({"table_pattern": {"allow": ["db.other"]}}, [s3("store")]),
        ({"table_pattern": {"allow": ["DB.TABLE"], "ignoreCase": False}}, [s3("store")]),
        (
            {"table_pattern": {"allow": ["DB.TABLE"]}},
            [s3("store"), "urn:li:dataset:(urn:li:dataPlatform:glue,db.table,PROD)"],
        ),
    ],
)
def test_f7_patterns_filter_glue_sources(patterns: dict[str, Any], sources: list[str], tmp_path: Path) -> None:
    table = Table()
    catalog = {"DataCatalogConfig": {"Database": "db", "TableName": "table", "Catalog": "c"}}
    feature_group(table, {"S3StorageConfig": {"S3Uri": "s3://store"}} | catalog)
    ran = Ran(table, tmp_path, **patterns)
    assert ran.records["urn:li:mlFeature:(group,f1)", "mlFeatureProperties"]["sources"] == sources


def test_f10_lineage_with_an_unknown_endpoint_is_skipped(tmp_path: Path) -> None:
    table = Table()
    model(table, "a")
    endpoint(table, "e", "a")
    action = table.add("Action", {"ActionName": "deploy", "ActionType": "ModelDeployment"})["ActionArn"]
    ends = {"DestinationArn": f"{ACCOUNT}:context/gone", "DestinationType": "Endpoint"}
    table.add("Association", {"SourceArn": action, "SourceType": "ModelDeployment", **ends})
    ran = Ran(table, tmp_path, {"DescribeEndpointConfig": "AccessDeniedException"})
    assert (MODEL.format("a"), "mlModelProperties") in ran.records


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFound", "InternalFailure"])
def test_f11_one_failed_describe_leaves_the_rest(code: str, tmp_path: Path) -> None:
    table = Table()
    for name in ("a", "b"):
        model(table, name)
        training_job(table, name)
    with serving(table) as server:
        server.fail("DescribeTrainingJob", code, TrainingJobName="a")
        connection = {"aws_region": "eu-west-1", "aws_endpoint_url": server.url, **KEYS, "aws_retry_num": 1}
        pipeline = run("sagemaker-capture", connection, tmp_path / "records.json")
    records = records_of(tmp_path / "records.json")
    assert (job_urn("training", "a"), "dataJobInfo") not in records
    assert {(job_urn("training", "b"), "dataJobInfo"), (MODEL.format("a"), "mlModelProperties")} <= records.keys()
    assert len(pipeline.source.get_report().failures) == 1


def test_f13_addresses_that_are_not_on_s3_are_left_out(tmp_path: Path) -> None:
    table = Table()
    processing_job(table, "job", "string", "s3://", "s3://in/data.csv")
    feature_group(table, {"S3StorageConfig": {"S3Uri": "hdfs://store"}})
    ran = Ran(table, tmp_path)
    job = ran.records[job_urn("processing", "job"), "dataJobInputOutput"]
    assert job["inputDatasets"] == [s3("in/data_csv")]
    assert "string" in ran.records[job_urn("processing", "job"), "dataJobInfo"]["customProperties"]["ProcessingInputs"]
    assert ran.warnings == [
        ("Offline store is not on S3", ["group: hdfs://store"]),
        ("Address is not on S3", ["job: S3Uri string", "job: S3Uri s3://"]),
    ]


def test_f13_s3_names_as_written_are_those_of_the_s3_source(tmp_path: Path) -> None:
    table = Table()
    processing_job(table, "job", "s3://in/data.csv", "s3://a.b/")
    ran = Ran(table, tmp_path, s3_names="as-written")
    job = ran.records[job_urn("processing", "job"), "dataJobInputOutput"]
    assert job["inputDatasets"] == [s3("a.b"), s3("in/data.csv")]
    assert ran.records[s3("in/data.csv"), "datasetProperties"]["customProperties"]["uri"] == "s3://in/data.csv"


def test_f14_every_status_is_known(tmp_path: Path) -> None:
    table = Table()
    training_job(table, "a", TrainingJobStatus="Deleting")
    training_job(table, "odd", TrainingJobStatus="Melting")
    endpoint(table, "e", "", EndpointStatus="UpdateRollbackFailed")
    endpoint(table, "odd", "", EndpointStatus="Melting")
    ran = Ran(table, tmp_path)
    assert ran.records[job_urn("training", "a"), "dataJobInfo"]["status"] == "STOPPING"
    assert ran.records[job_urn("training", "a"), "dataJobInfo"]["customProperties"]["TrainingJobStatus"] == "Deleting"
    assert ran.records[DEPLOYMENT.format("e"), "mlModelDeploymentProperties"]["status"] == "FAILED"
    assert ran.records[DEPLOYMENT.format("odd"), "mlModelDeploymentProperties"]["status"] == "UNKNOWN"
    assert ran.warnings == [
        ("Unknown SageMaker job status", [f"odd ({ACCOUNT}:training-job/odd): Melting"]),
        ("Unknown SageMaker endpoint status", [f"odd ({ACCOUNT}:endpoint/odd): Melting"]),
    ]


def test_f15_all_containers_and_both_kinds_of_data_and_quotes_count(tmp_path: Path) -> None:
    table = Table()
    for name in ("a", "b", "c"):
        training_job(
            table, name, HyperParameters={f"double-{name}": '"x"', f"single-{name}": "'y'", f"none-{name}": "z'"}
        )
    data = {"S3DataSource": {"S3Uri": "s3://m/c.tgz", "S3DataType": "S3Object", "CompressionType": "Gzip"}}
    containers = [{"ModelDataUrl": "s3://m/b.tgz"}, {"ModelDataSource": data}]
    model(table, "m", PrimaryContainer={"ModelDataUrl": "s3://m/a.tgz"}, Containers=containers)
    ran = Ran(table, tmp_path)
    details = ran.records[MODEL.format("m"), "mlModelProperties"]
    assert details["trainingJobs"] == [job_urn("training", name) for name in ("a", "b", "c")]
    parameters = {each["name"]: each["value"] for each in details["hyperParams"]}
    assert [parameters[f"{kind}-a"] for kind in ("double", "single", "none")] == ["x", "y", "z'"]


def test_f16_values_of_environments_are_shown_only_on_request(tmp_path: Path) -> None:
    table = Table()
    model(table, "m", PrimaryContainer={"Image": "i", "Environment": {"PASSWORD": "hunter2"}})
    processing_job(table, "job", Environment={"TOKEN": "hunter2"})
    hidden, shown = Ran(table, tmp_path), Ran(table, tmp_path, environment_values=True)
    assert "hunter2" not in str(hidden.records)
    assert "PASSWORD" in str(hidden.records)
    assert str(shown.records).count("hunter2") == 2


def test_malformed_answers_are_skipped_with_a_failure(tmp_path: Path) -> None:
    table = Table()
    processing_job(table, "broken", ProcessingInputs=[{"S3Input": {"S3Uri": "s3://in/a"}}])
    processing_job(table, "fine")
    feature_group(table, None)
    del table.entities["FeatureGroup"]["group"]["RecordIdentifierFeatureName"]
    ran = Ran(table, tmp_path)
    assert (job_urn("processing", "fine"), "dataJobInfo") in ran.records
    assert ran.failures == [
        ("Malformed feature group is skipped", ["group: no field 'RecordIdentifierFeatureName'"]),
        ("Malformed processing job is skipped", ["broken: no field 'InputName'"]),
    ]


def feature_group(table: Table, store: dict[str, Any] | None, features: int = 2) -> None:
    group = {
        "FeatureGroupName": "group",
        "FeatureGroupStatus": "Created",
        "CreationTime": MADE,
        "RecordIdentifierFeatureName": "f0",
        "FeatureDefinitions": [{"FeatureName": f"f{number}", "FeatureType": "String"} for number in range(features)],
    }
    table.add("FeatureGroup", group | ({"OfflineStoreConfig": store} if store else {}))
