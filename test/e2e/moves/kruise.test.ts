import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  applyYaml,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Side,
} from '../../cluster/client.ts';
import { moveTo } from '../../helpers/moves.ts';
import { stageWell } from '../../helpers/stage.ts';

let namespace: string;
beforeAll(async () => {
  namespace = freshNamespace('kruise');
  await createNamespace('source', namespace);
  await applyYaml('source', namespace, AGENT);
  await stageWell(namespace, { custom: true });
}, 60_000);
afterAll(async () => {
  for (const side of ['source', 'dest'] as const) await deleteJson(side, 'Namespace', namespace);
});

// Its operator is not here, so there are no pods: what counts is the field by which it is parked.
const AGENT = `
apiVersion: apps.kruise.io/v1alpha1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { nodeSelector: { disk: fast }, containers: [{ name: main, image: example.invalid/a }] }
`;

const selectorAt = async (side: Side): Promise<object> =>
  (await getJson(side, 'daemonsets.apps.kruise.io', 'agent', namespace)).spec.template.spec.nodeSelector;

test('what a stage parks is stopped and started by a move, with a scale subresource or without', async () => {
  expect(await selectorAt('dest')).toEqual({ 'dr-syncer.io/parked': 'true' });
  await moveTo(0, 'cutover', namespace, { args: ['--include-custom-resources'] });
  expect(await selectorAt('source')).toEqual({ 'dr-syncer.io/parked': 'true' });
  expect(await selectorAt('dest')).toEqual({ disk: 'fast' });
  await moveTo(0, 'failback', namespace);
  expect(await selectorAt('source')).toEqual({ disk: 'fast' });
  expect(await selectorAt('dest')).toEqual({ 'dr-syncer.io/parked': 'true' });
}, 120_000);
