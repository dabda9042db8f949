import { describe, expect, test } from 'vitest';
import {
  APPLIED_HASH,
  CONTENT_MANAGER,
  MANAGED,
  PARK_MANAGER,
  SOURCE_CLUSTER,
} from '../../src/common/annotations.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';
import { contentHash, planObject } from '../../src/pipeline/plan-object.ts';
import { object } from '../helpers/objects.ts';

const DEPLOYMENTS = { ...CONFIG_MAPS, group: 'apps', resource: 'deployments', kind: 'Deployment' };

const content = (colour: string): KubeObject =>
  object('v1', 'ConfigMap', 'pay', { metadata: { labels: { [MANAGED]: 'true' } }, data: { colour } });
const bodies = (colour: string) => ({ content: content(colour), park: undefined, parked: content(colour) });

/** As a stage of `applied` has left it, with what somebody has made of it since. */
const live = (applied: string, now: string, more: JsonObject = {}): KubeObject => ({
  ...content(now),
  metadata: {
    ...content(now).metadata,
    annotations: { [APPLIED_HASH]: contentHash(content(applied)) },
    managedFields: [
      {
        manager: now === applied ? CONTENT_MANAGER : 'kubectl-edit',
        operation: 'Apply',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:colour': {} } },
      },
    ],
    ...more,
  },
});
const plan = (colour: string, found: KubeObject | undefined) =>
  planObject(CONFIG_MAPS, bodies(colour), found);

describe('what is to be done about an object without a park body', () => {
  test('that is not there: it is created whole, with its hash', () => {
    const item = plan('blue', undefined);
    expect(item).toMatchObject({
      action: 'create',
      live: undefined,
      drift: false,
      adopted: false,
      paths: [],
    });
    expect(item.content?.metadata.annotations).toEqual({ [APPLIED_HASH]: contentHash(content('blue')) });
    expect(item.whole).toEqual(item.content);
  });

  test('that is as it was applied: nothing', () => {
    expect(plan('blue', live('blue', 'blue'))).toMatchObject({
      ...{ action: 'unchanged', content: undefined, paths: [], drift: false, adopted: false },
    });
  });

  test('that has changed at the source: it is updated, and that is no drift', () => {
    expect(plan('green', live('blue', 'blue'))).toMatchObject({ action: 'update', drift: false });
  });

  test('that somebody has changed at the destination: it is put back, with the path', () => {
    expect(plan('blue', live('blue', 'red'))).toMatchObject({
      ...{ action: 'update', paths: ['data.colour'], drift: true, adopted: false },
    });
  });

  test('that was there before us: it is adopted', () => {
    expect(plan('blue', object('v1', 'ConfigMap', 'pay', { data: { colour: 'red' } }))).toMatchObject({
      ...{ action: 'update', drift: false, adopted: true },
    });
  });
});

test('the hash does not depend on the order of fields, and on nothing but the content', () => {
  const one = object('v1', 'ConfigMap', 'pay', { data: { a: '1', b: '2' } });
  const other = object('v1', 'ConfigMap', 'pay', { data: { b: '2', a: '1' } });
  expect(contentHash(one)).toBe(contentHash(other));
  expect(contentHash(one)).toMatch(/^[0-9a-f]{16}$/);
  expect(contentHash(content('blue'))).not.toBe(contentHash(content('green')));
});

describe('the name by which an operator knows the source', () => {
  const named = (colour: string, cluster: string): KubeObject =>
    object('v1', 'ConfigMap', 'pay', {
      metadata: { labels: { [MANAGED]: 'true' }, annotations: { [SOURCE_CLUSTER]: cluster } },
      data: { colour },
    });
  const staged = (by: string, now = 'blue'): KubeObject => {
    const copy = live('blue', now);
    const annotations = { [SOURCE_CLUSTER]: by, [APPLIED_HASH]: contentHash(named('blue', by)) };
    return { ...copy, metadata: { ...copy.metadata, annotations } };
  };
  const planBy = (cluster: string, colour: string, found: KubeObject) => {
    const whole = named(colour, cluster);
    return planObject(CONFIG_MAPS, { content: whole, park: undefined, parked: whole }, found);
  };

  test('is no reason to write, and the hash stays the one that was applied', () => {
    const item = planBy('admin@east', 'blue', staged('east'));
    expect(item).toMatchObject({ action: 'unchanged', content: undefined, drift: false });
    expect(item.hash).toBe(planBy('east', 'blue', staged('east')).hash);
  });

  test('is written with the next change, which is no drift', () => {
    const item = planBy('admin@east', 'green', staged('east'));
    expect(item).toMatchObject({ action: 'update', drift: false });
    expect(item.content?.metadata.annotations?.[SOURCE_CLUSTER]).toBe('admin@east');
  });

  test('does not hide what somebody has changed at the destination', () => {
    expect(planBy('admin@east', 'blue', staged('east', 'red'))).toMatchObject({
      action: 'update',
      drift: true,
    });
  });
});

describe('what is to be done about an object that is parked', () => {
  const PARKED = { 'dr-syncer.io/parked': '[{"path":["spec","replicas"],"parked":0,"original":2}]' };
  const labels = { [MANAGED]: 'true' };
  const deployment = (spec: JsonObject, metadata: JsonObject = { labels }): KubeObject =>
    object('apps/v1', 'Deployment', 'web', { metadata, spec });
  const bodiesOf = (paused: boolean, marks: JsonObject = PARKED) => ({
    content: deployment({ paused }),
    park: deployment({ replicas: 0 }, { annotations: marks }),
    parked: deployment({ paused, replicas: 0 }, { labels, annotations: marks }),
  });
  const applied = (manager: string, fields: JsonObject): JsonObject => ({
    ...{ manager, operation: 'Apply', fieldsType: 'FieldsV1' },
    fieldsV1: fields,
  });
  const OWNED = {
    'f:metadata': { 'f:annotations': { 'f:dr-syncer.io/parked': {} } },
    'f:spec': { 'f:replicas': {} },
  };
  /** As a stage has left it, with another number of replicas since; `manager` parked it. */
  const stagedWith = (replicas: number, manager: string, owned: JsonObject = OWNED): KubeObject =>
    deployment(
      { paused: false, replicas },
      {
        labels,
        annotations: { ...PARKED, [APPLIED_HASH]: contentHash(bodiesOf(false).content) },
        managedFields: [applied(CONTENT_MANAGER, { 'f:spec': { 'f:paused': {} } }), applied(manager, owned)],
      },
    );
  const planOf = (paused: boolean, found: KubeObject | undefined, marks?: JsonObject) =>
    planObject(DEPLOYMENTS, bodiesOf(paused, marks), found);

  test('that is not there: one creation has its park fields and its mark', () => {
    const item = planOf(false, undefined);
    expect(item).toMatchObject({ action: 'create', content: { spec: { paused: false, replicas: 0 } } });
    expect(item.content?.metadata.annotations).toMatchObject(PARKED);
    expect(item.park).toEqual(bodiesOf(false).park);
  });

  test('that is as it was parked: nothing', () => {
    expect(planOf(false, stagedWith(0, PARK_MANAGER))).toMatchObject({
      ...{ action: 'unchanged', content: undefined, park: undefined, paths: [] },
    });
  });

  test('whose content has changed at the source: the content alone is written', () => {
    const item = planOf(true, stagedWith(0, PARK_MANAGER));
    expect(item).toMatchObject({ action: 'update', park: undefined, drift: false });
    expect(item.content?.['spec']).toEqual({ paused: true });
    expect(item.whole['spec']).toEqual({ paused: true, replicas: 0 });
  });

  test('that somebody has scaled up: it is parked again, and that is drift', () => {
    const scaled = stagedWith(3, PARK_MANAGER, { 'f:metadata': OWNED['f:metadata'] });
    expect(planOf(false, scaled)).toMatchObject({
      ...{ action: 'update', content: undefined, paths: ['spec.replicas'], drift: true },
      park: { spec: { replicas: 0 } },
    });
  });

  test('whose count has changed at the source: its mark is written, and that is no drift', () => {
    const more = { 'dr-syncer.io/parked': PARKED['dr-syncer.io/parked'].replace('2', '5') };
    const item = planOf(false, stagedWith(0, PARK_MANAGER), more);
    expect(item).toMatchObject({ action: 'update', content: undefined, drift: false });
    expect(item.park?.metadata.annotations).toEqual(more);
  });

  test('that the park manager has never written: all of it is sent, park fields too', () => {
    const item = planOf(true, stagedWith(3, 'kubectl'));
    expect(item.content?.['spec']).toEqual({ paused: true, replicas: 0 });
    expect(item).toMatchObject({ action: 'update', drift: false, park: { spec: { replicas: 0 } } });
  });
});
