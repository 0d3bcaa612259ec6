/** What this tab of the browser remembers while it is open, also when it is loaded again. */

/** The text that is being written, and where it comes from. */
export interface KeptText {
  uri: string;
  name: string;
  text: string;
}

const texts = "speql.text";
const keys = "speql.page";
const connections = "speql.connection";

/** Another tab has other memories, and none are left of one that is closed. */
export class TabMemory {
  constructor(private readonly storage: Storage = sessionStorage) {}

  /** Which page this is to the server. */
  get key(): string {
    const known = this.storage.getItem(keys);
    if (known !== null) return known;
    const made = crypto.randomUUID();
    this.storage.setItem(keys, made);
    return made;
  }

  /** The text; null in a new tab. */
  get text(): KeptText | null {
    const kept = this.storage.getItem(texts);
    return kept === null ? null : (JSON.parse(kept) as KeptText);
  }

  /** Remember a text. Resolves nothing where it is too long for the browser: then the last one stays, and false is said. */
  keep(text: KeptText): boolean {
    try {
      this.storage.setItem(texts, JSON.stringify(text));
      return true;
    } catch {
      return false; // the browser's quota is spent
    }
  }

  /** The name of the connection that the user has chosen; null if none. */
  get connection(): string | null {
    return this.storage.getItem(connections);
  }

  set connection(name: string | null) {
    if (name === null) this.storage.removeItem(connections);
    else this.storage.setItem(connections, name);
  }
}
