"""Uses a monitoring API with Arthur's own client, in an environment without the project.

Reads the orders from stdin and writes the results to stdout, both as JSON. The generated models of the client check
every row and every answer. Fields that they do not know are reported too, because the models ignore them.
"""

import io
import json
import sys
from typing import Any

from arthur.client.rest.client import ArthurClient  # type: ignore[import-not-found]  # installed in its own environment only
from arthur.client.rest.inferences import models as rows  # type: ignore[import-not-found]  # as above
from arthur.client.rest.models.models import ExpandEnum, ModelAttribute, ModelObject, Stage, ValueType  # type: ignore[import-not-found]  # as above
from arthur.client.rest.users.models import AuthenticationInfo, UserResponse  # type: ignore[import-not-found]  # as above
from arthur.common.exceptions import ArthurError  # type: ignore[import-not-found]  # as above


def main() -> None:
    orders = json.load(sys.stdin)
    client = ArthurClient(url=orders["url"], api_key=orders["token"], allow_insecure=True)
    json.dump(answers(client, orders) | refusals(client, orders) | contract(client, orders), sys.stdout)


def answers(client: Any, orders: dict[str, Any]) -> dict[str, Any]:
    """Send the ordered data through the models of the client."""
    send = client.inferences
    new = [rows.NewInference(**row) for row in orders["inferences"]]
    labels = [rows.PartnerIdInferenceGroundTruth(**row) for row in orders["ground_truths"]]
    model = client.models.get_model_by_id(orders["typed"], expand=ExpandEnum.Attributes)
    return {
        "sent": plain(send.send_inferences(orders["free"], new)),
        "again": plain(send.send_inferences(orders["free"], new)),
        "captures": [plain(upload(client, orders["raw"], data)) for data in orders["captures"]],
        "refused": plain(upload(client, orders["typed"], orders["captures"][0])),
        "labelled": plain(send.update_inference_ground_truths(orders["free"], labels)),
        "updated": plain(send.update_inferences(orders["free"], labels)),
        "attributes": plain(model)["attributes"],
        "bare": plain(client.models.get_model_by_id(orders["free"], expand=ExpandEnum.Attributes))["attributes"],
        "organizations": plain(client.users.authenticate())["organization_ids"],
        "organization": plain(client.users.get_current_user())["organization_id"],
    }


def refusals(client: Any, orders: dict[str, Any]) -> dict[str, Any]:
    """Return the errors that the client raises for answers with an error status."""
    return {
        "wrong token": refusal(lambda: ArthurClient(url=orders["url"], api_key="wrong", allow_insecure=True)),
        "bearer": refusal(
            lambda: ArthurClient(url=orders["url"], api_key=f"Bearer {orders['token']}", allow_insecure=True)
        ),
        "unknown model": refusal(lambda: client.inferences.send_inferences("none", [])),
        "wrong name": refusal(lambda: upload(client, orders["raw"], "", "captures.txt")),
    }


def contract(client: Any, orders: dict[str, Any]) -> dict[str, Any]:
    """Return the names that the models of the client know, and the fields of answers that they do not know."""
    http = client.models.http_client
    model = http.get(f"/v3/models/{orders['typed']}", params={"expand": "attributes"})
    unknown = set(model) - set(ModelObject.__fields__)
    unknown |= {name for attribute in model["attributes"] for name in set(attribute) - set(ModelAttribute.__fields__)}
    unknown |= set(http.get("/v3/users/me/auth_info")) - set(AuthenticationInfo.__fields__)
    unknown |= set(http.get("/v3/users/me")) - set(UserResponse.__fields__)
    return {
        "unknown fields": sorted(unknown),
        "stages": [stage.value for stage in Stage],
        "value types": [value_type.value for value_type in ValueType],
        "inference fields": list(rows.NewInference.__fields__),
    }


def upload(client: Any, model_id: str, data: str, name: str = "captures.jsonl") -> Any:
    file = (name, io.BytesIO(data.encode()))
    return client.inferences.send_sagemaker_data(model_id, rows.SageMakerInferenceData(inference_data=file))


def refusal(act: Any) -> str | None:
    try:
        act()
    except ArthurError as error:
        return type(error).__name__
    return None


def plain(answer: Any) -> Any:
    return json.loads(answer.json())


if __name__ == "__main__":
    main()
