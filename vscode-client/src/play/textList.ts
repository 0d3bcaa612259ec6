/** The texts that the server was started with. */

import { button, element, icon } from "../panel/dom";
import type { StartText } from "./start";

/** The list; hidden where there are none. */
export class TextList {
  /** The element. */
  readonly root = element("section", "texts");

  constructor(texts: readonly StartText[], open: (text: StartText) => void) {
    const title = element("h2", "", "Files");
    title.id = "texts-title";
    this.root.setAttribute("aria-labelledby", title.id);
    const items = texts.map((text) =>
      element(
        "li",
        "",
        button("example", () => open(text), icon("diff"), element("span", "grow", text.name)),
      ),
    );
    this.root.append(element("div", "sidehead", title), element("ul", "examplelist", ...items));
    this.root.hidden = texts.length === 0;
  }
}
