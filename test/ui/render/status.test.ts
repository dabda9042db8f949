import { describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../src/state/record-types.ts';
import { judge } from '../../../src/status/judge-status.ts';
import type { StatusResult } from '../../../src/status/status-types.ts';
import { renderHistory, renderStatus } from '../../../src/ui/render/render-status.ts';
import { createTheme } from '../../../src/ui/theme.ts';
import { DEAD, factsOf, RUNS, record, side } from '../../helpers/status-facts.ts';

const THEME = createTheme(false);
const AT = '2026-01-01T00:00:00Z';

const resultOf = (more: Partial<StatusResult> = {}): StatusResult => ({
  schema: 'dr-syncer.io/status-result/v1',
  exitCode: 0,
  ...judge(factsOf({ source: side('east', RUNS) })),
  since: AT,
  by: 'ann@desk',
  source: side('east', { ...RUNS, phase: 'active' }),
  dest: side('west', { phase: 'standby' }),
  lastStage: { at: AT, ageSeconds: 172_800, objects: 29 },
  lastDataCopy: undefined,
  mixedData: undefined,
  pendingFence: undefined,
  operation: undefined,
  ...more,
});

const linesOf = (result: StatusResult): string[] => renderStatus(result, THEME).split('\n');
const lineOf = (result: StatusResult, start: string): string | undefined =>
  linesOf(result).find((line) => line.startsWith(start));

describe('since when the application lives where it is', () => {
  test('after a move: since its end', () => {
    expect(lineOf(resultOf(), 'live since')).toBe(`live since      ${AT}  by ann@desk`);
  });

  test('B9: while it is on the move it lives nowhere', () => {
    const text = renderStatus(resultOf({ live: 'moving' }), THEME);
    expect(text).not.toContain('live since');
    expect(text).toMatch(new RegExp(`^moving since +${AT} +by ann@desk$`, 'm'));
  });

  test.each<[string, Partial<StatusResult>]>([
    ['by the record of the destination', { dest: side('west', { epoch: 0 }) }],
    [
      'by that of the source, when the destination is silent',
      { dest: side('west', DEAD), source: side('east', { ...RUNS, epoch: 0 }) },
    ],
    ['without any record', { dest: side('west', { epoch: undefined }), source: undefined, since: undefined }],
  ])('B9: the first stage says nothing about how long the source has run, %s', (_what, more) => {
    const result = resultOf(more);
    expect(lineOf(result, 'live since')).toMatch(/^live since +- +before the first move$/);
  });
});

describe('ages', () => {
  test('B17: are told in days and hours, as in the headline', () => {
    const copy = { at: AT, ageSeconds: 3725, claims: 2, verified: 1 };
    const result = resultOf({ lastDataCopy: copy });
    expect(lineOf(result, 'last stage')).toMatch(/ {2}2 d ago, 29 objects$/);
    expect(lineOf(result, 'last data copy')).toMatch(/ {2}1 h 2 m ago, 2 PVCs, 1 verified$/);
  });

  test('what never was has none', () => {
    const result = resultOf({ lastStage: undefined });
    expect(lineOf(result, 'last stage')).toMatch(/^last stage +never$/);
    expect(lineOf(result, 'last data copy')).toMatch(/^last data copy +never$/);
  });

  test('without the record of a silent destination nobody knows whether there was anything', () => {
    const result = resultOf({ lastStage: undefined, dest: side('west', DEAD) });
    expect(lineOf(result, 'last stage')).toMatch(/^last stage +unknown$/);
  });
});

describe('the two sides', () => {
  test('are one row each, with the sum of their pods', () => {
    const pods = [...RUNS.pods, { workload: 'Job import', pods: 3 }];
    const [head, ...rows] = linesOf(resultOf({ source: side('east', { phase: 'active', pods }) })).slice(
      2,
      5,
    );
    expect(head).toBe('SIDE         CONTEXT  NAMESPACE  PHASE    EPOCH  PODS');
    expect(rows).toEqual([
      'source       east     shop       active   1      5',
      'destination  west     shop       standby  1      0',
    ]);
  });

  test('one that does not answer says so, and one that was not named is not there', () => {
    const text = renderStatus(resultOf({ dest: side('west', DEAD), source: undefined }), THEME);
    expect(text).toMatch(/^destination +west +shop +no answer +- +\?$/m);
    expect(text).not.toMatch(/^source /m);
  });
});

test('what is the matter stands below, each as a line', () => {
  const text = renderStatus(
    resultOf({
      managedBy: 'team-a/shop@4711-0815',
      mixedData: { since: AT, side: 'dest', by: 'a pre-copy' },
      pendingFence: { since: AT, epoch: 1, reason: 'the source did not answer' },
      operation: {
        ...{ id: 'cutover-1', kind: 'cutover', startedAt: AT, step: undefined },
        ...{ holder: 'ben@desk', running: true },
      },
      problems: ['The epochs differ.'],
      unknown: 'Whether it runs.',
      decide: 'Whether it is lost.',
      ways: [{ when: 'to go on', command: 'dr-syncer resume -n shop' }],
    }),
    THEME,
  );
  for (const line of [
    /^kept by +team-a\/shop +in the cluster with UID 4711-0815$/m,
    /^not consistent +\S+ +volumes at the destination were written to since by a pre-copy$/m,
    /^pending fence +\S+ +the source did not answer$/m,
    /^operation +cutover-1 +cutover, running \(ben@desk\)$/m,
    /^! The epochs differ\.$/m,
    /^Unknown: Whether it runs\.$/m,
    /^To do: Whether it is lost\.$/m,
    /^Next:\n {2}to go on:\n {4}dr-syncer resume -n shop$/m,
  ])
    expect(text).toMatch(line);
});

test('B17: no line ends in blanks', () => {
  const texts = [
    renderStatus(resultOf({ by: undefined, since: undefined }), THEME),
    renderStatus(resultOf({ lastStage: undefined, source: undefined }), THEME),
    renderStatus(resultOf({ ...judge(factsOf({ record: record('moving') })), live: 'moving' }), THEME),
    renderHistory([ENTRY, { ...ENTRY, command: '' }]),
  ];
  for (const text of texts) expect(text).not.toMatch(/[ \t]$/m);
});

const ENTRY: HistoryEntry = {
  operationId: 'cutover-1',
  kind: 'cutover',
  who: 'ann@desk',
  from: 'desk',
  when: AT,
  command: 'dr-syncer cutover -n shop',
  planHash: '0123',
  result: 'locked',
  seconds: 4.26,
  perStepSeconds: {},
};

describe('the history', () => {
  test('says that there is none', () => {
    expect(renderHistory([])).toBe('No operations recorded.\n');
  });

  test('tells each run, one that lost its lock as well, with numbers to the right', () => {
    const entries = [
      ENTRY,
      { ...ENTRY, result: 'ok', seconds: 123, rtoSeconds: 12.5, rpoSeconds: 0 } as const,
    ];
    expect(renderHistory(entries).split('\n').slice(0, 3)).toEqual([
      'WHEN                  KIND     RESULT  SECONDS     RTO  RPO  WHO       OPERATION  COMMAND',
      `${AT}  cutover  locked      4.3       -    -  ann@desk  cutover-1  dr-syncer cutover -n shop`,
      `${AT}  cutover  ok        123.0  12.5 s  0 s  ann@desk  cutover-1  dr-syncer cutover -n shop`,
    ]);
  });
});
