/** SQL inside of something else: cells of notebooks, and Python whose strings hold SQL. */

import type { DocumentSelector } from "vscode-languageclient/node";
import type * as vscode from "vscode";
import { mayHoldSql } from "./sqlInPython";

/** Documents that are SQL as a whole: all that the server can do is for them. */
export const sqlDocuments: DocumentSelector = [
  { scheme: "file", language: "sql" },
  { scheme: "untitled", language: "sql" },
  { scheme: "vscode-notebook-cell", language: "sql" },
];

/** Python files. Their text is told to the server once it runs; most of them hold no SQL, and cost it nothing. */
export const pythonFiles: DocumentSelector = [
  { scheme: "file", language: "python" },
  { scheme: "untitled", language: "python" },
];

/** All Python that may hold SQL; the cells of notebooks are told to the server as notebooks. */
export const python: DocumentSelector = [...pythonFiles, { scheme: "vscode-notebook-cell", language: "python" }];

/** What the server tells of SQL inside Python. Not its formatting, folding and colours: those would be the whole file's. */
export const inPython = [
  "textDocument/completion",
  "textDocument/hover",
  "textDocument/signatureHelp",
  "textDocument/definition",
  "textDocument/codeAction",
  "textDocument/codeLens",
  "textDocument/inlayHint",
  "textDocument/inlineCompletion",
  "textDocument/diagnostic",
] as const;

const known = new WeakMap<vscode.TextDocument, { version: number; holds: boolean }>();

/** Whether a document is SQL, or Python that seems to hold some. */
export function holdsSql(document: vscode.TextDocument): boolean {
  if (document.languageId === "sql") return true;
  if (document.languageId !== "python") return false;
  const before = known.get(document);
  if (before?.version === document.version) return before.holds;
  const holds = mayHoldSql(document.getText());
  known.set(document, { version: document.version, holds });
  return holds;
}
