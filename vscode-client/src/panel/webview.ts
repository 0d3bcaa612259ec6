/** The panel inside a VS Code webview: the only file of this folder that knows that it runs in one. */

import { chartFrom } from "./chart/load";
import type { FromPanel, ToPanel } from "./messages";
import { Panel } from "./panel";

declare function acquireVsCodeApi(): { postMessage(message: FromPanel): void };

const host = acquireVsCodeApi();
// The page's own script tag says where the script is that draws charts, and the nonce that its policy knows.
const { chart, nonce } = (document.currentScript as HTMLScriptElement | null)?.dataset ?? {};
const loadChart = chart === undefined || nonce === undefined ? null : chartFrom(chart, nonce);
// `ready` is posted while the panel is made, and the host answers it with everything it knows: listen first.
let panel: Panel | undefined;
window.addEventListener("message", (event: MessageEvent<ToPanel>) => panel?.receive(event.data));
panel = new Panel(document.body, (message) => host.postMessage(message), undefined, loadChart);
