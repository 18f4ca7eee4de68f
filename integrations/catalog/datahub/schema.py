"""The schema of a monitored model: the attributes of its route."""

from typing import Any

from datahub.metadata.schema_classes import (
    ArrayTypeClass,
    BooleanTypeClass,
    NumberTypeClass,
    OtherSchemaClass,
    SchemaFieldClass,
    SchemaFieldDataTypeClass,
    SchemaMetadataClass,
    StringTypeClass,
    TimeTypeClass,
)

from capture_forwarder.domain.schema import STRUCTURES, Attribute

_TYPES: dict[str, Any] = {
    "FLOAT": NumberTypeClass,
    "INTEGER": NumberTypeClass,
    "BOOLEAN": BooleanTypeClass,
    "TIMESTAMP": TimeTypeClass,
}


def schema_of(name: str, platform_urn: str, attributes: tuple[Attribute, ...]) -> SchemaMetadataClass:
    """Return the schema of a monitored model, with the stage of each attribute as description."""
    return SchemaMetadataClass(
        schemaName=name,
        platform=platform_urn,
        version=0,
        hash="",
        platformSchema=OtherSchemaClass(rawSchema=""),
        fields=[_field(attribute) for attribute in attributes],
    )


def _field(attribute: Attribute) -> SchemaFieldClass:
    is_list = attribute.value_type in STRUCTURES
    kind: Any = ArrayTypeClass() if is_list else _TYPES.get(attribute.value_type.value, StringTypeClass)()
    return SchemaFieldClass(
        fieldPath=attribute.name,
        type=SchemaFieldDataTypeClass(type=kind),
        nativeDataType=attribute.value_type.value,
        description=attribute.stage.value,
        nullable=True,
    )
