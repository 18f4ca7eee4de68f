"""The metric math that the dashboards use, over series: + - * / and FILL.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import operator
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from capture_ops.observability.rendering.series import Series, Span

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_Value = float | list[Series]


class Arithmetic:
    """Evaluates expressions over the series of other queries, by their ids."""

    def __init__(self, series: Mapping[str, list[Series]], span: Span, period_secs: int) -> None:
        self._series = series
        self._times = range(span.start, span.end, period_secs)

    def of(self, expression: str) -> list[Series]:
        """Return the series of an expression. Raises `ValueError` for one that no dashboard uses."""
        value = self._of(ast.parse(expression, mode="eval").body)
        if not isinstance(value, list):
            raise ValueError(f"{expression} has no series")  # noqa: TRY004 - the value is wrong, not a type of ours
        return value

    def _of(self, node: ast.expr) -> _Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self._series:
                return self._series[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _joined(_OPERATORS[type(op)], self._of(left), self._of(right))
            case ast.Call(func=ast.Name(id="FILL"), args=[filled, ast.Constant(value=int() | float() as missing)]):
                return self._filled(self._of(filled), float(missing))
            case _:
                raise ValueError(f"this expression cannot be computed here: {ast.unparse(node)}")

    def _filled(self, value: _Value, missing: float) -> _Value:
        if not isinstance(value, list):
            return value
        values = [{time: series.values.get(time, missing) for time in self._times} for series in value]
        return [replace(series, values=filled) for series, filled in zip(value, values, strict=True)]


def _joined(calculate: Callable[[float, float], float], left: _Value, right: _Value) -> _Value:
    """Join two values. Of two lists each series of the left one meets the one at the same place."""
    match left, right:
        case list(), list():
            return [_both(calculate, one, other) for one, other in zip(left, right, strict=True)]
        case list(), float():
            return [replace(one, values=_each(one, lambda value: calculate(value, right))) for one in left]
        case float(), list():
            return [replace(one, values=_each(one, lambda value: calculate(left, value))) for one in right]
        case float(), float():
            return calculate(left, right)
        case _:
            raise TypeError("a value is a number or a list of series")


def _each(series: Series, calculate: Callable[[float], float]) -> dict[int, float]:
    values = {}
    for time, value in series.values.items():
        try:
            values[time] = calculate(value)
        except ZeroDivisionError:
            continue  # CloudWatch draws no point
    return values


def _both(calculate: Callable[[float, float], float], left: Series, right: Series) -> Series:
    """Join the points of two series at the same times."""
    values = {}
    for time in left.values.keys() & right.values.keys():
        try:
            values[time] = calculate(left.values[time], right.values[time])
        except ZeroDivisionError:
            continue
    return replace(left, values=dict(sorted(values.items())))
