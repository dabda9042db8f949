import { errorText } from '../common/errors.ts';
import { sleep } from '../common/sleep.ts';
import type { ClusterWriter, KubeObject, ResourceType } from '../kube/api-types.ts';
import { microTimestamp } from '../state/time-text.ts';
import type { ControllerLog } from './controller-log.ts';

/** Writes Kubernetes Events about custom resources, for `kubectl describe`. */
export interface EventRecorder {
  /** Writes one in the background. The same again within ten minutes is left out. Never throws. */
  record(about: KubeObject, event: EventText): void;
  /** Waits for those under way, for at most `ms`. */
  settle(ms: number): Promise<void>;
}

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase: SyncCompleted. */
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** The events of events.k8s.io, which every supported server serves. */
const CLUSTER_EVENTS: ResourceType = {
  group: 'events.k8s.io',
  version: 'v1',
  resource: 'events',
  kind: 'Event',
  namespaced: true,
  verbs: ['create'],
  shortNames: [],
  singular: 'event',
  categories: [],
  subresources: [],
};

const AGAIN_MS = 10 * 60_000;
// The server's own bounds of a note and of what is kept in memory.
const MOST_NOTE = 1000;
const MOST_KNOWN = 10_000;

/** Makes the recorder; `instance` is the name of the pod. */
export const createEventRecorder = (
  cluster: ClusterWriter,
  instance: string,
  log: ControllerLog,
): EventRecorder => {
  const known = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  const isRepeated = (key: string): boolean => {
    const now = performance.now();
    const before = known.get(key);
    if (before !== undefined && now - before < AGAIN_MS) return true;
    known.delete(key);
    known.set(key, now);
    for (const oldest of known.keys()) {
      if (known.size <= MOST_KNOWN) break;
      known.delete(oldest);
    }
    return false;
  };
  return {
    record: (about, text) => {
      const key = [about.metadata.uid, text.reason, text.note].join('\n');
      if (isRepeated(key)) return;
      const sent = cluster
        .create(CLUSTER_EVENTS, eventOf(about, text, instance, cluster.now()), { fieldManager: 'dr-syncer' })
        .then(
          () => undefined,
          // An event is for the reader's convenience; status and log say the same.
          (error: unknown) => log.debug(`No event ${text.reason}: ${errorText(error)}`),
        )
        .finally(() => underWay.delete(sent));
      underWay.add(sent);
    },
    settle: async (ms) => {
      const enough = new AbortController();
      await Promise.race([Promise.all(underWay), sleep(ms, enough.signal).catch(() => undefined)]);
      enough.abort();
    },
  };
};

let sequence = 0;

const eventOf = (about: KubeObject, text: EventText, instance: string, nowMs: number): KubeObject => {
  const { name, namespace = 'default', uid = '' } = about.metadata;
  const { apiVersion, kind } = about;
  sequence++;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      name: `${name.slice(0, 200)}.${nowMs.toString(16)}${sequence.toString(16).padStart(4, '0')}`,
      namespace,
    },
    eventTime: microTimestamp(nowMs),
    reportingController: 'dr-syncer.io/controller',
    reportingInstance: instance.slice(0, 128),
    regarding: { apiVersion, kind, name, namespace, uid },
    type: text.type,
    reason: text.reason,
    action: text.action,
    note: text.note.slice(0, MOST_NOTE),
  };
};
