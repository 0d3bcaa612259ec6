/** The panel inside a VS Code webview: the only file of this folder that knows that it runs in one. */

import type { FromPanel, ToPanel } from "./messages";
import { Panel } from "./panel";

declare function acquireVsCodeApi(): { postMessage(message: FromPanel): void };

const host = acquireVsCodeApi();
// `ready` is posted while the panel is made, and the host answers it with everything it knows: listen first.
let panel: Panel | undefined;
window.addEventListener("message", (event: MessageEvent<ToPanel>) => panel?.receive(event.data));
panel = new Panel(document.body, (message) => host.postMessage(message));
