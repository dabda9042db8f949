import { describe, expect, test } from 'vitest';
import { redactMessage } from '../../src/kube/redact.ts';
import { object } from '../helpers/objects.ts';

const VALUE = 'hush-hush';
const secret = object('v1', 'Secret', 'login', {
  data: { password: Buffer.from(VALUE).toString('base64'), pin: Buffer.from('123').toString('base64') },
  stringData: { user: 'adam' },
});

describe('what a server says about an object', () => {
  test.each([
    [
      `data.password: Invalid value: "${VALUE}": too short`,
      'data.password: Invalid value: (masked): too short',
    ],
    ['Invalid value: "a \\"quoted\\" one": bad', 'Invalid value: (masked): bad'],
    ['Invalid value: 17 is odd', 'Invalid value: (masked) is odd'],
    [`denied: ${VALUE} of adam`, 'denied: (masked) of (masked)'],
    [`denied: ${Buffer.from(VALUE).toString('base64')}`, 'denied: (masked)'],
    // A value of three characters is too common a word.
    ['denied after 123 ms', 'denied after 123 ms'],
  ])('%s', (said, told) => {
    expect(redactMessage(said, secret)).toBe(told);
  });

  test('is told as it is of kinds that hold no secrets, and of nothing', () => {
    const said = 'data.colour: Invalid value: "green"';
    expect(redactMessage(said, object('v1', 'ConfigMap', 'pay', { data: { colour: 'green' } }))).toBe(said);
    expect(redactMessage(said, undefined)).toBe(said);
  });

  test('a Secret without values hides what is called invalid all the same', () => {
    expect(redactMessage('Invalid value: "x"', object('v1', 'Secret', 'empty'))).toBe(
      'Invalid value: (masked)',
    );
  });
});
