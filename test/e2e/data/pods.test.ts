import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError, RefusedError } from '../../../src/common/errors.ts';
import type { ClusterWriter } from '../../../src/kube/api-types.ts';
import { openWriter } from '../../../src/kube/cluster.ts';
import { openContext } from '../../../src/kube/contexts.ts';
import { OPEN_GATE } from '../../../src/kube/write-gate.ts';
import { waitForMoverPods } from '../../../src/volumes/copy-leftovers.ts';
import { systemClock } from '../../../src/volumes/mover-defaults.ts';
import type { ClaimPair } from '../../../src/volumes/mover-types.ts';
import { removeVerifiers, runVerification, verifyClaim } from '../../../src/volumes/verify-copies.ts';
import {
  DEFAULT_VERIFY_OPTIONS,
  verificationName,
  verificationPod,
} from '../../../src/volumes/verify-pod.ts';
import {
  applyObject,
  contextOf,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  pair,
  patchJson,
  type Side,
  waitUntil,
} from '../../cluster/client.ts';

// The pods of the test clusters have no containers, so nothing is hashed here: these tests are about what real API
// servers say to the pods, and about none of them being left behind. The program itself: test/volumes/verify-script.slow.test.ts.
const end = { namespace: '', claim: 'data' };
let writers: Record<Side, ClusterWriter>;
let claim: ClaimPair;

beforeAll(async () => {
  const open = (side: Side): ClusterWriter =>
    openWriter(openContext({ path: pair().kubeconfig, env: {} }, contextOf(side), '--context'), {
      concurrency: 4,
      requestTimeoutMs: 20_000,
      userAgent: 'dr-syncer-test',
    }).through(OPEN_GATE);
  writers = { source: open('source'), dest: open('dest') };
  const namespace = freshNamespace('data');
  Object.assign(end, { namespace });
  claim = { name: 'data', source: { ...end }, dest: { ...end } };
  for (const side of ['source', 'dest'] as const) {
    await createNamespace(side, namespace, { 'pod-security.kubernetes.io/enforce': 'restricted' });
  }
});
afterAll(() => Promise.all([writers.source.close(), writers.dest.close()]));

const name = (): string => verificationName('op-1', end);
const podOn = (side: Side) => getJson(side, 'Pod', name(), end.namespace);
const run = (signal?: AbortSignal) =>
  runVerification(writers.dest, end, 'op-1', DEFAULT_VERIFY_OPTIONS, { clock: systemClock, signal });
const setPhase = (side: Side, phase: string) =>
  patchJson(side, 'Pod', name(), end.namespace, { status: { phase, message: 'set by the test' } }, 'status');

describe('the verification pod', () => {
  it('is let into a namespace with the restricted pod security level, and removed after an interruption', async () => {
    const stop = new AbortController();
    const running = run(stop.signal);
    const stopped = expect(running).rejects.toThrow();
    const pod = await waitUntil('the pod', () => podOn('dest'));
    expect(pod.metadata.labels).toMatchObject({ 'dr-syncer.io/temporary': 'true' });
    stop.abort();
    await stopped;
    expect(await podOn('dest')).toBeUndefined();
  });

  it('gives its failure as a reason, and is removed', async () => {
    const running = run();
    const failed = expect(running).rejects.toThrow(
      new RegExp(`The pod that verifies PVC data in namespace ${end.namespace} of context .* failed: `),
    );
    await waitUntil('the pod', () => podOn('dest'));
    await setPhase('dest', 'Failed');
    await failed;
    expect(await podOn('dest')).toBeUndefined();
  });

  it('is removed and made anew when an earlier run left it', async () => {
    const spec = {
      securityContext: { runAsNonRoot: true, runAsUser: 1, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'x',
          image: 'x',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    };
    const labels = { 'dr-syncer.io/temporary': 'true' };
    const left = await applyObject(
      'dest',
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: name(), labels }, spec },
      end.namespace,
    );
    const stop = new AbortController();
    const running = run(stop.signal);
    const stopped = expect(running).rejects.toThrow();
    const pod = await waitUntil('a new pod', async () => {
      const found = await podOn('dest');
      return found?.metadata.uid === left.metadata.uid ? undefined : found;
    });
    expect(pod.spec.containers[0].name).toBe('verify');
    stop.abort();
    await stopped;

    await applyObject(
      'dest',
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: name(), labels: {} }, spec },
      end.namespace,
    );
    await expect(run()).rejects.toBeInstanceOf(RefusedError);
    expect((await podOn('dest'))?.spec.containers[0].name).toBe('x');
    await deleteJson('dest', 'Pod', name(), end.namespace);
    await waitUntil('the end of the pod', async () => (await podOn('dest')) === undefined);
  });
});

describe('verifyClaim', () => {
  it('D51: calls a side that tells nothing unknown, never equal, and removes both pods', async () => {
    const options = { ...DEFAULT_VERIFY_OPTIONS, deleteExtraneous: true };
    const running = verifyClaim(writers, claim, 'op-1', options, { clock: systemClock });
    for (const side of ['source', 'dest'] as const) {
      await waitUntil(`the pod of the ${side}`, () => podOn(side));
      await setPhase(side, side === 'source' ? 'Succeeded' : 'Failed');
    }
    const found = await running;
    expect(found).toMatchObject({ mode: 'size', outcome: 'unknown', differences: [] });
    expect(found.reason).toContain('failed');
    expect([await podOn('source'), await podOn('dest')]).toEqual([undefined, undefined]);
  });

  it('D33: what a killed verification has left on a claim is removed, and nothing else', async () => {
    const left = verificationPod(end, 'op-2', DEFAULT_VERIFY_OPTIONS);
    const other = verificationPod({ ...end, claim: 'other' }, 'op-2', DEFAULT_VERIFY_OPTIONS);
    for (const pod of [left, other]) await applyObject('dest', pod, end.namespace);
    await removeVerifiers(writers.dest, end.namespace, new Set([end.claim]), systemClock);
    const there = async (name: string) => getJson('dest', 'Pod', name, end.namespace);
    expect(await there(left.metadata.name)).toBeUndefined();
    expect((await there(other.metadata.name))?.metadata.name).toBe(other.metadata.name);
    await deleteJson('dest', 'Pod', other.metadata.name, end.namespace);
  });

  it('throws when it is interrupted', async () => {
    const options = { ...DEFAULT_VERIFY_OPTIONS, deleteExtraneous: true };
    const stop = new AbortController();
    const running = verifyClaim(writers, claim, 'op-1', options, { clock: systemClock, signal: stop.signal });
    const stopped = expect(running).rejects.toBeInstanceOf(InterruptedError);
    await waitUntil('the pod', () => podOn('source'));
    stop.abort();
    await stopped;
    expect([await podOn('source'), await podOn('dest')]).toEqual([undefined, undefined]);
  });
});

describe('waitForMoverPods', () => {
  it('D33: waits for the pods of an earlier copy that use the claim, and for no others', async () => {
    const mover = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'pv-migrate-x-rsync',
        labels: { 'app.kubernetes.io/name': 'pv-migrate', 'app.kubernetes.io/instance': 'pv-migrate-x' },
      },
      spec: {
        securityContext: { runAsNonRoot: true, runAsUser: 1, seccompProfile: { type: 'RuntimeDefault' } },
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
        containers: [
          {
            name: 'rsync',
            image: 'x',
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    };
    await applyObject('dest', mover, end.namespace);
    const wait = (pairOf: ClaimPair, timeoutMs: number) =>
      waitForMoverPods(writers, pairOf, { timeoutMs, clock: systemClock });
    const { namespace } = end;
    expect(await wait(claim, 500)).toEqual([
      {
        name: 'pv-migrate-x-rsync',
        namespace,
        context: contextOf('dest'),
        command: expect.stringMatching(
          new RegExp(
            `--context ${contextOf('dest')} -n ${namespace} delete jobs,deployments -l app.kubernetes.io/instance=pv-migrate-x$`,
          ),
        ),
      },
    ]);
    const other = { ...claim, dest: { ...claim.dest, claim: 'another' } };
    expect(await wait(other, 500)).toEqual([]);
    const waiting = wait(claim, 30_000);
    await deleteJson('dest', 'Pod', mover.metadata.name, end.namespace);
    expect(await waiting).toEqual([]);
  });
});
