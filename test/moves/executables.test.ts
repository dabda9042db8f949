import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/common/errors.ts';
import type { JsonObject } from '../../src/kube/api-types.ts';
import {
  decodeOptions,
  encodeOptions,
  stageOptionsFor,
  storedOptions,
} from '../../src/moves/journal-options.ts';
import type { StoredOptions } from '../../src/moves/stored-options.ts';
import {
  hideExecutables,
  refuseOther,
  resumeWords,
  withoutExecutables,
} from '../../src/state/recorded-executables.ts';
import { DEFAULT_MOVER_OPTIONS } from '../../src/volumes/mover-defaults.ts';
import { DEFAULT_VERIFY_OPTIONS } from '../../src/volumes/verify-pod.ts';
import { WHOLE_OPTIONS } from './whole-options.ts';

const HOOK = "psql 'postgres://ann:pa55word@db/shop' -c vacuum";
const { move, stage } = WHOLE_OPTIONS;
const OPTIONS: JsonObject = JSON.parse(
  JSON.stringify({
    move: {
      ...move,
      waitTimeoutMs: 1000,
      hooks: { ...move.hooks, preStop: HOOK },
      smoke: { ...move.smoke, url: 'https://ann:pa55word@shop/health' },
    },
    migrateData: {
      mover: {
        ...DEFAULT_MOVER_OPTIONS,
        path: '/opt/pv-migrate',
        extraFlags: ['--helm-set', 'a=pa55word'],
        images: { rsync: 'registry/rsync:1' },
        concurrency: 2,
      },
      verify: DEFAULT_VERIFY_OPTIONS,
    },
    reason: '',
  }),
);
const given = (hooks: JsonObject, smoke: JsonObject = {}): JsonObject => ({ move: { hooks, smoke } });

describe('what is executed', () => {
  test('is not in a journal, nor is a secret in it: S1, S11', () => {
    const text = JSON.stringify(hideExecutables(OPTIONS, ['docker.io/library/busybox:1.37']));
    for (const part of ['psql', 'pa55word', 'ann', '/opt', 'registry', 'https', 'busybox'])
      expect(text).not.toContain(part);
    expect(JSON.parse(text)).toMatchObject({
      move: { waitTimeoutMs: 1000, hooks: { onFailure: 'fail' }, smoke: { attempts: 3 } },
      migrateData: { mover: { concurrency: 2 }, verify: { mode: 'size' } },
    });
  });

  test('is never taken from one, whatever stands there: S1', () => {
    for (const stored of [OPTIONS, hideExecutables(OPTIONS, [])]) {
      const options = storedOptions(stored);
      expect(JSON.stringify(options)).not.toMatch(/psql|pa55word|opt\/|registry|given/);
      expect(options?.move.hooks).toMatchObject({ preStop: undefined, onFailure: 'fail' });
      expect(options?.migrateData).toMatchObject({ mover: { extraFlags: [], images: {}, concurrency: 2 } });
      expect(withoutExecutables(stored)).toEqual(withoutExecutables(OPTIONS));
    }
  });

  test('is compared with what is given again', () => {
    const stored = hideExecutables(OPTIONS, []);
    const smoke = { url: 'https://ann:pa55word@shop/health' };
    expect(() => refuseOther(stored, given({ preStop: HOOK }, smoke), 'move', false)).not.toThrow();
    expect(() => refuseOther(stored, given({ preStop: HOOK }), 'move', false)).toThrow(
      /used --smoke-url\. .*must be given again/,
    );
    expect(() => refuseOther(stored, given({ preStop: 'rm -rf /' }, smoke), 'move', false)).toThrow(
      /different values for --pre-stop/,
    );
    expect(() => refuseOther(stored, given({}), 'move', false)).toThrow(UsageError);
    expect(() => refuseOther(stored, given({ preStop: 'true' }), 'move', true)).not.toThrow();
    expect(() => refuseOther(stored, {}, 'migrateData', false)).toThrow(
      /--pv-migrate-path, --pv-migrate-flags, --pv-migrate-rsync-image and --verify-image/,
    );
  });

  test('that an older version has written is compared as well', () => {
    expect(() =>
      refuseOther(
        OPTIONS,
        given({ preStop: HOOK }, { url: 'https://ann:pa55word@shop/health' }),
        'move',
        false,
      ),
    ).not.toThrow();
    expect(() => refuseOther(OPTIONS, given({ preStop: 'true' }), 'move', false)).toThrow(/different values/);
  });

  test('needs a word on the command line only where there is some', () => {
    expect(resumeWords(hideExecutables(OPTIONS, []))).toEqual(['--without-hooks']);
    expect(resumeWords(OPTIONS)).toEqual(['--without-hooks']);
    expect(resumeWords({ move: { hooks: { onFailure: 'fail' }, smoke: {} } })).toEqual([]);
    const plain = { migrateData: { mover: { extraFlags: [], images: {} }, verify: { image: 'b' } } };
    expect(resumeWords(hideExecutables(plain, ['b']))).toEqual([]);
  });
});

describe('the options of a journal', () => {
  const first = {
    move: OPTIONS['move'],
    stage: { ...stage, storageClassMap: new Map([['a', 'b']]) },
    migrateData: undefined,
    reason: 'x',
  } as unknown as StoredOptions;

  test('come back with what is given again', () => {
    const hooks = { preStop: HOOK };
    const smoke = { url: 'https://ann:pa55word@shop/health' };
    const options = decodeOptions(
      encodeOptions(first),
      { hooks, smoke },
      { leavesOut: false, instead: move },
    );
    expect(options.move).toMatchObject({
      waitTimeoutMs: 1000,
      hooks: { ...hooks, onFailure: 'fail' },
      smoke: { ...smoke, attempts: 3 },
    });
    expect(options.stage?.storageClassMap).toEqual(new Map([['a', 'b']]));
    expect(options.reason).toBe('x');
  });

  test('do what is given here when the rest is left out', () => {
    const options = decodeOptions(
      encodeOptions(first),
      { hooks: { postStop: 'true' } },
      { leavesOut: true, instead: move },
    );
    expect(options.move.hooks).toMatchObject({ preStop: undefined, postStop: 'true' });
    expect(options.move.smoke.url).toBeUndefined();
  });

  test('acknowledge no role that grants more: S14', () => {
    const forged = { ...first, stage: { ...first.stage, acceptClusterRoles: ['app-tool'] } };
    const stored = storedOptions(encodeOptions(forged as never))?.stage;
    const pair = { source: 'shop', dest: 'shop-dr' };
    expect(stageOptionsFor(stored, 'op', pair)?.acceptClusterRoles).toEqual([]);
    expect(stageOptionsFor(stored, 'op', pair, ['given'])?.acceptClusterRoles).toEqual(['given']);
  });

  test('lead to no other namespace: S2', () => {
    const stored = storedOptions(encodeOptions(first))?.stage;
    expect(stageOptionsFor(stored, 'op', { source: 'shop', dest: 'shop-dr' })).toMatchObject({
      ...stored,
      acceptClusterRoles: [],
    });
    expect(stageOptionsFor(undefined, 'op', { source: 'shop', dest: 'shop-dr' })).toBeUndefined();
    for (const pair of [
      { source: 'payments', dest: 'shop-dr' },
      { source: 'shop', dest: 'kube-system' },
    ])
      expect(() => stageOptionsFor(stored, 'op', pair)).toThrow(
        /is for namespace shop at the source and namespace shop-dr/,
      );
  });
});
