/** What the mouse does in the grid: cells and rows are selected, headers looked at, widths set back. */

import { headRow, type Selection } from "./selection";
import type { Table } from "./table";

/** What the grid does for it. */
export interface PointerActions {
  selection(): Selection;
  choose(selection: Selection): void;
  /** The keyboard goes to what was chosen. */
  focus(): void;
  /** The header of a column is looked at; null: none is any more. */
  lookedAt(column: number | null): void;
  /** A column is to be as wide as it was at first. */
  resetWidth(column: number): void;
  openValue(): void;
}

/** A header that the mouse rests on for so long says more (milliseconds). */
const hoverFor = 350;

/** Listens to the mouse in the element of a grid. */
export class Pointer {
  private isDragging = false;
  private hovered: number | null = null;
  private hover: ReturnType<typeof setTimeout> | undefined;

  constructor(
    box: HTMLElement,
    private readonly table: Table,
    private readonly actions: PointerActions,
  ) {
    box.addEventListener("mousedown", (event) => this.onDown(event));
    box.addEventListener("mouseover", (event) => this.onOver(event));
    box.addEventListener("mouseleave", () => {
      this.hovered = null;
      this.lookAt(null);
    });
    box.addEventListener("dblclick", (event) => this.onDoubleClick(event));
    document.addEventListener("mouseup", () => (this.isDragging = false));
  }

  /** The column whose header something is in; null if it is in none. */
  headOf(target: EventTarget | null): number | null {
    const id =
      target instanceof Element ? target.closest<HTMLElement>(".slick-header-column")?.dataset["id"] : undefined;
    return id === undefined || id === "numbers" ? null : Number(id);
  }

  /** A header is looked at, or none is any more: by the keyboard at once, by the mouse after a moment. */
  lookAt(column: number | null, after = 0): void {
    clearTimeout(this.hover);
    if (column === null || after === 0) this.actions.lookedAt(column);
    else this.hover = setTimeout(() => this.actions.lookedAt(column), after);
  }

  private onDown(event: MouseEvent): void {
    const place = event.button === 0 ? this.table.placeOf(event.target as Element) : null;
    if (place === null) return;
    event.preventDefault();
    const columns = this.table.shownColumns;
    const { anchor: before } = this.actions.selection();
    const anchor = event.shiftKey && before.row !== headRow ? before : null;
    if (place.column < 0) {
      const [first, last] = [columns[0] ?? 0, columns.at(-1) ?? 0];
      const from = anchor?.row ?? place.row;
      this.actions.choose({ at: { row: place.row, column: first }, anchor: { row: from, column: last } });
    } else {
      this.isDragging = true;
      this.actions.choose({ at: place, anchor: anchor ?? place });
    }
    this.actions.focus();
  }

  private onOver(event: MouseEvent): void {
    const head = this.headOf(event.target);
    if (head !== this.hovered) this.lookAt(head, hoverFor);
    this.hovered = head;
    if (!this.isDragging) return;
    const place = this.table.placeOf(event.target as Element);
    if (place !== null && place.column >= 0)
      this.actions.choose({ at: place, anchor: this.actions.selection().anchor });
  }

  private onDoubleClick(event: MouseEvent): void {
    const target = event.target as Element;
    const head = this.headOf(target);
    if (head !== null && target.classList.contains("slick-resizable-handle")) this.actions.resetWidth(head);
    else if (this.table.placeOf(target) !== null) this.actions.openValue();
  }
}
