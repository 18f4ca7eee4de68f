"""Feature groups: DataHub's processor on answers that were read before, with Glue patterns (F5, F7, F11)."""

from collections.abc import Iterable, Iterator

from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.ingestion.source.aws.sagemaker_processors.feature_groups import FeatureGroupProcessor
from datahub.metadata.schema_classes import MLFeatureDataTypeClass

from integrations.catalog.datahub.config import SagemakerCaptureConfig
from integrations.catalog.datahub.report import CaptureReport
from integrations.catalog.datahub.snapshots import NO_CLIENT
from integrations.catalog.datahub.urns import dataset_urn, store_name
from integrations.catalog.values import Document


class FeatureGroups(FeatureGroupProcessor):
    """Makes feature tables, features and primary keys of descriptions that have the features of all pages."""

    def __init__(self, documents: Iterable[Document], config: SagemakerCaptureConfig, report: CaptureReport) -> None:
        super().__init__(sagemaker_client=NO_CLIENT, env=config.env, report=report)
        self._documents = list(documents)
        self._config = config
        self._report = report
        self._group = ""

    def get_workunits(self) -> Iterator[MetadataWorkUnit]:
        """Yield the work units of every feature group; a malformed one is a failure, and the others come."""
        for document in self._documents:
            with self._report.skipping("feature group", document.get("FeatureGroupName")):
                units = list(self._units(self._with_known_sources(document)))
                self.report.report_feature_group_scanned()
                yield from units

    def _units(self, document: Document) -> Iterator[MetadataWorkUnit]:
        self._group = document["FeatureGroupName"]
        for feature in document["FeatureDefinitions"]:
            self.report.report_feature_scanned()
            yield self.get_feature_wu(document, feature)
        yield self.get_feature_group_wu(document)

    def get_feature_type(self, aws_type: str, feature_name: str) -> str:
        """Return DataHub's type of a feature. DataHub's code reports an unknown one without the feature group."""
        if aws_type not in self.field_type_mappings:
            advice = "it is shown as UNKNOWN; if AWS has added this type, report it to capture-forwarder"
            self._report.marked("Unknown type of a feature", f"{self._group}.{feature_name}: {aws_type}", advice)
            return MLFeatureDataTypeClass.UNKNOWN
        return super().get_feature_type(aws_type, feature_name)

    def _with_known_sources(self, document: Document) -> Document:
        """Leave out a store that is not S3's, and a Glue table that the patterns deny."""
        store = document.get("OfflineStoreConfig")
        if not store:
            return {key: value for key, value in document.items() if key != "OfflineStoreConfig"}
        name, address = document["FeatureGroupName"], store.get("S3StorageConfig", {}).get("S3Uri", "")
        if store_name(address) is None:
            self._report.marked("Offline store is not on S3", f"{name}: {address}", "correct S3Uri of the group")
            return {key: value for key, value in document.items() if key != "OfflineStoreConfig"}
        if self._allows(store.get("DataCatalogConfig")):
            return document
        return {**document, "OfflineStoreConfig": {k: v for k, v in store.items() if k != "DataCatalogConfig"}}

    def _allows(self, catalog: Document | None) -> bool:
        if not catalog or not catalog.get("Database") or not catalog.get("TableName"):
            return False
        database, table = catalog["Database"], f"{catalog['Database']}.{catalog['TableName']}"
        allowed = self._config.database_pattern.allowed(database) and self._config.table_pattern.allowed(table)
        if not allowed:
            self._report.report_dropped(table)
        return allowed


def store_urn(document: Document, env: str) -> str | None:
    """Return the data set of a feature group's offline store: the URN that its features name as source."""
    store = document.get("OfflineStoreConfig") or {}
    name = store_name(store.get("S3StorageConfig", {}).get("S3Uri", ""))
    return dataset_urn("s3", name, env) if name else None
