/** The preview panel: it takes messages, keeps what it knows, and draws it. */

import { diffView } from "./diff";
import { button, element } from "./dom";
import { emptyView } from "./empty";
import { footerItems } from "./footer";
import { breadcrumb, factsLine, spokenFacts, type HeaderFacts } from "./header";
import { jobsBadge, JobsList } from "./jobs";
import type { PanelCommand, Post, ToPanel } from "./messages";
import { explainLateAfter, notice } from "./notices";
import { Rows } from "./rows";
import { currentDocument, nothingYet, received, type DocumentState, type PanelState } from "./state";

/** Until then an answer is not late: no dimming, no spinner. */
const lateAfter = 150;
/** An error of a word that is still being typed waits this long. */
const failedAfter = 600;
/** The live region speaks at most this often. */
const speakEvery = 2_000;

type Tab = "rows" | "diff" | "jobs";
const tabs: readonly Tab[] = ["rows", "diff", "jobs"];
const tabNames: Readonly<Record<Tab, string>> = { rows: "Rows", diff: "Diff", jobs: "Jobs" };

/** A panel drawn into an element. `receive` is all that its host calls. */
export class Panel {
  private state: PanelState = nothingYet;
  private tab: Tab = "rows";
  private readonly root = element("main", "sq");
  private readonly top = element("div", "top");
  private readonly facts = element("div");
  private readonly live = element("div", "sr");
  private readonly tabList = element("div", "tabs");
  private readonly notices = element("div", "notices");
  private readonly emptyScreen = element("div", "emptybox");
  private readonly tabPanels: Readonly<Record<Tab, HTMLElement>>;
  private readonly footer = element("footer", "foot num");
  private readonly rows = new Rows();
  private readonly jobs = new JobsList();
  private readonly drawnAs = new Map<HTMLElement, string>();
  private readonly isMac: boolean;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private saidAt = -speakEvery;
  private said = "";

  constructor(
    parent: HTMLElement,
    private readonly post: Post,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.isMac = /mac/i.test(navigator.userAgent);
    this.root.setAttribute("aria-label", "SpeQL preview");
    this.live.setAttribute("role", "status");
    this.live.setAttribute("aria-live", "polite");
    this.tabList.setAttribute("role", "tablist");
    this.tabList.setAttribute("aria-label", "Views of the preview");
    this.tabList.addEventListener("keydown", (event) => this.onTabKey(event));
    this.tabPanels = { rows: this.tabPanel("rows"), diff: this.tabPanel("diff"), jobs: this.tabPanel("jobs") };
    this.tabPanels.rows.append(this.rows.root);
    this.tabPanels.jobs.append(this.jobs.root);
    const header = element("header", "", this.top, this.facts, this.live);
    const panels = tabs.map((tab) => this.tabPanels[tab]);
    this.root.append(header, this.tabList, this.notices, this.emptyScreen, ...panels, this.footer);
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.post({ kind: "focusEditor" });
    });
    parent.replaceChildren(this.root);
    if ("ResizeObserver" in globalThis) {
      // The tab's own height changes with the notices above it, the panel's width with the window.
      const observer = new ResizeObserver(() => this.rows.resized());
      observer.observe(this.root);
      observer.observe(this.tabPanels.rows);
    }
    this.draw();
    post({ kind: "ready" });
  }

  /** Take a message of the host. */
  receive(message: ToPanel): void {
    this.state = received(this.state, message, this.now());
    this.draw();
  }

  private draw(): void {
    const now = this.now();
    const known = currentDocument(this.state);
    const waitedFor = known?.waiting == null ? null : now - known.waiting.since;
    const lateFor = waitedFor !== null && waitedFor >= lateAfter ? waitedFor : null;
    const facts = headerFacts(known, lateFor !== null, now);
    const failedNow = known?.failedAt != null && now - known.failedAt >= failedAfter ? known.latest : null;
    const isEmpty = facts.shown === null;

    this.root.classList.toggle("is-late", lateFor !== null);
    this.root.classList.toggle("is-empty", isEmpty);
    this.root.classList.toggle("old", facts.staleFor !== null || this.state.server !== "running");
    this.replace(this.top, [known?.name, facts.shown?.breadcrumb, facts.shown?.statement], () => [
      breadcrumb(facts, () => this.revealStatement(known)),
    ]);
    const staleSeconds = facts.staleFor === null ? null : Math.floor(facts.staleFor / 1_000);
    this.replace(this.facts, [facts.shown === null, facts.shown?.version, factKey(facts), staleSeconds], () => [
      factsLine(facts, () => this.show("jobs", true)),
    ]);
    this.drawTabs(known);
    this.drawNotice(known, failedNow, lateFor, facts.staleFor !== null);
    const emptyKey = isEmpty ? [known?.latest?.problems, this.state.status?.connection, lateFor !== null] : null;
    this.replace(this.emptyScreen, emptyKey, () =>
      isEmpty ? [emptyView(known?.latest ?? null, this.state.status, lateFor !== null, this.isMac)] : [],
    );
    if (facts.shown !== null) this.rows.update(facts.shown);
    this.drawTab(known);
    this.replace(this.footer, [this.state.status, this.state.server], () =>
      footerItems(this.state.status, this.state.server, () => this.run("speql.selectDatabase")),
    );
    this.speak(facts, known, now);
    this.drawAgain(known, facts, now);
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

  private drawNotice(
    known: DocumentState | null,
    failed: DocumentState["latest"],
    lateFor: number | null,
    hasOldRows: boolean,
  ): void {
    const actions = {
      run: (command: PanelCommand) => this.run(command),
      reveal: (position: { line: number; character: number }) => this.reveal(known, position),
    };
    const made = notice({ server: this.state.server, failed, lateFor, hasOldRows }, actions);
    this.replace(this.notices, made?.key ?? null, () => (made === null ? [] : [made.node]));
  }

  private drawTabs(known: DocumentState | null): void {
    const edits = known?.latest?.edits.length ?? 0;
    const badges: Readonly<Record<Tab, string | null>> = {
      rows: null,
      diff: edits === 0 ? null : String(edits),
      jobs: jobsBadge(known?.jobs ?? null),
    };
    this.replace(this.tabList, [this.tab, badges], () => {
      const made = tabs.map((tab) => this.tabButton(tab, badges[tab]));
      const late = element("div", "late");
      late.setAttribute("aria-hidden", "true");
      const hadFocus = this.tabList.contains(document.activeElement);
      if (hadFocus) queueMicrotask(() => made[tabs.indexOf(this.tab)]!.focus());
      return [...made, late];
    });
  }

  private tabButton(tab: Tab, badge: string | null): HTMLButtonElement {
    const isShown = tab === this.tab;
    const made = button(
      "",
      () => this.show(tab, false),
      tabNames[tab],
      badge === null ? null : element("span", "count num", badge),
    );
    made.id = `t-${tab}`;
    made.tabIndex = isShown ? 0 : -1;
    made.setAttribute("role", "tab");
    made.setAttribute("aria-selected", String(isShown));
    made.setAttribute("aria-controls", `p-${tab}`);
    return made;
  }

  private tabPanel(tab: Tab): HTMLElement {
    const made = element("section", `tab-${tab}`);
    made.id = `p-${tab}`;
    made.tabIndex = -1;
    made.setAttribute("role", "tabpanel");
    made.setAttribute("aria-labelledby", `t-${tab}`);
    return made;
  }

  private drawTab(known: DocumentState | null): void {
    for (const tab of tabs) this.tabPanels[tab].hidden = tab !== this.tab;
    const shown = known?.shown ?? null;
    const latest = known?.latest ?? shown;
    if (this.tab === "diff") {
      this.replace(this.tabPanels.diff, [latest?.uri, latest?.edits, latest?.executedSql], () =>
        diffView(latest, {
          accept: () => this.run("speql.acceptRepair"),
          reveal: (position) => this.reveal(known, position),
        }),
      );
    } else if (this.tab === "jobs") {
      const jobs = known?.jobs ?? null;
      if (this.hasChanged(this.jobs.root, [jobs, shown?.decisions, shown?.servedFrom])) {
        this.jobs.update(jobs, shown?.decisions ?? [], shown?.servedFrom ?? []);
      }
    }
  }

  private show(tab: Tab, withFocus: boolean): void {
    this.tab = tab;
    this.draw();
    if (withFocus) document.getElementById(`t-${tab}`)?.focus();
    this.rows.resized();
  }

  private onTabKey(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.show(tabs[(tabs.indexOf(this.tab) + step) % tabs.length]!, true);
  }

  private run(command: PanelCommand): void {
    this.post({ kind: "command", command });
  }

  private reveal(known: DocumentState | null, position: { line: number; character: number }): void {
    if (known !== null) this.post({ kind: "reveal", uri: known.uri, position });
  }

  private revealStatement(known: DocumentState | null): void {
    const statement = known?.shown?.statement;
    if (statement != null) this.reveal(known, statement.start);
  }

  /** Say the new facts, not while typing and not too often. */
  private speak(facts: HeaderFacts, known: DocumentState | null, now: number): void {
    const text = spokenFacts(facts);
    if (text === this.said || known?.waiting != null || now - this.saidAt < speakEvery) return;
    this.said = text;
    this.saidAt = now;
    this.live.textContent = text;
  }

  /** Draw again when time alone will change what is shown: late, failed, or a stale chip that counts. */
  private drawAgain(known: DocumentState | null, facts: HeaderFacts, now: number): void {
    clearTimeout(this.timer);
    const times: number[] = [];
    if (known?.waiting != null) {
      const waitedFor = now - known.waiting.since;
      if (waitedFor < lateAfter) times.push(lateAfter - waitedFor);
      else times.push(waitedFor < explainLateAfter ? explainLateAfter - waitedFor : 1_000 - (waitedFor % 1_000));
    }
    if (known?.failedAt != null && now - known.failedAt < failedAfter) times.push(failedAfter - (now - known.failedAt));
    if (facts.staleFor !== null) times.push(1_000 - (facts.staleFor % 1_000));
    if (spokenFacts(facts) !== this.said && known?.waiting == null)
      times.push(Math.max(speakEvery - (now - this.saidAt), 0));
    if (times.length > 0) this.timer = setTimeout(() => this.draw(), Math.max(1, Math.ceil(Math.min(...times))));
  }
}

function headerFacts(known: DocumentState | null, isLate: boolean, now: number): HeaderFacts {
  // Old rows are stale at once where an answer says so, and after a moment where none has come yet.
  const answeredStale = known?.staleSince != null && known.waiting === null;
  const isStale = known?.staleSince != null && (answeredStale || isLate);
  return {
    documentName: known?.name ?? "SpeQL",
    shown: known?.shown ?? null,
    staleFor: isStale ? now - known.staleSince! : null,
  };
}

function factKey({ shown }: HeaderFacts): unknown {
  if (shown === null) return null;
  return [
    shown.states,
    shown.totalRows,
    shown.complete,
    shown.rows.length,
    shown.timings,
    shown.servedFrom,
    shown.tempOnly,
    shown.purpose,
  ];
}
