/** What the panel and its host (a VS Code webview, a page, a notebook widget) say to each other. */

import type {
  Chart,
  ChartParams,
  Columns,
  ColumnsParams,
  Explained,
  ExportParams,
  Filter,
  Jobs,
  Order,
  Position,
  Preview,
  Profile,
  ProfileParams,
  Rows,
  RowsParams,
  Sampled,
  SampleParams,
  Status,
} from "../protocol.gen";

/** What happens, from the host to the panel. */
export type News =
  | { kind: "document"; uri: string; name: string }
  | { kind: "edited"; uri: string; version: number }
  | { kind: "closed"; uri: string }
  | { kind: "preview"; preview: Preview }
  | { kind: "jobs"; jobs: Jobs }
  | { kind: "status"; status: Status }
  | { kind: "server"; state: ServerState; restart?: Restart }
  /** Data that the host has found, to begin with: files of the workspace. */
  | { kind: "data"; files: DataFile[] };

/** What the panel has asked for: the server's answer, or why there is none. */
export type Answer = { kind: "answer"; id: number; answer: unknown } | { kind: "refused"; id: number; reason: string };

/** From the host to the panel. */
export type ToPanel = News | Answer;

/** What the panel may ask the server for, through its host; the host adds nothing and knows nothing of it. */
export interface Questions {
  "speql/rows": { params: RowsParams; answer: Rows };
  "speql.profile": { params: ProfileParams; answer: Profile };
  "speql.chart": { params: ChartParams; answer: Chart };
  "speql.columns": { params: ColumnsParams; answer: Columns };
  "speql.sample": { params: SampleParams; answer: Sampled };
  "speql.explain": { params: { uri: string; position?: Position }; answer: Explained };
}

/** Whether the server answers. `restarting` ends by itself, `stopped` does not. */
export type ServerState = "running" | "restarting" | "stopped";

/** In how many seconds the server is started again, and which attempt of how many that is. */
export interface Restart {
  seconds: number;
  attempt: number;
  attempts: number;
}

/** A file with data: its name, how much is in it (`24 tables`), and whether it is a database or one table. */
export interface DataFile {
  name: string;
  detail: string;
  kind: "database" | "table";
}

/** The commands that the panel's buttons run; the host knows how. */
export type PanelCommand =
  | "speql.acceptRepair"
  | "speql.cancel"
  | "speql.pause"
  | "speql.restartServer"
  | "speql.selectConnection"
  | "speql.selectDatabase"
  | "speql.showLog"
  | "speql.submit";

/** From the panel to the host. `focusEditor` is what Escape asks for. */
export type FromPanel =
  | { kind: "ready" }
  | { kind: "command"; command: PanelCommand }
  | { kind: "reveal"; uri: string; position: Position }
  | { kind: "focusEditor" }
  /** The server is to take this place for the cursor, wherever that goes and through all edits; null: no more. */
  | { kind: "pin"; uri: string; position: Position | null }
  /** Begin with a file of `data`, by its name. */
  | { kind: "useData"; name: string }
  /** Answered with the same `id`. `withdraw` cancels it at the server: no answer is needed any more. */
  | { kind: "ask"; id: number; method: keyof Questions; params: object }
  | { kind: "withdraw"; id: number }
  /** A whole result to a file of this kind that the host lets the user choose. */
  | {
      kind: "export";
      uri: string;
      result: string;
      format: ExportParams["format"];
      filters: Filter[];
      orders: Order[];
    }
  /** What the panel has made itself (a picture of a chart), to a file that the host lets the user choose. */
  | { kind: "save"; name: string; type: "image/png" | "image/svg+xml"; base64: string }
  | { kind: "copy"; text: string };

/** How the panel speaks to its host. */
export type Post = (message: FromPanel) => void;
