"""What in a new description of the API would break a client of an older one (docs/compatibility.md)."""

from collections.abc import Iterator
from typing import Any

Part = dict[str, Any]


def breaks(old: Part, new: Part) -> list[str]:
    """Return what a client of ``old`` would stumble over in ``new``, a line each."""
    return sorted(set(_Comparison(old, new).run()))


class _Comparison:
    def __init__(self, old: Part, new: Part) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()

    def run(self) -> Iterator[str]:
        for path, operations in self._old["paths"].items():
            for method, operation in operations.items():
                where = f"{method.upper()} {path}"
                found = self._new["paths"].get(path, {}).get(method)
                if found is None:
                    yield f"{where} is gone"
                else:
                    yield from self._operation(where, operation, found)

    def _operation(self, where: str, old: Part, new: Part) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{where} has another operationId"
        if not old["security"] and new["security"]:
            yield f"{where} needs a token"
        yield from self._parameters(where, old, new)
        yield from self._body(where, old.get("requestBody"), new.get("requestBody"))
        for status, response in old["responses"].items():
            if status.startswith("2"):
                yield from self._response(f"{where} {status}", response, new["responses"].get(status))

    def _parameters(self, where: str, old: Part, new: Part) -> Iterator[str]:
        before, after = self._by_name(self._old, old), self._by_name(self._new, new)
        for key, parameter in before.items():
            name = f"{where} {key[1]}"
            if key not in after:
                yield f"{name} is not taken"
            else:
                yield from self._sent(name, parameter["schema"], after[key]["schema"])
        for key, parameter in after.items():
            was_required = key in before and before[key].get("required", False)
            if parameter.get("required", False) and not was_required:
                yield f"{where} {key[1]} is mandatory"

    def _by_name(self, document: Part, operation: Part) -> dict[tuple[str, str], Part]:
        found = [_resolved(document, parameter) for parameter in operation["parameters"]]
        return {(one["in"], one["name"]): one for one in found}

    def _body(self, where: str, old: Part | None, new: Part | None) -> Iterator[str]:
        if old is None:
            if new is not None and new.get("required", False):
                yield f"{where} needs a body"
            return
        if new is None:
            yield f"{where} takes no body"
            return
        if new.get("required", False) and not old.get("required", False):
            yield f"{where} needs a body"
        for kind, media in old["content"].items():
            if kind not in new["content"]:
                yield f"{where} does not take {kind}"
            else:
                yield from self._sent(where, media["schema"], new["content"][kind]["schema"])

    def _response(self, where: str, old: Part, new: Part | None) -> Iterator[str]:
        if new is None:
            yield f"{where} is not answered"
            return
        after = _resolved(self._new, new).get("content", {})
        for kind, media in _resolved(self._old, old).get("content", {}).items():
            if kind not in after:
                yield f"{where} is not answered as {kind}"
            else:
                yield from self._shown(where, media["schema"], after[kind]["schema"])

    def _sent(self, where: str, old: Part, new: Part) -> Iterator[str]:
        """Yield what is wrong with a schema of what clients send: all that they sent must still do."""
        if self._is_done(old, new, sent=True):
            return
        before, after = _choices(self._old, old), _choices(self._new, new)
        if not before.keys() <= after.keys():
            yield f"{where} does not take {', '.join(sorted(before.keys() - after.keys()))}"
        for kind in before.keys() & after.keys():
            was, now = before[kind], after[kind]
            values, taken = was.get("enum"), now.get("enum")
            if taken is not None and (values is None or not set(values) <= set(taken)):
                gone = "any value" if values is None else ", ".join(map(str, set(values) - set(taken)))
                yield f"{where} does not take {gone}"
            for name in set(now.get("required", ())) - set(was.get("required", ())):
                yield f"{where}.{name} is mandatory"
            for name, field in was.get("properties", {}).items():
                if name not in now.get("properties", {}):
                    yield f"{where}.{name} is not taken"
                else:
                    yield from self._sent(f"{where}.{name}", field, now["properties"][name])
            if "items" in was and "items" in now:
                yield from self._sent(f"{where}[]", was["items"], now["items"])

    def _shown(self, where: str, old: Part, new: Part) -> Iterator[str]:
        """Yield what is wrong with a schema of what clients get: all that they read must still be there."""
        if self._is_done(old, new, sent=False):
            return
        before, after = _choices(self._old, old), _choices(self._new, new)
        if before and not after.keys() <= before.keys():
            yield f"{where} may be {', '.join(sorted(after.keys() - before.keys()))}"
        for kind in before.keys() & after.keys():
            was, now = before[kind], after[kind]
            for name, field in was.get("properties", {}).items():
                if name not in now.get("properties", {}):
                    yield f"{where}.{name} is gone"
                    continue
                if name in was.get("required", ()) and name not in now.get("required", ()):
                    yield f"{where}.{name} may be absent"
                yield from self._shown(f"{where}.{name}", field, now["properties"][name])
            if "items" in was and "items" in now:
                yield from self._shown(f"{where}[]", was["items"], now["items"])

    def _is_done(self, old: Part, new: Part, *, sent: bool) -> bool:
        """Return whether two named schemas were compared before: what is wrong with them is known."""
        names = (old.get("$ref", ""), new.get("$ref", ""), sent)
        if not all(names[:2]):
            return False
        was_there = names in self._seen
        self._seen.add(names)
        return was_there


def _resolved(document: Part, part: Part) -> Part:
    while "$ref" in part:
        _, _, kind, name = part["$ref"].split("/")
        part = document["components"][kind][name]
    return part


def _choices(document: Part, schema: Part) -> dict[str, Part]:
    """Return a schema by the JSON types that it allows, objects of several schemas by their names too."""
    part = _resolved(document, schema)
    if "anyOf" in part:
        found: dict[str, Part] = {}
        for choice in part["anyOf"]:
            several = sum("$ref" in one for one in part["anyOf"]) > 1
            for kind, one in _choices(document, choice).items():
                found[f"{kind} {choice['$ref'].rpartition('/')[2]}" if several else kind] = one
        return found
    types = part.get("type", "object" if "properties" in part else None)
    if types is None:
        return {}
    return dict.fromkeys([types] if isinstance(types, str) else types, part)
