import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../src/common/errors.ts';
import {
  detectVersion,
  dialectOf,
  translateStrategies,
  versionText,
} from '../../src/volumes/mover-dialects.ts';

const dialect = (major: number, minor: number) => dialectOf({ major, minor, patch: 0 });

describe('detectVersion', () => {
  it.each([
    ['pv-migrate version 3.6.1 (commit: 650a524) (build date: 2026-08-02)', '3.6.1'],
    ['pv-migrate version v2.2.1 (commit: x)', '2.2.1'],
    ['pv-migrate version 1.8.0 (commit: x) (build date: y)\n', '1.8.0'],
    ['pv-migrate version 3.7 (commit: x)', '3.7.0'],
    ['pv-migrate version dev (commit: none) (build date: unknown)', '3.6.1'],
    ['some warning\npv-migrate version 3.0.0', '3.0.0'],
  ])('D1: reads %j as %s', (text, expected) => {
    const version = detectVersion(text);
    expect(version && versionText(version)).toBe(expected);
  });

  it.each(['', 'command not found', 'pv-migrate 3.6', 'version of nothing'])('finds none in %j', (text) => {
    expect(detectVersion(text)).toBeUndefined();
  });
});

describe('dialectOf', () => {
  it('D1: refuses major versions that nobody has read', () => {
    expect(() => dialect(4, 0)).toThrow(RefusedError);
    expect(() => dialect(0, 9)).toThrow(/0\.9\.0 is not supported/);
  });

  it('D4: knows since when each feature is there', () => {
    const has = (major: number, minor: number): string[] => {
      const one = dialect(major, minor);
      return (
        [
          'loadBalancerTimeout',
          'nonRoot',
          'builtInSsh',
          'id',
          'cleanupCommand',
          'rsyncExtraArgs',
          'ignoreSizes',
        ] as const
      ).filter((feature) => one.has(feature));
    };
    expect(has(1, 0)).toEqual([]);
    expect(has(1, 8)).toEqual(['loadBalancerTimeout']);
    expect(has(2, 2)).toEqual(['loadBalancerTimeout']);
    expect(has(3, 0)).toEqual(['loadBalancerTimeout']);
    expect(has(3, 1)).toEqual(['loadBalancerTimeout', 'nonRoot', 'builtInSsh']);
    expect(has(3, 2)).toEqual([
      'loadBalancerTimeout',
      'nonRoot',
      'builtInSsh',
      'id',
      'cleanupCommand',
      'rsyncExtraArgs',
    ]);
    expect(has(3, 5)).toContain('ignoreSizes');
    expect(has(3, 10)).toContain('ignoreSizes');
  });

  it('D3: writes only long flags', () => {
    for (const major of [1, 2, 3]) {
      const { progressOff, loadBalancerTimeout, compressOff } = dialect(major, 0).flags;
      for (const flag of [progressOff, loadBalancerTimeout, compressOff ?? '--none'])
        expect(flag).toMatch(/^--/);
    }
  });
});

describe('translateStrategies', () => {
  it('D12: uses the old names before version 3 and says which strategies are missing', () => {
    expect(
      translateStrategies(dialect(2, 2), ['mount', 'clusterip', 'loadbalancer', 'nodeport', 'local']),
    ).toEqual({
      names: ['mnt2', 'svc', 'lbsvc', 'local'],
      dropped: ['nodeport'],
    });
    expect(translateStrategies(dialect(3, 0), ['nodeport', 'loadbalancer'])).toEqual({
      names: ['nodeport', 'loadbalancer'],
      dropped: [],
    });
  });

  it('D12: refuses when nothing is left to try', () => {
    expect(() => translateStrategies(dialect(1, 8), ['nodeport'])).toThrow(RefusedError);
    expect(() => translateStrategies(dialect(3, 6), [])).toThrow(/none given/);
  });
});
