/** `speql.setLanguageModelKey`: keep the key of a language model's endpoint, or forget it. */

import * as vscode from "vscode";
import type { Client } from "../client";
import type { Secrets } from "../secrets";
import { hostOf } from "../serverEnvironment";
import type { StatusBar } from "../statusBar";

/** Ask for the host and its key; the server starts again with it. The key is shown nowhere. */
export async function setLanguageModelKey(keys: Secrets, client: Client, statusBar: StatusBar): Promise<void> {
  const title = "SpeQL: Set the Language Model's Key";
  const known = await keys.names();
  const given = await vscode.window.showInputBox({
    title: `${title} (1/2)`,
    prompt: known.length === 0 ? "The host of the endpoint." : `The host of the endpoint. Kept: ${known.join(", ")}.`,
    placeHolder: "api.openai.com",
    value: statusBar.known.status?.languageModel.host || (known[0] ?? ""),
    validateInput: (text) => (hostOf(text) === null ? "Write a host, for example api.openai.com." : undefined),
    ignoreFocusOut: true,
  });
  const host = given === undefined ? null : hostOf(given);
  if (host === null) return;
  const key = await vscode.window.showInputBox({
    title: `${title} (2/2)`,
    prompt: `The key for ${host}: kept in the secret storage of VS Code, and sent to ${host} alone. Empty: forget it.`,
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined) return;
  await keys.put(host, key.trim());
  const done = key.trim() === "" ? `The key for ${host} is forgotten.` : `The key for ${host} is kept.`;
  vscode.window.setStatusBarMessage(`SpeQL: ${done}`, 4_000);
  await client.restart();
}
