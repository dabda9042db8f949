import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  applyYaml,
  contextOf,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  waitUntil,
} from '../cluster/client.ts';
import { startCli } from '../cluster/run-cli.ts';
import { stageWell } from '../helpers/stage.ts';
import { noTerminal, startOnTerminal } from '../helpers/terminal.ts';

const ESCAPE = String.fromCharCode(27);
const COLOUR = new RegExp(`${ESCAPE}\\[3[0-9]m`);

let namespace: string;
let sides: string[];

beforeAll(async () => {
  namespace = freshNamespace('terminal');
  sides = ['--source-context', contextOf('source'), '--dest-context', contextOf('dest'), '-n', namespace];
  await createNamespace('source', namespace);
  await applyYaml('source', namespace, APP);
  await stageWell(namespace);
});
afterAll(async () => {
  for (const side of ['source', 'dest'] as const) await deleteJson(side, 'Namespace', namespace);
});

const replicas = async (): Promise<unknown[]> =>
  Promise.all(
    (['source', 'dest'] as const).map(
      async (side) => (await getJson(side, 'Deployment', 'web', namespace)).spec.replicas,
    ),
  );

describe.skipIf(noTerminal !== undefined)(
  `on a terminal${noTerminal ? ` (skipped: ${noTerminal})` : ''}`,
  () => {
    test.each([
      ['another name', `${'shop'}\r`, /Not confirmed; nothing was changed\./],
      ['Ctrl-C', '\u0003', /Interrupted; nothing was changed\./],
      ['Ctrl-D', '\u0004', /Interrupted; nothing was changed\./],
    ])('F25: a cutover that is answered with %s changes nothing', async (_what, keys, sentence) => {
      const run = startOnTerminal(['cutover', ...sides]);
      await run.shows(/Type "terminal-[^"]*" to continue: /);
      run.type(keys);
      const { exitCode, screen } = await run.done;
      expect(screen).toMatch(sentence);
      // On a line of its own, behind the checks and what they are about.
      expect(screen.split('\n').find((line) => sentence.test(line))).not.toContain('to continue');
      expect(screen).toMatch(
        /Running preflight checks[\s\S]*This stops 1 workload with 1 pod in .*: Deployment web \(1 pod\)/,
      );
      expect(screen).toContain(`context ${contextOf('source')}`);
      expect(exitCode).toBe(130);
      expect(await replicas()).toEqual([1, 0]);
    });

    test('a signal while it asks ends it at once', async () => {
      const run = startOnTerminal(['cutover', ...sides]);
      await run.shows(/to continue: /);
      run.child.kill('SIGTERM');
      await run.done;
      expect(await replicas()).toEqual([1, 0]);
    });

    test('F25: the right name starts it; the screen has colours, and none with NO_COLOR', async () => {
      const there = startOnTerminal(['cutover', ...sides, '--hold', '100ms'], { columns: 100 });
      await there.shows(/to continue: /);
      there.type(`${namespace}\r`);
      const cutover = await there.done;
      expect(cutover.exitCode, cutover.screen).toBe(0);
      expect(cutover.screen).toMatch(COLOUR);
      expect(await replicas()).toEqual([0, 1]);

      const back = startOnTerminal(['failback', ...sides, '--hold', '100ms'], { env: { NO_COLOR: '1' } });
      await back.shows(/to continue: /);
      back.type(`${namespace}\r`);
      const failback = await back.done;
      expect(failback.exitCode, failback.screen).toBe(0);
      expect(failback.screen).not.toMatch(COLOUR);
      expect(await replicas()).toEqual([1, 0]);
    }, 200_000);
  },
);

test('without a terminal a cutover asks for --yes and changes nothing', async () => {
  const run = await startCli(['cutover', ...sides]).done;
  expect(run.exitCode).toBe(2);
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatch(
    /✗ Confirmation is required, but there is no terminal\.\n {2}In scripts, add --yes/,
  );
  expect(await replicas()).toEqual([1, 0]);
});

test('a reader that goes away is no error', async () => {
  const run = startCli(['status', ...sides, '-o', 'json']);
  run.child.stdout?.destroy();
  const { exitCode, stderr } = await run.done;
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
});

test('status --watch writes when something has changed, and Ctrl-C ends it', async () => {
  const run = startCli(['status', ...sides, '--watch', '--interval', '200ms', '-o', 'ndjson']);
  const documents = (): { source: { pods: { pods: number }[] } }[] =>
    run
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  await waitUntil('a first result', async () => documents().length === 1);
  await applyYaml('source', namespace, SECOND);
  const pods = (): number | undefined =>
    documents()
      .at(-1)
      ?.source.pods.reduce((sum, item) => sum + item.pods, 0);
  await waitUntil('the second Deployment to be seen', async () => pods() === 2);
  run.child.kill('SIGINT');
  const { exitCode, stderr } = await run.done;
  expect(stderr).toContain('Stopping at a safe point');
  expect(exitCode).toBe(0);
  expect(documents().length).toBeLessThan(8);
});

test('two signals end a run at once', async () => {
  const run = startCli(['status', ...sides, '--watch', '--interval', '1h']);
  await waitUntil('a first result', async () => run.output().includes('SIDE'));
  run.child.kill('SIGTERM');
  run.child.kill('SIGINT');
  await once(run.child, 'exit');
  expect([0, 130]).toContain((await run.done).exitCode);
});

const deployment = (name: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: example.invalid/web:1 }] }
`;
const APP = deployment('web');
const SECOND = deployment('second');
