import { deepStrictEqual, match, ok, strictEqual } from "node:assert";
import * as vscode from "vscode";
import { behind, editor } from "./editing";
import { until, type Body } from "./run";

const query = `WITH priced AS (
  SELECT i_category AS category, i_current_price AS price
  FROM item
)
SELECT category, max(price) AS highest
FROM priced
GROUP BY category`;

const ask = <Answer>(provider: string, ...args: unknown[]): Thenable<Answer> =>
  vscode.commands.executeCommand<Answer>(`vscode.${provider}`, ...args);

const textOf = (hover: vscode.Hover): string =>
  hover.contents.map((content) => (typeof content === "string" ? content : content.value)).join("\n");

/** What the server can do, asked for as the editor asks. */
export const languageFeatures: Record<string, Body> = {
  "hover tells the type of a column": async () => {
    const shown = await editor("report.sql", query);
    const hovers = await until("A hover", () =>
      ask<vscode.Hover[]>("executeHoverProvider", shown.document.uri, behind(shown, "i_current_pri")),
    );
    match(hovers.map(textOf).join("\n"), /DECIMAL\(7, ?2\)/);
  },

  "a name leads to where it is given": async () => {
    const shown = await editor("report.sql", query);
    const places = await until("A definition", () =>
      ask<(vscode.Location | vscode.LocationLink)[]>(
        "executeDefinitionProvider",
        shown.document.uri,
        behind(shown, "FROM pric"),
      ),
    );
    const [place] = places;
    const range = "targetRange" in place! ? (place.targetSelectionRange ?? place.targetRange) : place!.range;
    strictEqual(range.start.line, 0);
  },

  "a CTE is renamed everywhere": async () => {
    const shown = await editor("report.sql", query);
    const edit = await ask<vscode.WorkspaceEdit>(
      "executeDocumentRenameProvider",
      shown.document.uri,
      behind(shown, "WITH pric"),
      "costs",
    );
    strictEqual(edit.get(shown.document.uri).length, 2);
  },

  "documents are laid out": async () => {
    const shown = await editor("report.sql", "SELECT   i_category,count(*)  FROM item   GROUP BY i_category");
    const edits = await until("Edits", () =>
      ask<vscode.TextEdit[]>("executeFormatDocumentProvider", shown.document.uri, { tabSize: 2, insertSpaces: true }),
    );
    const edit = new vscode.WorkspaceEdit();
    edit.set(shown.document.uri, edits);
    await vscode.workspace.applyEdit(edit);
    strictEqual(shown.document.getText().includes("  "), shown.document.getText().includes("\n  "));
  },

  "lenses run, preview and count": async () => {
    const shown = await editor("report.sql", query);
    const titles = await until("Lenses", async () => {
      const lenses = await ask<vscode.CodeLens[]>("executeCodeLensProvider", shown.document.uri, 20);
      return lenses.map((lens) => lens.command?.title ?? "").filter((title) => title !== "");
    });
    for (const title of ["Run", "Preview"])
      ok(
        titles.some((found) => found.includes(title)),
        titles.join(", "),
      );
  },

  "hints tell the types of a CTE's columns": async () => {
    const shown = await editor("report.sql", query);
    const all = new vscode.Range(0, 0, 20, 0);
    const hints = await until("Hints", () =>
      ask<vscode.InlayHint[]>("executeInlayHintProvider", shown.document.uri, all),
    );
    ok(hints.length > 0);
  },

  "the outline has the CTE": async () => {
    const shown = await editor("report.sql", query);
    const symbols = await until("Symbols", () =>
      ask<vscode.DocumentSymbol[]>("executeDocumentSymbolProvider", shown.document.uri),
    );
    const names = (found: vscode.DocumentSymbol[]): string[] =>
      found.flatMap(({ name, children }) => [name, ...names(children)]);
    ok(
      names(symbols).some((name) => name.includes("priced")),
      names(symbols).join(", "),
    );
  },

  "an unknown column is an error with a quick fix, and no error is left behind it": async () => {
    const shown = await editor("report.sql", "SELECT i_catgory FROM item\n");
    const { uri } = shown.document;
    const [problem] = await until("A problem", () => vscode.languages.getDiagnostics(uri));
    match(problem!.message, /i_catgory/);
    const fix = await until("A quick fix", async () => {
      const found = await ask<vscode.CodeAction[]>(
        "executeCodeActionProvider",
        uri,
        problem!.range,
        vscode.CodeActionKind.QuickFix.value,
        10,
      );
      return found.find(({ edit }) => edit !== undefined);
    });
    await vscode.workspace.applyEdit(fix.edit!);
    strictEqual(shown.document.getText(), "SELECT i_category FROM item\n");
    await until("The end of the problem", () => vscode.languages.getDiagnostics(uri).length === 0);
  },

  "names are coloured by what they mean": async () => {
    const shown = await editor("report.sql", query);
    const legend = await until("A legend", () =>
      ask<vscode.SemanticTokensLegend>("provideDocumentSemanticTokensLegend", shown.document.uri),
    );
    const tokens = await until("Tokens", () =>
      ask<vscode.SemanticTokens>("provideDocumentSemanticTokens", shown.document.uri),
    );
    const kinds = new Set<string>();
    for (let at = 3; at < tokens.data.length; at += 5) kinds.add(legend.tokenTypes[tokens.data[at]!]!);
    for (const kind of ["keyword", "property", "variable", "class"]) ok(kinds.has(kind), [...kinds].join(", "));
  },

  "the same server serves a notebook's neighbour: two documents at once": async () => {
    const first = await editor("report.sql", "SELECT i_cat FROM item");
    const second = await editor("other.sql", "SELECT s_stat FROM store");
    const labels = async (shown: vscode.TextEditor, text: string): Promise<string[]> => {
      const list = await ask<vscode.CompletionList>(
        "executeCompletionItemProvider",
        shown.document.uri,
        behind(shown, text),
      );
      return list.items.map(({ label }) => (typeof label === "string" ? label : label.label));
    };
    const found = await Promise.all([labels(first, "i_cat"), labels(second, "s_stat")]);
    deepStrictEqual([found[0]!.includes("i_category"), found[1]!.includes("s_state")], [true, true]);
  },
};
