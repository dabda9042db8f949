import { describe, expect, test } from 'vitest';
import { getJson, patchJson, waitUntil } from '../../cluster/client.ts';
import {
  anything,
  isWrite,
  matching,
  refuse,
  resetAfterForward,
  throttle,
  unavailable,
} from '../../helpers/faults.ts';
import { lockToExpire } from '../../helpers/lock.ts';
import { deployment, installSmall, installYaml } from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, move, moveTo, startMove, watchPods } from '../../helpers/moves.ts';
import { throughProxies } from '../../helpers/proxied.ts';

const { proxies, ends } = throughProxies();
const WEB = { 'Deployment/web': 2 };

describe('F4: a cutover that was cut off half-way', () => {
  test('F4: a fresh cutover is refused with 4, the counts of the beginning are kept, and resume ends it', async () => {
    const namespace = await installYaml('half', `${deployment('web', 3)}${deployment('idle', 0)}`);
    const killed = startMove('cutover', namespace, { args: ['--post-stop', 'sleep 60'] });
    await waitUntil(
      'the stop',
      async () => (await getJson('source', 'Deployment', 'web', namespace)).spec.replicas === 0,
      60_000,
    );
    await waitUntil('the hook', async () => killed.output().includes('post-stop hook'), 60_000);
    killed.child.kill('SIGKILL');
    await killed.done;
    const status = await moveTo(4, 'status', namespace);
    expect(status.document.operation).toMatchObject({
      kind: 'cutover',
      step: expect.stringContaining('post-stop'),
    });
    const operator = (await getJson('dest', 'Lease', 'dr-syncer-lock', namespace)).spec.holderIdentity;
    // A stranger cannot know whether the process that had the lock is dead; the same person on the same machine can.
    const stranger = await move('cutover', namespace, { operator: 'somebody@else' });
    expect(stranger.exitCode).toBe(6);
    expect(stranger.document.error.message).toContain(operator);
    const fresh = await move('cutover', namespace, { operator });
    expect(fresh.exitCode, fresh.stderr).toBe(4);
    expect(fresh.document.error.hint).toMatch(/resume/);
    // Somebody scales by hand meanwhile; the baseline is what it was.
    await patchJson('source', 'Deployment', 'idle', namespace, { metadata: { labels: { touched: 'yes' } } });
    await moveTo(0, 'resume', namespace, { args: ['--without-hooks', '--post-stop', 'true'], operator });
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 3, 'Deployment/idle': 0 });
  });

  test('F4: rollback ends it too: exit 0, exact counts, nothing left behind, and a second one has nothing to do', async () => {
    const namespace = await installYaml('half-back', `${deployment('web', 3)}${deployment('idle', 0)}`);
    await moveTo(4, 'cutover', namespace, { args: ['--post-start', 'false'] });
    expect((await livePods('dest', namespace)).length).toBe(3);
    const watch = await watchPods(namespace);
    await moveTo(0, 'rollback', namespace);
    await watch.stop();
    expect(watch.both).toEqual([]);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 3, 'Deployment/idle': 0 });
    expect(await marksIn('source', namespace)).toEqual([]);
    await moveTo(3, 'rollback', namespace);
    await moveTo(3, 'resume', namespace);
  });

  test('F4: a failback that was cut off is rolled back to the destination, with what ran there', async () => {
    const namespace = await installSmall('half-home');
    await moveTo(0, 'cutover', namespace);
    await patchJson('dest', 'Deployment', 'web', namespace, { spec: { replicas: 4 } }, 'scale');
    await waitUntil('four pods', async () => (await livePods('dest', namespace)).length === 4);
    await moveTo(4, 'failback', namespace, { args: ['--post-start', 'false'] });
    await moveTo(0, 'rollback', namespace);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 4 });
    expect(await livePods('source', namespace)).toEqual([]);
    expect((await moveTo(0, 'status', namespace)).document.live).toBe('dest');
  });
});

test('Ctrl-C in mid-cutover stops at a safe point with 130, and resume ends it', async () => {
  const namespace = await installSmall('ctrl-c');
  const run = startMove('cutover', namespace, { args: ['--post-stop', 'sleep 60'] });
  await waitUntil('the hook', async () => run.output().includes('post-stop hook'), 60_000);
  run.child.kill('SIGINT');
  const ended = await run.done;
  expect(ended.exitCode, ended.stderr).toBe(130);
  const document = JSON.parse(ended.stdout);
  expect(document).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
  expect(document.hint).toMatch(/resume .*rollback/);
  await moveTo(0, 'resume', namespace, { args: ['--without-hooks', '--post-stop', 'true'] });
  expect(await countsOf('dest', namespace)).toEqual(WEB);
});

test('--timeout in mid-cutover stops it with 4, and resume ends it', async () => {
  const namespace = await installSmall('time-out');
  const { document, stderr } = await moveTo(4, 'cutover', namespace, {
    args: ['--post-stop', 'sleep 60', '--timeout', '12s'],
  });
  expect(stderr).toContain('post-stop hook');
  expect(document.summary).toMatch(/longer than --timeout \(12 s\)/);
  await moveTo(0, 'resume', namespace, { args: ['--without-hooks', '--post-stop', 'true'] });
});

describe('F6: the operator loses the network', () => {
  test('F6: before the first change, there is nothing to undo', async () => {
    const namespace = await installSmall('offline');
    for (const proxy of Object.values(proxies)) await proxy.goDown();
    await moveTo(3, 'cutover', namespace, ends);
    for (const proxy of Object.values(proxies)) await proxy.comeBack();
    expect(await countsOf('source', namespace)).toEqual(WEB);
    await moveTo(0, 'cutover', namespace, ends);
  });

  test('F6: after it, the resume command is told, and another operator resumes when the lock has expired', async () => {
    const namespace = await installSmall('offline-late');
    let isCut = false;
    proxies.source.inject({
      match: matching({ method: 'PATCH', path: /deployments\/web$/ }),
      times: 1,
      action: async (exchange) => {
        await exchange.pass(await exchange.forward());
        isCut = true;
        for (const proxy of Object.values(proxies)) await proxy.goDown();
      },
    });
    const { document } = await moveTo(4, 'cutover', namespace, {
      ...ends,
      operator: 'ann@laptop',
      env: { DR_SYNCER_LOCK_TTL_MS: '15000' },
    });
    expect(isCut).toBe(true);
    expect(document.hint).toContain('dr-syncer resume');
    for (const proxy of Object.values(proxies)) await proxy.comeBack();
    const early = await moveTo(6, 'resume', namespace, { ...ends, operator: 'bob@desk' });
    expect(early.document.error.message).toMatch(/ann@laptop has held the lock .* for \d+ [ms]/);
    await lockToExpire(namespace);
    await moveTo(6, 'resume', namespace, { ...ends, operator: 'bob@desk' });
    await moveTo(0, 'resume', namespace, { ...ends, operator: 'bob@desk', args: ['--take-over'] });
    expect(await countsOf('dest', namespace)).toEqual(WEB);
  }, 150_000);
});

describe('F7: servers that answer badly for a while', () => {
  test.each([
    ['429 with Retry-After', throttle(1), anything],
    ['503', unavailable(), anything],
    ['writes whose answer is lost', resetAfterForward(), isWrite],
  ])('F7: %s: the round trip ends well, with exact counts', async (_what, action, match) => {
    const namespace = await installYaml('bad', `${deployment('web', 2)}${deployment('api', 3)}`);
    for (const verb of ['cutover', 'failback']) {
      for (const proxy of Object.values(proxies)) {
        proxy.clear();
        // Not one burst at the start: some of it meets the stop, and some the start.
        for (let skip = 0; skip < 6; skip++)
          proxy.inject({ match: everyNth(9 + skip * 7, match), times: 2, action });
      }
      await moveTo(0, verb, namespace, ends);
      const faults = Object.values(proxies).flatMap((proxy) =>
        proxy.log().filter(({ status }) => status === 'reset' || status === 429 || status === 503),
      );
      expect(faults.length).toBeGreaterThan(6);
    }
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2, 'Deployment/api': 3 });
    expect(await marksIn('source', namespace)).toEqual([]);
  });
});

test('F8: credentials that expire in mid-run stop the cutover with 4, resumable; it never goes on with one side', async () => {
  const namespace = await installSmall('expired');
  let isOver = false;
  proxies.source.inject(
    { match: () => isOver, action: refuse(401, 'Unauthorized', 'Unauthorized') },
    {
      match: matching({ method: 'PATCH', path: /deployments\/web$/ }),
      times: 1,
      action: async (exchange) => {
        await exchange.pass(await exchange.forward());
        isOver = true;
      },
    },
  );
  const { document } = await moveTo(4, 'cutover', namespace, ends);
  expect(`${document.summary} ${document.hint}`).toMatch(/401|credentials/);
  expect(await livePods('dest', namespace)).toEqual([]);
  proxies.source.clear();
  await moveTo(0, 'resume', namespace, ends);
  expect(await countsOf('dest', namespace)).toEqual(WEB);
});

// Lets `count` matching requests pass first.
const everyNth = (count: number, match: (request: never) => boolean) => {
  let seen = 0;
  return (request: unknown): boolean => match(request as never) && seen++ >= count;
};
