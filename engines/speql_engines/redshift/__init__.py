"""Amazon Redshift as an engine, over its own Python driver."""

from speql_engines.redshift.engine import RedshiftEngine

__all__ = ["RedshiftEngine"]
