"""Counts the steps that matching a regular expression takes: a backtracking matcher that is slow and plain.

The one of ``re`` cannot be asked how far it looked, and seconds say little on a busy machine. This one tries
what that tries, in the same order, and counts each character that is compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import re
from re import _constants as ops, _parser  # type: ignore[attr-defined]
from typing import Any

type Node = tuple[Any, Any]


@dataclass(slots=True)
class Matcher:
    """Matches one text; ``steps`` counts."""

    text: list[int]
    flags: int
    steps: int = 0

    def ends(self, nodes: list[Node], start: int) -> Iterator[int]:
        """Give where a match of these nodes that begins at ``start`` may end, in the order of preference."""
        if not nodes:
            yield start
            return
        for end in self._ends_of(nodes[0], start):
            yield from self.ends(nodes[1:], end)

    def _ends_of(self, node: Node, start: int) -> Iterator[int]:
        op, argument = node
        if op is ops.SUBPATTERN:
            yield from self.ends(list(argument[-1]), start)
        elif op is ops.BRANCH:
            for alternative in argument[1]:
                yield from self.ends(list(alternative), start)
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            least, most, repeated = argument
            ends = self._repeated(list(repeated), start, least, most)
            yield from reversed(ends) if op is ops.MAX_REPEAT else ends
        elif op is ops.ASSERT:
            if next(self.ends(list(argument[1]), start), None) is not None:
                yield start
        elif op is ops.AT:
            if self._is_at(argument, start):
                yield start
        else:
            self.steps += 1
            if start < len(self.text) and self._takes(node, self.text[start]):
                yield start + 1

    def _repeated(self, nodes: list[Node], start: int, least: int, most: int) -> list[int]:
        """Give where 0, 1, 2 … repetitions end, each taken as it is preferred."""
        ends = [start] if not least else []
        count = 0
        while count < most and (end := next(self.ends(nodes, start), None)) is not None and end > start:
            start, count = end, count + 1
            if count >= least:
                ends.append(end)
        return ends

    def _is_at(self, where: object, place: int) -> bool:
        if where is ops.AT_END:
            return place == len(self.text) or (
                bool(self.flags & re.MULTILINE) and self.text[place] == ord("\n")
            )
        at_line = place == 0 or (bool(self.flags & re.MULTILINE) and self.text[place - 1] == ord("\n"))
        words = [0 <= one < len(self.text) and _is_word(self.text[one]) for one in (place - 1, place)]
        return {
            ops.AT_BOUNDARY: words[0] is not words[1],
            ops.AT_BEGINNING: at_line,
            ops.AT_BEGINNING_STRING: place == 0,
            ops.AT_END_STRING: place == len(self.text),
        }[where]

    def _takes(self, node: Node, character: int) -> bool:
        op, argument = node
        if op is ops.ANY:
            return bool(self.flags & re.DOTALL) or character != ord("\n")
        if op is ops.NOT_LITERAL:
            return not self._same(argument, character)
        if op is ops.LITERAL:
            return self._same(argument, character)
        assert op is ops.IN, f"{op} is not known here"
        negated = argument[0][0] is ops.NEGATE
        return negated is not any(self._is_in(one, character) for one in argument[negated:])

    def _is_in(self, one: Node, character: int) -> bool:
        op, argument = one
        if op is ops.RANGE:
            return argument[0] <= character <= argument[1]
        if op is ops.CATEGORY:
            digit, space = chr(character).isdigit(), chr(character).isspace()
            return {
                ops.CATEGORY_DIGIT: digit,
                ops.CATEGORY_SPACE: space,
                ops.CATEGORY_NOT_SPACE: not space,
            }[argument]
        return self._same(argument, character)

    def _same(self, one: int, other: int) -> bool:
        return one == other or (bool(self.flags & re.IGNORECASE) and chr(one).lower() == chr(other).lower())


def _nodes(pattern: re.Pattern[Any]) -> list[Node]:
    source = pattern.pattern
    return list(_parser.parse(source, pattern.flags & ~re.DEBUG))


def _codes(text: str | bytes) -> list[int]:
    return list(text) if isinstance(text, bytes) else [ord(character) for character in text]


def _is_word(character: int) -> bool:
    return chr(character).isalnum() or character == ord("_")


def count(pattern: re.Pattern[Any], text: str, *, anywhere: bool) -> int:
    """Count the steps in which all matches in a text are found, or all that begin where it begins."""
    nodes, matcher = _nodes(pattern), Matcher(_codes(text), pattern.flags)
    if not anywhere:
        for _ in matcher.ends(nodes, 0):
            matcher.steps += 1
        return matcher.steps
    place = 0
    while place <= len(text):
        end = next(matcher.ends(nodes, place), None)
        matcher.steps += 1
        place = place + 1 if end is None or end == place else end
    return matcher.steps


def examples(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Give texts from which hard ones can be made: the beginnings of a match, and what is in one."""
    whole = _example(_nodes(pattern))
    for end in range(1, len(whole) + 1):
        yield whole[:end]
    yield from dict.fromkeys(whole)
    yield from ("\n", "\r", " ", "a", "0", ";", whole + "\n", whole + "a")


def _example(nodes: list[Node]) -> str:
    return "".join(_example_of(node) for node in nodes)


def _example_of(node: Node) -> str:
    op, argument = node
    if op is ops.SUBPATTERN:
        return _example(list(argument[-1]))
    if op is ops.BRANCH:
        return _example(list(argument[1][0]))
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
        return _example(list(argument[2])) * max(argument[0], 1)
    if op is ops.ASSERT:
        return _example(list(argument[1]))
    if op is ops.AT:
        return ""
    matcher = Matcher([], 0)
    return next(
        chr(code) for code in (*range(97, 123), *range(32, 65536), *range(32)) if matcher._takes(node, code)
    )
