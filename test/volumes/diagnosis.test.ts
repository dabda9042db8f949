import { describe, expect, it } from 'vitest';
import { createTranscript, scrub } from '../../src/volumes/copy-diagnosis.ts';
import type { MoverEvent } from '../../src/volumes/mover-types.ts';

const transcript = (...events: MoverEvent[]) => {
  const all = createTranscript();
  for (const event of events) all.add(event);
  return all;
};

describe('createTranscript', () => {
  it('keeps the last 20 lines, without progress and debug detail', () => {
    const lines = Array.from(
      { length: 50 },
      (_, index): MoverEvent => ({ type: 'noise', text: `line ${index}` }),
    );
    const kept = transcript({ type: 'log', level: 'debug', message: 'detail' }, ...lines, {
      type: 'progress',
      percent: 1,
      indeterminate: false,
      summary: false,
    }).tail();
    expect(kept).toHaveLength(20);
    expect(kept.at(-1)).toBe('line 49');
    expect(kept.join()).not.toContain('detail');
  });

  it('D18: names every strategy once, with the diagnostics of the summary', () => {
    const said = transcript(
      { type: 'declined', strategy: 'mount', reason: 'other cluster' },
      { type: 'strategy-failed', strategy: 'loadbalancer', error: 'no address' },
      { type: 'strategy-failed', strategy: 'loadbalancer', error: 'no address', diagnostics: 'pod pending' },
      { type: 'failed', error: 'migration failed: no strategy could complete the migration' },
    ).diagnosis();
    expect(said).toBe('mount declined: other cluster; loadbalancer: no address (pod pending)');
  });

  it('falls back to the usage error, then to the final error', () => {
    expect(
      transcript(
        { type: 'noise', text: 'Error: unknown flag: --x' },
        { type: 'noise', text: 'Usage:' },
      ).diagnosis(),
    ).toBe('Error: unknown flag: --x');
    expect(transcript({ type: 'failed', error: 'boom' }).diagnosis()).toBe('boom');
    expect(transcript().diagnosis()).toBeUndefined();
  });

  const hints: [text: string, part: RegExp][] = [
    [
      'PVC is mounted to a node and --ignore-mounted is not requested: node: n claim c',
      /completed pods count too/,
    ],
    ['cannot re-use a name that is still in use', /same command again/],
    ['destination PVC is not writable', /access mode/],
    ['failed to get PVC info for destination PVC: not found', /Stage the namespace/],
    ['pods "x" is forbidden: violates PodSecurity "restricted:latest"', /non-root/],
    ['pods "x" is forbidden: exceeded quota: q', /ResourceQuota/],
    ['jobs.batch is forbidden: User "u" cannot create resource "jobs"', /lacks a permission/],
    ['container waiting: ImagePullBackOff', /pull/],
    ['the data mover exited with code 23 (rsync documents this exit code as: …)', /could not be read/],
    ['write failed: No space left on device (28)', /full/],
    ['error upgrading connection: Unauthorized', /port-forward/],
    ['ssh: connect to host 10.0.0.1 port 22: Connection refused', /reach each other/],
    ['failed to get the address: timed out waiting for the condition', /nodeport or local/],
    ['unknown flag: --nope', /--pv-migrate-flags/],
  ];
  it.each(hints)('D18: knows what to do about %j', (text, part) => {
    expect(transcript({ type: 'failed', error: text }).hint()).toMatch(part);
  });

  it('has no advice for an unknown text', () => {
    expect(transcript({ type: 'failed', error: 'something new' }).hint()).toBeUndefined();
  });
});

describe('scrub', () => {
  it.each([
    ['Authorization: Bearer abc.def-ghi_jkl', 'Authorization: Bearer (masked)'],
    ['token=0123456789 rest', 'token=(masked) rest'],
    ['"password": "hunter2"', '"password": "(masked)"'],
    ['https://user:pw@host/x', 'https://(masked)@host/x'],
    ['a -----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY----- b', 'a (masked) b'],
    ['a -----BEGIN RSA PRIVATE KEY-----\nAAAA', 'a (masked)'],
    ['pod shop/data failed with code 23', 'pod shop/data failed with code 23'],
  ])('hides credentials in %j', (text, expected) => {
    expect(scrub(text)).toBe(expected);
  });
});
