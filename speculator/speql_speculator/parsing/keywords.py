"""Which words may stand where, and what is known of functions by name."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RESERVED = _words(
    """ALL ANALYSE ANALYZE AND ANY ARRAY AS ASC ASYMMETRIC BOTH CASE CAST CHECK COLLATE COLUMN CONSTRAINT CREATE
    DEFAULT DEFERRABLE DESC DESCRIBE DISTINCT DO ELSE END EXCEPT FALSE FETCH FOR FOREIGN FROM GROUP HAVING IN
    INITIALLY INTERSECT INTO LAMBDA LATERAL LEADING LIMIT NOT NULL OFFSET ON ONLY OR ORDER PIVOT PLACING PRIMARY
    QUALIFY REFERENCES RETURNING SELECT SOME SYMMETRIC TABLE THEN TO TRAILING TRUE UNION UNIQUE UNPIVOT USING
    VARIADIC WHEN WHERE WINDOW WITH"""
)
"""Words that are never a bare name."""

JOIN_WORDS = _words("ANTI ASOF CROSS FULL INNER JOIN LEFT NATURAL OUTER POSITIONAL RIGHT SEMI")

NO_BARE_ALIAS = (
    RESERVED
    | JOIN_WORDS
    | _words("BETWEEN BY FILTER GLOB ILIKE IS ISNULL LIKE MINUS NOTNULL OVER OVERLAPS SIMILAR TABLESAMPLE")
)
"""Words that are no alias without AS."""

CLAUSE_WORDS = _words(
    """EXCEPT FETCH FROM GROUP HAVING INTERSECT LIMIT MINUS OFFSET ORDER QUALIFY SELECT UNION WHERE WINDOW WITH"""
)
"""Words that end whatever expression is open before them."""

SET_OPERATORS = _words("EXCEPT INTERSECT MINUS UNION")

STATEMENT_WORDS = _words(
    """ALTER ANALYZE ATTACH BEGIN CALL CHECKPOINT COMMENT COMMIT COPY CREATE DEALLOCATE DELETE DESC DESCRIBE DETACH
    DROP EXECUTE EXPLAIN EXPORT FORCE GRANT IMPORT INSERT INSTALL LOAD MERGE OPTIMIZE PRAGMA PREPARE REFRESH RESET
    REVOKE ROLLBACK SET SHOW START SUMMARIZE TRUNCATE UNLOAD UPDATE USE VACUUM"""
)
"""First words of statements that are not queries."""

QUERY_WORDS = _words("( FROM SELECT VALUES WITH")

PIVOT_WORDS = _words("PIVOT UNPIVOT")
"""What DuckDB takes in the place of a SELECT, in parentheses."""

CONSTANT_WORDS = _words(
    """CURRENT_CATALOG CURRENT_DATE CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEFAULT
    FALSE LOCALTIME LOCALTIMESTAMP NULL ROWID SESSION_USER TRUE UNKNOWN USER"""
)

UNIT_WORDS = _words(
    """CENTURY DAY DAYOFWEEK DAYOFYEAR DAYS DD DECADE DOW DOY EPOCH ERA HH HOUR HOURS ISODOW ISOYEAR MI MICROSECOND
    MICROSECONDS MILLENNIUM MILLISECOND MILLISECONDS MINUTE MINUTES MM MONTH MONTHS NANOSECOND QUARTER QUARTERS
    SECOND SECONDS SS TIMEZONE WEEK WEEKS YEAR YEARS YEARWEEK YY YYYY"""
)
"""Units of time, which some functions take as bare words."""

NO_BARE_UNITS = frozenset(
    f"{unit}{ending}"
    for unit in _words("DAY DECADE HOUR MICROSECOND MILLISECOND MINUTE MONTH QUARTER SECOND WEEK YEAR")
    for ending in ("", "S")
)
"""Those that engines refuse as a name without AS."""

AGGREGATES = _words(
    """any_value approx_count_distinct approx_distinct approx_percentile approx_quantile approx_quantiles
    approx_top_count approx_top_k approx_top_sum arbitrary arg_max arg_max_null arg_min arg_min_null argmax argmin
    array_agg array_concat_agg avg bit_and bit_or bit_xor bitstring_agg bool_and bool_or booland_agg boolor_agg
    boolxor_agg checksum_agg collect_list collect_set corr count count_big count_if countif covar_pop covar_samp
    entropy every favg first fsum group_concat grouping grouping_id hash_agg histogram hll json_agg json_group_array
    json_group_object json_object_agg jsonb_agg jsonb_object_agg kahan_sum kurtosis kurtosis_pop last list listagg
    logical_and logical_or mad max max_by mean median min min_by mode object_agg percentile percentile_approx
    percentile_cont percentile_disc product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count
    regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop
    stddev_samp stdev stdevp string_agg sum sumkahan try_avg try_sum var var_pop var_samp variance varp xmlagg"""
)

WINDOW_ONLY = _words(
    """cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number"""
)
"""Functions that mean nothing without OVER."""

NO_ARGUMENTS = _words(
    """count cume_dist current_database current_date current_schema current_time current_timestamp dense_rank
    gen_random_uuid get_current_time get_current_timestamp getdate localtime localtimestamp now percent_rank pi
    random rank row_number sysdate today uuid version"""
)
"""Functions that may be called with nothing."""

TEXT_FUNCTIONS = _words(
    """chr concat concat_ws dayname format group_concat initcap left listagg lower lpad ltrim md5 monthname printf
    regexp_extract regexp_replace repeat replace reverse right rpad rtrim split_part strftime string_agg substr
    substring to_char translate trim upper"""
)

BOOLEAN_FUNCTIONS = _words(
    """array_contains array_has array_has_all array_has_any bool_and bool_or contains ends_with every exists isfinite
    isinf isnan json_contains json_exists json_valid like_escape list_contains list_has list_has_all list_has_any
    not_like_escape prefix regexp_full_match regexp_like regexp_matches starts_with suffix"""
)

COMPARISONS = _words("? ?| ?& @? @@ != !~ !~* !~~ !~~* && < <= <=> <> <@ = == > >= @> ^@ ~ ~* ~~ ~~* ~~~")

TWO_WORD_CLAUSES = frozenset(
    {("CLUSTER", "BY"), ("DISTRIBUTE", "BY"), ("SORT", "BY"), ("MINUS", "SELECT"), ("OPTION", "("), ("LATERAL", "VIEW")}
)
"""What begins a clause or a set operation by two words, of which the first one may be a name elsewhere."""

SAMPLE_METHODS = _words("( BERNOULLI BLOCK ROW SYSTEM")
"""What stands behind SAMPLE."""

TABLE_HINTS = _words(
    """FORCESCAN FORCESEEK HOLDLOCK INDEX KEEPIDENTITY NOEXPAND NOLOCK NOWAIT PAGLOCK READCOMMITTED READCOMMITTEDLOCK
    READPAST READUNCOMMITTED REPEATABLEREAD ROWLOCK SERIALIZABLE SNAPSHOT TABLOCK TABLOCKX UPDLOCK XLOCK"""
)

WEEK_DAYS = _words("MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY")

UNIT_FIRST = _words(
    """date_bucket date_part dateadd datediff datediff_big datename datepart datetrunc time_slice timeadd timediff
    timestampadd timestampdiff timestamp_diff trunc_date"""
)
"""Functions whose first argument is a unit of time, however it is abbreviated."""

JOIN_PREFIXES = JOIN_WORDS - {"JOIN"} | {"GLOBAL"}
"""Words before JOIN."""

TYPE_WORDS = _words(
    """ARRAY BIGINT BIGNUM BINARY BIT BITSTRING BLOB BOOL BOOLEAN BPCHAR BYTEA BYTES CHAR CHARACTER DATE DATETIME
    DATETIME2 DEC DECIMAL DOUBLE ENUM FLOAT FLOAT4 FLOAT64 FLOAT8 GEOMETRY GUID HUGEINT INT INT1 INT128 INT16 INT2 INT32
    INT4 INT64 INT8 INTEGER INTERVAL JSON JSONB LIST LONG MAP MONEY NAME NUMBER NUMERIC NVARCHAR OID REAL SHORT
    SIGNED SMALLINT STRING STRUCT SUPER TEXT TIME TIMESTAMP TIMESTAMPTZ TIMESTAMP_LTZ TIMESTAMP_MS TIMESTAMP_NS
    TIMESTAMP_NTZ TIMESTAMP_S TIMESTAMP_TZ TIMETZ TINYINT UBIGINT UHUGEINT UINT128 UINT16 UINT32 UINT64 UINT8
    UINTEGER UNION USMALLINT UTINYINT UUID VARBINARY VARCHAR VARIANT"""
)
"""Names of types: a half-typed one cannot stay."""

LEAST_ARGUMENTS = {
    **dict.fromkeys(["date_part", "date_trunc", "ends_with", "instr", "left", "mod", "nullif", "pow", "power"], 2),
    **dict.fromkeys(["regexp_matches", "repeat", "right", "starts_with", "strftime", "strpos", "strptime"], 2),
    **dict.fromkeys(["concat_ws", "map"], 2),
    **dict.fromkeys(["contains", "list_contains", "percentile_cont", "quantile_cont", "substr", "substring"], 2),
    **dict.fromkeys(["filter", "list_apply", "list_filter", "list_transform", "list_reduce", "transform"], 2),
    **dict.fromkeys(["array_apply", "array_filter", "array_transform", "array_reduce", "reduce"], 2),
    **dict.fromkeys(["date_diff", "datediff", "lpad", "regexp_replace", "replace", "rpad", "split_part"], 3),
}
"""Functions that do not bind with fewer arguments than these: half a call of them is no call yet."""

COLLATIONS = _words(
    """AA AF AM AR AR_SA AS AZ BAL BE BG BLO BN BO BR BS CA CEB CHR CS CU CY DA DE DE_AT DSB DZ EE EL EN EN_US EO ES ET
    FA FA_AF FF FI FIL FO FR FR_CA FY GA GL GU HA HAW HE HE_IL HI HR HSB HU HY ICU_NOACCENT ID ID_ID IG IS IT JA KA
    KK KL KM KN KO KOK KU KY LB LIJ LKT LN LO LT LV MK ML MN MR MS MT MY NB NB_NO NE NFC NL NN NO NOACCENT NOCASE
    NSO OM OR PA PA_IN PL PS PT RO RU SA SE SGS SI SK SL SMN SQ SR SR_BA SR_ME SR_RS SSY ST SV SW TA TE TH TK TN TO
    TR UG UK UR UZ VI VO WAE WO XH YI YO ZH ZH_CN ZH_HK ZH_MO ZH_SG ZH_TW ZU"""
)
"""Names of DuckDB's collations: another one, at the cursor, is half of one."""

DUCKDB_VIEWS = _words(
    """CHARACTER_SETS CHECK_CONSTRAINTS COLUMNS CONSTRAINT_COLUMN_USAGE CONSTRAINT_TABLE_USAGE DUCKDB_COLUMNS
    DUCKDB_CONSTRAINTS DUCKDB_DATABASES DUCKDB_INDEXES DUCKDB_LOGS DUCKDB_SCHEMAS DUCKDB_TABLES DUCKDB_TYPES
    DUCKDB_VIEWS KEY_COLUMN_USAGE PRAGMA_DATABASE_LIST REFERENTIAL_CONSTRAINTS SCHEMATA SQLITE_MASTER SQLITE_SCHEMA
    SQLITE_TEMP_MASTER SQLITE_TEMP_SCHEMA TABLE_CONSTRAINTS TABLES VIEWS"""
)
"""Views that every DuckDB has; other names that begin like theirs, at the cursor, are half of one."""
