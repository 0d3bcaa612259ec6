/** The columns that the first rows of a text will have: asked for once a text, when its rows are late. */

import type { Column } from "../protocol.gen";
import { Refused, type Asking } from "./questions";

/** What is known of the columns of one text. */
export class ColumnsToCome {
  private uri = "";
  private version = -1;
  private known: readonly Column[] = [];

  /** `changed` is called once there are others. */
  constructor(
    private readonly asking: Asking,
    private readonly changed: () => void,
  ) {}

  /** The columns of a text. Those of the text before stay until this one's are known. */
  of(uri: string, version: number): readonly Column[] {
    if (this.uri !== uri) this.known = [];
    if (this.uri !== uri || this.version !== version) {
      [this.uri, this.version] = [uri, version];
      void this.ask(uri, version);
    }
    return this.known;
  }

  private async ask(uri: string, version: number): Promise<void> {
    try {
      const { columns } = await this.asking.ask("speql.columns", { uri });
      if (this.uri !== uri || this.version !== version || columns.length === 0) return;
      this.known = columns;
      this.changed();
    } catch (error) {
      // What does not bind has no columns to show: the preview will say why.
      if (!(error instanceof Refused)) throw error;
    }
  }
}
