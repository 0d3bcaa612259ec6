"""The face of SpeQL for `import speql`: its version."""

from importlib.metadata import version

__version__ = version("speql")
__all__ = ["__version__"]
