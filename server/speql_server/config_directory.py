"""Where what the user has configured for all projects lies on this machine."""

import os
from pathlib import Path

from platformdirs import user_config_dir

CONFIG_DIRECTORY = "SPEQL_CONFIG_DIR"
"""The environment variable that names another place than the platform's configuration directory."""


def config_directory() -> Path:
    """The folder of the user's own configuration; Linux: ``~/.config/speql``."""
    chosen = os.environ.get(CONFIG_DIRECTORY)
    return Path(chosen or user_config_dir("speql", appauthor=False, roaming=True))
