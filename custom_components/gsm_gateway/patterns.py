"""Regular expressions that users write, and that texts of strangers are searched by.

Python's engine tries every way in which a pattern can match, cannot be interrupted, and holds up all of Home
Assistant meanwhile. So a pattern is short, a text is searched up to a limit, and a repeated group must be one
that matches in one way only: ``(a+)+`` and ``(a|aa)*`` are refused, which take twice as long for each further
character. What remains is up to who writes the pattern: pieces in a row that match the same characters cost a
power of the length (``.*.*x`` some 4 seconds on 2000 letters without an x), and a long row of ``a?`` more.
"""

from functools import cache
import re

from homeassistant.helpers import config_validation as cv
import voluptuous as vol

MOST_PATTERN = 200
"""Characters that a pattern may have."""

MOST_SEARCHED = 2000
"""Characters of a text that are searched, from its beginning."""


@cache
def _token() -> re.Pattern[str]:
    """A piece of a regular expression."""
    return re.compile(
        r"""
        (?P<rest> \\. | \[ \^? \]? (?: \\. | [^\]\\] )* \] | \(\?\# [^)]* \) )
        | (?P<opened> \( \?? )
        | (?P<closed> \) )
        | (?P<either> \| )
        | (?P<optional> \? [?+]? )
        | (?P<exactly> \{ \d+ \} )
        | (?P<times> (?: [*+] | \{ \d*,\d* \} ) [?+]? )
        | .
        """,
        re.DOTALL | re.VERBOSE,
    )


def pattern(value: object) -> str:
    """Accept a regular expression that is safe to search a text by. Raise vol.Invalid for anything else."""
    written = cv.string(value)
    if not written:
        raise vol.Invalid("is empty: leave it out if any text will do")
    if len(written) > MOST_PATTERN:
        raise vol.Invalid(f"has {len(written)} characters, but may have {MOST_PATTERN} at most")
    try:
        re.compile(written)
    except (re.PatternError, OverflowError, RecursionError) as err:
        raise vol.Invalid(f"is not a regular expression: {err}") from err
    if _repeats_what_varies(written):
        raise vol.Invalid(
            "repeats a group that holds a repetition or a choice itself, as (a+)+ does: some texts would take"
            " forever to search. Repeat a set of characters such as [ab]+ instead"
        )
    return written


def found(searched: str, text: str) -> bool:
    """Whether a pattern that was accepted matches anywhere in the beginning of a text."""
    return search(searched, text) is not None


def search(searched: str, text: str) -> re.Match[str] | None:
    """Give where a pattern that was accepted first matches in the beginning of a text, if it does."""
    return re.search(searched, text[:MOST_SEARCHED])


def named_groups(accepted: str) -> set[str]:
    """Give the names of the groups of a pattern that was accepted."""
    return set(re.compile(accepted).groupindex)


def _repeats_what_varies(written: str) -> bool:
    """Whether a group that may match in several ways is repeated; what ``(?x)`` ignores is looked at."""
    varies = [False]  # of the groups that are open, the outermost first
    group_varies = False  # of the group that ends right before the token
    for token in _token().finditer(written):
        before, group_varies = group_varies, False
        match token.lastgroup:
            case "opened":
                varies.append(False)
            case "closed" if len(varies) > 1:
                group_varies = varies.pop()
                varies[-1] |= group_varies
            case "either" | "optional":
                varies[-1] = True
            case "exactly" if before:
                return True
            case "times":
                if before:
                    return True
                varies[-1] = True
    return False
