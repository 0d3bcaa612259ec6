import { expect, test } from "vitest";
import { chooseCommand, findOnPath, type Probes } from "../src/serverCommand";

const nothing: Probes = {
  onPath: () => null,
  bundled: async () => null,
  interpreter: async () => null,
  hasServer: async () => false,
};
const python = "/venv/bin/python";

test("the setting wins, and is used as it is", async () => {
  const probes = {
    ...nothing,
    onPath: () => "/opt/speql",
    interpreter: async () => python,
    hasServer: async () => true,
  };
  expect(await chooseCommand(["/opt/speql", "serve", "--writable"], probes)).toEqual({
    command: "/opt/speql",
    args: ["serve", "--writable"],
  });
});

test("a setting that names nothing is said by name", async () => {
  expect(await chooseCommand(["spqel", "serve"], nothing)).toEqual({ problem: expect.stringContaining("names spqel") });
});

test.each([{ command: "/env/bin/python", args: [] }, { problem: "There is no Python." }])(
  "the server that comes with the extension, or why there is none: %j",
  async (choice) => {
    const probes = {
      onPath: () => "/usr/bin/speql",
      bundled: async () => choice,
      interpreter: async () => python,
      hasServer: async () => true,
    };
    expect(await chooseCommand(null, probes)).toEqual(choice);
  },
);

test("a build without one: the chosen interpreter is used where SpeQL is installed in it", async () => {
  const probes = {
    ...nothing,
    onPath: () => "/usr/bin/speql",
    interpreter: async () => python,
    hasServer: async () => true,
  };
  expect(await chooseCommand(null, probes)).toEqual({ command: python, args: ["-P", "-m", "speql_server"] });
});

test("else the program on PATH", async () => {
  const probes = { ...nothing, onPath: () => "/usr/bin/speql", interpreter: async () => python };
  expect(await chooseCommand([], probes)).toEqual({ command: "/usr/bin/speql", args: ["serve"] });
});

test("where there is none, the message says how to get it", async () => {
  const choice = await chooseCommand(null, { ...nothing, interpreter: async () => python });
  expect(choice).toEqual({ problem: expect.stringMatching(/not found.*\/venv\/bin\/python.*pip install speql/) });
});

test("programs are found as a shell finds them", () => {
  const env = { path: "/a:/b", delimiter: ":", separator: "/", extensions: [] };
  expect(findOnPath("speql", env, (path) => path === "/b/speql")).toBe("/b/speql");
  expect(findOnPath("speql", env, () => false)).toBeNull();
  expect(findOnPath("./bin/speql", env, (path) => path === "./bin/speql")).toBe("./bin/speql");
  const windows = { path: "C:\\x;C:\\y", delimiter: ";", separator: "\\", extensions: [".EXE", ".CMD"] };
  expect(findOnPath("speql", windows, (path) => path === "C:\\y\\speql.CMD")).toBe("C:\\y\\speql.CMD");
});
