import { expect, test } from 'vitest';
import { absoluteFolders } from '../../src/common/search-path.ts';

test.each([
  ['/usr/bin:/bin', '/usr/bin:/bin'],
  [':/usr/bin::/bin:', '/usr/bin:/bin'],
  ['.:bin:../bin:/usr/bin', '/usr/bin'],
  ['', ''],
])('PATH=%s is looked through as %s', (given, used) => {
  expect(absoluteFolders(given).join(':')).toBe(used);
});
