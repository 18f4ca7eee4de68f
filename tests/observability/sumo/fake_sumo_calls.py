"""The calls of the API on loopback, by method and path."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import request

from tests.observability.sumo.fake_sumo import TOKEN, FakeSumo, Refused, etag

Document = dict[str, Any]
_RULE_OPTIONS = {"name", "scope", "parseExpression", "enabled"}


def _page(values: list[Document]) -> list[Document]:
    start, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 10))
    return values[start : start + limit]


def _of(values: dict[Any, Document], key: Any, code: str) -> Document:
    if key not in values:
        raise Refused(404, f"{code}.unknown")
    return values[key]


def _unique(values: Any, name: str, code: str, key: str = "name") -> None:
    if any(str(each[key]).lower() == name.lower() for each in values):
        raise Refused(400, f"{code}.validation.name.duplicate")


def _unchanged(document: Document) -> None:
    if request.headers.get("If-Match") != etag(document):
        raise Refused(412, "etag.mismatch")


def list_collectors(sumo: FakeSumo, _body: Document) -> Document:
    return {"collectors": _page(list(sumo.collectors.values()))}


def create_collector(sumo: FakeSumo, body: Document) -> Document:
    new = body["collector"]
    _unique(sumo.collectors.values(), new["name"], "collectors")
    made = new | {"id": sumo.new_id(), "alive": True}
    sumo.collectors[made["id"]], sumo.sources[made["id"]] = made, {}
    return {"collector": made}


def get_collector(sumo: FakeSumo, _body: Document, key: str) -> Document:
    return {"collector": _of(sumo.collectors, int(key), "collectors")}


def put_collector(sumo: FakeSumo, body: Document, key: str) -> Document:
    _unchanged(get_collector(sumo, {}, key))
    sumo.collectors[int(key)] = body["collector"]
    return body


def delete_collector(sumo: FakeSumo, _body: Document, key: str) -> None:
    del sumo.collectors[int(key)], sumo.sources[int(key)]


def list_sources(sumo: FakeSumo, _body: Document, key: str) -> Document:
    return {"sources": list(sumo.sources[int(key)].values())}


def create_source(sumo: FakeSumo, body: Document, key: str) -> Document:
    new = body["source"]
    _unique(sumo.sources[int(key)].values(), new["name"], "collectors.sources")
    made = new | {"id": sumo.new_id(), "encoding": "UTF-8", "filters": [], "alive": True}
    if new["sourceType"] == "HTTP":
        made["url"] = (
            f"https://endpoint.sumologic.example/receiver/v1/kinesis/{new['contentType']}/{TOKEN}{made['id']}=="
        )
    sumo.sources[int(key)][made["id"]] = made
    return {"source": made}


def get_source(sumo: FakeSumo, _body: Document, key: str, source: str) -> Document:
    return {"source": _of(sumo.sources[int(key)], int(source), "collectors.sources")}


def put_source(sumo: FakeSumo, body: Document, key: str, source: str) -> Document:
    before = get_source(sumo, {}, key, source)
    _unchanged(before)
    kept = {name: before["source"][name] for name in ("id", "url") if name in before["source"]}
    sumo.sources[int(key)][int(source)] = body["source"] | kept
    return {"source": sumo.sources[int(key)][int(source)]}


def delete_source(sumo: FakeSumo, _body: Document, key: str, source: str) -> None:
    del sumo.sources[int(key)][int(source)]


def list_fields(sumo: FakeSumo, _body: Document) -> Document:
    return {"data": list(sumo.fields.values())}


def create_field(sumo: FakeSumo, body: Document) -> Document:
    _unique(sumo.fields.values(), body["fieldName"], "field", "fieldName")
    made = {"fieldId": f"f{sumo.new_id()}", "fieldName": body["fieldName"], "dataType": "String", "state": "Enabled"}
    sumo.fields[made["fieldId"]] = made
    return made


def delete_field(sumo: FakeSumo, _body: Document, key: str) -> None:
    del sumo.fields[key]


def list_rules(sumo: FakeSumo, _body: Document) -> Document:
    """Return one rule a page, so that reading only the first page shows."""
    keys = list(sumo.rules)
    place = keys.index(request.args["token"]) if "token" in request.args else 0
    following = keys[place + 1 : place + 2]
    return {"data": [sumo.rules[key] for key in keys[place : place + 1]], "next": following[0] if following else None}


def create_rule(sumo: FakeSumo, body: Document) -> Document:
    _unique(sumo.rules.values(), body["name"], "fer")
    return put_rule(sumo, body, f"r{sumo.new_id()}")


def put_rule(sumo: FakeSumo, body: Document, key: str) -> Document:
    if body.keys() != _RULE_OPTIONS:
        raise Refused(400, "fer.unknown.option")
    sumo.rules[key] = body | {"id": key}
    return sumo.rules[key]


def delete_rule(sumo: FakeSumo, _body: Document, key: str) -> None:
    del sumo.rules[key]


def get_root(sumo: FakeSumo, _body: Document) -> Document:
    return get_monitor(sumo, {}, "root")


def get_monitor(sumo: FakeSumo, _body: Document, key: str) -> Document:
    if key in sumo.monitors:
        return sumo.monitors[key]
    below = [*sumo.folders.values(), *sumo.monitors.values()]
    children = [
        {name: each.get(name) for name in ("id", "name", "description", "contentType")}
        for each in below
        if each.get("parentId") == key
    ]
    return _of(sumo.folders, key, "monitors") | {"type": "MonitorsLibraryFolderResponse", "children": children}


def import_monitor(sumo: FakeSumo, body: Document, key: str) -> Document:
    identity = f"m{sumo.new_id()}"
    common = {"id": identity, "parentId": key, "version": 1}
    if body["type"] == "MonitorsLibraryFolderExport":
        sumo.folders[identity] = common | {
            "name": body["name"],
            "description": body["description"],
            "contentType": "Folder",
        }
        return sumo.folders[identity]
    kept = {"notifications": [], "type": "MonitorsLibraryMonitorResponse", "contentType": "Monitor"}
    sumo.monitors[identity] = body | kept | common
    return sumo.monitors[identity]


def put_monitor(sumo: FakeSumo, body: Document, key: str) -> Document:
    before = _of(sumo.monitors, key, "monitors")
    if body["type"] != "MonitorsLibraryMonitorUpdate" or body["version"] != before["version"]:
        raise Refused(409, "monitors.conflict")
    sumo.monitors[key] = body | {"type": before["type"], "version": before["version"] + 1}
    return sumo.monitors[key]


def delete_monitor(sumo: FakeSumo, _body: Document, key: str) -> None:
    (sumo.monitors if key in sumo.monitors else sumo.folders).pop(key)


CALLS: Mapping[str, Callable[..., Document | None]] = {
    "GET /collectors": list_collectors,
    "POST /collectors": create_collector,
    r"GET /collectors/(\d+)": get_collector,
    r"PUT /collectors/(\d+)": put_collector,
    r"DELETE /collectors/(\d+)": delete_collector,
    r"GET /collectors/(\d+)/sources": list_sources,
    r"POST /collectors/(\d+)/sources": create_source,
    r"GET /collectors/(\d+)/sources/(\d+)": get_source,
    r"PUT /collectors/(\d+)/sources/(\d+)": put_source,
    r"DELETE /collectors/(\d+)/sources/(\d+)": delete_source,
    "GET /fields": list_fields,
    "POST /fields": create_field,
    r"DELETE /fields/(\w+)": delete_field,
    "GET /extractionRules": list_rules,
    "POST /extractionRules": create_rule,
    r"PUT /extractionRules/(\w+)": put_rule,
    r"DELETE /extractionRules/(\w+)": delete_rule,
    "GET /monitors/root": get_root,
    r"GET /monitors/(\w+)": get_monitor,
    r"POST /monitors/(\w+)/import": import_monitor,
    r"PUT /monitors/(\w+)": put_monitor,
    r"DELETE /monitors/(\w+)": delete_monitor,
}
