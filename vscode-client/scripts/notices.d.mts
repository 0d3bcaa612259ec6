export const noticesFile: string;
export function packageFolders(metafiles: readonly { inputs: Record<string, unknown> }[]): string[];
export function notices(folders: readonly string[]): string;
