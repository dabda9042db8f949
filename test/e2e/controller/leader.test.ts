import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyYaml, createNamespace, freshNamespace, getJson, waitUntil } from '../../cluster/client.ts';
import { type Hub, openHub } from '../../helpers/controller.ts';

let hub: Hub;
beforeAll(async () => {
  hub = await openHub('leader');
});
afterAll(() => hub?.close());

const configMap = (name: string): string =>
  `{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} } }`;

test('another controller goes on when the leader dies, and at once when it ends by itself', {
  timeout: 240_000,
}, async () => {
  const app = freshNamespace('leader-app');
  await createNamespace('source', app);
  await applyYaml('source', app, configMap('first'));
  await hub.map(app, app, { replicationMode: 'Continuous', continuous: { debounce: '1s' } });
  const isCopied = async (name: string): Promise<number> => {
    const since = performance.now();
    await waitUntil(`the copy of ${name}`, () => getJson('dest', 'ConfigMap', name, app));
    return performance.now() - since;
  };
  const holder = async (): Promise<string> =>
    (await getJson('source', 'Lease', 'dr-syncer.io', hub.namespace)).spec.holderIdentity;

  const first = await hub.start();
  await isCopied('first');
  const second = await hub.start([], { leads: false });
  await second.says(`${await holder()} leads.`);
  expect(await first.readyz()).toEqual([200, 'leader\n']);
  expect(await second.readyz()).toEqual([200, 'standby\n']);

  await first.kill();
  await applyYaml('source', app, configMap('second'));
  expect(await isCopied('second')).toBeLessThan(30_000);
  expect(await second.readyz()).toEqual([200, 'leader\n']);

  const third = await hub.start([], { leads: false });
  await third.says(/ leads\./);
  await applyYaml('source', app, configMap('third'));
  const handed = performance.now();
  expect(await second.stop()).toBe(0);
  await third.says('This process leads.');
  // Far less than the 15 s after which a Lease that is not renewed may be taken.
  expect(performance.now() - handed).toBeLessThan(10_000);
  await isCopied('third');
  await hub.ready(app, 'True InSync');
});
