import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { picture } from "../scripts/walkthroughPictures.mjs";

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
  for (const { when, command, key } of manifest.contributes.keybindings) {
    expect(contributed).toContain(command);
    expect(when).toMatch(/^editorTextFocus && editorLangId == sql\b|^activeWebviewPanelId == 'speql.preview'$/);
    // Enter, Escape, Tab and what types text are left to the editor, and to other extensions.
    expect(key).toMatch(/^(?:ctrl|alt|cmd)\+/);
  }
});

test("only SQL, and a preview that was open, wake the extension", () =>
  expect(manifest.activationEvents).toEqual([
    "onLanguage:sql",
    "onLanguage:python",
    "onNotebook:jupyter-notebook",
    "onWebviewPanel:speql.preview",
  ]));

test("what could run something of the workspace's is not read from it until it is trusted", () => {
  const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  expect(supported).toBe("limited");
  for (const setting of ["server.command", "database", "connections", "workspace", "writable", "languageModel"])
    expect(restrictedConfigurations).toContain(`speql.${setting}`);
  for (const setting of restrictedConfigurations)
    expect(manifest.contributes.configuration.properties).toHaveProperty([setting]);
});

test("the walkthrough has three steps, whose pictures and commands are there", () => {
  const [{ steps }] = manifest.contributes.walkthroughs;
  expect(steps).toHaveLength(3);
  for (const { id, description, media } of steps) {
    expect(Object.keys(media.image).sort()).toEqual(["dark", "hc", "hcLight", "light"]);
    for (const path of Object.values<string>(media.image)) {
      // Made from the source by `npm run walkthrough`.
      const theme = path.slice(`walkthrough/${id}-`.length, -".svg".length);
      expect(read(`../${path}`)).toBe(picture(read(`../walkthrough/source/${id}.svg`), theme));
    }
    expect(media.altText).not.toBe("");
    const [, command] = /\(command:([\w.]+)/.exec(description)!;
    if (command!.startsWith("speql.")) expect(contributed).toContain(command);
  }
});

test("the packaged server has the extension's version", () =>
  expect(read("../../pyproject.toml")).toContain(`\nversion = "${manifest.version}"\n`));

test("every setting is described in the README", () => {
  const readme = read("../README.md");
  for (const setting of Object.keys(manifest.contributes.configuration.properties))
    expect(readme).toContain(`\`${setting}\``);
});

test("every setting that is written into a file is described with a value that it may have", () => {
  const settings = Object.entries<Record<string, unknown>>(manifest.contributes.configuration.properties);
  for (const [name, { type, enumDescriptions, markdownDescription }] of settings) {
    // VS Code's own form for it: a box to tick, or a list whose entries are described.
    if (type === "boolean" || enumDescriptions !== undefined) continue;
    const values = [...String(markdownDescription).matchAll(/`([^`]+)`/g)].map(([, value]) => value!);
    const types = values.flatMap(typesOf);
    expect(types, `${name}: ${String(markdownDescription)}`).toContain([type].flat()[0]);
  }
});

/** What JSON Schema calls a value; a text that is no JSON is a string. */
function typesOf(value: string): string[] {
  try {
    const read: unknown = JSON.parse(value);
    if (Number.isInteger(read)) return ["integer", "number"];
    return [Array.isArray(read) ? "array" : typeof read];
  } catch {
    return ["string"];
  }
}

test("versions are exact", () => {
  const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
  for (const version of versions) expect(version).toMatch(/^\d/);
});
