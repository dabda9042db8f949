import type { Json, Side } from '../../cluster/client.ts';
import { watchPath } from './watch.ts';

/** Looks at both sides of a namespace pair from the outside, all the time. */
export interface Observer {
  /** What was seen that must never be: one sentence per instant. */
  readonly violations: readonly string[];
  /** How many changes were seen: an observer that saw nothing proves nothing. */
  changes(): number;
  /** Forgets the violations so far: both sides ran on purpose. */
  forget(): void;
  stop(): void;
}

/**
 * Watches pods and workloads of a namespace on both API servers. An instant counts as a violation when pods that have
 * not ended exist on both sides, when workloads ask for replicas on both sides, or when a CronJob may fire on both.
 */
export async function observe(namespace: string): Promise<Observer> {
  const violations: string[] = [];
  const seen: Record<Side, Map<string, Json>> = { source: new Map(), dest: new Map() };
  let changes = 0;
  let isDue = false;

  const look = (): void => {
    isDue = false;
    for (const [what, running] of Object.entries(RUNNING)) {
      const names = SIDES.map((side) => [...seen[side].values()].filter(running).map(nameOf));
      if (names.every((list) => list.length > 0)) {
        violations.push(
          `${new Date().toISOString()} ${what} on both sides: ${names.map((list) => list.join(' ')).join(' | ')}`,
        );
      }
    }
  };
  const stops = await Promise.all(
    SIDES.flatMap((side) =>
      KINDS.map(({ kind, path }) =>
        watchPath(
          side,
          path(namespace),
          ({ type, object }) => {
            const key = `${kind}/${object.metadata.name}`;
            if (type === 'DELETED') seen[side].delete(key);
            else seen[side].set(key, { ...object, kind });
            changes++;
            // The two servers' events come through different sockets: one is read after the other although it was
            // sent before. So all that has arrived is taken in first, and then looked at.
            if (!isDue) setImmediate(look);
            isDue = true;
          },
          (why) => violations.push(`The observer lost sight of ${why}`),
        ),
      ),
    ),
  );
  return {
    violations,
    changes: () => changes,
    forget: () => {
      violations.length = 0;
    },
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

const SIDES: readonly Side[] = ['source', 'dest'];

const KINDS = [
  { kind: 'Pod', path: (namespace: string) => `/api/v1/namespaces/${namespace}/pods` },
  { kind: 'Deployment', path: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments` },
  { kind: 'StatefulSet', path: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/statefulsets` },
  { kind: 'CronJob', path: (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/cronjobs` },
] as const;

// A pod that is being deleted still runs until it is gone.
const RUNNING: Readonly<Record<string, (object: Json) => boolean>> = {
  'Pods run': ({ kind, status }) => kind === 'Pod' && !['Succeeded', 'Failed'].includes(status?.phase),
  'Replicas are asked for': ({ kind, spec }) =>
    (kind === 'Deployment' || kind === 'StatefulSet') && spec.replicas > 0,
  'CronJobs may fire': ({ kind, spec }) => kind === 'CronJob' && spec.suspend !== true,
};

const nameOf = ({ kind, metadata }: Json): string => `${kind}/${metadata.name}`;
