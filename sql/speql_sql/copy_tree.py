"""Copy a tree of SQL quickly."""

from typing import Any, TypeVar

from sqlglot import exp

Tree = TypeVar("Tree", bound=exp.Expr)


def copy_tree(node: Tree) -> Tree:
    """A copy of the tree with the places of its nodes in the text; several times faster than ``node.copy()``.

    ``node.copy()`` makes a deep copy of the notes on each node (line, column, start, end), which are plain numbers.
    Comments and inferred types are not copied.
    """
    copy: Tree = type(node)(**{key: _copied(value) for key, value in node.args.items()})
    if node._meta:
        copy.meta.update(node._meta)
    return copy


def _copied(value: Any) -> Any:
    if isinstance(value, exp.Expr):
        return copy_tree(value)
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
