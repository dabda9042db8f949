import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/kube/api-types.ts';
import { checkNamespaces } from '../../../src/preflight/checks/check-namespace.ts';
import { object } from '../../helpers/objects.ts';
import { rowsOf, sideOf } from './samples.ts';

describe('a namespace', () => {
  const rows = (namespace: KubeObject | undefined, namespaceState = 'present') =>
    rowsOf(checkNamespaces, { from: undefined, to: { ...sideOf('west'), namespace, namespaceState } });
  const shop = (more: JsonObject = {}) => object('v1', 'Namespace', 'shop', more);
  const DELETED = { deletionTimestamp: '2026-01-01T00:00:00Z' };

  it.each<[string, string[], string[]]>([
    ['is there', rows(shop()), []],
    ['is there and says that it is active', rows(shop({ status: { phase: 'Active' } })), []],
    ['is not there', rows(undefined, 'absent'), ['warn: Namespace shop of context west does not exist.']],
    [
      'may not be read',
      rows(undefined, 'unknown'),
      ['unknown: Namespace shop of context west cannot be read.'],
    ],
    [
      'is being deleted',
      rows(shop({ metadata: DELETED })),
      [
        'refuse: Namespace shop of context west is being deleted (since 2026-01-01T00:00:00Z): nothing can be created in it.',
      ],
    ],
    [
      'is held by what is told once and true',
      rows(
        shop({
          metadata: DELETED,
          status: {
            phase: 'Terminating',
            conditions: [
              { status: 'True', message: 'Some content remains. ' },
              { status: 'False', message: 'All is well.' },
              { status: 'True' },
            ],
          },
        }),
      ),
      [
        'refuse: Namespace shop of context west is being deleted (since 2026-01-01T00:00:00Z): nothing can be created in it (Some content remains).',
      ],
    ],
  ])('that %s', (_what, told, expected) => {
    expect(told).toEqual(expected);
  });
});
