import { deepStrictEqual, ok, strictEqual } from "node:assert";
import * as vscode from "vscode";
import { editor } from "./editing";
import { until, type Body } from "./run";

const extension = (): vscode.Extension<unknown> => vscode.extensions.getExtension("speql.speql")!;

/** When the extension wakes, and how long that takes. */
export const activation: Record<string, Body> = {
  "the extension sleeps while there is no SQL": async () => {
    await vscode.window.showTextDocument(
      await vscode.workspace.openTextDocument({ language: "plaintext", content: "no SQL" }),
    );
    strictEqual(extension().isActive, false);
  },

  "a SQL document wakes it within 300 ms, and the server then starts": async (measured) => {
    const began = performance.now();
    const before = process.cpuUsage();
    await extension().activate();
    const used = process.cpuUsage(before);
    measured["activation"] = performance.now() - began;
    // On a machine that is busy with something else it is the work that counts, not the clock.
    measured["activation, processor time"] = (used.user + used.system) / 1_000;
    await editor("report.sql", "SELECT i_cat FROM item");
    await until("A completion of the server", async () => {
      const at = new vscode.Position(0, "SELECT i_cat".length);
      const uri = vscode.window.activeTextEditor!.document.uri;
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        "vscode.executeCompletionItemProvider",
        uri,
        at,
      );
      return list.items.find(
        (item) => (typeof item.label === "string" ? item.label : item.label.label) === "i_category",
      );
    });
    measured["first completion"] = performance.now() - began;
    const work = Math.min(measured["activation"], measured["activation, processor time"]);
    ok(work <= 300, `It took ${work} ms`);
  },

  "every command of the manifest is there": async () => {
    const known = new Set(await vscode.commands.getCommands(true));
    const contributed = (extension().packageJSON as { contributes: { commands: { command: string }[] } }).contributes
      .commands;
    deepStrictEqual(
      contributed.map(({ command }) => command).filter((command) => !known.has(command)),
      [],
    );
  },
};
