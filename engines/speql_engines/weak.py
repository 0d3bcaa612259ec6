"""Callables that do not keep alive what they belong to."""

import weakref
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from speql_engines.engine import EngineError

P = ParamSpec("P")
T = TypeVar("T")


def weak_method(method: Callable[P, T]) -> Callable[P, T]:
    """A method of an engine, without holding that: one that nobody holds any more is closed at once."""
    reference = weakref.WeakMethod(method)

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        found = reference()
        if found is None:
            raise EngineError("The connection is closed.", "Open it again.")
        return found(*args, **kwargs)

    return call
