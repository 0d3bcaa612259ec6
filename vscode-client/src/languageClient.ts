/** The library's client, with what it would do by itself left to us: commands, restarts, messages about both. */

import type { CancellationToken } from "vscode";
import {
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  RevealOutputChannelOn,
  type DynamicFeature,
  type LanguageClientOptions,
  type ServerOptions,
  type StaticFeature,
} from "vscode-languageclient/node";

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
