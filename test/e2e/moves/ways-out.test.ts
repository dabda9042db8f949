import { afterAll, describe, expect, test } from 'vitest';
import {
  deleteJson,
  getJson,
  type Json,
  listJson,
  patchJson,
  type Side,
  waitUntil,
} from '../../cluster/client.ts';
import { installSmall, installYaml, POD } from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, move, moveTo } from '../../helpers/moves.ts';
import { commandsIn, openShell, typedIn } from '../../helpers/printed.ts';
import { throughProxies } from '../../helpers/proxied.ts';

const { proxies, ends } = throughProxies();
const shell = openShell();
afterAll(() => shell.close());

const WEB = { 'Deployment/web': 2 };
const PARKED = { 'Deployment/web': 0 };
const SCHEDULE_AND_WIDGET = `
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: "0 3 * * *"
  startingDeadlineSeconds: 60
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, ${POD} } } } }
---
apiVersion: moves.example.com/v1
kind: Widget
metadata: { name: gadget }
spec: { replicas: 3 }
`;

const typed = typedIn(shell);
const statusOf = async (code: number, namespace: string): Promise<Json> =>
  (await moveTo(code, 'status', namespace, ends)).document;
const wayTo = (status: Json, verb: string): string =>
  status.ways
    .map(({ command }: Json) => command)
    .find((command: string) => command.startsWith(`dr-syncer ${verb} `));

const stoppedCutover = async (prefix: string): Promise<string> => {
  const namespace = await installSmall(prefix);
  await moveTo(4, 'cutover', namespace, { ...ends, args: ['--post-stop', 'false'] });
  expect(await countsOf('source', namespace)).toEqual(PARKED);
  return namespace;
};
const removeRecords = async (side: Side, namespace: string, kinds: readonly string[]): Promise<void> => {
  for (const kind of kinds) {
    const records = await listJson(side, 'ConfigMap', namespace, `dr-syncer.io/record=${kind}`);
    for (const { metadata } of records) await deleteJson(side, 'ConfigMap', metadata.name, namespace);
  }
};
/** Leaves a record of a source that is live, and no journal. */
const forgetOperation = async (namespace: string): Promise<void> => {
  const state = await getJson('dest', 'ConfigMap', 'dr-syncer-state', namespace);
  const { operation: _gone, ...rest } = JSON.parse(state.data.content);
  await patchJson('dest', 'ConfigMap', 'dr-syncer-state', namespace, {
    data: { content: JSON.stringify({ ...rest, phase: 'standby' }) },
  });
  await removeRecords('dest', namespace, ['journal']);
};
const runsAtSource = async (namespace: string): Promise<void> => {
  expect(await countsOf('source', namespace)).toEqual(WEB);
  expect(await marksIn('source', namespace)).toEqual([]);
  expect(await livePods('dest', namespace)).toEqual([]);
};

describe('one side is lost', { timeout: 300_000 }, () => {
  test('the source, after the stop: status leads to a failover that asks, and its refusal prints the whole command', async () => {
    const namespace = await stoppedCutover('lost-source');
    await proxies.source.goDown();
    const found = await statusOf(4, namespace);
    expect(found.state).toBe('move-unfinished-source-silent');
    expect(found.next).not.toContain('--accept-data-loss');
    const refused = await typed(3, wayTo(found, 'resume'));
    expect(commandsIn(refused.error.hint).at(-1)).toContain('--accept-data-loss');
    const asked = await typed(7, wayTo(found, 'failover'));
    const [whole] = commandsIn(asked.error.hint);
    expect(whole).toContain('--accept-data-loss');
    await typed(0, whole);
    expect(await countsOf('dest', namespace)).toEqual(WEB);
  });

  test('the destination, after the stop: the source is started from its own copy, and the destination is undone when it is back', async () => {
    const namespace = await stoppedCutover('lost-dest');
    await proxies.dest.goDown();
    const found = await statusOf(8, namespace);
    expect(found).toMatchObject({
      state: 'dest-lost-source-stopped',
      unknown: expect.stringContaining('Whether the application runs'),
    });
    const asked = await typed(7, wayTo(found, 'rollback'));
    expect(asked.error.message).toMatch(/cannot be proved/);
    await typed(0, commandsIn(asked.error.hint)[0]);
    await runsAtSource(namespace);
    const home = await statusOf(8, namespace);
    expect(home.state).toBe('dest-lost-source-runs');
    await proxies.dest.comeBack();
    const back = await statusOf(4, namespace);
    expect(back.state).toBe('unfinished-dest-came-back');
    await moveTo(7, 'resume', namespace, { ...ends, args: ['--without-hooks'] });
    await typed(0, back.next);
    expect(await statusOf(0, namespace)).toMatchObject({ live: 'source', problems: [] });
    await runsAtSource(namespace);
  });

  test('the destination, when it was live: the same, and fence stops it when it is back', async () => {
    const namespace = await installSmall('lost-live');
    await moveTo(0, 'cutover', namespace, ends);
    await proxies.dest.goDown();
    const asked = await typed(7, wayTo(await statusOf(8, namespace), 'rollback'));
    await typed(0, commandsIn(asked.error.hint)[0]);
    expect(await countsOf('source', namespace)).toEqual(WEB);
    await proxies.dest.comeBack();
    const back = await statusOf(8, namespace);
    expect(back).toMatchObject({ state: 'dest-came-back', live: 'both' });
    expect((await move('failback', namespace, ends)).exitCode).not.toBe(0);
    await typed(0, back.next);
    await runsAtSource(namespace);
    expect(await statusOf(0, namespace)).toMatchObject({ live: 'source', problems: [] });
    await moveTo(0, 'cutover', namespace, ends);
  });
});

describe('what is always refused is not printed', { timeout: 300_000 }, () => {
  test('a rollback that stopped part-way: rollback alone', async () => {
    const namespace = await stoppedCutover('undone');
    proxies.source.inject({
      match: ({ method, path }) => method === 'PATCH' && path.endsWith('/deployments/web'),
      action: (exchange) =>
        exchange.answer(
          403,
          {},
          JSON.stringify({
            kind: 'Status',
            status: 'Failure',
            code: 403,
            reason: 'Forbidden',
            message: 'no',
          }),
        ),
    });
    await moveTo(4, 'rollback', namespace, ends);
    proxies.source.clear();
    const found = await statusOf(4, namespace);
    expect(found.next).toMatch(/^dr-syncer rollback /);
    expect(found.next).not.toContain('dr-syncer resume');
    await typed(0, found.next);
    await runsAtSource(namespace);
  });
});

describe('a failover over a failback that has started the source', { timeout: 300_000 }, () => {
  test('wants --source-given-up, whether the source is named or not', async () => {
    const namespace = await installSmall('over-failback');
    await moveTo(0, 'cutover', namespace, ends);
    await moveTo(4, 'failback', namespace, {
      ...ends,
      args: ['--smoke-command', 'false', '--smoke-attempts', '1'],
    });
    expect(await countsOf('source', namespace)).toEqual(WEB);
    await proxies.source.goDown();
    const { document } = await moveTo(7, 'failover', namespace, { ...ends, args: ['--accept-data-loss'] });
    expect(document.error.message).toMatch(/has already begun starting the source/);
    await proxies.source.comeBack();
    expect(commandsIn(document.error.hint)[0]).toMatch(/^dr-syncer resume /);
    // What the smoke check asked for is still what it asks for, so the resumed run is given another one.
    await moveTo(0, 'resume', namespace, { ...ends, args: ['--without-hooks', '--smoke-command', 'true'] });
    await runsAtSource(namespace);
  });
});

describe('records are lost', { timeout: 300_000 }, () => {
  test.each<[string, readonly Side[], readonly string[]]>([
    ['the journal at the destination', ['dest'], ['journal']],
    ['the journal on both sides', ['dest', 'source'], ['journal']],
    ['the record at the destination', ['dest'], ['state']],
    ['all records at the destination', ['dest'], ['state', 'journal', 'history']],
    ['all records', ['dest', 'source'], ['state', 'journal', 'history']],
  ])('in mid-cutover: %s: what is printed brings the application back', async (_what, sides, kinds) => {
    const namespace = await stoppedCutover('lost-records');
    for (const side of sides) await removeRecords(side, namespace, kinds);
    const found = (await move('status', namespace, ends)).document;
    const repaired = await typed(0, wayTo(found, 'repair'));
    expect(repaired.repairs.length).toBeGreaterThan(0);
    await typed(4, repaired.next);
    await typed(0, wayTo(await statusOf(4, namespace), 'rollback'));
    await runsAtSource(namespace);
    expect(await statusOf(0, namespace)).toMatchObject({ live: 'source', problems: [] });
  });

  test('after a cutover: the application can go home', async () => {
    const namespace = await installSmall('lost-live-records');
    await moveTo(0, 'cutover', namespace, ends);
    await removeRecords('dest', namespace, ['state', 'journal', 'history']);
    const found = await statusOf(8, namespace);
    expect(found.state).toBe('record-lost');
    await typed(0, found.next);
    expect(await statusOf(0, namespace)).toMatchObject({ live: 'dest' });
    await moveTo(0, 'failback', namespace, ends);
    await runsAtSource(namespace);
  });

  test('a copy that what runs contradicts is not taken: a person says which side is live', async () => {
    const namespace = await installSmall('contradiction');
    await moveTo(0, 'cutover', namespace, ends);
    await moveTo(0, 'failback', namespace, ends);
    await patchJson('source', 'Deployment', 'web', namespace, { spec: { replicas: 0 } });
    await patchJson('dest', 'Deployment', 'web', namespace, { spec: { replicas: 2 } });
    await waitUntil(
      'pods at the destination alone',
      async () =>
        (await livePods('dest', namespace)).length === 2 &&
        (await livePods('source', namespace)).length === 0,
    );
    await removeRecords('dest', namespace, ['state', 'journal']);
    const found = await statusOf(8, namespace);
    const asked = await typed(7, wayTo(found, 'repair'));
    const [atSource, atDest] = commandsIn(asked.error.hint);
    expect(atSource).toContain('--live-side source');
    await typed(0, atDest);
    expect(await statusOf(0, namespace)).toMatchObject({ live: 'dest' });
  });
});

describe('the copies at the destination run although the source is live', { timeout: 300_000 }, () => {
  test('fence stops them, and the counts stay', async () => {
    const namespace = await installSmall('awake');
    await patchJson('dest', 'Deployment', 'web', namespace, { spec: { replicas: 1 } });
    await waitUntil('a pod at the destination', async () => (await livePods('dest', namespace)).length === 1);
    const found = await statusOf(8, namespace);
    expect(found.summary).toMatch(/^BOTH SIDES RUN/);
    await typed(0, found.next);
    await runsAtSource(namespace);
    expect(await statusOf(0, namespace)).toMatchObject({ live: 'source', problems: [] });
    await moveTo(0, 'cutover', namespace, ends);
    expect((await getJson('dest', 'Deployment', 'web', namespace)).spec.replicas).toBe(2);
  });
});

describe('status', { timeout: 120_000 }, () => {
  test('everything is stopped although the record calls the source live: it says so, and leads back', async () => {
    const namespace = await stoppedCutover('all-stopped');
    await forgetOperation(namespace);
    const found = await statusOf(8, namespace);
    expect(found).toMatchObject({ state: 'all-stopped', live: 'unknown' });
    await typed(0, found.next);
    await typed(0, wayTo(await statusOf(4, namespace), 'rollback'));
    await runsAtSource(namespace);
  });

  test('the same where nothing but a schedule and a custom resource is stopped', async () => {
    const namespace = await installYaml('all-stopped-kinds', SCHEDULE_AND_WIDGET, { custom: true });
    await moveTo(4, 'cutover', namespace, {
      ...ends,
      args: ['--include-custom-resources', '--post-stop', 'false'],
    });
    await forgetOperation(namespace);
    const found = await statusOf(8, namespace);
    expect(found).toMatchObject({ state: 'all-stopped', live: 'unknown' });
    expect(found.summary).toMatch(/CronJob nightly.*Widget gadget/);
    await typed(0, found.next);
    await typed(0, wayTo(await statusOf(4, namespace), 'rollback'));
    expect(await countsOf('source', namespace)).toEqual({ 'CronJob/nightly': 'on', 'Widget/gadget': 3 });
  });

  test('a namespace that exists nowhere is an error of the command line', async () => {
    for (const verb of ['status', 'history']) {
      const { document } = await moveTo(2, verb, 'no-such-namespace', ends);
      expect(document.error.message).toMatch(/no namespace no-such-namespace/);
    }
  });

  test('stage during an unfinished move is refused with 4 and names resume and rollback', async () => {
    const namespace = await stoppedCutover('stage-between');
    const resume = wayTo(await statusOf(4, namespace), 'resume');
    const document = await typed(4, resume.replace(' resume ', ' stage ').replace(' --without-hooks', ''));
    expect(document.error.hint).toMatch(/dr-syncer resume .*dr-syncer rollback /);
  });
});
