"""Import contracts that import-linter has no words for; configured in .importlinter.

A module's place in a service follows from its name: `leads.capture.rules` is a rule, `leads.capture.store` SQL,
`leads.api` a door, and any other module of a feature a use case.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

# Higher imports lower or equal, never the other way.
RANK = {
    "main": 8,
    "bootstrap": 7,
    "door": 6,
    "mapping": 5,
    "use case": 4,
    "store": 3,
    "tables": 2,
    "rules": 1,
    "settings": 1,
}
DOORS = {"api", "consumers", "jobs"}
MAPPINGS = {"mapping", "clients"}
RULES = {"rules", "events", "errors", "policy"}
CONTRACTS_ALLOWED = DOORS - {"jobs"} | MAPPINGS | {"bootstrap"}

Refusal = tuple[str, str, str]


def root_of(module: str) -> str:
    return module.split(".")[0]


def place(module: str) -> str:
    """The place of a module in its service; the first telling name on its path decides."""
    for name in module.split(".")[1:]:
        found = _place_of_name(name)
        if found:
            return found
    return "use case"


def _place_of_name(name: str) -> str | None:
    if name == "__main__":
        return "main"
    if name in {"bootstrap", "tables", "settings"}:
        return name
    if name == "store" or name.endswith("_store"):
        return "store"
    if name in DOORS:
        return "door"
    if name in MAPPINGS:
        return "mapping"
    return "rules" if name in RULES or name.endswith("_rules") else None


class _DirectImports(Contract):
    """Base: looks at each direct import of the configured services and collects refusals with their reason."""

    services = fields.SetField(subfield=fields.StringField())

    def refuse(self, importer: str, imported: str) -> str | None:
        raise NotImplementedError

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        refused = sorted(self._refusals(graph))
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    def _refusals(self, graph: ImportGraph) -> Iterator[Refusal]:
        for service in self.services:  # type: ignore[attr-defined]
            for importer in graph.find_descendants(service) | {service}:
                for imported in graph.find_modules_directly_imported_by(importer):
                    reason = self.refuse(importer, imported)
                    if reason:
                        yield importer, imported, reason

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, reason in check.metadata["refused"]:
            output.print_error(f"-   {importer} -> {imported}: {reason}", bold=False)
        output.new_line()


class LayeredService(_DirectImports):
    """`__main__ → bootstrap → api | consumers | jobs → mapping → use cases → store → tables → rules`."""

    type_name = "layered_service"

    def refuse(self, importer: str, imported: str) -> str | None:
        if root_of(importer) != root_of(imported) or importer.startswith(imported + "."):
            return None
        above, below = place(importer), place(imported)
        return None if RANK[above] >= RANK[below] else f"{above} must not import {below}"


class PureRules(_DirectImports):
    """Rules see the standard library without I/O, clock or chance, each other, and what `allowed` names."""

    type_name = "pure_rules"
    allowed = fields.SetField(subfield=fields.StringField())
    impure_standard_library = fields.SetField(subfield=fields.StringField())

    def refuse(self, importer: str, imported: str) -> str | None:
        if not (self._holds(importer, "chassis.kernel") or place(importer) == "rules"):
            return None
        root = root_of(imported)
        if root in set(self.impure_standard_library):  # type: ignore[call-overload]
            return "input, output, clocks and chance are arguments of a rule"
        if root in sys.stdlib_module_names or self._is_pure(importer, imported):
            return None
        return "not a pure library and not a rule"

    def _is_pure(self, importer: str, imported: str) -> bool:
        if any(self._holds(imported, name) for name in self.allowed):  # type: ignore[attr-defined]
            return True
        neighbour = root_of(imported) == root_of(importer) != "chassis"
        return neighbour and place(imported) == "rules"

    @staticmethod
    def _holds(module: str, package: str) -> bool:
        return module == package or module.startswith(package + ".")


class ContractsAtTheDoors(_DirectImports):
    """Generated code stays where data enters and leaves, so a changed contract touches no rule."""

    type_name = "contracts_at_the_doors"

    def refuse(self, importer: str, imported: str) -> str | None:
        if root_of(imported) not in {"closeloop", "buf"}:
            return None
        allowed = CONTRACTS_ALLOWED & set(importer.split(".")[1:])
        return None if allowed else "generated contracts belong in api, consumers, mapping, clients, bootstrap"
