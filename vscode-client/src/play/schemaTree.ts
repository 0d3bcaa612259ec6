/** The tables of the connection as a tree: columns, types, numbers of rows; Enter or a click inserts a name. */

import { element, icon } from "../panel/dom";
import { count, counted, lookOf } from "../panel/format";
import type { Schema, SchemaTable } from "../protocol.gen";

/** What is done with a name: `isTable` tells a table's from a column's. */
export type Insert = (sql: string, isTable: boolean) => void;

interface Row {
  node: HTMLElement;
  sql: string;
  table: SchemaTable | null;
  parent: Row | null;
  children: Row[];
}

/** The tree. One stop for the keyboard: arrow keys move in it, right and left open and close a table. */
export class SchemaTree {
  /** The element. */
  readonly root = element("ul", "tree num");
  private rows: Row[] = [];
  private readonly open = new Set<string>();
  private shown = "";

  constructor(private readonly insert: Insert) {
    this.root.setAttribute("role", "tree");
    this.root.setAttribute("aria-label", "Tables. Enter inserts a name, the right arrow shows the columns of a table.");
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.root.addEventListener("click", (event) => this.onClick(event));
  }

  /** Show these tables; with `isSearch` those of which a column was found are open. */
  update(schema: Schema, found: string): void {
    const key = JSON.stringify([schema, found]);
    if (key === this.shown) return;
    this.shown = key;
    const focused = this.rows.findIndex(({ node }) => node === document.activeElement);
    const several = new Set(schema.tables.map((table) => `${table.database}.${table.schema}`)).size > 1;
    this.rows = schema.tables.map((table) => this.tableRow(table, several, found));
    const more = schema.more > 0 ? element("li", "muted more", `and ${count(schema.more)} more: search by name`) : null;
    more?.setAttribute("role", "none");
    this.root.replaceChildren(...this.rows.map(({ node }) => node), ...(more === null ? [] : [more]));
    const first = this.rows[Math.max(0, focused)] ?? this.rows[0];
    if (first !== undefined) this.focusable(first);
    if (focused >= 0) first?.node.focus();
  }

  private tableRow(table: SchemaTable, several: boolean, found: string): Row {
    const id = `${table.database}.${table.schema}.${table.name}`;
    const node = element("li", "treetable");
    const row: Row = { node, sql: table.sql, table, parent: null, children: [] };
    const rows = table.rows === null ? "" : count(table.rows);
    const line = element(
      "div",
      "treerow",
      element("span", "twist", icon("open")),
      icon(table.kind === "view" ? "preview" : "table", "muted"),
      element(
        "span",
        "treename",
        table.name,
        several ? element("span", "muted", ` ${table.database}.${table.schema}`) : null,
      ),
      element("span", "treerows muted", rows),
    );
    line.title = `Insert ${table.sql}`;
    const group = element("ul");
    group.setAttribute("role", "group");
    row.children = table.columns.map((column): Row => {
      const look = lookOf(column.type);
      const leaf = element(
        "li",
        "",
        element(
          "div",
          "treerow",
          element("span", "sign muted", look.sign === "date" || look.sign === "boolean" ? icon(look.sign) : look.sign),
          element("span", "treename", column.name),
          element("span", "treetype muted", column.primaryKey ? `${column.type} key` : column.type),
        ),
      );
      leaf.title = `Insert ${column.sql}`;
      this.item(leaf, `${column.name}, ${column.type}${column.primaryKey ? ", key" : ""}`);
      return { node: leaf, sql: column.sql, table: null, parent: row, children: [] };
    });
    group.append(...row.children.map((child) => child.node));
    node.append(line, group);
    const facts = [table.name, table.kind, table.rows === null ? "" : counted(table.rows, "row")];
    this.item(node, facts.filter((fact) => fact !== "").join(", "));
    const hit = found !== "" && !table.name.toLowerCase().includes(found.toLowerCase());
    this.expand(row, this.open.has(id) || hit, false);
    return row;
  }

  private item(node: HTMLElement, label: string): void {
    node.setAttribute("role", "treeitem");
    node.setAttribute("aria-label", label);
    node.tabIndex = -1;
  }

  private expand(row: Row, isOpen: boolean, remember = true): void {
    if (row.table === null || row.children.length === 0) return;
    row.node.setAttribute("aria-expanded", String(isOpen));
    const { database, schema, name } = row.table;
    const id = `${database}.${schema}.${name}`;
    if (remember && isOpen) this.open.add(id);
    if (remember && !isOpen) this.open.delete(id);
  }

  private isOpen(row: Row): boolean {
    return row.node.getAttribute("aria-expanded") === "true";
  }

  private visible(): Row[] {
    return this.rows.flatMap((row) => (this.isOpen(row) ? [row, ...row.children] : [row]));
  }

  private rowOf(target: EventTarget | null): Row | undefined {
    const node = target instanceof Element ? target.closest("[role=treeitem]") : null;
    return this.rows.flatMap((row) => [row, ...row.children]).find((row) => row.node === node);
  }

  private focusable(row: Row): void {
    for (const one of this.root.querySelectorAll<HTMLElement>("[tabindex='0']")) one.tabIndex = -1;
    row.node.tabIndex = 0;
  }

  private focus(row: Row | undefined): void {
    if (row === undefined) return;
    this.focusable(row);
    row.node.focus();
    row.node.scrollIntoView({ block: "nearest" });
  }

  private onClick(event: MouseEvent): void {
    const row = this.rowOf(event.target);
    if (row === undefined) return;
    this.focusable(row);
    if (row.table !== null && (event.target as Element).closest(".twist") !== null) this.expand(row, !this.isOpen(row));
    else this.insert(row.sql, row.table !== null);
  }

  private onKey(event: KeyboardEvent): void {
    const row = this.rowOf(event.target);
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const visible = this.visible();
    const at = visible.indexOf(row);
    const keys: Record<string, () => void> = {
      ArrowDown: () => this.focus(visible[at + 1]),
      ArrowUp: () => this.focus(visible[at - 1]),
      Home: () => this.focus(visible[0]),
      End: () => this.focus(visible.at(-1)),
      ArrowRight: () => (this.isOpen(row) ? this.focus(row.children[0]) : this.expand(row, true)),
      ArrowLeft: () => (this.isOpen(row) ? this.expand(row, false) : this.focus(row.parent ?? row)),
      Enter: () => this.insert(row.sql, row.table !== null),
      " ": () => this.insert(row.sql, row.table !== null),
    };
    const act = keys[event.key];
    if (act !== undefined) {
      event.preventDefault();
      act();
      return;
    }
    // A letter goes to the next name that begins with it.
    if (event.key.length !== 1) return;
    const after = [...visible.slice(at + 1), ...visible.slice(0, at)];
    this.focus(
      after.find(({ node }) => node.getAttribute("aria-label")!.toLowerCase().startsWith(event.key.toLowerCase())),
    );
  }
}
