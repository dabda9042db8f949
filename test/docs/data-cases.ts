import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** The page with the table of what is known about copying volumes. */
export const CASES_PAGE = join(ROOT, 'docs', 'data-cases.md');

/** A row of the table as the page has it. */
export interface CaseRow {
  readonly id: string;
  readonly what: string;
  readonly proved: string;
}

/** The rows of the page's tables, in its order. */
export function readCases(page: string): CaseRow[] {
  return [...page.matchAll(/^\| (D\d+) \| (.*) \| ?(.*) \|$/gm)].map(
    ([, id = '', what = '', proved = '']) => ({ id, what, proved }),
  );
}

/** The test files whose titles begin with each id (`D3, D7: ...`), as paths below test/, sorted. */
export function casesProvedIn(): Map<string, string[]> {
  const proved = new Map<string, string[]>();
  for (const file of FOLDERS.flatMap(testsIn).sort()) {
    const text = readFileSync(join(ROOT, 'test', file), 'utf8');
    const ids = [...text.matchAll(TITLE)].flatMap(([, , list = '']) => list.split(', '));
    for (const id of new Set(ids)) proved.set(id, [...(proved.get(id) ?? []), file]);
  }
  return proved;
}

/** The third column for an id. */
export const casesText = (files: readonly string[] = []): string =>
  files.map((file) => `[${file.replace(/(\.slow)?\.test\.ts$/, '')}](../test/${file})`).join(', ');

const FOLDERS = ['volumes', 'e2e/data'];
const TITLE = /(['"`])((?:D\d+, )*D\d+): /g;

const testsIn = (folder: string): string[] =>
  readdirSync(join(ROOT, 'test', folder))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `${folder}/${file}`);
