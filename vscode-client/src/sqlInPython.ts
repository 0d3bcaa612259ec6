/** Whether Python holds SQL, by the look of it. Pure. */

/** What may be SQL in Python, so that a server is worth starting: a call that takes SQL, or a magic. */
const hint =
  /\b(?:sql|execute|executemany|query|read_sql|read_sql_query|execute_sql|run_sql|text|query_df)\s*\(\s*[rRfF]{0,2}["']|^[ \t]*%%?(?:sql|speql|duckdb)\b/m;

/** Whether a Python text seems to hold SQL; the server looks closer. */
export function mayHoldSql(text: string): boolean {
  return hint.test(text);
}
