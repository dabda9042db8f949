import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitUntil } from '../../cluster/client.ts';
import { isWrite, matching } from '../../helpers/faults.ts';
import { lockToExpire } from '../../helpers/lock.ts';
import { deployment, installYaml } from '../../helpers/move-app.ts';
import { countsOf, moveTo, watchPods } from '../../helpers/moves.ts';
import { throughProxies } from '../../helpers/proxied.ts';
import { startStage } from '../../helpers/stage-run.ts';
import { lockAs, open } from '../../helpers/state.ts';

const { proxies, ends } = throughProxies();
const APP = `${deployment('web', 2)}${deployment('api', 1)}`;
const COUNTS = { 'Deployment/web': 2, 'Deployment/api': 1 };

test.each([
  ['while the source is stopped', 'source'],
  ['while the destination is started', 'dest'],
] as const)(
  'F6: API servers that are away for 25 s %s do not end a cutover',
  async (_when, side) => {
    const namespace = await installYaml('away', APP);
    const watch = await watchPods(namespace);
    let outages = 0;
    proxies[side].inject({
      match: (request) =>
        isWrite(request) && matching({ method: 'PATCH', path: /deployments\/web$/ })(request),
      times: 1,
      action: async (exchange) => {
        outages++;
        await Promise.all(Object.values(proxies).map((proxy) => proxy.goDown()));
        setTimeout(() => {
          for (const proxy of Object.values(proxies)) void proxy.comeBack();
        }, 25_000);
        exchange.reset();
      },
    });
    await moveTo(0, 'cutover', namespace, ends);
    await watch.stop();
    expect(outages).toBe(1);
    expect(watch.both).toEqual([]);
    expect(await countsOf('dest', namespace)).toEqual(COUNTS);
  },
  150_000,
);

test('F5: a stage whose network stood still while somebody else took the lock ends with 6 and sends nothing more', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `web-${index}`);
  const namespace = await installYaml('frozen', names.map((name) => deployment(name, 1)).join(''), {
    staged: false,
  });
  let thaw = (): void => undefined;
  const thawed = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  let isFrozen = false;
  proxies.dest.inject({
    match: (request) => {
      isFrozen ||= isWrite(request) && /deployments\/web-/.test(request.path);
      return isFrozen;
    },
    action: async (exchange) => {
      await thawed;
      await exchange.pass(await exchange.forward());
    },
  });
  const run = startStage(
    { namespace, secretValue: '' },
    { ...ends, args: ['--concurrency', '2'], env: { DR_SYNCER_LOCK_TTL_MS: '2000' } },
  );
  await waitUntil('the stage to write', async () => isFrozen, 60_000);
  await lockToExpire(namespace);
  const lock = await lockAs('bob@desk', open(), namespace, { takeOver: true });
  const from = performance.now();
  thaw();
  const { exitCode, stdout } = await run.done;
  const document = JSON.parse(stdout);
  expect([exitCode, document.outcome]).toEqual([6, 'locked']);
  expect(document.summary).toContain('bob@desk has taken it');
  // Long enough for a request that would be sent again.
  await sleep(500);
  const late = proxies.dest.log().filter((request) => isWrite(request) && request.startedMs > from);
  expect(late.filter(({ path }) => !path.includes('/leases')).map(({ path }) => path)).toEqual([]);
  await lock.gate.pass();
}, 120_000);
