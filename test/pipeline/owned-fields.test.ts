import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { appliedFields, isManagedBy, ownsPath, type Step } from '../../src/pipeline/owned-fields.ts';
import { object } from '../helpers/objects.ts';

const managed = (...managedFields: JsonObject[]): KubeObject =>
  object('v1', 'ConfigMap', 'a', { metadata: { managedFields } });
const FIELDS = { 'f:data': { 'f:a': {} } };

describe('the fields that a manager has applied', () => {
  it.each<[string, JsonObject[], unknown]>([
    ['are those of its apply', [{ manager: 'we', operation: 'Apply', fieldsV1: FIELDS }], FIELDS],
    ['are none by an update', [{ manager: 'we', operation: 'Update', fieldsV1: FIELDS }], undefined],
    ['are none of another manager', [{ manager: 'they', operation: 'Apply', fieldsV1: FIELDS }], undefined],
    [
      'are none of a subresource',
      [{ manager: 'we', operation: 'Apply', subresource: 'status', fieldsV1: FIELDS }],
      undefined,
    ],
    ['are none where the server sent none', [{ manager: 'we', operation: 'Apply' }], undefined],
    ['are none without managed fields', [], undefined],
  ])('%s', (_what, entries, fields) => {
    expect(appliedFields(managed(...entries), 'we')).toEqual(fields);
  });

  it.each<[string, JsonObject[], boolean]>([
    ['by an apply', [{ manager: 'we', operation: 'Apply' }], true],
    ['by an update', [{ manager: 'we', operation: 'Update' }], true],
    ['by a subresource alone', [{ manager: 'we', operation: 'Update', subresource: 'scale' }], false],
    ['by another one', [{ manager: 'we-too', operation: 'Apply' }], false],
  ])('make it a writer of the object %s: %s', (_what, entries, is) => {
    expect(isManagedBy(managed(...entries), 'we')).toBe(is);
    expect(isManagedBy(object('v1', 'ConfigMap', 'a'), 'we')).toBe(false);
  });
});

// Key forms of fieldsV1 (sigs.k8s.io/structured-merge-diff/fieldpath): f:<name>, k:<key fields>, v:<value>, i:<index>,
// and `.` for the field itself.
describe('a field is owned', () => {
  const container = '{"name":"web"}';
  const port = '{"containerPort":80,"protocol":"TCP"}';
  const tree: JsonObject = {
    'f:spec': {
      '.': {},
      'f:replicas': {},
      'f:selector': {},
      'f:ports': { [`k:${port}`]: { 'f:name': {} } },
      'f:containers': { [`k:${container}`]: { '.': {}, 'f:image': {} } },
      'f:tags': { 'v:"a"': {}, 'v:7': {}, 'v:{"b":1,"a":2}': {} },
      'f:rows': { 'i:1': {} },
    },
  };
  const item = (value: Exclude<Step, string>['item'], index = 0): Step => ({ item: value, index });

  it.each<[string, Step[], boolean]>([
    ['that is a leaf', ['spec', 'replicas'], true],
    ['below an atomic one', ['spec', 'selector', 'matchLabels', 'app'], true],
    ['and not its neighbour', ['spec', 'paused'], false],
    ['nor one of another branch', ['status'], false],
    ['of an item by its name', ['spec', 'containers', item({ name: 'web' }), 'image'], true],
    ['and not another one of that item', ['spec', 'containers', item({ name: 'web' }), 'command'], false],
    ['nor one of another item', ['spec', 'containers', item({ name: 'db' }), 'image'], false],
    [
      'of a port by number and protocol',
      ['spec', 'ports', item({ containerPort: 80, protocol: 'TCP' }), 'name'],
      true,
    ],
    ['of a port that leaves TCP out', ['spec', 'ports', item({ containerPort: 80 }), 'name'], true],
    ['and not of one of UDP', ['spec', 'ports', item({ containerPort: 80, protocol: 'UDP' }), 'name'], false],
    ['and not of an item that is no object', ['spec', 'ports', item('80'), 'name'], false],
    ['that is a value of a set', ['spec', 'tags', item('a')], true],
    ['that is a number of a set', ['spec', 'tags', item(7)], true],
    ['and not that number as a text', ['spec', 'tags', item('7')], false],
    ['that is an object of a set, in whatever order', ['spec', 'tags', item({ a: 2, b: 1 })], true],
    ['that is an item by its index', ['spec', 'rows', item('x', 1)], true],
    ['and not that at another index', ['spec', 'rows', item('x', 0)], false],
    ['that is the whole', [], true],
  ])('%s', (_what, path, is) => {
    expect(ownsPath(tree, path)).toBe(is);
  });

  it('by nobody where there is no tree, and by the owner of an empty one', () => {
    expect(ownsPath(undefined, ['spec'])).toBe(false);
    expect(ownsPath(undefined, [])).toBe(false);
    expect(ownsPath({ 'f:spec': { '.': {} } }, ['spec', 'replicas'])).toBe(true);
  });
});
