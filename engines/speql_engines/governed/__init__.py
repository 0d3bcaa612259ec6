"""An engine behind a governor: what may be run ahead on it, and what everything on it has cost."""
