/** The card of a column, beside its header while that is looked at. */

import { place } from "../popup";

/** At most one card at a time. */
export class ColumnTip {
  private node: HTMLElement | null = null;
  private anchor: HTMLElement | null = null;
  /** The column whose card is shown; null if there is none. */
  column: number | null = null;

  /** Show a card of a column beside its header. */
  show(column: number, card: HTMLElement, anchor: HTMLElement): void {
    this.hide();
    const host = anchor.closest<HTMLElement>(".sq");
    if (host === null) return;
    card.id = "sq-column-card";
    card.setAttribute("role", "tooltip");
    anchor.setAttribute("aria-describedby", card.id);
    host.append(card);
    place(card, anchor, host);
    [this.node, this.anchor, this.column] = [card, anchor, column];
  }

  /** Take it away. */
  hide(): void {
    this.node?.remove();
    this.anchor?.removeAttribute("aria-describedby");
    [this.node, this.anchor, this.column] = [null, null, null];
  }
}
