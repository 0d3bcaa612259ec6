/** The job graph as it is drawn: which nodes and edges there are, and in which column. Pure. */

import type { JobNode, Jobs } from "../protocol.gen";

/** A node: a base table, or a job. `id` stays the same while what it stands for does. */
export interface GraphNode {
  id: string;
  kind: "base" | "temp" | "preview" | "submit";
  name: string;
  state: string;
  rows: number | null;
  bytes: number | null;
  milliseconds: number | null;
  column: number;
  /** Whether rows and time are estimates. */
  estimated: boolean;
  job: JobNode | null;
}

/** An edge, in the direction in which rows go. `serve`: what the preview was read from; `off`: no longer of use. */
export interface GraphEdge {
  from: string;
  to: string;
  kind: "plain" | "serve" | "off";
}

/** The graph. Columns are counted from 0; the last one has the preview. */
export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  columns: number;
  /** How many temp tables are not among the nodes: idle ones, of a graph with too many. */
  folded: number;
}

/** More temp tables than this are folded. */
export const mostTempTables = 12;

const gone = new Set(["greyed", "evicted", "cancelled", "failed"]);

/** The nodes and edges of a job graph; all temp tables where `unfolded`. */
export function graphOf(jobs: Jobs | null, unfolded = false): Graph {
  if (jobs === null) return { nodes: [], edges: [], columns: 3, folded: 0 };
  const ids = new Map(jobs.nodes.map((job) => [job.key, job.kind === "create" ? job.key : job.kind]));
  const serving = new Set(jobs.edges.filter((edge) => edge.kind === "served-by").map((edge) => edge.target));
  const creates = jobs.nodes.filter((job) => job.kind === "create");
  const shown = unfolded ? creates : kept(creates, serving);
  const depths = depthsOf(jobs);
  const last = Math.max(2, ...shown.map((job) => depths.get(job.key) ?? 1));
  const others = jobs.nodes.filter((job) => job.kind !== "create");
  const nodes = [...others.map((job) => jobNode(job, last)), ...shown.map((job) => jobNode(job, depths.get(job.key)!))];
  const drawn = new Set(nodes.map((node) => node.id));
  const read = new Set([...others, ...shown].flatMap((job) => job.tables));
  const base = jobs.tables
    .filter((table) => read.has(table.name))
    .map((table): GraphNode => ({
      id: tableId(table.name),
      kind: "base",
      name: table.name.slice(table.name.lastIndexOf(".") + 1),
      state: "base",
      rows: table.rows,
      bytes: table.bytes,
      milliseconds: null,
      column: 0,
      estimated: false,
      job: null,
    }));
  const edges: GraphEdge[] = [];
  const add = (from: string, to: string, kind: GraphEdge["kind"]): void => {
    const isKnown = edges.some((edge) => edge.from === from && edge.to === to);
    if (!isKnown && drawn.has(to) && (drawn.has(from) || from.startsWith(tableId("")))) edges.push({ from, to, kind });
  };
  const stateOf = new Map(nodes.map((node) => [node.id, node.state]));
  const kindOf = (...ends: string[]): GraphEdge["kind"] =>
    ends.some((end) => gone.has(stateOf.get(end) ?? "")) ? "off" : "plain";
  for (const edge of jobs.edges) {
    const source = ids.get(edge.source) ?? edge.source;
    const target = ids.get(edge.target) ?? edge.target;
    if (edge.kind === "served-by") add(target, source, kindOf(target, source) === "off" ? "off" : "serve");
    else add(source, target, kindOf(source, target));
  }
  for (const job of [...others, ...shown])
    for (const table of job.tables) add(tableId(table), ids.get(job.key)!, kindOf(ids.get(job.key)!));
  return { nodes: [...base, ...nodes], edges, columns: last + 1, folded: creates.length - shown.length };
}

/** The word for a job's state. */
export function stateWord(state: string): string {
  return state === "greyed" ? "greyed out" : state;
}

/** The name of a job: the last part of its SELECT's breadcrumb. */
export function jobName(label: string): string {
  const parts = label.split(" › ");
  const last = parts.at(-1)!.replace(/^(CTE|derived table) (?=.)/, "");
  const before = parts.at(-2)?.replace(/^(CTE|derived table) (?=.)/, "");
  return /^any /.test(last) && before !== undefined ? `${before}, ${last}` : last;
}

/** Where each node stands. A node keeps its place as long as it is there; new ones are added below. */
export class Places {
  private places = new Map<string, { column: number; row: number }>();

  /** The row of each node, by its id. */
  arrange(nodes: readonly GraphNode[]): ReadonlyMap<string, number> {
    const next = new Map<string, { column: number; row: number }>();
    for (const { id, column } of nodes) {
      const before = this.places.get(id);
      if (before?.column === column) next.set(id, before);
    }
    for (const node of nodes) {
      if (next.has(node.id)) continue;
      const taken = [...next.values()].filter((place) => place.column === node.column).map((place) => place.row);
      next.set(node.id, { column: node.column, row: freeRow(taken, node.kind) });
    }
    this.places = next;
    return new Map([...next].map(([id, { row }]) => [id, row]));
  }
}

function freeRow(taken: readonly number[], kind: GraphNode["kind"]): number {
  const isTop = kind === "preview" || kind === "submit";
  const below = Math.max(-1, ...taken) + 1;
  if (!isTop && below <= mostTempTables) return below;
  let row = 0;
  while (taken.includes(row)) row += 1;
  return row;
}

function tableId(name: string): string {
  return `table:${name}`;
}

function jobNode(job: JobNode, column: number): GraphNode {
  const kind = job.kind === "preview" || job.kind === "submit" ? job.kind : "temp";
  const estimated = job.state === "queued" || job.state === "running";
  return {
    id: kind === "temp" ? job.key : kind,
    kind,
    name: kind === "temp" ? jobName(job.label) : kind,
    state: job.state,
    rows: estimated ? (job.rows ?? job.estimatedRows) : job.rows,
    bytes: job.bytes,
    milliseconds: estimated ? job.estimatedMilliseconds : job.milliseconds,
    column,
    estimated,
    job,
  };
}

/** The temp tables to draw, in their order: those that are of use now, then what is there, then what is gone. */
function kept(creates: readonly JobNode[], serving: ReadonlySet<string>): JobNode[] {
  if (creates.length <= mostTempTables) return [...creates];
  const rank = (job: JobNode): number => {
    if (serving.has(job.key) || job.state === "running") return 0;
    if (job.state === "queued") return 1;
    return job.state === "done" ? 2 : 3;
  };
  const chosen = creates
    .map((job, at) => ({ job, at }))
    .sort((left, right) => rank(left.job) - rank(right.job) || right.at - left.at)
    .slice(0, mostTempTables)
    .map(({ job }) => job);
  return creates.filter((job) => chosen.includes(job));
}

/** How many temp tables each create is away from base tables, at the most. */
function depthsOf(jobs: Jobs): Map<string, number> {
  const inputs = new Map<string, string[]>();
  const creates = new Set(jobs.nodes.filter((job) => job.kind === "create").map((job) => job.key));
  for (const { source, target, kind } of jobs.edges)
    if (kind === "input" && creates.has(source)) inputs.set(target, [...(inputs.get(target) ?? []), source]);
  const depths = new Map<string, number>();
  const depth = (key: string, path: ReadonlySet<string>): number => {
    if (path.has(key)) return 1;
    const known = depths.get(key);
    if (known !== undefined) return known;
    const found = 1 + Math.max(0, ...(inputs.get(key) ?? []).map((input) => depth(input, new Set([...path, key]))));
    depths.set(key, found);
    return found;
  };
  for (const key of creates) depth(key, new Set());
  return depths;
}
