import { expect, test } from "vitest";
import { graphOf, jobName, mostTempTables, Places } from "../src/panel/jobGraph";
import { progress } from "../src/panel/jobs";
import { expected, runningOn } from "../src/panel/notices";
import type { JobNode, Jobs } from "../src/protocol.gen";
import { jobs } from "./samples";

const edge = ({ from, to, kind }: { from: string; to: string; kind: string }): string => `${from} > ${to} ${kind}`;

test("base tables, temp tables and the preview each have their column", () => {
  const graph = graphOf(jobs);
  const columns = Object.fromEntries(graph.nodes.map((node) => [node.id, node.column]));
  expect(columns).toMatchObject({ "table:tpcds.main.item": 0, items: 1, sales: 1, next: 2, preview: 2 });
  expect(graph.columns).toBe(3);
  expect(graph.nodes.find((node) => node.id === "table:tpcds.main.date_dim")?.name).toBe("date_dim");
});

test("edges go with the rows: what serves the preview stands out, what is gone is dashed", () => {
  const edges = graphOf(jobs).edges.map(edge);
  expect(edges).toContain("sales > preview serve");
  expect(edges).toContain("table:tpcds.main.store_sales > sales plain");
  expect(edges).toContain("table:tpcds.main.store_sales > old off");
  expect(edges).toContain("returns > next plain");
});

test("temp tables over temp tables stand further right, and the preview behind all of them", () => {
  const deep: Jobs = {
    ...jobs,
    nodes: ["a", "b", "c"].map((key): JobNode => ({ ...jobs.nodes[0]!, key, tables: [] })).concat(jobs.nodes.at(-1)!),
    edges: [
      { source: "a", target: "b", kind: "input" },
      { source: "b", target: "c", kind: "input" },
      { source: "c", target: "a", kind: "input" },
    ],
  };
  const graph = graphOf({ ...deep, edges: deep.edges.slice(0, 2) });
  expect(graph.nodes.map((node) => [node.id, node.column])).toEqual([
    ["preview", 3],
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ]);
  expect(graphOf(deep).nodes).toHaveLength(4);
});

test("of many temp tables those that are of use now are shown", () => {
  const many: Jobs = {
    ...jobs,
    nodes: [
      ...Array.from({ length: 20 }, (_, at) => ({
        ...jobs.nodes[0]!,
        key: `idle ${at}`,
        state: at < 5 ? "greyed" : "done",
      })),
      ...jobs.nodes,
    ],
  };
  const graph = graphOf(many);
  const shown = graph.nodes.filter((node) => node.kind === "temp").map((node) => node.id);
  expect(shown).toHaveLength(mostTempTables);
  expect(shown).toEqual(expect.arrayContaining(["items", "sales", "returns", "next"]));
  expect(shown).not.toContain("idle 0");
  expect(graph.folded).toBe(20 + 7 - mostTempTables);
  expect(graphOf(many, true).folded).toBe(0);
});

test("nodes keep their place, and new ones come below", () => {
  const places = new Places();
  const without = { ...jobs, nodes: jobs.nodes.filter((node) => node.key !== "items") };
  const before = places.arrange(graphOf(jobs).nodes);
  const after = places.arrange(graphOf(without).nodes);
  for (const [id, row] of after) expect(row).toBe(before.get(id));
  const added = { ...without, nodes: [...without.nodes, { ...jobs.nodes[0]!, key: "new" }] };
  const rows = places.arrange(graphOf(added).nodes);
  const others = [...rows]
    .filter(([id]) => ["sales", "old", "returns", "stores", "web"].includes(id))
    .map(([, row]) => row);
  expect(rows.get("new")).toBe(Math.max(...others) + 1);
});

test("another preview stands where the one before stood", () => {
  const places = new Places();
  places.arrange(graphOf(jobs).nodes);
  const other = {
    ...jobs,
    nodes: jobs.nodes.map((node) => (node.kind === "preview" ? { ...node, key: "preview:2" } : node)),
  };
  expect(places.arrange(graphOf(other).nodes).get("preview")).toBe(0);
});

test.each([
  ["main", "main"],
  ["main › CTE sales", "sales"],
  ["main › CTE sales › derived table x", "x"],
  ["main › subquery", "subquery"],
  ["main › CTE sales › any d_year", "sales, any d_year"],
])("the job %s is called %s", (label, name) => expect(jobName(label)).toBe(name));

test("how far a running job is goes by what was expected of it", () => {
  const node = graphOf(jobs).nodes.find((found) => found.id === "returns")!;
  const times = new Map([["returns", { state: "running", since: 1_000 }]]);
  expect(progress(node, times, 3_000)).toBe(0.25);
  expect(progress(node, times, 1_000_000)).toBe(0.99);
  expect(progress({ ...node, milliseconds: null }, times, 3_000)).toBeNull();
  expect(progress({ ...node, state: "done" }, times, 3_000)).toBeNull();
});

const previewJob = (fields: object, edges: Jobs["edges"] = []): Jobs => ({
  ...jobs,
  nodes: jobs.nodes.map((node) => (node.kind === "preview" ? { ...node, ...fields } : node)),
  edges,
});

test("where the preview runs, and how long that is expected to take", () => {
  const onBase = previewJob({ state: "running", estimatedMilliseconds: 9_000 });
  expect([runningOn(onBase), expected(onBase)]).toEqual(["Running on base tables", 9_000]);
  const served = [{ source: "preview:1", target: "returns", kind: "served-by" }];
  const waiting = previewJob({ state: "queued" }, served);
  expect([runningOn(waiting), expected(waiting)]).toEqual(["Waiting for 1 temp table", 8_000]);
  expect([runningOn(jobs), expected(jobs), runningOn(null)]).toEqual(["", null, ""]);
});
