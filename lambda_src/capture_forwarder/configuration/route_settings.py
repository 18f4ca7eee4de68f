"""`[[route]]` of `forwarder.toml`: captures under a prefix, their model, and how they are read."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from capture_forwarder.configuration.stack import BucketName
from capture_forwarder.domain.option_types import (
    Delimiter,
    KeyPath,
    Keys,
    MetadataKeys,
    Name,
    Prefix,
    Suffix,
    Text,
)
from capture_forwarder.domain.route import (
    CsvSpace,
    DecodingOptions,
    EmptyText,
    IdSource,
    Layout,
    OneSided,
    PayloadOptions,
    Route,
    UnknownAttributes,
)
from capture_forwarder.domain.schema import Attribute, ModelSchema


class SchemaSource(StrEnum):
    """Where the attributes of a route's model come from, if the file does not list them."""

    NONE = "none"
    MODEL = "model"


class RouteSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[route]]`: captures under a prefix, and the model that they are inferences of."""

    name: Annotated[Name, Meta(description="Name of the route in quarantine, logs and metrics")]
    bucket: Annotated[BucketName, Meta(description="Bucket of the captures")]
    prefix: Annotated[
        Prefix, Meta(description="Beginning of the keys; of the routes that match a key, the longest prefix wins")
    ]
    suffix: Annotated[
        Suffix, Meta(description="End of the keys; objects below the prefix with another end are skipped")
    ] = ".jsonl"
    destination: Annotated[Name, Meta(description="Name of a `[[destination]]`")]
    model_id: Annotated[Text, Meta(description="Id of the model at the destination")]
    schema: Annotated[SchemaSource, Meta(description='"model" asks the destination for the attributes')] = (
        SchemaSource.NONE
    )
    attribute: Annotated[tuple[Attribute, ...], Meta(description="Attributes of the model")] = ()
    id_source: Annotated[
        IdSource,
        Meta(description="Id of a call: the caller's inference id if there is one, or always SageMaker's event id"),
    ] = IdSource.INFERENCE_ID
    one_sided: Annotated[
        OneSided, Meta(description="Treatment of a call with one side that is missing, binary or an error")
    ] = OneSided.REJECT
    unknown_attributes: Annotated[
        UnknownAttributes, Meta(description="Treatment of named values outside the schema")
    ] = UnknownAttributes.REJECT
    quarantine_payload: Annotated[bool, Meta(description="Store the captured line with its rejection")] = True
    input_content_type: Annotated[
        Text | None, Meta(description="Content type of requests, in place of the captured one")
    ] = None
    output_content_type: Annotated[
        Text | None, Meta(description="Content type of answers, in place of the captured one")
    ] = None
    input_layout: Annotated[Layout | None, Meta(description="Layout of rows in requests; overrides detection")] = None
    output_layout: Annotated[Layout | None, Meta(description="Layout of rows in answers; overrides detection")] = None
    input_rows: Annotated[
        KeyPath | None,
        Meta(description="Path of the list of rows in requests; its neighbours are columns, or belong to the call"),
    ] = None
    output_rows: Annotated[
        KeyPath | None,
        Meta(description="Path of the list of rows in answers; its neighbours are columns, or belong to the call"),
    ] = None
    input_call_keys: Annotated[
        Keys, Meta(description="Keys of requests whose values belong to the whole call, not to rows")
    ] = ()
    output_call_keys: Annotated[
        Keys, Meta(description="Keys of answers whose values belong to the whole call, not to rows")
    ] = ()
    input_csv_header: Annotated[
        bool | None,
        Meta(
            description="CSV requests begin with a line of names, or (`false`) with data; by default a first line that "
            "looks like names is a rejection"
        ),
    ] = None
    output_csv_header: Annotated[
        bool | None,
        Meta(
            description="CSV answers begin with a line of names, or (`false`) with data; by default a first line that "
            "looks like names is a rejection"
        ),
    ] = None
    input_csv_delimiter: Annotated[
        Delimiter | None,
        Meta(
            description="Delimiter of CSV requests. By default it is the comma, and a text that another one splits "
            'is rejected; an explicit `","` accepts such a text'
        ),
    ] = None
    output_csv_delimiter: Annotated[
        Delimiter | None,
        Meta(
            description="Delimiter of CSV answers. By default it is the comma, and a text that another one splits "
            'is rejected; an explicit `","` accepts such a text'
        ),
    ] = None
    csv_space: Annotated[
        CsvSpace,
        Meta(
            description="Space around text in CSV: kept, trimmed, or by `auto` trimmed only where an attribute is a "
            "category or a number"
        ),
    ] = CsvSpace.AUTO
    empty_text: Annotated[
        EmptyText, Meta(description="An empty CSV cell of text is sent as null, or kept as empty text")
    ] = EmptyText.NULL

    metadata: Annotated[
        MetadataKeys,
        Meta(
            description="Keys of `eventMetadata` whose texts are sent as inputs, named `metadata.KEY`, those of a list "
            "`metadata.KEY_0`, ...; with a schema those that are a `NON_INPUT_DATA` attribute"
        ),
    ] = ()

    @property
    def route(self) -> Route:
        """The route as a value of the domain."""
        decoding = DecodingOptions(
            input=self._input,
            output=self._output,
            id_source=self.id_source,
            one_sided=self.one_sided,
            unknown_attributes=self.unknown_attributes,
            csv_space=self.csv_space,
            empty_text=self.empty_text,
            metadata=self.metadata,
        )
        return Route(
            name=self.name,
            bucket=self.bucket,
            prefix=self.prefix,
            suffix=self.suffix,
            destination=self.destination,
            model_id=self.model_id,
            schema=ModelSchema(self.attribute) if self.attribute else None,
            schema_from_model=self.schema is SchemaSource.MODEL,
            quarantine_payload=self.quarantine_payload,
            decoding=decoding,
        )

    @property
    def _input(self) -> PayloadOptions:
        return PayloadOptions(
            content_type=self.input_content_type,
            layout=self.input_layout,
            csv_header=self.input_csv_header,
            csv_delimiter=self.input_csv_delimiter,
            rows=self.input_rows,
            call_keys=self.input_call_keys,
        )

    @property
    def _output(self) -> PayloadOptions:
        return PayloadOptions(
            content_type=self.output_content_type,
            layout=self.output_layout,
            csv_header=self.output_csv_header,
            csv_delimiter=self.output_csv_delimiter,
            rows=self.output_rows,
            call_keys=self.output_call_keys,
        )
