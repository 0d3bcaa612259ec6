/** The Chart tab: a proposed chart of the whole result, changed by two dropdowns, read by keyboard, saved as a picture. */

import type { ChartChoice, Column, Preview } from "../../protocol.gen";
import { button, element, focusedNear, icon, spoken } from "../dom";
import { count, counted, percent } from "../format";
import { menuButton, type MenuItem } from "../menu";
import type { Post } from "../messages";
import { dialogButton } from "../popup";
import { Refused, type Asking } from "../questions";
import type { ChartDrawing, Drawn } from "./bundle";
import { chartTable } from "./chartTable";
import { markChoices, markOfChoice, sameChoice, withMark, type MarkChoice } from "./choosing";
import { Crosshair, stopsOf } from "./crosshair";
import { fieldsForm } from "./fieldsForm";
import type { LoadChart } from "./load";
import { pointsOf, type Points } from "./points";
import { hasBands, sampledChart } from "./sampled";
import { drawingOf, isStacked, seriesColours } from "./specification";
import { chartTheme } from "./theme";
import { thumbnail } from "./thumbnails";
import { chartTitle, fieldNames, markName, proposalName, spokenChart } from "./words";

/** What the tab needs of the panel. `load` is null where the host has no script that draws charts. */
export interface ChartServices {
  asking: Asking;
  post: Post;
  load: LoadChart | null;
  /** Whether what runs for the document costs money: a chart reads the whole result, so only where it is asked for. */
  isPaid(): boolean;
}

/** A chart that is shown: what it is made of, and what is to be said of it. */
interface Shown {
  choice: ChartChoice;
  columns: readonly Column[];
  points: Points;
  unit: string;
  notes: readonly string[];
  proposals: readonly ChartChoice[];
  /** The preview that it is of. */
  preview: Preview;
}

const markNames: Readonly<Record<MarkChoice, string>> = {
  bar: "Bar",
  line: "Line",
  area: "Area",
  point: "Points",
  histogram: "Histogram",
};

/** Previews that follow each other more closely than this are those of a text that is being typed. */
const restAfter = 400;

/** The tab. `update` is called whenever something has changed, and asks the server only while the tab is open. */
export class ChartTab {
  readonly root = element("div", "charttab");
  private readonly markButton: HTMLButtonElement;
  private readonly fieldsButton: HTMLButtonElement;
  private readonly tableButton: HTMLButtonElement;
  private readonly saveButton: HTMLButtonElement;
  private readonly tools: HTMLElement;
  private readonly title = element("h2");
  private readonly sub = element("p", "sub num");
  private readonly notes = element("ul", "chartnotes");
  private readonly message = element("div", "chartmessage");
  private readonly plot = element("div", "plot");
  private readonly tableBox = element("div", "tablebox");
  private readonly live = element("div", "sr");
  private readonly alternatives = element("div", "alts");
  private readonly crosshair: Crosshair;
  private shown: Shown | null = null;
  private choice: ChartChoice | null = null;
  /** What was asked for last, or drawn of an estimate: the same is not asked for again. */
  private wanted = "";
  private wantedAt = 0;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private asked: AbortController | null = null;
  private preview: Preview | null = null;
  private problem = "";
  private exactAnyway = "";
  /** The result of which the user has asked for a chart, by a button. */
  private wished = "";
  private asTable = false;
  private drawing: ChartDrawing | null = null;
  private drawn: Drawn | null = null;
  private ends: [number, number] | null = null;
  private turn = 0;

  constructor(private readonly services: ChartServices) {
    this.markButton = menuButton("pick", "Mark", () => this.markItems());
    this.fieldsButton = dialogButton("pick", "Fields", () => [this.fields()]);
    this.tableButton = button("btn quiet", () => this.toggleTable());
    this.saveButton = menuButton(
      "btn quiet",
      "Save the chart",
      () => this.saveItems(),
      icon("save"),
      element("span", "w-wide", "Save"),
    );
    this.saveButton.setAttribute("aria-label", "Save as PNG or SVG");
    this.tools = element(
      "div",
      "tools",
      this.markButton,
      this.fieldsButton,
      element("span", "grow"),
      this.tableButton,
      this.saveButton,
    );
    this.live.setAttribute("role", "status");
    this.live.setAttribute("aria-live", "polite");
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "img");
    this.tableBox.tabIndex = 0;
    this.tableBox.setAttribute("role", "region");
    this.tableBox.setAttribute("aria-label", "The chart as a table");
    this.alternatives.setAttribute("role", "group");
    this.alternatives.setAttribute("aria-label", "Proposed charts");
    this.crosshair = new Crosshair(this.plot, this.live);
    const content = element("div", "chart", this.title, this.sub, this.message, this.plot, this.tableBox, this.notes);
    this.root.append(this.tools, content, this.alternatives, this.live);
    this.drawAround();
  }

  /** The preview that is shown now, or null; whether the tab is open, and whether the preview is that of the text. */
  update(preview: Preview | null, isOpen: boolean, isCurrent: boolean): void {
    if (!isOpen) {
      this.withdraw();
      return;
    }
    if (preview === null) return;
    if (this.preview !== null && columnsKey(this.preview) !== columnsKey(preview)) {
      this.choice = null;
      this.ends = null;
      this.shown = null;
      this.problem = "";
      this.drawn?.destroy();
      this.drawn = null;
      this.plot.replaceChildren();
    }
    this.preview = preview;
    if (isCurrent) this.want(preview, false);
    else this.withdraw();
    this.drawAround();
  }

  /** What depends on the size of the panel, or on its theme: the chart is drawn again. */
  redraw(): void {
    if (this.shown !== null && !this.asTable) void this.draw();
  }

  /** Ask for the chart of a preview, unless that is there: at once, or when previews do not follow each other closely. */
  private want(preview: Preview, atOnce: boolean): void {
    const isEstimate = preview.states.includes("sample") && this.exactAnyway !== preview.result;
    if (atOnce) this.wished = preview.result;
    const mayAsk = this.wished === preview.result || !this.services.isPaid();
    const key = JSON.stringify([preview.uri, preview.result, preview.version, isEstimate, mayAsk, this.choice]);
    if (key === this.wanted) return;
    this.withdraw();
    this.wanted = key;
    this.problem = "";
    const now = Date.now();
    const isTyping = !atOnce && now - this.wantedAt < restAfter;
    this.wantedAt = now;
    if (isEstimate) this.drawEstimate(preview);
    else if (preview.result === "") this.problem = "Only the result of a query can be drawn.";
    else if (!mayAsk) this.shown = null;
    // A chart reads the whole result, which the next keystroke would make needless.
    else if (isTyping) this.resting = setTimeout(() => void this.ask(preview), restAfter);
    else void this.ask(preview);
  }

  private drawEstimate(preview: Preview): void {
    const estimate = sampledChart(preview, this.choice);
    if (estimate === null) {
      this.shown = null;
      return;
    }
    const { choice, points } = estimate;
    this.show({ choice, columns: preview.columns, points, unit: "", notes: [], proposals: [], preview });
  }

  private async ask(preview: Preview): Promise<void> {
    this.resting = undefined;
    const asked = new AbortController();
    this.asked = asked;
    const { uri, result, columns } = preview;
    try {
      const chart = await this.services.asking.ask("speql.chart", { uri, result, ...this.choice }, asked.signal);
      if (asked.signal.aborted) return;
      const { mark, x, y, colour, aggregate, binned, unit, notes, proposals } = chart;
      const choice = { mark, x, y, colour, aggregate, binned };
      this.show({ choice, columns, points: pointsOf(chart), unit, notes, proposals, preview });
    } catch (error) {
      if (asked.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      this.problem = error.message;
      this.drawAround();
    } finally {
      if (this.asked === asked) this.asked = null;
    }
  }

  private withdraw(): void {
    if (this.asked === null && this.resting === undefined) return;
    clearTimeout(this.resting);
    this.resting = undefined;
    this.asked?.abort();
    this.asked = null;
    this.wanted = "";
  }

  private show(shown: Shown): void {
    const isSame = this.shown !== null && sameChoice(this.shown.choice, shown.choice);
    const wasEstimate = this.shown?.preview.states.includes("sample") === true;
    // The exact chart takes the place of the estimate; others have scales of their own.
    if (!isSame || !wasEstimate) this.ends = null;
    const proposals = shown.proposals.length > 0 ? shown.proposals : (this.shown?.proposals ?? []);
    this.shown = { ...shown, proposals };
    this.drawAround();
    if (!this.asTable) void this.draw();
  }

  private choose(choice: ChartChoice | null): void {
    if (choice === null || this.preview === null) return;
    this.choice = choice;
    this.want(this.preview, true);
    this.drawAround();
  }

  /** All but the picture itself. */
  private drawAround(): void {
    const { shown } = this;
    const hasChart = shown !== null && this.problem === "";
    this.tools.hidden = shown === null;
    this.plot.hidden = !hasChart || this.asTable;
    this.tableBox.hidden = !hasChart || !this.asTable;
    this.title.hidden = this.sub.hidden = !hasChart;
    const message = this.messageNodes(hasChart);
    this.message.hidden = message.length === 0;
    this.message.replaceChildren(...message);
    this.alternatives.hidden = shown === null || shown.proposals.length === 0;
    if (shown === null) {
      this.notes.replaceChildren();
      return;
    }
    const title = chartTitle(shown.choice, shown.columns, shown.unit);
    this.title.textContent = title;
    this.sub.textContent = subtitle(shown);
    this.plot.setAttribute("aria-label", spokenChart(shown.choice, title, shown.points));
    this.notes.replaceChildren(...(hasChart ? shown.notes.map((note) => element("li", "muted", note)) : []));
    if (this.asTable)
      this.tableBox.replaceChildren(
        chartTable(shown.choice, shown.points, fieldNames(shown.choice, shown.columns, shown.unit), shown.unit, title),
      );
    this.drawTools(shown);
    this.drawAlternatives(shown);
  }

  private messageNodes(hasChart: boolean): HTMLElement[] {
    if (this.services.load === null) return [element("p", "muted", "Charts cannot be drawn here.")];
    if (this.problem !== "") return [element("p", "", this.problem)];
    if (hasChart) return [];
    if (this.preview === null) return [element("p", "muted", "No SELECT has been run yet.")];
    if (this.preview.states.includes("sample") && this.asked === null) {
      const result = this.preview.result;
      const exact = button(
        "btn",
        () => {
          this.exactAnyway = result;
          if (this.preview !== null) this.want(this.preview, true);
          this.drawAround();
        },
        "Draw the exact chart",
      );
      return [
        element("p", "", "The sample has only some rows of this result: they make no chart."),
        element("p", "muted", "It is drawn when the exact rows are there. Drawing it now runs the whole query."),
        element("div", "acts", exact),
      ];
    }
    if (this.wished !== this.preview.result && this.services.isPaid()) {
      const draw = (): void => {
        if (this.preview !== null) this.want(this.preview, true);
        this.drawAround();
      };
      return [
        element("p", "", "A chart reads the whole result, and what runs here costs money."),
        element("div", "acts", button("btn", draw, "Draw the chart")),
      ];
    }
    return [element("p", "muted", this.asked === null ? "The chart is drawn when the rows are there." : "Drawing.")];
  }

  private drawTools({ choice, columns, unit }: Shown): void {
    const mark = markName(choice);
    this.markButton.replaceChildren(
      icon(choice.binned ? "histogram" : choice.mark),
      element("span", "v", mark),
      icon("down", "chev"),
    );
    this.markButton.setAttribute("aria-label", `Mark: ${mark}`);
    const { x, y, colour } = fieldNames(choice, columns, unit);
    const parts = [
      ["x", x],
      ["y", choice.binned ? "rows" : y],
      ["colour", colour],
    ].filter(([, name]) => name !== "");
    this.fieldsButton.replaceChildren(
      spoken("Fields:"),
      ...parts.flatMap(([key, name]) => [" ", element("span", "k", key!), " ", element("span", "v", name!)]),
      icon("down", "chev"),
    );
    this.tableButton.replaceChildren(
      icon(this.asTable ? "line" : "table"),
      element("span", "w-wide", this.asTable ? "Show as chart" : "Show as table"),
    );
    this.tableButton.setAttribute("aria-label", this.asTable ? "Show as chart" : "Show as table");
    this.tableButton.title = this.asTable ? "Show as chart" : "Show as table";
    this.saveButton.disabled = this.asTable;
  }

  private drawAlternatives({ choice, columns, proposals }: Shown): void {
    const key = JSON.stringify([choice, columns, proposals]);
    if (this.alternatives.dataset["key"] === key) return;
    this.alternatives.dataset["key"] = key;
    const focused = [...this.alternatives.children].indexOf(focusedNear(this.alternatives)!);
    let bars = 0;
    const made = proposals.map((proposal) => {
      const isSecondBar = proposal.mark === "bar" && !proposal.binned && (bars += 1) > 1;
      const [name, of] = proposalName(proposal, columns);
      const chosen = button(
        "",
        () => this.choose(proposal),
        thumbnail(proposal, isSecondBar),
        element("span", "", name),
        element("span", "muted", of),
      );
      chosen.title = `${name} ${of}`;
      chosen.setAttribute("aria-pressed", String(sameChoice(proposal, choice)));
      return chosen;
    });
    this.alternatives.replaceChildren(...made);
    if (focused >= 0) made[focused]?.focus();
  }

  private markItems(): MenuItem[] {
    const { shown } = this;
    if (shown === null) return [];
    const current = markOfChoice(shown.choice);
    return markChoices.map((mark): MenuItem => {
      const changed = withMark(shown.choice, mark, shown.columns);
      return {
        label: markNames[mark],
        glyph: mark,
        checked: mark === current,
        disabled: changed === null,
        run: () => this.choose(changed),
      };
    });
  }

  private fields(): HTMLElement {
    const { shown } = this;
    if (shown === null) return element("div");
    return fieldsForm(shown.choice, shown.columns, (choice) => this.choose(choice));
  }

  private saveItems(): MenuItem[] {
    return [
      { label: "PNG picture", run: () => void this.save("image/png") },
      { label: "SVG picture", run: () => void this.save("image/svg+xml") },
    ];
  }

  private async save(type: "image/png" | "image/svg+xml"): Promise<void> {
    const { drawn, shown } = this;
    if (drawn === null || shown === null) return;
    const base64 = type === "image/png" ? (await drawn.png(2)).replace(/^[^,]*,/, "") : base64Of(await drawn.svg());
    const title = chartTitle(shown.choice, shown.columns, shown.unit).replace(/[^\p{L}\p{N} _-]+/gu, "");
    this.services.post({ kind: "save", name: `${title}.${type === "image/png" ? "png" : "svg"}`, type, base64 });
  }

  private toggleTable(): void {
    this.asTable = !this.asTable;
    this.drawAround();
    if (!this.asTable) void this.draw();
  }

  /** The picture. What is overtaken while it is drawn is thrown away; the old one stays until the new one is there. */
  private async draw(): Promise<void> {
    const { shown } = this;
    if (shown === null || this.services.load === null) return;
    const turn = ++this.turn;
    try {
      this.drawing ??= await this.services.load();
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      this.drawAround();
      return;
    }
    if (turn !== this.turn) return;
    const width = this.plot.clientWidth || 640;
    const height = Math.max(160, this.plot.clientHeight || 320);
    const theme = chartTheme(this.root);
    const names = fieldNames(shown.choice, shown.columns, shown.unit);
    const {
      specification,
      ends,
      lying,
      height: needed,
    } = drawingOf(shown.choice, shown.points, {
      width,
      height,
      theme,
      names,
      unit: shown.unit,
      keep: this.ends,
    });
    const target = element("div", "picture");
    target.setAttribute("aria-hidden", "true");
    target.style.height = `${needed}px`;
    const drawn = await this.drawing.draw(target, specification);
    if (turn !== this.turn) {
      drawn.destroy();
      return;
    }
    this.drawn?.destroy();
    this.drawn = drawn;
    this.ends = ends;
    // Vega gives its element a role of its own; the plot around it has the words.
    target.setAttribute("aria-hidden", "true");
    this.crosshair.root.style.height = `${needed}px`;
    this.plot.replaceChildren(target, this.crosshair.root);
    this.crosshair.update(drawn, stopsOf(shown.choice, shown.points, names, shown.unit), {
      lying,
      colours: shown.points.series.length === 0 ? [theme.series[0]!] : seriesColours(shown.points, theme),
      solid: isStacked(shown.choice, shown.points) || shown.choice.mark === "bar",
    });
  }
}

function columnsKey(preview: Preview): string {
  return JSON.stringify([preview.uri, preview.columns.map((column) => [column.name, column.type])]);
}

/** How many points, from how many rows, and what the bands are. */
function subtitle({ choice, points, preview }: Shown): string {
  const number = counted(points.values.length, choice.binned ? "bin" : "point");
  const { sample, totalRows } = preview;
  if (sample !== null && preview.states.includes("sample")) {
    const drawn =
      sample.rows === null ? `a sample of ${percent(sample.fraction)}` : `${count(sample.rows)} sampled rows`;
    return `${number} from ${drawn} of ${sample.table}${hasBands(points) ? ", bands: 95 % interval" : ", no sound interval"}`;
  }
  return totalRows === null ? number : `${number} from ${counted(totalRows, "row")}`;
}

function base64Of(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
