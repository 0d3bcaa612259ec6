/** Whether a server and this extension know the same messages. */

/**
 * Why a server cannot be used with this extension, in words for the user; null if it can. Both go by semantic versions:
 * before 1.0 the first two numbers have to be the same, from then on the first.
 */
export function versionProblem(
  server: { name: string; version?: string } | undefined,
  extension: string,
): string | null {
  if (server !== undefined && server.name.toLowerCase() !== "speql")
    return `The program of the setting speql.server.command is "${server.name}", not SpeQL's server.`;
  const found = server?.version ?? "of an unknown version";
  if (series(found) === series(extension)) return null;
  return (
    `The server is SpeQL ${found}, and this extension works with ${series(extension)}. ` +
    `Install speql ${extension} where speql.server.command finds it, or clear that setting: the extension brings its own.`
  );
}

function series(version: string): string {
  const [major = "", minor = ""] = version.split(".");
  return major === "0" ? `${major}.${minor}` : major;
}
