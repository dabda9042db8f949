import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  isBeforeBoot,
  isOfEarlierContainer,
  lifeOf,
  pidOf,
  processIdentity,
  startInStat,
} from '../../src/common/process-identity.ts';

const own = processIdentity(process.pid) ?? '';
const changed = (changes: object): string => JSON.stringify({ ...JSON.parse(own), ...changes });

describe('a process', () => {
  test('is alive until it ends, and gone afterwards', async () => {
    expect(lifeOf(own)).toBe('alive');
    const child = spawn('sleep', ['60']);
    const identity = processIdentity(child.pid ?? 0) ?? '';
    expect(lifeOf(identity)).toBe('alive');
    expect(pidOf(identity)).toBe(child.pid);
    child.kill('SIGKILL');
    await new Promise((ended) => child.once('exit', ended));
    expect(lifeOf(identity)).toBe('gone');
    expect(processIdentity(child.pid ?? 0)).toBeUndefined();
  });

  test('that got the pid of another is not taken for it', () => {
    expect(lifeOf(changed({ started: '1' }))).toBe('gone');
  });

  test.each([
    ['of another boot or another container', changed({ system: 'other' })],
    // macOS without sysctl, Windows: two systems without a name are not the same one, whatever the pid says.
    ['of a system without a name', changed({ system: '' })],
    ['of a system without a name, on a host of the same name', changed({ system: '', started: '' })],
    ['of an earlier version', '4711:123456:boot/4026531836'],
    ['that nothing names', ''],
    ['with a pid that would address a group', changed({ pid: -1 })],
    ['with the pid of init', changed({ pid: 1 })],
  ])('%s is elsewhere, and so not dead', (_what, identity) => {
    expect(lifeOf(identity)).toBe('elsewhere');
  });

  const otherContainer = (JSON.parse(own) as { system: string }).system.replace(/\/.*/, '/1');
  test.each([
    ['that runs', {}, false],
    ['whose pid another one has', { started: '1' }, true],
    ['of another pid namespace', { system: otherContainer }, true],
    ['that was the first one there', { system: otherContainer, pid: 1 }, true],
    ['of another host', { system: otherContainer, host: 'other' }, false],
    ['of another boot', { system: 'other/1' }, false],
    ['of a system without a name', { system: '' }, false],
  ])('%s is of an earlier container of the pod or not', (_what, changes, is) => {
    expect(isOfEarlierContainer(changed(changes))).toBe(is);
  });

  test('of this host from before its boot cannot run any more', () => {
    expect(isBeforeBoot(own, 0)).toBe(true);
    expect(isBeforeBoot(own, Date.now())).toBe(false);
    expect(isBeforeBoot(changed({ host: 'other' }), 0)).toBe(false);
  });
});

test.each([
  ['dr-syncer', '12345'],
  ['a) b', '12345'],
  ['(x) (y) ', '12345'],
])('the start of a program that is called %j is read behind its name', (name, started) => {
  const fields = Array.from({ length: 18 }, (_value, index) => String(index));
  expect(startInStat(`7 (${name}) S ${fields.join(' ')} ${started} 0 0`)).toBe(started);
  expect(startInStat(`7 (${name}) Z ${fields.join(' ')} ${started} 0 0`)).toBeUndefined();
});
