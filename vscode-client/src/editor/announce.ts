/** What a screen reader is told of the editor beside its text. */

import { StateEffect } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

/** Say this when nobody types: CodeMirror says announcements at once, which would speak over each letter. */
export const announceIn = StateEffect.define<string>();

const quiet = 1_000;

/** Says announcements once the text has rested. */
export function announcements(): ReturnType<typeof EditorView.updateListener.of> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return EditorView.updateListener.of((update) => {
    const said = update.transactions.flatMap(({ effects }) => effects).findLast((effect) => effect.is(announceIn));
    if (said === undefined && !update.docChanged) return;
    clearTimeout(timer);
    if (said === undefined) return;
    timer = setTimeout(() => {
      if (update.view.dom.isConnected) update.view.dispatch({ effects: EditorView.announce.of(said.value as string) });
    }, quiet);
  });
}
