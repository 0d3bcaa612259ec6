/** The editor's looks, in the panel's variables: they say light, dark and high contrast. */

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const floating = {
  backgroundColor: "var(--sq-float)",
  color: "var(--sq-fg)",
  border: "1px solid var(--sq-line)",
  borderRadius: "5px",
  boxShadow: "0 2px 8px color-mix(in srgb, #000 24%, transparent)",
  font: "13px/20px var(--sq-font)",
};

const rules = EditorView.theme({
  "&": { height: "100%", color: "var(--sq-fg)", backgroundColor: "var(--sq-bg)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { font: "13px/20px var(--sq-mono)", overflow: "auto" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--sq-fg)" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--sq-fg)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--sq-focus) 30%, var(--sq-bg))",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--sq-fg) 4%, transparent)" },
  ".cm-gutters": { backgroundColor: "var(--sq-bg)", color: "var(--sq-muted)", border: "none" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--sq-fg)" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 16px", fontVariantNumeric: "tabular-nums" },
  "&.cm-focused .cm-matchingBracket, .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--sq-muted)",
  },
  ".cm-searchMatch": { backgroundColor: "color-mix(in srgb, var(--sq-yellow) 35%, transparent)" },
  ".cm-placeholder": { color: "var(--sq-muted)" },
  ".cm-ghostText": { color: "var(--sq-muted)", fontStyle: "italic", whiteSpace: "pre-wrap" },
  ".cm-shownSelect": { boxShadow: "inset 2px 0 var(--sq-focus)" },
  ".cm-tooltip": floating,
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { font: "12px/20px var(--sq-mono)", maxHeight: "16em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    background: "var(--sq-sel)",
    color: "var(--sq-fg)",
    boxShadow: "inset 2px 0 var(--sq-focus)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
  ".cm-completionDetail": { color: "var(--sq-muted)", fontStyle: "normal" },
  ".cm-completionInfo": { ...floating, maxWidth: "min(30em, 80vw)" },
  ".cm-lsp-documentation": { padding: "6px 10px", maxWidth: "min(40em, 80vw)", maxHeight: "20em", overflow: "auto" },
  ".cm-lsp-documentation code, .cm-lsp-documentation pre": { font: "12px/20px var(--sq-mono)", whiteSpace: "pre-wrap" },
  ".cm-panels": { backgroundColor: "var(--sq-side)", color: "var(--sq-fg)", borderColor: "var(--sq-line)" },
  ".cm-panel button, .cm-button": {
    background: "var(--sq-btn2)",
    color: "var(--sq-fg)",
    border: "1px solid var(--sq-input-line)",
    borderRadius: "5px",
  },
  ".cm-panel input, .cm-textfield": {
    background: "var(--sq-input)",
    color: "var(--sq-fg)",
    border: "1px solid var(--sq-input-line)",
    borderRadius: "5px",
  },
  ".cm-diagnostic": { padding: "4px 10px", borderLeft: "none", whiteSpace: "pre-wrap" },
  ".cm-lintRange-error": underline("var(--sq-red)"),
  ".cm-lintRange-warning": underline("var(--sq-yellow)"),
  ".cm-lintRange-info, .cm-lintRange-hint": underline("var(--sq-blue)"),
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.bool, tags.null], color: "var(--sq-link)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--sq-str)" },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: "var(--sq-muted)", fontStyle: "italic" },
]);

/** The extension. Its element must be inside one of the class `sq` or `sq-theme`. */
export const theme: Extension = [rules, syntaxHighlighting(colours)];

function underline(colour: string): Record<string, string> {
  return {
    backgroundImage: "none",
    textDecoration: `underline wavy ${colour}`,
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  };
}
