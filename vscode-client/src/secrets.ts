/** Secrets by names, in VS Code's secret storage: never in settings, logs or command lines. */

import type { SecretStorage } from "vscode";

/** One kind of secrets: those of language models are kept by hosts, those of connections by names. */
export class Secrets {
  constructor(
    private readonly storage: SecretStorage,
    /** What the storage calls this kind. */
    private readonly kind: "speql.languageModelKeys" | "speql.connectionPasswords",
  ) {}

  /** The names that there is a secret for. */
  async names(): Promise<string[]> {
    return Object.keys(await this.all()).sort();
  }

  /** Keep a secret; an empty one forgets it. */
  async put(name: string, secret: string): Promise<void> {
    const { [name]: _before, ...others } = await this.all();
    const all = secret === "" ? others : { ...others, [name]: secret };
    if (Object.keys(all).length === 0) await this.storage.delete(this.kind);
    else await this.storage.store(this.kind, JSON.stringify(all));
  }

  /** All of them, by their names. */
  async all(): Promise<Record<string, string>> {
    const kept = await this.storage.get(this.kind);
    return kept === undefined ? {} : (JSON.parse(kept) as Record<string, string>);
  }
}
