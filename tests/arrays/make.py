"""Write the arrays of this folder, and the same values as JSON. Run by a Python that has NumPy; see README.md."""

import json
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np  # type: ignore[import-not-found]  # not a dependency of the project

FOLDER = Path(__file__).parent
NUMBERS = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
SHAPES = {
    "scalar": (),
    "vector": (3,),
    "matrix": (3, 2),
    "no_rows": (0, 2),
    "empty": (0,),
    "row": (1, 3),
    "column": (3, 1),
}


def json_of(value: Any) -> Any:
    """Return nested lists of JSON values."""
    if isinstance(value, list):
        return [json_of(one) for one in value]
    if isinstance(value, bytes):
        return value.decode()
    return None if isinstance(value, float) and not isfinite(value) else value


def arrays() -> dict[str, Any]:
    """Return arrays by the names of their files."""
    found = {}
    for kind in NUMBERS:
        for order in "<>":
            dtype = np.dtype(f"{order}{kind}")
            values = [0, 1, 5, 7, 100, 2] if kind[0] == "u" else [0, -1, 5, -7, 100, 2]
            matrix = np.array(values, dtype=dtype).reshape(3, 2)
            found[f"{kind}_{'big' if order == '>' else 'little'}"] = matrix
            found[f"{kind}_{'big' if order == '>' else 'little'}_fortran"] = np.asfortranarray(matrix)
    for name, shape in SHAPES.items():
        found[name] = np.arange(np.prod(shape, dtype=int)).reshape(shape) / 4
    found["bools"] = np.array([[True, False], [False, True]])
    found["not_finite"] = np.array([np.nan, np.inf, -np.inf, 1.5, -0.0])
    found["largest"] = np.array([np.iinfo("i8").min, np.iinfo("i8").max])
    found["largest_unsigned"] = np.array([0, np.iinfo("u8").max], dtype="u8")
    for order in "<>":
        found[f"texts_{'big' if order == '>' else 'little'}"] = np.array(
            [["", "a b"], ["größe", "日本🙂"]], dtype=f"{order}U5"
        )
    found["bytes"] = np.array([b"", b"ab", "é".encode()])
    found["text_scalar"] = np.array("setosa")
    return found


def main() -> None:
    """Write every file."""
    expected = {}
    for name, array in arrays().items():
        np.save(FOLDER / f"{name}.npy", array)
        expected[f"{name}.npy"] = json_of(array.tolist())
    for version in ((1, 0), (2, 0), (3, 0)):
        with (FOLDER / f"version_{version[0]}.npy").open("wb") as file:
            np.lib.format.write_array(file, np.array([[1.5, 2.5]]), version=version)
        expected[f"version_{version[0]}.npy"] = [[1.5, 2.5]]
    np.savez(FOLDER / "one.npz", np.array([[1, 2], [3, 4]]))
    np.savez_compressed(FOLDER / "several.npz", scores=np.array([[0.5], [0.25]]), labels=np.array(["no", "yes"]))
    expected |= {"one.npz": [[1, 2], [3, 4]], "several.npz": {"scores": [[0.5], [0.25]], "labels": ["no", "yes"]}}
    lines = (f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in expected.items())
    (FOLDER / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    refused = FOLDER / "refused"
    refused.mkdir(exist_ok=True)
    np.save(refused / "objects.npy", np.array([{"a": 1}, None]), allow_pickle=True)
    np.save(refused / "structured.npy", np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]))
    np.save(refused / "complex.npy", np.array([1j]))
    np.save(refused / "dates.npy", np.array(["2026-01-15"], dtype="M8[D]"))
    np.save(refused / "durations.npy", np.array([5], dtype="m8[s]"))
    np.save(refused / "three_dimensions.npy", np.zeros((2, 2, 2)))
    np.save(refused / "rows_without_values.npy", np.zeros((2, 0)))
    np.save(refused / "quadruple.npy", np.zeros(1, dtype=np.longdouble))
    np.savez(refused / "objects.npz", np.array([None]))


if __name__ == "__main__":
    main()
