"""Superset query -> units -> job graph -> temp tables -> results. `matching` is pure; `running` waits."""
