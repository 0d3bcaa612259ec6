/** The server's environment: that of the editor, with the secrets that the user keeps here. Pure. */

/**
 * What is started has this environment and nothing else, so the editor's is in it: proxies, variables of drivers and of
 * dbt, what Windows itself needs. `keys` are those of language models by hosts, `passwords` those of connections.
 */
export function serverEnvironment(
  editors: Readonly<Record<string, string | undefined>>,
  keys: Readonly<Record<string, string>>,
  passwords: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const variables = Object.entries(passwords).map(([name, password]) => [passwordVariable(name), password]);
  return {
    ...editors,
    ...(Object.keys(keys).length === 0 ? {} : { SPEQL_KEYS: JSON.stringify(keys) }),
    ...(Object.fromEntries(variables) as Record<string, string>),
  };
}

/** The host of an address or a host as a user may write it; null if it is none. */
export function hostOf(text: string): string | null {
  const given = text.trim();
  try {
    const { hostname } = new URL(given.includes("://") ? given : `https://${given}`);
    return hostname === "" ? null : hostname.toLowerCase();
  } catch {
    return null;
  }
}

/** The name of a connection as a user may write it; null if none can have it. */
export function connectionNameOf(text: string): string | null {
  const given = text.trim();
  return /^[A-Za-z0-9][\w-]{0,63}$/.test(given) ? given : null;
}

/** Where the server looks for the password of a connection of the user's own. */
function passwordVariable(name: string): string {
  return `SPEQL_PASSWORD_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}
