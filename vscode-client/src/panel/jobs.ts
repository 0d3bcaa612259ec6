/** The Jobs tab: base tables, temp tables and the preview as a graph, and what is to be said of the selected node. */

import type { Decision, Jobs, Status } from "../protocol.gen";
import { about, shortCount } from "./amounts";
import { button, element, focusedNear, icon, spoken, svgElement } from "./dom";
import { duration, size } from "./format";
import type { Glyph } from "./glyphs";
import { graphOf, Places, stateWord, type Graph, type GraphNode } from "./jobGraph";
import { jobNote } from "./jobNote";
import { meter } from "./meter";
import { isPausedByUser } from "./speculation";
import type { JobTimes } from "./state";

/** What the tab is made from. Times are on the clock of `now`. */
export interface JobsFacts {
  jobs: Jobs | null;
  times: JobTimes;
  decisions: readonly Decision[];
  status: Status | null;
  now: number;
}

/** What the buttons of the tab do. */
export interface JobsActions {
  copy: (text: string) => void;
  pause: () => void;
}

const glyphOf: Readonly<Record<string, Glyph>> = {
  base: "table",
  queued: "queued",
  running: "running",
  done: "exact",
  failed: "failed",
  cancelled: "cancelled",
  greyed: "greyed",
  evicted: "evicted",
};

const kindWord = { base: "base table", temp: "temp table", preview: "preview", submit: "submit" } as const;

/** Done and wanted jobs while any runs or waits, or null when nothing does. */
export function jobsBadge(jobs: Jobs | null): string | null {
  const nodes = jobs?.nodes ?? [];
  const open = nodes.filter((node) => node.state === "running" || node.state === "queued").length;
  const done = nodes.filter((node) => node.state === "done").length;
  return open === 0 ? null : `${done}/${done + open}`;
}

/** How far a job is that runs, by what was expected of it: 0 to 0.99; null where nothing was. */
export function progress(node: GraphNode, times: JobTimes, now: number): number | null {
  const since = node.job === null ? undefined : times.get(node.job.key)?.since;
  if (node.state !== "running" || since === undefined || node.milliseconds === null || node.milliseconds <= 0)
    return null;
  return Math.max(0, Math.min(0.99, (now - since) / node.milliseconds));
}

/** The graph and its side note. It keeps what the user has selected and where each node stands. */
export class JobsGraph {
  readonly root = element("div", "jobstab");
  private readonly tools = element("div", "tools");
  private readonly box = element("div", "dagbox");
  private readonly dag = element("div", "dag");
  private readonly note = element("aside", "note");
  private readonly edges = svgElement("svg", { "aria-hidden": "true" });
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly places = new Places();
  private graph: Graph = graphOf(null);
  private facts: JobsFacts | null = null;
  private selected: string | null = null;
  private unfolded = false;

  constructor(private readonly actions: JobsActions) {
    this.dag.setAttribute("role", "group");
    this.dag.setAttribute("aria-label", "Job graph, left to right: base tables, temp tables, preview");
    this.note.setAttribute("aria-label", "Selected job");
    this.note.tabIndex = 0;
    this.box.append(this.dag, legend());
    this.root.append(this.tools, element("div", "jobs", this.box, this.note));
  }

  /** Draw what is known now. */
  update(facts: JobsFacts): void {
    this.facts = facts;
    this.graph = graphOf(facts.jobs, this.unfolded);
    if (this.selected !== null && this.find(this.selected) === undefined) this.selected = null;
    this.drawTools(facts.status);
    this.draw();
    this.drawNote();
  }

  /** What depends on the size of the panel. */
  resized(): void {
    if (this.facts !== null) this.draw();
  }

  /** Show what the preview was served from: its edges stand out until a node is chosen. */
  showServing(): void {
    this.selected = this.find("preview") === undefined ? this.selected : "preview";
    this.dag.classList.add("lit");
    if (this.facts !== null) this.update(this.facts);
  }

  private find(id: string): GraphNode | undefined {
    return this.graph.nodes.find((node) => node.id === id);
  }

  private select(id: string): void {
    this.selected = id;
    this.dag.classList.remove("lit");
    if (this.facts !== null) this.update(this.facts);
  }

  private drawTools(status: Status | null): void {
    const { bytesHeld, bytesAllowed } = status?.budget ?? { bytesHeld: null, bytesAllowed: null };
    const items: HTMLElement[] = [];
    if (bytesHeld !== null) {
      const allowed = bytesAllowed === null ? " of temp tables" : ` of ${size(bytesAllowed)} temp tables`;
      items.push(element("span", "num", size(bytesHeld), element("span", "muted", allowed)));
      if (bytesAllowed !== null && bytesAllowed > 0)
        items.push(meter(bytesHeld / bytesAllowed, "of what temp tables may take"));
    }
    items.push(element("span", "grow"));
    const isPaused = isPausedByUser(status?.speculation);
    const pause = button(
      "btn quiet",
      this.actions.pause,
      icon(isPaused ? "resume" : "pause"),
      isPaused ? "Resume" : "Pause",
    );
    pause.title = isPaused ? "Work ahead again" : "Stop working ahead; submits still run";
    const made = [...items, pause];
    const html = (parts: Iterable<Element>): string => [...parts].map((part) => part.outerHTML).join("");
    if (html(this.tools.children) === html(made)) return;
    const had = this.tools.contains(focusedNear(this.tools));
    this.tools.replaceChildren(...made);
    if (had) pause.focus();
  }

  private draw(): void {
    const { nodes, edges, columns, folded } = this.graph;
    const rows = this.places.arrange(nodes);
    const shape = geometry(this.box.clientWidth, this.box.clientHeight, columns, 1 + Math.max(0, ...rows.values()));
    this.dag.classList.toggle("narrow", shape.narrow);
    for (const [id, made] of this.buttons) {
      if (this.find(id) !== undefined) continue;
      made.remove();
      this.buttons.delete(id);
    }
    const titles = Array.from({ length: columns }, (_, at) => columnTitle(at, columns));
    const headings = titles.map((title, at) => {
      const heading = element("h3", "", title);
      heading.style.left = `${shape.x(at)}px`;
      return heading;
    });
    this.dag.querySelectorAll("h3, .folded, .nothing").forEach((old) => old.remove());
    const order = nodes
      .map((node) => ({ node, row: rows.get(node.id)! }))
      .sort((left, right) => left.node.column - right.node.column || left.row - right.row);
    // Inserting what is in its place already would take the focus from it.
    if (this.dag.firstChild !== this.edges) this.dag.prepend(this.edges);
    order.forEach(({ node, row }) => {
      const made = this.button(node, shape.narrow);
      made.style.width = `${shape.width}px`;
      made.style.transform = `translate(${shape.x(node.column)}px, ${shape.y(row)}px)`;
    });
    const wanted = order.map(({ node }) => this.buttons.get(node.id)!);
    const there = [...this.dag.children].filter((child) => child.classList.contains("node"));
    if (wanted.length !== there.length || wanted.some((made, at) => made !== there[at])) this.reorder(wanted);
    this.edges.before(...headings);
    if (folded > 0 || this.unfolded) this.dag.append(this.foldButton(folded, shape, rows));
    if (nodes.length === 0)
      this.dag.append(element("p", "nothing muted", "No jobs yet. Temp tables appear here while you type."));
    this.edges.replaceChildren(
      ...edges.flatMap(({ from, to, kind }) => {
        const [start, end] = [this.find(from), this.find(to)];
        if (start === undefined || end === undefined) return [];
        const x1 = shape.x(start.column) + shape.width;
        const y1 = shape.y(rows.get(from)!) + shape.height / 2;
        const x2 = shape.x(end.column);
        const y2 = shape.y(rows.get(to)!) + shape.height / 2;
        const bend = Math.max(16, (x2 - x1) / 2);
        const d = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
        return [svgElement("path", { class: kind, d })];
      }),
    );
    this.edges.setAttribute("width", String(shape.totalWidth));
    this.edges.setAttribute("height", String(shape.totalHeight));
    this.dag.style.width = `${shape.totalWidth}px`;
    this.dag.style.height = `${shape.totalHeight + (folded > 0 || this.unfolded ? 34 : 0)}px`;
  }

  /** Put the nodes in the order in which Tab goes through them; the one that has the focus keeps it. */
  private reorder(wanted: readonly HTMLButtonElement[]): void {
    const focused = focusedNear(this.dag) as HTMLElement | null;
    this.dag.append(...wanted);
    if (focused !== null && wanted.includes(focused as HTMLButtonElement)) focused.focus();
  }

  private button(node: GraphNode, narrow: boolean): HTMLButtonElement {
    let made = this.buttons.get(node.id);
    if (made === undefined) {
      made = button("", () => this.select(node.id));
      this.buttons.set(node.id, made);
    }
    const done = progress(node, this.facts!.times, this.facts!.now);
    const time = timeText(node, done);
    const isShown = node.kind === "preview" || node.kind === "submit";
    const glyph =
      isShown && node.state === "done" ? (node.kind === "submit" ? "submit" : "preview") : glyphOf[node.state];
    const word = node.kind === "base" ? "" : `${stateWord(node.state)} `;
    const meta = metaText(node);
    made.className = `node ${node.kind} ${node.state}`;
    made.setAttribute("aria-pressed", String(node.id === this.selected));
    made.title = node.job?.reason ?? "";
    // In the order in which it is read: `sales, temp table, done, 10.4 M rows · 412 MB, 1.9 s`.
    const state = node.kind === "base" || narrow ? "" : `, ${stateWord(node.state)}`;
    made.replaceChildren(
      icon(glyph ?? "queued"),
      element("span", "name", node.name),
      spoken(`, ${kindWord[node.kind]}${state}, `),
      element("span", "meta num", narrow ? meta.replace(/ rows?/, "") : meta),
      spoken(", "),
      element("span", "time num", narrow ? `${word}${time}`.trim() : time),
    );
    if (done !== null) {
      const bar = element("span", "prog");
      bar.style.width = `${Math.round(done * 100)}%`;
      made.append(bar);
    }
    return made;
  }

  private foldButton(folded: number, shape: Shape, rows: ReadonlyMap<string, number>): HTMLElement {
    const text = this.unfolded ? "Fold idle temp tables" : `and ${folded} more`;
    const made = button(
      "folded link",
      () => {
        this.unfolded = !this.unfolded;
        if (this.facts !== null) this.update(this.facts);
        this.dag.querySelector<HTMLElement>(".folded")?.focus();
      },
      text,
    );
    const below =
      1 + Math.max(...this.graph.nodes.filter((node) => node.column === 1).map((node) => rows.get(node.id)!), 0);
    made.style.left = `${shape.x(1)}px`;
    made.style.top = `${shape.y(below)}px`;
    return made;
  }

  private drawNote(): void {
    const node = this.selected === null ? undefined : this.find(this.selected);
    const actions = { copy: this.actions.copy, select: (id: string): void => this.select(id) };
    const made = jobNote(node ?? null, this.graph, this.facts!, actions);
    // Only the time goes on by itself: what the user reads or has the focus in stays.
    const isWhen = (part: Element): boolean => part.classList.contains("when");
    const lasting = (part: Element): string => (isWhen(part) ? "" : part.outerHTML);
    const there = [...this.note.children];
    if (there.map(lasting).join("\n") !== made.map(lasting).join("\n")) this.note.replaceChildren(...made);
    else there.forEach((part, at) => isWhen(part) && (part.textContent = made[at]!.textContent));
  }
}

function columnTitle(at: number, columns: number): string {
  if (at === 0) return "Base tables";
  if (at === columns - 1) return "Preview, then next";
  return at === 1 ? "Temp tables" : "";
}

function timeText(node: GraphNode, done: number | null): string {
  if (done !== null) return `≈ ${Math.round(done * 100)} %`;
  if (node.milliseconds === null) return "";
  return node.estimated ? about(node.milliseconds) : duration(node.milliseconds);
}

function metaText(node: GraphNode): string {
  const sign = node.estimated && node.rows !== null ? "≈ " : "";
  const rows = node.rows === null ? "" : `${sign}${shortCount(node.rows)} ${node.rows === 1 ? "row" : "rows"}`;
  return [rows, node.bytes === null ? "" : size(node.bytes)].filter((part) => part !== "").join(" · ");
}

function legend(): HTMLElement {
  const items = (["done", "running", "queued", "greyed", "evicted", "failed"] as const).map((state) =>
    element("li", state, icon(glyphOf[state]!), stateWord(state)),
  );
  const list = element("ul", "legend", ...items);
  list.setAttribute("aria-label", "States");
  return list;
}

interface Shape {
  narrow: boolean;
  width: number;
  height: number;
  totalWidth: number;
  totalHeight: number;
  x: (column: number) => number;
  y: (row: number) => number;
}

const top = 24;
const sides = 32;

/** Three columns fill the width; more scroll sideways. */
function geometry(boxWidth: number, boxHeight: number, columns: number, rows: number): Shape {
  const available = (boxWidth || 648) - sides;
  const narrow = available < 420;
  const width = narrow ? Math.floor((available - 46) / 3) : Math.min(164, Math.floor((available - 60) / 3));
  const height = narrow ? 58 : 52;
  const step = (available - width) / 2;
  // Rows are spread over the height that is there, between 12 and 40 pixels apart.
  const free = ((boxHeight || 560) - 88 - rows * height) / Math.max(1, rows - 1);
  const gap = narrow ? 8 : Math.max(12, Math.min(40, free));
  return {
    narrow,
    width,
    height,
    totalWidth: Math.floor(step * (columns - 1) + width),
    totalHeight: top + rows * (height + gap) - gap,
    x: (column) => Math.round(column * step),
    y: (row) => Math.round(top + row * (height + gap)),
  };
}
