"""Which words may stand where, and what is known of functions by name."""

RESERVED = frozenset(
    """ALL ANALYSE ANALYZE AND ANY ARRAY AS ASC ASYMMETRIC BOTH CASE CAST CHECK COLLATE COLUMN CONSTRAINT CREATE DEFAULT
    DEFERRABLE DESC DESCRIBE DISTINCT DO ELSE END EXCEPT FALSE FETCH FOR FOREIGN FROM GROUP HAVING IN INITIALLY
    INTERSECT INTO LAMBDA LATERAL LEADING LIMIT NOT NULL OFFSET ON ONLY OR ORDER PIVOT PLACING PRIMARY QUALIFY
    REFERENCES RETURNING SELECT SOME SYMMETRIC TABLE THEN TO TRAILING TRUE UNION UNIQUE UNPIVOT USING VARIADIC WHEN WHERE
    WINDOW WITH""".split()
)
"""Words that are never a bare name."""

JOIN_WORDS = frozenset("JOIN LEFT RIGHT FULL INNER CROSS NATURAL ASOF POSITIONAL SEMI ANTI OUTER".split())

NO_BARE_ALIAS = (
    RESERVED
    | JOIN_WORDS
    | frozenset("IS ISNULL NOTNULL LIKE ILIKE SIMILAR GLOB BETWEEN OVERLAPS TABLESAMPLE BY MINUS OVER FILTER".split())
)
"""Words that are no alias without AS."""

CLAUSE_WORDS = frozenset(
    "FROM WHERE GROUP HAVING QUALIFY WINDOW ORDER LIMIT OFFSET FETCH UNION EXCEPT INTERSECT MINUS SELECT WITH".split()
)
"""Words that end whatever expression is open before them."""

SET_OPERATORS = frozenset({"UNION", "EXCEPT", "INTERSECT", "MINUS"})

STATEMENT_WORDS = frozenset(
    """ALTER ANALYZE ATTACH BEGIN CALL CHECKPOINT COMMENT COMMIT COPY CREATE DEALLOCATE DELETE DESC DESCRIBE DETACH DROP EXECUTE
    EXPLAIN EXPORT FORCE GRANT IMPORT INSERT INSTALL LOAD MERGE OPTIMIZE PRAGMA PREPARE REFRESH RESET REVOKE ROLLBACK SET
    SHOW START SUMMARIZE TRUNCATE UNLOAD UPDATE USE VACUUM""".split()
)
"""First words of statements that are not queries."""

QUERY_WORDS = frozenset({"SELECT", "WITH", "FROM", "VALUES", "("})

CONSTANT_WORDS = frozenset(
    """NULL TRUE FALSE DEFAULT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURRENT_CATALOG CURRENT_SCHEMA
    CURRENT_ROLE LOCALTIME LOCALTIMESTAMP SESSION_USER USER UNKNOWN ROWID""".split()
)

UNIT_WORDS = frozenset(
    """YEAR YEARS QUARTER QUARTERS MONTH MONTHS WEEK WEEKS DAY DAYS HOUR HOURS MINUTE MINUTES SECOND SECONDS MILLISECOND
    MILLISECONDS MICROSECOND MICROSECONDS NANOSECOND DECADE CENTURY MILLENNIUM DOW DAYOFWEEK DOY DAYOFYEAR ISODOW ISOYEAR
    EPOCH ERA YEARWEEK TIMEZONE YY YYYY MM DD HH MI SS""".split()
)
"""Units of time, which some functions take as bare words."""

AGGREGATES = frozenset(
    """any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_min arg_min_null
    argmax argmin array_agg avg bit_and bit_or bit_xor bitstring_agg bool_and bool_or corr count count_if countif
    covar_pop covar_samp entropy every favg first fsum group_concat histogram json_group_array json_group_object
    kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min min_by mode percentile_cont
    percentile_disc product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop stddev_samp stdev string_agg
    sum sumkahan var_pop var_samp variance grouping grouping_id array_concat_agg approx_distinct collect_list collect_set
    count_big checksum_agg""".split()
)

WINDOW_ONLY = frozenset(
    "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value".split()
)
"""Functions that mean nothing without OVER."""

NO_ARGUMENTS = frozenset(
    """now random pi uuid gen_random_uuid today current_date current_timestamp current_time current_schema
    current_database version row_number rank dense_rank percent_rank cume_dist count get_current_time get_current_timestamp
    getdate sysdate localtime localtimestamp""".split()
)
"""Functions that may be called with nothing."""

TEXT_FUNCTIONS = frozenset(
    """lower upper trim ltrim rtrim substr substring concat concat_ws replace left right lpad rpad strftime string_agg
    regexp_replace regexp_extract initcap reverse split_part translate repeat format printf chr md5 monthname dayname
    listagg group_concat to_char""".split()
)

BOOLEAN_FUNCTIONS = frozenset(
    """regexp_matches regexp_full_match regexp_like starts_with ends_with prefix suffix contains list_contains list_has
    array_contains array_has isnan isinf isfinite bool_and bool_or every exists like_escape not_like_escape
    json_contains json_exists json_valid list_has_any list_has_all array_has_any array_has_all""".split()
)

COMPARISONS = frozenset("= == <> != < <= > >= <=> ~~ !~~ ~~* !~~* ~ !~ ~* !~* ~~~ && @> <@ ^@".split())

JOIN_PREFIXES = ("NATURAL", "ASOF", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "SEMI", "ANTI", "POSITIONAL", "OUTER", "GLOBAL")

KEYWORD_PHRASES = (
    "SELECT FROM WHERE GROUP BY HAVING QUALIFY WINDOW ORDER LIMIT OFFSET UNION EXCEPT INTERSECT JOIN LEFT RIGHT FULL INNER "
    "CROSS OUTER NATURAL ON USING AND OR NOT IN LIKE ILIKE BETWEEN IS NULL AS DISTINCT CASE WHEN THEN ELSE END ASC DESC NULLS "
    "FIRST LAST OVER PARTITION FILTER WITH RECURSIVE ALL EXISTS ROWS RANGE PRECEDING FOLLOWING UNBOUNDED CURRENT"
).split()
"""Words that a half-typed word may be about to become."""

TYPE_WORDS = frozenset(
    """BIGINT BIGNUM BINARY BIT BITSTRING BLOB BOOL BOOLEAN BPCHAR BYTEA BYTES CHAR CHARACTER DATE DATETIME DEC DECIMAL DOUBLE
    FLOAT FLOAT4 FLOAT64 FLOAT8 GUID HUGEINT INT INT1 INT128 INT16 INT2 INT32 INT4 INT64 INT8 INTEGER INTERVAL JSON JSONB LIST
    LONG MAP MONEY NAME NUMBER NUMERIC NVARCHAR OID REAL SHORT SIGNED SMALLINT STRING STRUCT TEXT TIME TIMESTAMP TIMESTAMPTZ
    TIMESTAMP_NTZ TIMESTAMP_LTZ TIMESTAMP_TZ TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS TIMETZ TINYINT UBIGINT UHUGEINT UINT128
    UINT16 UINT32 UINT64 UINT8 UINTEGER UNION USMALLINT UTINYINT UUID VARBINARY VARCHAR VARIANT ARRAY GEOMETRY
    SUPER DATETIME2""".split()
)
"""Names of types: a half-typed one cannot stay."""
