import { expect, test } from 'vitest';
import { isOwnWrite } from '../../src/controller/change-hub.ts';

const entry = (manager: string, time: string, subresource?: string) => ({
  manager,
  time,
  operation: 'Apply',
  ...(subresource === undefined ? {} : { subresource }),
});
const seen = (deleted: boolean, ...managedFields: object[]) =>
  ({ deleted, metadata: { name: 'x', managedFields } }) as unknown as Parameters<typeof isOwnWrite>[0];

const T1 = '2026-01-01T00:00:01Z';
const T2 = '2026-01-01T00:00:02Z';

test.each<[string, boolean, Parameters<typeof isOwnWrite>[0]]>([
  ['our copy', true, seen(false, entry('dr-syncer', T1))],
  [
    'our copy after a write of somebody else',
    true,
    seen(false, entry('kubectl', T1), entry('dr-syncer', T2)),
  ],
  ['a write of somebody else after ours', false, seen(false, entry('dr-syncer', T1), entry('kubectl', T2))],
  ['a write in the same second as ours', false, seen(false, entry('dr-syncer', T1), entry('kubectl', T1))],
  [
    'a status that somebody else keeps',
    true,
    seen(false, entry('dr-syncer', T1), entry('kubelet', T2, 'status')),
  ],
  ['a deletion', false, seen(true, entry('dr-syncer', T1))],
  ['an object that nobody is known to have written', false, seen(false)],
])('%s: %s', (_what, isOurs, change) => {
  expect(isOwnWrite(change)).toBe(isOurs);
});
