/** Queries to begin with: those that were written for a database, else some that fit its tables. Pure. */

import { lookOf } from "../panel/format";
import type { SchemaColumn, SchemaTable } from "../protocol.gen";
import type { ExampleQuery } from "./start";

/** The examples for the database of this label with these tables. */
export function examplesFor(
  written: readonly ExampleQuery[],
  label: string,
  tables: readonly SchemaTable[],
): ExampleQuery[] {
  const fitting = written.filter(({ database }) => database === "" || database === label);
  return fitting.length > 0 ? fitting : made(tables);
}

const mostTables = 3;

/** Of the largest tables: what is counted by a text column, with the mean of a number if there is one. */
function made(tables: readonly SchemaTable[]): ExampleQuery[] {
  const largest = [...tables]
    .filter(({ columns }) => columns.length > 0)
    .sort((left, right) => (right.rows ?? 0) - (left.rows ?? 0));
  return largest.slice(0, mostTables).map(aboutTable);
}

function aboutTable({ name, sql, columns }: SchemaTable): ExampleQuery {
  const group = columns.find(isText) ?? columns.find((column) => lookOf(column.type).sign === "boolean");
  const number = columns.find((column) => isNumber(column) && !column.primaryKey && !/(^|_)id$/i.test(column.name));
  if (group === undefined)
    return { name, question: `The first rows of ${name}`, text: `SELECT *\nFROM ${sql}\nLIMIT 20`, database: "" };
  const mean = number === undefined ? "" : `, avg(${number.sql}) AS mean`;
  return {
    name,
    question: `How many rows of ${name} are there of each ${group.name}?`,
    text: `SELECT ${group.sql}, count(*) AS n${mean}\nFROM ${sql}\nGROUP BY ${group.sql}\nORDER BY n DESC, ${group.sql}\nLIMIT 20`,
    database: "",
  };
}

function isText({ type }: SchemaColumn): boolean {
  return lookOf(type).sign === "Aa";
}

function isNumber({ type }: SchemaColumn): boolean {
  return lookOf(type).atRight;
}
