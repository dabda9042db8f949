import { expect, test } from 'vitest';
import {
  applyYaml,
  createNamespace,
  freshNamespace,
  type Json,
  listJson,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import { deployment, installYaml, POD } from '../../helpers/move-app.ts';
import { moveTo } from '../../helpers/moves.ts';
import { preflightOf, rowsOf } from '../../helpers/preflight.ts';
import { stageWell } from '../../helpers/stage.ts';

const HALF = `
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: half }
spec:
  replicas: 2
  serviceName: half
  podManagementPolicy: Parallel
  selector: { matchLabels: { app: half } }
  template: { metadata: { labels: { app: half } }, spec: { ${POD} } }
`;

const readyOf = async (namespace: string, app: string): Promise<string[]> =>
  (await listJson('source', 'Pod', namespace, `app=${app}`))
    .filter(({ status }) => status.conditions?.some((c: Json) => c.type === 'Ready' && c.status === 'True'))
    .map(({ metadata }) => metadata.name);

test('F28: what was not ready before is not waited for, neither by a cutover nor by its rollback', async () => {
  const namespace = freshNamespace('never-ready');
  await createNamespace('source', namespace);
  const never = deployment('never', 1).replace('spec: { term', 'spec: { nodeSelector: { no: where }, term');
  await applyYaml('source', namespace, `${deployment('web', 1)}${never}`);
  await waitUntil('web to run', async () =>
    (await readyOf(namespace, 'web')).length === 1 ? true : undefined,
  );
  await stageWell(namespace);
  const rows = rowsOf(await preflightOf(namespace), 'warn', 'unready');
  expect(rows).toEqual([
    expect.stringMatching(
      /^unready Deployment never: .*is not ready \(.*the move does not wait for it after its start\.$/,
    ),
  ]);
  const { document } = await moveTo(5, 'cutover', namespace, {
    args: ['--rollback-on-failure', '--smoke-command', 'false', '--smoke-attempts', '1'],
  });
  expect(document.warnings.join('\n')).toMatch(
    /Deployment never is not fully ready, and was not before either/,
  );
  const slow = document.steps.filter(({ seconds }: Json) => seconds > 30);
  expect(slow.map(({ id, seconds }: Json) => `${id} ${seconds}`)).toEqual([]);
  expect(await readyOf(namespace, 'web')).toHaveLength(1);
});

test('F28: as many pods are waited for as were ready', async () => {
  const namespace = await installYaml('half-ready', HALF);
  await patchJson('source', 'Pod', 'half-1', namespace, NOT_READY, 'status');
  const rows = await waitUntil('its controller to see it', async () => {
    const found = rowsOf(await preflightOf(namespace), 'warn', 'unready');
    return found.length > 0 ? found : undefined;
  });
  expect(rows).toEqual([expect.stringContaining('the move waits until 1 pod is ready')]);
});

const NOT_READY = {
  status: {
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [
      {
        ...{ name: 'main', image: 'example.invalid/a', imageID: '', ready: false, restartCount: 3 },
        state: { waiting: { reason: 'CrashLoopBackOff' } },
      },
    ],
  },
};

test('F28: what delays a stop or a start by its own fields is named before', async () => {
  const slow = `${deployment('slow', 1).trimEnd()}
  minReadySeconds: 1
  progressDeadlineSeconds: 20
`;
  const held = `${deployment('held', 1).replace('labels: { app: held } }, spec', 'labels: { app: held }, finalizers: [example.com/drain] }, spec')}`;
  const namespace = await installYaml('causes', `${slow}${held}`);
  const gated = deployment('gated', 1).replace(
    'spec: { term',
    'spec: { schedulingGates: [{ name: example.com/quota }], term',
  );
  await applyYaml('source', namespace, gated);
  const result = await preflightOf(namespace, { options: { waitTimeoutMs: 30_000 } });
  expect(rowsOf(result, 'info', 'slow-start')).toEqual([
    expect.stringContaining('1 second after its pods are ready (minReadySeconds)'),
    expect.stringContaining('after 20 seconds without progress'),
  ]);
  expect(rowsOf(result, 'warn', 'pod-finalizers')).toEqual([
    expect.stringMatching(/1 pod of Deployment held .* has the finalizer example\.com\/drain/),
  ]);
  expect(rowsOf(result, 'warn', 'scheduling-gates')).toEqual([expect.stringContaining('example.com/quota')]);
  expect(rowsOf(result, 'warn', 'unready').join('\n')).toContain('the scheduling gate example.com/quota');
  const short = await preflightOf(namespace, { options: { waitTimeoutMs: 1000 } });
  expect(rowsOf(short, 'warn', 'slow-start')).toEqual([
    expect.stringContaining('the move waits only 1 second'),
  ]);
  const [pod] = await listJson('source', 'Pod', namespace, 'app=held');
  await patchJson('source', 'Pod', pod?.metadata.name, namespace, { metadata: { finalizers: null } });
});
