import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** The page with the table. */
export const RULES_PAGE = join(ROOT, 'docs', 'rules.md');

/** Every rule of the copy: F about what is left out, T about what is changed, A about how it is written. */
export const RULES: readonly string[] = [
  ...range('F', 1, 16),
  ...range('F', 20, 40),
  ...range('F', 50, 64),
  ...range('T', 1, 14),
  ...range('T', 20, 29),
  'T30a',
  ...range('T', 30, 47),
  ...range('T', 50, 74),
  ...range('T', 80, 82),
  ...range('A', 1, 11),
  ...range('A', 20, 31),
];

/** The test files whose titles quote each rule, as paths below test/, sorted. */
export function provedIn(): Map<string, string[]> {
  const proved = new Map<string, string[]>();
  for (const file of testFiles()) {
    for (const rule of quotedRules(file)) proved.set(rule, [...(proved.get(rule) ?? []), file]);
  }
  return proved;
}

/** A row of the table as the page has it. */
export interface RuleRow {
  readonly rule: string;
  readonly what: string;
  readonly proved: string;
}

/** The rows of the page's tables, in its order. */
export function readRows(page: string): RuleRow[] {
  return [...page.matchAll(/^\| ([FTA]\d+a?) \| (.*) \| (.*) \|$/gm)].map(
    ([, rule = '', what = '', proved = '']) => ({ rule, what, proved }),
  );
}

/** The third column for a rule. */
export const provedText = (files: readonly string[] = []): string =>
  files.map((file) => `[${file.replace(/(\.slow)?\.test\.ts$/, '')}](../test/${file})`).join(', ');

/** Rules that the filters and transforms of the pipeline name as theirs. */
export function rulesOfPipeline(): string[] {
  const sources = listFiles(join(ROOT, 'src', 'pipeline')).map((file) => readFileSync(file, 'utf8'));
  const lists = sources.flatMap((text) => [...text.matchAll(/^ {2}rules: \[(.*?)\]/gms)]);
  return lists.flatMap(([, list = '']) => [...list.matchAll(/'([^']+)'/g)].map(([, rule = '']) => rule));
}

// The failures of moves are numbered with an F as well; their tests are elsewhere, but for these folders.
const PLACES: readonly (readonly [place: string, letters: string])[] = [
  ['pipeline', 'FTA'],
  ['needs', 'FTA'],
  ['stage/cluster-needs', 'FTA'],
  ['e2e/portability', 'FTA'],
  ['e2e/checks.test.ts', 'FTA'],
  ['workloads', 'TA'],
  ['kube', 'TA'],
];

function testFiles(): string[] {
  return listFiles(join(ROOT, 'test'))
    .map((file) => relative(join(ROOT, 'test'), file))
    .filter((file) => file.endsWith('.test.ts') && PLACES.some(([place]) => file.startsWith(place)))
    .sort();
}

// A title begins with its rules, as 'T1, T2: ...'; a table of cases may have the rule in its first column.
const TITLE = /(['"`])((?:[FTA]\d+a?, )*[FTA]\d+a?): /g;
const CASE = /^\s*\[\s*'([FTA]\d+a?)',/gm;

function quotedRules(file: string): string[] {
  const text = readFileSync(join(ROOT, 'test', file), 'utf8');
  const letters = PLACES.find(([place]) => file.startsWith(place))?.[1] ?? '';
  const titles = [...text.matchAll(TITLE)].flatMap(([, , rules = '']) => rules.split(', '));
  const cases = [...text.matchAll(CASE)].map(([, rule = '']) => rule);
  return [...new Set([...titles, ...cases])].filter((rule) => letters.includes(rule.charAt(0)));
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function range(letter: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${letter}${from + index}`);
}
