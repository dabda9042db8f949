import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergePatchOf } from '../../src/controller/merge-patch-of.ts';
import type { Json, JsonObject } from '../../src/kube/api-types.ts';

/** RFC 7386, as a server applies it. */
const applied = (target: Json | undefined, patch: Json): Json => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isMap = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result = new Map<string, Json>(isMap ? (Object.entries(target) as [string, Json][]) : []);
  for (const [key, value] of Object.entries(patch) as [string, Json][])
    if (value === null) result.delete(key);
    else result.set(key, applied(result.get(key), value));
  return Object.fromEntries(result);
};

// A status has no null: a merge patch could not say it, and a server drops it.
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const key = fc.constantFrom('a', 'b', 'c', 'toString', '__proto__');
const { object } = fc.letrec<{ object: JsonObject; value: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(leaf, { maxLength: 3 }), tie('object')),
  object: fc.dictionary(key, tie('value'), { maxKeys: 4 }) as fc.Arbitrary<JsonObject>,
}));
const plain = object.map((value): JsonObject => JSON.parse(JSON.stringify(value)));

test('applying the patch gives what is wanted', () => {
  fc.assert(
    fc.property(plain, plain, (current, wanted) => {
      const patch = mergePatchOf(current, wanted);
      expect(patch === undefined ? current : applied(current, patch)).toEqual(wanted);
    }),
  );
});

test('nothing is to be sent where nothing is different', () => {
  fc.assert(
    fc.property(plain, (value) => {
      expect(mergePatchOf(value, JSON.parse(JSON.stringify(value)))).toBeUndefined();
    }),
  );
});

test('a list is replaced as a whole, and an empty map stays one', () => {
  expect(mergePatchOf({ list: [1, 2], gone: 1 }, { list: [2], kept: {} })).toEqual({
    list: [2],
    gone: null,
    kept: {},
  });
});
