/** The buttons of the header: earlier and later preview, follow the cursor, more. */

import { button, element, focusedNear, icon } from "./dom";
import { menuButton, type MenuItem } from "./menu";

/** What the buttons do, and what the menu has at the time. */
export interface HeaderActions {
  go: (step: number) => void;
  follow: () => void;
  items: () => MenuItem[];
}

/** What the buttons show. */
export interface HeaderButtonFacts {
  earlier: number;
  later: number;
  follows: boolean;
  canPin: boolean;
}

/** The buttons. They stay the same elements, so that the focus stays where it is. */
export class HeaderButtons {
  readonly root = element("div", "topbuttons");
  private readonly earlier: HTMLButtonElement;
  private readonly later: HTMLButtonElement;
  private readonly follow: HTMLButtonElement;

  constructor(actions: HeaderActions) {
    this.earlier = button("icon", () => actions.go(-1), icon("earlier"));
    this.later = button("icon", () => actions.go(1), icon("later"));
    this.follow = button("icon", actions.follow, icon("follow"));
    const more = menuButton("icon", "More actions", actions.items, icon("more"));
    label(more, "More actions");
    this.root.append(this.earlier, this.later, this.follow, more);
  }

  /** Show what can be done now. */
  update({ earlier, later, follows, canPin }: HeaderButtonFacts): void {
    disable(this.earlier, earlier === 0);
    disable(this.later, later === 0);
    label(this.earlier, "Earlier preview (Alt+Left)");
    label(this.later, "Later preview (Alt+Right)");
    this.follow.disabled = !canPin && follows;
    this.follow.setAttribute("aria-pressed", String(follows));
    label(this.follow, "Follow the cursor");
    this.follow.title = follows
      ? "Follow the cursor. Off keeps this SELECT."
      : "This SELECT is kept. On follows the cursor.";
  }
}

/** A button that loses its use keeps the focus, or the keyboard would be nowhere. */
function disable(made: HTMLButtonElement, isDisabled: boolean): void {
  const hasFocus = made === focusedNear(made);
  made.disabled = isDisabled && !hasFocus;
  made.setAttribute("aria-disabled", String(isDisabled));
}

function label(made: HTMLButtonElement, text: string): void {
  made.setAttribute("aria-label", text);
  made.title = text;
}
