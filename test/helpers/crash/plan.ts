import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Cut } from './cutter.ts';

/** One case of the crash test: where the process is killed, and what is done about it. */
export interface Case {
  readonly cut: Cut;
  readonly mend: 'resume' | 'rollback';
}

/** With DR_SYNCER_CRASH=all every cut point is taken, and each of them mended in both ways. */
export const takesAll = process.env['DR_SYNCER_CRASH'] === 'all';

// Runs with other offsets take other cut points.
const OFFSET = Number(process.env['DR_SYNCER_CRASH_OFFSET'] ?? 0);

/** For a test that goes through cases: several times what they take on a quiet machine of two cores. */
export const CASES_MS = (takesAll ? 8 * 60 : 30) * 60_000;

/** How many namespaces are worked on at a time. */
const LANES = Number(process.env['DR_SYNCER_CRASH_LANES'] ?? 4);

/**
 * The cases for the writes of a run: a cut before and a cut after each. Every `after`th write is cut after it, and
 * every `before`th before it: where one write follows the answer to another, the servers stand before the second just
 * as they do after the first. The ways to mend take turns. With everything asked for, all are taken in all ways.
 */
export function casesOf(
  writes: readonly string[],
  stride: { readonly after: number; readonly before: number },
  mends: readonly Case['mend'][] = ['resume', 'rollback'],
): Case[] {
  const cuts = writes.flatMap((write, index): Cut[] =>
    (['before', 'after'] as const)
      .filter((when) => takesAll || index % stride[when] === OFFSET % stride[when])
      .map((when) => ({ write, when })),
  );
  if (takesAll) return cuts.flatMap((cut): Case[] => mends.map((mend) => ({ cut, mend })));
  return cuts.map((cut, index) => ({ cut, mend: mends[index % mends.length] ?? 'resume' }));
}

/**
 * What is still to be done of these cases, and how many went well before: a run of everything takes hours, and goes on
 * where an earlier one was stopped when it is given the same DR_SYNCER_CRASH_LOG. `nameOf` is what each is told by.
 */
export function remaining<C>(
  cases: readonly C[],
  nameOf: (item: C) => string,
): { readonly cases: C[]; readonly tally: Tally } {
  const before = takesAll ? toldWell() : new Set<string>();
  const left = cases.filter((item) => !before.has(nameOf(item)));
  return { cases: left, tally: { ...newTally(), cut: cases.length - left.length } };
}

const toldWell = (): Set<string> => {
  const file = process.env['DR_SYNCER_CRASH_LOG'];
  if (!file || !existsSync(file)) return new Set();
  const told = readFileSync(file, 'utf8').matchAll(/^\S+ (?:well|missed) {2}(.*?)(?:, in \S+)?$/gm);
  return new Set([...told].map(([, name = '']) => name));
};

/** What a set of cases came to. */
export interface Tally {
  /** Cases in which the process was killed at its cut point. */
  cut: number;
  /** Cases whose write did not come in that run (copies in the background may be passed over for newer ones). */
  missed: number;
  /** One text per case that went wrong. */
  readonly failures: string[];
}

export const newTally = (): Tally => ({ cut: 0, missed: 0, failures: [] });

/** Something to do in a lane: a case, counted in a tally, or only a way to get to where the next case is. */
export interface Work {
  readonly name: string;
  readonly into: Tally | undefined;
  /** Returns whether the process was killed. Rejects when something is not as it must be. */
  run(): Promise<boolean>;
}

/**
 * Works in several lanes at once, until `next` has nothing more to do for a lane. A lane in which something went wrong
 * is left as it is, for looking at, and the work goes on in a new one.
 */
export async function drain<L>(
  open: () => Promise<L>,
  next: (lane: L, step: number) => Work | undefined,
): Promise<void> {
  const lanes = Array.from({ length: LANES }, async () => {
    let lane = await open();
    for (let step = 0; ; step++) {
      const work = next(lane, step);
      if (work === undefined) return;
      if (!(await tally(work))) lane = await open();
    }
  });
  await Promise.all(lanes);
}

const tally = async ({ name, into, run }: Work): Promise<boolean> => {
  try {
    const wasCut = await run();
    if (into !== undefined) into[wasCut ? 'cut' : 'missed']++;
    tell(`${wasCut ? 'well' : into === undefined ? 'moved' : 'missed'}  ${name}`);
    return true;
  } catch (error) {
    if (into === undefined) throw error;
    const failure = `${name}\n${error instanceof Error ? error.message : String(error)}`;
    into.failures.push(failure);
    tell(`FAILED  ${failure}`);
    return false;
  }
};

/** Writes what became of the cases of an operation to stdout. */
export const print = (operation: string, { cut, missed, failures }: Tally): void => {
  process.stdout.write(
    `${operation}: killed at ${cut} cut points; ${missed} writes did not come; ${failures.length} cases failed\n`,
  );
};

// A run of everything takes long: DR_SYNCER_CRASH_LOG names a file to follow it in.
const tell = (line: string): void => {
  const file = process.env['DR_SYNCER_CRASH_LOG'];
  if (file) appendFileSync(file, `${new Date().toISOString()} ${line}\n`);
};
