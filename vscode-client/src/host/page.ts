/** The page that the panel is in. Pure. */

/** Addresses as the webview may load them. */
export interface PageFiles {
  script: string;
  style: string;
  /** The chart's own script, which the panel loads when the chart is first shown. */
  chart: string;
}

/**
 * The page: our scripts and our style sheet, and nothing else can load or run. `nonce` is another for each page; the
 * panel reads it and the chart's address from its script element, as a page cannot read its own policy.
 */
export function page(files: PageFiles, nonce: string, cspSource: string): string {
  const policy = [
    "default-src 'none'",
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    `img-src ${cspSource} data: blob:`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${escaped(policy)}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${escaped(files.style)}" />
    <title>SpeQL Preview</title>
  </head>
  <body>
    <script nonce="${nonce}" src="${escaped(files.script)}" data-chart="${escaped(files.chart)}" data-nonce="${nonce}"></script>
  </body>
</html>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
