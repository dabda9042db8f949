import { describe, expect, test } from 'vitest';
import { splitUrl } from '../../src/moves/run-hooks.ts';

describe('the address of a smoke check', () => {
  test.each([
    ['https://shop.example/health', 'https://shop.example/health', undefined, 'https://shop.example/health'],
    [
      'https://u:p%40ss@shop.example:8443/h?sig=hush#x',
      'https://shop.example:8443/h?sig=hush#x',
      `Basic ${Buffer.from('u:p@ss').toString('base64')}`,
      'https://shop.example:8443/h?…',
    ],
    [
      'http://token@host/',
      'http://host/',
      `Basic ${Buffer.from('token:').toString('base64')}`,
      'http://host/',
    ],
  ])(
    'S11: %s is asked with its login in a header, and shown without it',
    (url, target, authorization, shown) => {
      expect(splitUrl(url)).toEqual({ target, authorization, shown });
    },
  );
});
