import { describe, expect, it } from 'vitest';
import { formatBytes } from '../../src/common/bytes.ts';
import { parseRecord } from '../../src/volumes/mover-output.ts';
import { addProgress, formatProgress, NO_PROGRESS } from '../../src/volumes/rsync-progress.ts';

const follow = (...lines: string[]) =>
  lines.reduce((state, line) => {
    const event = parseRecord(line);
    return event?.type === 'progress' ? addProgress(state, event) : state;
  }, NO_PROGRESS);

describe('addProgress', () => {
  it('D21: follows a first copy', () => {
    expect(follow('  1,000  10%  1.00kB/s  0:00:01', '  5,000  50%  2.00kB/s  0:00:01')).toEqual({
      bytes: 5000,
      percent: 50,
      rate: 2048,
      indeterminate: false,
    });
  });

  it('D23: never goes backward when rsync begins anew', () => {
    const state = follow('  5,000  50%  2.00kB/s  0:00:01', '  100  1%  1.00kB/s  0:00:01');
    expect([state.bytes, state.percent]).toEqual([5000, 50]);
  });

  it('D22: is indeterminate while a re-sync counts nothing, then done, with no bytes made up', () => {
    const zero = '  0   0%  0.00kB/s  0:00:00';
    expect(follow(zero, zero)).toMatchObject({ indeterminate: true, percent: undefined, bytes: 0 });
    expect(follow(zero, 'total size is 9,000  speedup is 9.0')).toMatchObject({
      indeterminate: false,
      percent: 100,
      bytes: 0,
    });
  });

  it('D22: uses the files that are left to look at during a re-sync', () => {
    expect(follow('  0   0%  0.00kB/s  0:00:00 (xfr#0, to-chk=30/40)')).toMatchObject({
      percent: 25,
      indeterminate: false,
    });
  });
});

describe('formatProgress', () => {
  it('tells percent, bytes and rate, or that it is under way', () => {
    const state = follow('  1,288,490,189  45%  19.70MB/s  0:00:04');
    expect(formatProgress('data', state)).toBe('data 45%, 1.2 GiB, 19.7 MiB/s');
    expect(formatProgress('data', NO_PROGRESS)).toBe('data under way');
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [5 * 2 ** 40, '5.0 TiB'],
    [2 ** 60, '1024.0 PiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
