import { afterEach, describe, expect, test } from 'vitest';
import type { Reporter } from '../../src/common/reporter.ts';
import { silentReporter } from '../../src/common/reporter.ts';
import { clusterPair, type OwnedPair } from '../../src/verbs/cluster-pair.ts';
import { cutover } from '../../src/verbs/cutover.ts';
import { failback } from '../../src/verbs/failback.ts';
import { history } from '../../src/verbs/history.ts';
import { preflight } from '../../src/verbs/preflight.ts';
import type { Runtime } from '../../src/verbs/runtime.ts';
import { stage } from '../../src/verbs/stage.ts';
import { status } from '../../src/verbs/status.ts';
import { contextOf, pair as testPair } from '../cluster/client.ts';
import { PLAIN_MOVE, plainStage } from '../helpers/defaults.ts';
import { deployment, installYaml } from '../helpers/move-app.ts';
import { countsOf, livePods } from '../helpers/moves.ts';
import { CLUSTER } from '../helpers/stage.ts';

// What a controller does: no terminal, no flags, no process of its own.
const open: OwnedPair[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((pair) => pair.close()));
});

const pairFor = (namespace: string): OwnedPair => {
  const pair = clusterPair(
    {
      sourceContext: contextOf('source'),
      destContext: contextOf('dest'),
      namespace,
      env: { KUBECONFIG: testPair().kubeconfig },
    },
    CLUSTER,
  );
  open.push(pair);
  return pair;
};

const runtime = (reporter: Reporter, signal = new AbortController().signal): Runtime => ({
  reporter,
  signal,
  operator: 'controller@pod-0',
  commandLine: 'reconcile shop',
  version: '0.0.0-test',
  process: { id: 'pod-0:1:test', pid: 1, lifeOf: () => 'alive', kill: () => undefined },
  env: {},
  now: () => Date.now(),
});

describe('the verbs, called as functions', () => {
  test('stage, preflight, cutover, status, failback and history of one namespace', async () => {
    const namespace = await installYaml('verbs', deployment('web', 2) + deployment('api', 1), {
      staged: false,
    });
    const pair = pairFor(namespace);
    const steps: unknown[] = [];
    const run = runtime({
      ...silentReporter,
      event: (name, { id, state }) => void (name === 'step' && state === 'done' && steps.push(id)),
    });
    const { sourceNamespace: _source, destNamespace: _dest, ...copy } = plainStage(namespace, 16);
    const request = {
      options: PLAIN_MOVE,
      stage: copy,
      data: undefined,
      checks: { ignored: [] },
      takeOver: false,
    };

    const staged = await stage(pair, { stage: copy, preCopy: undefined }, run);
    expect(staged).toMatchObject({ outcome: 'ok', totals: { created: expect.any(Number), failed: 0 } });
    expect(await livePods('dest', namespace)).toEqual([]);

    const asked = await preflight(pair, { ...request, kind: 'cutover', syncConfig: false }, run);
    expect(asked).toMatchObject({ kind: 'cutover', outcome: 'ok' });

    const out = await cutover(pair, request, run);
    expect(out).toMatchObject({ kind: 'cutover', outcome: 'ok', epoch: 1, hint: undefined });
    expect(steps).toEqual(expect.arrayContaining(['converge', 'stop', 'empty', 'start', 'activate']));
    expect(await livePods('source', namespace)).toEqual([]);
    expect(await countsOf('dest', namespace)).toMatchObject({ 'Deployment/web': 2, 'Deployment/api': 1 });
    expect(await status(pair, run)()).toMatchObject({ live: 'dest', exitCode: 0 });

    const home = await failback(pair, { ...request, syncConfig: false }, run);
    expect(home).toMatchObject({ kind: 'failback', outcome: 'ok', epoch: 2 });
    expect(await countsOf('source', namespace)).toMatchObject({ 'Deployment/web': 2, 'Deployment/api': 1 });
    expect(await livePods('dest', namespace)).toEqual([]);

    const { entries } = await history(pair, run);
    expect(entries.map(({ kind, who, result }) => `${kind} ${who} ${result}`)).toEqual([
      'cutover controller@pod-0 ok',
      'failback controller@pod-0 ok',
    ]);
  }, 120_000);

  test('a refused move asks nobody, and changes nothing', async () => {
    const namespace = await installYaml('verbs-no', deployment('web', 1));
    const asked: string[] = [];
    const request = {
      options: PLAIN_MOVE,
      stage: plainStage(namespace, 16),
      data: undefined,
      checks: { ignored: [], maxStageAgeMs: 1 },
      takeOver: false,
    };
    const run = {
      ...runtime(silentReporter),
      confirmation: {
        prepare: () => void asked.push('prepare'),
        ask: async () => void asked.push('ask'),
      },
    };
    const result = await cutover(pairFor(namespace), request, run);
    expect(result).toMatchObject({ outcome: 'refused', exitCode: 3, steps: [] });
    expect(asked).toEqual(['prepare']);
    expect(await livePods('source', namespace)).toHaveLength(1);
  }, 60_000);
});
