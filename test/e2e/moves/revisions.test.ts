import { expect, test } from 'vitest';
import { getJson, type Json, listJson, patchJson, type Side, waitUntil } from '../../cluster/client.ts';
import { deployment, installYaml, POD } from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, moveTo } from '../../helpers/moves.ts';
import { preflightOf, rowsOf } from '../../helpers/preflight.ts';
import { stageWell } from '../../helpers/stage.ts';

const NEW = 'example.invalid/b';
const template = (extra: Json = {}): Json => ({
  spec: { template: { spec: { containers: [{ name: 'main', image: NEW }], ...extra } } },
});

const statefulSet = (name: string, partition: number): string => `---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: ${name} }
spec:
  replicas: 2
  serviceName: ${name}
  updateStrategy: { rollingUpdate: { partition: ${partition} } }
  selector: { matchLabels: { app: ${name} } }
  template: { metadata: { labels: { app: ${name} } }, spec: { ${POD} } }`;

const APP = `${deployment('hung', 2).trimEnd()}
  strategy: { rollingUpdate: { maxUnavailable: 0 } }
${deployment('held', 1)}
${statefulSet('db', 2)}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  updateStrategy: { type: OnDelete }
  selector: { matchLabels: { app: agent } }
  template: { metadata: { labels: { app: agent } }, spec: { ${POD} } }
`;

const imagesOf = async (side: Side, namespace: string, app: string): Promise<string[]> => [
  ...new Set(
    (await listJson(side, 'Pod', namespace))
      .filter(({ metadata }) => metadata.labels?.app === app)
      .map(({ spec }) => spec.containers[0].image),
  ),
];

/** Gives everything at the source a newer template, of which no pod comes up, and stages it. */
const newerTemplates = async (namespace: string, named = 4): Promise<void> => {
  await patchJson('source', 'Deployment', 'hung', namespace, template({ nodeSelector: { no: 'where' } }));
  await patchJson('source', 'Deployment', 'held', namespace, { spec: { paused: true, ...template().spec } });
  await patchJson('source', 'StatefulSet', 'db', namespace, template());
  await patchJson('source', 'DaemonSet', 'agent', namespace, template());
  await stageWell(namespace);
  await waitUntil('the controllers to see it', async () => {
    const rows = rowsOf(await preflightOf(namespace), 'unsafe', 'revisions');
    return rows.length === named ? rows : undefined;
  });
};

/** Checks that the source is as newerTemplates() has left it, and keeps no note about revisions. */
const servesOlder = async (namespace: string): Promise<void> => {
  const found: Json = {};
  const pods = (await listJson('source', 'Pod', namespace)).filter(isReady);
  for (const [kind, name] of WORKLOADS) {
    const { spec, metadata } = await getJson('source', kind, name, namespace);
    expect(spec.template.spec.containers[0].image, name).toBe(NEW);
    expect(JSON.stringify(metadata.annotations ?? {}), name).not.toContain('dr-syncer.io/');
    found[name] = pods
      .filter((pod) => pod.metadata.labels?.app === name)
      .map((pod) => pod.spec.containers[0].image);
    if (kind === 'StatefulSet') expect(spec.updateStrategy.rollingUpdate.partition).toBe(2);
    if (kind === 'DaemonSet') expect(spec.updateStrategy.type).toBe('OnDelete');
    if (name === 'held') expect(spec.paused).toBe(true);
  }
  expect(found).toMatchObject({ hung: [OLD, OLD], held: [OLD], db: [OLD, OLD] });
  expect(new Set(found['agent'])).toEqual(new Set([OLD]));
};

const OLD = 'example.invalid/a';
const WORKLOADS = [
  ['Deployment', 'hung'],
  ['Deployment', 'held'],
  ['StatefulSet', 'db'],
  ['DaemonSet', 'agent'],
] as const;

const isReady = ({ metadata, status }: Json): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some(({ type, status: is }: Json) => type === 'Ready' && is === 'True');

const unsafe = ({ preflight }: Json): string[] =>
  preflight.checks
    .filter(({ level }: Json) => level === 'unsafe')
    .map(({ id, subject }: Json) => `${id} ${subject}`)
    .sort();

test('F27: what serves an older revision is named, and neither a cutover nor a failback changes it unasked', async () => {
  const namespace = await installYaml('revisions', APP, { staged: false });
  await newerTemplates(namespace);
  const { document } = await moveTo(7, 'cutover', namespace);
  expect(unsafe(document)).toEqual([
    'revisions DaemonSet agent',
    'revisions Deployment held',
    'revisions Deployment hung',
    'revisions StatefulSet db',
  ]);
  const said = JSON.stringify(document.preflight.checks);
  expect(said).toMatch(/Deployment hung .*runs 2 pods of an older revision .*which only a rollback undoes/);
  expect(said).toMatch(/Deployment held .*its rollout is paused/);
  expect(said).toContain('its partition is 2');
  expect(said).toContain('its updates are OnDelete');
  expect(document.hint).toContain('--ignore-revisions');
  expect(await marksIn('source', namespace)).toEqual([]);
  expect(await imagesOf('source', namespace, 'db')).toEqual(['example.invalid/a']);

  // A template that can come up there is started when that is acknowledged, a paused one too.
  await patchJson('source', 'Deployment', 'hung', namespace, {
    spec: { template: { spec: { nodeSelector: null } } },
  });
  await moveTo(0, 'cutover', namespace, { args: ['--ignore-revisions'] });
  for (const app of ['hung', 'held', 'db', 'agent'])
    expect(await imagesOf('dest', namespace, app), app).toEqual([NEW]);

  await patchJson('dest', 'StatefulSet', 'db', namespace, {
    spec: { template: { spec: { containers: [{ name: 'main', image: 'example.invalid/c' }] } } },
  });
  await waitUntil('the new revision', async () => {
    const { status } = await getJson('dest', 'StatefulSet', 'db', namespace);
    return status.updateRevision === status.currentRevision ? undefined : status;
  });
  const back = await moveTo(7, 'failback', namespace);
  expect(unsafe(back.document)).toEqual(['revisions StatefulSet db']);
  expect(await imagesOf('dest', namespace, 'db')).toEqual([NEW]);
});

test('F27: a paused Deployment starts on the other side, and comes home as it was', async () => {
  const namespace = await installYaml('paused', deployment('web', 2), { staged: false });
  await patchJson('source', 'Deployment', 'web', namespace, { spec: { paused: true } });
  await stageWell(namespace);
  const result = await preflightOf(namespace);
  expect(rowsOf(result, 'unsafe')).toEqual([]);
  expect(rowsOf(result, 'warn').join('\n')).toMatch(/Deployment web.*paused/);
  await moveTo(0, 'cutover', namespace);
  expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
  await moveTo(0, 'failback', namespace);
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
  expect((await getJson('source', 'Deployment', 'web', namespace)).spec.paused).toBe(true);
  expect(await livePods('source', namespace)).toHaveLength(2);
});

test('F27: a paused Deployment that served an older revision does so again after a rollback', async () => {
  const namespace = await installYaml('paused-back', deployment('web', 1), { staged: false });
  await patchJson('source', 'Deployment', 'web', namespace, { spec: { paused: true, ...template().spec } });
  await stageWell(namespace);
  await moveTo(5, 'cutover', namespace, {
    args: [
      '--ignore-revisions',
      '--rollback-on-failure',
      '--smoke-command',
      'false',
      '--smoke-attempts',
      '1',
    ],
  });
  expect(await imagesOf('source', namespace, 'web')).toEqual(['example.invalid/a']);
});

test('F27: a rollback brings back the revisions that served, and the newer templates wait beside them', async () => {
  const namespace = await installYaml('revisions-back', `${APP}${statefulSet('half', 1)}`, { staged: false });
  await patchJson('source', 'StatefulSet', 'half', namespace, template());
  await waitUntil('the pod above the partition', async () => {
    const { status } = await getJson('source', 'StatefulSet', 'half', namespace);
    return status.updatedReplicas === 1 && status.readyReplicas === 2 ? status : undefined;
  });
  await newerTemplates(namespace, 5);
  await moveTo(5, 'cutover', namespace, {
    args: ['--ignore-revisions', '--rollback-on-failure', '--wait-timeout', '12s'],
  });
  await servesOlder(namespace);
  // Neither pod has ever run the revision of the other: what one has written the other may not understand.
  const pods = (await listJson('source', 'Pod', namespace)).filter(isReady);
  const half = pods.filter(({ metadata }) => metadata.labels?.app === 'half');
  expect(half.map(({ metadata, spec }) => [metadata.name, spec.containers[0].image]).sort()).toEqual([
    ['half-0', OLD],
    ['half-1', NEW],
  ]);
});

test('F27: --serving-revisions starts what serves, on both ways, and the newer templates wait at home', async () => {
  const namespace = await installYaml('revisions-kept', APP, { staged: false });
  await newerTemplates(namespace);
  const { document } = await moveTo(0, 'cutover', namespace, { args: ['--serving-revisions'] });
  expect(unsafe(document)).toEqual([]);
  expect(JSON.stringify(document.preflight.checks)).toMatch(/Deployment hung .*starts that revision, hung-/);
  expect(document.warnings.join('\n')).toMatch(/Deployment hung in .* runs revision hung-\w+ of the source/);
  for (const app of ['hung', 'held', 'db', 'agent'])
    expect(await imagesOf('dest', namespace, app), app).toEqual([OLD]);
  const back = await moveTo(0, 'failback', namespace);
  expect(JSON.stringify(back.document.steps)).toContain('no changes');
  await servesOlder(namespace);
  // The copies are parked again, and follow the source again.
  await stageWell(namespace);
  const copy = await getJson('dest', 'Deployment', 'hung', namespace);
  expect(copy.spec.template.spec.containers[0].image).toBe(NEW);
  expect(copy.metadata.annotations).not.toHaveProperty(['dr-syncer.io/copied-revision']);
});
