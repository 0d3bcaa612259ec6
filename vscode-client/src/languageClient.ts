/** The library's client, with what it would do by itself left to us: commands, restarts, messages about both. */

import type { CancellationToken } from "vscode";
import {
  CloseAction,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  TextDocumentSyncKind,
  type DynamicFeature,
  type LanguageClientOptions,
  type ServerOptions,
  type StaticFeature,
} from "vscode-languageclient/node";
import { inPython, python, pythonFiles } from "./embedded";

/** A client of one server process. `lost` is called when the process or its connection is gone without our doing. */
export class SpeqlLanguageClient extends LanguageClient {
  constructor(server: ServerOptions, options: LanguageClientOptions, lost: () => void) {
    super("speql", "SpeQL", server, {
      ...options,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // What fails is told by whoever started the server; the library would show a message of its own as well.
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          lost();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    });
  }

  /** Read Python, too, once the server has answered: for the SQL in its strings and behind its magics. */
  readPython(): void {
    const files = { documentSelector: pythonFiles };
    const register = (method: string, options: object): void => {
      const feature = this.getFeature(method as typeof DidOpenTextDocumentNotification.method);
      feature.register({ id: `python ${method}`, registerOptions: options as typeof files });
    };
    register(DidOpenTextDocumentNotification.method, files);
    register(DidChangeTextDocumentNotification.method, { ...files, syncKind: TextDocumentSyncKind.Incremental });
    register(DidCloseTextDocumentNotification.method, files);
    const able = this.initializeResult?.capabilities as Record<string, unknown> | undefined;
    for (const method of inPython) {
      const told = able?.[`${method.slice("textDocument/".length)}Provider`];
      if (told === undefined || told === false) continue;
      register(method, { ...(typeof told === "object" ? told : {}), documentSelector: python });
    }
  }

  /** The answer to a command of the server. */
  sendCommand(command: string, args: readonly unknown[], token?: CancellationToken): Promise<unknown> {
    return this.sendRequest(ExecuteCommandRequest.type, { command, arguments: [...args] }, token);
  }

  /**
   * Leave out the feature that registers every command of the server with VS Code: ours have the same names, add what
   * the server needs to know (document, cursor), and exist before the server does.
   */
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const isThatOne = "registrationType" in feature && feature.registrationType.method === ExecuteCommandRequest.method;
    if (!isThatOne) super.registerFeature(feature);
  }
}
