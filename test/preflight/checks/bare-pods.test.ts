import { describe, expect, it } from 'vitest';
import { checkBarePods } from '../../../src/preflight/checks/check-bare-pods.ts';
import { rowsOf, sideOf } from './samples.ts';

describe('pods without an owner', () => {
  const rows = (ignoreBarePods: boolean, barePods: string[]) =>
    rowsOf(checkBarePods, {
      from: sideOf('east'),
      survey: { barePods },
      input: { options: { ignoreBarePods } },
    });

  it('are unsafe, and only told where they are to go on', () => {
    expect(rows(false, [])).toEqual([]);
    expect(rows(false, ['a', 'b'])).toEqual([
      expect.stringMatching(/^unsafe: Pod a and Pod b in .* without deleting them for good\.$/),
    ]);
    expect(rows(true, ['a'])).toEqual([
      expect.stringMatching(/^warn: Pod a in .*: it keeps running beside the other side\.$/),
    ]);
  });
});
