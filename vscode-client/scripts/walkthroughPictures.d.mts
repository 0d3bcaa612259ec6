export function picture(source: string, theme: string): string;
