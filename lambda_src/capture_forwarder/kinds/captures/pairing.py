"""Rows of the request paired with rows of the answer: by number, or not at all."""

from collections.abc import Collection

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.payloads.rows import Row, Rows


def pair_rows(inputs: Rows, outputs: Rows, widths: Collection[int]) -> Rows | Reason:
    """Return the output rows that answer the input rows, one each, or a refusal that gives both counts.

    `widths` are the numbers of ordered values that one answer may have; empty when no schema tells.
    """
    wanted, given = len(inputs.rows), len(outputs.rows)
    if wanted and wanted == given:
        return outputs
    if wanted > 1 and given == 1 and (split := _split(outputs.rows[0], wanted, widths or (1,))):
        return Rows(split, outputs.textual)
    return Reason(
        RejectionCode.ROW_COUNT_MISMATCH,
        f"{wanted} input rows and {given} output rows; if the payloads are laid out otherwise, set the route's layout",
    )


def _split(row: Row, count: int, widths: Collection[int]) -> list[Row] | None:
    """Cut one line of ordered values into `count` rows.

    XGBoost's container answers several CSV rows with one comma-joined line, for backwards compatibility:
    https://github.com/aws/sagemaker-xgboost-container
    """
    width, rest = divmod(len(row), count)
    if isinstance(row, dict) or rest or width not in widths:
        return None
    return [row[start : start + width] for start in range(0, len(row), width)]
