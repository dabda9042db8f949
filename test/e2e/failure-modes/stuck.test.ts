import { exec } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import {
  applyObject,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  pair,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import { deployment, installSmall, installYaml, POD } from '../../helpers/move-app.ts';
import { countsOf, livePods, marksIn, moveTo } from '../../helpers/moves.ts';

/** What a kubectl command prints that was told to the operator. */
const typed = async (command: string): Promise<string> => {
  const env = {
    ...process.env,
    KUBECONFIG: pair().kubeconfig,
    PATH: `${dirname(pair().kubectl)}:${process.env.PATH}`,
  };
  return (await promisify(exec)(command, { env })).stdout;
};

const undo: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(undo.splice(0).map((step) => step())));

/** Makes one pod of the source survive its deletion, and returns its name. */
const undying = async (namespace: string): Promise<string> => {
  const [pod] = await listJson('source', 'Pod', namespace);
  const { name } = pod.metadata;
  await patchJson('source', 'Pod', name, namespace, { metadata: { labels: { 'testbed/hold': 'undying' } } });
  undo.push(async () => {
    if ((await getJson('source', 'Pod', name, namespace)) !== undefined)
      await patchJson('source', 'Pod', name, namespace, { metadata: { labels: { 'testbed/hold': null } } });
  });
  return name;
};

/** A node of each side on which nothing runs but what asks for it by its taint: losing it harms no other test. */
const makeNode = async (): Promise<{ readonly name: string; readonly pods: string }> => {
  const name = freshNamespace('node');
  const taint = { key: 'testbed/own', value: name, effect: 'NoSchedule' };
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'testbed/own': name } },
    spec: { taints: [taint] },
  };
  for (const side of ['source', 'dest'] as const) {
    await applyObject(side, node);
    undo.push(() => deleteJson(side, 'Node', name));
    // The not-ready taint goes away only after the controller manager has seen the node.
    await waitUntil(`node ${name}`, async () => {
      const { spec, status } = await getJson(side, 'Node', name);
      const isReady = status?.conditions?.some(
        (item: Json) => item.type === 'Ready' && item.status === 'True',
      );
      return isReady && spec.taints?.length === 1;
    });
  }
  const selector = `nodeSelector: { testbed/own: ${name} }`;
  return { name, pods: `${selector}, tolerations: [{ key: testbed/own, operator: Exists }], ${POD}` };
};

/** The node stops to answer, as the node controller would write it down. */
const loseNode = async (node: string): Promise<void> => {
  const { status } = await getJson('source', 'Node', node);
  const lost = status.conditions.map((condition: Json) =>
    condition.type === 'Ready' ? { ...condition, status: 'Unknown', reason: 'NodeStatusUnknown' } : condition,
  );
  await patchJson('source', 'Node', node, undefined, { status: { conditions: lost } }, 'status');
};

describe('F23: pods of the source that do not end', () => {
  test('F23: on a node that lives: exit 4 after the timeout and the grace period, and the destination does not start', async () => {
    const namespace = await installSmall('undying');
    await undying(namespace);
    const { document } = await moveTo(4, 'cutover', namespace, { args: ['--wait-timeout', '2s'] });
    expect(document.summary).toMatch(/1 pod of Deployment web is still there/);
    expect(document.hint).toMatch(/get pods -o wide.*resume.*rollback/);
    expect(await livePods('dest', namespace)).toEqual([]);
    await Promise.all(undo.splice(0).map((step) => step()));
    await moveTo(0, 'resume', namespace);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
  });

  test('F23: on a node that does not answer: exit 4, and --force-delete-pods only when it is asked for', async () => {
    const node = await makeNode();
    const namespace = await installYaml('lost-node', deployment('web', 1).replace(POD, node.pods));
    const name = await undying(namespace);
    await loseNode(node.name);
    const { document } = await moveTo(4, 'cutover', namespace, { args: ['--wait-timeout', '2s'] });
    expect(document.summary).toContain(
      `It cannot be proved that Pod ${name} has stopped: its node does not answer`,
    );
    expect(document.hint).toContain('--force-delete-pods');
    expect(await livePods('dest', namespace)).toEqual([]);
    expect(await livePods('source', namespace)).toEqual([name]);
    await moveTo(4, 'resume', namespace, { args: ['--wait-timeout', '1s'] });
    const forced = await moveTo(0, 'resume', namespace, {
      args: ['--wait-timeout', '5s', '--force-delete-pods'],
    });
    expect(forced.document.warnings.join(' ')).toMatch(/Force-deleted.*may still run/);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 1 });
    expect(await livePods('source', namespace)).toEqual([]);
  });

  test('F23: with a finalizer: it is named with a command that shows it, and force ends as well', async () => {
    const namespace = await installSmall('finalizer');
    const [pod] = await listJson('source', 'Pod', namespace);
    const { name } = pod.metadata;
    const hold = (finalizers: readonly string[] | null): Promise<unknown> =>
      patchJson('source', 'Pod', name, namespace, { metadata: { finalizers } });
    await hold(['example.com/drain']);
    undo.push(async () => {
      if ((await getJson('source', 'Pod', name, namespace)) !== undefined) await hold(null);
    });
    const named = `Pod ${name} is held by the finalizer example.com/drain`;
    const { document } = await moveTo(4, 'cutover', namespace, { args: ['--wait-timeout', '2s'] });
    expect(document.summary).toContain(named);
    const [, command = ''] = /Inspect them with: (kubectl \S.*?finalizers)\b/.exec(document.hint) ?? [];
    expect(await typed(command)).toContain('example.com/drain');
    const forced = await moveTo(4, 'resume', namespace, {
      args: ['--wait-timeout', '1s', '--force-delete-pods'],
    });
    expect(forced.document.summary).toContain(named);
    expect(forced.document.warnings.filter((text: string) => text.includes('Force-deleted'))).toHaveLength(1);
    expect(await livePods('dest', namespace)).toEqual([]);
    await Promise.all(undo.splice(0).map((step) => step()));
    await moveTo(0, 'resume', namespace);
    expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 2 });
  });

  test('F23: rollback of such a cutover brings the source back with its counts', async () => {
    const namespace = await installSmall('undying-back');
    await undying(namespace);
    await moveTo(4, 'cutover', namespace, { args: ['--wait-timeout', '1s'] });
    await moveTo(0, 'rollback', namespace, { args: ['--wait-timeout', '30s'] });
    expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
    expect(await marksIn('source', namespace)).toEqual([]);
  });
});
