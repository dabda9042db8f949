import { describe } from 'vitest';
import { copyOf, GIVEN_UP, record } from './facts.ts';
import { ANEW, FROM_COPY, LOST, MIRROR, NOT_TAKEN, NOTHING, REOPENED, table } from './table.ts';

const STANDBY = record('standby');
const ACTIVE = record('active');
const MOVING = record('moving');

describe('no operation is unfinished: without --live-side, with the source, with the destination', () => {
  table([
    ['both records agree', { dest: STANDBY, source: copyOf(STANDBY) }, NOTHING, NOTHING, NOT_TAKEN('source')],
    ['the source has no copy', { dest: STANDBY }, MIRROR(1), MIRROR(1), NOT_TAKEN('source')],
    [
      'the copy is damaged',
      { dest: ACTIVE, source: 'damaged', runs: 'dest' },
      MIRROR(1),
      NOT_TAKEN('destination'),
      MIRROR(1),
    ],
    [
      'the copy is behind',
      { dest: record('active', 2), source: copyOf(STANDBY), runs: 'dest' },
      MIRROR(2),
      NOT_TAKEN('destination'),
      MIRROR(2),
    ],
    ['the source is silent', { dest: STANDBY, sourceAnswers: false }, NOTHING, NOTHING, NOT_TAKEN('source')],
    [
      'the record is missing, and what runs agrees with the copy',
      { source: copyOf(STANDBY) },
      FROM_COPY(1, 'standby'),
      undefined,
      NOT_TAKEN('source'),
    ],
    [
      'the record is missing, and both sides run',
      { source: copyOf(ACTIVE), runs: 'both' },
      FROM_COPY(1, 'active'),
      NOT_TAKEN('destination'),
      FROM_COPY(1, 'active'),
    ],
    [
      'the record is missing, and what runs contradicts the copy',
      { source: copyOf(STANDBY), runs: 'dest' },
      /^decide: .* is missing, the source's copy says that the source is live, and nothing runs at the source/,
      FROM_COPY(1, 'standby'),
      FROM_COPY(1, 'active'),
    ],
    ['both are missing, one side runs', {}, ANEW('source', 0), ANEW('source', 0), ANEW('destination', 1)],
    [
      'both are missing, both sides run',
      { runs: 'both' },
      /^decide: .* is missing, the source has no copy, and Deployment web at the source, Deployment web at the dest/,
      ANEW('source', 0),
      ANEW('destination', 1),
    ],
    [
      'both are missing, nothing runs',
      { runs: 'none' },
      /^decide: .* the source has no copy, and nothing runs/,
      ANEW('source', 0),
      ANEW('destination', 1),
    ],
    [
      'both are missing, and the source was stopped',
      { runs: 'none', parked: 'source' },
      /rebuilt, with the source as .* A cutover is recorded as unfinished/,
      undefined,
      ANEW('destination', 1),
    ],
    [
      'the record is damaged, and the source is silent',
      { dest: 'damaged', sourceAnswers: false, runs: 'dest' },
      'The record of the destination is damaged: rebuilt, with the destination as the live side.',
      'The record of the destination is damaged: rebuilt, with the source as the live side.',
    ],
    [
      'the copy is ahead and says the same',
      { dest: STANDBY, source: copyOf(record('standby', 2)) },
      `The record of the destination: epoch 2 instead of 1, standby. ${MIRROR(2)}`,
      undefined,
      `The record of the destination: epoch 3 instead of 1, active. ${MIRROR(3)}`,
    ],
    [
      'the copy is ahead and says something else',
      { dest: STANDBY, source: copyOf(record('active', 2)) },
      /^decide: The record of the destination \(epoch 1\) calls it standby, the source's copy \(epoch 2\) calls it active, and /,
      `The record of the destination: epoch 3 instead of 1, standby. ${MIRROR(3)}`,
      `The record of the destination: epoch 2 instead of 1, active. ${MIRROR(2)}`,
    ],
    [
      'the destination was declared lost',
      { dest: ACTIVE, source: copyOf(record('standby', 2), GIVEN_UP) },
      NOTHING,
    ],
    [
      'the destination was declared lost, and its record is missing: it is still to be fenced',
      { source: copyOf(record('standby', 2), GIVEN_UP) },
      `${LOST} rebuilt (epoch 1, active), to be stopped, because the source was started without it.`,
    ],
    [
      'on the move, the source runs',
      { dest: MOVING, source: copyOf(MOVING) },
      `The record of the destination: the source is the live side, as only it runs the application. ${MIRROR(1)}`,
      `The record of the destination: the source is the live side, as --live-side says. ${MIRROR(1)}`,
      `The record of the destination: the destination is the live side, as --live-side says. ${MIRROR(1)}`,
    ],
    [
      'on the move, nothing runs',
      { dest: MOVING, source: copyOf(MOVING), runs: 'none' },
      /^decide: The record says that a move is under way, no operation is unfinished, and nothing runs/,
      /the source is the live side, as --live-side says/,
      /the destination is the live side, as --live-side says/,
    ],
    [
      'on the move, and the source was stopped',
      { dest: MOVING, source: copyOf(MOVING), runs: 'none', parked: 'source' },
      REOPENED('cutover'),
      undefined,
      /the destination is the live side, as --live-side says/,
    ],
    [
      'the source is live and stopped',
      { dest: STANDBY, source: copyOf(STANDBY), runs: 'none', parked: 'source' },
      REOPENED('cutover'),
    ],
    [
      'the destination is live and stopped',
      { dest: ACTIVE, source: copyOf(ACTIVE), runs: 'none', parked: 'dest' },
      REOPENED('failback'),
    ],
    [
      'the journal is damaged, and the record names no operation',
      { dest: STANDBY, source: copyOf(STANDBY), journal: 'damaged' },
      'The damaged journal: replaced by a finished one, because the record names no operation.',
      undefined,
      NOT_TAKEN('source'),
    ],
  ]);
});
