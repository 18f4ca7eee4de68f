"""The steps of `sumo setup`. Each compares first, so a repeated run makes only missing objects.

The collector comes first. Its description lists the fields before they are made, so `--remove` also finds those of a
run that ended half way.
"""

from functools import partial

from capture_forwarder.configuration.secret_reference import SecretReference
from capture_ops.observability.sumo import own_fields
from capture_ops.observability.sumo.api import Document, SumoApi
from capture_ops.observability.sumo.failures import SumoFailure
from capture_ops.observability.sumo.journal import Journal
from capture_ops.observability.sumo.secrets import UrlSecrets
from capture_ops.observability.sumo.synchronising import Kind, synchronise
from integrations.observability.sumo.objects import Wanted


class Setup:
    """Makes or removes the objects of `wanted`."""

    def __init__(self, wanted: Wanted, api: SumoApi, secrets: UrlSecrets, journal: Journal) -> None:
        self._wanted = wanted
        self._api = api
        self._secrets = secrets
        self._journal = journal

    def make(self) -> None:
        """Make missing objects, and mend changed ones. Raises `SumoFailure`."""
        collector = self._collector()
        there = self._api.fields()
        missing = [name for name in self._wanted.fields if name.lower() not in there]
        description = own_fields.described(self._wanted.mark, [*missing, *own_fields.made_fields(collector)])
        collector = self._described(collector, description)
        for name in missing:
            self._journal.change("create", "field", name, partial(self._api.create_field, name))
        synchronise(
            self._rules(), {each.name: each.body for each in self._wanted.rules}, self._api.rules(), self._journal
        )
        self._make_sources(collector)
        self._make_monitors()

    def _collector(self) -> Document | None:
        found = self._api.collector(self._wanted.collector)
        if found and self._wanted.mark not in str(found.get("description")):
            raise SumoFailure(
                f"there is a collector {self._wanted.collector} that sumo setup did not make for this stack; write "
                "another name as collector in [observability.sumo]"
            )
        return found

    def _described(self, found: Document | None, description: str) -> Document | None:
        name = self._wanted.collector
        if found is None:
            self._journal.change("create", "collector", name, partial(self._api.create_collector, name, description))
            return None if self._journal.dry_run else self._collector()
        if found["description"] != description:
            self._journal.change("update", "collector", name, partial(self._api.describe_collector, found, description))
        return found

    def _make_sources(self, collector: Document | None) -> None:
        wanted = {each.name: each.body for each in self._wanted.sources}
        identity = collector["id"] if collector else 0
        found = self._api.sources(identity) if collector else []
        synchronise(self._sources(identity), wanted, found, self._journal)
        urls = {each["name"]: each.get("url") for each in (self._api.sources(identity) if collector else [])}
        for each in self._wanted.sources:
            if each.secret:
                self._write_url(each.name, urls.get(each.name), SecretReference.parse(each.secret))

    def _write_url(self, source: str, url: str | None, secret: SecretReference) -> None:
        """Write the URL of a source into its secret; a dry run of a source that is not made yet knows none."""
        if url is None and not self._journal.dry_run:
            raise SumoFailure(f"the answer of Sumo Logic has no URL of the source {source}; run this again")
        if url is None or not self._secrets.holds(secret, url):
            place = f"{secret.name}#{secret.key}" if secret.key else secret.name
            self._journal.change("write", "secret", place, partial(self._secrets.write, secret, url or ""))

    def _make_monitors(self) -> None:
        name, mark = self._wanted.collector, self._wanted.mark
        folder = self._own_folder()
        if folder is None and self._wanted.monitors:
            self._journal.change("create", "folder of monitors", name, partial(self._api.create_folder, name, mark))
            folder = None if self._journal.dry_run else self._own_folder()
        wanted = {each.name: each.body for each in self._wanted.monitors}
        found = self._api.monitors(folder) if folder else []
        synchronise(self._monitors(folder or {}), wanted, found, self._journal)

    def _own_folder(self) -> Document | None:
        folder = self._api.folder(self._wanted.collector)
        if folder and self._wanted.mark not in str(folder.get("description")):
            raise SumoFailure(f"there is a folder of monitors {folder['name']} that sumo setup did not make; rename it")
        return folder

    def remove(self) -> None:
        """Remove only objects that `make` made. Raises `SumoFailure`."""
        collector = self._collector()
        self._remove_monitors()
        rules = self._api.rules()
        synchronise(self._rules(), {}, rules, self._journal)
        self._remove_fields(collector, rules)
        if collector:
            self._remove_collector(collector)
        names = {SecretReference.parse(each.secret).name: each.secret for each in self._wanted.sources if each.secret}
        for name, text in names.items():
            secret = SecretReference.parse(text)
            if self._secrets.is_own(secret):
                self._journal.change("delete", "secret", name, partial(self._secrets.delete, secret))

    def _remove_monitors(self) -> None:
        if (folder := self._own_folder()) is None:
            return
        found = self._api.monitors(folder)
        synchronise(self._monitors(folder), {}, found, self._journal)
        name = self._wanted.collector
        if foreign := [each["name"] for each in found if not self._monitors(folder).is_own(each)]:
            self._journal.keep("folder of monitors", name, f"it holds others: {', '.join(foreign)}")
        else:
            self._journal.change("delete", "folder of monitors", name, partial(self._api.delete_folder, folder))

    def _remove_fields(self, collector: Document | None, rules: list[Document]) -> None:
        there = self._api.fields()
        for name in sorted(own_fields.made_fields(collector)):
            if name.lower() not in there:
                continue
            if users := own_fields.users_of(name.lower(), rules, self._wanted.mark):
                self._journal.keep("field", name, f"other rules set it: {', '.join(users)}")
                continue
            identity = there[name.lower()]
            self._journal.change("delete", "field", name, partial(self._api.delete_field, identity))

    def _remove_collector(self, collector: Document) -> None:
        found = self._api.sources(collector["id"])
        kind = self._sources(collector["id"])
        synchronise(kind, {}, found, self._journal)
        name = self._wanted.collector
        if foreign := [each["name"] for each in found if not kind.is_own(each)]:
            self._journal.keep("collector", name, f"it has other sources: {', '.join(foreign)}")
        else:
            self._journal.change("delete", "collector", name, partial(self._api.delete_collector, collector))

    def _rules(self) -> Kind:
        api = self._api
        return Kind(
            name="rule",
            marked="parseExpression",
            mark=self._wanted.mark,
            create=api.create_rule,
            update=api.update_rule,
            delete=api.delete_rule,
        )

    def _sources(self, collector: int) -> Kind:
        api = self._api
        return Kind(
            name="source",
            marked="description",
            mark=self._wanted.mark,
            create=partial(api.create_source, collector),
            update=partial(api.update_source, collector),
            delete=partial(api.delete_source, collector),
        )

    def _monitors(self, folder: Document) -> Kind:
        api = self._api
        return Kind(
            name="monitor",
            marked="description",
            mark=self._wanted.mark,
            create=partial(api.create_monitor, folder),
            update=api.update_monitor,
            delete=api.delete_monitor,
        )
