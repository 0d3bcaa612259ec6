/** Marks the SELECT that the panel shows, in the text. */

import * as vscode from "vscode";
import type { Client } from "./client";
import { holdsSql } from "./embedded";
import type { Preview } from "./protocol.gen";

/** A line beside it, and a tint where it is a part of its statement. */
export class ShownSelect implements vscode.Disposable {
  private readonly beside = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    borderStyle: "none none none solid",
    borderWidth: "0 0 0 2px",
    borderColor: new vscode.ThemeColor("speql.shownSelectLine"),
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    overviewRulerColor: new vscode.ThemeColor("speql.shownSelectLine"),
    overviewRulerLane: vscode.OverviewRulerLane.Left,
  });
  private readonly part = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("speql.shownSelectBackground"),
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private shown: Preview | null = null;
  private isVisible = false;

  constructor(private readonly client: Client) {}

  /** The panel shows this preview; a preview without a place (an empty document) marks nothing. */
  take(preview: Preview): void {
    if (preview.purpose === "submit") return; // of the whole statement: the cursor's SELECT stays the one shown
    this.shown = preview;
    this.draw();
  }

  /** Whether the panel can be seen; without it nothing is marked. */
  visible(isVisible: boolean): void {
    this.isVisible = isVisible;
    this.draw();
  }

  /** Mark again: other editors are visible, or the setting is another. */
  draw(): void {
    const isWanted = vscode.workspace.getConfiguration("speql").get("preview.highlight", true);
    for (const editor of vscode.window.visibleTextEditors) {
      if (!holdsSql(editor.document)) continue;
      const isShown = isWanted && this.isVisible && this.client.uriOf(editor.document) === this.shown?.uri;
      // A preview of older text has other places; the marks of before have moved with the text.
      if (isShown && this.shown!.version !== editor.document.version) continue;
      const range = isShown ? rangeOf(this.shown!.range) : null;
      editor.setDecorations(this.beside, range === null ? [] : [range]);
      const isPart = range !== null && this.shown!.breadcrumb.length > 1;
      editor.setDecorations(this.part, isPart ? [range] : []);
    }
  }

  dispose(): void {
    this.beside.dispose();
    this.part.dispose();
  }
}

function rangeOf(range: Preview["range"]): vscode.Range | null {
  if (range === null) return null;
  const { start, end } = range;
  return new vscode.Range(start.line, start.character, end.line, end.character);
}
