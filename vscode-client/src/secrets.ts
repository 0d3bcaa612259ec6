/** Keys of language models, in VS Code's secret storage: never in settings, logs or command lines. */

import type { SecretStorage } from "vscode";

const name = "speql.languageModelKeys";

/** Keeps a key a host. The server gets them in its environment, and sends each to its host alone. */
export class LanguageModelKeys {
  constructor(private readonly storage: SecretStorage) {}

  /** The hosts that there is a key for. */
  async hosts(): Promise<string[]> {
    return Object.keys(await this.all()).sort();
  }

  /** Keep a key for a host; an empty one forgets it. */
  async put(host: string, key: string): Promise<void> {
    const { [host]: _before, ...others } = await this.all();
    const all = key === "" ? others : { ...others, [host]: key };
    if (Object.keys(all).length === 0) await this.storage.delete(name);
    else await this.storage.store(name, JSON.stringify(all));
  }

  /** What the server's environment has in addition. */
  async environment(): Promise<Record<string, string>> {
    const kept = await this.storage.get(name);
    return kept === undefined ? {} : { SPEQL_KEYS: kept };
  }

  private async all(): Promise<Record<string, string>> {
    const kept = await this.storage.get(name);
    return kept === undefined ? {} : (JSON.parse(kept) as Record<string, string>);
  }
}

/** The host of an address or a host as a user may write it; null if it is none. */
export function hostOf(text: string): string | null {
  const given = text.trim();
  try {
    const { hostname } = new URL(given.includes("://") ? given : `https://${given}`);
    return hostname === "" ? null : hostname.toLowerCase();
  } catch {
    return null;
  }
}
