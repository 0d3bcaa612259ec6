/** What the widget and the kernel say to each other, beside the traits. */

/** From the page to the kernel. A page is one view of the widget, with a language server of its own. */
export type ToKernel =
  | { kind: "open"; page: string }
  | { kind: "lsp"; page: string; text: string }
  | { kind: "close"; page: string }
  | { kind: "alive"; page: string }
  | { kind: "chart"; page: string };

/** From the kernel to the page. `lost`: there is no server for this page any more. */
export type FromKernel =
  | { kind: "lsp"; page: string; text: string }
  | { kind: "lost"; page: string; reason: string }
  | { kind: "alive"; page: string }
  | { kind: "chart"; page: string };

/** The widget's model, as anywidget gives it. */
export interface Model {
  get(name: "sql" | "connection" | "height"): string;
  set(name: "sql", value: string): void;
  save_changes(): void;
  on(event: "change:sql" | "change:height", heard: () => void): void;
  on(event: "msg:custom", heard: (message: FromKernel, buffers: readonly DataView[]) => void): void;
  off(event: string, heard?: unknown): void;
  send(message: ToKernel): void;
}
