import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** The page with the table of what can go wrong in a move. */
export const MODES_PAGE = join(ROOT, 'docs', 'failure-modes.md');

/** Every failure mode, F1 to F28. */
export const MODES: readonly string[] = Array.from({ length: 28 }, (_, index) => `F${index + 1}`);

/** A row of the table as the page has it. */
export interface ModeRow {
  readonly id: string;
  /** Situation, what is done, and the exit codes, as Markdown cells. */
  readonly what: string;
  readonly exits: readonly number[];
  readonly proved: string;
}

/** The rows of the page's table, in its order. */
export const readModes = (page: string): ModeRow[] =>
  [...page.matchAll(/^\| (F\d+) \| (.+ \| .+ \| ([\d, ]+)) \| ?(.*) \|$/gm)].map(
    ([, id = '', what = '', exits = '', proved = '']) => ({
      id,
      what,
      exits: exits.split(', ').map(Number),
      proved,
    }),
  );

/** The test files on two clusters whose titles begin with each id (`F3, F7: ...`), as paths below test/, sorted. */
export const modesProvedIn = (): Map<string, string[]> => {
  const proved = new Map<string, string[]>();
  for (const file of PLACES.flatMap(testsIn).sort()) {
    const text = readFileSync(join(ROOT, 'test', file), 'utf8');
    const ids = [...text.matchAll(TITLE)].flatMap(([, , list = '']) => list.split(', '));
    for (const id of new Set(ids)) proved.set(id, [...(proved.get(id) ?? []), file]);
  }
  return proved;
};

/** The last column for an id. */
export const modesText = (files: readonly string[] = []): string =>
  files.map((file) => `[${file.replace(/(\.slow)?\.test\.ts$/, '')}](../test/${file})`).join(', ');

// Where titles mean failure modes by their F; elsewhere it numbers the rules of the copy.
const PLACES = ['e2e', 'e2e/failure-modes', 'e2e/moves', 'e2e/crash', 'e2e/data'];
const OTHERS = new Set(['e2e/checks.test.ts']);
// A title begins with its ids, as 'F3, F7: ...'.
const TITLE = /(['"`])((?:F\d+, )*F\d+): /g;

const testsIn = (folder: string): string[] =>
  readdirSync(join(ROOT, 'test', folder))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `${folder}/${file}`)
    .filter((file) => !OTHERS.has(file));
