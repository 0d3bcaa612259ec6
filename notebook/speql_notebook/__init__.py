"""Hooks that bring SpeQL into notebook editors: JupyterLab's language servers and an IPython cell magic."""
