"""What a line of Python looks like, where a string that nothing closes may go over it."""

import re

PYTHON_LINE = re.compile(
    r"^(?:[ \t]*$|[ \t]*(?:import\s+\w|from\s+[\w.]+\s+import\b|def\s+\w+\(|class\s+\w+|return\b|print\(|async\s+def"
    r"|@\w|(?:if|for|while|try|with)\b.*:\s*$|[\w.]+\s*=(?!=)\s*\S|\w+(?:\.\w+)+\(|\)+\s*$))",
    re.MULTILINE,
)
"""An empty line, or one that begins like a statement of Python and hardly one of SQL."""
