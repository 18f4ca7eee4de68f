"""The calls of Sumo Logic's API that `sumo setup` makes. Each ends with a result or with `SumoFailure`."""

from typing import Any

from capture_ops.observability.sumo.failures import explained

_PAGE = 1000
_FOLDER = {"type": "MonitorsLibraryFolderExport", "children": []}
_MONITOR = "MonitorsLibraryMonitor"
Document = dict[str, Any]


class SumoApi:
    """Reads and writes collectors, sources, fields, rules and monitors with the client of `sumologic-sdk`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def collector(self, name: str) -> Document | None:
        """Return the hosted collector of that name, if there is one."""
        with explained("list collectors"):
            start = 0
            while page := self._client.collectors(_PAGE, start, "hosted"):
                for each in page:
                    if each["name"] == name:
                        return dict(each)
                start += len(page)
        return None

    def create_collector(self, name: str, description: str) -> Document:
        """Make a hosted collector."""
        body = {"collectorType": "Hosted", "name": name, "description": description}
        with explained("create the collector"):
            return dict(self._client.create_collector({"collector": body}).json()["collector"])

    def describe_collector(self, found: Document, description: str) -> None:
        """Replace the description of a collector."""
        with explained("update the collector"):
            current, etag = self._client.collector(found["id"])
            current["collector"]["description"] = description
            self._client.update_collector(current, etag)

    def delete_collector(self, found: Document) -> None:
        """Delete a collector, and with it its sources."""
        with explained("delete the collector"):
            self._client.delete_collector({"collector": found})

    def sources(self, collector: int) -> list[Document]:
        """Return the sources of a collector. Those of type HTTP have a URL with a token."""
        with explained("list sources"):
            return list(self._client.sources(collector))

    def create_source(self, collector: int, body: Document) -> None:
        """Make a source."""
        with explained(f"create the source {body['name']}"):
            self._client.create_source(collector, {"api.version": "v1", "source": body})

    def update_source(self, collector: int, found: Document, body: Document) -> None:
        """Write the options of `body` into a source; its other options stay. The URL is not sent."""
        with explained(f"update the source {body['name']}"):
            current, etag = self._client.source(collector, found["id"])
            kept = {name: value for name, value in current["source"].items() if name != "url"}
            self._client.update_source(collector, {"source": kept | body}, etag)

    def delete_source(self, collector: int, found: Document) -> None:
        """Delete a source."""
        with explained(f"delete the source {found['name']}"):
            self._client.delete_source(collector, {"source": found})

    def fields(self) -> dict[str, str]:
        """Return the ids of all fields by their names in lower case: names of fields have no case."""
        with explained("list fields"):
            return {each["fieldName"].lower(): each["fieldId"] for each in self._client.get_all_fields()}

    def create_field(self, name: str) -> None:
        """Make a field."""
        with explained(f"create the field {name}"):
            self._client.create_new_field({"fieldName": name})

    def delete_field(self, identity: str) -> None:
        """Delete a field from the schema; collected messages keep theirs."""
        with explained("delete a field"):
            self._client.delete_existing_field(identity)

    def rules(self) -> list[Document]:
        """Return all field extraction rules."""
        found: list[Document] = []
        token = None
        with explained("list field extraction rules"):
            while True:
                page = self._client.get_all_field_extraction_rules(_PAGE, token)
                found += page["data"]
                if not (token := page.get("next")):
                    return found

    def create_rule(self, body: Document) -> None:
        """Make a field extraction rule."""
        with explained(f"create the rule {body['name']}"):
            self._client.create_field_extraction_rule(body)

    def update_rule(self, found: Document, body: Document) -> None:
        """Replace a field extraction rule."""
        with explained(f"update the rule {body['name']}"):
            self._client.update_field_extraction_rules(found["id"], body)

    def delete_rule(self, found: Document) -> None:
        """Delete a field extraction rule."""
        with explained(f"delete the rule {found['name']}"):
            self._client.delete_field_extraction_rule(found["id"])

    def folder(self, name: str) -> Document | None:
        """Return the folder of monitors of that name below the root, if there is one."""
        with explained("list folders of monitors"):
            children = self._client.get_root_folder()["children"]
            return next((dict(each) for each in children if _is_folder(each, name)), None)

    def create_folder(self, name: str, description: str) -> None:
        """Make a folder of monitors below the root."""
        with explained("create the folder of monitors"):
            root = self._client.get_root_folder()["id"]
            self._client.import_monitors(root, _FOLDER | {"name": name, "description": description})

    def delete_folder(self, found: Document) -> None:
        """Delete an empty folder of monitors."""
        with explained("delete the folder of monitors"):
            self._client.delete_monitor_folder(found["id"])

    def monitors(self, folder: Document) -> list[Document]:
        """Return the monitors and folders in a folder, with all their options."""
        with explained("list monitors"):
            children = self._client.get(f"/monitors/{folder['id']}").json()["children"]
            return [dict(self._client.get(f"/monitors/{each['id']}").json()) for each in children]

    def create_monitor(self, folder: Document, body: Document) -> None:
        """Make a monitor in a folder."""
        with explained(f"create the monitor {body['name']}"):
            self._client.import_monitors(folder["id"], body)

    def update_monitor(self, found: Document, body: Document) -> None:
        """Write the options of `body` into a monitor; its other options, such as notifications, stay."""
        with explained(f"update the monitor {body['name']}"):
            changed = found | body | {"type": f"{_MONITOR}Update"}
            self._client.put(f"/monitors/{found['id']}", changed)

    def delete_monitor(self, found: Document) -> None:
        """Delete a monitor."""
        with explained(f"delete the monitor {found['name']}"):
            self._client.delete_monitor_folder(found["id"])


def _is_folder(document: Document, name: str) -> bool:
    return document["name"] == name and document.get("contentType") == "Folder"
