import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const manifest = JSON.parse(read("../package.json"));
const wiring = read("../src/extension.ts");
const contributed: string[] = manifest.contributes.commands.map((found: { command: string }) => found.command);

test("every contributed command is registered, and the other way round", () => {
  const registered = [...wiring.matchAll(/"(speql\.\w+)": \([^)]*\) =>/g)].map((match) => match[1]);
  // What only a lens runs, with a document and a place, is in no palette.
  expect(registered.sort()).toEqual([...contributed, "speql.preview"].sort());
});

test("keys work in SQL editors and in the preview, nowhere else", () => {
  for (const { when, command } of manifest.contributes.keybindings) {
    expect(contributed).toContain(command);
    expect(when).toMatch(/editorLangId == sql|activeWebviewPanelId == 'speql.preview'/);
  }
});

test("only SQL wakes the extension", () => expect(manifest.activationEvents).toEqual(["onLanguage:sql"]));

test("every setting is described in the README", () => {
  const readme = read("../README.md");
  for (const setting of Object.keys(manifest.contributes.configuration.properties))
    expect(readme).toContain(`\`${setting}\``);
});

test("versions are exact", () => {
  const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
  for (const version of versions) expect(version).toMatch(/^\d/);
});
