/** A sample that the user asks for, because the exact rows are late. */

import type { NoticeFacts } from "./notices";
import { Refused, type Asking } from "./questions";

/** What came of asking. */
export class SampleRequest {
  private version = -1;
  private told: NoticeFacts["sample"] = null;

  /** `changed` is called whenever there is something new to say. */
  constructor(
    private readonly asking: Asking,
    private readonly changed: () => void,
  ) {}

  /** What to say of the sample of a version; null if it was not asked for. */
  of(version: number | undefined): NoticeFacts["sample"] {
    return version === this.version ? this.told : null;
  }

  /** Ask for the sample of a version. */
  async ask(uri: string, version: number): Promise<void> {
    this.say(version, { state: "asked" });
    let reason: string;
    try {
      const answer = await this.asking.ask("speql.sample", { uri });
      reason = answer.shown ? "" : answer.reason;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      reason = error.message;
    }
    if (this.version === version && reason !== "") this.say(version, { state: "refused", reason });
  }

  private say(version: number, told: NoticeFacts["sample"]): void {
    [this.version, this.told] = [version, told];
    this.changed();
  }
}
