import { describe, expect, test } from 'vitest';
import { contextOf, getJson, pair, waitUntil } from '../../cluster/client.ts';
import { anything } from '../../helpers/faults.ts';
import { makeGate } from '../../helpers/gate.ts';
import { installSmall } from '../../helpers/move-app.ts';
import { countsOf, livePods, move, moveTo } from '../../helpers/moves.ts';
import { throughProxies } from '../../helpers/proxied.ts';

const { proxies, ends } = throughProxies();
const end = (side: 'source' | 'dest') => ({ kubeconfig: pair().kubeconfig, context: contextOf(side) });

describe('F25: the wrong direction, or the same cluster twice', () => {
  test('F25: the same namespace of the same cluster is a usage error, also behind another context', async () => {
    const namespace = await installSmall('same');
    for (const verb of ['cutover', 'failback', 'fence']) {
      const { document } = await moveTo(2, verb, namespace, { source: end('source'), dest: ends.source });
      expect(document.error.message).toMatch(/same cluster.*both sides are namespace/);
    }
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
  });

  test('F25: a cutover the wrong way about does not touch the side that runs', async () => {
    const namespace = await installSmall('wrong-way');
    const before = await livePods('source', namespace);
    const wrong = await move('cutover', namespace, { source: end('dest'), dest: end('source') });
    expect([3, 7]).toContain(wrong.exitCode);
    expect(await livePods('source', namespace)).toEqual(before);
    await moveTo(0, 'cutover', namespace);
    const live = await livePods('dest', namespace);
    const again = await moveTo(7, 'cutover', namespace, { source: end('dest'), dest: end('source') });
    expect(again.document.error.message).toMatch(/wrong direction.*epoch 1/);
    expect(again.document.error.hint).toMatch(
      new RegExp(`failback .*--source-context ${contextOf('source')} `),
    );
    const home = await move('failback', namespace, { source: end('dest'), dest: end('source') });
    expect(home.exitCode).toBe(3);
    expect(await livePods('dest', namespace)).toEqual(live);
    expect(await livePods('source', namespace)).toEqual([]);
  });

  test('F25: a dry run names both contexts, namespaces and the epoch', async () => {
    const namespace = await installSmall('names');
    const { document } = await moveTo(0, 'cutover', namespace, { args: ['--dry-run'] });
    expect(document).toMatchObject({
      source: { context: contextOf('source'), namespace },
      dest: { context: contextOf('dest'), namespace },
      epoch: 0,
    });
  });
});

test('F26: the clock of this machine is an hour off: the move goes by the clocks of the servers, and so do lock and ages', async () => {
  const namespace = await installSmall('skew');
  // As this machine sees it, the servers are an hour ahead.
  for (const proxy of Object.values(proxies))
    proxy.inject({
      match: anything,
      action: async (exchange) => {
        const answer = await exchange.forward();
        const date = new Date(Date.parse(String(answer.headers.date)) + 3_600_000).toUTCString();
        answer.headers.date = date;
        const at = answer.rawHeaders.findIndex(
          (name, index) => index % 2 === 0 && name.toLowerCase() === 'date',
        );
        if (at >= 0) answer.rawHeaders[at + 1] = date;
        await exchange.pass(answer);
      },
    });
  const gate = makeGate();
  const ann = moveTo(0, 'cutover', namespace, {
    ...ends,
    operator: 'ann@laptop',
    args: ['--pre-stop', gate.command],
  });
  await waitUntil(
    'ann to have the lock',
    async () =>
      (await getJson('dest', 'Lease', 'dr-syncer-lock', namespace))?.spec.holderIdentity === 'ann@laptop',
  );
  const held = await moveTo(6, 'cutover', namespace, {
    ...ends,
    operator: 'bob@desk',
    args: ['--take-over'],
  });
  expect(held.document.error.message).toMatch(/ann@laptop has held the lock .* for \d+ s, /);
  gate.open();
  const { document, stderr } = await ann;
  expect(stderr).toMatch(/clock of context .* is (1 h|59 m|60 m).* ahead/);
  expect(Date.parse(document.startedAt) - Date.now()).toBeGreaterThan(3_000_000);
  const status = await moveTo(0, 'status', namespace, ends);
  expect(status.document.lastStage.ageSeconds).toBeLessThan(120);
});
