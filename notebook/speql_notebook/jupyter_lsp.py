"""How JupyterLab's language-server extension starts SpeQL: the entry point ``jupyter_lsp_spec_v1``."""

import sys
from typing import Any


def spec(app: Any) -> dict[str, dict[str, Any]]:
    """The server's specification, version 2 of jupyter-lsp's schema; ``app`` is its session manager, unused.

    The server runs in the interpreter that runs JupyterLab: that is where the entry point was found.
    """
    return {
        "speql": {
            "version": 2,
            "display_name": "SpeQL",
            "argv": [sys.executable, "-m", "speql_notebook.jupyter_relay"],
            "languages": ["sql"],
            "mime_types": ["text/x-sql", "application/sql", "application/x-sql", "text/sql"],
            "requires_documents_on_disk": False,
            "troubleshoot": "Run `speql doctor` in the environment of JupyterLab.",
        }
    }
