import { afterAll, beforeAll, expect, test } from "vitest";
import { closeBrowser, newPage } from "./browser";
import { isLocked } from "./data";
import { LabFile, LabNotebook, startLab } from "./jupyterLab";
import type { Served } from "./served";
import { Widget } from "./widget";

let served: Served;
beforeAll(async () => {
  served = await startLab();
});
afterAll(async () => {
  await closeBrowser();
  await served?.stop();
});

const query = "SELECT store, sum(price) AS total FROM sales GROUP BY store ORDER BY store";

test("a %%sql cell has diagnostics and completion from the kernel's own tables, and what was worked out is used", async () => {
  const page = await newPage();
  const lab = await LabNotebook.open(served, page, "cells", [
    "import duckdb\ncon = duckdb.connect()\ncon.execute('CREATE TABLE penguins AS SELECT range AS weight_in_grams, range % 3 AS island FROM range(300000)')\n%load_ext speql\n%speql connect con",
    "%%sql\nSELECT 1",
    "from speql_notebook.notebook_connection import NOTEBOOK\nprint(len(NOTEBOOK.lease.connected.connection.store.views))",
    "print(con.sql('SHOW ALL TABLES').fetchall())",
  ]);
  await lab.run(0);
  expect(await lab.output(0).textContent()).toContain("your connection");
  await lab.retype(1, "%%sql\nSELECT weight_in_grams FROM penguins WHERE island = nowhere");
  await lab.cell(1).locator(".cm-lintRange").first().waitFor();
  await lab.retype(1, "%%sql\nSELECT island, count(*) AS n, sum(weig");
  await expect
    .poll(
      async () => {
        await page.keyboard.press("Tab");
        return [...(await page.locator(".jp-Completer-item").allTextContents()), await lab.cell(1).textContent()].join(
          " ",
        );
      },
      { timeout: 30_000, interval: 1_500 },
    )
    .toContain("weight_in_grams");
  await lab.retype(1, "%%sql\nSELECT island, count(*) AS n FROM penguins GROUP BY island ORDER BY island");
  const made = async (): Promise<number> => {
    await lab.run(2);
    return Number(await lab.output(2).textContent());
  };
  // What was made for an earlier text may not be of use for this one, which is worked ahead when it has rested.
  const settled = async (): Promise<boolean> => {
    const before = await made();
    await page.waitForTimeout(3_000);
    return before > 0 && before === (await made());
  };
  await expect.poll(settled, { timeout: 60_000, interval: 1_000 }).toBe(true);
  await lab.run(1);
  const shown = lab.cell(1).locator(".speql-answer");
  await shown.waitFor();
  expect(await shown.locator("tbody tr").allTextContents()).toEqual(["0100000", "1100000", "2100000"]);
  expect(await shown.locator(".facts").textContent()).toMatch(/temp table|result cache/);
  await lab.run(3);
  expect(await lab.output(3).textContent()).toMatch(/^\[\('memory', 'main', 'penguins', [^(]*\)\]$/m);
});

test("a .sql file has diagnostics, completion and hover", async () => {
  const file = await LabFile.open(served, await newPage(), "query.sql");
  await file.retype("SELECT price FROM sales WHERE nowhere = 1");
  await file.code.locator(".cm-lintRange").first().waitFor();
  await file.retype("SELECT price FROM sales WHERE sto");
  await expect.poll(() => file.complete(), { timeout: 30_000, interval: 1_500 }).toContain("store");
  await file.retype("SELECT price FROM sales");
  await expect.poll(() => file.hover("price"), { timeout: 30_000, interval: 1_500 }).toMatch(/DOUBLE/);
});

test("the magics show rows, make data frames, and say what is wrong without a traceback", async () => {
  const page = await newPage();
  const lab = await LabNotebook.open(served, page, "magics", [
    "%load_ext speql\n%speql connect shop.duckdb",
    `%%speql\n${query}`,
    `%%speql --out result\n${query}`,
    `import duckdb\nwith duckdb.connect('shop.duckdb', read_only=True) as direct:\n    print(type(result).__module__.split('.')[0], result.equals(direct.sql("${query}").df()))`,
    `%speql --out other --frame polars ${query}\nprint(type(other).__module__.split('.')[0], other.shape)`,
    "%%speql\nSELECT store FROM sales WHERE id IN (1, 2",
  ]);
  for (const at of [0, 1, 2]) await lab.run(at);
  expect(await lab.cell(1).locator(".speql-answer tbody tr").count()).toBe(3);
  await lab.run(3);
  expect((await lab.output(3).textContent())?.trim()).toBe("pandas True");
  await lab.run(4);
  expect((await lab.output(4).textContent())?.trim()).toBe("polars (3, 2)");
  await lab.run(5);
  const said = await lab.output(5).textContent();
  expect(said).toContain("It was not run. Repaired, it would be");
  expect(said).not.toContain("Traceback");
});

test("the widget's preview changes while it is typed, and df equals direct execution", async () => {
  const page = await newPage();
  const lab = await LabNotebook.open(served, page, "widget", [
    "import speql\neditor = speql.Editor(connection='shop.duckdb')\neditor",
    "import duckdb\nwith duckdb.connect('shop.duckdb', read_only=True) as direct:\n    expected = direct.sql(editor.sql)\n    print(editor.df.equals(expected.df()), editor.arrow().equals(expected.to_arrow_table()), len(editor.df), editor.sql)",
  ]);
  await lab.run(0);
  const widget = new Widget(lab.cell(0));
  await widget.code.waitFor();
  await widget.type("SELECT store, price FROM sales");
  await expect.poll(() => widget.columns(), { timeout: 60_000 }).toEqual(["store", "price"]);
  await expect.poll(async () => (await widget.rows())[1]).toEqual(["shop 1", "1.5"]);
  await widget.type(" WHERE id > 2490");
  await expect.poll(async () => (await widget.rows())[0], { timeout: 30_000 }).toEqual(["shop 1", "3736.5"]);
  // Single letters are letters here, and no commands of JupyterLab's.
  expect(await page.locator(".jp-Notebook .jp-Cell").count()).toBe(2);
  await lab.run(1);
  expect((await lab.output(1).textContent())?.trim()).toBe(
    "True True 9 SELECT store, price FROM sales WHERE id > 2490",
  );
});

test("the widget completes, shows errors and ghost text, and takes a text of Python's", async () => {
  const page = await newPage();
  const lab = await LabNotebook.open(served, page, "helps", [
    "import speql\neditor = speql.Editor('SELECT id FROM sales ', connection='shop.duckdb')\neditor",
    "editor.sql = 'SELECT 6 * 7 AS answer'",
  ]);
  await lab.run(0);
  const widget = new Widget(lab.cell(0));
  await widget.type("WHERE pri");
  await widget.root.locator(".cm-tooltip-autocomplete li", { hasText: "price" }).first().waitFor();
  await page.keyboard.press("Escape");
  await widget.type("ce > nowhere");
  await widget.root.locator(".cm-lintRange-error").first().waitFor();
  await lab.run(1);
  await expect.poll(() => widget.columns()).toEqual(["answer"]);
  await widget.code.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("SELECT store, sum(price) FROM sales GROUP", { delay: 60 });
  await widget.root.locator(".cm-ghostText").first().waitFor();
});

test("two kernels at once, a restart and a reload leave no process and no lock", async () => {
  const [left, right] = [await newPage(), await newPage()];
  const cells = [
    "import speql\neditor = speql.Editor('SELECT count(*) AS n FROM sales', connection='shop.duckdb')\neditor",
    "print(len(editor.arrow()))",
    "%load_ext speql",
  ];
  const one = await LabNotebook.open(served, left, "one", cells);
  const two = await LabNotebook.open(served, right, "two", cells);
  for (const lab of [one, two]) {
    await lab.run(0);
    await lab.run(2);
    await expect.poll(() => new Widget(lab.cell(0)).rows(), { timeout: 60_000 }).toEqual([["2500"]]);
  }
  const kernels = (): number => served.processes.filter(({ command }) => command.includes("ipykernel")).length;
  const facts = served.kernelFacts;
  const before = kernels();
  await one.restart();
  await expect.poll(() => served.kernelFacts.filter((file) => facts.includes(file)).length).toBe(facts.length - 1);
  expect(kernels()).toBe(before);
  // The other one goes on.
  const widget = new Widget(two.cell(0));
  await widget.type(" WHERE id < 10");
  await expect.poll(() => widget.rows()).toEqual([["10"]]);
  await two.command("docmanager:save");
  await right.reload();
  await two.ready();
  const again = new Widget(two.cell(0));
  await expect.poll(() => again.rows(), { timeout: 60_000 }).toEqual([["10"]]);
  await two.run(1);
  expect((await two.output(1).textContent())?.trim()).toBe("1");
  await one.run(0);
  await expect.poll(() => new Widget(one.cell(0)).rows(), { timeout: 60_000 }).toEqual([["2500"]]);
  await two.restart();
  await one.restart();
  await expect.poll(() => isLocked(served.folder), { timeout: 20_000 }).toBe(false);
});
