import { describe, expect, test } from 'vitest';
import { redactMessage } from '../../src/kube/redact-message.ts';
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
    const said = 'spec.replicas: Invalid value: -1: must be at least 0 in Deployment checkout-frontend';
    expect(
      redactMessage(said, object('apps/v1', 'Deployment', 'checkout-frontend', { spec: { replicas: -1 } })),
    ).toBe(said);
    expect(redactMessage(said, undefined)).toBe(said);
  });

  test('a Secret without values hides what is called invalid all the same', () => {
    expect(redactMessage('Invalid value: "x"', object('v1', 'Secret', 'empty'))).toBe(
      'Invalid value: (masked)',
    );
  });
});

const CANARY = 'canary-3f9b27';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

// Each object holds the canary somewhere, and a server quotes a part of it.
describe.each<[where: string, holder: ReturnType<typeof object>, quoted: string]>([
  [
    'a line of a Secret',
    object('v1', 'Secret', 's', { data: { a: base64(`user\n${CANARY}\nend`) } }),
    CANARY,
  ],
  [
    'a field of a JSON Secret',
    object('v1', 'Secret', 's', { stringData: { a: JSON.stringify({ x: [CANARY] }) } }),
    CANARY,
  ],
  ['an assignment in a Secret', object('v1', 'Secret', 's', { stringData: { a: `PW=${CANARY}` } }), CANARY],
  [
    'a part of a Secret',
    object('v1', 'Secret', 's', { stringData: { a: `xx${CANARY}yy` } }),
    CANARY.slice(2),
  ],
  [
    'a part of the base64 of a Secret',
    object('v1', 'Secret', 's', { data: { a: base64(`${CANARY}${CANARY}`) } }),
    base64(CANARY).slice(0, 12),
  ],
  ['a short value of a Secret', object('v1', 'Secret', 's', { stringData: { a: 'tiny' } }), 'tiny'],
  [
    'a number of a JSON Secret',
    object('v1', 'Secret', 's', { stringData: { a: '{"pin":48151623}' } }),
    '48151623',
  ],
  ['a ConfigMap', object('v1', 'ConfigMap', 'c', { data: { a: CANARY } }), CANARY],
  [
    'a line of a ConfigMap',
    object('v1', 'ConfigMap', 'c', { data: { a: `x\npassword: ${CANARY}\n` } }),
    CANARY,
  ],
  [
    'binary data of a ConfigMap',
    object('v1', 'ConfigMap', 'c', { binaryData: { a: base64(CANARY) } }),
    base64(CANARY),
  ],
  [
    'an environment variable',
    object('apps/v1', 'Deployment', 'd', {
      spec: { template: { spec: { containers: [{ name: 'a', env: [{ name: 'PW', value: CANARY }] }] } } },
    }),
    CANARY,
  ],
  [
    'an environment variable of a CronJob',
    object('batch/v1', 'CronJob', 'd', {
      spec: {
        jobTemplate: {
          spec: { template: { spec: { initContainers: [{ env: [{ name: 'PW', value: CANARY }] }] } } },
        },
      },
    }),
    CANARY,
  ],
  [
    'a custom resource',
    object('db.example.com/v1', 'Database', 'd', { spec: { users: [{ password: CANARY }] } }),
    CANARY,
  ],
])('S15: a server that quotes %s', (_where, holder, quoted) => {
  test.each([
    (text: string) => `denied: ${text}`,
    (text: string) => `spec: Invalid value: "${text}": too short`,
    (text: string) => `{"object":{"x":"${text}"}}`,
    (text: string) => `<${text}><${text}>`,
  ])('says nothing of it', (sentence) => {
    const told = redactMessage(sentence(quoted), holder);
    expect(told).not.toContain(quoted);
    expect(told).toContain('(masked)');
    // What a server says of a patch is told of the live object that it is for.
    expect(redactMessage(sentence(quoted), object('v1', 'Pod', 'p'), holder)).toBe(told);
  });
});

test('S15: a message is no longer than a person reads, and keeps the reason at its end', () => {
  const long = `Job "work" is invalid: ${'x'.repeat(5000)}: field is immutable`;
  expect(redactMessage(long, undefined)).toMatch(/^Job "work" is invalid: x+…x+: field is immutable$/);
  expect(redactMessage('x'.repeat(5000), undefined)).toHaveLength(1001);
});
