"""URNs of nodes and of S3 data sets. URNs that DataHub's source makes are the same to the byte."""

from datahub.emitter import mce_builder
from datahub.ingestion.source.aws.s3_util import is_s3_uri, make_s3_urn, make_s3_urn_for_lineage, strip_s3_prefix

from integrations.catalog.nodes import Entity, Key

FOREIGN = ("s3", "glue")


def urn_of(key: Key, env: str) -> str:  # noqa: PLR0911 - one for each kind of entity
    """Return the URN of a node, without a platform instance: see `instance.py`."""
    match key.entity:
        case Entity.DATA_FLOW:
            return mce_builder.make_data_flow_urn(key.platform, key.name, env)
        case Entity.DATA_JOB:
            return mce_builder.make_data_job_urn_with_flow(urn_of(key.flow_key, env), key.name)
        case Entity.DATASET:
            return dataset_urn(key.platform, key.name, env)
        case Entity.MODEL:
            return mce_builder.make_ml_model_urn(key.platform, key.name, env)
        case Entity.MODEL_GROUP:
            return mce_builder.make_ml_model_group_urn(key.platform, key.name, env)
        case Entity.DEPLOYMENT:
            return mce_builder.make_ml_model_deployment_urn(key.platform, key.name, env)
        case Entity.FEATURE_TABLE:
            return mce_builder.make_ml_feature_table_urn(key.platform, key.name)


def dataset_urn(platform: str, name: str, env: str) -> str:
    """Return the URN of a data set with this name, as it is written."""
    return mce_builder.make_dataset_urn(platform, name, env)


def s3_urn(address: str, env: str, *, as_written: bool) -> str:
    """Return the URN of an S3 data set that a job reads or writes. Raises `ValueError` if `address` is not S3's.

    DataHub's SageMaker source replaces the last dot of a name, its S3 source does not: `as_written` is the latter.
    """
    return make_s3_urn_for_lineage(address, env) if as_written else make_s3_urn(address, env)


def is_on_s3(address: object) -> bool:
    """Return whether `address` is a text with a bucket of S3."""
    return isinstance(address, str) and is_s3_uri(address) and strip_s3_prefix(address).partition("/")[0] != ""


def store_name(address: object) -> str | None:
    """Return the name of the data set of an offline store, `None` if its address is not one of S3."""
    return strip_s3_prefix(str(address)).removesuffix("/") if is_on_s3(address) else None


def is_foreign(urn: str) -> bool:
    """Return whether a URN is that of a data set on S3 or Glue: other sources own most of these."""
    return urn.startswith(tuple(f"urn:li:dataset:(urn:li:dataPlatform:{platform}," for platform in FOREIGN))
