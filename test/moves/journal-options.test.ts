import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/kube/api-types.ts';
import { setAt } from '../../src/kube/raw-json.ts';
import { encodeOptions, redactText, storedOptions } from '../../src/moves/journal-options.ts';
import { notableFlags } from '../../src/moves/stored-options.ts';
import { WHOLE_OPTIONS } from './whole-options.ts';

describe('what looks like a credential is hidden in stored texts', () => {
  test.each([
    ['curl https://ann:pa55@db.example.com/x', 'curl https://(masked)@db.example.com/x'],
    ['postgres://ann:pa55@db:5432/shop', 'postgres://(masked)@db:5432/shop'],
    ['notify --password pa55 --to ops', 'notify --password (masked) --to ops'],
    ['notify --password=pa55 --to ops', 'notify --password=(masked) --to ops'],
    ["notify --api-key 'a b' now", 'notify --api-key (masked) now'],
    ['TOKEN="a b" ./hook.sh', 'TOKEN=(masked) ./hook.sh'],
    ['DB_PASSWORD=x; ./hook.sh', 'DB_PASSWORD=(masked); ./hook.sh'],
    ['-H "Authorization: Bearer abc.def"', '-H "Authorization: Bearer (masked)'],
    ['curl "https://h/x?access_token=abc&y=1"', 'curl "https://h/x?access_token=(masked)&y=1"'],
  ])('%s', (text, hidden) => {
    expect(redactText(text)).toBe(hidden);
  });

  test.each(['curl https://db.example.com:8443/x', 'kubectl -n shop get secrets', 'echo 1 @ 2', ''])(
    '%s stays as it is',
    (text) => {
      expect(redactText(text)).toBe(text);
    },
  );
});

test('the options of a run come back from its journal, without what is executed', () => {
  const back = storedOptions(JSON.parse(JSON.stringify(encodeOptions(WHOLE_OPTIONS))));
  expect(back?.stage).toEqual(WHOLE_OPTIONS.stage);
  expect(back?.move).toEqual({
    ...WHOLE_OPTIONS.move,
    hooks: { ...WHOLE_OPTIONS.move.hooks, preStop: undefined },
    smoke: { attempts: 3, intervalMs: 1000, timeoutMs: 1000 },
  });
  expect(back?.migrateData).toMatchObject({ mover: { bandwidthKBps: 2.5, extraFlags: [] } });
});

describe('S12: options that no command line could have given are not used', () => {
  test.each<[string[], Json | undefined]>([
    [['move'], undefined],
    [['move', 'dryRun'], true],
    [['stage', 'dryRun'], true],
    [['move', 'holdMs'], -1],
    [['move', 'holdMs'], '5s'],
    [['move', 'waitTimeoutMs'], 1e300],
    [['move', 'concurrency'], 0],
    [['move', 'jobs'], 'kill'],
    [['move', 'hooks', 'timeoutMs'], null],
    [['stage', 'concurrency'], 1e9],
    [['stage', 'imageMap'], 'a=b'],
    [['stage', 'imageMap'], { a: 'b' }],
    [['stage', 'imageMap', '$pairs'], [['a']]],
    [['stage', 'imageMap', '$pairs'], [['', 'b']]],
    [['stage', 'hostMap', '$pairs'], [[['a'], 'b']]],
    [['stage', 'types'], []],
    [['stage', 'types', 'include'], [1]],
    [['stage', 'onConflict'], 'destroy'],
    [['stage', 'prune'], true],
    [['migrateData', 'mover', 'strategies'], ['anything']],
    [['migrateData', 'mover', 'nodeSelector'], { a: 1 }],
    [['migrateData', 'verify', 'runAsUser'], -1],
    [['reason'], ['x']],
  ])('%j: %j', (path, value) => {
    const stored = JSON.parse(JSON.stringify(encodeOptions(WHOLE_OPTIONS)));
    setAt(stored, path, value as Json);
    expect(storedOptions(JSON.parse(JSON.stringify(stored)))).toBeUndefined();
  });
});

test('what a journal makes happen beyond a plain run is told to who confirms it', () => {
  expect(notableFlags(WHOLE_OPTIONS)).toEqual([
    '--pause-gitops',
    '--ignore-revisions',
    '--serving-revisions',
    '--storage-class-map fast=slow',
    '--image-map a.example.com/=b.example.com/',
  ]);
  expect(notableFlags({ move: { ...WHOLE_OPTIONS.move, forceDeletePods: true }, stage: undefined })).toEqual([
    '--pause-gitops',
    '--ignore-revisions',
    '--serving-revisions',
    '--force-delete-pods',
  ]);
});
