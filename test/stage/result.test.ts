import { describe, expect, it } from 'vitest';
import { isNamespaceRow, rowOfApplied, rowOfPrepared } from '../../src/stage/stage-result.ts';
import { object } from '../helpers/objects.ts';

type Prepared = Parameters<typeof rowOfApplied>[0];
type Applied = Parameters<typeof rowOfApplied>[1];

const NOTE = { level: 'warn', path: 'spec.a', message: 'About a.' } as const;
const preparedOf = (more: Partial<Prepared> = {}): Prepared => ({
  source: object('apps/v1', 'Deployment', 'web'),
  verdict: { kind: 'keep' },
  ...{ notes: [NOTE], item: undefined, stashed: false, parkReplicas: undefined },
  ...more,
});
const appliedOf = (outcome: Partial<Applied['outcome']>, item: Partial<Applied['item']> = {}): Applied => ({
  item: {
    action: 'update',
    live: undefined,
    paths: [],
    drift: false,
    adopted: false,
    ...item,
  } as unknown as Applied['item'],
  outcome: { action: 'updated', reason: undefined, attempts: 2, warnings: [], dropped: [], ...outcome },
  ms: 12,
});
const live = object('apps/v1', 'Deployment', 'web');
const warn = { kind: 'warn', reason: 'it is odd' } as unknown as Prepared['verdict'];
const KEPT = 'its operator would act on it at once; the manifest is kept until a cutover';

describe('the row of an object', () => {
  it('that was not written has its reason, and was not tried', () => {
    expect(rowOfPrepared(preparedOf(), 'refused', 'no right')).toEqual({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', action: 'refused', reason: 'no right' },
      ...{ notes: [NOTE], attempts: 0, ms: 0 },
    });
  });

  it.each<[string, Partial<Prepared>, Applied, string, string]>([
    ['was created', {}, appliedOf({ action: 'created' }, { action: 'create' }), 'created', ''],
    ['was updated', {}, appliedOf({}, { live }), 'updated', ''],
    ['failed', {}, appliedOf({ action: 'failed', reason: 'no (403)' }), 'failed', 'no (403)'],
    ['may have been created', {}, appliedOf({ action: 'unknown' }), 'created', ''],
    ['may have been updated', {}, appliedOf({ action: 'unknown' }, { live }), 'updated', ''],
    ['was kept as a manifest', { stashed: true }, appliedOf({ action: 'created' }), 'stashed', KEPT],
    ['is kept as it was', { stashed: true }, appliedOf({ action: 'unchanged' }), 'unchanged', KEPT],
    [
      'was changed there and put back',
      {},
      appliedOf({}, { live, drift: true, paths: ['data.a', 'data.b'] }),
      'updated',
      'was changed at the destination and put back: data.a and data.b',
    ],
    [
      "was somebody else's",
      {},
      appliedOf({}, { live, adopted: true }),
      'updated',
      'existed before and was not created by dr-syncer',
    ],
    [
      'was changed, and is so still',
      {},
      appliedOf({ action: 'failed' }, { live, drift: true, adopted: true }),
      'failed',
      '',
    ],
    ['is odd', { verdict: warn }, appliedOf({ action: 'unchanged' }), 'unchanged', 'it is odd'],
    [
      'has several reasons',
      { verdict: warn },
      appliedOf({ action: 'recreated', reason: 'it is immutable' }),
      'recreated',
      'it is immutable; it is odd',
    ],
  ])('that %s', (_what, prepared, applied, action, reason) => {
    expect(rowOfApplied(preparedOf(prepared), applied)).toMatchObject({
      action,
      reason,
      attempts: 2,
      ms: 12,
    });
  });

  it('has what the server said and left out, behind its own notes', () => {
    const { notes } = rowOfApplied(preparedOf(), appliedOf({ warnings: ['old API'], dropped: ['spec.new'] }));
    expect(notes.map(({ level, path, message }) => `${level} ${path}: ${message}`)).toEqual([
      'warn spec.a: About a.',
      'warn : The server warns: old API',
      'warn spec.new: The destination did not keep this field: its version does not know it, or a webhook removed it.',
    ]);
  });
});

it.each([
  ['v1', 'Namespace', true],
  ['example.com/v1', 'Namespace', false],
  ['v1', 'Secret', false],
])('%s %s is the row of the namespace: %s', (apiVersion, kind, is) => {
  expect(isNamespaceRow({ apiVersion, kind })).toBe(is);
});
