import { expect, test } from 'vitest';
import { getJson, waitUntil } from '../../cluster/client.ts';
import { matching } from '../../helpers/faults.ts';
import { deployment, installYaml } from '../../helpers/move-app.ts';
import { countsOf, moveOutside, startMove } from '../../helpers/moves.ts';
import { throughProxies } from '../../helpers/proxied.ts';

const { proxies, ends } = throughProxies();

test('F5: a stop that arrives at the source after the destination was declared lost changes nothing', {
  timeout: 180_000,
}, async () => {
  const namespace = await installYaml('late-stop', `${deployment('web', 2)}${deployment('api', 1)}`);
  const mayArrive = Promise.withResolvers<void>();
  const isHeld = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<number>();
  proxies.source.inject({
    match: matching({ method: 'PATCH', path: /\/deployments\/api$/ }),
    times: 1,
    action: async (exchange) => {
      isHeld.resolve();
      await mayArrive.promise;
      arrived.resolve((await exchange.forward()).statusCode ?? 0);
      exchange.reset();
    },
  });
  const run = startMove('cutover', namespace, ends);
  await isHeld.promise;
  await waitUntil(
    'the stop of the other workload',
    async () => (await getJson('source', 'Deployment', 'web', namespace)).spec.replicas === 0,
  );
  run.child.kill('SIGKILL');
  await run.done;
  await proxies.dest.goDown();
  const back = await moveOutside('rollback', namespace, { ...ends, args: ['--destination-given-up'] });
  expect(back.exitCode, back.stderr).toBe(0);
  mayArrive.resolve();
  expect(await arrived.promise).toBe(409);
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2, 'Deployment/api': 1 });
});
