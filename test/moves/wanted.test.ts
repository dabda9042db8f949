import { describe, expect, it } from 'vitest';
import { IGNORE } from '../../src/common/annotations.ts';
import type { JsonObject } from '../../src/kube/api-types.ts';
import type { WantedField } from '../../src/sides/side-types.ts';
import {
  fewerThan,
  isIgnored,
  restingFields,
  restsBecause,
  runs,
  wakePatch,
  wantedFields,
} from '../../src/sides/wanted-pods.ts';
import type { ParkField } from '../../src/workloads/workload-types.ts';
import { object } from '../helpers/objects.ts';

const REPLICAS: ParkField = { path: ['spec', 'replicas'], parked: 0, original: 3 };
const SUSPEND: ParkField = { path: ['spec', 'suspend'], parked: true, original: false };
const SELECTOR: ParkField = {
  path: ['spec', 'nodeSelector'],
  parked: { parked: 'true' },
  original: undefined,
};
const plan = (fields: ParkField[], replicas?: number) => ({
  kind: 'Deployment.apps',
  fields,
  replicas,
  notes: [],
});
const web = (spec: JsonObject) =>
  object('apps/v1', 'Deployment', 'web', { metadata: { resourceVersion: '7' }, spec });
const wanted = (value: number, parked = 0): WantedField[] => [
  { path: ['spec', 'replicas'], parked, wanted: value, isCount: true },
];

describe('what a workload is to run with', () => {
  it.each<[string, ParkField[], number | undefined, number | undefined, unknown, boolean]>([
    ['the recorded count', [REPLICAS], 3, undefined, 3, true],
    ['another count in its place', [REPLICAS], 3, 5, 5, true],
    ['0 in its place', [REPLICAS], 3, 0, 0, true],
    ['what is recorded of a field that is no count', [SUSPEND], 3, 5, false, false],
    ['nothing, where the field was absent', [SELECTOR], undefined, undefined, undefined, false],
    ['a number that is no count, without one in the plan', [REPLICAS], undefined, 5, 3, false],
  ])('%s', (_what, fields, recorded, replicas, value, isCount) => {
    expect(
      wantedFields({ plan: plan(fields, recorded) }, ...(replicas === undefined ? [] : [replicas])),
    ).toEqual([{ path: fields[0]?.path, parked: fields[0]?.parked, wanted: value, isCount }]);
  });
});

describe('a workload ran', () => {
  const entry = (kind: string, fields: ParkField[], apiVersion = 'apps/v1') => ({
    apiVersion,
    kind,
    plan: plan(fields, 3),
  });
  it.each<[string, ReturnType<typeof entry>, boolean]>([
    ['with replicas', entry('Deployment', [REPLICAS]), true],
    ['with an absent field', entry('DaemonSet', [SELECTOR]), true],
    ['and was not suspended', entry('CronJob', [SUSPEND], 'batch/v1'), true],
    ['with 0 replicas', entry('Deployment', [{ ...REPLICAS, original: 0 }]), false],
    ['with one of two fields', entry('Rollout', [{ ...REPLICAS, original: 0 }, SUSPEND]), true],
    ['without any field', entry('Deployment', []), false],
    ['as an autoscaler', entry('HorizontalPodAutoscaler', [REPLICAS], 'autoscaling/v2'), false],
    ['as an owner of GitOps', entry('Kustomization', [SUSPEND], 'kustomize.toolkit.fluxcd.io/v1'), false],
  ])('%s: %s', (_what, value, is) => {
    expect(runs(value)).toBe(is);
  });
});

describe('a field rests', () => {
  it.each<[string, JsonObject, WantedField[], string | undefined]>([
    ['at 0', { replicas: 0 }, wanted(3), 'spec.replicas is 0 and should be 3'],
    ['not at what is wanted', { replicas: 3 }, wanted(3), undefined],
    ['not at what somebody has chosen', { replicas: 1 }, wanted(3), undefined],
    ['not at 0, where 0 is wanted', { replicas: 0 }, wanted(0), undefined],
    ['not where it is absent', {}, wanted(3), undefined],
    [
      'at a value that is to be gone',
      { nodeSelector: { parked: 'true' } },
      wantedFields({ plan: plan([SELECTOR]) }),
      'spec.nodeSelector is {"parked":"true"} and should be absent',
    ],
    ['not as a text', { replicas: '0' }, wanted(3), undefined],
  ])('%s', (_what, spec, fields, because) => {
    expect(restsBecause(web(spec), fields)).toBe(because);
    expect(restingFields(web(spec), fields)).toHaveLength(because === undefined ? 0 : 1);
  });

  it.each<[JsonObject, WantedField[], string | undefined]>([
    [{ replicas: 1 }, wanted(3), 'it runs with 1 replica, and 3 ran before'],
    [{ replicas: 2 }, wanted(3), 'it runs with 2 replicas, and 3 ran before'],
    [{ replicas: 3 }, wanted(3), undefined],
    [{ replicas: 4 }, wanted(3), undefined],
    [{}, wanted(3), undefined],
    [{ replicas: 1 }, [{ path: ['spec', 'replicas'], parked: 0, wanted: 3, isCount: false }], undefined],
  ])('%j runs with fewer: %j %s', (spec, fields, clause) => {
    expect(fewerThan(web(spec), fields)).toBe(clause);
  });
});

it('what wakes an object carries its version, and takes away what was not there', () => {
  const fields = wantedFields({ plan: plan([REPLICAS, SELECTOR], 3) });
  expect(wakePatch(web({ replicas: 0 }), fields)).toEqual({
    metadata: { resourceVersion: '7' },
    spec: { replicas: 3, nodeSelector: null },
  });
});

it.each<[string, JsonObject, boolean]>([
  ['a label', { labels: { [IGNORE]: 'true' } }, true],
  ['an annotation', { annotations: { [IGNORE]: 'true' } }, true],
  ['a label of another value', { labels: { [IGNORE]: 'yes' } }, false],
  [
    'a label that denies the annotation',
    { labels: { [IGNORE]: 'false' }, annotations: { [IGNORE]: 'true' } },
    false,
  ],
  ['nothing', {}, false],
])('%s marks an object to be ignored: %s', (_what, metadata, is) => {
  expect(isIgnored(object('v1', 'ConfigMap', 'a', { metadata }))).toBe(is);
  expect(isIgnored(undefined)).toBe(false);
});
