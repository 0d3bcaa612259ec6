"""Names as Spark's SQL writes them."""


def full_name(*parts: str) -> str:
    """A name as SQL that means it and no other.

    >>> full_name("shop", "my `table`")
    '`shop`.`my ``table```'
    """
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)
