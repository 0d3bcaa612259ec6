/** `speql.setSpeculation`: what may be spent ahead of submits on the document's connection. */

import * as vscode from "vscode";
import type { Client } from "../client";
import type { PreviewView } from "../previewView";
import type { SpeculationSet } from "../protocol.gen";
import { type Choice, choices, dollarsOf, saysHolds } from "../spending";
import { sqlEditor } from "./sqlEditor";

/** Let the user allow it, limit it or end it; the answer is kept for the connection, by the server. */
export async function setSpeculation(client: Client, view: PreviewView): Promise<void> {
  const editor = sqlEditor(view.currentUri(), client);
  if (editor === undefined) {
    void vscode.window.showInformationMessage("Put the cursor in a SQL file: each connection has limits of its own.");
    return;
  }
  const uri = client.uriOf(editor.document);
  const now = await client.run<SpeculationSet>("speql.setSpeculation", uri);
  if (now === undefined) return;
  const chosen = await vscode.window.showQuickPick(choices(now), {
    title: "SpeQL: Set Speculation",
    placeHolder: `On ${now.connection}: ${saysHolds(now)}`,
  });
  if (chosen === undefined) return;
  const settings = await settingsOf(chosen);
  if (settings === undefined) return;
  const result = await client.run<SpeculationSet>("speql.setSpeculation", uri, settings);
  if (result === undefined) return;
  if (result.reason !== "") void vscode.window.showWarningMessage(result.reason);
  else vscode.window.setStatusBarMessage(`SpeQL: ${saysHolds(result)}`, 5_000);
}

/** The settings that a choice stands for; undefined if the user has gone back. */
async function settingsOf({ settings, asksDollars }: Choice): Promise<Choice["settings"] | undefined> {
  if (!asksDollars) return settings;
  const given = await vscode.window.showInputBox({
    title: "SpeQL: Set Speculation",
    prompt: "Dollars a day, at most; a fifth of it an hour, a fiftieth a statement",
    value: "5",
    validateInput: (text) => (dollarsOf(text) === null ? "A number of dollars, such as 2.50" : null),
  });
  const dollars = given === undefined ? null : dollarsOf(given);
  if (dollars === null) return undefined;
  return {
    mode: "budget",
    perDay: { dollars },
    perHour: { dollars: dollars / 5 },
    perStatement: { dollars: dollars / 50, seconds: 60 },
  };
}
