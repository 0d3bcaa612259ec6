/** The preview panel: it takes messages, keeps what it knows, and draws it. */

import type { Column, Position, Preview } from "../protocol.gen";
import { actionItems } from "./actionItems";
import { ChartTab } from "./chart/chartTab";
import type { LoadChart } from "./chart/load";
import { onThemeChange } from "./chart/theme";
import { ColumnsToCome } from "./columnsToCome";
import { diffView } from "./diff";
import { element } from "./dom";
import { emptyView } from "./empty";
import { firstLoadView } from "./firstLoad";
import { footerItems } from "./footer";
import { breadcrumb, factsLine, spokenFacts, type HeaderFacts } from "./header";
import { HeaderButtons } from "./headerButtons";
import { jobsBadge, JobsGraph } from "./jobs";
import type { PanelCommand, Post, ToPanel } from "./messages";
import { notice } from "./notices";
import { Asking } from "./questions";
import { Rows } from "./rows";
import { SampleRequest } from "./sampleRequest";
import { isPaid, isPausedByUser } from "./speculation";
import {
  currentDocument,
  isDismissed,
  nothingYet,
  pinnedOrNot,
  received,
  repairDismissed,
  steps,
  wentBy,
  type DocumentState,
  type PanelState,
} from "./state";
import { TabBar, tabs, type Tab } from "./tabBar";
import { changesIn, viewOf, worksAhead, type View } from "./view";

/** The live region speaks at most this often. */
const speakEvery = 2_000;

/** A panel drawn into an element. `receive` is all that its host calls. */
export class Panel {
  private state: PanelState = nothingYet;
  private readonly root = element("main", "sq");
  private readonly top = element("div", "top");
  private readonly crumbs = element("div", "crumbbox");
  private readonly facts = element("div");
  private readonly live = element("div", "sr");
  private readonly tabBar: TabBar;
  private readonly notices = element("div", "notices");
  private readonly emptyScreen = element("div", "emptybox");
  private readonly footer = element("footer", "foot num");
  private readonly asking: Asking;
  private readonly headerButtons: HeaderButtons;
  private readonly rows: Rows;
  private readonly chart: ChartTab;
  private readonly jobs: JobsGraph;
  private readonly drawnAs = new Map<HTMLElement, string>();
  private readonly isMac: boolean;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Since when the rows are not sorted or filtered as they were asked for; null while they are. */
  private rowsLateSince: number | null = null;
  private saidAt = -speakEvery;
  private said = "";
  private readonly columnsToCome: ColumnsToCome;
  private readonly sample: SampleRequest;

  /** `loadChart` is null where the host has no script that draws charts. */
  constructor(
    parent: HTMLElement,
    private readonly post: Post,
    private readonly now: () => number = () => performance.now(),
    loadChart: LoadChart | null = null,
  ) {
    this.asking = new Asking(post);
    this.columnsToCome = new ColumnsToCome(this.asking, () => this.draw());
    this.sample = new SampleRequest(this.asking, () => this.draw());
    this.tabBar = new TabBar(() => {
      this.draw();
      this.resized();
    });
    this.rows = new Rows({
      asking: this.asking,
      post,
      // It may be told while the panel is being drawn.
      isLate: (late) => {
        this.rowsLateSince = late ? this.now() : null;
        queueMicrotask(() => this.draw());
      },
      mayWorkAhead: () => worksAhead(this.state.status, this.uri()) && !this.isPaid(),
    });
    this.isMac = /mac/i.test(navigator.userAgent);
    this.headerButtons = new HeaderButtons({
      go: (step) => this.go(step),
      follow: () => this.pin(),
      items: () => this.actionItems(),
    });
    this.chart = new ChartTab({ asking: this.asking, post, load: loadChart, isPaid: () => this.isPaid() });
    this.jobs = new JobsGraph({
      copy: (text) => this.post({ kind: "copy", text }),
      pause: () => this.run("speql.pause"),
    });
    this.root.setAttribute("aria-label", "SpeQL preview");
    this.live.setAttribute("role", "status");
    this.live.setAttribute("aria-live", "polite");
    const { panels } = this.tabBar;
    panels.rows.append(this.rows.root);
    panels.chart.append(this.chart.root);
    panels.jobs.append(this.jobs.root);
    this.top.append(this.crumbs, this.headerButtons.root);
    const header = element("header", "", this.top, this.facts, this.live);
    const boxes = tabs.map((tab) => panels[tab]);
    this.root.append(header, this.tabBar.root, this.notices, this.emptyScreen, ...boxes, this.footer);
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.root.addEventListener("keydown", (event) => this.onHistoryKey(event), { capture: true });
    parent.replaceChildren(this.root);
    this.watchSizeAndTheme(parent);
    this.draw();
    post({ kind: "ready" });
  }

  /** Take a message of the host. */
  receive(message: ToPanel): void {
    if (message.kind === "answer" || message.kind === "refused") {
      this.asking.receive(message);
      return;
    }
    if (message.kind === "server" && message.state !== "running") this.asking.lost("The server has stopped.");
    this.change(received(this.state, message, this.now()));
  }

  private change(state: PanelState): void {
    this.state = state;
    this.draw();
  }

  private uri(): string | null {
    return currentDocument(this.state)?.uri ?? null;
  }

  /** What the panel asks the server for counts as the user's own, which no budget holds back: not unasked where this is. */
  private isPaid(): boolean {
    const { status } = this.state;
    return status !== null && isPaid(status, this.uri());
  }

  private watchSizeAndTheme(parent: HTMLElement): void {
    if ("ResizeObserver" in globalThis) {
      // The tab's own height changes with the notices above it, the panel's width with the window.
      const observer = new ResizeObserver(() => this.resized());
      observer.observe(this.root);
      for (const tab of tabs) observer.observe(this.tabBar.panels[tab]);
    }
    onThemeChange(() => {
      if (this.tabBar.shown === "chart") this.chart.redraw();
    }, parent);
  }

  private resized(): void {
    if (this.tabBar.shown === "rows") this.rows.resized();
    else if (this.tabBar.shown === "chart") this.chart.redraw();
    else if (this.tabBar.shown === "jobs") this.jobs.resized();
  }

  private view(): View {
    return viewOf(this.state, this.now(), this.rowsLateSince);
  }

  private draw(): void {
    const view = this.view();
    const { known, shown, lateFor, facts } = view;
    const columns = this.columns(view);
    // Before the first rows there may be jobs to look at already.
    const hasJobs = this.tabBar.shown === "jobs" && (known?.jobs?.nodes.length ?? 0) > 0;
    const isEmpty = shown === null && columns.length === 0 && !hasJobs;
    const isFirst = shown === null && columns.length > 0 && this.tabBar.shown === "rows";

    this.root.classList.toggle("is-late", lateFor !== null);
    this.root.classList.toggle("is-empty", isEmpty);
    this.root.classList.toggle("is-first", isFirst);
    const isOld = facts.staleFor !== null || facts.earlier !== null || this.state.server !== "running";
    this.root.classList.toggle("old", isOld);
    this.drawHeader(view);
    this.drawTabs(view);
    this.drawNotice(view);
    const emptyFacts = {
      latest: known?.latest ?? null,
      status: this.state.status,
      uri: known?.uri ?? null,
      files: this.state.files,
      isLate: lateFor !== null,
      isMac: this.isMac,
    };
    const emptyKey = isEmpty
      ? [
          known?.latest?.problems,
          this.state.status?.connections,
          this.state.status?.connection,
          emptyFacts.files,
          lateFor !== null,
        ]
      : null;
    this.replace(this.emptyScreen, isEmpty ? emptyKey : [isFirst, columns], () =>
      isEmpty
        ? [emptyView(emptyFacts, (name) => this.post({ kind: "useData", name }))]
        : isFirst
          ? [firstLoadView(columns)]
          : [],
    );
    if (shown !== null) {
      const rests = view.waiting === null && facts.earlier === null && this.state.server === "running";
      this.rows.update(shown, rests);
    }
    this.drawTab(view);
    this.replace(this.footer, [this.state.status, this.state.server, known?.uri], () =>
      footerItems(this.state.status, this.state.server, known?.uri ?? null, {
        connection: () => this.run("speql.selectDatabase"),
        pause: () => this.run("speql.pause"),
      }),
    );
    this.speak(view);
    this.drawAgain(view);
  }

  /** Replace an element's children only if what they are made from has changed: focus and selection stay. */
  private replace(target: HTMLElement, madeFrom: unknown, make: () => HTMLElement[]): void {
    if (this.hasChanged(target, madeFrom)) target.replaceChildren(...make());
  }

  private hasChanged(target: HTMLElement, madeFrom: unknown): boolean {
    const key = JSON.stringify(madeFrom);
    const isSame = this.drawnAs.get(target) === key;
    this.drawnAs.set(target, key);
    return !isSame;
  }

  private drawHeader({ known, shown, facts }: View): void {
    this.replace(this.crumbs, [known?.name, shown?.breadcrumb, shown?.places], () => [
      breadcrumb(facts, (place) => this.reveal(known, place)),
    ]);
    const told = steps(known);
    this.headerButtons.update({ ...told, follows: known?.pinned == null, canPin: known?.shown != null });
    this.replace(this.facts, factKey(facts), () => [factsLine(facts, () => this.showServing())]);
  }

  private drawNotice({ known, now, waiting, lateFor, failed, notRun, facts }: View): void {
    const { restart } = this.state;
    const isHidden = isDismissed(known, failed);
    const made = notice(
      {
        server: this.state.server,
        restart: restart === null ? null : { ...restart, seconds: restart.seconds - (now - restart.at) / 1_000 },
        failed: failed !== null && isHidden ? { ...failed, edits: [] } : failed,
        notRun,
        lateFor,
        hasOldRows: facts.staleFor !== null,
        jobs: known?.jobs ?? null,
        sample: this.sample.of(waiting?.version),
      },
      {
        run: (command) => this.run(command),
        reveal: (position) => this.reveal(known, position),
        sample: () => {
          if (known !== null && waiting !== null) void this.sample.ask(known.uri, waiting.version);
        },
        dismiss: () => this.change(repairDismissed(this.state)),
      },
    );
    this.replace(this.notices, made?.key ?? null, () => (made === null ? [] : [made.node]));
  }

  private drawTabs({ known }: View): void {
    const latest = known?.latest ?? null;
    const edits = isDismissed(known, latest) ? 0 : (latest?.edits.length ?? 0);
    const badges: Readonly<Record<Tab, string | null>> = {
      rows: null,
      chart: null,
      diff: edits === 0 ? null : String(edits),
      jobs: jobsBadge(known?.jobs ?? null),
    };
    this.tabBar.update(badges);
  }

  private drawTab({ known, now, shown, waiting, facts }: View): void {
    const isCurrent = facts.staleFor === null && waiting === null && this.state.server === "running";
    this.chart.update(shown, this.tabBar.shown === "chart" && shown !== null, isCurrent);
    if (this.tabBar.shown === "diff") this.drawDiff(known, shown, facts);
    else if (this.tabBar.shown === "jobs") {
      const jobs = known?.jobs ?? null;
      const times = known?.jobTimes ?? new Map<string, never>();
      const { status } = this.state;
      const second = Math.floor(now / 1_000);
      const key = [jobs, shown?.decisions, status?.budget, status?.speculation, second];
      if (this.hasChanged(this.jobs.root, key))
        this.jobs.update({ jobs, times, decisions: shown?.decisions ?? [], status, now });
    }
  }

  private drawDiff(known: DocumentState | null, shown: Preview | null, facts: HeaderFacts): void {
    const isEarlier = facts.earlier !== null;
    const preview = isEarlier ? shown : (known?.latest ?? shown);
    const dismissed = isDismissed(known, preview);
    const acceptable = !isEarlier && preview === known?.latest;
    const key = [preview?.uri, preview?.edits, preview?.pieces, preview?.statement, dismissed, acceptable];
    this.replace(this.tabBar.panels.diff, key, () =>
      diffView(
        { preview, dismissed, acceptable },
        {
          accept: () => this.run("speql.acceptRepair"),
          dismiss: () => this.change(repairDismissed(this.state)),
          reveal: (position) => this.reveal(known, position),
        },
      ),
    );
  }

  private showServing(): void {
    this.tabBar.show("jobs", true);
    this.jobs.showServing();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") this.post({ kind: "focusEditor" });
  }

  /** Alt and an arrow go through earlier previews from everywhere, also where arrows alone move something else. */
  private onHistoryKey(event: KeyboardEvent): void {
    const isAlt = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    const step = isAlt ? { ArrowLeft: -1, ArrowRight: 1 }[event.key] : undefined;
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.go(step);
  }

  private go(step: number): void {
    this.change(wentBy(this.state, step));
  }

  private pin(): void {
    this.change(pinnedOrNot(this.state));
    const known = currentDocument(this.state);
    if (known === null) return;
    const position = known.pinned === null ? null : (known.shown?.places.at(-1) ?? known.shown?.range?.start ?? null);
    this.post({ kind: "pin", uri: known.uri, position });
  }

  private actionItems(): ReturnType<typeof actionItems> {
    const facts = {
      shown: this.view().shown,
      isPaused: isPausedByUser(this.state.status?.speculation),
      isMac: this.isMac,
      exportResult: () => {
        this.tabBar.show("rows", false);
        this.rows.chooseExport();
      },
    };
    return actionItems(facts, this.post);
  }

  private run(command: PanelCommand): void {
    this.post({ kind: "command", command });
  }

  private reveal(known: DocumentState | null, position: Position): void {
    if (known !== null) this.post({ kind: "reveal", uri: known.uri, position });
  }

  /** The columns that the first rows will have, when these are late. */
  private columns({ known, shown, waiting, lateFor }: View): readonly Column[] {
    if (known === null || shown !== null || waiting === null || lateFor === null) return [];
    return this.state.server === "running" ? this.columnsToCome.of(known.uri, waiting.version) : [];
  }

  /** Say the new facts, not while typing and not too often. */
  private speak({ facts, waiting, now }: View): void {
    const text = spokenFacts(facts);
    if (text === this.said || waiting !== null || now - this.saidAt < speakEvery) return;
    this.said = text;
    this.saidAt = now;
    this.live.textContent = text;
  }

  /** Draw again when time alone will change what is shown: late, failed, or a chip that counts. */
  private drawAgain(view: View): void {
    clearTimeout(this.timer);
    const { known, waiting, facts, now } = view;
    const times = changesIn(view);
    if (this.state.restart !== null) times.push(1_000 - ((now - this.state.restart.at) % 1_000));
    if (this.tabBar.shown === "jobs" && (known?.jobs?.nodes.length ?? 0) > 0) times.push(1_000 - (now % 1_000));
    if (spokenFacts(facts) !== this.said && waiting === null) times.push(Math.max(speakEvery - (now - this.saidAt), 0));
    if (times.length > 0) this.timer = setTimeout(() => this.draw(), Math.max(1, Math.ceil(Math.min(...times))));
  }
}

function factKey({ shown, staleFor, earlier, next, loading }: HeaderFacts): unknown {
  const changing = [
    staleFor === null ? null : Math.floor(staleFor / 1_000),
    earlier?.at.getTime(),
    next === null ? null : Math.round(next / 1_000),
    loading === null ? null : [Math.floor(loading.waited / 100), loading.source],
  ];
  if (shown === null) return [null, changing];
  return [
    shown.version,
    shown.states,
    shown.sample,
    shown.totalRows,
    shown.complete,
    shown.rows.length,
    shown.timings,
    shown.servedFrom,
    shown.tempOnly,
    shown.purpose,
    changing,
  ];
}
