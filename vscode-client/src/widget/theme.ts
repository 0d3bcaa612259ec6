/** The theme of the notebook that the widget is in: each editor says it in its own way. */

/** Set the theme of an element now and each time that the page's changes. Returns how to stop. */
export function followTheme(element: HTMLElement): () => void {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const set = (): void => {
    const theme = themeOf(document, media.matches);
    if (element.dataset["theme"] !== theme) element.dataset["theme"] = theme;
  };
  const observer = new MutationObserver(set);
  const attributeFilter = ["class", "style", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];
  for (const one of [document.documentElement, document.body])
    observer.observe(one, { attributes: true, attributeFilter });
  media.addEventListener("change", set);
  set();
  return () => {
    observer.disconnect();
    media.removeEventListener("change", set);
  };
}

type Page = Pick<Document, "body" | "documentElement">;

/** `light`, `dark`, `hc` or `hc-light`; what the system prefers where the page says nothing. */
export function themeOf({ body, documentElement }: Page, isSystemDark: boolean): string {
  const kind = body.dataset["vscodeThemeKind"];
  if (kind === "vscode-high-contrast") return "hc";
  if (kind === "vscode-high-contrast-light") return "hc-light";
  if (kind !== undefined) return kind === "vscode-dark" ? "dark" : "light";
  const jupyter = body.dataset["jpThemeLight"];
  if (jupyter !== undefined) return jupyter === "true" ? "light" : "dark";
  for (const one of [body, documentElement]) {
    // marimo, and Colab.
    if (one.classList.contains("dark") || one.classList.contains("dark-theme") || one.getAttribute("theme") === "dark")
      return "dark";
    if (one.classList.contains("light") || one.classList.contains("light-theme")) return "light";
    const said = one.dataset["theme"] ?? one.style.colorScheme;
    if (said === "dark" || said === "light") return said;
  }
  return isSystemDark ? "dark" : "light";
}
