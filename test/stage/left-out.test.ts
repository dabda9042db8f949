import { describe, expect, test } from 'vitest';
import { CONTENT_MANAGER, IGNORE, LEFT_OUT, MANAGED } from '../../src/common/annotations.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { stashBody } from '../../src/pipeline/stash.ts';
import { findMarks, withMarkRows } from '../../src/stage/left-out.ts';
import type { StageRow } from '../../src/stage/stage-types.ts';
import { object } from '../helpers/objects.ts';

type Input = Parameters<typeof findMarks>;

const PARKED = { 'dr-syncer.io/parked': '[{"path":["spec","replicas"],"parked":0,"original":2}]' };
const copy = (kind: string, name: string, annotations: JsonObject = PARKED): KubeObject =>
  object(kind === 'Job' ? 'batch/v1' : 'apps/v1', kind, name, {
    metadata: { labels: { [MANAGED]: 'true' }, annotations },
  });
const row = (source: KubeObject, live?: KubeObject, stashed = false): Input[2][number] =>
  ({
    source,
    stashed,
    item: live === undefined ? undefined : { live },
    verdict: { kind: live === undefined ? 'skip' : 'keep', reason: '' },
  }) as unknown as Input[2][number];
const found = (
  prepared: Input[2],
  orphans: readonly KubeObject[],
  { dest = [], prune = false, selector }: { dest?: KubeObject[]; prune?: boolean; selector?: string } = {},
): string[] =>
  findMarks(
    { prune, selector, sourceNamespace: 'shop', oneShotKinds: [] } as unknown as Input[0],
    {
      dest,
      selected: [{ name: 'runs', source: { group: 'tekton.dev', kind: 'PipelineRun' } }],
      unlisted: [],
    } as unknown as Input[1],
    prepared,
    orphans,
  ).map(({ about, reason }) => `${about.kind} ${about.metadata.name}: ${reason ?? 'none'}`);

describe('what a stage marks', () => {
  const job = object('batch/v1', 'Job', 'over', {
    status: { conditions: [{ type: 'Complete', status: 'True' }] },
  });
  const ignored = object('apps/v1', 'Deployment', 'ignored', { metadata: { labels: { [IGNORE]: 'true' } } });

  test('parked copies get the reason why they would not be made now', () => {
    const orphans = [copy('Deployment', 'gone'), copy('Job', 'over'), copy('Deployment', 'ignored')];
    expect(found([row(job), row(ignored)], orphans)).toEqual([
      'Deployment gone: gone',
      'Job over: finished',
      'Deployment ignored: ignored',
    ]);
  });

  test('what runs nothing, what is marked already and what --prune deletes is left alone', () => {
    expect(found([], [object('v1', 'ConfigMap', 'gone')])).toEqual([]);
    expect(found([], [copy('Deployment', 'gone', { ...PARKED, [LEFT_OUT]: 'gone' })])).toEqual([]);
    expect(found([], [copy('Deployment', 'gone')], { prune: true })).toEqual([]);
  });

  test('the mark goes when the object is at the source again', () => {
    const back = copy('Deployment', 'back', { ...PARKED, [LEFT_OUT]: 'gone' });
    expect(found([row(back, back)], [])).toEqual(['Deployment back: none']);
    expect(found([row(back, copy('Deployment', 'back'))], [])).toEqual([]);
  });

  test('a manifest is marked when its object is gone or over, and only where it was looked for', () => {
    const pipeline = object('tekton.dev/v1', 'PipelineRun', 'one', { metadata: { namespace: 'shop' } });
    const body = stashBody(pipeline);
    if (body === 'too-large') throw new Error('A small manifest does not fit.');
    const kept = {
      ...body,
      metadata: { ...body.metadata, managedFields: [{ manager: CONTENT_MANAGER }] },
    } as KubeObject;
    const over = { ...pipeline, status: { completionTime: '2026-01-02T03:04:05Z' } } as KubeObject;
    expect(found([], [], { dest: [kept] })).toEqual(['PipelineRun one: gone']);
    expect(found([row(over)], [], { dest: [kept] })).toEqual(['PipelineRun one: finished']);
    expect(found([row(pipeline, kept, true)], [], { dest: [kept] })).toEqual([]);
    expect(found([], [], { dest: [kept], selector: 'app=web' })).toEqual([]);
    expect(found([], [], { dest: [kept], prune: true }), 'of another pair').toEqual([
      'PipelineRun one: gone',
    ]);
    const other = stashBody({ ...pipeline, apiVersion: 'example.com/v1' }) as KubeObject;
    expect(found([], [], { dest: [other] })).toEqual([]);
  });
});

test('an object has one row, and what was written anyway stays so', () => {
  const line = (name: string, action: StageRow['action'], reason: string): StageRow => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', name, action, reason },
    ...{ notes: [], attempts: 1, ms: 0 },
  });
  const rows = [line('a', 'skipped', 'ignored'), line('b', 'created', ''), line('c', 'unchanged', '')];
  const marks = [line('a', 'updated', 'x'), line('b', 'updated', 'x'), line('d', 'failed', 'x')];
  expect(withMarkRows(rows, marks).map(({ name, action }) => `${name} ${action}`)).toEqual([
    'a updated',
    'b created',
    'c unchanged',
    'd failed',
  ]);
});
