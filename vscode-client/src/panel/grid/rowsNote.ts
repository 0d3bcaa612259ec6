/** The line that says why something was not done with the rows. */

import { button, element, icon } from "../dom";

/** At most one reason at a time; none at first. */
export class RowsNote {
  readonly root = element("div", "rows-note");

  constructor() {
    this.root.setAttribute("role", "alert");
  }

  /** Say a reason, with a way to try again where there is one; null: there is nothing to say any more. */
  say(reason: string | null, again?: () => void): void {
    if (reason === null) {
      this.root.replaceChildren();
      return;
    }
    const retry = (): void => {
      this.say(null);
      again?.();
    };
    const dismiss = button("btn quiet", () => this.say(null), "Dismiss");
    const acts = again === undefined ? [dismiss] : [button("btn", retry, "Try again"), dismiss];
    this.root.replaceChildren(icon("failed"), element("span", "grow", reason), ...acts);
  }
}
