import { expect, test } from 'vitest';
import type { ControllerLog } from '../../src/controller/controller-log.ts';
import { createEventRecorder, type EventText } from '../../src/controller/event-recorder.ts';
import type { ClusterWriter, KubeObject } from '../../src/kube/api-types.ts';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const ABOUT = {
  apiVersion: 'dr-syncer.io/v1alpha1',
  kind: 'NamespaceMapping',
  metadata: { name: 'shop', namespace: 'team', uid: 'u1' },
} as unknown as KubeObject;
const SYNCED: EventText = { type: 'Normal', reason: 'SyncCompleted', action: 'Sync', note: 'Staged.' };

/** A recorder, what it sends, and what it logs; `answer` is what the server says to each. */
const recorder = (answer: () => Promise<unknown> = async () => ({})) => {
  const sent: KubeObject[] = [];
  const logged: string[] = [];
  const quiet = () => undefined;
  const log: ControllerLog = { debug: (text) => logged.push(text), info: quiet, warn: quiet, error: quiet };
  const cluster = {
    now: () => NOW,
    create: (_type: unknown, object: KubeObject) => {
      sent.push(object);
      return answer();
    },
  } as unknown as ClusterWriter;
  return { ...createEventRecorder(cluster, 'pod-0', log), sent, logged };
};

test('an event is of the namespace of what it is about, and names it', () => {
  const { record, sent } = recorder();
  record(ABOUT, SYNCED);
  expect(sent).toEqual([
    {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^shop\.[0-9a-f]+$/), namespace: 'team' },
      eventTime: '2026-01-02T03:04:05.678000Z',
      reportingController: 'dr-syncer.io/controller',
      reportingInstance: 'pod-0',
      regarding: {
        apiVersion: ABOUT.apiVersion,
        kind: 'NamespaceMapping',
        name: 'shop',
        namespace: 'team',
        uid: 'u1',
      },
      type: 'Normal',
      reason: 'SyncCompleted',
      action: 'Sync',
      note: 'Staged.',
    },
  ]);
});

test('the same is said once, another note or another object is another event, and names differ', () => {
  const { record, sent } = recorder();
  record(ABOUT, SYNCED);
  record(ABOUT, SYNCED);
  record(ABOUT, { ...SYNCED, note: 'Staged again.' });
  record({ ...ABOUT, metadata: { ...ABOUT.metadata, uid: 'u2' } }, SYNCED);
  expect(sent).toHaveLength(3);
  expect(new Set(sent.map(({ metadata }) => metadata.name)).size).toBe(3);
});

test('long names and notes are cut at what a server takes', () => {
  const { record, sent } = recorder();
  record(
    { ...ABOUT, metadata: { ...ABOUT.metadata, name: 'n'.repeat(253) } },
    { ...SYNCED, note: 'x'.repeat(5000) },
  );
  expect(sent[0]?.metadata.name.length).toBeLessThanOrEqual(253);
  expect(String(sent[0]?.['note'])).toHaveLength(1000);
});

test('one that is refused is no trouble, and an end does not wait for one that hangs', async () => {
  const refused = recorder(() => Promise.reject(new Error('no right')));
  refused.record(ABOUT, SYNCED);
  await refused.settle(1000);
  expect(refused.logged).toEqual(['No event SyncCompleted: no right']);
  const silent = recorder(() => new Promise(() => undefined));
  silent.record(ABOUT, SYNCED);
  await silent.settle(5);
});
