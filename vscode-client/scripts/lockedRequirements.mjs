/** The part of a lock file that some packages need, with its hashes and markers as they are. Pure. */

/**
 * The lines of `lock` (as `uv pip compile` writes it, with `# via` comments) for the packages named in `roots`, and for
 * all that they need. A package that the lock does not have is an error: the lock would be older than its source.
 */
export function lockedRequirements(lock, roots) {
  const pins = pinsOf(lock);
  for (const name of roots)
    if (!pins.some((pin) => pin.name === name)) throw new Error(`The lock file has no ${name}: run make lock.`);
  const kept = new Set(roots);
  // What is added while this goes on is gone over, too.
  for (const name of kept) for (const pin of pins) if (pin.via.includes(name)) kept.add(pin.name);
  const lines = pins.filter(({ name }) => kept.has(name)).map(({ text }) => text);
  return { text: `${lines.join("\n")}\n`, names: [...kept].sort() };
}

/** What only notebooks need: the extension brings its own panel. */
const notebooksOnly = new Set(["anywidget"]);
/** The optional packages that come with the extension: small, and there for each machine that the rest is there for. */
const extras = ["postgres"];

/** The names of the packages that the server needs at run time: `dependencies` in pyproject.toml, and those of `extras`. */
export function dependenciesOf(pyproject) {
  const required = /^dependencies = \[\n([\s\S]*?)^\]/m.exec(pyproject);
  const optional = extras.map((extra) => new RegExp(`^${extra} = \\[(.*)\\]$`, "m").exec(pyproject));
  const lists = [required, ...optional];
  if (lists.includes(null)) throw new Error("pyproject.toml has no dependencies, or not those that come with it.");
  return lists
    .flatMap(([, list]) => [...list.matchAll(/"([A-Za-z0-9._-]+)/g)])
    .map((found) => normal(found[1]))
    .filter((name) => !notebooksOnly.has(name));
}

/** Each pinned version: a package may have several, for different Pythons. */
function pinsOf(lock) {
  const pins = [];
  for (const line of lock.split("\n")) {
    const start = /^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==/.exec(line);
    if (start !== null) pins.push({ name: normal(start[1]), text: line, via: [] });
    const pin = pins.at(-1);
    if (pin === undefined) continue;
    if (/^\s+--hash=/.test(line)) pin.text += `\n${line}`;
    const via = /^\s+#\s+(?:via\s+)?([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(line);
    if (via !== null && via[1] !== "via") pin.via.push(normal(via[1]));
  }
  return pins;
}

function normal(name) {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}
