import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHECK_IDS } from '../../src/preflight/check-ids.ts';

const textOf = (pattern: string): string =>
  globSync(pattern)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

test('every id that a check gives its answer is one that --ignore-preflight takes', () => {
  const preflight = textOf('src/preflight/**/*.ts');
  const checks = textOf('src/needs/*.ts');
  const ids = [
    ...[...preflight.matchAll(/\b(?:finding|triedRows)\(\s*'([a-z-]+)'/g)].map(([, id]) => id),
    ...[...preflight.matchAll(/^ {2}id: '([a-z-]+)'/gm)].map(([, id]) => id),
    // A class has the id of its kind, with what became of it.
    ...[...checks.matchAll(/\bid: '([a-z-]+)'/g)].map(([, id = '']) =>
      /-(?:class|issuer|store)$/.test(id) && id !== 'no-default-storage-class' ? `${id}-missing` : id,
    ),
  ];
  expect(ids.length).toBeGreaterThan(50);
  expect([...new Set(ids)].filter((id) => id === undefined || !CHECK_IDS.includes(id))).toEqual([]);
});

test('each id is there once', () => {
  expect([...new Set(CHECK_IDS)]).toEqual([...CHECK_IDS]);
});
