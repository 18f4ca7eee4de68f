"""Calls that the compiled path reads, with the schema that they have."""

import json

from capture_forwarder.domain.schema import STRUCTURES, Attribute, ModelSchema, Stage, ValueType
from tests.support.captures import base64_side, csv_side, json_side


def schema(inputs: str, outputs: str) -> ModelSchema:
    """Return a schema of a letter an attribute: F, I, B, S, T or U."""
    types = {one.value[0]: one for one in ValueType if one not in STRUCTURES and one is not ValueType.IMAGE}
    sides = ((inputs, Stage.PIPELINE_INPUT, "in"), (outputs, Stage.PREDICTED_VALUE, "out"))
    return ModelSchema(
        tuple(
            Attribute(f"{name} {place}", stage, types[letter], place)
            for letters, stage, name in sides
            for place, letter in enumerate(letters)
        )
    )


MIXED = schema("FISB", "FI")
ROW, ANSWER = [1.5, 7, "blue", True], [0.25, 1]
NAMED = {"in 0": 1.5, "in 1": 7, "in 2": "blue", "in 3": True}
SCORED = {"out 0": 0.25, "out 1": 1}
LINES, HEADER = "application/jsonlines", "text/csv; header=present"
COMPILED = {
    "csv": (csv_side("1.5,7,blue,true\n"), csv_side("0.25,1\n")),
    "csv of many rows": (csv_side("1.5,7,blue,true\n" * 20_000), csv_side("0.25,1\n" * 20_000)),
    "base64": (base64_side(b"1.5,7,blue,true", "text/csv"), base64_side(b"0.25,1", "text/csv; charset=UTF-8")),
    "instances of lists": (json_side({"instances": [ROW, ROW]}), json_side({"predictions": [ANSWER, ANSWER]})),
    "features": (
        json_side({"instances": [{"features": ROW}]}),
        json_side({"predictions": [{"probabilities": ANSWER}]}),
    ),
    "names": (json_side({"instances": [NAMED]}), json_side({"predictions": [SCORED]})),
    "one object": (json_side(NAMED), json_side(SCORED)),
    "one ordered key": (json_side({"features": ROW}), json_side({"probabilities": ANSWER})),
    "bare lists": (json_side([ROW, ROW]), json_side([ANSWER, ANSWER])),
    "one bare list": (json_side(ROW), json_side(ANSWER)),
    "bare objects": (json_side([NAMED]), json_side([SCORED])),
    "base64 of json": (base64_side(json.dumps([ROW]).encode(), "application/json"), json_side([ANSWER])),
    "inputs and outputs": (json_side({"inputs": [ROW]}), json_side({"outputs": [SCORED]})),
    "json lines": (json_side(f"{json.dumps(ROW)}\n" * 2, LINES), json_side(f"{json.dumps(SCORED)}\n\n" * 2, LINES)),
    "one json line": (json_side(json.dumps(ROW), LINES), json_side([ANSWER])),
    "null": (json_side({"instances": [NAMED | {"in 2": None}]}), json_side({"predictions": [SCORED]})),
    "a header": (csv_side("in 0,in 1,in 2,in 3\n1.5,7,blue,true\n1.5,,blue,true", HEADER), csv_side("0.25,1\n0.25,1")),
    "a header in quotes": (csv_side('"in 0","in 1","in 2","in 3"\n1.5,7,"blue",true', HEADER), csv_side("0.25,1")),
    "a quoted cell": (csv_side('1.5,7,"blue, (or ""red"")",true'), csv_side('"0.25",1')),
    "space around cells": (csv_side(" 1.5, 7, blue,true "), csv_side("0.25, 1")),
    "empty cells": (csv_side(",,,\n1.5,,blue,"), csv_side("0.25,\n0.25,1")),
    "other line ends": (csv_side("1.5,7,blue,true\r\n1.5,7,blue,true\r\n"), csv_side("0.25,1\r0.25,1")),
    "rows under an ordered key": (json_side({"features": [ROW, ROW]}), json_side({"probabilities": [ANSWER, ANSWER]})),
}
