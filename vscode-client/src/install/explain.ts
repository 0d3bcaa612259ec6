/** Why an environment could not be made, in words for the user, by what the installer printed. Pure. */

const reasons: [pattern: RegExp, words: string][] = [
  [
    /No space left on device|ENOSPC|not enough space on the disk/i,
    "The disk is full: the server's packages need 700 MB.",
  ],
  [
    /DO NOT MATCH THE HASHES|hash mismatch/i,
    "A package is not the one that this version of SpeQL was made with, so it was not installed. A mirror or proxy may have changed it.",
  ],
  [
    /Name or service not known|name resolution|getaddrinfo|dns error|Network is unreachable|Failed to establish a new connection|Connection refused|ConnectTimeout|timed out|error sending request|tcp connect error|ProxyError|Could not connect/i,
    "The package index was not reached. SpeQL downloads its server's packages once (about 200 MB); after that it needs no network. Check the connection or the proxy (pip's and uv's own settings hold).",
  ],
  [
    /CERTIFICATE_VERIFY_FAILED|invalid peer certificate|SSLError/i,
    "The package index could not be trusted: its certificate does not verify. Behind a company's proxy, give pip its certificate.",
  ],
  [
    /\b(?:401|403|407)\b.*(?:error|Client|Forbidden|Unauthorized|Authentication)/i,
    "The package index or the proxy refused the download.",
  ],
  [/EACCES|EPERM|Permission denied|Access is denied/i, "A folder of VS Code's may not be written."],
  [
    /No matching distribution|no wheels? (?:with|for)|only-binary|Failed building|is not a supported wheel/i,
    "There is no package for this machine and this Python among those that SpeQL was made with.",
  ],
];

/** What happened, as one or two sentences; empty where the output says nothing that is known. */
export function explain(output: string): string {
  return reasons.find(([pattern]) => pattern.test(output))?.[1] ?? "";
}
