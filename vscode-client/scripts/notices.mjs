/** The licences of the packages that are in a bundle. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const noticesFile = "THIRD_PARTY_NOTICES.txt";

/** Up to the name behind the last `node_modules`, without a name space of esbuild's. */
const packageFolder = /(?:[^:]*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

/** The folders of the packages that esbuild has read files of for these bundles, each once. */
export function packageFolders(metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = inputs.flatMap((input) => packageFolder.exec(input)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

/** What has to stand beside a bundle: of each package the name, the version and its licence as it is in the package. */
export function notices(folders) {
  const parts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const files = readdirSync(folder).filter((file) => /^(licen[sc]e|copying|notice)/i.test(file));
    if (files.length === 0) throw new Error(`${name} ${version} has no licence text: bundle another package.`);
    const texts = files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
    return [`${name} ${version} (${license})`, ...texts].join("\n\n");
  });
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  return (
    ["SpeQL is made with these packages, parts of which are in the files beside this one.", ...parts].join(rule) + "\n"
  );
}
