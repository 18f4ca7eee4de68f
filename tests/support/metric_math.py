"""The metric math that alarms use, for one period; a value is `None` where CloudWatch has no data point.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache
from math import sqrt

Value = float | None

_BINARY: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluated(expression: str, values: Mapping[str, Value]) -> Value:
    """Return the value of `expression`; raises `ValueError` for math that no alarm uses, and for an unknown id."""
    return _value(_parsed(expression), values)


@cache
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def _value(node: ast.expr, values: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.BinOp(left=left, op=symbol, right=right) if type(symbol) in _BINARY:
            return _combined(_BINARY[type(symbol)], _value(left, values), _value(right, values))
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=[right]):
            return _combined(lambda a, b: float(a > b), _value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _called(name, arguments, values)
        case _:
            raise ValueError(f"no alarm uses {ast.unparse(node)}")


def _combined(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    try:
        return function(left, right)
    except ZeroDivisionError:
        return None  # CloudWatch leaves the data point out


def _called(name: str, arguments: list[ast.expr], values: Mapping[str, Value]) -> Value:
    match name, arguments:
        case "FILL", [series, other]:
            found = _value(series, values)
            return _value(other, values) if found is None else found
        case "SQRT", [argument]:
            number = _value(argument, values)
            return None if number is None or number < 0 else sqrt(number)
        case "IF", [condition, then, otherwise]:
            truth = _value(condition, values)
            return None if truth is None else _value(then if truth else otherwise, values)
        case (("SUM" | "MAX"), [ast.List(elts=elements)]):
            return _reduced(name, [_value(element, values) for element in elements])
        case _:
            raise ValueError(f"no alarm uses {name} with {len(arguments)} arguments")


def _reduced(name: str, values: list[Value]) -> Value:
    found = [each for each in values if each is not None]
    if not found:
        return None
    return sum(found) if name == "SUM" else max(found)
