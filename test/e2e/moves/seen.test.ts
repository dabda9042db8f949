import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  applyYaml,
  contextOf,
  deleteJson,
  getJson,
  listJson,
  pair,
  patchJson,
  type Side,
} from '../../cluster/client.ts';
import { deployment, installSmall, installYaml } from '../../helpers/move-app.ts';
import { countsOf, livePods, moveTo } from '../../helpers/moves.ts';

// A move is done only when everything that ran was seen running on the other side, with its count.

const TWO = `${deployment('web', 2)}${deployment('api', 3)}`;

const unmark = (side: Side, namespace: string, name: string) =>
  patchJson(side, 'Deployment', name, namespace, {
    metadata: { annotations: { 'dr-syncer.io/parked': null, 'dr-syncer.io/original-replicas': null } },
  });

const scale = (side: Side, namespace: string, name: string, replicas: number) =>
  patchJson(side, 'Deployment', name, namespace, { spec: { replicas } });

describe('counts that are recorded in two places', () => {
  test('a failback starts what has lost its annotations with the counts of the cutover', async () => {
    const namespace = await installYaml('seen-home', TWO);
    await moveTo(0, 'cutover', namespace);
    await unmark('source', namespace, 'web');
    await unmark('source', namespace, 'api');
    await moveTo(0, 'failback', namespace);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2, 'Deployment/api': 3 });
    expect(await livePods('source', namespace)).toHaveLength(5);
  });

  test('a failback without either is refused by name before anything is written', async () => {
    const namespace = await installYaml('seen-lost', TWO);
    await moveTo(0, 'cutover', namespace);
    await unmark('source', namespace, 'web');
    for (const { name } of await journals(namespace)) await deleteJson('dest', 'ConfigMap', name, namespace);
    const { document } = await moveTo(3, 'failback', namespace);
    expect(document.summary).toMatch(/Nothing was changed.*Deployment web.*no journal/);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2, 'Deployment/api': 3 });
    await patchJson('source', 'Deployment', 'web', namespace, {
      metadata: { annotations: { 'dr-syncer.io/original-replicas': '2' } },
    });
    await moveTo(0, 'failback', namespace);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2, 'Deployment/api': 3 });
  });

  test('a rollback starts what has lost its annotations with the counts of the baseline', async () => {
    const namespace = await installYaml('seen-back', TWO);
    await moveTo(4, 'cutover', namespace, { args: ['--post-stop', 'false'] });
    await unmark('source', namespace, 'api');
    await moveTo(0, 'rollback', namespace);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2, 'Deployment/api': 3 });
  });

  test('a rollback that cannot bring a workload back says so with 4, and brings back the rest', async () => {
    const namespace = await installYaml('seen-gone', TWO);
    await moveTo(4, 'cutover', namespace, { args: ['--post-stop', 'false'] });
    await deleteJson('source', 'Deployment', 'api', namespace);
    const { document } = await moveTo(4, 'rollback', namespace);
    expect(document.summary).toMatch(
      /Rolled back.*Not everything is up again: Deployment api: it no longer exists/,
    );
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
    expect((await moveTo(0, 'history', namespace)).document.entries.at(-1)).toMatchObject({
      kind: 'rollback',
      result: 'partial',
    });
  });
});

describe('a failback', () => {
  test('names a workload that is gone at home before anything is stopped', async () => {
    const namespace = await installYaml('seen-deleted', TWO);
    await moveTo(0, 'cutover', namespace);
    await deleteJson('source', 'Deployment', 'api', namespace);
    const { document } = await moveTo(3, 'failback', namespace);
    expect(document.summary).toMatch(/Nothing was changed.*Deployment api.*not found in/);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2, 'Deployment/api': 3 });
    expect(await livePods('dest', namespace)).toHaveLength(5);
  });
});

describe('what somebody scales after it was started', () => {
  const scaling = (namespace: string, replicas: number) => [
    '--post-start',
    `${pair().kubectl} --kubeconfig ${pair().kubeconfig} --context ${contextOf('dest')} -n ${namespace} scale deployment/web --replicas=${replicas}`,
  ];

  test('down: runs as it was wished, and is named', async () => {
    const namespace = await installYaml('seen-fewer', deployment('web', 2));
    const { document } = await moveTo(0, 'cutover', namespace, { args: scaling(namespace, 1) });
    expect(document.warnings).toEqual([
      'Someone has scaled it since it was started: Deployment web: it runs with 1 replica, and 2 ran before.',
    ]);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 1 });
  });

  test('to none: the move is not done, and the command that it prints starts it', async () => {
    const namespace = await installYaml('seen-none', deployment('web', 2));
    const { document } = await moveTo(4, 'cutover', namespace, {
      args: [...scaling(namespace, 0), '--wait-timeout', '5s'],
    });
    expect(document.summary).toContain('Deployment web: spec.replicas is 0 and should be 2');
    const command = /To start it: kubectl (.*?'\{.*?\}')/.exec(document.hint)?.[1] ?? 'absent';
    execFileSync('/bin/sh', ['-c', `'${pair().kubectl}' ${command}`], {
      env: { ...process.env, KUBECONFIG: pair().kubeconfig },
    });
    await moveTo(0, 'resume', namespace, { args: ['--without-hooks'] });
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
  });
});

describe('the baseline', () => {
  test('is what runs at the moment of the stop', async () => {
    const namespace = await installYaml('seen-scaled', deployment('web', 2));
    await moveTo(0, 'cutover', namespace, {
      args: [
        '--pre-stop',
        `${pair().kubectl} --kubeconfig ${pair().kubeconfig} --context ${contextOf('source')} -n ${namespace} scale deployment/web --replicas=4`,
      ],
    });
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 4 });
    await moveTo(0, 'failback', namespace);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 4 });
  });

  test('a resume stops again what was started or made in between, and keeps the first counts', async () => {
    const namespace = await installSmall('seen-again');
    await moveTo(4, 'cutover', namespace, { args: ['--pre-start', 'false'] });
    await scale('source', namespace, 'web', 1);
    await applyYaml('source', namespace, deployment('extra', 1));
    const { document } = await moveTo(0, 'resume', namespace, {
      args: ['--without-hooks', '--pre-start', 'true'],
    });
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 0, 'Deployment/extra': 0 });
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2, 'Deployment/extra': 1 });
    expect(document.workloads).toHaveLength(2);
  });

  test('the time without a running application counts from the first stop, whoever goes on', async () => {
    const namespace = await installSmall('seen-rto');
    const first = await moveTo(4, 'cutover', namespace, { args: ['--pre-start', 'false'] });
    expect(first.document.rtoSeconds).toBeUndefined();
    const stopped = Date.parse(
      (await getJson('source', 'Deployment', 'web', namespace)).metadata.managedFields.find(
        (item: { manager: string }) => item.manager === 'dr-syncer-park',
      ).time,
    );
    const { document } = await moveTo(0, 'resume', namespace, {
      args: ['--without-hooks', '--pre-start', 'sleep 2'],
      operator: 'bob@desk',
    });
    expect(document.rtoSeconds).toBeGreaterThan((Date.parse(document.startedAt) - stopped) / 1000 + 1);
    const entry = (await moveTo(0, 'history', namespace)).document.entries.at(-1);
    expect(entry.rtoSeconds).toBe(document.rtoSeconds);
  });
});

const journals = async (namespace: string): Promise<{ name: string }[]> =>
  (await listJson('dest', 'ConfigMap', namespace))
    .map(({ metadata }) => metadata)
    .filter(({ name }) => name.startsWith('dr-syncer-journal'));
