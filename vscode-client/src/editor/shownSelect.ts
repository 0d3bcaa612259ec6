/** Marks the SELECT that the panel shows, in the text: a line beside it. */

import { RangeSet, StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

/** Mark the lines from one offset to another; null marks nothing. */
export const markShown = StateEffect.define<{ from: number; to: number } | null>();

const line = Decoration.line({ class: "cm-shownSelect" });

const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(markShown)) continue;
      if (effect.value === null) return Decoration.none;
      const { doc } = transaction.state;
      const last = doc.lineAt(Math.min(effect.value.to, doc.length)).number;
      const found = [];
      for (let number = doc.lineAt(Math.min(effect.value.from, doc.length)).number; number <= last; number += 1)
        found.push(line.range(doc.line(number).from));
      return RangeSet.of(found);
    }
    return value.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The extension that `markShown` is for. */
export const shownSelect: Extension = marked;
