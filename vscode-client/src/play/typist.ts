/** Types a text as a person does. */

/** A keystroke: how much of the text is there after it, and how long it takes to come (milliseconds). */
export interface Keystroke {
  length: number;
  pause: number;
}

/** As in `speql demo`: 6 characters a second with log-normal jitter, and a thought at each line's end. */
export function keystrokes(text: string, random: () => number = Math.random): Keystroke[] {
  const found: Keystroke[] = [];
  for (let length = 1; length <= text.length; length += 1) {
    const letter = text[length - 1]!;
    const line = text.slice(text.lastIndexOf("\n", length - 1) + 1, length);
    // Indentation comes with its line break, as an editor types it; a pair of surrogates is one letter.
    if ((letter === " " && line.trim() === "") || isHighSurrogate(letter)) continue;
    const pause = (1_000 / charactersPerSecond) * Math.exp(spread * normal(random));
    found.push({ length, pause: letter === "\n" ? pause + linePause : pause });
  }
  return found;
}

/** A text that is being typed. `put` is given what comes next; `ended` says whether all of it was typed. */
export class Typist {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private at = 0;
  private place = 0;
  private readonly plan: Keystroke[];

  constructor(
    private readonly text: string,
    private readonly put: (more: string) => void,
    private readonly ended: (isWhole: boolean) => void,
    random?: () => number,
  ) {
    this.plan = keystrokes(text, random);
    this.next();
  }

  /** Type no more. */
  stop(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.ended(false);
  }

  private next(): void {
    const stroke = this.plan[this.at];
    if (stroke === undefined) {
      this.timer = undefined;
      this.ended(true);
      return;
    }
    this.timer = setTimeout(() => {
      this.at += 1;
      this.put(this.text.slice(this.place, stroke.length));
      this.place = stroke.length;
      if (this.timer !== undefined) this.next();
    }, stroke.pause);
  }
}

const charactersPerSecond = 6;
const linePause = 800;
const spread = 0.35;

/** A number of the standard normal distribution, by Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function isHighSurrogate(letter: string): boolean {
  return letter >= "\ud800" && letter <= "\udbff";
}
