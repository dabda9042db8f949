import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contextOf, pair } from '../../cluster/client.ts';
import { readEndpoint, writeKubeconfig } from '../../cluster/kubeconfig.ts';
import { installSmall } from '../../helpers/move-app.ts';
import { livePods, moveTo } from '../../helpers/moves.ts';
import type { End } from '../../helpers/stage-run.ts';

const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-dead-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let namespace: string;
beforeAll(async () => {
  namespace = await installSmall('alive');
}, 60_000);

const LOSS = ['--accept-data-loss'];

test('F1, F2: a failover over a source that is alive is refused, and names the cutover', async () => {
  const { document, stderr } = await moveTo(7, 'failover', namespace, { args: LOSS });
  expect(document.error.message).toContain('The source is alive: Deployment web (2 pods)');
  expect(document.error.hint).toContain('dr-syncer cutover');
  expect(stderr).toContain('would run it on both sides');
  expect(await livePods('dest', namespace)).toEqual([]);
  expect((await livePods('source', namespace)).length).toBe(2);
});

test('F1: a source that does not answer is no obstacle', async () => {
  const { document, stderr } = await moveTo(0, 'failover', namespace, {
    args: [...LOSS, '--dry-run'],
    source: dead(),
  });
  expect(document).toMatchObject({ outcome: 'ok', dryRun: true });
  expect(stderr).toContain('The source does not answer');
});

test('F2: whoever gives a living source up is told that both sides run until it is fenced', async () => {
  const { stderr } = await moveTo(0, 'failover', namespace, { args: [...LOSS, '--source-given-up'] });
  expect(stderr).toContain('Both sides run until it is fenced');
  const shown = await moveTo(8, 'status', namespace);
  expect(shown.document).toMatchObject({ live: 'both', next: expect.stringContaining('dr-syncer fence') });
  await moveTo(0, 'fence', namespace);
  expect(await livePods('source', namespace)).toEqual([]);
});

// Nothing listens on the port of the discard service.
const dead = (): End => {
  const context = contextOf('source');
  const kubeconfig = join(directory, 'kubeconfig');
  writeKubeconfig(kubeconfig, [
    { ...readEndpoint(pair().kubeconfig, context), context, server: 'https://127.0.0.1:9' },
  ]);
  return { kubeconfig, context };
};
