import { expect, test } from 'vitest';
import { applyYaml } from '../../cluster/client.ts';
import { deployment, endlessJob, installYaml } from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, moveTo } from '../../helpers/moves.ts';
import { stageNamespace } from '../../helpers/stage.ts';

test('what would be stopped and has no copy at the destination is refused before anything stops', async () => {
  const namespace = await installYaml('uncopied', deployment('web', 1));
  await applyYaml(
    'source',
    namespace,
    'apiVersion: moves.example.com/v1\nkind: Widget\nmetadata: { name: gadget }\nspec: { replicas: 3 }',
  );
  const { document } = await moveTo(3, 'cutover', namespace);
  expect(document.summary).toMatch(/Widget gadget/);
  expect(document.hint).toMatch(/--include-custom-resources/);
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 1, 'Widget/gadget': 3 });
  expect(await marksIn('source', namespace)).toEqual([]);
  await moveTo(0, 'cutover', namespace, { args: ['--include-custom-resources'] });
  expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 1, 'Widget/gadget': 3 });
});

test('a selection of types that leaves a running workload behind is refused', async () => {
  const namespace = await installYaml(
    'selected',
    `${deployment('web', 1, 'labels: { tier: front }')}${deployment('worker', 2)}`,
    { staged: false },
  );
  await stageNamespace(namespace, { selector: 'tier=front' });
  const { document } = await moveTo(3, 'cutover', namespace, { args: ['-l', 'tier=front'] });
  expect(document.summary).toMatch(/Deployment worker/);
  expect((await livePods('source', namespace)).length).toBe(3);
});

test('a workload that is to be ignored is stopped with the rest, and told', async () => {
  const namespace = await installYaml(
    'ignored',
    `${deployment('web', 1)}${deployment('tool', 1, 'labels: { dr-syncer.io/ignore: "true" }')}`,
  );
  const { document } = await moveTo(0, 'cutover', namespace);
  expect(document.warnings.join(' ')).toMatch(/Deployment tool .*no copy/);
  expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 1 });
  await moveTo(0, 'failback', namespace);
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 1, 'Deployment/tool': 1 });
});

test('a Job that is new since the stage is suspended at home and started over there', async () => {
  const namespace = await installYaml('new-job', deployment('web', 1));
  await applyYaml('source', namespace, endlessJob('late'));
  await moveTo(0, 'cutover', namespace, { args: ['--jobs', 'suspend'] });
  expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 1, 'Job/late': 'on' });
});
