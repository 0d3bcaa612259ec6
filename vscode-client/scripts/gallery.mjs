// Takes the pictures of gallery.sh, all in one browser, and a sheet of all of them for each theme and width.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const out = process.argv[2];
const list = (name, all) => (process.env[name] ? process.env[name].split(/\s+/) : all);
const crosshair = ["press=.plot", "focus=.plot", "key=Home", ...Array(8).fill("key=ArrowRight")].join("&");
// Of each picture its tab, its state, and what to press then.
const scenes = {
  rows: ["rows", "exact"],
  paged: ["rows", "paged"],
  statistics: ["rows", "exact", "press=[aria-label='Compute statistics']"],
  wide: ["rows", "wide"],
  cached: ["rows", "cached"],
  predicted: ["rows", "predicted"],
  stale: ["rows", "stale"],
  load: ["rows", "load"],
  failed: ["rows", "failed"],
  stopped: ["rows", "stopped"],
  earlier: ["rows", "earlier", "press=.topbuttons>:first-child"],
  empty: ["rows", "empty"],
  menu: ["rows", "exact", "press=.topbuttons>:last-child"],
  line: ["chart", "exact", crosshair],
  sample: ["chart", "sample", crosshair],
  bars: ["chart", "exact", "press=.alts>:nth-child(2)"],
  lying: ["chart", "exact", "press=.alts>:nth-child(4)"],
  histogram: ["chart", "exact", "press=.alts>:nth-child(3)"],
  fields: ["chart", "exact", "press=.pick:nth-child(2)"],
  table: ["chart", "exact", "press=.charttab .tools .quiet"],
  diff: ["diff", "repaired"],
  unrepaired: ["diff", "exact"],
  jobs: ["jobs", "exact", "press=.node.greyed"],
  running: ["jobs", "stale"],
  many: ["jobs", "many"],
};
const wanted = list("SCENES", Object.keys(scenes));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const problems = [];
for (const theme of list("THEMES", ["dark", "light", "hc", "hc-light"])) {
  for (const width of list("WIDTHS", ["900", "420"])) {
    const page = await browser.newPage({ viewport: { width: Number(width), height: 620 } });
    page.on("pageerror", (error) => problems.push(`${theme} ${width}: ${error.message}`));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(`${theme} ${width}: ${message.text()}`);
    });
    const shots = [];
    for (const name of wanted) {
      const [tab, scene, more = ""] = scenes[name];
      await page.goto("about:blank");
      const hash = `width=${width}&theme=${theme}&scene=${scene}&tab=${tab}&${more}`;
      await page.goto(`${pathToFileURL(join(out, "gallery.html"))}#${hash}`);
      await page.waitForFunction(() => document.documentElement.dataset.done === "true");
      await page.screenshot({ path: join(out, `${name}-${theme}-${width}.png`) });
      shots.push(name);
    }
    await page.close();
    const images = shots.map((name) => `<img src="${name}-${theme}-${width}.png" alt="${name}">`).join("");
    const sheet = `sheet-${theme}-${width}`;
    const style = `body{margin:8px;background:#888;display:grid;grid-template-columns:repeat(${width === "420" ? 5 : 3},1fr);gap:8px}img{width:100%}`;
    writeFileSync(join(out, `${sheet}.html`), `<!doctype html><title>${sheet}</title><style>${style}</style>${images}`);
    const overview = await browser.newPage({ viewport: { width: 1800, height: 1000 } });
    await overview.goto(String(pathToFileURL(join(out, `${sheet}.html`))));
    await overview.screenshot({ path: join(out, `${sheet}.png`), fullPage: true });
    await overview.close();
  }
}
await browser.close();
if (problems.length > 0) {
  console.error([...new Set(problems)].join("\n"));
  process.exitCode = 1;
}
