import type { KubeObject } from '../kube/api-types.ts';
import { stringAt } from '../kube/raw-json.ts';
import { releaseOf } from '../pipeline/mover-labels.ts';
import type { MoverEvent } from './mover-types.ts';

/** How long a copy may be without what copies it, in ms. */
export interface LossLimits {
  /** A pod of the copy is gone, or over without success, and no other one has taken its place. */
  readonly goneMs: number;
  /** The program tells nothing, and no pod of the copy runs on either side. */
  readonly silentMs: number;
}

/** The pods of the mover on each side of a copy; undefined while they cannot be seen. */
interface MoverPods {
  readonly source: readonly KubeObject[] | undefined;
  readonly dest: readonly KubeObject[] | undefined;
}

/** Why a copy cannot come to an end by itself. */
export type Loss =
  | {
      readonly kind: 'pod';
      readonly side: keyof MoverPods;
      readonly release: string;
      /** As last seen. */
      readonly pod: KubeObject;
      /** It is still there: over, or being deleted. */
      readonly isThere: boolean;
    }
  | { readonly kind: 'silence' };

/** Judges one copy by what its program tells and by its pods. */
export interface LossJudge {
  hear(event: MoverEvent, now: number): void;
  /** Times are ms of one clock, and never go back. */
  look(pods: MoverPods, now: number): Loss | undefined;
}

/** A copy whose pods are watched while its program runs. */
export interface FollowedCopy {
  hear(event: MoverEvent): void;
  /** Aborts when the copy is lost; its reason is a clause that names side, pod and cause. */
  readonly lost: AbortSignal;
  /** The program has ended. */
  end(): void;
}

/**
 * Makes the judge of a copy. `id` is the one that it was given. Only a pod that was seen alive can be missed, and only
 * until the program lets go of it: what a strategy has left when the next one begins is none of ours any more. A
 * side that cannot be seen proves nothing; when it is seen again, the time begins anew.
 */
export const createLossJudge = (id: string, limits: LossLimits, startedAt: number): LossJudge => {
  const ids = new Set([id]);
  const tracked: Record<keyof MoverPods, Map<string, Tracked>> = { source: new Map(), dest: new Map() };
  const known = new Set<string>();
  let retired: ReadonlySet<string> = new Set();
  let isCopying = true;
  let heardAt = startedAt;
  let idleSince = startedAt;

  const isOwn = (pod: KubeObject): boolean => {
    const release = releaseOf(pod) ?? '';
    return [...ids].some((own) => `${release}-`.startsWith(`pv-migrate-${own}-`));
  };

  const letGo = (): void => {
    retired = new Set(known);
    for (const side of SIDES) tracked[side].clear();
  };

  const lookAt = (side: keyof MoverPods, pods: readonly KubeObject[], now: number): Loss | undefined => {
    const byRelease = Map.groupBy(pods, (pod) => releaseOf(pod) ?? '');
    for (const [release, own] of byRelease) {
      const living = own.find(isAlive) ?? own.find(hasSucceeded);
      if (living !== undefined) tracked[side].set(release, { pod: living, goneSince: undefined });
    }
    for (const [release, item] of tracked[side]) {
      const own = byRelease.get(release) ?? [];
      if (hasSucceeded(item.pod) || own.some(isAlive)) continue;
      item.goneSince ??= now;
      const left = own.find(({ metadata }) => metadata.uid === item.pod.metadata.uid);
      item.pod = left ?? item.pod;
      if (now - item.goneSince >= limits.goneMs)
        return { kind: 'pod', side, release, pod: item.pod, isThere: left !== undefined };
    }
    return undefined;
  };

  return {
    hear: (event, now) => {
      if (event.type === 'noise' || (event.type === 'log' && event.level === 'debug')) return;
      heardAt = now;
      // Versions before 3.2 choose their own.
      if (event.type === 'identified') ids.add(event.id);
      if (event.type === 'strategy' || LETS_GO.has(event.type)) letGo();
      isCopying = event.type === 'strategy' || (isCopying && !LETS_GO.has(event.type));
    },
    look: (pods, now) => {
      let isIdle = true;
      for (const side of SIDES) {
        const seen = pods[side];
        if (seen === undefined) {
          isIdle = false;
          for (const item of tracked[side].values()) item.goneSince = undefined;
          continue;
        }
        const own = seen.filter(isOwn);
        for (const { metadata } of own) known.add(metadata.uid ?? metadata.name);
        if (own.some((pod) => !isOver(pod))) isIdle = false;
        const current = own.filter(({ metadata }) => !retired.has(metadata.uid ?? metadata.name));
        const loss = isCopying ? lookAt(side, current, now) : undefined;
        if (loss !== undefined) return loss;
      }
      if (!isIdle) idleSince = now;
      return now - Math.max(heardAt, idleSince) >= limits.silentMs ? { kind: 'silence' } : undefined;
    },
  };
};

interface Tracked {
  pod: KubeObject;
  goneSince: number | undefined;
}

const SIDES = ['source', 'dest'] as const;

// From here on the program removes its pods itself.
const LETS_GO: ReadonlySet<MoverEvent['type']> = new Set([
  'cleaning-up',
  'declined',
  'strategy-failed',
  'succeeded',
  'failed',
]);

const phaseOf = (pod: KubeObject): string => stringAt(pod, 'status', 'phase') ?? '';
const hasSucceeded = (pod: KubeObject): boolean => phaseOf(pod) === 'Succeeded';
const isOver = (pod: KubeObject): boolean => hasSucceeded(pod) || phaseOf(pod) === 'Failed';
// One that is being deleted does not come to the end of a copy.
const isAlive = (pod: KubeObject): boolean => !isOver(pod) && pod.metadata.deletionTimestamp === undefined;
