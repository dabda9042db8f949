import { expect, test } from 'vitest';
import {
  applyYaml,
  deleteJson,
  getJson,
  type Json,
  kubectl,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import { deployment, endlessJob, installYaml, POD, runs } from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, moveTo } from '../../helpers/moves.ts';
import { rowOf, stageWell } from '../../helpers/stage.ts';

const CRON = `
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template: { spec: { restartPolicy: Never, ${POD} } } } } }
`;
const JOB = `
---
apiVersion: batch/v1
kind: Job
metadata: { name: charge }
spec: { suspend: true, template: { spec: { restartPolicy: Never, ${POD} } } }
`;
const RETIRED = deployment('retired', 2);
const leftOut = async (kind: string, name: string, namespace: string): Promise<Json> =>
  (await getJson('dest', kind, name, namespace)).metadata.annotations?.['dr-syncer.io/left-out'];

test('F19: a failover starts only what the last stage still knew, and names what it leaves parked', async () => {
  const namespace = await installYaml(
    'gone-since',
    deployment('keep', 1) +
      RETIRED +
      deployment('opted-out', 1) +
      deployment('back', 1) +
      CRON +
      JOB +
      endlessJob('import'),
  );
  await patchJson('source', 'Job', 'charge', namespace, { spec: { suspend: false } });
  await waitUntil('the Job to end', async () => {
    const { status } = await getJson('source', 'Job', 'charge', namespace);
    return status?.conditions?.some(({ type }: Json) => type === 'Complete') === true;
  });
  for (const [kind, name] of [
    ['Deployment', 'retired'],
    ['Deployment', 'back'],
    ['CronJob', 'nightly'],
  ] as const)
    await deleteJson('source', kind, name, namespace);
  await patchJson('source', 'Deployment', 'opted-out', namespace, {
    metadata: { labels: { 'dr-syncer.io/ignore': 'true' } },
  });

  const marked = await stageWell(namespace);
  expect(rowOf(marked, 'Deployment', 'retired')).toMatchObject({
    action: 'updated',
    reason: 'it is gone from the source; a failover leaves it parked',
  });
  expect(marked.orphans.length).toBe(5);
  expect(await leftOut('Deployment', 'retired', namespace)).toBe('gone');
  expect(await leftOut('Deployment', 'opted-out', namespace)).toBe('ignored');
  expect(await leftOut('Job', 'charge', namespace)).toBe('finished');
  expect((await stageWell(namespace)).requests.dest.writes).toBe(0);

  await runs('source', namespace, await applyYaml('source', namespace, deployment('back', 1)));
  expect(rowOf(await stageWell(namespace), 'Deployment', 'back').action).toBe('updated');
  expect(await leftOut('Deployment', 'back', namespace)).toBeUndefined();
  expect((await stageWell(namespace)).requests.dest.writes).toBe(0);

  const args = ['--accept-data-loss', '--source-given-up'];
  const dry = await moveTo(0, 'failover', namespace, { args: [...args, '--dry-run'] });
  expect(JSON.stringify(dry.document.steps)).not.toContain('PATCH Deployment retired');
  expect(JSON.stringify(dry.document.steps)).toMatch(/retired no longer existed at the source/);
  expect(JSON.stringify(dry.document.steps)).not.toContain('PATCH Job import');
  const anew = await moveTo(0, 'failover', namespace, { args: [...args, '--dry-run', '--jobs', 'suspend'] });
  expect(JSON.stringify(anew.document.steps)).toContain('PATCH Job import');
  expect(JSON.stringify(anew.document.steps)).not.toContain('PATCH Job charge');
  const over = await moveTo(0, 'failover', namespace, { args });
  expect(over.stderr).toMatch(/Deployment opted-out was marked to be ignored at the source/);
  const start = over.document.steps.find(({ id }: Json) => id === 'start');
  expect(start.detail).toContain('Job import had not ended at the last stage, and may have since');
  const [, target = '', patch = ''] =
    /patch (job\/import) --type merge -p '([^']+)'/.exec(start.detail) ?? [];
  const words = ['-n', namespace, 'patch', target, '--type', 'merge', '-p', patch, '--dry-run=server'];
  const woken = JSON.parse((await kubectl('dest', [...words, '-o', 'json'])).stdout);
  expect(woken).toMatchObject({ metadata: { name: 'import' }, spec: { suspend: false } });
  for (const name of ['Deployment retired', 'CronJob nightly', 'Job charge', 'Deployment opted-out'])
    expect(JSON.stringify(start)).toContain(name);
  expect(JSON.stringify(over.document.preflight)).toMatch(/Not started in .*parked as before/);
  expect(await countsOf('dest', namespace)).toEqual({
    'Deployment/keep': 1,
    'Deployment/back': 1,
    'Deployment/retired': 0,
    'Deployment/opted-out': 0,
    'CronJob/nightly': 'suspended',
    'Job/charge': 'suspended',
    'Job/import': 'suspended',
  });
  expect((await livePods('dest', namespace)).length).toBe(2);

  // What stays parked there is nothing that has to come home.
  await moveTo(0, 'fence', namespace);
  await moveTo(0, 'failback', namespace);
  expect(await countsOf('source', namespace)).toMatchObject({
    'Deployment/keep': 1,
    'Deployment/back': 1,
    'Deployment/opted-out': 1,
    'Job/import': 'on',
  });
}, 240_000);

test('what was deleted while the destination was live is named by a failback, and stays stopped with --sync-config', async () => {
  const namespace = await installYaml('retired-away', deployment('keep', 1) + RETIRED);
  await moveTo(0, 'cutover', namespace);
  await deleteJson('dest', 'Deployment', 'retired', namespace);
  const told = await moveTo(0, 'failback', namespace);
  expect(JSON.stringify(told.document.preflight.checks)).toMatch(
    /Deployment retired was deleted in .*is still started in /,
  );
  const config = told.document.steps.find(({ id }: Json) => id === 'config');
  expect(config.detail).toMatch(/deleted at the destination: Deployment retired/);
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/keep': 1, 'Deployment/retired': 2 });

  await moveTo(0, 'cutover', namespace);
  await deleteJson('dest', 'Deployment', 'retired', namespace);
  const args = ['--sync-config'];
  const dry = await moveTo(0, 'failback', namespace, { args: [...args, '--dry-run'] });
  expect(JSON.stringify(dry.document.steps)).not.toContain('PATCH Deployment retired: as');
  const kept = await moveTo(0, 'failback', namespace, { args });
  const start = kept.document.steps.find(({ id }: Json) => id === 'start');
  expect(start.detail).toMatch(
    /stopped because deleted at the destination: Deployment retired \(ran with 2 replicas\)/,
  );
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/keep': 1, 'Deployment/retired': 0 });
  expect(await marksIn('source', namespace)).toEqual([]);
}, 240_000);
