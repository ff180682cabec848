"""Draw the imports of the code into docs/architecture.md, and check the limits that keep them simple.

``python -m hack.architecture`` rewrites the generated parts of the page. With ``--check`` it exits non-zero
if they differ from the code, if a package has no section, or if a limit below is exceeded.
"""

import ast
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import grimp

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "architecture.md"
PACKAGE: Final = "sagemaker_ab"
CONTROLLER: Final = f"{PACKAGE}.controller"
CONTROLLER_FOLDER: Final = ROOT / "operator" / PACKAGE / "controller"
OUTSIDE: Final = ("sandbox", "bench", "hack")

LONGEST_CHAIN: Final = 6
"""The most modules of ``controller`` that may import one another in a chain."""
LONGEST_MODULE: Final = 400
"""The most lines that a module may have."""

Imports = Mapping[str, Collection[str]]
"""What each module, or group of modules, imports directly."""


def imports(*packages: str) -> Imports:
    """Return the imports among the modules of these packages."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)}


def grouped(modules: Imports, group: Callable[[str], str]) -> Imports:
    """Return the imports between groups; modules whose group is empty are left out."""
    groups: dict[str, set[str]] = {}
    for module, imported in modules.items():
        if name := group(module):
            found = {group(other) for other in imported}
            groups.setdefault(name, set()).update(found - {name, ""})
    return groups


def package_of(module: str) -> str:
    """Return the package that a module belongs to, or nothing for the top of ``sagemaker_ab``."""
    top, *rest = module.split(".")
    if top != PACKAGE:
        return top
    return rest[0] if rest else ""


def controller_module(module: str) -> str:
    return module.removeprefix(f"{CONTROLLER}.") if module.startswith(f"{CONTROLLER}.") else ""


def reduced(graph: Imports) -> Imports:
    """Leave out each import that a longer chain implies. The graph must have no cycle."""
    below = {name: _below(graph, name) for name in graph}
    return {
        name: {each for each in direct if not any(each in below[other] for other in direct)}
        for name, direct in graph.items()
    }


def _below(graph: Imports, name: str) -> set[str]:
    """Return everything that is imported from here, directly or not."""
    found: set[str] = set()
    waiting = list(graph[name])
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(graph[each])
    return found


def cycle(graph: Imports) -> list[str]:
    """Return the names of one import cycle, the first of them also at the end; nothing if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def longest_chain(graph: Imports) -> list[str]:
    """Return the longest chain of imports, from the importer down. The graph must have no cycle."""
    chains: dict[str, list[str]] = {}
    for name in TopologicalSorter(graph).static_order():
        longest = max((chains[each] for each in sorted(graph[name])), key=len, default=[])
        chains[name] = [name, *longest]
    return max(chains.values(), key=len, default=[])


def picture(graph: Imports, *, frame: Collection[str] = ()) -> str:
    """Return a flowchart that GitHub renders. The names in ``frame`` are drawn in a box of the package."""
    drawn = reduced(graph)
    lines = ["```mermaid", "flowchart TD"]
    if frame:
        lines += [f"  subgraph {PACKAGE}", *(f"    {name}" for name in sorted(frame)), "  end"]
    lines += [f"  {name}" for name in sorted(drawn) if name not in frame]
    lines += [f"  {name} --> {each}" for name in sorted(drawn) for each in sorted(drawn[name])]
    return "\n".join([*lines, "```"])


def table(graph: Imports) -> str:
    """Return all direct imports as a table."""
    rows = []
    for name in sorted(graph):
        imported = ", ".join(f"`{each}`" for each in sorted(graph[name]))
        rows.append(f"| `{name}` | {imported or 'nothing'} |")
    return "\n".join(["| package | imports |", "|---|---|", *rows])


def modules_of(folder: Path) -> str:
    """Return a table of the modules in a folder, each with the first paragraph of its docstring."""
    rows = []
    for file in sorted(folder.glob("[!_]*.py")):
        summary = (ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n\n")[0]
        rows.append(f"| `{file.stem}` | {' '.join(summary.split())} |")
    return "\n".join(["| module | what it does |", "|---|---|", *rows])


def generated() -> Mapping[str, str]:
    """Return the generated parts of the page by their names."""
    everything = imports(PACKAGE, *OUTSIDE)
    packages = grouped(everything, package_of)
    inside = [name for name in packages if name not in OUTSIDE]
    return {
        "packages": f"{picture(packages, frame=inside)}\n\n{table(packages)}",
        "controller": f"{picture(grouped(everything, controller_module))}\n\n{modules_of(CONTROLLER_FOLDER)}",
    }


def filled(page: str, parts: Mapping[str, str]) -> str:
    """Return the page with each part between its two markers. Raises ValueError if a marker is missing."""
    for name, part in parts.items():
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        head, found, rest = page.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"the page has no markers of the generated part {name}")
        page = f"{head}{begin}\n{part}\n\n{end}{tail}"
    return page


def faults(root: Path, page: str) -> Iterator[str]:
    """Yield what is wrong with the imports, the modules' lengths and the sections of the page."""
    package = imports(PACKAGE)
    if names := cycle(package):
        yield f"import cycle: {' -> '.join(names)}"
    else:
        chain = longest_chain(grouped(package, controller_module))
        if len(chain) > LONGEST_CHAIN:
            yield f"import chain of {len(chain)} in controller, at most {LONGEST_CHAIN}: {' -> '.join(chain)}"
    yield from long_modules(root / "operator")
    yield from missing_sections(page, (*sorted(grouped(package, package_of)), *OUTSIDE, "tests"))


def long_modules(root: Path) -> Iterator[str]:
    for file in sorted(root.rglob("*.py")):
        count = len(file.read_text().splitlines())
        if count > LONGEST_MODULE:
            yield f"{file.relative_to(root)} has {count} lines, at most {LONGEST_MODULE}"


def missing_sections(page: str, packages: Collection[str]) -> Iterator[str]:
    headings = set(re.findall(r"^#+ `(\w+)`$", page, re.MULTILINE))
    for name in packages:
        if name not in headings:
            yield f"docs/architecture.md has no section `{name}`"


def main() -> None:
    page = PAGE.read_text()
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(filled(page, generated()))
        return
    wrong = list(faults(ROOT, page))
    if filled(page, generated()) != page:
        wrong.append("docs/architecture.md does not show the imports as they are: run make architecture")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
