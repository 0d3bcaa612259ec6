export function lockedRequirements(lock: string, roots: readonly string[]): { text: string; names: string[] };
export function dependenciesOf(pyproject: string): string[];
