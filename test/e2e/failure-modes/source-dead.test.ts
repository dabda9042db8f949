import { describe, expect, test } from 'vitest';
import { patchJson, waitUntil } from '../../cluster/client.ts';
import { afterForward } from '../../helpers/faults.ts';
import { installSmall } from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, move, moveTo } from '../../helpers/moves.ts';
import { throughProxies } from '../../helpers/proxied.ts';

const { proxies, ends } = throughProxies();

const WEB = { 'Deployment/web': 2 };
const PARKED = { 'Deployment/web': 0 };

describe('the API of the source is dead before anything begins', () => {
  test('F1: cutover stops with 7 and names failover, which asks for the data-loss acknowledgement and starts what is staged', async () => {
    const namespace = await installSmall('dead');
    await proxies.source.goDown();
    const cutover = await moveTo(7, 'cutover', namespace, ends);
    expect(cutover.document.error.message).toMatch(/source does not answer/);
    expect(cutover.document.error.hint).toMatch(
      new RegExp(`failover .*--source-context ${ends.source.context} .*--accept-data-loss`),
    );
    expect(cutover.document.error.hint).toContain('--accept-data-loss');

    const asked = await moveTo(7, 'failover', namespace, ends);
    expect(asked.document.error.message).toMatch(/stage \d+ ?s.*data never/);
    const staged = (await moveTo(8, 'status', namespace, ends)).document.lastStage;
    const over = await moveTo(0, 'failover', namespace, { ...ends, args: ['--accept-data-loss'] });
    expect(await countsOf('dest', namespace)).toEqual(WEB);
    // Nobody has stopped anything: it counts from the last time that the source was seen.
    const sinceStage = (Date.parse(over.document.startedAt) - Date.parse(staged.at)) / 1000;
    expect(over.document.rtoSeconds).toBeGreaterThan(sinceStage);
    expect(over.document.rtoSeconds).toBeLessThanOrEqual(sinceStage + over.document.seconds + 1);
    expect(over.document.hint).toContain('dr-syncer fence');
    const status = await moveTo(8, 'status', namespace, ends);
    expect(status.document.pendingFence).toMatchObject({ epoch: 1 });
    expect(status.document.source.answers).toBe(false);
  });

  test('F1: failback and fence are refused with 3, and the application stays where it is', async () => {
    const namespace = await installSmall('dead-home');
    await moveTo(0, 'cutover', namespace);
    await proxies.source.goDown();
    for (const verb of ['failback', 'fence']) {
      const { document } = await moveTo(3, verb, namespace, ends);
      expect(document.error.hint).toMatch(/stays at the destination/);
    }
    expect(await countsOf('dest', namespace)).toEqual(WEB);
  });
});

describe('the source is cut off and may still run', () => {
  test('F2, F3: failover says that nothing is fenced; when the source is back, status shouts and fence stops it first', async () => {
    const namespace = await installSmall('partition');
    await proxies.source.goDown();
    const over = await moveTo(0, 'failover', namespace, {
      ...ends,
      args: ['--accept-data-loss', '--reason', 'fire'],
    });
    expect(over.document.summary).toMatch(/not proved that the source is stopped/);
    expect(over.stderr).toMatch(/fence it from outside \(power, network, DNS, credentials\)/);
    // Both sides run now, which only the operator could have known.
    expect((await livePods('source', namespace)).length).toBe(2);
    await proxies.source.comeBack();
    const status = await moveTo(8, 'status', namespace, ends);
    expect(status.document.problems.join(' ')).toMatch(/BOTH SIDES RUN/);
    expect(status.document.next).toContain('dr-syncer fence');
    await moveTo(7, 'failback', namespace, ends);

    const dry = await moveTo(0, 'fence', namespace, { ...ends, args: ['--dry-run'] });
    expect(JSON.stringify(dry.document.steps)).toContain('PATCH Deployment web');
    expect((await livePods('source', namespace)).length).toBe(2);
    const fence = await moveTo(0, 'fence', namespace, ends);
    expect(fence.document.summary).toMatch(/stopped and marked/);
    expect(await countsOf('source', namespace)).toEqual(PARKED);
    expect(await livePods('source', namespace)).toEqual([]);
    expect((await moveTo(0, 'status', namespace, ends)).document).toMatchObject({ live: 'dest' });
    await moveTo(3, 'cutover', namespace, ends);

    await moveTo(0, 'failback', namespace, ends);
    expect(await countsOf('source', namespace)).toEqual(WEB);
    expect(await marksIn('source', namespace)).toEqual([]);
    const { entries } = (await moveTo(0, 'history', namespace, ends)).document;
    expect(entries.map(({ kind, result }: { kind: string; result: string }) => `${kind} ${result}`)).toEqual([
      'failover ok',
      'fence ok',
      'failback ok',
    ]);
  });

  test('F3: something starts the source again after a cutover: status shouts, fence stops it, the counts are not lost', async () => {
    const namespace = await installSmall('revived');
    await moveTo(0, 'cutover', namespace);
    await patchJson('source', 'Deployment', 'web', namespace, { spec: { replicas: 1 } });
    await waitUntil('a pod at the source', async () => (await livePods('source', namespace)).length === 1);
    const status = await moveTo(8, 'status', namespace);
    expect(status.document).toMatchObject({ live: 'both', next: expect.stringContaining('fence') });
    expect((await moveTo(3, 'failback', namespace)).document.preflight.checks).toContainEqual(
      expect.objectContaining({ id: 'runs-already', hint: expect.stringContaining('dr-syncer fence') }),
    );
    expect((await livePods('dest', namespace)).length).toBe(2);
    await moveTo(0, 'fence', namespace);
    await moveTo(0, 'status', namespace);
    await moveTo(0, 'failback', namespace);
    expect(await countsOf('source', namespace)).toEqual(WEB);
  });
});

describe('the API of the source dies during a cutover', () => {
  test('F1: before the first stop: 4 for its records, nothing stopped, and failover is named', async () => {
    const namespace = await installSmall('dies-early');
    // The journal has begun by then; its mirror is the first write at the source.
    proxies.dest.inject({
      match: ({ method, path, body }) => method === 'PUT' && path.includes('journal') && body.includes(''),
      times: 1,
      action: afterForward(() => proxies.source.goDown()),
    });
    const { document } = await moveTo(4, 'cutover', namespace, ends);
    expect(document.summary).toMatch(/^Nothing was stopped or started/);
    expect(document.hint).toMatch(/failover .*--accept-data-loss/);
    await proxies.source.comeBack();
    expect(await countsOf('source', namespace)).toEqual(WEB);
  });

  test('F1, F4: after the stop: 4 when a minute of patience is over, with resume, rollback and failover named; failover goes on from there', async () => {
    const namespace = await installSmall('dies-late');
    proxies.source.inject({
      // Before it each patch is asked for as a dry run.
      match: ({ method, path, query }) =>
        method === 'PATCH' && path.endsWith('deployments/web') && !query.has('dryRun'),
      times: 1,
      action: afterForward(() => proxies.source.goDown()),
    });
    // A server that is restarted is back within a minute, so that long is waited for it.
    const started = performance.now();
    const { document } = await moveTo(4, 'cutover', namespace, ends);
    expect(performance.now() - started).toBeLessThan(110_000);
    expect(document.hint).toMatch(/resume .*rollback .*failover .*--accept-data-loss/);
    expect(await livePods('dest', namespace)).toEqual([]);
    for (const verb of ['resume', 'rollback']) {
      const refused = await moveTo(3, verb, namespace, ends);
      expect(refused.document.error.hint).toMatch(/dr-syncer failover .*--accept-data-loss/);
    }
    await moveTo(0, 'failover', namespace, { ...ends, args: ['--accept-data-loss'] });
    expect(await countsOf('dest', namespace)).toEqual(WEB);
    await proxies.source.comeBack();
    // The lock that the cutover had at the source could not be given back, and has to expire.
    await waitUntil('the fence', async () => (await move('fence', namespace, ends)).exitCode === 0, 60_000);
    await moveTo(0, 'failback', namespace, ends);
    expect(await countsOf('source', namespace)).toEqual(WEB);
    expect(await marksIn('source', namespace)).toEqual([]);
  }, 150_000);

  test('F6: the source comes back after the stop: resume ends the cutover', async () => {
    const namespace = await installSmall('dies-briefly');
    await moveTo(4, 'cutover', namespace, { args: ['--post-stop', 'false'] });
    await proxies.source.goDown();
    await moveTo(3, 'resume', namespace, ends);
    await proxies.source.comeBack();
    await moveTo(0, 'resume', namespace, { ...ends, args: ['--without-hooks', '--post-stop', 'true'] });
    expect(await countsOf('dest', namespace)).toEqual(WEB);
  });
});

test('F1: the API of the source dies after the cutover: status says where the application lives', async () => {
  const namespace = await installSmall('dies-after');
  await moveTo(0, 'cutover', namespace, ends);
  await proxies.source.goDown();
  const { document } = await moveTo(0, 'status', namespace, ends);
  expect(document).toMatchObject({ live: 'dest', source: { answers: false } });
});
