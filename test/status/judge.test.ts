import { describe, expect, test } from 'vitest';
import { judge } from '../../src/status/judge-status.ts';
import type { StatusFacts } from '../../src/status/status-facts.ts';
import { DEAD, factsOf, OPERATION, RUNS, record, side, WEB } from '../helpers/status-facts.ts';

const judged = (facts: Partial<StatusFacts>) => judge(factsOf(facts));

describe('all is well', () => {
  test.each<[string, Partial<StatusFacts>, string, RegExp]>([
    [
      'standby',
      { source: side('east', RUNS) },
      'source',
      /source is the live side \(epoch 1, last staged 5 m ago\)\.$/,
    ],
    [
      'active',
      { record: record('active'), dest: side('west', RUNS) },
      'dest',
      /destination is the live side/,
    ],
    ['a stopped application', {}, 'source', /source is the live side/],
    ['the source was not named', { source: undefined }, 'source', /source is the live side/],
    [
      'the old source is silent',
      { record: record('active'), dest: side('west', RUNS), source: side('east', DEAD) },
      'dest',
      /destination is the live side .* The source does not answer\.$/,
    ],
  ])('%s', (_what, facts, live, summary) => {
    expect(judged(facts)).toMatchObject({ outcome: 'ok', live, next: undefined, problems: [] });
    expect(judged(facts).summary).toMatch(summary);
  });

  test('never staged: the next thing to do is to stage', () => {
    expect(judged({ record: undefined, source: side('east', { ...RUNS, epoch: undefined }) })).toMatchObject({
      outcome: 'ok',
      live: 'source',
      next: 'dr-syncer stage -n shop',
    });
  });
});

describe('something is wrong', () => {
  test.each<[string, Partial<StatusFacts>, string, RegExp, string | undefined]>([
    [
      'F3: both sides run while the destination is live',
      { record: record('active'), source: side('east', RUNS), dest: side('west', RUNS) },
      'both',
      /^BOTH SIDES RUN: the destination is live, and pods run at the source: Deployment web\.$/,
      'dr-syncer fence -n shop',
    ],
    [
      'F3: the source runs and the destination, which is live, does not',
      { record: record('active'), source: side('east', RUNS) },
      'dest',
      /^Pods run at the source although the destination is the live side: Deployment web\.$/,
      'dr-syncer fence -n shop',
    ],
    [
      'both sides run while the source is live',
      { source: side('east', RUNS), dest: side('west', RUNS), awake: WEB },
      'both',
      /^BOTH SIDES RUN: the source is live, and what is parked at the destination has pods: Deployment web\.$/,
      'dr-syncer fence -n shop',
    ],
    [
      'F3: given up, not fenced, and it runs',
      {
        record: record('active', { pendingFence: { since: 'then', epoch: 1, reason: 'fire' } }),
        source: side('east', RUNS),
        dest: side('west', RUNS),
      },
      'both',
      /^BOTH SIDES RUN: .* The source was declared lost then and is not fenced; it answers again\.$/,
      'dr-syncer fence -n shop',
    ],
    [
      'given up, and silent',
      {
        record: record('active', { pendingFence: { since: 'then', epoch: 1, reason: 'fire' } }),
        source: side('east', DEAD),
        dest: side('west', RUNS),
      },
      'dest',
      /^The source was declared lost then and is not fenced\.$/,
      'dr-syncer fence -n shop',
    ],
    [
      'the epochs disagree',
      { record: record('active', { epoch: 2 }), dest: side('west', { ...RUNS, epoch: 2 }) },
      'dest',
      /^The epochs disagree: 1 at the source, 2 at the destination\.$/,
      'dr-syncer fence -n shop',
    ],
    [
      'nothing runs at the live destination',
      { record: record('active') },
      'dest',
      /^The destination is the live side, and no pods run there\.$/,
      'dr-syncer failback -n shop',
    ],
    [
      'F1: the live source is silent',
      { source: side('east', DEAD) },
      'source',
      /^The source is the live side and does not answer: no route$/,
      'dr-syncer failover -n shop',
    ],
    [
      'the destination is silent',
      { source: side('east', RUNS), dest: side('west', DEAD) },
      'source',
      /^The destination does not answer: no route Pods run at the source\.$/,
      undefined,
    ],
    [
      'the pods of a side may not be listed',
      { source: side('east', { pods: undefined, problem: 'pods is forbidden' }) },
      'source',
      /^It is not known whether pods run at the source: pods is forbidden$/,
      undefined,
    ],
    [
      'the record of a side may not be read',
      { source: side('east', { problem: 'configmaps is forbidden' }) },
      'source',
      /^It is not known what is recorded at the source: configmaps is forbidden$/,
      undefined,
    ],
    [
      'the journal may not be read',
      { unreadable: ['It is not known whether an operation is unfinished: forbidden'] },
      'source',
      /^It is not known whether an operation is unfinished: forbidden$/,
      undefined,
    ],
    [
      'on the move without an operation',
      { record: record('moving') },
      'moving',
      /no operation is unfinished\.$/,
      'dr-syncer repair -n shop',
    ],
  ])('%s', (_what, facts, live, summary, next) => {
    const result = judged(facts);
    expect(result).toMatchObject({ outcome: 'drift', live });
    expect(result.next).toBe(next);
    expect(result.summary).toMatch(summary);
    expect(result.problems[0]).toBe(result.summary);
  });
});

describe('an operation is unfinished', () => {
  test('F4: stopped: resume or roll back', () => {
    expect(judged({ record: record('moving'), operation: OPERATION })).toMatchObject({
      outcome: 'partial',
      live: 'moving',
      summary: 'A cutover is unfinished, at "Stop the workloads".',
      next: 'dr-syncer resume -n shop   or   dr-syncer rollback -n shop',
    });
  });

  test('F5: running: by whom, and how to follow it', () => {
    expect(
      judged({ record: record('moving'), operation: { ...OPERATION, atWork: 'running' } }),
    ).toMatchObject({
      outcome: 'partial',
      summary: 'A cutover is running, at "Stop the workloads" (ann@desk).',
      next: 'dr-syncer status -n shop --watch',
    });
  });
});
