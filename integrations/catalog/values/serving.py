"""Endpoints, their variants, captures and inference components."""

from datetime import datetime

from integrations.catalog.values.answer import Answer


class CaptureConfig(Answer, frozen=True):
    """`DataCaptureConfig` of an endpoint (status, current sampling) or of its configuration (modes, content types)."""

    enable_capture: bool = False
    capture_status: str = ""
    current_sampling_percentage: int | None = None
    initial_sampling_percentage: int | None = None
    destination_s3_uri: str = ""
    kms_key_id: str = ""
    capture_options: tuple["CaptureOption", ...] = ()
    capture_content_type_header: "ContentTypes | None" = None


class CaptureOption(Answer, frozen=True):
    """One captured side of a call: `Input`, `Output` or `InputAndOutput`."""

    capture_mode: str = ""


class ContentTypes(Answer, frozen=True):
    """The content types that are captured as text."""

    csv_content_types: tuple[str, ...] = ()
    json_content_types: tuple[str, ...] = ()


class Variant(Answer, frozen=True):
    """A production or shadow variant; only the configuration of the endpoint says the model."""

    variant_name: str
    model_name: str = ""
    instance_type: str = ""
    current_weight: float | None = None
    initial_variant_weight: float | None = None
    current_instance_count: int | None = None
    initial_instance_count: int | None = None


class Endpoint(Answer, frozen=True):
    """`DescribeEndpoint`."""

    endpoint_name: str
    endpoint_arn: str
    endpoint_config_name: str = ""
    endpoint_status: str = ""
    creation_time: datetime | None = None
    production_variants: tuple[Variant, ...] = ()
    shadow_production_variants: tuple[Variant, ...] = ()
    data_capture_config: CaptureConfig | None = None


class EndpointConfig(Answer, frozen=True):
    """`DescribeEndpointConfig`."""

    endpoint_config_name: str
    endpoint_config_arn: str = ""
    production_variants: tuple[Variant, ...] = ()
    shadow_production_variants: tuple[Variant, ...] = ()
    data_capture_config: CaptureConfig | None = None


class ComponentSpecification(Answer, frozen=True):
    """The model of an inference component: a model, or an adapter of another component."""

    model_name: str = ""
    base_inference_component_name: str = ""


class InferenceComponent(Answer, frozen=True):
    """`DescribeInferenceComponent`: a model on a variant that names none."""

    inference_component_name: str
    inference_component_arn: str = ""
    endpoint_name: str = ""
    variant_name: str = ""
    inference_component_status: str = ""
    creation_time: datetime | None = None
    specification: ComponentSpecification | None = None
    specifications: tuple[ComponentSpecification, ...] = ()
