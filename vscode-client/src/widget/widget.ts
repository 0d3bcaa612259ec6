/** The notebook widget, as anywidget loads it: `speql.Editor()`. */

import type { Model } from "./messages";
import { WidgetView } from "./widgetView";

/** Draw the widget into an element of the notebook. Returns how to take it away. */
function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const view = new WidgetView(model, el);
  return () => view.destroy();
}

export default { render };
