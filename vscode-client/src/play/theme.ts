/** The page's theme follows the system: light, dark, or high contrast. */

/** Set the theme now and each time the system's changes. */
export function followTheme(): void {
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const isStrong = matchMedia("(prefers-contrast: more)");
  const set = (): void => {
    const name = isStrong.matches ? (isDark.matches ? "hc" : "hc-light") : isDark.matches ? "dark" : "light";
    document.documentElement.dataset["theme"] = name;
  };
  isDark.addEventListener("change", set);
  isStrong.addEventListener("change", set);
  set();
}
