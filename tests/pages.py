"""The pages that users read, as tests need them: their headings, sections, tables, links and examples."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
import re

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted(ROOT.glob("docs/*.md"))]

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CELLS = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Section:
    """What stands below a heading, until the next of any level."""

    heading: str
    text: str


@dataclass(frozen=True)
class Table:
    """A table: its head and its rows, cell by cell."""

    head: list[str]
    rows: list[list[str]]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def prose(page: Path) -> str:
    """Give a page without its examples."""
    return _FENCE.sub("", page.read_text())


def examples(page: Path, language: str) -> list[str]:
    """Give the examples in a language, without what they are indented by."""
    found = [match.groups() for match in _FENCE.finditer(page.read_text())]
    return [
        re.sub(rf"^{indentation}", "", text, flags=re.MULTILINE)
        for indentation, of_language, text in found
        if of_language == language
    ]


def anchors(page: Path) -> set[str]:
    """Give what a link to a heading of a page may name, as GitHub makes it."""
    found: set[str] = set()
    for _, heading in _HEADING.findall(prose(page)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = base = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while slug in found:
            number += 1
            slug = f"{base}-{number}"
        found.add(slug)
    return found


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def sections(page: Path) -> list[Section]:
    parts = _HEADING.split(prose(page))[1:]
    return [Section(heading, text) for heading, text in zip(parts[1::3], parts[2::3], strict=True)]


def tables(text: str) -> Iterator[Table]:
    for block in re.findall(r"(?:^ *\|.*\|\n)+", text, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in _CELLS.split(line)[1:-1]] for line in block.splitlines()]
        yield Table(head, rows)


def first_cells(head: str) -> set[str]:
    """Give the names in the first cells of all tables, on all pages, that begin with this head.

    Names are divided by commas; what stands in brackets is about them.
    """
    alike = [table for page in PAGES for table in tables(prose(page)) if table.head[0] == head]
    cells = [row[0] for table in alike for row in table.rows]
    return {name.strip() for cell in cells for name in re.sub(r"\([^)]*\)", "", cell).split(",")}


def code(text: str) -> list[str]:
    """Give what is written as code."""
    return _CODE.findall(text)


def words_of_code(text: str) -> set[str]:
    """Give the words that begin what is written as code, such as ``enabled`` of ``enabled: false``."""
    return {match[0] for one in code(text) if (match := re.match(r"\w+", one))}
