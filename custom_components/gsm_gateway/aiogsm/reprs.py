"""Leaves passwords, numbers, texts and identities out of a ``repr``: no log shows them by accident."""

from collections.abc import Callable
from typing import Any, NamedTuple


def hiding[T: type[NamedTuple]](*names: str) -> Callable[[T], T]:
    """Decorate a NamedTuple whose ``repr`` leaves these fields out. Raise ValueError where it has no such."""

    def decorate(kind: T) -> T:
        if unknown := set(names).difference(kind._fields):
            raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
        shown = [(index, name) for index, name in enumerate(kind._fields) if name not in names]

        def show(self: tuple[Any, ...]) -> str:
            return f"{kind.__name__}({', '.join(f'{name}={self[index]!r}' for index, name in shown)})"

        kind.__repr__ = show  # type: ignore[assignment, method-assign]  # it allows no base that has it
        return kind

    return decorate
