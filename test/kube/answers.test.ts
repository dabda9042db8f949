import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/kube/api-types.ts';
import { aDeletionOf, aKind, aListOf, anObject, aVersion } from '../../src/kube/read-answer.ts';
import { resourceType } from '../helpers/types.ts';

const PODS = resourceType('pods', 'Pod');
const WIDGETS = resourceType('widgets.example.com', 'Widget');
const list = (more: { [key: string]: Json }): Json => ({
  kind: 'PodList',
  apiVersion: 'v1',
  metadata: {},
  items: [],
  ...more,
});
const nested = (levels: number): Json => {
  let value: Json = 'x';
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
};
const TOO_DEEP = 'it is nested deeper than 500 levels';

describe('a list', () => {
  it.each<[string, Json, string | undefined]>([
    ['that is empty', list({}), undefined],
    ['whose items are null, as Go writes none', list({ items: null }), undefined],
    ['of metadata alone', list({ kind: 'PartialObjectMetadataList' }), undefined],
    ['of another kind', list({ kind: 'ServiceList' }), 'its kind is not PodList'],
    ['without a kind', list({ kind: '' }), 'its kind is not PodList'],
    ['that is a refusal', { kind: 'Status', status: 'Failure' }, 'its kind is not PodList'],
    ['that is a text', '<html>', 'its kind is not PodList'],
    ['that is null', null, 'its kind is not PodList'],
    ['that is a bare array', [], 'its kind is not PodList'],
    ['without metadata', list({ metadata: null }), 'the list has no metadata'],
    ['without items', { kind: 'PodList', metadata: {} }, 'the list has no items'],
    ['whose items are an object', list({ items: {} }), 'the list has no items'],
    [
      'with an item of no name',
      list({ items: [{ metadata: { name: 'a' } }, { metadata: {} }] }),
      'an item of the list has no name',
    ],
    [
      'with an item of an empty name',
      list({ items: [{ metadata: { name: '' } }] }),
      'an item of the list has no name',
    ],
    ['with an item that is null', list({ items: [null] }), 'an item of the list has no name'],
    ['with items of names', list({ items: [{ metadata: { name: 'a' } }] }), undefined],
    [
      'with 500 levels in an item',
      list({ items: [{ metadata: { name: 'a' }, spec: nested(499) }] }),
      undefined,
    ],
    [
      'with 501 levels in an item',
      list({ items: [{ metadata: { name: 'a' }, spec: nested(500) }] }),
      TOO_DEEP,
    ],
  ])('%s', (_what, answer, why) => {
    expect(aListOf(PODS)(answer)).toBe(why);
  });

  it.each<[string, Json, string | undefined]>([
    ['may have any kind of its own', list({ kind: 'Widgets', apiVersion: 'example.com/v1' }), undefined],
    [
      'may not be of another version',
      list({ kind: 'Widgets', apiVersion: 'example.com/v2' }),
      'its kind is not WidgetList',
    ],
    [
      'may not be a status',
      list({ kind: 'Status', apiVersion: 'example.com/v1' }),
      'its kind is not WidgetList',
    ],
    [
      'may not have no kind',
      { apiVersion: 'example.com/v1', metadata: {}, items: [] },
      'its kind is not WidgetList',
    ],
  ])('of a custom type %s', (_what, answer, why) => {
    expect(aListOf(WIDGETS)(answer)).toBe(why);
  });
});

describe('an object', () => {
  const named: Json = { metadata: { name: 'a', uid: 'u1' } };
  it.each<[string, Json, string | undefined, string | undefined]>([
    ['of that name', named, undefined, undefined],
    ['of that name and uid', named, 'u1', undefined],
    ['of that name and another uid', named, 'u2', 'it is another object of that name'],
    ['of that name and no uid', { metadata: { name: 'a' } }, 'u1', 'it is another object of that name'],
    ['of another name', { metadata: { name: 'b' } }, undefined, 'it is another object'],
    ['without a name', { metadata: {} }, undefined, 'it is not an object'],
    ['whose name is a number', { metadata: { name: 1 } }, undefined, 'it is not an object'],
    ['that is null', null, undefined, 'it is not an object'],
    ['that is a list', [named], undefined, 'it is not an object'],
    ['of 500 levels', { metadata: { name: 'a' }, spec: nested(499) }, undefined, undefined],
    ['of 501 levels', { metadata: { name: 'a' }, spec: nested(500) }, undefined, TOO_DEEP],
  ])('%s', (_what, answer, uid, why) => {
    expect(anObject('a', uid)(answer)).toBe(why);
  });

  it.each<[string, Json, string | undefined]>([
    ['the word of the server', { kind: 'Status', status: 'Success' }, undefined],
    ['the object on its way out', named, undefined],
    ['a failure', { kind: 'Status', status: 'Failure' }, 'it is not an object'],
    ['another object', { metadata: { name: 'b' } }, 'it is another object'],
  ])('is deleted by %s', (_what, answer, why) => {
    expect(aDeletionOf('a')(answer)).toBe(why);
  });
});

it.each<[Json, string | undefined]>([
  [{ kind: 'A' }, undefined],
  [{ kind: 'B' }, undefined],
  [{ kind: 'C' }, 'its kind is not A or B'],
  [{}, 'its kind is not A or B'],
  ['A', 'its kind is not A or B'],
])('of two kinds, %j is %s', (answer, why) => {
  expect(aKind('A', 'B')(answer)).toBe(why);
});

it.each<[Json, boolean]>([
  [{ major: '1', minor: '37' }, true],
  [{ major: '1', minor: '27+' }, true],
  [{ major: 1, minor: 37 }, false],
  [{ major: '1' }, false],
  [{ major: '', minor: '' }, false],
  [{ major: 'v1', minor: '3' }, false],
  ['1.37', false],
  [null, false],
])('%j is a version: %s', (answer, is) => {
  expect(aVersion(answer)).toBe(is ? undefined : 'it is not a version');
});
