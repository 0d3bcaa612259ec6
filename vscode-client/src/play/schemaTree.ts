/** The tables of the connection as a tree: columns, types, numbers of rows; Enter or a click inserts a name. */

import { element, icon, spoken } from "../panel/dom";
import { count, lookOf } from "../panel/format";
import type { Schema, SchemaColumn, SchemaTable } from "../protocol.gen";

/** What is done with a name: `isTable` tells a table's from a column's. */
export type Insert = (sql: string, isTable: boolean) => void;

interface Row {
  node: HTMLElement;
  name: string;
  sql: string;
  /** What a table is remembered by; null for a column. */
  id: string | null;
  parent: Row | null;
  children: Row[];
}

/**
 * The tree. One stop for the keyboard: arrow keys move in it, right and left open and close a table. Columns stand behind
 * their table and not in it, so that what an item is called is what it shows.
 */
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

  /** Show these tables, with those open of which only a column has what was searched for. */
  update(schema: Schema, found: string): void {
    const key = JSON.stringify([schema, found]);
    if (key === this.shown) return;
    this.shown = key;
    const focused = this.visible().findIndex(({ node }) => node === document.activeElement);
    const isAlone = ({ name }: SchemaTable): boolean => schema.tables.filter((one) => one.name === name).length === 1;
    this.rows = schema.tables.map((table) => this.tableRow(table, isAlone(table), found));
    const more =
      schema.more > 0 ? element("li", "muted treemore", `and ${count(schema.more)} more: search by name`) : null;
    more?.setAttribute("role", "none");
    const nodes = this.all().map(({ node }) => node);
    this.root.replaceChildren(...nodes, ...(more === null ? [] : [more]));
    const first = this.visible()[Math.max(0, focused)] ?? this.rows[0];
    if (first !== undefined) this.focusable(first);
    if (focused >= 0) first?.node.focus();
  }

  private tableRow(table: SchemaTable, isAlone: boolean, found: string): Row {
    const place = isAlone ? null : element("span", "muted", ` ${table.database}.${table.schema}`);
    const node = item(
      1,
      table.sql,
      element("span", "twist", icon("open")),
      icon(table.kind === "view" ? "preview" : "table", "muted"),
      element("span", "treename", table.name, place, spoken(`, ${table.kind}${table.rows === null ? "" : ", "}`)),
      table.rows === null ? null : element("span", "treerows muted", count(table.rows), spoken(" rows")),
    );
    node.classList.add("treetable");
    const id = `${table.database}.${table.schema}.${table.name}`;
    const row: Row = { node, name: table.name, sql: table.sql, id, parent: null, children: [] };
    row.children = table.columns.map((column) => columnRow(column, row));
    const isHit = found !== "" && !table.name.toLowerCase().includes(found.toLowerCase());
    this.expand(row, this.open.has(id) || isHit);
    return row;
  }

  private expand(row: Row, isOpen: boolean): void {
    if (row.children.length === 0) return;
    row.node.setAttribute("aria-expanded", String(isOpen));
    for (const { node } of row.children) node.hidden = !isOpen;
  }

  /** As the user has asked for, which is remembered. */
  private toggle(row: Row, isOpen: boolean): void {
    if (row.id === null) return;
    this.expand(row, isOpen);
    if (isOpen) this.open.add(row.id);
    else this.open.delete(row.id);
  }

  private isOpen(row: Row): boolean {
    return row.node.getAttribute("aria-expanded") === "true";
  }

  private all(): Row[] {
    return this.rows.flatMap((row) => [row, ...row.children]);
  }

  private visible(): Row[] {
    return this.rows.flatMap((row) => (this.isOpen(row) ? [row, ...row.children] : [row]));
  }

  private rowOf(target: EventTarget | null): Row | undefined {
    const node = target instanceof Element ? target.closest("[role=treeitem]") : null;
    return this.all().find((row) => row.node === node);
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
    if (row.id !== null && (event.target as Element).closest(".twist") !== null) this.toggle(row, !this.isOpen(row));
    else this.insert(row.sql, row.id !== null);
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
      ArrowRight: () => (this.isOpen(row) ? this.focus(row.children[0]) : this.toggle(row, true)),
      ArrowLeft: () => (this.isOpen(row) ? this.toggle(row, false) : this.focus(row.parent ?? row)),
      Enter: () => this.insert(row.sql, row.id !== null),
      " ": () => this.insert(row.sql, row.id !== null),
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
    this.focus(after.find(({ name }) => name.toLowerCase().startsWith(event.key.toLowerCase())));
  }
}

function columnRow(column: SchemaColumn, parent: Row): Row {
  const { sign } = lookOf(column.type);
  const drawn = sign === "date" || sign === "boolean" ? icon(sign) : sign;
  const mark = element("span", "treesign muted", drawn);
  // The type says it in words.
  mark.setAttribute("aria-hidden", "true");
  const node = item(
    2,
    column.sql,
    mark,
    element("span", "treename", column.name, spoken(", ")),
    element("span", "treetype muted", column.primaryKey ? `${column.type} key` : column.type),
  );
  return { node, name: column.name, sql: column.sql, id: null, parent, children: [] };
}

function item(level: number, sql: string, ...children: (Node | string | null)[]): HTMLElement {
  const node = element("li", "treerow", ...children);
  node.setAttribute("role", "treeitem");
  node.setAttribute("aria-level", String(level));
  node.title = `Insert ${sql}`;
  node.tabIndex = -1;
  return node;
}
