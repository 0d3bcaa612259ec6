/** The schema browser: the tree, the field to search in it, and when it asks the server again. */

import { element } from "../panel/dom";
import type { Schema, SchemaTable } from "../protocol.gen";
import { SchemaTree, type Insert } from "./schemaTree";

/** Asks the server for the tables that contain a text; null where there is no answer. */
export type AskSchema = (containing: string) => Promise<Schema | null>;

const typingPause = 150;
const readingPause = 500;

/** The browser. */
export class SchemaBrowser {
  /** The element. */
  readonly root = element("section", "schema");
  private readonly field = element("input", "search");
  private readonly said = element("p", "muted playsaid");
  private readonly tree: SchemaTree;
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `known` is called with all tables, when nothing is searched for. */
  constructor(
    private readonly ask: AskSchema,
    insert: Insert,
    private readonly known: (tables: readonly SchemaTable[]) => void,
  ) {
    this.tree = new SchemaTree(insert);
    const title = element("h2", "", "Tables");
    title.id = "schema-title";
    this.root.setAttribute("aria-labelledby", title.id);
    this.field.type = "search";
    this.field.placeholder = "Search tables and columns";
    this.field.setAttribute("aria-label", "Search tables and columns");
    this.field.addEventListener("input", () => this.later(typingPause));
    this.said.setAttribute("role", "status");
    this.root.append(element("div", "sidehead", title), this.field, this.said, this.tree.root);
  }

  /** Ask again: the tables may be others. */
  async refresh(): Promise<void> {
    const number = ++this.asked;
    const containing = this.field.value.trim();
    const schema = await this.ask(containing);
    if (schema === null || number !== this.asked) return;
    this.tree.update(schema, containing);
    const none =
      containing === "" ? "No tables yet. Drop a .csv or .parquet file on the page." : "Nothing is called so.";
    this.say(schema.tables.length > 0 ? "" : none);
    if (containing === "") this.known(schema.tables);
    if (schema.partial) this.later(readingPause);
  }

  private say(text: string): void {
    this.said.textContent = text;
    this.said.hidden = text === "";
  }

  private later(pause: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), pause);
  }
}
