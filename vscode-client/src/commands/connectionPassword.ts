/** `speql.setConnectionPassword`: keep the password of a connection of the user's own, or forget it. */

import * as vscode from "vscode";
import type { Client } from "../client";
import type { Secrets } from "../secrets";
import { connectionNameOf } from "../serverEnvironment";

/** Ask for the connection's name and its password; the server starts again with it. The password is shown nowhere. */
export async function setConnectionPassword(passwords: Secrets, client: Client): Promise<void> {
  const title = "SpeQL: Set a Connection's Password";
  const known = await passwords.names();
  const given = await vscode.window.showInputBox({
    title: `${title} (1/2)`,
    prompt: `The name of a connection of your own file, connections.toml.${known.length === 0 ? "" : ` Kept: ${known.join(", ")}.`}`,
    placeHolder: "shop",
    value: known[0] ?? "",
    validateInput: (text) =>
      connectionNameOf(text) === null ? "Names have letters, digits, - and _, for example shop." : undefined,
    ignoreFocusOut: true,
  });
  const name = given === undefined ? null : connectionNameOf(given);
  if (name === null) return;
  const password = await vscode.window.showInputBox({
    title: `${title} (2/2)`,
    prompt: `The password of ${name}: kept in the secret storage of VS Code, and sent to the database of that connection alone. Empty: forget it.`,
    password: true,
    ignoreFocusOut: true,
  });
  if (password === undefined) return;
  await passwords.put(name, password);
  const done = password === "" ? `The password of ${name} is forgotten.` : `The password of ${name} is kept.`;
  vscode.window.setStatusBarMessage(`SpeQL: ${done}`, 4_000);
  await client.restart();
}
