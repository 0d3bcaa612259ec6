/** What an installer's lines say of how far it is. Pure. */

/** Turns lines of pip and uv into short messages with a count; null for a line that says nothing new. */
export class Steps {
  private readonly met = new Set<string>();

  constructor(private readonly packages: number) {}

  /** The message after a line. */
  message(line: string): string | null {
    const named =
      /^(?:Collecting|\s*Downloading|\s*Downloaded)\s+([A-Za-z0-9][A-Za-z0-9._-]*?)(?:-\d[^\s]*\.(?:whl|tar\.gz))?(?:[=<>!~;[\s(]|$)/.exec(
        line,
      );
    if (named !== null) {
      const name = named[1]!.toLowerCase().replaceAll("_", "-");
      if (this.met.has(name)) return null;
      this.met.add(name);
      return `downloading ${name} (${Math.min(this.met.size, this.packages)} of ${this.packages})`;
    }
    if (/^(?:Installing collected packages|Prepared \d+ packages?)/.test(line))
      return `installing ${this.packages} packages`;
    return null;
  }
}
