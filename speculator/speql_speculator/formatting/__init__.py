"""Lays out SQL: only white space changes, and the case of key words if that is asked for."""
