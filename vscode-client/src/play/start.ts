/** What the server tells the page at the start. */

import type { Way } from "./socketTransport";

/** A text that the server was started with. */
export interface StartText {
  name: string;
  uri: string;
  text: string;
}

/** A query that types itself; `database` is the label of the database that it is for, empty for any. */
export interface ExampleQuery {
  name: string;
  question: string;
  text: string;
  database: string;
}

/** All of it. `root` is the folder that relative paths start at, `exports` the one that results are written to. */
export interface Start {
  root: string;
  texts: StartText[];
  examples: ExampleQuery[];
  exports: string;
  largestUpload: number;
}

/** Ask for it. The page is known to the server as long as it has a connection, so one has to be open. */
export async function fetchStart(way: Way): Promise<Start> {
  const address = `/start?${new URLSearchParams({ page: way.key })}`;
  const answer = await fetch(address, { headers: { authorization: `Bearer ${way.token}` } });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return (await answer.json()) as Start;
}
