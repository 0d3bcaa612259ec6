import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { playing } from "../playing";
import { directRows, run } from "../playServer";

const play = playing();
const base64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString("base64");

test("a dropped .csv and a dropped .parquet are queried at once, together with the database", async () => {
  const page = await play().open();
  const parquet = join(play().server.folder, "prices.parquet");
  run(
    `import duckdb; duckdb.sql("SELECT 'AA' AS carrier, 10.5 AS price UNION ALL SELECT 'UA', 20").write_parquet(${JSON.stringify(parquet)})`,
  );
  await page.drop([
    { name: "tiers.csv", base64: base64("carrier,tier\nAA,gold\nUA,silver\n") },
    { name: "prices.parquet", base64: base64(readFileSync(parquet)) },
  ]);
  await page.table("prices").waitFor();
  await page.table("tiers").waitFor();
  // The page was empty: the first of them is shown.
  await expect.poll(() => page.text()).toBe("FROM tiers");
  await page.exact(["carrier", "tier"]);
  await page.clear();
  const sql =
    "SELECT t.tier, p.price, count(*) AS n FROM flights f JOIN tiers t USING (carrier) JOIN prices p USING (carrier) GROUP BY ALL ORDER BY 1";
  await page.type(sql);
  const [tiers] = play()
    .server.pageFiles()
    .filter((path) => path.endsWith("tiers.csv"));
  const direct = sql.replace("JOIN tiers", `JOIN '${tiers}'`).replace("JOIN prices", `JOIN '${parquet}'`);
  await page.shows(play().server.direct(direct), ([tier, price, n]) => [tier!, String(Number(price)), n!]);
});

test("a file that is no table is told of, with its reason", async () => {
  const page = await play().open();
  await page.drop([{ name: "broken.parquet", base64: base64("PAR1 nonsense PAR1") }]);
  await page.messages.filter({ hasText: "broken.parquet cannot be read as a table" }).waitFor();
  await page.drop([{ name: "picture.png", base64: base64("png") }]);
  await page.messages.filter({ hasText: "picture.png is no data file" }).waitFor();
  expect(await page.page.getByText("files of up to 2 GB").count()).toBe(1);
});

test("a .sql file is opened and saved", async () => {
  const page = await play().open();
  const chooser = page.page.waitForEvent("filechooser");
  await page.page.getByRole("button", { name: "Open a .sql file" }).click();
  await (
    await chooser
  ).setFiles({ name: "two.sql", mimeType: "text/plain", buffer: Buffer.from("SELECT 1 + 1 AS two") });
  await expect.poll(() => page.text()).toBe("SELECT 1 + 1 AS two");
  await page.exact(["two"]);
  await page.type(" -- more");
  const download = page.page.waitForEvent("download");
  await page.page.keyboard.press("Control+s");
  const saved = await download;
  expect(saved.suggestedFilename()).toBe("two.sql");
  expect(readFileSync(await saved.path(), "utf8")).toBe("SELECT 1 + 1 AS two -- more");
});

test("a whole result is exported", async () => {
  const page = await play().open();
  const sql = "SELECT id, carrier FROM flights WHERE id < 3000 ORDER BY id";
  await page.type(sql);
  await page.exact(["id", "carrier"]);
  await page.panel.exportButton.click();
  const download = page.page.waitForEvent("download");
  await page.panel.menuItem("CSV").click();
  const path = await (await download).path();
  expect(directRows(`FROM read_csv('${path}', header = true) ORDER BY id`)).toEqual(play().server.direct(sql));
  await expect.poll(() => play().server.pageFiles()).toEqual([]);
});
