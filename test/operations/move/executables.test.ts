import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import type { JsonObject } from '../../../src/kube/types.ts';
import {
  hideExecutables,
  refuseOther,
  resumeWords,
  withoutExecutables,
} from '../../../src/operations/move/executables.ts';
import {
  decodeOptions,
  encodeOptions,
  type StoredOptions,
  stageOptionsFor,
  storedOptions,
} from '../../../src/operations/move/journal-options.ts';

const HOOK = "psql 'postgres://ann:pa55word@db/shop' -c vacuum";
const OPTIONS: JsonObject = {
  move: {
    waitTimeoutMs: 1000,
    hooks: { preStop: HOOK, onFailure: 'fail' },
    smoke: { url: 'https://ann:pa55word@shop/health', attempts: 3 },
  },
  migrateData: {
    mover: {
      path: '/opt/pv-migrate',
      extraFlags: ['--helm-set', 'a=pa55word'],
      images: { rsync: 'registry/rsync:1' },
      concurrency: 2,
    },
    verify: { mode: 'size', image: 'docker.io/library/busybox:1.37' },
  },
};
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
      const { move, migrateData } = storedOptions(stored);
      expect(JSON.stringify([move, migrateData])).not.toMatch(/psql|pa55word|opt|registry|given/);
      expect(move.hooks).toMatchObject({ preStop: undefined, onFailure: 'fail' });
      expect(migrateData).toMatchObject({ mover: { extraFlags: [], images: {}, concurrency: 2 } });
      expect(withoutExecutables(stored)).toEqual(withoutExecutables(OPTIONS));
    }
  });

  test('is compared with what is given again', () => {
    const stored = hideExecutables(OPTIONS, []);
    const smoke = { url: 'https://ann:pa55word@shop/health' };
    expect(() => refuseOther(stored, given({ preStop: HOOK }, smoke), 'move', false)).not.toThrow();
    expect(() => refuseOther(stored, given({ preStop: HOOK }), 'move', false)).toThrow(
      /given --smoke-url\. .*has to be given again/,
    );
    expect(() => refuseOther(stored, given({ preStop: 'rm -rf /' }, smoke), 'move', false)).toThrow(
      /something else for --pre-stop/,
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
    expect(() => refuseOther(OPTIONS, given({ preStop: 'true' }), 'move', false)).toThrow(/something else/);
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
    stage: { sourceNamespace: 'shop', destNamespace: 'shop-dr', storageClassMap: new Map([['a', 'b']]) },
    migrateData: undefined,
    reason: 'x',
  } as unknown as StoredOptions;

  test('come back with what is given again', () => {
    const hooks = { preStop: HOOK };
    const smoke = { url: 'https://ann:pa55word@shop/health' };
    const { move, stage, reason } = decodeOptions(
      encodeOptions(first),
      { hooks, smoke },
      { leavesOut: false },
    );
    expect(move).toMatchObject({
      waitTimeoutMs: 1000,
      hooks: { ...hooks, onFailure: 'fail' },
      smoke: { ...smoke, attempts: 3 },
    });
    expect(stage?.storageClassMap).toEqual(new Map([['a', 'b']]));
    expect(reason).toBe('x');
  });

  test('do what is given here when the rest is left out', () => {
    const { move } = decodeOptions(
      encodeOptions(first),
      { hooks: { postStop: 'true' } },
      { leavesOut: true },
    );
    expect(move.hooks).toMatchObject({ preStop: undefined, postStop: 'true' });
    expect(move.smoke.url).toBeUndefined();
  });

  test('acknowledge no role that grants more: S14', () => {
    const forged = { ...first, stage: { ...first.stage, acceptClusterRoles: ['app-tool'] } };
    const { stage } = storedOptions(encodeOptions(forged as never));
    const pair = { source: 'shop', dest: 'shop-dr' };
    expect(stageOptionsFor(stage, 'op', pair)?.acceptClusterRoles).toEqual([]);
    expect(stageOptionsFor(stage, 'op', pair, ['given'])?.acceptClusterRoles).toEqual(['given']);
  });

  test('lead to no other namespace: S2', () => {
    const { stage } = storedOptions(encodeOptions(first));
    expect(stageOptionsFor(stage, 'op', { source: 'shop', dest: 'shop-dr' })).toMatchObject(stage ?? {});
    expect(stageOptionsFor(undefined, 'op', { source: 'shop', dest: 'shop-dr' })).toBeUndefined();
    for (const pair of [
      { source: 'payments', dest: 'shop-dr' },
      { source: 'shop', dest: 'kube-system' },
    ])
      expect(() => stageOptionsFor(stage, 'op', pair)).toThrow(
        /is about namespace shop at the source and namespace shop-dr/,
      );
  });
});
