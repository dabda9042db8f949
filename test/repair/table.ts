import { expect, test } from 'vitest';
import { type Given, told } from './facts.ts';

const LIVE = [undefined, 'source', 'dest'] as const;
/** What is told without --live-side, with the source and with the destination. */
const answers = (given: Given): string[] => LIVE.map((live) => told({ ...given, live }));

export const NOTHING = 'nothing';
export const LOST = 'The record of the destination is missing:';
export const MIRROR = (epoch: number) =>
  `The source's copy of the record: as at the destination (epoch ${epoch}).`;
export const FROM_COPY = (epoch: number, phase: string) =>
  `${LOST} from the source's copy (epoch ${epoch}, ${phase}). ${MIRROR(epoch)}`;
export const ANEW = (side: string, epoch: number) =>
  `${LOST} rebuilt, with the ${side} as the live side. ${MIRROR(epoch)}`;
export const REOPENED = (kind: string) =>
  `A ${kind} is recorded as unfinished (${kind}-new), with the counts kept in the annotations, so that rollback starts Deployment web again. ${MIRROR(1)}`;

export const NOT_TAKEN = (side: string): RegExp =>
  new RegExp(`^refuse: By the records the ${side} is the live side, and nothing contradicts them`);

type Answer = string | RegExp;
/** What is told without --live-side, with the source and with the destination; one answer alone is that to all. */
export type Row = readonly [
  what: string,
  given: Given,
  ...told: readonly [Answer, (Answer | undefined)?, Answer?],
];

export const table = (rows: readonly Row[]): void => {
  test.each(rows.map(([what, given, ...said]) => ({ what, given, said })))('$what', ({ given, said }) => {
    const [one, source = one, dest = one] = said;
    for (const [index, expected] of [one, source, dest].entries())
      if (typeof expected === 'string') expect(answers(given)[index]).toBe(expected);
      else expect(answers(given)[index]).toMatch(expected);
  });
};
