import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  api,
  applyYaml,
  contextOf,
  type Json,
  listJson,
  patchJson,
  type Side,
  waitUntil,
} from '../../cluster/client.ts';
import { deployment, installSmall, installYaml, loadBalancer } from '../../helpers/move-app.ts';
import { beginMove, countsOf, livePods, marksIn, moveTo, watchPods } from '../../helpers/moves.ts';
import { enforce } from '../../helpers/policy.ts';
import { stageWell } from '../../helpers/stage.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dr-syncer-gates-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const file = (name: string): string => join(directory, name);
const linesOf = (name: string): string[] => readFileSync(file(name), 'utf8').trim().split('\n');

describe('hooks', () => {
  test('run at their four points in order, know the move by their environment, and are in the journal', async () => {
    const namespace = await installSmall('hooks');
    const write = `echo "$DR_SYNCER_HOOK $DR_SYNCER_OPERATION $DR_SYNCER_SOURCE_CONTEXT/$DR_SYNCER_SOURCE_NAMESPACE $DR_SYNCER_DEST_CONTEXT/$DR_SYNCER_DEST_NAMESPACE $DR_SYNCER_OPERATION_ID" >> ${file('hooks')}`;
    const hooks = ['--pre-stop', '--post-stop', '--pre-start', '--post-start'].flatMap((flag) => [
      flag,
      write,
    ]);
    const { document } = await moveTo(0, 'cutover', namespace, { args: hooks });
    const pair = `${contextOf('source')}/${namespace} ${contextOf('dest')}/${namespace} ${document.operationId}`;
    expect(linesOf('hooks')).toEqual(
      ['pre-stop', 'post-stop', 'pre-start', 'post-start'].map((point) => `${point} cutover ${pair}`),
    );
    expect(stepsOf(document, 'done')).toEqual(expect.arrayContaining(['hook-pre-stop', 'hook-post-start']));
  });

  test('a failing pre-stop hook stops a cutover before anything is stopped: exit 4, as its records are written', async () => {
    const namespace = await installSmall('hook-pre');
    const { document } = await moveTo(4, 'cutover', namespace, {
      args: ['--pre-stop', 'echo no thanks >&2; exit 9'],
    });
    expect(document.summary).toMatch(/Nothing was stopped or started.*pre-stop hook exited with 9\./);
    expect(document.warnings).toContain('The pre-stop hook printed: no thanks');
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
    expect(await marksIn('source', namespace)).toEqual([]);
    await moveTo(0, 'status', namespace);
  });

  test('a later hook that fails or hangs leaves both sides stopped; resume runs it again', async () => {
    const namespace = await installSmall('hook-post');
    const hang = await moveTo(4, 'cutover', namespace, {
      args: ['--post-stop', 'sleep 30', '--hook-timeout', '300ms'],
    });
    expect(hang.document.summary).toMatch(/post-stop hook took longer than 0\.3 s/);
    expect(hang.document.hint).toContain('dr-syncer resume');
    expect(await livePods('source', namespace)).toEqual([]);
    expect(await livePods('dest', namespace)).toEqual([]);
    const status = await moveTo(4, 'status', namespace);
    expect(status.document.next).toMatch(/resume.*rollback/);
    await moveTo(0, 'resume', namespace, { args: ['--without-hooks', '--post-stop', 'true'] });
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
  });

  test('with --hook-failure warn a failing hook is told and the move goes on', async () => {
    const namespace = await installSmall('hook-warn');
    const { document } = await moveTo(0, 'cutover', namespace, {
      args: ['--pre-stop', 'exit 3', '--hook-failure', 'warn'],
    });
    expect(document.warnings).toContain('The pre-stop hook exited with 3.');
  });
});

describe('the smoke gate', () => {
  let server: Server;
  let answers: number[] = [];
  let url: string;
  beforeAll(async () => {
    server = createServer((_request, response) => response.writeHead(answers.shift() ?? 200).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
  });
  afterAll(() => void server.close());

  test('asks a URL and a command again until they answer', async () => {
    const namespace = await installSmall('smoke');
    answers = [503, 500, 204];
    const script = `echo try >> ${file('smoke')}; test $(wc -l < ${file('smoke')}) -ge 2`;
    const { document } = await moveTo(0, 'cutover', namespace, {
      args: ['--smoke-url', url, '--smoke-command', script, '--smoke-interval', '50ms'],
    });
    expect(document.steps.find(({ id }: Json) => id === 'smoke').detail).toBe('passed after 5 attempts');
  });

  test('that never passes stops part-way; resume asks again', async () => {
    const namespace = await installSmall('smoke-no');
    answers = Array.from({ length: 2 }, () => 500);
    const args = ['--smoke-url', url, '--smoke-attempts', '2', '--smoke-interval', '20ms'];
    const { document } = await moveTo(4, 'cutover', namespace, { args });
    expect(document.summary).toMatch(/smoke check failed 2 times: .* answered 500/);
    await moveTo(0, 'resume', namespace, { args });
    expect((await moveTo(0, 'status', namespace)).document.live).toBe('dest');
  });

  test('that never passes with --rollback-on-failure: exit 5, the source runs as before', async () => {
    const namespace = await installYaml('smoke-back', `${deployment('web', 3)}${deployment('idle', 0)}`);
    const watch = await watchPods(namespace);
    const { document } = await moveTo(5, 'cutover', namespace, {
      args: ['--smoke-command', 'false', '--smoke-attempts', '1', '--rollback-on-failure'],
    });
    await watch.stop();
    expect(watch.both).toEqual([]);
    expect(document).toMatchObject({ outcome: 'rolledBack' });
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 3, 'Deployment/idle': 0 });
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 0, 'Deployment/idle': 0 });
    expect(await marksIn('source', namespace)).toEqual([]);
    expect((await moveTo(0, 'status', namespace)).document).toMatchObject({ live: 'source' });
    const { entries } = (await moveTo(0, 'history', namespace)).document;
    expect(entries.at(-1)).toMatchObject({ kind: 'cutover', result: 'rolledBack' });
    // And it can be tried once more.
    await moveTo(0, 'cutover', namespace);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 3, 'Deployment/idle': 0 });
  });
});

test('waves: a wave starts when the one before it is ready', async () => {
  const wave = (number: number): string => `annotations: { dr-syncer.io/wave: "${number}" }`;
  const held = deployment('db', 1, wave(-5)).replace(
    'labels: { app: db }',
    'labels: { app: db, testbed/hold: pending }',
  );
  const yaml = `${deployment('web', 1)}${deployment('edge', 1, wave(7))}`;
  const namespace = await installYaml('waves', yaml, { staged: false });
  await applyYaml('source', namespace, held);
  const release = async (side: Side): Promise<void> => {
    const pod = await waitUntil(
      `the held pod at ${side}`,
      async () => (await listJson(side, 'Pod', namespace, 'app=db'))[0],
      60_000,
    );
    await patchJson(side, 'Pod', pod.metadata.name, namespace, {
      metadata: { labels: { 'testbed/hold': null } },
    });
  };
  await release('source');
  await stageWell(namespace);
  const run = beginMove('cutover', namespace, { args: ['--log-level', 'debug'] });
  // It has looked at what it started, and found it not ready.
  await run.says(/Not ready yet: Deployment db/);
  expect(await countsOf('dest', namespace)).toEqual({
    'Deployment/db': 1,
    'Deployment/web': 0,
    'Deployment/edge': 0,
  });
  await release('dest');
  const { document, exitCode, stderr } = await run.done;
  expect(exitCode, stderr).toBe(0);
  expect(document.steps.find(({ id }: Json) => id === 'start').detail).toBe(
    '3 workloads in 3 waves are ready',
  );
});

describe('before anything is done', () => {
  test('--dry-run shows every step and request, runs no hook and changes nothing; the same for a failback', async () => {
    const namespace = await installYaml('dry', `${deployment('web', 2)}${deployment('idle', 0)}`);
    writeFileSync(file('dry'), '');
    const args = [
      '--dry-run',
      '--pre-stop',
      `echo ran >> ${file('dry')}`,
      '--smoke-url',
      'http://127.0.0.1:9/',
    ];
    const before = await contentOf(namespace);
    const out = await moveTo(0, 'cutover', namespace, { args });
    expect(await contentOf(namespace)).toEqual(before);
    expect(readFileSync(file('dry'), 'utf8')).toBe('');
    const lines = planOf(out.document);
    expect(lines).toContain('stop: PATCH Deployment web: spec.replicas=0');
    expect(lines).toContain('start: PATCH Deployment web: 2 replicas (wave 0)');
    expect(lines).toContain('smoke: call http://127.0.0.1:9/');
    expect(out.document).toMatchObject({ dryRun: true, outcome: 'ok', epoch: 0 });
    await moveTo(0, 'cutover', namespace);
    const live = await contentOf(namespace);
    const home = await moveTo(0, 'failback', namespace, { args: ['--dry-run'] });
    expect(await contentOf(namespace)).toEqual(live);
    expect(planOf(home.document)).toContain('stop: PATCH Deployment web: spec.replicas=0');
  });

  test('--dry-run of resume and rollback shows what is left, and changes nothing', async () => {
    const namespace = await installSmall('dry-resume');
    await moveTo(4, 'cutover', namespace, { args: ['--post-stop', 'false'] });
    const before = await contentOf(namespace);
    const resume = await moveTo(0, 'resume', namespace, { args: ['--dry-run', '--without-hooks'] });
    expect(stepsOf(resume.document, 'earlier')).toContain('stop');
    expect(planOf(resume.document)).toContain('start: PATCH Deployment web: 2 replicas (wave 0)');
    const rollback = await moveTo(0, 'rollback', namespace, { args: ['--dry-run'] });
    expect(planOf(rollback.document)).toContain('undo-stop: PATCH Deployment web: as recorded');
    expect(await contentOf(namespace)).toEqual(before);
    await moveTo(0, 'rollback', namespace);
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
  });

  test('--dry-run of resume asks the servers what a preflight would ask: releases, and configuration', async () => {
    const namespace = await installYaml('dry-refused', deployment('web', 1) + loadBalancer('lb') + SETTINGS, {
      staged: false,
    });
    await stageWell(namespace, { holdLoadBalancers: true });
    const hold = ['--hold-load-balancers', '--post-stop', 'false'];
    await moveTo(4, 'cutover', namespace, { args: hold });
    const lb = { spec: { type: 'LoadBalancer' } };
    const allowAddresses = await enforce('dest', namespace, {
      ...{ resource: 'services', operations: ['UPDATE'], message: 'no addresses' },
      expression: "object.spec.type != 'LoadBalancer'",
      probe: { method: 'PATCH', name: '/lb', body: lb },
    });
    const args = ['--dry-run', '--without-hooks'];
    const release = await moveTo(3, 'resume', namespace, { args }).finally(allowAddresses);
    expect(release.document.summary).toMatch(/refuses to release Service lb .*no addresses/);
    await taken('dest', namespace, 'services/lb', lb);
    await moveTo(0, 'resume', namespace, { args: ['--without-hooks'] });

    const red = { data: { colour: 'red' } };
    await patchJson('dest', 'ConfigMap', 'settings', namespace, red);
    const allowRed = await enforce('source', namespace, {
      ...{ resource: 'configmaps', operations: ['UPDATE'], message: 'no red' },
      expression: "!has(object.data.colour) || object.data.colour != 'red'",
      probe: { method: 'PATCH', name: '/settings', body: red },
    });
    try {
      const sync = ['--sync-config', '--ignore-preflight', 'sync-config'];
      await moveTo(4, 'failback', namespace, { args: sync });
      const config = await moveTo(3, 'resume', namespace, { args: ['--dry-run'] });
      expect(config.document.summary).toMatch(/refuses to apply ConfigMap settings .*no red/);
    } finally {
      await allowRed();
    }
    await moveTo(0, 'rollback', namespace);
  }, 240_000);

  test('every verb asks for the typed name, and refuses with 2 without a terminal and --yes', async () => {
    const [staged, half] = await Promise.all([installSmall('confirm'), installSmall('confirm-half')]);
    await moveTo(4, 'cutover', half, { args: ['--post-stop', 'false'] });
    const before = await Promise.all([staged, half].map(contentOf));
    const givenUp = ['--accept-data-loss', '--source-given-up'];
    for (const [verb, namespace, args] of [
      ['cutover', staged, []],
      ['failback', staged, []],
      ['failover', staged, givenUp],
      ['fence', staged, []],
      ['resume', half, ['--post-stop', 'false']],
      ['rollback', half, []],
    ] as const) {
      const run = await moveTo(2, verb, namespace, { ask: true, input: `${namespace}\n`, args });
      expect(run.document.error.message, verb).toMatch(/Confirmation is required/);
    }
    expect(await Promise.all([staged, half].map(contentOf))).toEqual(before);
  });
});

const SETTINGS = `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { colour: blue }
`;

// A policy that is gone is enforced for a moment longer.
const taken = (side: Side, namespace: string, object: string, body: object): Promise<unknown> =>
  waitUntil(`the server to take ${object}`, async () => {
    const path = `/api/v1/namespaces/${namespace}/${object}?dryRun=All`;
    const contentType = 'application/merge-patch+json';
    return (await api(side)('PATCH', path, { body, contentType })).status === 200;
  });

const stepsOf = (document: Json, state: string): string[] =>
  document.steps.filter((step: Json) => step.state === state).map(({ id }: Json) => id);

const planOf = (document: Json): string[] =>
  document.steps.flatMap(({ id, plan = [] }: Json) => plan.map((line: string) => `${id}: ${line}`));

// Everything that a run could write, and nothing that controllers write by themselves.
const contentOf = async (namespace: string): Promise<string[]> => {
  const kinds = ['Deployment', 'ConfigMap', 'Lease', 'Secret', 'Pod', 'Service'];
  const lists = await Promise.all(
    (['source', 'dest'] as const).flatMap((side) => kinds.map((kind) => listJson(side, kind, namespace))),
  );
  return lists
    .flat()
    .map(({ metadata: { resourceVersion, managedFields, ...metadata }, status, ...rest }) =>
      JSON.stringify({ ...rest, metadata }),
    )
    .sort();
};
