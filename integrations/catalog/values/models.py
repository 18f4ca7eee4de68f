"""Models, model packages with their groups, and feature groups."""

from datetime import datetime

from msgspec import field

from integrations.catalog.values.answer import Answer, CreatedBy


class S3Source(Answer, frozen=True):
    """`S3DataSource` of a container: a prefix or an object."""

    s3_uri: str = ""


class DataSource(Answer, frozen=True):
    """`ModelDataSource` of a container."""

    s3_data_source: S3Source | None = None


class Container(Answer, frozen=True):
    """A container of a model or of a model package."""

    image: str = ""
    model_data_url: str = ""
    model_data_source: DataSource | None = None
    model_package_name: str = ""


class Model(Answer, frozen=True):
    """`DescribeModel`."""

    model_name: str
    model_arn: str
    creation_time: datetime | None = None
    primary_container: Container | None = None
    containers: tuple[Container, ...] = ()


class PackageGroup(Answer, frozen=True):
    """`DescribeModelPackageGroup`."""

    model_package_group_name: str
    model_package_group_arn: str
    created_by: CreatedBy | None = None


class InferenceSpecification(Answer, frozen=True):
    """The containers of a model package."""

    containers: tuple[Container, ...] = ()


class ModelPackage(Answer, frozen=True):
    """`DescribeModelPackage`: a version in a group, or a package with a name of its own."""

    model_package_arn: str
    model_package_name: str = ""
    model_package_group_name: str = ""
    model_package_version: int | None = None
    model_package_description: str = ""
    model_package_status: str = ""
    model_approval_status: str = ""
    approval_description: str = ""
    creation_time: datetime | None = None
    created_by: CreatedBy | None = None
    inference_specification: InferenceSpecification | None = None
    customer_metadata_properties: dict[str, str] = field(default_factory=dict)


class FeatureGroup(Answer, frozen=True):
    """`DescribeFeatureGroup`, without its features."""

    feature_group_name: str
    feature_group_arn: str
