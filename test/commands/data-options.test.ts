import { describe, expect, test } from 'vitest';
import { copyChanges, dataOptions, type ResumedDataFlags } from '../../src/commands/data-options.ts';
import { changedCopy } from '../../src/volumes/copy-changes.ts';
import type { DataOptions } from '../../src/volumes/data-types.ts';
import { DEFAULT_MOVER_OPTIONS } from '../../src/volumes/mover-defaults.ts';

/** What the journal has of a first run with these flags. */
const stored = (verify: 'none' | 'size' | 'checksum'): DataOptions =>
  dataOptions(
    {
      pvMigratePath: '/opt/pv-migrate',
      pvMigrateFlags: '--log-level debug',
      pvMigrateRsyncImage: 'old/rsync',
      pvMigrateSshdImage: 'old/sshd',
      pvMigratePullSecret: ['registry'],
      pvMigrateNetworkPolicies: true,
      dataConcurrency: 2,
      dataTimeout: 1000,
      dataChown: true,
      dataCompress: true,
      verify,
      verifySample: 5,
      verifyImage: 'old/verifier',
      verifyRunAsUser: 7,
    },
    { preCopy: false },
  );
const resumed = (verify: Parameters<typeof stored>[0], flags: ResumedDataFlags): DataOptions =>
  changedCopy(stored(verify), copyChanges(flags));

describe('the options of a copy that is resumed', () => {
  test('without flags they are those of the first run', () => {
    for (const verify of ['none', 'size', 'checksum'] as const)
      expect(resumed(verify, {})).toEqual(stored(verify));
  });

  test.each<[keyof ResumedDataFlags, ResumedDataFlags, object]>([
    ['pvMigratePath', { pvMigratePath: '/new' }, { path: '/new' }],
    ['pvMigrateFlags', { pvMigrateFlags: '--a "b c"' }, { extraFlags: ['--a', 'b c'] }],
    ['pvMigrateStrategies', { pvMigrateStrategies: ['local'] }, { strategies: ['local'] }],
    ['pvMigrateRsyncImage', { pvMigrateRsyncImage: 'new' }, { images: { rsync: 'new', sshd: 'old/sshd' } }],
    ['pvMigrateSshdImage', { pvMigrateSshdImage: 'new' }, { images: { rsync: 'old/rsync', sshd: 'new' } }],
    ['pvMigrateResources', { pvMigrateResources: { limits: {} } }, { resources: { limits: {} } }],
    ['dataTimeout', { dataTimeout: 9 }, { deadlineMs: 9 }],
  ])('%s takes the place of what the mover was given, and of nothing else', (_name, flags, mover) => {
    const before = stored('size');
    expect(resumed('size', flags)).toEqual({ ...before, mover: { ...before.mover, ...mover } });
  });

  test.each<[keyof ResumedDataFlags, ResumedDataFlags, object]>([
    ['verify', { verify: 'checksum' }, { mode: 'checksum' }],
    ['verifySample', { verifySample: 9 }, { sampleFiles: 9 }],
    ['verifyImage', { verifyImage: 'new' }, { image: 'new' }],
    ['verifyRunAsUser', { verifyRunAsUser: 0 }, { runAsUser: 0 }],
  ])('%s takes the place of what the verifier was given, and of nothing else', (_name, flags, verify) => {
    const before = stored('size');
    expect(resumed('size', flags)).toEqual({ ...before, verify: { ...before.verify, ...verify } });
  });

  test.each<[keyof ResumedDataFlags, ResumedDataFlags, object]>([
    ['pvMigratePullSecret', { pvMigratePullSecret: ['new'] }, { pullSecrets: ['new'] }],
    ['pvMigrateToleration', { pvMigrateToleration: [{ key: 'a' }] }, { tolerations: [{ key: 'a' }] }],
    ['pvMigrateNodeSelector', { pvMigrateNodeSelector: new Map([['a', 'b']]) }, { nodeSelector: { a: 'b' } }],
  ])('%s takes the place of what the pods of both were given', (_name, flags, pods) => {
    const before = stored('size');
    expect(resumed('size', flags)).toEqual({
      mover: { ...before.mover, ...pods },
      verify: { ...before.verify, ...pods },
    });
  });

  test('none gives up the verification in which the first run got stuck', () => {
    expect(resumed('checksum', { verify: 'none' }).verify).toBeUndefined();
  });

  test('one that was not asked for before has the pull secrets and nodes of the mover', () => {
    expect(resumed('none', { verify: 'size', verifyImage: 'new' }).verify).toMatchObject({
      mode: 'size',
      image: 'new',
      pullSecrets: ['registry'],
      nodeSelector: DEFAULT_MOVER_OPTIONS.nodeSelector,
    });
  });

  test('an option of a verification that nobody asked for is refused, not passed over in silence', () => {
    expect(() => resumed('none', { verifyImage: 'new', verifySample: 3 })).toThrow(
      /^--verify-sample, --verify-image: nothing is compared, because the first run did not ask for it\.$/,
    );
    expect(() => resumed('size', { verify: 'none', verifyImage: 'new' })).toThrow(/--verify none/);
  });
});
