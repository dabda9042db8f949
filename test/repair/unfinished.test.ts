import { describe, expect, test } from 'vitest';
import { planRepair } from '../../src/repair/repair-plan.ts';
import { copyOf, factsOf, GIVEN_UP, type Given, moving, record, told, unfinished } from './facts.ts';
import { FROM_COPY, LOST, MIRROR, NOTHING, table } from './table.ts';

const STANDBY = record('standby');
const ACTIVE = record('active');

describe('an operation is unfinished', () => {
  const STOPPED = { runs: 'none', parked: 'source' } as const;
  const REFUSED = (what: RegExp) =>
    new RegExp(`^refuse: .* of context green is unfinished and ${what.source}`);
  const stopped = unfinished('cutover', 'stop');
  table([
    [
      'a cutover that has stopped the source',
      { ...STOPPED, dest: moving('cutover'), source: copyOf(moving('cutover')), journal: stopped },
      NOTHING,
      REFUSED(/has stopped the source/),
      REFUSED(/has not started the destination/),
    ],
    [
      'a cutover that has begun nothing',
      {
        dest: moving('cutover'),
        source: copyOf(moving('cutover')),
        journal: unfinished('cutover', 'preflight'),
      },
      NOTHING,
      NOTHING,
      REFUSED(/has not started the destination/),
    ],
    [
      'a cutover that has begun to start the destination',
      {
        dest: moving('cutover'),
        source: copyOf(moving('cutover')),
        journal: unfinished('cutover', 'stop', 'start'),
        runs: 'dest',
      },
      NOTHING,
      REFUSED(/has stopped the source/),
      NOTHING,
    ],
    [
      'its rollback has begun to start the source again',
      {
        dest: moving('cutover'),
        source: copyOf(moving('cutover')),
        journal: unfinished('cutover', 'stop', 'start', 'undo-start', 'undo-stop'),
      },
      NOTHING,
      NOTHING,
      NOTHING,
    ],
    [
      'a failback that has stopped the destination',
      {
        dest: moving('failback'),
        source: copyOf(moving('failback')),
        journal: unfinished('failback', 'stop'),
        runs: 'none',
        parked: 'dest',
      },
      NOTHING,
      REFUSED(/has not started the source/),
      REFUSED(/has stopped the destination/),
    ],
    [
      'a failover that has started the destination',
      {
        dest: moving('failover'),
        sourceAnswers: false,
        journal: unfinished('failover', 'start'),
        runs: 'dest',
      },
      NOTHING,
    ],
    [
      'a fence of the source',
      {
        dest: { ...moving('fence'), phase: 'active' },
        source: copyOf(ACTIVE),
        journal: unfinished('fence', 'stop'),
        runs: 'dest',
      },
      NOTHING,
      REFUSED(/has stopped the source/),
      NOTHING,
    ],
    [
      'the record is missing, and the source has a copy',
      { ...STOPPED, source: copyOf(moving('cutover')), journal: stopped },
      FROM_COPY(1, 'moving'),
      /^refuse: /,
      /^refuse: /,
    ],
    [
      'the record is missing, and the copy is behind what runs: the journal explains it',
      {
        source: copyOf(STANDBY),
        journal: unfinished('cutover', 'stop', 'start'),
        runs: 'dest',
        parked: 'source',
      },
      FROM_COPY(1, 'standby'),
      /^refuse: /,
      FROM_COPY(1, 'standby'),
    ],
    [
      'both records are missing',
      { ...STOPPED, journal: stopped },
      `${LOST} rebuilt, with the unfinished cutover cutover-1. ${MIRROR(0)}`,
      /^refuse: /,
      /^refuse: /,
    ],
    [
      'the record is missing, and the source is silent',
      { sourceAnswers: false, runs: 'none', journal: stopped },
      `${LOST} rebuilt, with the unfinished cutover cutover-1.`,
      /^refuse: /,
      /^refuse: /,
    ],
    [
      'the destination was declared lost, and its record is missing',
      {
        source: copyOf(record('standby', 2), GIVEN_UP),
        journal: unfinished('cutover', 'stop', 'start'),
        runs: 'both',
      },
      `${LOST} rebuilt (epoch 1, moving), to be stopped, because the source was started without it.`,
      /^refuse: /,
      /epoch 1, moving/,
    ],
    [
      'the copy is ahead: what disagrees when the operation has ended is asked then',
      { ...STOPPED, dest: moving('cutover'), source: copyOf(record('active', 4)), journal: stopped },
      NOTHING,
      /^refuse: /,
      /^refuse: /,
    ],
    [
      'its journal is lost',
      { ...STOPPED, dest: moving('cutover'), source: copyOf(moving('cutover')) },
      'The journal of cutover-1: rebuilt from the annotations on the workloads.',
    ],
    [
      'its journal is lost, and the source has a copy',
      { ...STOPPED, dest: moving('cutover'), source: copyOf(moving('cutover')), journalCopy: stopped },
      "The journal of cutover-1: from the source's copy.",
      /^refuse: /,
      /^refuse: /,
    ],
  ]);

  test('the refusal names the place, and what to type next', () => {
    const facts = {
      ...STOPPED,
      dest: moving('cutover'),
      source: copyOf(moving('cutover')),
      live: 'source',
    } as const;
    const next = (given: Given) => {
      const verdict = planRepair(factsOf(given));
      return 'refuse' in verdict ? verdict.next : undefined;
    };
    expect(told({ ...facts, journal: stopped })).toBe(
      'refuse: Cutover cutover-1 in namespace shop of context green is unfinished and has stopped the source (namespace shop of context blue), so the source is not the live side.',
    );
    expect(next({ ...facts, journal: stopped })).toEqual(['resume', 'rollback']);
    expect(next({ ...facts, journal: unfinished('cutover', 'stop', 'undo-start') })).toEqual(['rollback']);
    expect(next({ ...facts, journal: unfinished('fence', 'stop') })).toEqual(['resume']);
    expect(next({ ...facts, dest: undefined, journal: stopped })).toEqual(['repair']);
  });
});
